"""Which purchases can matter to drafts, worked out beforehand, so that the books send no others.

It promises to leave nothing out that could change what a draft gives: where it is not sure, it asks
for more.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns import facts, needs, whatif
from wallet.rules.campaigns.definition import Amount, Donation, Multiplier, Personal

Words: TypeAlias = frozenset[str] | None
"""Words that are looked for; None for any."""

_LISTED: Final = (c.OfProduct, c.OfCategory, c.OfLabel, c.OfBrand)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the books.

    `columns` are those of the lines that a decision looks at. `products` to `brands` are the words
    of lines that can count. `wide`: then the rest of their purchase comes too; `every`: purchases
    without such a line come as well. `segments` are those of which a member must be in one.
    `remembers`: purchases from `since` on (None: ever) come, if only to be remembered.
    """

    merchants: frozenset[uuid.UUID] | None
    columns: frozenset[str]
    products: Words
    categories: Words
    labels: Words
    brands: Words
    segments: Words
    wide: bool
    every: bool
    remembers: bool
    since: datetime | None


def of(
    drafts: Sequence[facts.Version],
    asks: needs.Needs,
    *,
    since: datetime,
    zone: str,
    every: bool,
) -> Question:
    """Work out what to ask; `every`: other campaigns are compared, so nothing is left out."""
    anywhere = every or any(not one.definition.merchants for one in drafts)
    words = {kind: _words(drafts, kind) for kind in _LISTED}
    if every:
        words = dict.fromkeys(_LISTED)
    return Question(
        merchants=None
        if anywhere
        else frozenset(one for draft in drafts for one in draft.definition.merchants),
        columns=_columns(drafts, every=every),
        products=words[c.OfProduct],
        categories=words[c.OfCategory],
        labels=words[c.OfLabel],
        brands=words[c.OfBrand],
        segments=None if every else _common(drafts, _segments),
        wide=every or any(whatif.wide(one) for one in drafts),
        every=every,
        # What others ask of the past is not looked at: all of it is remembered for them.
        remembers=every or bool(asks.asking),
        since=None if every else _since(asks, since, zone),
    )


def _words(drafts: Sequence[facts.Version], kind: type[c.Condition]) -> Words:
    def named(draft: facts.Version) -> Words:
        for one in draft.definition.lines:
            if isinstance(one, _LISTED) and type(one) is kind and not one.unless:
                return frozenset(one.any_of)
        if kind is c.OfLabel:
            for one in draft.definition.lines:
                if isinstance(one, c.Certified):
                    return frozenset({one.label})
        return None

    return _common(drafts, named)


def _segments(draft: facts.Version) -> Words:
    for one in draft.definition.when:
        if isinstance(one, c.Segment) and not one.unless:
            return frozenset(one.any_of)
    return None


def _common(drafts: Iterable[facts.Version], named: Callable[[facts.Version], Words]) -> Words:
    """All that the drafts name, if every one of them names something."""
    found: set[str] = set()
    for draft in drafts:
        words = named(draft)
        if words is None:
            return None
        found |= words
    return frozenset(found)


_EVERY_COLUMN: Final = frozenset(
    {"credits", "quantities", "categories", "products", "labels", "brands"}
)


def _columns(drafts: Sequence[facts.Version], *, every: bool) -> frozenset[str]:
    if every:
        return _EVERY_COLUMN
    return frozenset(column for draft in drafts for column in _columns_of(draft))


def _columns_of(draft: facts.Version) -> set[str]:
    definition, found = draft.definition, set()
    for line in definition.lines:
        match line:
            case c.OfProduct():
                found.add("products")
            case c.OfLabel():
                found.add("labels")
            case c.Certified():
                found |= {"labels", "products"}
            case c.OfBrand():
                found.add("brands")
            case c.OfCategory() | c.OfFavourite():
                found.add("categories")
    for condition in definition.when:
        match condition:
            case c.Bundle():
                found.add("categories")
            case c.Quantity():
                found.add("quantities")
            case _:
                pass
    match definition.give:
        case Personal():
            found.add("categories")
        case Amount(per="unit") | Donation(per="unit"):
            found.add("quantities")
        case Multiplier():
            found.add("credits")
        case _:
            pass
    if definition.stack.tops_up:
        found.add("credits")
    return found


def _since(asks: needs.Needs, since: datetime, zone: str) -> datetime | None:
    """From when on purchases must be remembered: no later question looks further back."""
    starts = [since]
    for condition, version in asks.asking:
        measure = needs.measure_of(
            condition, version, merchant_id=uuid.UUID(int=0), at=since, zone=zone
        )
        assert measure is not None
        if measure.since is None:
            return None
        starts.append(measure.since)
    return min(starts)
