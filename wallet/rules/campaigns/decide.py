"""What a purchase is given by campaigns, on top of its contract, decided from facts alone.

The order of thought: which lines each campaign counts, whether its conditions hold, what its
effect would give, who of a group wins a line, and what the limits leave. Campaigns are asked in
the programme's order of groups, then by priority; those that multiply come last. Nothing depends
on the order in which they were made, or on the order of the lines.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from wallet import money
from wallet.rules import cashback, contracts, purchases
from wallet.rules.campaigns import basket as baskets
from wallet.rules.campaigns import checks, compiled, effects, facts, limits, needs
from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns.definition import MONEYLESS, Donation, OnPurchase
from wallet.rules.campaigns.outcome import (
    NOTHING,
    Cut,
    Given,
    Granted,
    LineGrant,
    Missed,
    Outcome,
)


@dataclass(slots=True)
class _Candidate:
    """A campaign whose conditions hold, with its wishes that are still standing."""

    version: facts.Version
    group: str
    lines: list[baskets.Line]
    wishes: list[effects.Wish]
    because: tuple[checks.Reason, ...]
    lost: dict[str, checks.Reason] = field(default_factory=dict)


def decide(
    purchase: purchases.Purchase,
    contract: cashback.Decision,
    ready: compiled.Set,
    *,
    place: facts.Place,
    member: facts.Member | None,
    room: facts.Room | None = None,
) -> Outcome:
    """Decide a purchase that its contract has decided. A preview and a report are this same call.

    `member` is None for somebody who is not known yet; `room` is what is left of budgets.
    """
    if not ready.versions:
        return NOTHING
    return of_basket(baskets.of(purchase, contract, place, member), ready, room=room)


def of_basket(
    basket: baskets.Basket, ready: compiled.Set, *, room: facts.Room | None = None
) -> Outcome:
    """Decide a basket that is at hand: the same as `decide`, for those who make baskets in bulk."""
    member = basket.member
    till = limits.Till(dict(room or {}), ready.purchase_cap_minor)
    missed: list[Missed] = []
    given: list[Given] = []
    granted: list[Granted] = []
    standing = _holding(ready, basket, missed)
    targets: dict[tuple[str, str, int], int] = {}
    for late in (False, True):
        wave = [one for one in standing if needs.is_multiplier(one[0]) is late]
        if not wave:
            continue
        candidates = _candidates(wave, basket, targets, missed, given)
        # A gift to a charity takes no cashback's place, and none takes a gift's.
        rivals = [one for one in candidates if not _is_gift(one)]
        _contest(rivals, ready, [one for one in granted if not one.is_gift])
        for candidate in candidates:
            settled = _settle(candidate, basket, till)
            if settled is None:
                missed.append(_beaten(candidate))
                continue
            granted.append(settled)
            if settled.is_gift:
                continue
            for line in settled.lines:
                key = (candidate.group, settled.version.definition.asset, line.number)
                targets[key] = targets.get(key, 0) + line.granted_minor
    return Outcome(
        granted=tuple(granted),
        given=tuple(given),
        missed=tuple(missed),
        draws=till.draws,
        short=frozenset(till.short),
        coupons=_coupons_used(member, granted, given),
    )


_Standing = tuple[facts.Version, list[baskets.Line], tuple[checks.Reason, ...]]


def _holding(ready: compiled.Set, basket: baskets.Basket, missed: list[Missed]) -> list[_Standing]:
    """Keep the campaigns that count a line and whose conditions hold; note why others do not."""
    found: list[_Standing] = []
    matching = compiled.matching(ready, basket)
    for version, lines, no_line in zip(ready.versions, matching, ready.no_line, strict=True):
        if not lines:
            if no_line is not None:
                missed.append(Missed(version, (), (no_line,)))
            continue
        definition = version.definition
        if not isinstance(definition.on, OnPurchase):
            continue
        because: list[checks.Reason] = []
        against: list[checks.Reason] = []
        for condition in definition.when:
            checked = checks.check(condition, version, basket, lines)
            (because if checked.held else against).append(checked.reason)
        if definition.terms.acceptance and not _accepted(version, basket.member):
            against.append({"if": "terms"})
        if against:
            numbers = tuple(line.number for line in lines)
            missed.append(Missed(version, numbers, tuple(against)))
        else:
            found.append((version, lines, tuple(because)))
    return found


def _candidates(
    wave: Sequence[_Standing],
    basket: baskets.Basket,
    targets: dict[tuple[str, str, int], int],
    missed: list[Missed],
    given: list[Given],
) -> list[_Candidate]:
    found = []
    for version, lines, because in wave:
        if isinstance(version.definition.give, MONEYLESS):
            given.append(Given(version, tuple(line.number for line in lines), because))
            continue
        wishes = [one for one in effects.wishes(version, basket, lines, targets) if one.minor > 0]
        if wishes:
            group = version.definition.stack.group
            found.append(_Candidate(version, group, lines, wishes, because))
        else:
            numbers = tuple(line.number for line in lines)
            missed.append(Missed(version, numbers, ({"if": "nothing_left"},)))
    return found


def _is_gift(candidate: _Candidate) -> bool:
    return isinstance(candidate.version.definition.give, Donation)


def _contest(
    candidates: Sequence[_Candidate], ready: compiled.Set, before: Sequence[Granted]
) -> None:
    """Let each group's rule say who pays on a line; then exclusive campaigns bar other groups."""
    if len(candidates) < 2 and not before:
        return
    for group, rule in ready.groups.items():
        rivals = [one for one in candidates if one.group == group]
        if rule.mode != "all" and len(rivals) > 1:
            _one_a_line(rivals, best=rule.mode == "best")
    barred: dict[int, tuple[str, str]] = {
        line.number: (one.version.definition.stack.group, one.version.definition.name)
        for one in before
        if one.version.definition.stack.exclusive
        for line in one.lines
        if line.desired_minor > 0
    }
    for candidate in candidates:
        kept = []
        for wish in candidate.wishes:
            group_name = barred.get(wish.line.number)
            if group_name is not None and group_name[0] != candidate.group:
                candidate.lost.setdefault("excluded", {"if": "excluded", "by": group_name[1]})
            else:
                kept.append(wish)
        candidate.wishes = kept
        if candidate.version.definition.stack.exclusive:
            name = candidate.version.definition.name
            for wish in kept:
                barred.setdefault(wish.line.number, (candidate.group, name))


def _one_a_line(rivals: Sequence[_Candidate], *, best: bool) -> None:
    """Leave one campaign of a group and asset on each line: the best, or the first by priority."""
    winners: dict[tuple[str, int], tuple[int, _Candidate]] = {}
    for rival in rivals:
        asset = rival.version.definition.asset
        for wish in rival.wishes:
            key = (asset, wish.line.number)
            standing = winners.get(key)
            # Rivals come by priority, so of equals the earlier one stays.
            if standing is None or (best and wish.minor > standing[0]):
                winners[key] = (wish.minor, rival)
    for rival in rivals:
        asset = rival.version.definition.asset
        kept = []
        for wish in rival.wishes:
            winner = winners[(asset, wish.line.number)][1]
            if winner is rival:
                kept.append(wish)
            else:
                name = winner.version.definition.name
                rival.lost.setdefault("beaten", {"if": "beaten", "by": name})
        rival.wishes = kept


def _settle(candidate: _Candidate, basket: baskets.Basket, till: limits.Till) -> Granted | None:
    """Cut what is left of a campaign's wishes to the limits; None where it lost every line."""
    wishes = candidate.wishes
    if not wishes:
        return None
    definition = candidate.version.definition
    desired = [wish.minor for wish in wishes]
    total = sum(desired)
    topped: tuple[Cut, ...] = ()
    if definition.stack.tops_up:
        less = sum(wish.less_minor for wish in wishes)
        topped = (Cut("tops_up", total + less, total, less),) if less else ()
    allowed = limits.allow(candidate.version, total, basket, till)
    parts = desired if allowed.minor == total else money.split(allowed.minor, desired)
    charity = definition.charity
    return Granted(
        version=candidate.version,
        lines=_all_lines(candidate, parts),
        desired_minor=total,
        granted_minor=allowed.minor,
        because=candidate.because,
        cuts=(*topped, *allowed.cuts),
        funders=allowed.funders,
        charity_minor=0
        if charity is None
        else money.divide(allowed.minor * charity.bps, contracts.BPS, money.Rounding.DOWN),
    )


def _all_lines(candidate: _Candidate, parts: Sequence[int]) -> tuple[LineGrant, ...]:
    """Write down the lines that won; where a return will ask again whether enough is kept, all."""
    found = [
        LineGrant(wish.line.number, wish.line.base_minor, wish.bps, wish.minor, part)
        for wish, part in zip(candidate.wishes, parts, strict=True)
    ]
    if len(found) < len(candidate.lines) and _asked_again(candidate.version):
        won = {one.number for one in found}
        found += [
            LineGrant(line.number, line.base_minor, None, 0, 0)
            for line in candidate.lines
            if line.number not in won
        ]
        found.sort()
    return tuple(found)


def _asked_again(version: facts.Version) -> bool:
    definition = version.definition
    return definition.on_return == "recheck" and any(
        isinstance(one, c.Minimum | c.Quantity | c.Bundle) for one in definition.when
    )


def _beaten(candidate: _Candidate) -> Missed:
    reasons = tuple(candidate.lost.values())
    return Missed(candidate.version, (), reasons)


def _accepted(version: facts.Version, member: facts.Member | None) -> bool:
    return member is not None and version.version_id in member.accepted


def _coupons_used(
    member: facts.Member | None, granted: Sequence[Granted], given: Sequence[Given]
) -> tuple[uuid.UUID, ...]:
    """Say which coupons did something; one that gave nothing stays the member's."""
    if member is None or not member.coupons:
        return ()
    paid = [one.version for one in granted if one.granted_minor > 0]
    names = {
        condition.name
        for version in (*paid, *(one.version for one in given))
        for condition in version.definition.when
        if isinstance(condition, c.Coupon)
    }
    return tuple(member.coupons[name] for name in sorted(names))
