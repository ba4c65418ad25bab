"""What a merchant reports besides purchases: reviews, shares, visits, quizzes, with their proof.

The merchant is always the one of the token. Where no campaign gives anything, that is an answer and
no refusal: the sentences say what stood in the way.
"""

import enum
from typing import Annotated, TypeAlias

import strawberry

from api import explaining
from api.graphql import (
    awards,
    benefits,
    charities,
    context,
    cost,
    permissions,
    refusals,
    scalars,
    shapes,
    wording,
)
from wallet import ids, money
from wallet.campaigns import activities as verbs
from wallet.rules import activities as rules


@strawberry.enum(description="What a member did.")
class ActivityKind(enum.Enum):
    """As wallet.rules.activities.KINDS; a test compares both."""

    REVIEW = strawberry.enum_value(
        "review", description="Reviewed a line of a purchase; it counts once, whatever its stars."
    )
    SHARE = strawberry.enum_value("share", description="Recommended you to others.")
    VISIT = strawberry.enum_value("visit", description="Came by.")
    QUIZ = strawberry.enum_value("quiz", description="Answered a quiz.")
    CUSTOM = strawberry.enum_value("custom", description="Something of your own, by its name.")


ActivityError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("ActivityError", description="Why an activity was refused."),
]


@strawberry.type(description="Outcome of an activity.")
class ActivityReportPayload:
    """What campaigns gave for it, if any did."""

    award_id: strawberry.ID | None = strawberry.field(
        default=None, description="The first award; null if refused, or if nothing was given."
    )
    awards_given: list[awards.Award] = strawberry.field(
        name="awards",
        default_factory=list,
        description="What each campaign gave.",
        directives=[cost.ListSize(assumed_size=1)],
    )
    granted: list[shapes.Money] = strawberry.field(
        default_factory=list,
        description="What all of them gave, by currency.",
        directives=[cost.ListSize(assumed_size=1)],
    )
    benefits_given: list[benefits.Benefit] = strawberry.field(
        name="benefits",
        default_factory=list,
        description="What of it is no money.",
        directives=[cost.ListSize(assumed_size=1)],
    )
    explanation: list[str] = strawberry.field(
        default_factory=list,
        description="Why, to read: a sentence for each campaign; of what was missed at most 10.",
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[ActivityError] = shapes.refused()


@strawberry.input(description="Something that a member did, and its proof.")
class ActivityReportInput:
    """Becomes an activities.Activity."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    member_id: strawberry.ID = strawberry.field(description="Who did it.")
    kind: ActivityKind = strawberry.field(description="What it was.")
    reference: str = strawberry.field(
        description="Your own number of it; each of a kind is given for once only."
    )
    happened_at: scalars.DateTime = strawberry.field(
        description="When it happened, at most 90 days ago; limits count by that day."
    )
    name: str | None = strawberry.field(
        default=None, description="Which one, such as `open day`; CUSTOM needs it."
    )
    proof: str | None = strawberry.field(
        default=None,
        description="Its address, or the receipt of a platform; REVIEW, SHARE, CUSTOM need it.",
    )
    purchase_id: strawberry.ID | None = strawberry.field(
        default=None, description="For a review: which purchase of yours."
    )
    line_number: int | None = strawberry.field(
        default=None, description="For a review: which line of it."
    )
    score: int | None = strawberry.field(default=None, description="For a quiz: the result.")
    stars: int | None = strawberry.field(
        default=None, description="For a review: 1 to 5; they never change what is given."
    )


@strawberry.type
class Mutation:
    """Root fields for merchants."""

    @permissions.root(
        "Mutation.activityReport",
        "Report what a member did besides buying; campaigns for it give at once.",
    )
    @refusals.answered(ActivityReportPayload)
    async def activity_report(
        self,
        info: context.Info,
        told: Annotated[
            ActivityReportInput, strawberry.argument(name="input", description="The activity.")
        ],
    ) -> ActivityReportPayload | None:
        """Once for each reference, and for each line of a purchase."""
        purchase_id = told.purchase_id
        found = await verbs.report(
            info.context.db,
            merchant_id=context.merchant(info),
            request_id=context.request(info, "activityReport", told.idempotency_key),
            member_id=shapes.key("mem", told.member_id, path=("member_id",)),
            activity=rules.Activity(
                kind=shapes.value(told.kind),
                reference=told.reference,
                happened_at=told.happened_at,
                name=told.name,
                proof=told.proof,
                purchase_id=None
                if purchase_id is None
                else shapes.key("pur", purchase_id, path=("purchase_id",)),
                line_no=told.line_number,
                score=told.score,
                stars=told.stars,
            ),
        )
        return await _show(info, found)


async def _show(info: context.Info, found: verbs.Reported) -> ActivityReportPayload:
    document = context.told(info, found.document)
    names = await charities.names(info, document)
    said = explaining.sentences(document, language=wording.language(), names=names)
    totals: dict[money.Asset, int] = {}
    for one in found.awards:
        totals[one.asset] = totals.get(one.asset, 0) + one.granted_minor
    return ActivityReportPayload(
        award_id=strawberry.ID(ids.show("awd", found.awards[0].award_id)) if found.awards else None,
        awards_given=await awards.show_all(info, found.awards),
        granted=[shapes.show(minor, asset) for asset, minor in totals.items() if minor > 0],
        benefits_given=[benefits.show(one) for one in found.benefits],
        explanation=[one.sentence for one in (*said.matched, *said.missed)],
        replayed=found.replayed,
    )
