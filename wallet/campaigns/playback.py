"""Playing purchases again with a draft in force: from rows of the books to what would be given.

Purchases come in order of time, each with what its contract decided then. What a member did and
got is remembered while they pass, and budgets are counted down, so that the draft runs into its
limits when it would have. Nothing here asks the database.
"""

import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from wallet.rules import purchases, text
from wallet.rules.campaigns import basket as baskets
from wallet.rules.campaigns import (
    compiled,
    decide,
    facts,
    history,
    needs,
    outcome,
    programme,
    timeline,
    whatif,
)
from wallet.rules.campaigns import conditions as c

Live: TypeAlias = Callable[[uuid.UUID, datetime], Sequence[facts.Version]]
"""The versions that were in force at a merchant at an instant."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who a member is, as it stands at the end of the period that is played."""

    joined_on: date
    birth_date: date | None
    tier: str | None
    tiers: Mapping[uuid.UUID, str]
    segments: frozenset[str]
    memberships: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back of a purchase at an instant."""

    purchase_id: uuid.UUID
    at: datetime
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Proof:
    """Evidence on record for a label, from a local day to another, both included."""

    merchant_id: uuid.UUID
    label: str
    product: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Scene:
    """What stays the same while purchases pass.

    `dated`: drafts hold from their own start to their own end, not all of the time.
    """

    drafts: tuple[facts.Version, ...]
    rules: programme.Rules
    operator_id: uuid.UUID
    zone: str
    asset: str
    dated: bool
    people: Mapping[uuid.UUID, Person]
    stores: Mapping[uuid.UUID, str]
    returns: Sequence[Returned]
    proofs: Sequence[Proof]
    live: Live | None


@dataclass(slots=True)
class _World:
    """One way it could have gone: the campaigns that take part, and what members got of them."""

    past: history.History
    ready: compiled.Set
    asks: needs.Needs


_SOMEBODY: Final = facts.Member()
_ANY_TEXT: Final = itertools.repeat("")
_NONE: Final = itertools.repeat(None)
_ZERO: Final = itertools.repeat(0)
_NO_LABELS: Final[Any] = itertools.repeat(())
_NUMBERS: Final = range(1, purchases.LINES_MAX + 1)


class Playback:
    """Decides purchases one after the other and tells the tallies of the drafts."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.tallies = {one.version_id: whatif.Tally(one) for one in scene.drafts}
        self.done = 0
        """Purchases that could have been reached, up to and with the last one that came."""
        self._asked = 0
        self._zone = ZoneInfo(scene.zone)
        self._past = history.History()
        self._before = history.History()
        self._remembers = bool(needs.of(scene.drafts).asking) or scene.live is not None
        self._wide = scene.live is not None or any(whatif.wide(one) for one in scene.drafts)
        self._room = _room(scene.drafts)
        self._assumed = _assumed(scene.drafts)
        self._worlds: dict[object, _World] = {}
        self._changes = _changes(scene) if scene.dated else []
        self._places: dict[tuple[uuid.UUID, date | None], facts.Place] = {}
        self._members: dict[uuid.UUID, facts.Member] = {}
        self._kept: dict[uuid.UUID, history.Kept | None] = dict.fromkeys(
            one.purchase_id for one in scene.returns
        )
        self._returns = iter(sorted(scene.returns, key=lambda one: one.at))
        self._next_return = next(self._returns, None)
        self._labels: dict[str, tuple[str, ...]] = {"": ()}

    def play(self, rows: Sequence[Any]) -> None:
        """Play a batch of rows of `queries/simulate_purchases`."""
        for row in rows:
            self._play(row)
        if rows:
            self.done = max(self.done, rows[-1][0])

    def results(self, considered: int) -> dict[uuid.UUID, whatif.Result]:
        """Sum up each draft; what never came of the purchases considered had no line for it."""
        if not self.scene.dated:
            for tally in self.tallies.values():
                tally.unmatched(considered - self._asked)
        return {key: tally.result(considered) for key, tally in self.tallies.items()}

    def _play(self, row: Any) -> None:
        (_, decided, purchase_id, wallet_id, merchant_id, at, total_minor) = row[:7]
        if self._next_return is not None and self._next_return.at <= at:
            self._take_back(at)
        bases = row[11]
        if decided and bases is not None:
            world = self._world(merchant_id, at)
            if world.ready.versions:
                self._decide(row, world)
        if self._remembers:
            kept = self._past.bought(wallet_id, merchant_id, at, total_minor)
            if self.scene.live is not None:
                self._before.bought(wallet_id, merchant_id, at, total_minor)
            if purchase_id in self._kept:
                self._kept[purchase_id] = kept

    def _decide(self, row: Any, world: _World) -> None:
        (purchase_id, wallet_id, merchant_id, at, total_minor) = row[2:7]
        self._asked += 1
        local = at.astimezone(self._zone)
        day = local.date()
        member = self._member(wallet_id, world, merchant_id, at, day)
        basket = self._basket(row, member, local, day)
        found = decide.of_basket(basket, world.ready, room=self._room)
        bought = whatif.Bought(
            purchase_id, wallet_id, merchant_id, total_minor, f"{day.year}-{day.month:02}"
        )
        self._tell(found, bought, day)
        if world.asks.using:
            _remember(world.past, world.asks, wallet_id, day, found)
        if self.scene.live is not None:
            self._compare(found, basket, bought, day)

    def _tell(self, found: outcome.Outcome, bought: whatif.Bought, day: date) -> None:
        tallies = self.tallies
        for one in found.granted:
            tally = tallies.get(one.version.version_id)
            if tally is not None:
                tally.granted(bought, one)
        for given in found.given:
            tally = tallies.get(given.version.version_id)
            if tally is not None:
                tally.given(bought)
        for missed in found.missed:
            tally = tallies.get(missed.version.version_id)
            if tally is not None:
                tally.missed(missed)
        for budget, minor in found.draws.items():
            self._room[budget] -= minor
        for _, campaign_id, _ in found.short:
            for tally in tallies.values():
                if tally.version.campaign_id == campaign_id:
                    tally.exhausted(day)

    def _compare(
        self,
        found: outcome.Outcome,
        basket: baskets.Basket,
        bought: whatif.Bought,
        day: date,
    ) -> None:
        """Decide the same purchase without the drafts, and see what others lose by them."""
        assert self.scene.live is not None
        at, merchant_id = basket.purchase.purchased_at, basket.place.merchant_id
        world = self._world(merchant_id, at, drafts=False)
        if not world.ready.versions:
            return
        member = self._member(bought.member_id, world, merchant_id, at, day)
        before = decide.of_basket(replace(basket, member=member), world.ready)
        _remember(world.past, world.asks, bought.member_id, day, before)
        now = {one.version.version_id: one.granted_minor for one in found.granted}
        for one in before.granted:
            minor = one.granted_minor - now.get(one.version.version_id, 0)
            if minor > 0:
                for tally in self.tallies.values():
                    tally.lost(one.version, minor)

    def _basket(self, row: Any, member: facts.Member, local: datetime, day: date) -> baskets.Basket:
        (merchant_id, at, total_minor, channel, store_id, instrument, delivery) = row[4:11]
        (bases, credited, quantities, categories, products, labels, brands) = row[11:18]
        keys = None if categories is None else [text.key(one) for one in categories]
        lines = tuple(
            map(
                baskets.Line,
                _NUMBERS,
                keys or _ANY_TEXT,
                bases,
                credited or _ZERO,
                quantities or _ZERO,
                products or _NONE,
                _NONE if brands is None else map(_brand, brands),
                _NO_LABELS if labels is None else map(self._split, labels),
            )
        )
        return baskets.Basket(
            purchase=purchases.Purchase(
                reference="",
                asset=self.scene.asset,
                channel=channel,
                store=self.scene.stores.get(store_id),
                purchased_at=at,
                lines=(),
                paid_with_cashback_minor=0,
                events=(),
                instrument=instrument,
                delivery=delivery,
            ),
            place=self._place(merchant_id, day),
            member=member,
            local=local,
            lines=lines,
            total_minor=total_minor,
            base_minor=sum(bases),
            categories=frozenset(keys) if self._wide and keys else frozenset(),
        )

    def _split(self, joined: str) -> tuple[str, ...]:
        found = self._labels.get(joined)
        if found is None:
            found = self._labels[joined] = tuple(joined.split("\n"))
        return found

    def _place(self, merchant_id: uuid.UUID, day: date) -> facts.Place:
        proofs = self.scene.proofs
        key = (merchant_id, day if proofs else None)
        found = self._places.get(key)
        if found is None:
            certified = frozenset(
                (one.label, one.product)
                for one in proofs
                if one.merchant_id == merchant_id and one.since <= day <= one.until
            )
            found = facts.Place(merchant_id, self.scene.operator_id, self.scene.zone, certified)
            self._places[key] = found
        return found

    def _world(self, merchant_id: uuid.UUID, at: datetime, *, drafts: bool = True) -> _World:
        """Find the campaigns that hold for a purchase, compiled, with what they ask."""
        scene = self.scene
        if self._changes and self._changes[0] <= at:
            self._changes = [one for one in self._changes if one > at]
            self._worlds.clear()
        others = () if scene.live is None else tuple(scene.live(merchant_id, at))
        key = (merchant_id, drafts, *(one.version_id for one in others))
        found = self._worlds.get(key)
        if found is None:
            mine = [
                one
                for one in (scene.drafts if drafts else ())
                if (not one.definition.merchants or merchant_id in one.definition.merchants)
                and (not scene.dated or timeline.is_open(one.definition, at))
            ]
            versions = (*others, *mine)
            found = self._worlds[key] = _World(
                self._past if drafts else self._before,
                compiled.compile_set(versions, scene.rules),
                needs.of(versions),
            )
        return found

    def _member(
        self, wallet_id: uuid.UUID, world: _World, merchant_id: uuid.UUID, at: datetime, day: date
    ) -> facts.Member:
        asks = world.asks
        if not asks.personal:
            return _SOMEBODY
        steady = not (asks.asking or asks.using or asks.profile)
        if steady and wallet_id in self._members:
            return self._members[wallet_id]
        person = self.scene.people.get(wallet_id)
        member = self._assumed if person is None else self._known(person, day)
        if steady:
            self._members[wallet_id] = member
            return member
        past = world.past
        wanted = asks.measures(merchant_id=merchant_id, at=at, zone=self.scene.zone)
        return replace(
            member,
            measures={one: past.measured(wallet_id, one) for one in wanted},
            usage={
                campaign_id: past.used(wallet_id, campaign_id, since)
                for campaign_id, since in asks.usage(day).items()
            },
        )

    def _known(self, person: Person, day: date) -> facts.Member:
        return replace(
            self._assumed,
            joined_days=max(0, (day - person.joined_on).days),
            birthday_known=person.birth_date is not None,
            birthday_days=facts.birthday_distance(person.birth_date, day),
            segments=person.segments,
            tier=person.tier,
            tiers=person.tiers,
            memberships=person.memberships,
        )

    def _take_back(self, at: datetime) -> None:
        while self._next_return is not None and self._next_return.at <= at:
            one = self._next_return
            kept = self._kept[one.purchase_id]
            if kept is not None and self._remembers:
                self._past.returned(kept, one.amount_minor)
                if self.scene.live is not None:
                    self._before.returned(kept, one.amount_minor)
            self._next_return = next(self._returns, None)


def _remember(
    past: history.History,
    asks: needs.Needs,
    wallet_id: uuid.UUID,
    day: date,
    found: outcome.Outcome,
) -> None:
    using = {one.campaign_id for one in asks.using}
    for granted in found.granted:
        if granted.granted_minor > 0 and granted.version.campaign_id in using:
            past.took(wallet_id, granted.version.campaign_id, day, granted.granted_minor)
    for given in found.given:
        if given.version.campaign_id in using:
            past.took(wallet_id, given.version.campaign_id, day, 0)


def _brand(name: str | None) -> str | None:
    return None if name is None else text.key(name)


def _room(drafts: Sequence[facts.Version]) -> dict[facts.Budget, int]:
    return {
        ("campaign", one.campaign_id, one.definition.asset): one.definition.budget.minor
        for one in drafts
        if one.definition.budget is not None
    }


def _assumed(drafts: Sequence[facts.Version]) -> facts.Member:
    """A member who accepted the terms, holds the coupons and is in the arms that drafts ask for."""
    when = [one for draft in drafts for one in draft.definition.when]
    return facts.Member(
        accepted=frozenset(one.version_id for one in drafts),
        coupons={one.name: uuid.UUID(int=0) for one in when if isinstance(one, c.Coupon)},
        arms={one.experiment_id: one.arm for one in when if isinstance(one, c.InExperiment)},
    )


def _changes(scene: Scene) -> list[datetime]:
    found = {
        at
        for one in scene.drafts
        for at in (one.definition.starts_at, one.definition.ends_at)
        if at is not None
    }
    return sorted(found)
