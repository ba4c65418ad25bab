"""What a draft would have come to: the sums of a simulation, and what it is asked to show.

A tally is told what `decide` decided of each purchase and adds it up. It decides nothing itself.
Members and purchases are named by their ids only, and of either only the few that stand out.
"""

import heapq
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from wallet.rules import contracts
from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns import facts, outcome

SHOWN_MAX: Final = 10
"""Members and purchases that are named: enough to look into, no list of everybody's spending."""


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase that is told to a tally; `month` is such as 2017-03, on the programme's clock."""

    purchase_id: uuid.UUID
    member_id: uuid.UUID
    merchant_id: uuid.UUID
    total_minor: int
    month: str


@dataclass(frozen=True, slots=True)
class Part:
    """What fell to a funder, a merchant or a month, in how many purchases."""

    name: uuid.UUID | str
    purchases: int
    granted_minor: int


@dataclass(frozen=True, slots=True)
class Winner:
    """A member who would have got much."""

    member_id: uuid.UUID
    purchases: int
    granted_minor: int


@dataclass(frozen=True, slots=True)
class Case:
    """A purchase that would have been given much; `share_bps` of what was paid, rounded down."""

    purchase_id: uuid.UUID
    member_id: uuid.UUID
    merchant_id: uuid.UUID
    total_minor: int
    granted_minor: int
    share_bps: int


@dataclass(frozen=True, slots=True)
class Cuts:
    """What one kind of limit took away, in how many purchases."""

    by: str
    purchases: int
    minor: int


@dataclass(frozen=True, slots=True)
class Miss:
    """How many purchases got nothing for a kind of reason; of `nearly`, it was the only one."""

    kind: str
    purchases: int
    nearly: int


@dataclass(frozen=True, slots=True)
class Loss:
    """What another campaign would have given less, in how many purchases."""

    campaign_id: uuid.UUID
    name: str
    purchases: int
    lost_minor: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a draft would have come to; amounts in minor units of its asset.

    `reached_total_minor` is what was paid in the purchases that it reached. `dearest` are the
    highest grants, `steepest` those that were the highest share of their purchase. `gifts` are
    coupons and benefits. `exhausted_on` is the local day on which its budget first cut a grant.
    """

    asset: str
    considered: int
    reached: int
    members: int
    lines: int
    granted_minor: int
    desired_minor: int
    reached_total_minor: int
    gifts: int
    funders: tuple[Part, ...]
    merchants: tuple[Part, ...]
    months: tuple[Part, ...]
    cuts: tuple[Cuts, ...]
    winners: tuple[Winner, ...]
    dearest: tuple[Case, ...]
    steepest: tuple[Case, ...]
    misses: tuple[Miss, ...]
    losses: tuple[Loss, ...]
    exhausted_on: date | None


@dataclass(slots=True)
class _Sums:
    """Purchases and minor units by what they are summed for."""

    by_name: dict[uuid.UUID | str, list[int]] = field(default_factory=dict)

    def add(self, name: uuid.UUID | str, minor: int) -> None:
        sums = self.by_name.get(name)
        if sums is None:
            self.by_name[name] = [1, minor]
        else:
            sums[0] += 1
            sums[1] += minor

    def parts(self, most: int | None = None) -> tuple[Part, ...]:
        """The largest first; of equals, in the order of their names."""
        parts = (Part(name, *sums) for name, sums in self.by_name.items())
        return tuple(sorted(parts, key=lambda one: (-one.granted_minor, str(one.name)))[:most])


class Tally:
    """Adds up what one version would have given."""

    def __init__(self, version: facts.Version) -> None:
        self.version = version
        self.reached: set[uuid.UUID] = set()
        """The members that were given something."""
        self._count: Counter[str] = Counter()
        self._funders, self._merchants, self._months = _Sums(), _Sums(), _Sums()
        self._members, self._cuts = _Sums(), _Sums()
        self._misses: Counter[str] = Counter()
        self._nearly: Counter[str] = Counter()
        self._losses: dict[uuid.UUID, Loss] = {}
        self._dearest: list[tuple[int, int, Case]] = []
        self._steepest: list[tuple[int, int, Case]] = []
        self._exhausted_on: date | None = None

    def granted(self, bought: Bought, one: outcome.Granted) -> None:
        """Add what was granted; a grant that was cut to nothing reached nobody."""
        count = self._count
        count["desired"] += one.desired_minor
        for cut in one.cuts:
            self._cuts.add(cut.by, cut.from_minor - cut.to_minor)
        granted_minor = one.granted_minor
        if granted_minor == 0:
            # It matched, and the last limit that was asked left nothing of it.
            self._misses[one.cuts[-1].by] += 1
            return
        self.reached.add(bought.member_id)
        count["reached"] += 1
        count["granted"] += granted_minor
        count["total"] += bought.total_minor
        count["lines"] += sum(line.granted_minor > 0 for line in one.lines)
        for funder_id, minor in one.funders:
            self._funders.add(funder_id, minor)
        self._merchants.add(bought.merchant_id, granted_minor)
        self._months.add(bought.month, granted_minor)
        self._members.add(bought.member_id, granted_minor)
        self._stands_out(bought, granted_minor)

    def given(self, bought: Bought) -> None:
        """Add a coupon or a benefit."""
        self.reached.add(bought.member_id)
        self._count["reached"] += 1
        self._count["gifts"] += 1
        self._count["total"] += bought.total_minor
        for sums, name in ((self._merchants, bought.merchant_id), (self._months, bought.month)):
            sums.add(name, 0)
        self._members.add(bought.member_id, 0)

    def missed(self, one: outcome.Missed) -> None:
        """Add a purchase that got nothing, and why."""
        for kind in {str(reason["if"]) for reason in one.reasons}:
            self._misses[kind] += 1
        if len(one.reasons) == 1 and one.lines:
            self._nearly[str(one.reasons[0]["if"])] += 1

    def unmatched(self, purchases: int) -> None:
        """Add purchases of which no line counts, without asking `decide` about each."""
        if purchases:
            self._misses[no_line(self.version)] += purchases

    def lost(self, other: facts.Version, minor: int) -> None:
        """Add what another campaign gives less in one purchase because of this one."""
        was = self._losses.get(other.campaign_id)
        self._losses[other.campaign_id] = Loss(
            other.campaign_id,
            other.definition.name,
            1 + (was.purchases if was else 0),
            minor + (was.lost_minor if was else 0),
        )

    def exhausted(self, day: date) -> None:
        """Say that the budget cut a grant on a local day; the first time counts."""
        if self._exhausted_on is None:
            self._exhausted_on = day

    def result(self, considered: int) -> Result:
        """Sum up, out of so many purchases that the draft could have reached."""
        count = self._count
        return Result(
            asset=self.version.definition.asset,
            considered=considered,
            reached=count["reached"],
            members=len(self.reached),
            lines=count["lines"],
            granted_minor=count["granted"],
            desired_minor=count["desired"],
            reached_total_minor=count["total"],
            gifts=count["gifts"],
            funders=self._funders.parts(),
            merchants=self._merchants.parts(),
            months=tuple(sorted(self._months.parts(), key=lambda part: str(part.name))),
            cuts=tuple(
                Cuts(str(part.name), part.purchases, part.granted_minor)
                for part in self._cuts.parts()
            ),
            winners=tuple(
                Winner(part.name, part.purchases, part.granted_minor)
                for part in self._members.parts(SHOWN_MAX)
                if isinstance(part.name, uuid.UUID) and part.granted_minor > 0
            ),
            dearest=_cases(self._dearest),
            steepest=_cases(self._steepest),
            misses=tuple(
                Miss(kind, purchases, self._nearly[kind])
                for kind, purchases in sorted(
                    self._misses.items(), key=lambda one: (-self._nearly[one[0]], -one[1], one[0])
                )
            ),
            losses=tuple(
                sorted(self._losses.values(), key=lambda one: (-one.lost_minor, one.name))
            ),
            exhausted_on=self._exhausted_on,
        )

    def _stands_out(self, bought: Bought, granted_minor: int) -> None:
        # Goods may count by their price on the shelf where nothing was paid: that is no share.
        paid_minor = bought.total_minor
        share_bps = granted_minor * contracts.BPS // paid_minor if paid_minor else 0
        for heap, rank in ((self._dearest, granted_minor), (self._steepest, share_bps)):
            if len(heap) < SHOWN_MAX or rank > heap[0][0]:
                case = Case(
                    bought.purchase_id,
                    bought.member_id,
                    bought.merchant_id,
                    bought.total_minor,
                    granted_minor,
                    share_bps,
                )
                # The earlier of equals stays: a later one ranks below it.
                entry = (rank, -self._count["reached"], case)
                if len(heap) < SHOWN_MAX:
                    heapq.heappush(heap, entry)
                else:
                    heapq.heapreplace(heap, entry)


def no_line(version: facts.Version) -> str:
    """Name the kind of reason for which no line of a purchase counts, as `decide` names it."""
    for one in version.definition.lines:
        tag = one.__struct_config__.tag
        assert isinstance(tag, str)
        return tag
    return "nothing_left"


def wide(version: facts.Version) -> bool:
    """Say whether a condition looks at lines of the basket that the campaign does not count."""
    return any(
        isinstance(one, c.Bundle) or (isinstance(one, c.Minimum) and one.measured_on == "basket")
        for one in version.definition.when
    )


def _cases(heap: list[tuple[int, int, Case]]) -> tuple[Case, ...]:
    return tuple(case for _, _, case in sorted(heap, key=lambda one: (-one[0], -one[1])))
