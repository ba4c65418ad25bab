"""Campaigns made ready: one number per category, label, brand and product says who wants the line.

Each campaign of a set is a bit. The conditions on lines become tables from a word to the bits of
the campaigns that ask for it, so a line is matched against two hundred campaigns by a few look-ups
and a few operations on whole numbers. A set is compiled once and kept by whoever asks often.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from wallet.rules.campaigns import basket as baskets
from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns import facts, needs, programme
from wallet.rules.campaigns.definition import OnPurchase

Extra: TypeAlias = Callable[[baskets.Line, baskets.Basket], bool]
NAMES_SHOWN_MAX: Final = 10
"""Of what a campaign asks for, so many names stand in a reason; a list may have thousands."""
KINDS: Final = ("category", "product", "label", "brand")
_KIND_OF: Final = {
    c.OfCategory: "category",
    c.OfProduct: "product",
    c.OfLabel: "label",
    c.OfBrand: "brand",
}
_Listed: TypeAlias = c.OfCategory | c.OfProduct | c.OfLabel | c.OfBrand


@dataclass(slots=True)
class Table:
    """Of one kind of word: who asks for it, who does not care, and who will not have it."""

    wanted: dict[str, int] = field(default_factory=dict)
    open_to_all: int = 0
    barred: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Set:
    """Versions in the order in which they are asked, and the tables to match lines by."""

    versions: tuple[facts.Version, ...]
    groups: dict[str, programme.Group]
    tables: dict[str, Table]
    extras: dict[int, tuple[Extra, ...]]
    every: int
    no_line: tuple[dict[str, Any] | None, ...]
    """The reason of each campaign that counts no line; None for what answers to no purchase."""
    plain: bool
    """True if no campaign asks anything of a line."""
    purchase_cap_minor: int | None


EMPTY_RULES: Final = programme.Rules(())


def compile_set(versions: Iterable[facts.Version], rules: programme.Rules) -> Set:
    """Order and prepare versions; the same versions and rules always give the same order."""
    places = {group.name: place for place, group in enumerate(rules.groups)}
    ordered = tuple(
        sorted(
            versions,
            key=lambda one: (
                needs.is_multiplier(one),
                places.get(one.definition.stack.group, len(places)),
                one.definition.stack.priority,
                one.campaign_id.int,
            ),
        )
    )
    tables = {kind: Table() for kind in KINDS}
    extras: dict[int, tuple[Extra, ...]] = {}
    for place, version in enumerate(ordered):
        found = _fill(tables, 1 << place, version.definition.lines)
        if found:
            extras[place] = found
    return Set(
        versions=ordered,
        groups={group.name: group for group in rules.groups},
        tables=tables,
        extras=extras,
        every=(1 << len(ordered)) - 1,
        no_line=tuple(_no_line(version) for version in ordered),
        plain=not any(one.definition.lines for one in ordered),
        purchase_cap_minor=rules.purchase_cap_minor,
    )


def wanting(ready: Set, line: baskets.Line) -> int:
    """Say which campaigns want a line by its words: one bit each; extras are not asked here."""
    tables = ready.tables
    table = tables["category"]
    bits = (table.open_to_all | table.wanted.get(line.category, 0)) & ~table.barred.get(
        line.category, 0
    )
    for kind, word in (("product", line.product), ("brand", line.brand)):
        table = tables[kind]
        bits &= table.open_to_all | (table.wanted.get(word, 0) if word is not None else 0)
        if word is not None and table.barred:
            bits &= ~table.barred.get(word, 0)
    table = tables["label"]
    if not line.labels:
        return bits & table.open_to_all
    asked = table.open_to_all
    for label in line.labels:
        asked |= table.wanted.get(label, 0)
        bits &= ~table.barred.get(label, 0)
    return bits & asked


def matching(ready: Set, basket: baskets.Basket) -> list[list[baskets.Line]]:
    """Give each campaign of the set the lines that count for it, in the order of the set."""
    everything = list(basket.lines)
    if ready.plain:
        return [everything] * len(ready.versions)
    masks = [wanting(ready, line) for line in basket.lines]
    common = ready.every
    for mask in masks:
        common &= mask
    found = [everything if common >> place & 1 else [] for place in range(len(ready.versions))]
    for line, mask in zip(everything, masks, strict=True):
        # Only the bits that are set are visited: of two hundred campaigns a line interests a few.
        rest = mask & ~common
        while rest:
            lowest = rest & -rest
            found[lowest.bit_length() - 1].append(line)
            rest ^= lowest
    for place, extras in ready.extras.items():
        lines = found[place]
        found[place] = [line for line in lines if all(extra(line, basket) for extra in extras)]
    return found


def kind_of(condition: _Listed) -> str:
    """Name the kind of words that a condition on lines asks for."""
    return _KIND_OF[type(condition)]


def _no_line(version: facts.Version) -> dict[str, Any] | None:
    definition = version.definition
    if not isinstance(definition.on, OnPurchase):
        return None
    for one in definition.lines:
        match one:
            case c.OfFavourite():
                return {"if": "favourite", "any_of": [], "unless": False}
            case c.Certified(label=label):
                return {"if": "certified", "any_of": [label], "unless": False}
            case _:
                names = list(one.any_of[:NAMES_SHOWN_MAX])
                return {"if": kind_of(one), "any_of": names, "unless": one.unless}
    return {"if": "nothing_left"}


def _fill(
    tables: dict[str, Table], bit: int, conditions: Sequence[c.LineCondition]
) -> tuple[Extra, ...]:
    asked: set[str] = set()
    extras: list[Extra] = []
    for one in conditions:
        if isinstance(one, _Listed):
            kind = _KIND_OF[type(one)]
            table = tables[kind]
            if one.unless:
                _mark(table.barred, one.any_of, bit)
            elif kind in asked:
                extras.append(_listed(kind, frozenset(one.any_of)))
            else:
                asked.add(kind)
                _mark(table.wanted, one.any_of, bit)
        else:
            extras.append(_certified(one.label) if isinstance(one, c.Certified) else _favourite)
    for kind in KINDS:
        if kind not in asked:
            tables[kind].open_to_all |= bit
    return tuple(extras)


def _mark(words: dict[str, int], names: Iterable[str], bit: int) -> None:
    for name in names:
        words[name] = words.get(name, 0) | bit


def _listed(kind: str, names: frozenset[str]) -> Extra:
    if kind == "label":
        return lambda line, _: not names.isdisjoint(line.labels)
    return lambda line, _: getattr(line, kind) in names


def _certified(label: str) -> Extra:
    def certified(line: baskets.Line, basket: baskets.Basket) -> bool:
        proven = basket.place.certified
        if label not in line.labels:
            return False
        # Evidence without a product speaks for all of the merchant's goods that bear the label.
        return (label, line.product or "") in proven or (label, "") in proven

    return certified


def _favourite(line: baskets.Line, basket: baskets.Basket) -> bool:
    return basket.member is not None and line.category in basket.member.favourites
