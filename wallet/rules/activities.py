"""What a member did besides buying: a review, a share, a visit, a quiz; and what counts of it.

A review counts once for each order line, and its stars never change the amount: who praises gets no
more than who does not. Which campaigns give for an activity is decided here from facts alone.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, NoReturn, TypeAlias, get_args
from zoneinfo import ZoneInfo

from wallet import errors
from wallet.rules import purchases, text
from wallet.rules.campaigns import basket as baskets
from wallet.rules.campaigns import checks, facts, programme
from wallet.rules.campaigns.definition import Amount, Donation, OnActivity

Kind: TypeAlias = Literal["review", "share", "visit", "quiz", "custom"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
PROVED: Final = frozenset({"review", "share", "custom"})
"""What a merchant cannot see at its own till, and so has to prove."""
PROOF_CHARS_MAX: Final = 500
"""A URL, or the receipt of a platform."""
NAME_CHARS_MAX: Final = 64
SCORE_MAX: Final = 1_000_000
STARS_MAX: Final = 5
AHEAD_MAX: Final = timedelta(minutes=5)
"""How far the clock of whoever reports may be ahead of ours."""
AGE_MAX: Final = timedelta(days=90)
"""How long after it happened an activity may be reported: as long as reviews are asked for."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that a member did; `reference` is the merchant's own number of it."""

    kind: Kind
    reference: str
    happened_at: datetime
    name: str | None = None
    proof: str | None = None
    purchase_id: uuid.UUID | None = None
    line_no: int | None = None
    score: int | None = None
    stars: int | None = None


@dataclass(frozen=True, slots=True)
class Bought:
    """What the books know of the line that a review names: how much of it, and what came back."""

    quantity_milli: int
    returned_milli: int
    amount_minor: int
    returned_minor: int

    @property
    def kept(self) -> bool:
        """True if the member still has some of it."""
        gone = self.amount_minor > 0 and self.returned_minor >= self.amount_minor
        return self.returned_milli < self.quantity_milli and not gone


@dataclass(frozen=True, slots=True)
class Missed:
    """A campaign for such activities that gives nothing, and why."""

    version: facts.Version
    reasons: tuple[checks.Reason, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A campaign that gives for the activity, so much before its caps, and why."""

    version: facts.Version
    desired_minor: int
    because: tuple[checks.Reason, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which campaigns give, in the programme's order, and which do not."""

    chosen: tuple[Chosen, ...]
    missed: tuple[Missed, ...]

    @property
    def spent(self) -> bool:
        """True if nothing is given, and a limit alone stood in some campaign's way."""
        return not self.chosen and any(
            all(reason == LIMIT for reason in one.reasons) for one in self.missed
        )


LIMIT: Final[checks.Reason] = {"if": "activity", "why": "limit"}
SCORE: Final[checks.Reason] = {"if": "activity", "why": "score"}


def check(activity: Activity, *, known_at: datetime) -> None:
    """Refuse what no activity can be: ACTIVITY_INVALID or TEXT_INVALID, at its field."""
    if activity.kind not in KINDS:
        _invalid("There is no such kind of activity. Send one of the kinds.", "kind")
    text.check(activity.reference, "reference", chars_max=purchases.REFERENCE_CHARS_MAX)
    if activity.name is not None:
        text.check(activity.name, "name", chars_max=NAME_CHARS_MAX)
    elif activity.kind == "custom":
        _invalid("An activity of your own needs its name. Send it.", "name")
    if activity.proof is not None:
        text.check(activity.proof, "proof", chars_max=PROOF_CHARS_MAX)
    elif activity.kind in PROVED:
        _invalid("This needs a proof: send its address, or the platform's receipt.", "proof")
    _check_instant(activity.happened_at, known_at)
    _check_review(activity)
    if activity.kind == "quiz":
        if activity.score is None or not 0 <= activity.score <= SCORE_MAX:
            _invalid(f"A quiz has a score from 0 to {SCORE_MAX}. Send it.", "score")
    elif activity.score is not None:
        _invalid("Only a quiz has a score. Leave it out.", "score")


def check_age(activity: Activity, *, known_at: datetime) -> None:
    """Refuse what happened too long ago to be reported now; what was reported then stands."""
    if activity.happened_at < known_at - AGE_MAX:
        _invalid(f"This is more than {AGE_MAX.days} days ago.", "happened_at")


def check_line(bought: Bought | None) -> None:
    """Refuse a review of a line that the member did not buy here, or did not keep."""
    if bought is None:
        _invalid("This member has no such line in a purchase here. Check both.", "line_no")
    if not bought.kept:
        _invalid("This line came back whole, so it can not be reviewed.", "line_no")


def matches(
    version: facts.Version, activity: Activity, merchant_id: uuid.UUID
) -> OnActivity | None:
    """What a campaign wants of such activities, None where it is for something else."""
    definition = version.definition
    on = definition.on
    if not isinstance(on, OnActivity) or on.kind != activity.kind:
        return None
    if on.name is not None and (
        activity.name is None or text.key(on.name) != text.key(activity.name)
    ):
        return None
    if definition.merchants and merchant_id not in definition.merchants:
        return None
    return on


def decide(
    activity: Activity,
    versions: Sequence[facts.Version],
    rules: programme.Rules,
    *,
    place: facts.Place,
    member: facts.Member,
) -> Outcome:
    """Say which campaigns give for an activity that was checked, as their groups have it."""
    basket = _moment(activity, place, member)
    missed: list[Missed] = []
    standing: list[Chosen] = []
    for version in sorted(versions, key=lambda one: _order(one, rules)):
        on = matches(version, activity, place.merchant_id)
        if on is None:
            continue
        held, against = _ask(version, on, activity, basket, member)
        if against:
            missed.append(Missed(version, tuple(against)))
        else:
            standing.append(Chosen(version, _minor(version), (_did(activity), *held)))
    chosen = _contest(standing, rules, missed)
    return Outcome(tuple(chosen), tuple(missed))


def _ask(
    version: facts.Version,
    on: OnActivity,
    activity: Activity,
    basket: baskets.Basket,
    member: facts.Member,
) -> tuple[list[checks.Reason], list[checks.Reason]]:
    """The conditions that held, and whatever stands in the way; the limit comes last."""
    held: list[checks.Reason] = []
    against: list[checks.Reason] = []
    if on.score_min is not None and (activity.score or 0) < on.score_min:
        against.append(SCORE)
    for condition in version.definition.when:
        checked = checks.check(condition, version, basket, ())
        (held if checked.held else against).append(checked.reason)
    if version.definition.terms.acceptance and version.version_id not in member.accepted:
        against.append({"if": "terms"})
    used = member.usage.get(version.campaign_id, ())
    if facts.times_in(used, on.per, basket.local.date()) >= on.most:
        against.append(LIMIT)
    return held, against


def _contest(
    standing: Sequence[Chosen], rules: programme.Rules, missed: list[Missed]
) -> list[Chosen]:
    """Let each group's rule say who gives, and an exclusive campaign bar the groups after it."""
    modes: Mapping[str, programme.Mode] = {group.name: group.mode for group in rules.groups}
    best: dict[tuple[str, str], Chosen] = {}
    for one in standing:
        definition = one.version.definition
        if isinstance(definition.give, Donation):
            continue
        key = (definition.stack.group, definition.asset)
        mode = modes.get(definition.stack.group, "all")
        if key not in best or (mode == "best" and one.desired_minor > best[key].desired_minor):
            best[key] = one
    chosen: list[Chosen] = []
    barred: tuple[str, str] | None = None
    for one in standing:
        if isinstance(one.version.definition.give, Donation):
            # A gift to a charity takes nothing's place, and nothing takes a gift's.
            chosen.append(one)
            continue
        stack, asset = one.version.definition.stack, one.version.definition.asset
        winner = best[(stack.group, asset)]
        if modes.get(stack.group, "all") != "all" and winner is not one:
            by = winner.version.definition.name
            missed.append(Missed(one.version, ({"if": "beaten", "by": by},)))
        elif barred is not None and barred[0] != stack.group:
            missed.append(Missed(one.version, ({"if": "excluded", "by": barred[1]},)))
        else:
            chosen.append(one)
            if stack.exclusive and barred is None:
                barred = (stack.group, one.version.definition.name)
    return chosen


def _order(version: facts.Version, rules: programme.Rules) -> tuple[int, int, uuid.UUID]:
    names, stack = rules.names(), version.definition.stack
    place = names.index(stack.group) if stack.group in names else len(names)
    return place, stack.priority, version.campaign_id


def _minor(version: facts.Version) -> int:
    give = version.definition.give
    return give.minor if isinstance(give, Amount | Donation) else 0


def _did(activity: Activity) -> checks.Reason:
    return {"if": "activity", "kind": activity.kind, "name": activity.name}


def _moment(activity: Activity, place: facts.Place, member: facts.Member) -> baskets.Basket:
    """An empty basket at the instant of the activity: what may be asked of one is the moment."""
    nothing = purchases.Purchase(
        reference="",
        asset="",
        channel="online",
        store=None,
        purchased_at=activity.happened_at,
        lines=(),
        paid_with_cashback_minor=0,
        events=(),
    )
    return baskets.Basket(
        purchase=nothing,
        place=place,
        member=member,
        local=activity.happened_at.astimezone(ZoneInfo(place.zone)),
        lines=(),
        total_minor=0,
        base_minor=0,
    )


def _check_instant(instant: datetime, known_at: datetime) -> None:
    if instant.tzinfo is None:
        _invalid("This time has no time zone. Add one, such as Z.", "happened_at")
    if instant > known_at + AHEAD_MAX:
        _invalid("This time lies in the future. Check the clock that set it.", "happened_at")


def _check_review(activity: Activity) -> None:
    if activity.kind != "review":
        for name in ("purchase_id", "line_no", "stars"):
            if getattr(activity, name) is not None:
                _invalid("Only a review names a line and has stars. Leave it out.", name)
        return
    for name in ("purchase_id", "line_no"):
        if getattr(activity, name) is None:
            _invalid("A review is of one line of a purchase. Name both.", name)
    if activity.stars is None or not 1 <= activity.stars <= STARS_MAX:
        _invalid(f"A review has 1 to {STARS_MAX} stars. Send them as they were given.", "stars")


def _invalid(message: str, *path: str) -> NoReturn:
    raise errors.ActivityInvalid(message, path=path)
