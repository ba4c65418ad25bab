"""A shop without an API: its codes are loaded, given once each, and taken back by its own word."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from partners import adapter, directory, registry, shelf, stock, vault
from partners.adapters import csv
from partners.conformance import contract, subject
from tests import copies
from tests.partners import standing
from tests.wallet import factories
from wallet import audit, errors, ids, money
from wallet.database import Database
from wallet.rules import orders

COUPONS = orders.Offer("coupon", 100, 100_000)
TOLD: dict[str, Any] = {"reason": "Their list of November.", "actor": audit.SYSTEM}


async def shop(db: Database, merchant_id: uuid.UUID, *offers: orders.Offer) -> directory.Partner:
    """Register a shop that gives codes from a file."""
    key = ids.new()
    registered = await directory.register(
        db,
        registry.discover(allowed=None),
        partner_id=key,
        merchant_id=merchant_id,
        slug=f"paper-{key.hex}",
        adapter="csv",
        asset=money.EUR,
        facts=directory.Facts("Paper shop", {}, offers or (standing.OFFER,)),
        **TOLD,
    )
    return registered.partner


def file(*amounts: str) -> str:
    """A file of a shop with a new code for each amount."""
    return "code,amount\n" + "".join(f"C{ids.new().hex},{one}\n" for one in amounts)


@pytest.fixture
async def house(db: Database, tmp_path: Path) -> AsyncIterator[standing.Standing]:
    async with standing.opened(db, tmp_path) as made:
        yield made


@pytest.fixture
async def partner(house: standing.Standing) -> directory.Partner:
    return await shop(house.db, await (await factories.open_coalition(house.db)).merchant())


async def load(house: standing.Standing, partner: directory.Partner, text: str) -> int:
    return await stock.load(house.db, house.ring, partner, kind="gift_card", file=text, **TOLD)


async def standing_of(house: standing.Standing, partner: directory.Partner) -> dict[str, int]:
    return {one.state: one.count for one in await stock.levels(house.db, partner)}


async def test_of_many_orders_at_once_each_code_is_given_to_one(
    house: standing.Standing, partner: directory.Partner
) -> None:
    await load(house, partner, file(*["5.00"] * 6))
    wanted = [standing.order() for _ in range(8)]
    async with house.opener.open(partner) as spoken:
        results: list[Any] = await asyncio.gather(
            *(spoken.issue(one) for one in wanted for _ in range(2))
        )

    issued = [one.receipt for one in results if isinstance(one, adapter.Issued)]
    assert 6 == len({one.code for one in issued}) == len({one.key for one in issued})
    assert {"no code of 5.00 EUR is left"} == {
        one.reason for one in results if isinstance(one, adapter.Refused)
    }
    assert {"taken": 6} == await standing_of(house, partner)


async def test_a_code_is_taken_back_when_the_shop_says_that_it_is_void(
    house: standing.Standing, partner: directory.Partner
) -> None:
    await load(house, partner, file("5.00", "5.00", "7.50"))
    kept, given_back, late = standing.order(), standing.order(), standing.order(750)
    async with house.opener.open(partner) as spoken:
        receipts = {one.key: await spoken.issue(one) for one in (kept, given_back, late)}
        for one in (given_back, late):
            issued = receipts[one.key]
            assert isinstance(issued, adapter.Issued)
            assert isinstance(await spoken.reverse(one, issued.receipt), adapter.Unknown)
        voiding = await stock.to_void(house.db, house.ring, partner, **TOLD)
        codes = {one.order_key: one.code for one in voiding}
        heard = f"state;code\nvoid;{codes[given_back.key]}\nspent;{codes[late.key]}\nvoid;X1\n"
        settled = [
            await stock.settle(house.db, house.ring, partner, file=heard, **TOLD) for _ in range(2)
        ]
        states = [await spoken.find(one) for one in (kept, given_back, late)]
        again = [
            await spoken.reverse(one, issued.receipt)
            for one in (given_back, late)
            if isinstance(issued := receipts[one.key], adapter.Issued)
        ]

    assert {given_back.key, late.key} == set(codes)
    assert [(2, (4,)), (0, (4,))] == [(one.changed, one.strangers) for one in settled]
    assert ["live", "void", "spent"] == [getattr(one, "state", None) for one in states]
    assert [adapter.Issued, adapter.Refused] == [type(one) for one in again]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1"),
        ("code,price\nA,1.00\n", "1"),
        ("code,amount\nA,1.00\nB,1,00\n", "3"),
        ("code,amount\nA,1.005\n", "2"),
        ("code,amount\nA,0.00\n", "2"),
        ("code,amount\n,1.00\n", "2"),
        ("code,amount\nA,1.00\nB,1.00\nA,1.00\n", "4"),
        ('code,amount\n"A,1.00\n', "2"),
    ],
)
async def test_a_file_with_a_wrong_line_is_refused_whole_and_the_line_is_named(
    text: str, line: str, house: standing.Standing, partner: directory.Partner
) -> None:
    refusal = await factories.refused(load(house, partner, text))

    assert (errors.PartnerInvalid.code, ("file", line)) == (refusal.code, refusal.path)
    assert {} == await standing_of(house, partner)


async def test_a_code_is_known_again_also_by_an_older_key_and_is_readable_nowhere(
    house: standing.Standing, partner: directory.Partner
) -> None:
    text = "\ufeffCode;Amount\nSECRET-CODE-1;5.00\n"
    await load(house, partner, text)
    vault.add(house.ring._file.path)
    refusal = await factories.refused(load(house, partner, text))
    rows = await house.db.fetch("select to_jsonb(s)::text as row from partner.stock s")
    trail = await house.db.fetch("select to_jsonb(a)::text as row from coalition.audit a")

    assert (errors.PartnerInvalid.code, ("file", "2")) == (refusal.code, refusal.path)
    assert "SECRET" not in refusal.message
    for row in (*rows, *trail):
        assert "SECRET-CODE-1" not in row["row"]
        assert b"SECRET-CODE-1".hex() not in row["row"]


class PaperSubject(subject.Subject):
    """A shop with a shelf that is always full enough."""

    adapter_class = csv.Csv

    def __init__(self) -> None:
        self.dsn = ""
        self.folder = Path()
        self.partner: directory.Partner | None = None

    async def reset(self) -> None:
        self.db = await Database.connect(self.dsn, size=2)
        self.ring = vault.Vault(self.folder / "partner-keys.json")
        if self.partner is None:
            self.partner = await self._stocked()

    async def close(self) -> None:
        await self.db.close()

    def make(self, client: httpx2.AsyncClient) -> adapter.Adapter:
        assert self.partner is not None
        lies = shelf.Shelf(self.db, self.ring, self.partner.partner_id)
        return csv.Csv(self.read_config(), client, lies)

    refused_minor = 77_777

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        return [row["amount"] for row in await self._rows(order)]

    async def live(self, order: adapter.Order) -> int:
        return sum(row["amount"] for row in await self._rows(order) if row["state"] != "void")

    async def settle(self) -> None:
        assert self.partner is not None
        codes = await stock.to_void(self.db, self.ring, self.partner, **TOLD)
        text = "code,state\n" + "".join(f"{one.code},void\n" for one in codes)
        await stock.settle(self.db, self.ring, self.partner, file=text, **TOLD)

    async def _rows(self, order: adapter.Order) -> list[Any]:
        return await self.db.fetch(
            "select amount, state from partner.stock where order_key = $1", order.key
        )

    async def _stocked(self) -> directory.Partner:
        """A shop with more codes than all of the contract takes."""
        merchant_id = await (await factories.open_coalition(self.db)).merchant()
        partner = await shop(self.db, merchant_id, standing.OFFER, COUPONS)
        kinds: tuple[orders.Kind, ...] = ("gift_card", "coupon")
        for kind in kinds:
            amounts = ["4.35"] * 300 + ["8.20"] * 20 + ["19.99"] * 20
            codes = file(*amounts)
            await stock.load(self.db, self.ring, partner, kind=kind, file=codes, **TOLD)
        return partner


@pytest.fixture(scope="module")
def shared_dsn(server: str, template: str) -> Iterator[str]:
    """One migrated database, and one shop, for the whole contract: its orders are all new."""
    name = f"{template}_contract"
    asyncio.run(copies.execute(server, copies.copying(name, template)))
    yield copies.at(server, name)
    asyncio.run(copies.execute(server, f"drop database if exists {name} with (force)"))


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the keys of that database's codes lie."""
    return tmp_path_factory.mktemp("keys")


class TestCsv(contract.Contract):
    subject = PaperSubject()

    @pytest.fixture(autouse=True)
    def _on_a_shelf(self, shared_dsn: str, shared_folder: Path) -> None:
        self.subject.dsn, self.subject.folder = shared_dsn, shared_folder
