"""What goods that come back take back of campaigns: by the grants that were stored, never by today.

Each line keeps of its grant the part of the price that it keeps. Where the version that paid asked
for a minimum, a quantity or a bundle, the question is asked again of what is kept: if it no longer
holds, all of that campaign goes back (unless the version says `proportional`). A grant that
multiplied others goes with them, by the part of them that goes back. So whatever is bought and
brought back in whatever steps ends at nothing, and coming back below a minimum keeps nothing of
what the minimum paid.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wallet import money
from wallet.rules import returns
from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns.definition import Definition, Multiplier


@dataclass(frozen=True, slots=True)
class SoldGrant:
    """What a version gave on a line that it counted (maybe nothing), and what was taken back."""

    number: int
    version_id: uuid.UUID
    granted_minor: int
    reversed_minor: int


@dataclass(frozen=True, slots=True)
class SoldLot:
    """A lot that a version (or the contract) opened for one funder, and what was taken back."""

    lot_id: uuid.UUID
    rule_id: uuid.UUID
    funder_id: uuid.UUID
    amount_minor: int
    reversed_minor: int


@dataclass(frozen=True, slots=True)
class GrantReturn:
    """What is taken back of a version on a line."""

    number: int
    version_id: uuid.UUID
    reversed_minor: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a line after a return: its part as kept of whole, its units, its base."""

    number: int
    kept: int
    whole: int
    quantity_milli: int
    category: str
    base_minor: int


def kept(
    lines: Sequence[returns.SoldLine],
    now: Sequence[returns.LineReturn],
    bases: Mapping[int, tuple[str, int]],
) -> dict[int, Kept]:
    """Say what is kept of each line once this return is done; `bases` are category and base."""
    back = {one.number: one for one in now}
    found = {}
    for line in lines:
        one = back.get(line.number)
        amount = line.returned_amount_minor + (one.amount_minor if one else 0)
        quantity = line.returned_quantity_milli + (one.quantity_milli if one else 0)
        left = line.quantity_milli - quantity
        part = (line.amount_minor - amount, line.amount_minor)
        if line.amount_minor == 0:
            part = (left, line.quantity_milli)
        category, base_minor = bases[line.number]
        base_minor = money.divide(base_minor * part[0], part[1], money.Rounding.HALF_EVEN)
        found[line.number] = Kept(line.number, *part, left, category, base_minor)
    return found


def decide(
    grants: Sequence[SoldGrant], definitions: Mapping[uuid.UUID, Definition], left: dict[int, Kept]
) -> tuple[GrantReturn, ...]:
    """Decide what goes back of every grant of a purchase, given what is kept of its lines."""
    by_version: dict[uuid.UUID, list[SoldGrant]] = {}
    for grant in grants:
        by_version.setdefault(grant.version_id, []).append(grant)
    failed = {
        version_id
        for version_id, mine in by_version.items()
        if not _still_holds(definitions[version_id], mine, left)
    }
    groups = _groups(grants, definitions, failed)
    found = []
    for version_id, mine in by_version.items():
        definition = definitions[version_id]
        for grant in mine:
            kept_minor = 0
            if version_id not in failed:
                multiplied = groups.get(_multiplied(definition, grant.number))
                kept_minor = _kept_part(grant, definition, left, multiplied or (1, 1))
            # What an earlier return took stays taken: a later one never gives any of it back.
            reversed_minor = max(0, grant.granted_minor - kept_minor - grant.reversed_minor)
            if reversed_minor:
                found.append(GrantReturn(grant.number, version_id, reversed_minor))
    return tuple(found)


def lots(
    sold: Sequence[SoldLot], by_rule: Mapping[uuid.UUID, int]
) -> tuple[tuple[uuid.UUID, int], ...]:
    """Share what each rule takes back over the lots it opened, by what is left of each."""
    found = []
    for rule_id, reversed_minor in by_rule.items():
        mine = [lot for lot in sold if lot.rule_id == rule_id]
        weights = [lot.amount_minor - lot.reversed_minor for lot in mine]
        parts = money.split(reversed_minor, weights)
        found += [(lot.lot_id, part) for lot, part in zip(mine, parts, strict=True) if part > 0]
    return tuple(found)


def _kept_part(
    grant: SoldGrant, definition: Definition, left: dict[int, Kept], of: tuple[int, int]
) -> int:
    """The part of a grant that the line keeps; `of` is the part of what it multiplied that stands.

    Both in one division, so that there is one rounding.
    """
    line, (standing, whole) = left[grant.number], of
    kept_minor = grant.granted_minor * line.kept * standing
    return money.divide(kept_minor, line.whole * whole, definition.rounding)


def _still_holds(
    definition: Definition, grants: Sequence[SoldGrant], left: dict[int, Kept]
) -> bool:
    if definition.on_return == "proportional":
        return True
    lines = [left[grant.number] for grant in grants]
    for condition in definition.when:
        match condition:
            case c.Minimum(amount_minor=least, boundary=boundary, measured_on=measured_on):
                measured = left.values() if measured_on == "basket" else lines
                had = sum(line.base_minor for line in measured)
                if had < least + (1 if boundary == "above" else 0):
                    return False
            case c.Quantity(at_least_milli=least):
                if sum(line.quantity_milli for line in lines) < least:
                    return False
            case c.Bundle(all_of=names):
                there = {line.category for line in left.values() if line.kept > 0}
                if not there.issuperset(names):
                    return False
            case _:
                pass
    return True


_Target = tuple[str, str, int]
"""What a multiplier multiplies: a group, in an asset, on a line."""


def _multiplied(definition: Definition, number: int) -> _Target | None:
    give = definition.give
    return (give.of, definition.asset, number) if isinstance(give, Multiplier) else None


def _groups(
    grants: Sequence[SoldGrant],
    definitions: Mapping[uuid.UUID, Definition],
    failed: set[uuid.UUID],
) -> dict[_Target | None, tuple[int, int]]:
    """Say of what each group gave on a line how much stands, and of how much.

    Multipliers are not counted: they come last, and multiply only what came before them.
    """
    found: dict[_Target | None, tuple[int, int]] = {}
    for grant in grants:
        definition = definitions[grant.version_id]
        if isinstance(definition.give, Multiplier) or grant.granted_minor == 0:
            continue
        key = (definition.stack.group, definition.asset, grant.number)
        standing, whole = found.get(key, (0, 0))
        more = 0 if grant.version_id in failed else grant.granted_minor
        found[key] = (standing + more, whole + grant.granted_minor)
    return found
