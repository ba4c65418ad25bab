"""Budgets as GraphQL: the most that campaigns, merchants and funders may give, and how it stands.

Whoever holds a `Budget` has the scope campaigns:read. A merchant reads how its own stand, without
the warnings, which are the operator's.
"""

import enum
import uuid
from typing import Annotated, Final, TypeAlias

import strawberry

from api.graphql import context, cost, failures, permissions, refusals, scalars, shapes, staff
from wallet import ids, programme
from wallet.campaigns import caps

READ: Final = "campaigns:read"
DEFAULT_ALERTS: Final = (80, 95)
_SUBJECTS: Final = {"campaign": "cam", "merchant": "mer", "funder": "mer", "match": "sch"}


@strawberry.enum(description="What a budget limits.")
class BudgetKind(enum.Enum):
    """As budgets.Kind; a test compares both."""

    CAMPAIGN = strawberry.enum_value("campaign", description="What one campaign gives.")
    MERCHANT = strawberry.enum_value(
        "merchant", description="What all campaigns give at one merchant."
    )
    FUNDER = strawberry.enum_value("funder", description="What one payer pays, wherever.")
    MATCH = strawberry.enum_value(
        "match", description="What one scheme gives on top of members' gifts to charities."
    )


@strawberry.type(description="A warning that was raised.")
class BudgetAlert:
    """Each share is told once."""

    percent: int = strawberry.field(description="At how much of the budget.")
    raised_at: scalars.DateTime = strawberry.field(description="When.")


@strawberry.type(description="The most that may be given, and what of it was.")
class Budget(shapes.Node):
    """Shown to staff with campaigns:read."""

    kind: BudgetKind = strawberry.field(description="What it limits.")
    subject_id: strawberry.ID | None = strawberry.field(
        description="The campaign or the merchant; null for the operator itself."
    )
    cap: shapes.Money = strawberry.field(description="The most.")
    given: shapes.Money = strawberry.field(description="What was given, less what went back.")
    left: shapes.Money = strawberry.field(description="What can still be given.")
    alerts: list[int] = strawberry.field(
        description="At how many percent a warning is raised; at most 5."
    )
    raised_alerts: list[BudgetAlert] = strawberry.field(
        description="The warnings that were raised.",
        directives=[cost.ListSize(assumed_size=2)],
    )
    facts: strawberry.Private[caps.Budget]


@strawberry.type(description="One of your budgets.")
class MerchantBudget:
    """What a merchant may know of it."""

    kind: BudgetKind = strawberry.field(
        description="MERCHANT for what is given at yours, FUNDER for what you pay."
    )
    cap: shapes.Money = strawberry.field(description="The most.")
    given: shapes.Money = strawberry.field(description="What was given, less what went back.")
    left: shapes.Money = strawberry.field(description="What can still be given.")


BudgetError: TypeAlias = Annotated[
    refusals.BudgetTooSmall | refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("BudgetError", description="Why a budget was not set."),
]


@strawberry.type(description="Outcome of setting a budget.")
class BudgetSetPayload:
    """The budget as it stands after it."""

    budget: Budget | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[BudgetError] = shapes.refused()


@strawberry.input(description="The most that may be given, from now on.")
class BudgetSetInput:
    """What was given already counts."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    kind: BudgetKind = strawberry.field(description="What it limits.")
    subject_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The campaign or the merchant; null with FUNDER for the operator itself.",
    )
    amount: shapes.MoneyInput = strawberry.field(description="The most, all of its life.")
    alerts: list[int] = strawberry.field(
        default_factory=lambda: [*DEFAULT_ALERTS],
        description="At how many percent to raise a warning; at most 5.",
    )
    reason: str = strawberry.field(description=staff.REASON)


Kind = Annotated[BudgetKind | None, strawberry.argument(description="Only these; null for all.")]
Subject = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only those of this campaign or merchant; null for all."),
]


@strawberry.type
class Query:
    """Root fields for the staff, and one for merchants."""

    @permissions.root("Query.budgets", "Budgets, by kind.", shapes.SemanticNonNull(), *shapes.PAGED)
    async def budgets_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        kind: Kind = None,
        subject_id: Subject = None,
    ) -> shapes.Connection[Budget] | None:
        """One round trip; what was given is summed up over the books."""
        shapes.first_of(first)
        rows = await caps.page(
            info.context.db,
            first=first + 1,
            after=shapes.place_of(after, str),
            kind=None if kind is None else shapes.value(kind),
            subject_id=None if subject_id is None else _any_subject(subject_id),
        )
        house = await programme.of(info.context.db)
        return shapes.page(
            [show(row, house) for row in rows],
            first=first,
            after=after,
            cursor=lambda one: scalars.cursor(one.facts.kind, one.facts.budget_id),
        )

    @permissions.root(
        "Query.merchantBudget",
        "Your budgets: what may be given at yours, and what you may have to pay; at most 10.",
        shapes.SemanticNonNull(),
        cost.ListSize(assumed_size=2),
        cost.Cost(weight="5"),
    )
    async def merchant_budget(self, info: context.Info) -> list[MerchantBudget] | None:
        """Of the merchant of the token only."""
        mine = context.merchant(info)
        found = await caps.of_subjects(info.context.db, [mine])
        return [
            MerchantBudget(
                kind=BudgetKind(one.kind),
                cap=shapes.show(one.cap_minor, one.asset),
                given=shapes.show(one.given_minor, one.asset),
                left=shapes.show(one.left_minor, one.asset),
            )
            for one in found[mine]
        ]


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root("Mutation.budgetSet", "Set the most that may be given.")
    @refusals.answered(BudgetSetPayload)
    async def budget_set(
        self,
        info: context.Info,
        told: Annotated[
            BudgetSetInput, strawberry.argument(name="input", description="The budget.")
        ],
    ) -> BudgetSetPayload | None:
        """Logged as budget.set."""
        kind = shapes.value(told.kind)
        minor, asset = shapes.amount(told.amount)
        subject_id = told.subject_id
        done = await caps.set_by(
            info.context.db,
            request_id=context.request(info, "budgetSet", told.idempotency_key),
            kind=kind,
            subject_id=None
            if subject_id is None
            else shapes.key(_SUBJECTS[kind], subject_id, path=("subject_id",)),
            asset=asset,
            cap_minor=minor,
            alerts_percent=told.alerts,
            reason=told.reason,
            actor=context.actor(info),
        )
        house = await programme.of(info.context.db)
        return BudgetSetPayload(budget=show(done.budget, house), replayed=done.replayed)


def show(row: caps.Budget, house: programme.Programme) -> Budget:
    """Return a budget as GraphQL."""
    whose = None
    if row.subject_id != house.operator_id:
        whose = strawberry.ID(ids.show(_SUBJECTS[row.kind], row.subject_id))
    return Budget(
        id=strawberry.ID(ids.show("bud", row.budget_id)),
        kind=BudgetKind(row.kind),
        subject_id=whose,
        cap=shapes.show(row.cap_minor, row.asset),
        given=shapes.show(row.given_minor, row.asset),
        left=shapes.show(row.left_minor, row.asset),
        alerts=[bps // caps.PERCENT for bps in row.alerts],
        raised_alerts=[
            BudgetAlert(percent=one.bps // caps.PERCENT, raised_at=scalars.DateTime(one.at))
            for one in row.raised
        ],
        facts=row,
    )


async def of_campaign(info: context.Info, campaign_id: uuid.UUID) -> Budget | None:
    """Return the budget of a campaign, read by the loader; null if it has none."""
    found = await info.context.loaders.budgets.load(campaign_id)
    house = await programme.of(info.context.db)
    return show(found[0], house) if found else None


async def node(info: context.Info, budget_id: uuid.UUID) -> Budget | None:
    """Return a budget to staff with campaigns:read."""
    found = await caps.find(info.context.db, budget_id)
    if READ not in info.context.scopes:
        return None
    return show(found, await programme.of(info.context.db))


def _any_subject(text: str) -> uuid.UUID:
    prefix = "cam" if text.startswith("cam_") else "mer"
    try:
        return ids.parse(prefix, text)
    except ValueError:
        raise failures.Failure(
            "BAD_USER_INPUT", "`subjectId` is the id of a campaign or of a merchant."
        ) from None
