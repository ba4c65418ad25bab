"""What a till or a web shop tells us: the facts of one purchase, as the merchant knows them.

Facts are frozen and hold no decision. `check` says everything that can be wrong with them before
any rule sees them, so that the rules may assert. Amounts are minor units of the purchase's asset,
quantities are thousandths of a unit, instants are aware.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, NoReturn, get_args
from uuid import UUID

from wallet import errors, money
from wallet.rules import text

PURCHASES_MAX: Final = 1000
"""Purchases in one request: one transaction of some tens of milliseconds in the database."""
LINES_MAX: Final = 500
"""Lines of one purchase: several times the longest real basket, and a bounded row count."""
LABELS_MAX: Final = 20
"""Labels of one line; a campaign reads them all."""
LINE_NUMBER_MAX: Final = 1_000_000
"""Merchants number lines in tens or hundreds; this still fits the column with room."""
QUANTITY_MAX_MILLI: Final = 10**9
"""A million units of one product on one line."""
REFERENCE_CHARS_MAX: Final = 128
NAME_CHARS_MAX: Final = 200
LABEL_CHARS_MAX: Final = 64
YEAR_MIN: Final = 2000
YEAR_MAX: Final = 2200
"""Outside these years an instant is a typing error, and adding days to it might not be possible."""
COUPONS_MAX: Final = 10
"""Coupons shown with one purchase; nobody holds more into a till."""
DELIVERIES_MAX: Final = 1000
"""The n-th delivery of a subscription: weekly for nineteen years."""
AHEAD_MAX: Final = timedelta(days=1)
"""How far a till's clock, or its time zone, may be ahead of ours."""

LineKind = Literal["item", "shipping"]
Channel = Literal["online", "shop", "app"]
EventKind = Literal["paid", "shipped", "delivered", "stay_ended"]

# Thirteen to nineteen digits in a row, with or without spaces and hyphens, are what cards have. A
# UUID may have as many by chance, and is a good token.
_DIGITS: Final = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_LINE_KINDS: Final = frozenset(get_args(LineKind))
_CHANNELS: Final = frozenset(get_args(Channel))
_EVENT_KINDS: Final = frozenset(get_args(EventKind))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the receipt.

    `number` is the merchant's, unique in the purchase. `quantity_milli` is thousandths of a unit
    (1.5 kg is 1500). `amount_minor` is what the customer paid for the whole line: after
    `discount_minor`, with `tax_minor` in it. Zero is allowed and earns nothing.
    """

    number: int
    external_id: str | None
    product: str | None
    description: str | None
    kind: LineKind
    category: str
    labels: tuple[str, ...]
    quantity_milli: int
    amount_minor: int
    discount_minor: int
    tax_minor: int
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a purchase and may start its clock."""

    kind: EventKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase as reported: `reference` is the merchant's own number for it.

    `store` is the merchant's id of the shop. `paid_with_cashback_minor` is the part of the lines'
    sum that the member paid from a wallet. `instrument` is a token for how the rest was paid, such
    as `card:aurora`, never a card's number. A `delivery` is the n-th of the `subscription` of that
    name. `coupons` are the ids of the member's coupons that were shown.
    """

    reference: str
    asset: str
    channel: Channel
    store: str | None
    purchased_at: datetime
    lines: tuple[Line, ...]
    paid_with_cashback_minor: int
    events: tuple[Event, ...]
    instrument: str | None = None
    subscription: str | None = None
    delivery: int | None = None
    coupons: tuple[UUID, ...] = ()


def check(purchase: Purchase, *, known_at: datetime | None = None) -> None:
    """Refuse what cannot be a purchase, naming the field at fault.

    With `known_at`, the moment of the report, nothing in it may lie in the future. Raises
    PURCHASE_INVALID, AMOUNT_INVALID, CURRENCY_MISMATCH, EVENT_INVALID, TEXT_INVALID or TOO_MANY,
    with a path of field names (units left off) and positions: ("lines", "3", "tax").
    """
    text.check(purchase.reference, "reference", chars_max=REFERENCE_CHARS_MAX)
    if purchase.store is not None:
        text.check(purchase.store, "store", chars_max=REFERENCE_CHARS_MAX)
    try:
        money.asset(purchase.asset)
    except ValueError:
        raise errors.CurrencyMismatch(
            "The coalition does not keep this currency. Send one of "
            f"{', '.join(one.code for one in money.ASSETS)}.",
            path=("asset",),
        ) from None
    if purchase.channel not in _CHANNELS:
        _invalid("The channel is none of online, shop and app.", "channel")
    _check_instant(purchase.purchased_at, known_at, "purchased_at")
    _check_events(purchase.events, known_at)
    _check_extras(purchase)
    _check_lines(purchase)


def check_event(event: Event, *path: str, known_at: datetime | None = None) -> None:
    """Refuse an event of an unknown kind (EVENT_INVALID) or at an impossible time.

    With `known_at`, the moment of the report, it may not lie in the future: an event a year ahead
    would keep a member's cashback pending for that year.
    """
    if event.kind not in _EVENT_KINDS:
        raise errors.EventInvalid(
            "The event is none of paid, shipped, delivered and stay_ended.", path=(*path, "kind")
        )
    _check_instant(event.at, known_at, *path, "at")


def _check_events(events: tuple[Event, ...], known_at: datetime | None) -> None:
    seen: set[str] = set()
    for place, event in enumerate(events):
        check_event(event, "events", str(place), known_at=known_at)
        if event.kind in seen:
            raise errors.EventInvalid(
                f"The event {event.kind} is there twice. Send it once.",
                path=("events", str(place), "kind"),
            )
        seen.add(event.kind)


def _has_card_number(token: str) -> bool:
    """Whether a card's number is in it, by the check digit that each has (ISO/IEC 7812-1)."""
    for found in _DIGITS.finditer(_UUID.sub(" ", token)):
        digits = [int(one) for one in found[0] if one.isdigit()]
        doubled = [2 * one - 9 * (one > 4) for one in digits[-2::-2]]
        if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0:
            return True
    return False


def _check_extras(purchase: Purchase) -> None:
    if purchase.instrument is not None:
        text.check(purchase.instrument, "instrument", chars_max=LABEL_CHARS_MAX)
        if _has_card_number(purchase.instrument):
            _invalid("This looks like a card's number. Send a token that is not one.", "instrument")
    if purchase.subscription is not None:
        text.check(purchase.subscription, "subscription", chars_max=REFERENCE_CHARS_MAX)
    if (purchase.subscription is None) != (purchase.delivery is None):
        _invalid("A delivery names its subscription, and the other way round.", "subscription")
    if purchase.delivery is not None and not 0 < purchase.delivery <= DELIVERIES_MAX:
        _invalid(f"A delivery's number lies from 1 to {DELIVERIES_MAX}.", "delivery")
    if len(purchase.coupons) > COUPONS_MAX:
        raise errors.TooMany(path=("coupons",), limit=COUPONS_MAX)
    if len(set(purchase.coupons)) < len(purchase.coupons):
        _invalid("A coupon is there twice. Send it once.", "coupons")


def _check_lines(purchase: Purchase) -> None:
    lines = purchase.lines
    if not lines:
        _invalid("The purchase has no lines. Send at least one.", "lines")
    if len(lines) > LINES_MAX:
        raise errors.TooMany(path=("lines",), limit=LINES_MAX)
    numbers: set[int] = set()
    total_minor = discount_minor = 0
    for place, line in enumerate(lines):
        _check_line(line, str(place))
        if line.number in numbers:
            _invalid(f"Line number {line.number} is there twice.", "lines", str(place), "number")
        numbers.add(line.number)
        total_minor += line.amount_minor
        discount_minor += line.discount_minor
    # Some contracts count discounts too, and what they earn must fit one movement.
    if total_minor + discount_minor > money.AMOUNT_MAX_MINOR:
        _amount("The lines add up to more than one purchase may have.", "lines")
    paid_minor = purchase.paid_with_cashback_minor
    if not _whole(paid_minor, most=total_minor):
        _amount(
            "The part paid with cashback must lie between zero and the sum of the lines.",
            "paid_with_cashback",
        )


def _check_line(line: Line, place: str) -> None:
    # A year of shopping passes here, so a good line is left after as few calls as possible.
    if type(line.number) is not int or not 0 < line.number <= LINE_NUMBER_MAX:
        _invalid(f"A line number lies from 1 to {LINE_NUMBER_MAX}.", "lines", place, "number")
    if line.kind not in _LINE_KINDS:
        _invalid("A line is either an item or shipping.", "lines", place, "kind")
    if type(line.quantity_milli) is not int or not 0 < line.quantity_milli <= QUANTITY_MAX_MILLI:
        _invalid("A quantity lies above zero, up to a million.", "lines", place, "quantity")
    if not _whole(line.amount_minor, most=money.AMOUNT_MAX_MINOR):
        _amount("The amount of a line is zero or more.", "lines", place, "amount")
    if not _whole(line.discount_minor, most=money.AMOUNT_MAX_MINOR):
        _amount("A discount is zero or more.", "lines", place, "discount")
    if not _whole(line.tax_minor, most=line.amount_minor):
        _amount("The tax is part of the line's amount, not more.", "lines", place, "tax")
    text.check(
        line.category,
        "lines",
        place,
        "category",
        chars_max=text.CATEGORY_CHARS_MAX,
        blank=True,
    )
    if line.labels:
        _check_labels(line.labels, place)
    for name, value in (
        ("external_id", line.external_id),
        ("product", line.product),
        ("description", line.description),
        ("brand", line.brand),
    ):
        if value is not None:
            text.check(value, "lines", place, name, chars_max=NAME_CHARS_MAX, blank=True)


def _check_labels(labels: tuple[str, ...], place: str) -> None:
    if len(labels) > LABELS_MAX:
        raise errors.TooMany(path=("lines", place, "labels"), limit=LABELS_MAX)
    for index, label in enumerate(labels):
        text.check(label, "lines", place, "labels", str(index), chars_max=LABEL_CHARS_MAX)


def _check_instant(instant: datetime, known_at: datetime | None, *path: str) -> None:
    if instant.tzinfo is None:
        _invalid("This time has no time zone. Add one, such as Z.", *path)
    if not YEAR_MIN <= instant.year < YEAR_MAX:
        _invalid(f"This time is not between the years {YEAR_MIN} and {YEAR_MAX}.", *path)
    if known_at is not None and instant > known_at + AHEAD_MAX:
        _invalid("This time lies in the future. Check the clock that set it.", *path)


def _whole(value: int, *, most: int) -> bool:
    # A float or a numpy number would pass the type checker through an untyped caller.
    return type(value) is int and 0 <= value <= most


def _invalid(message: str, *path: str) -> NoReturn:
    raise errors.PurchaseInvalid(message, path=path)


def _amount(message: str, *path: str) -> NoReturn:
    raise errors.AmountInvalid(message, path=path)
