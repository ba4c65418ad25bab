"""Experiments: what is compared, for how long, and which arm a member is in, for ever.

A plan is registered before it begins and never changes, so that nobody can choose a metric, an end
or a threshold after having seen numbers. The arm of a member is a hash of the experiment, the
plan's salt and the member: the same in every process and on every machine, unrelated to the arms
of other experiments, and changed by nothing but another plan. What the numbers say is worked out
elsewhere: there is no float here.
"""

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, NoReturn, TypeAlias

import msgspec

from wallet import errors
from wallet.rules import malformed, text
from wallet.rules.campaigns import conditions

BPS: Final = 10_000
ARMS_MAX: Final = 5
"""Each further arm widens every interval; more than five could only be told apart by millions."""
MEMBERS_MIN: Final = 30
"""The fewest members of an arm: with fewer, an interval around a mean of purchases is a guess."""
WINDOW_DAYS_MAX: Final = 180
DAYS_MAX: Final = 730
"""Two years: whatever runs longer is how the programme works, and no experiment any more."""
ALPHA_MAX_BPS: Final = 2_000

Metric: TypeAlias = Literal["spend_per_member", "purchases_per_member", "conversion"]
"""Spend net of returns, purchases of which something was kept, or whether there was any."""
METRICS: Final[tuple[Metric, ...]] = ("spend_per_member", "purchases_per_member", "conversion")

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Arm(conditions.Part, frozen=True):
    """One way to treat members, and the share of those taking part who are treated so.

    The holdout gets nothing of what is tried; whatever is tried is compared with it.
    """

    name: conditions.Name
    weight_bps: conditions.Bps
    holdout: bool = False


class Plan(conditions.Part, frozen=True, kw_only=True):
    """What is tried, written down before it begins.

    A member takes part with a chance of `share_bps`. The metric is measured over `window_days`
    days of 24 hours from a member's first exposure on, and only of windows that are over by
    `ends_at`. `alpha_bps` is the chance to see a difference where there is none; `detectable_bps`
    is the smallest lift over the control that somebody would act upon.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    arms: Annotated[tuple[Arm, ...], msgspec.Meta(min_length=2, max_length=ARMS_MAX)]
    metric: Metric
    window_days: Annotated[int, msgspec.Meta(ge=1, le=WINDOW_DAYS_MAX)]
    starts_at: Instant
    ends_at: Instant
    share_bps: conditions.Bps = BPS
    members_min: Annotated[int, msgspec.Meta(ge=MEMBERS_MIN, le=1_000_000)]
    alpha_bps: Annotated[int, msgspec.Meta(ge=1, le=ALPHA_MAX_BPS)] = 500
    detectable_bps: conditions.Bps
    salt: Annotated[str, msgspec.Meta(max_length=64)] = ""

    @property
    def control(self) -> Arm:
        """What the other arms are compared with: the holdout, or the first arm without one."""
        return next((one for one in self.arms if one.holdout), self.arms[0])


def parse(raw: object) -> Plan:
    """Read a plan from decoded JSON. EXPERIMENT_INVALID, with the path of the field at fault."""
    try:
        plan = msgspec.convert(raw, Plan)
    except msgspec.ValidationError as problem:
        found = malformed.problem(str(problem))
        _refuse(found.says, *found.path)
    _check_text(plan.name, "name")
    if plan.salt:
        _check_text(plan.salt, "salt")
    _check_arms(plan.arms)
    life = plan.ends_at - plan.starts_at
    if life > timedelta(days=DAYS_MAX):
        _refuse(f"it may run for {DAYS_MAX} days at most", "ends_at")
    if life <= timedelta(days=plan.window_days):
        _refuse("it must run for longer than the window of a member", "ends_at")
    return plan


def dump(plan: Plan) -> dict[str, Any]:
    """Write a plan as plain JSON values, every field named: `parse(dump(plan)) == plan`."""
    written = msgspec.to_builtins(plan)
    assert isinstance(written, dict)
    return written


def arm(plan: Plan, *, experiment_id: uuid.UUID, member_id: uuid.UUID) -> str | None:
    """The arm that a member is in, or None for a member who does not take part."""
    digest = hashlib.sha256(
        b"experiment" + experiment_id.bytes + member_id.bytes + plan.salt.encode()
    ).digest()
    # Two tickets out of two parts of the hash: who takes part says nothing about the arm.
    if int.from_bytes(digest[:8], "big") % BPS >= plan.share_bps:
        return None
    ticket = int.from_bytes(digest[8:16], "big") % BPS
    for one in plan.arms:
        if ticket < one.weight_bps:
            return one.name
        ticket -= one.weight_bps
    raise AssertionError("the weights of a plan add up to the whole")


def _check_arms(arms: tuple[Arm, ...]) -> None:
    names: set[str] = set()
    for place, one in enumerate(arms):
        _check_text(one.name, "arms", str(place), "name")
        key = text.key(one.name)
        if key in names:
            _refuse("two arms have this name", "arms", str(place), "name")
        names.add(key)
        if one.holdout and any(other.holdout for other in arms[:place]):
            _refuse("there is one holdout at most", "arms", str(place), "holdout")
    whole = sum(one.weight_bps for one in arms)
    if whole != BPS:
        _refuse(f"the weights add up to {whole} basis points and not to {BPS}", "arms")


def _check_text(value: str, *path: str) -> None:
    try:
        text.check(value, chars_max=len(value))
    except errors.TextInvalid as problem:
        _refuse(problem.message.partition(". ")[0], *path)


def _refuse(says: str, *steps: str) -> NoReturn:
    path = malformed.printable(steps)
    raise errors.ExperimentInvalid(
        f"The experiment is wrong at {malformed.where(path)}: {says[:1].lower()}"
        f"{says[1:].rstrip('.')}. Correct it and register it again.",
        path=path,
    )
