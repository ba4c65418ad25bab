"""The year day by day: what every till reported, what was delivered, and what came back.

A basket of the data mixes shelves, so it becomes one purchase per merchant, with the reference
`<basket>-<merchant>`; every line lands in exactly one purchase. Days are days of the chain's own
time zone. The data records neither deliveries nor returns: deliveries are a rule of ours, and a
return is read from a till line without units (`docs/journey.md`). All of it is deterministic.
"""

import bisect
import hashlib
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from api.journey import coalition, keys, people, source, terms
from wallet.rules import purchases

FIRST_DAY: Final = date(2017, 1, 1)
LAST_DAY: Final = date(2017, 12, 31)

RETURN_DAYS_MAX: Final = 30
"""How far back a returned item is looked for: the longest return window on a high street."""

WITHOUT_UNITS: Final = "without-units"
"""The label of a line whose quantity is zero in the data; the wallet needs some quantity: one."""

DELIVERED_AT: Final = clock(12)
LOST_ONE_IN: Final = 40
"""One flower order in so many is never reported as delivered, and its cashback lapses."""


@dataclass(frozen=True, slots=True)
class PlannedPurchase:
    """One purchase to report; the request id makes a second report a replay of the first."""

    request_id: uuid.UUID
    member_id: uuid.UUID
    merchant_id: uuid.UUID
    purchase: purchases.Purchase


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """One business event of an earlier purchase, named by the merchant's own reference."""

    request_id: uuid.UUID
    merchant_id: uuid.UUID
    reference: str
    event: purchases.Event


@dataclass(frozen=True, slots=True)
class PlannedReturn:
    """A quantity of one line of an earlier purchase that was brought back at `at`."""

    request_id: uuid.UUID
    merchant_id: uuid.UUID
    reference: str
    line: int
    quantity_milli: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """One local day, from `opens_at` to `closes_at` (the next day's midnight), in order of time."""

    date: date
    opens_at: datetime
    closes_at: datetime
    purchases: list[PlannedPurchase]
    events: list[PlannedEvent]
    returns: list[PlannedReturn]


def days(
    year: source.Source,
    *,
    since: date = FIRST_DAY,
    until: date = LAST_DAY,
    households: Collection[int] | None = None,
) -> Iterator[Day]:
    """Walk from `since` to `until`, both included, with the shopping of these households (or all).

    Days without shopping (Christmas) are there too. Only one day is shaped at a time.
    """
    rows = year.rows
    if households is not None:
        wanted = pa.array(sorted(households), pa.int32())
        rows = rows.filter(pc.is_in(rows["household"], value_set=wanted)).combine_chunks()
    state = _State(year.products, watched=_watched(year, rows))
    today = since
    while today <= until:
        opens_at, closes_at = _midnight(today), _midnight(today + timedelta(days=1))
        first, last = _place(rows, opens_at), _place(rows, closes_at)
        day = Day(today, opens_at, closes_at, [], [], [])
        _shape(rows.slice(first, last - first), day, state)
        _deliver(day, state)
        yield day
        today += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Sold:
    """A line that may come back: sold with units, of a product its household once gave back."""

    at: int
    merchant_id: uuid.UUID
    reference: str
    line: int
    quantity_milli: int


@dataclass(slots=True)
class _State:
    """What one day must remember for the next."""

    products: list[source.Product]
    watched: set[tuple[int, int]]
    sold: dict[tuple[int, int], _Sold] = field(default_factory=dict)
    on_the_way: list[PlannedEvent] = field(default_factory=list)
    members: dict[int, uuid.UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Basket:
    """One merchant's part of a basket of the data."""

    second: int
    household: int
    store: int
    basket: int
    merchant: int
    lines: list[tuple[int, int, int, int]]
    """Product, quantity_milli, amount_minor, discount_minor."""


def _watched(year: source.Source, rows: Any) -> set[tuple[int, int]]:
    """Find which households gave back which products: lines without units and without value."""
    nothing = pc.and_(pc.equal(rows["quantity_milli"], 0), pc.equal(rows["amount_minor"], 0))
    back = rows.filter(nothing)
    pairs = zip(back["household"].to_pylist(), back["product"].to_pylist(), strict=True)
    return {(household, product) for household, product in pairs if year.products[product].known}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, clock(), ZONE).astimezone(UTC)


def _place(rows: Any, instant: datetime) -> int:
    seconds = rows["second"]
    return bisect.bisect_left(
        range(len(seconds)), int(instant.timestamp()), key=lambda place: seconds[place].as_py()
    )


def _shape(rows: Any, day: Day, state: _State) -> None:
    for basket in _baskets(rows):
        slug = coalition.SLUGS[basket.merchant]
        reference = f"{basket.basket}-{slug}"
        at = datetime.fromtimestamp(basket.second, UTC)
        member_id = state.members.get(basket.household)
        if member_id is None:
            member_id = people.member_id(basket.household)
            state.members[basket.household] = member_id
        purchase = purchases.Purchase(
            reference=reference,
            asset=coalition.ASSET,
            channel="shop",
            store=str(basket.store),
            purchased_at=at,
            lines=_lines(basket, state.products),
            paid_with_cashback_minor=0,
            events=(purchases.Event("paid", at),) if slug in _PAID_AT_THE_TILL else (),
        )
        merchant_id = _MERCHANT_IDS[basket.merchant]
        request_id = keys.dated(at, f"purchase/{reference}")
        day.purchases.append(PlannedPurchase(request_id, member_id, merchant_id, purchase))
        if slug in _DELIVERED:
            _send(basket, merchant_id, reference, state)
        _watch(basket, merchant_id, reference, day, state)


def _baskets(rows: Any) -> Iterator[_Basket]:
    columns = [rows[name].to_pylist() for name in _BASKET_COLUMNS]
    current: _Basket | None = None
    for second, household, store, number, merchant, *line in zip(*columns, strict=True):
        if current is None or number != current.basket or merchant != current.merchant:
            if current is not None:
                yield current
            current = _Basket(second, household, store, number, merchant, [])
        current.lines.append((line[0], line[1], line[2], line[3]))
    if current is not None:
        yield current


def _lines(basket: _Basket, products: list[source.Product]) -> tuple[purchases.Line, ...]:
    lines = []
    for number, line in enumerate(basket.lines, 1):
        place, quantity_milli, amount_minor, discount_minor = line
        product = products[place]
        shelf = product.shelf
        lines.append(
            purchases.Line(
                number,
                None,
                product.number,
                product.description,
                "item",
                shelf.category,
                shelf.labels if quantity_milli else (*shelf.labels, WITHOUT_UNITS),
                quantity_milli or source.MILLI,
                amount_minor,
                discount_minor,
                0,
            )
        )
    return tuple(lines)


def _watch(
    basket: _Basket, merchant_id: uuid.UUID, reference: str, day: Day, state: _State
) -> None:
    for number, (product, quantity_milli, amount_minor, _) in enumerate(basket.lines, 1):
        pair = (basket.household, product)
        if pair not in state.watched:
            continue
        if quantity_milli and amount_minor:
            state.sold[pair] = _Sold(basket.second, merchant_id, reference, number, quantity_milli)
        elif not quantity_milli and not amount_minor:
            _bring_back(pair, basket.second, day, state)


def _bring_back(pair: tuple[int, int], second: int, day: Day, state: _State) -> None:
    sold = state.sold.pop(pair, None)
    if sold is None or second - sold.at > RETURN_DAYS_MAX * 86_400:
        return
    at = datetime.fromtimestamp(second, UTC)
    day.returns.append(
        PlannedReturn(
            request_id=keys.dated(at, f"return/{sold.reference}/{sold.line}"),
            merchant_id=sold.merchant_id,
            reference=sold.reference,
            line=sold.line,
            quantity_milli=min(sold.quantity_milli, source.MILLI),
            at=at,
        )
    )


def _send(basket: _Basket, merchant_id: uuid.UUID, reference: str, state: _State) -> None:
    if chance(f"delivered/{reference}", LOST_ONE_IN):
        return
    local = datetime.fromtimestamp(basket.second, ZONE).date() + timedelta(days=1)
    at = datetime.combine(local, DELIVERED_AT, ZONE).astimezone(UTC)
    request_id = keys.dated(at, f"event/{reference}/delivered")
    event = purchases.Event("delivered", at)
    state.on_the_way.append(PlannedEvent(request_id, merchant_id, reference, event))


def _deliver(day: Day, state: _State) -> None:
    arrived = [event for event in state.on_the_way if event.event.at < day.closes_at]
    state.on_the_way = [event for event in state.on_the_way if event.event.at >= day.closes_at]
    day.events.extend(sorted(arrived, key=lambda event: (event.event.at, event.reference)))


def chance(name: str, one_in: int) -> bool:
    """Draw a lot that always falls the same way: true for about one name in `one_in`."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % one_in == 0


def _waiting_for(event: str) -> frozenset[str]:
    return frozenset(
        slug for slug, one in terms.BY_MERCHANT.items() if one["pending"]["event"] == event
    )


ZONE: Final = ZoneInfo(coalition.TIME_ZONE)
_MERCHANT_IDS: Final = tuple(coalition.merchant_id(slug) for slug in coalition.SLUGS)
_PAID_AT_THE_TILL: Final = _waiting_for("paid")
_DELIVERED: Final = _waiting_for("delivered")
_BASKET_COLUMNS: Final = (
    "second",
    "household",
    "store",
    "basket",
    "merchant",
    "product",
    "quantity_milli",
    "amount_minor",
    "discount_minor",
)
