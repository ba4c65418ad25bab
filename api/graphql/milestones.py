"""Milestones as GraphQL: how a member stands in each, and what was reached and given for it.

Whoever holds one of these was allowed to load the member: the member, or support.
"""

import enum
import uuid

import strawberry

from api.explaining import milestones as saying
from api.explaining import tongue
from api.graphql import context, scalars, schemes, shapes, wording
from wallet import ids, money, programme
from wallet.progress import completions
from wallet.progress import schemes as published
from wallet.rules.milestones import judging
from wallet.rules.schemes.milestones import Milestone


@strawberry.enum(description="How a member stands in a milestone.")
class MilestoneState(enum.Enum):
    """As judging.State; a test compares both."""

    OPEN = strawberry.enum_value("open", description="It can be reached: see what is missing.")
    LOCKED = strawberry.enum_value("locked", description="Another one has to be reached first.")
    BARRED = strawberry.enum_value("barred", description="It is for other members.")
    DONE = strawberry.enum_value(
        "done", description="It was reached as often as it counts in this period."
    )
    OVER = strawberry.enum_value("over", description="Its time is over.")


@strawberry.type(description="How a member stands in a milestone that runs, as of now.")
class MilestoneProgress:
    """As judging.Standing."""

    scheme_id: strawberry.ID = strawberry.field(description="Which milestone.")
    name: str = strawberry.field(description="Its name.")
    about: str = strawberry.field(description="What it is about, for members; may be empty.")
    definition: scalars.Json = strawberry.field(
        description="How it works, as `schemeSchema` says: everybody may read it."
    )
    state: MilestoneState = strawberry.field(description="How it stands.")
    had: scalars.Decimal = strawberry.field(
        description="What counts so far towards the next time, and the target where it is done:"
        " money where `currency` says which, else a number of what is counted."
    )
    target: scalars.Decimal = strawberry.field(description="Out of how much.")
    currency: scalars.CurrencyCode | None = strawberry.field(
        description="The currency of both; null where no money is counted."
    )
    since: scalars.DateTime | None = strawberry.field(
        description="When this period began; null if it has no beginning of its own."
    )
    until: scalars.DateTime | None = strawberry.field(
        description="The first instant that no longer counts for it; null if none is known."
    )
    times_done: int = strawberry.field(description="How often it was reached in this period.")
    times: int = strawberry.field(description="How often it can be.")
    sentence: str = strawberry.field(description="What is missing, to read.")


@strawberry.enum(description="Whether what was reached still counts.")
class CompletionState(enum.Enum):
    """Whether ledger.completion was taken back."""

    DONE = strawberry.enum_value("done", description="It counts.")
    TAKEN_BACK = strawberry.enum_value(
        "taken_back", description="Goods went back, and too little is left."
    )


@strawberry.type(description="A milestone that was reached, and what was given for it.")
class Completion(shapes.Node):
    """As completions.Completion."""

    scheme: schemes.Scheme = strawberry.field(description="Which milestone.")
    name: str = strawberry.field(description="Its name when it was reached.")
    state: CompletionState = strawberry.field(description="Whether it still counts.")
    period: str = strawberry.field(
        description="In which period, such as `2026-11` or `2026-W48`; `ever` for all of time."
    )
    nth: int = strawberry.field(description="Which time in that period: 1 for the first.")
    measured: scalars.Decimal = strawberry.field(
        description="How much there was: as `had` of the progress."
    )
    reached_at: scalars.DateTime = strawberry.field(
        description="When: the time of the purchase or activity that reached it."
    )
    taken_back_at: scalars.DateTime | None = strawberry.field(
        description="When it was taken back; null if it counts."
    )
    given: shapes.Money | None = strawberry.field(
        description="What was given, after the limits of its campaign; zero for a badge or"
        " another benefit. Null if nothing was, or not yet."
    )
    promised: shapes.Money | None = strawberry.field(
        description="What would have been given without limits; null where `given` is."
    )
    cut: bool = strawberry.field(description="True if a budget or another limit left less of it.")
    waits: bool = strawberry.field(description="True while its reward is still to be given.")
    key: strawberry.Private[uuid.UUID]


async def of_member(info: context.Info, wallet_id: uuid.UUID) -> list[MilestoneProgress]:
    """Return how a wallet stands, what can be reached next first; three round trips."""
    found = await completions.progress(info.context.page, wallet_id)
    return [_progress(one, found) for one in found.standings]


def show(row: completions.Completion, moment: published.Moment, house: money.Asset) -> Completion:
    """Return something that was reached as GraphQL."""
    by = moment.book.definition(Milestone, row.milestone_id, row.version_id)
    reward = row.reward
    return Completion(
        id=strawberry.ID(ids.show("com", row.completion_id)),
        scheme=schemes.show(moment.book.entries[row.milestone_id], moment),
        name=by.name,
        state=CompletionState("done" if row.taken_back_at is None else "taken_back"),
        period=row.period,
        nth=row.nth,
        measured=_counted(row.measured, by, house),
        reached_at=scalars.DateTime(row.reached_at),
        taken_back_at=scalars.instant(row.taken_back_at),
        given=None if reward is None else shapes.show(reward.granted_minor, reward.asset),
        promised=None if reward is None else shapes.show(reward.desired_minor, reward.asset),
        cut=reward is not None and reward.granted_minor < reward.desired_minor,
        waits=row.waits,
        key=row.completion_id,
    )


async def node(info: context.Info, completion_id: uuid.UUID) -> Completion | None:
    """Return something that was reached to its member or support."""
    found = await completions.find(info.context.db, completion_id)
    if not context.may_see(info, wallet_id=found.wallet_id):
        return None
    (shown,) = await shown_all(info, [found])
    return shown


async def shown_all(info: context.Info, rows: list[completions.Completion]) -> list[Completion]:
    """Return what was reached, with the schemes as they are now; one small round trip."""
    moment = await published.moment(info.context.page)
    house = await programme.of(info.context.page)
    return [show(row, moment, house.asset) for row in rows]


def _progress(one: judging.Standing, found: completions.Progress) -> MilestoneProgress:
    entries, milestone = found.moment.book.entries, one.milestone
    before = None if milestone.after is None else entries.get(milestone.after)
    return MilestoneProgress(
        scheme_id=strawberry.ID(ids.show("sch", one.scheme_id)),
        name=milestone.name,
        about=milestone.about,
        definition=scalars.Json(milestone.shown()),
        state=MilestoneState(one.state),
        had=_counted(
            one.ahead.target if one.state == "done" else one.ahead.had, milestone, found.asset
        ),
        target=_counted(one.ahead.target, milestone, found.asset),
        currency=(scalars.CurrencyCode(found.asset.code) if milestone.metric == "amount" else None),
        since=scalars.instant(one.ahead.period.since),
        until=scalars.instant(one.ahead.period.until),
        times_done=one.ahead.times_done,
        times=milestone.times,
        sentence=saying.missing(
            one,
            tongue.of(wording.language()),
            asset=found.asset,
            after=None if before is None else before.newest.name,
        ),
    )


def _counted(number: int, milestone: Milestone, house: money.Asset) -> scalars.Decimal:
    """Write what is counted: money with its decimals, parts of units, or a whole number."""
    if milestone.metric == "amount":
        return scalars.Decimal(money.show(number, house))
    if milestone.metric == "units":
        whole = money.show(number, tongue.THOUSAND)
        return scalars.Decimal(whole.rstrip("0").rstrip("."))
    return scalars.Decimal(str(number))
