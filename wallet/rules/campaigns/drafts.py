"""Drafts: a campaign is read strictly and refused if it contradicts itself or another campaign.

`read` takes JSON to a definition and says which field is at fault; `judge` says whether it can be
run; `parse` does both. What is stored was judged when it was saved, and is judged again when it is
published, because time and other campaigns have moved on.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from wallet.rules import malformed, purchases, text
from wallet.rules.campaigns import conditions, contradictions, refusing
from wallet.rules.campaigns.contradictions import Other
from wallet.rules.campaigns.definition import Definition

TEXT_CHARS_MAX: Final = 20_000
"""The longest text of a definition is that of its terms; every other one has a limit of its own."""

_KEYED: Final = (conditions.OfCategory, conditions.OfBrand)


def parse(
    raw: object,
    *,
    house_asset: str,
    now: datetime,
    groups: Collection[str],
    others: Iterable[Other] = (),
) -> Definition:
    """Read a definition that can be run from now on; CAMPAIGN_INVALID with the path for others.

    `groups` are the stacking groups of the programme in their order, `others` what is in force or
    waits to be.
    """
    found = read(raw)
    contradictions.judge(
        found, house_asset=house_asset, now=now, groups=tuple(groups), others=others
    )
    return found


def read(raw: object) -> Definition:
    """Read a definition from decoded JSON, as it was stored; whether it can be run is not asked.

    Instants come back in UTC, categories and brands in the form they are matched by.
    """
    malformed.check_texts(raw, refusing.refuse, chars_max=TEXT_CHARS_MAX)
    try:
        found = msgspec.convert(raw, Definition)
    except msgspec.ValidationError as problem:
        raise refusing.unread(str(problem)) from None
    return msgspec.structs.replace(
        found,
        starts_at=_instant(found.starts_at, "starts_at"),
        ends_at=None if found.ends_at is None else _instant(found.ends_at, "ends_at"),
        when=tuple(_bundle(one, place) for place, one in enumerate(found.when)),
        lines=tuple(_line(one, place) for place, one in enumerate(found.lines)),
    )


def dump(found: Definition) -> dict[str, Any]:
    """Write a definition as plain JSON values, every field named: `read(dump(x)) == x`."""
    written = msgspec.to_builtins(found)
    assert isinstance(written, dict)
    return written


def json_schema() -> dict[str, Any]:
    """Describe the JSON of a definition as a JSON Schema, for editors and forms."""
    return malformed.schema_of(Definition)


def _instant(at: datetime, name: str) -> datetime:
    if at.tzinfo is None:
        refusing.refuse("this time has no time zone; add one, such as Z", name)
    if not purchases.YEAR_MIN <= at.year < purchases.YEAR_MAX:
        refusing.refuse(
            f"this time is not between the years {purchases.YEAR_MIN} and {purchases.YEAR_MAX}",
            name,
        )
    return at.astimezone(UTC)


def _line(one: conditions.LineCondition, place: int) -> conditions.LineCondition:
    if not isinstance(one, _KEYED):
        return one
    path = ("lines", str(place), "any_of")
    return msgspec.structs.replace(one, any_of=_keys(one.any_of, *path))


def _bundle(one: conditions.BasketCondition, place: int) -> conditions.BasketCondition:
    if not isinstance(one, conditions.Bundle):
        return one
    return msgspec.structs.replace(one, all_of=_keys(one.all_of, "when", str(place), "all_of"))


def _keys(names: tuple[str, ...], *path: str) -> tuple[str, ...]:
    keys = tuple(text.key(name) for name in names)
    for place, key in enumerate(keys):
        if len(key) > text.CATEGORY_CHARS_MAX:
            # Some letters fold into several; what is written must be read again.
            refusing.refuse("the name is too long once its capitals are folded", *path, str(place))
    return keys
