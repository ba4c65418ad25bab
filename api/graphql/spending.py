"""Safe spending as GraphQL: locking and unlocking a wallet, and spends that a person looks at."""

import datetime
import enum
import uuid
from typing import Annotated

import strawberry

from api.graphql import (
    context,
    people,
    permissions,
    refusals,
    scalars,
    shapes,
    spend_locks,
    staff,
)
from api.identity import stepup
from wallet import ids, members, money
from wallet import spending as verbs

APPROVE = "support:approve"


@strawberry.enum(description="Which limit a spend passed.")
class SpendingLimit(enum.Enum):
    """As wallet.rules.spending.PASSED; a test compares both."""

    ONE = strawberry.enum_value("one", description="The most of one spend.")
    DAY = strawberry.enum_value("day", description="The most of 24 hours together.")
    HOUR_COUNT = strawberry.enum_value("hour_count", description="How many spends in an hour.")
    DAY_COUNT = strawberry.enum_value("day_count", description="How many spends in 24 hours.")


@strawberry.enum(description="Where a spend stands that passed a limit.")
class SpendingReviewState(enum.Enum):
    """As wallet.spending.State; a test compares both."""

    OPEN = strawberry.enum_value("open", description="It waits for a person.")
    ALLOWED = strawberry.enum_value("allowed", description="It may be made, once, within a day.")
    DENIED = strawberry.enum_value("denied", description="It stays stopped.")


@strawberry.type(description="A spend that passed a limit, and what a person made of it.")
class SpendingReview(shapes.Node):
    """Shown to staff with support:approve."""

    state: SpendingReviewState = strawberry.field(description="Where it stands.")
    member_id: strawberry.ID = strawberry.field(description="Whose spend it is.")
    merchant_id: strawberry.ID = strawberry.field(description="Where it was to be spent.")
    amount: shapes.Money = strawberry.field(description="How much; the most of several tries.")
    passed: SpendingLimit = strawberry.field(description="The limit that it passed.")
    sentence: str = strawberry.field(description="What happened, for a person.")
    tries: int = strawberry.field(description="How often it was tried.")
    asked_at: scalars.DateTime = strawberry.field(description="When it was tried first.")
    decided_at: scalars.DateTime | None = strawberry.field(description="When it was decided.")
    reason: str | None = strawberry.field(description="Why it was decided so.")
    good_until: scalars.DateTime | None = strawberry.field(
        description="Until when it may be made; null if it was not allowed."
    )
    used: bool = strawberry.field(description="True once the allowed spend was made.")
    facts: strawberry.Private[verbs.Review]

    @shapes.resolved("decidedBy", "The person who decided; null until then.")
    async def decided_by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of reviews asks once."""
        return await people.load(info, self.facts.decided_by)


@strawberry.type(description="Outcome of locking or unlocking a wallet.")
class SpendLockPayload:
    """The lock as it stands after it."""

    lock: spend_locks.SpendLock | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.type(description="Outcome of a decision on a spend.")
class SpendingReviewPayload:
    """The review as it stands after it."""

    review: SpendingReview | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(
        default=False, description="True if the same person had decided so before."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.input(description="A person's decision on a spend that passed a limit.")
class SpendingReviewDecideInput:
    """The first decision stands, so it needs no key."""

    review_id: strawberry.ID = strawberry.field(description="On which spend.")
    allow: bool = strawberry.field(
        description="True to let it be made once within a day; false to let it stay stopped."
    )
    reason: str = strawberry.field(description=staff.REASON)


State = Annotated[
    SpendingReviewState | None, strawberry.argument(description="Only these; null for all.")
]


@strawberry.type
class Query:
    """Root fields for the staff."""

    @permissions.root(
        "Query.spendingReviews",
        "Spends that passed a limit, newest first.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def spending_reviews(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        state: State = None,
    ) -> shapes.Connection[SpendingReview] | None:
        """One round trip, and one for the names of the people."""
        shapes.first_of(first)
        rows = await verbs.page(
            info.context.db,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
            state=None if state is None else shapes.value(state),
        )
        return shapes.page(
            [show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.facts.asked_at, row.facts.review_id),
        )


@strawberry.type
class Mutation:
    """Root fields for members and for the staff."""

    @permissions.root(
        "Mutation.spendLock",
        "Lock your wallet: nothing is spent or given until you unlock it; earning goes on.",
    )
    @refusals.answered(SpendLockPayload)
    async def spend_lock(self, info: context.Info) -> SpendLockPayload | None:
        """Logged as spending.lock. It takes no more than the token: a thief may not stop it."""
        return await _lock(info, context.member(info), locked=True, by="member")

    @permissions.root(
        "Mutation.spendUnlock",
        "Unlock your wallet; it needs a sign-in of the last five minutes.",
    )
    @refusals.answered(SpendLockPayload)
    async def spend_unlock(self, info: context.Info) -> SpendLockPayload | None:
        """Logged as spending.unlock."""
        principal = info.context.principal
        assert principal.at is not None, "a member's token is looked up with the time"
        stepup.check(principal.authenticated_at, now=principal.at, signs=("unlock",))
        return await _lock(info, context.member(info), locked=False, by="member")

    @permissions.root(
        "Mutation.memberSpendLock", "Lock a member's wallet: only the staff unlocks it again."
    )
    @refusals.answered(SpendLockPayload)
    async def member_spend_lock(
        self,
        info: context.Info,
        told: Annotated[
            staff.MemberStatusInput, strawberry.argument(name="input", description="Who, and why.")
        ],
    ) -> SpendLockPayload | None:
        """Logged as spending.lock."""
        return await _lock_of(info, told, locked=True)

    @permissions.root("Mutation.memberSpendUnlock", "Unlock a member's wallet, whoever locked it.")
    @refusals.answered(SpendLockPayload)
    async def member_spend_unlock(
        self,
        info: context.Info,
        told: Annotated[
            staff.MemberStatusInput, strawberry.argument(name="input", description="Who, and why.")
        ],
    ) -> SpendLockPayload | None:
        """Logged as spending.unlock."""
        return await _lock_of(info, told, locked=False)

    @permissions.root(
        "Mutation.spendingReviewDecide",
        "Allow a spend that passed a limit, once and within a day, or let it stay stopped.",
    )
    @refusals.answered(SpendingReviewPayload)
    async def spending_review_decide(
        self,
        info: context.Info,
        told: Annotated[
            SpendingReviewDecideInput,
            strawberry.argument(name="input", description="The decision."),
        ],
    ) -> SpendingReviewPayload | None:
        """Logged as spending.allowed or spending.denied."""
        decided = await verbs.decide(
            info.context.db,
            review_id=shapes.key("rev", told.review_id, path=("review_id",)),
            allow=told.allow,
            reason=told.reason,
            actor=context.actor(info),
        )
        return SpendingReviewPayload(review=show(decided.review), replayed=decided.replayed)


async def node(info: context.Info, review_id: uuid.UUID) -> SpendingReview | None:
    """Return a review to those who may decide."""
    found = await verbs.find(info.context.db, review_id)
    return show(found) if APPROVE in info.context.principal.scopes else None


def show(row: verbs.Review) -> SpendingReview:
    """Return a review as the staff sees it."""
    return SpendingReview(
        id=strawberry.ID(ids.show("rev", row.review_id)),
        state=SpendingReviewState(row.state),
        member_id=strawberry.ID(ids.show("mem", row.member_id)),
        merchant_id=strawberry.ID(ids.show("mer", row.merchant_id)),
        amount=shapes.show(row.amount_minor, row.asset),
        passed=SpendingLimit(row.passed),
        sentence=_sentence(row),
        tries=row.tries,
        asked_at=scalars.DateTime(row.asked_at),
        decided_at=scalars.instant(row.decided_at),
        reason=row.reason,
        good_until=scalars.instant(row.good_until),
        used=row.used_by is not None,
        facts=row,
    )


async def _lock_of(
    info: context.Info, told: staff.MemberStatusInput, *, locked: bool
) -> SpendLockPayload:
    key = shapes.key("mem", told.member_id, path=("member_id",))
    member = await members.find(info.context.db, key, "member_id")
    return await _lock(info, member, locked=locked, by="staff", reason=told.reason)


async def _lock(
    info: context.Info,
    member: members.Member,
    *,
    locked: bool,
    by: verbs.By,
    reason: str | None = None,
) -> SpendLockPayload:
    stands = await verbs.lock(
        info.context.db, member, locked=locked, by=by, actor=context.actor(info), reason=reason
    )
    return SpendLockPayload(lock=spend_locks.show(stands))


def _sentence(row: verbs.Review) -> str:
    amount = money.phrase(row.amount_minor, row.asset)
    match row.passed:
        case "one":
            most = money.phrase(row.most, row.asset)
            return f"{amount} is more than {most}, the most of one spend."
        case "day":
            most = money.phrase(row.most, row.asset)
            return f"With {amount} it would be more than {most} within 24 hours."
        case "hour_count":
            return f"{amount} would be spent, after {row.most} spends within an hour."
        case "day_count":
            return f"{amount} would be spent, after {row.most} spends within 24 hours."
