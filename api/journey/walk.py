"""The year day by day: what every till reported, what was delivered, and what came back.

A basket of the data mixes shelves, so it becomes one purchase per merchant, with the reference
`<basket>-<merchant>`; every line lands in exactly one purchase. Days are days of the chain's own
time zone, and may be shifted as a whole, so that the year ends yesterday instead of in 2017. The
data records neither deliveries nor returns: deliveries are a rule of ours, and a return is read
from a till line without units (`docs/journey.md`). No id depends on a shift.
"""

import bisect
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from api.journey import coalition, keys, people, source, span, terms
from wallet.rules import purchases

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
    """One business event of an earlier purchase, `sale` being the request id that reported it."""

    request_id: uuid.UUID
    member_id: uuid.UUID
    merchant_id: uuid.UUID
    sale: uuid.UUID
    reference: str
    event: purchases.Event


@dataclass(frozen=True, slots=True)
class PlannedReturn:
    """A quantity of one line of an earlier purchase (`sale`) that was brought back at `at`."""

    request_id: uuid.UUID
    member_id: uuid.UUID
    merchant_id: uuid.UUID
    sale: uuid.UUID
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
    since: date = span.FIRST_DAY,
    until: date = span.LAST_DAY,
    shift_days: int = 0,
) -> Iterator[Day]:
    """Walk from `since` to `until`, days of 2017, both included.

    Every instant handed out is `shift_days` later by the calendar, at the same local time. Days
    without shopping (Christmas) are there too. Only one day is shaped at a time.
    """
    rows = year.rows
    state = _State(year.products, watched=_watched(year), shift=timedelta(days=shift_days))
    today = since
    while today <= until:
        first = _place(rows, midnight(today))
        last = _place(rows, midnight(today + timedelta(days=1)))
        moved = today + state.shift
        day = Day(moved, midnight(moved), midnight(moved + timedelta(days=1)), [], [], [])
        _shape(rows.slice(first, last - first), day, state)
        _deliver(day, state)
        yield day
        today += timedelta(days=1)


def midnight(day: date) -> datetime:
    """Give the instant at which a local day begins, in UTC."""
    return datetime.combine(day, clock(), ZONE).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _Sold:
    """A line that may come back: sold with units, of a product its household once gave back."""

    second: int
    member_id: uuid.UUID
    merchant_id: uuid.UUID
    sale: uuid.UUID
    reference: str
    line: int
    quantity_milli: int


@dataclass(slots=True)
class _State:
    """What one day must remember for the next."""

    products: list[source.Product]
    watched: set[tuple[int, int]]
    shift: timedelta
    sold: dict[tuple[int, int], _Sold] = field(default_factory=dict)
    on_the_way: list[PlannedEvent] = field(default_factory=list)
    members: dict[int, uuid.UUID] = field(default_factory=dict)

    def moved(self, second: int) -> datetime:
        """Move an instant of the data by the shift: same local time, another day."""
        if not self.shift:
            return datetime.fromtimestamp(second, UTC)
        local = datetime.fromtimestamp(second, ZONE).replace(tzinfo=None) + self.shift
        return local.replace(tzinfo=ZONE).astimezone(UTC)


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


def _watched(year: source.Source) -> set[tuple[int, int]]:
    """Find which households gave back which products: lines without units and without value."""
    rows = year.rows
    nothing = pc.and_(pc.equal(rows["quantity_milli"], 0), pc.equal(rows["amount_minor"], 0))
    back = rows.filter(nothing)
    pairs = zip(back["household"].to_pylist(), back["product"].to_pylist(), strict=True)
    return {(household, product) for household, product in pairs if year.products[product].known}


def _place(rows: Any, instant: datetime) -> int:
    seconds = rows["second"]
    return bisect.bisect_left(
        range(len(seconds)), int(instant.timestamp()), key=lambda place: seconds[place].as_py()
    )


def _shape(rows: Any, day: Day, state: _State) -> None:
    for basket in _baskets(rows):
        slug = coalition.SLUGS[basket.merchant]
        reference = f"{basket.basket}-{slug}"
        at = state.moved(basket.second)
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
        planned = PlannedPurchase(
            request_id=keys.dated(basket.second, f"purchase/{reference}"),
            member_id=member_id,
            merchant_id=_MERCHANT_IDS[basket.merchant],
            purchase=purchase,
        )
        day.purchases.append(planned)
        if slug in _DELIVERED:
            _send(basket, planned, state)
        _watch(basket, planned, day, state)


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


def _watch(basket: _Basket, planned: PlannedPurchase, day: Day, state: _State) -> None:
    for number, (product, quantity_milli, amount_minor, _) in enumerate(basket.lines, 1):
        pair = (basket.household, product)
        if pair not in state.watched:
            continue
        if quantity_milli and amount_minor:
            state.sold[pair] = _Sold(
                basket.second,
                planned.member_id,
                planned.merchant_id,
                planned.request_id,
                planned.purchase.reference,
                number,
                quantity_milli,
            )
        elif not quantity_milli and not amount_minor:
            _bring_back(pair, basket.second, day, state)


def _bring_back(pair: tuple[int, int], second: int, day: Day, state: _State) -> None:
    sold = state.sold.pop(pair, None)
    if sold is None or second - sold.second > RETURN_DAYS_MAX * 86_400:
        return
    day.returns.append(
        PlannedReturn(
            request_id=keys.dated(second, f"return/{sold.reference}/{sold.line}"),
            member_id=sold.member_id,
            merchant_id=sold.merchant_id,
            sale=sold.sale,
            reference=sold.reference,
            line=sold.line,
            quantity_milli=min(sold.quantity_milli, source.MILLI),
            at=state.moved(second),
        )
    )


def _send(basket: _Basket, planned: PlannedPurchase, state: _State) -> None:
    reference = planned.purchase.reference
    if chance(f"delivered/{reference}", LOST_ONE_IN):
        return
    tomorrow = planned.purchase.purchased_at.astimezone(ZONE).date() + timedelta(days=1)
    at = datetime.combine(tomorrow, DELIVERED_AT, ZONE).astimezone(UTC)
    state.on_the_way.append(
        PlannedEvent(
            request_id=keys.dated(basket.second, f"event/{reference}/delivered"),
            member_id=planned.member_id,
            merchant_id=planned.merchant_id,
            sale=planned.request_id,
            reference=reference,
            event=purchases.Event("delivered", at),
        )
    )


def _deliver(day: Day, state: _State) -> None:
    arrived = [event for event in state.on_the_way if event.event.at < day.closes_at]
    state.on_the_way = [event for event in state.on_the_way if event.event.at >= day.closes_at]
    day.events.extend(sorted(arrived, key=lambda event: (event.event.at, event.reference)))


def chance(name: str, one_in: int) -> bool:
    """Draw a lot that always falls the same way: true for about one name in `one_in`."""
    return lot(name, one_in) == 0


def lot(name: str, of: int) -> int:
    """Draw a number below `of` that is always the same for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % of


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
