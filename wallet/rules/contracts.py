"""The terms a merchant signs: how much comes back, on what, when it is free, and when it expires.

Terms are versioned JSON. `parse` reads it strictly (no unknown field, no float, bounds on
everything) and says which field is at fault; `dump` writes exactly what `parse` reads. A decision
keeps the version that made it, so a change of terms never reaches back.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Final, Literal, NoReturn

import msgspec

from wallet import errors, money
from wallet.rules import malformed, text

BPS: Final = 10_000
"""Basis points in one whole: 525 is 5.25 %."""
CATEGORIES_MAX: Final = 500
"""Categories with a rate, or excluded: more than any catalogue seen, still a small document."""
DAYS_MAX: Final = 3650
"""Ten years: nobody waits longer, and added to a sensible instant it is still a date."""
WAIT_DAYS_MAX: Final = 730
"""The longest pending clock; travel booked two years ahead is the slowest known case."""
HOLD_MINUTES_MAX: Final = 1440
"""A day, for a web shop that captures when it packs; a till needs minutes."""

Bps = Annotated[int, msgspec.Meta(ge=0, le=BPS)]
Minor = Annotated[int, msgspec.Meta(ge=0, le=money.AMOUNT_MAX_MINOR)]
Days = Annotated[int, msgspec.Meta(ge=0, le=DAYS_MAX)]
WaitDays = Annotated[int, msgspec.Meta(ge=0, le=WAIT_DAYS_MAX)]
PendingEvent = Literal["reported", "paid", "shipped", "delivered", "stay_ended"]


@dataclass(frozen=True, slots=True)
class Rates:
    """What comes back: the rate of the line's category (matched by `text.key`), or the default."""

    default_bps: Bps
    by_category: dict[str, Bps] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Minimum:
    """The smallest basket that earns. `at_least` includes `amount_minor` itself, `above` does not.

    `base` measures what counts after the base policy; `total` what the customer paid for all lines.
    """

    amount_minor: Minor
    boundary: Literal["at_least", "above"]
    measured_on: Literal["base", "total"]


@dataclass(frozen=True, slots=True)
class Base:
    """What of a line counts: after discounts (`net`) or before, with or without its tax."""

    discounts: Literal["net", "gross"]
    tax: Literal["with", "without"]
    shipping: bool
    cashback_part_earns: bool = False
    excluded_categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """When cashback is free: `days` after `event`; if it never comes, after `wait_days_max`."""

    event: PendingEvent
    days: WaitDays
    wait_days_max: WaitDays
    on_wait_end: Literal["mature", "cancel"]


@dataclass(frozen=True, slots=True)
class Expiry:
    """How long a lot lives: `days` from availability, or for ever with None.

    `grace_days` is what a restored lot gets if it expired meanwhile; with `notice_days` above zero
    nothing expires unless the member was told that many days before.
    """

    days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)] | None
    grace_days: Days = 30
    notice_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 0


@dataclass(frozen=True, slots=True)
class Deficit:
    """Who bears a return whose value was spent; the member never owes more than `max_minor`."""

    policy: Literal["member_owes", "merchant_bears", "operator_bears"]
    max_minor: Minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One version of a contract's terms; amounts are minor units of `asset`, rates basis points.

    `breakage` says who gets what expires unspent; a charity is named by `charity_id`.
    """

    asset: str
    rates: Rates
    minimum: Minimum | None = None
    base: Base
    rounding: money.Rounding
    pending: Pending
    expiry: Expiry
    deficit: Deficit
    breakage: Literal["operator", "merchant", "charity"]
    charity_id: uuid.UUID | None = None
    hold_minutes: Annotated[int, msgspec.Meta(ge=1, le=HOLD_MINUTES_MAX)] = 15


@dataclass(frozen=True, slots=True)
class Contract:
    """A merchant's terms in force, as a decision needs them."""

    contract_id: uuid.UUID
    version: int
    terms: Terms
    merchant_name: str


def parse(raw: object) -> Terms:
    """Read terms from decoded JSON. TERMS_INVALID, with the path of the field, for anything else.

    Categories come back in the form they are matched by (see `text.key`).
    """
    _refuse_unknown(raw, Terms, ())
    _check_rates(raw)
    try:
        terms = msgspec.convert(raw, Terms)
    except msgspec.ValidationError as problem:
        found = malformed.problem(str(problem))
        _refuse(found.says, *found.path)
    try:
        money.asset(terms.asset)
    except ValueError as problem:
        _refuse(str(problem), "asset")
    if terms.expiry.days is not None and terms.expiry.notice_days >= terms.expiry.days:
        _refuse("the notice must be shorter than the life of a lot", "expiry", "notice_days")
    if (terms.breakage == "charity") != (terms.charity_id is not None):
        _refuse("name the charity when breakage goes to one, and only then", "charity_id")
    return _with_keys(terms)


def dump(terms: Terms) -> dict[str, Any]:
    """Write terms as plain JSON values, every field named: `parse(dump(terms)) == terms`."""
    written = msgspec.to_builtins(terms)
    assert isinstance(written, dict)
    return written


def json_schema() -> dict[str, Any]:
    """Describe the JSON of terms as a JSON Schema (2020-12), for editors and for the API's docs."""
    (schema,), parts = msgspec.json.schema_components([Terms], ref_template="#/$defs/{name}")
    for part in parts.values():
        if part.get("type") == "object":
            part["additionalProperties"] = False
    top = {**schema, "$defs": parts}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_plain(top)}


_NESTED: Final[Mapping[str, type]] = {
    "rates": Rates,
    "minimum": Minimum,
    "base": Base,
    "pending": Pending,
    "expiry": Expiry,
    "deficit": Deficit,
}


def _refuse_unknown(raw: object, kind: type, path: tuple[str, ...]) -> None:
    # msgspec ignores fields that a dataclass does not have; a misspelt term must not be ignored.
    if not isinstance(raw, dict):
        return
    known = {one.name for one in fields(kind)}
    for name, value in raw.items():
        if name not in known:
            _refuse("there is no such field", *path, str(name))
        if not path and name in _NESTED:
            _refuse_unknown(value, _NESTED[name], (name,))


def _check_rates(raw: object) -> None:
    # msgspec names no key when the value of a mapping is wrong, so each rate is read on its own.
    rates = raw.get("rates") if isinstance(raw, dict) else None
    by_category = rates.get("by_category") if isinstance(rates, dict) else None
    if not isinstance(by_category, dict):
        return
    for category, rate in by_category.items():
        try:
            msgspec.convert(rate, Bps)
        except msgspec.ValidationError as problem:
            _refuse(str(problem), "rates", "by_category", str(category))


def _with_keys(terms: Terms) -> Terms:
    if len(terms.rates.by_category) > CATEGORIES_MAX:
        _refuse(f"more than {CATEGORIES_MAX} categories", "rates", "by_category")
    if len(terms.base.excluded_categories) > CATEGORIES_MAX:
        _refuse(f"more than {CATEGORIES_MAX} categories", "base", "excluded_categories")
    rates: dict[str, int] = {}
    for category, rate in terms.rates.by_category.items():
        path = ("rates", "by_category", category)
        rates[_key(category, rates, *path)] = rate
    excluded: dict[str, None] = {}
    for place, category in enumerate(terms.base.excluded_categories):
        path = ("base", "excluded_categories", str(place))
        excluded[_key(category, rates | excluded, *path)] = None
    return replace(
        terms,
        rates=replace(terms.rates, by_category=rates),
        base=replace(terms.base, excluded_categories=tuple(excluded)),
    )


def _key(category: str, taken: Collection[str], *path: str) -> str:
    try:
        text.check(category, chars_max=text.CATEGORY_CHARS_MAX)
    except errors.TextInvalid as problem:
        _refuse(f"the category is not valid. {problem.message}", *path)
    key = text.key(category)
    if len(key) > text.CATEGORY_CHARS_MAX:
        # Some letters fold into several; what is written must be read again.
        _refuse("the category is too long once its capitals are folded", *path)
    if key in taken:
        # A rate and an exclusion, or two rates, for one category: no order would be a fair one.
        _refuse("this category is named twice (capitals and spaces do not count)", *path)
    return key


def _refuse(says: str, *steps: str) -> NoReturn:
    path = malformed.printable(steps)
    raise errors.TermsInvalid(
        f"The contract terms are wrong at {malformed.where(path)}: {says[:1].lower()}{says[1:]}. "
        "Correct it and publish again.",
        path=path,
    )


def _plain(value: Any) -> Any:
    # msgspec leaves defaults as tuples, which are not what a JSON reader would give back.
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
