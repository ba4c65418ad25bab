"""Awards as GraphQL: what a member was given for something other than a purchase, and why.

Whoever holds an `Award` was allowed to load it: its member, support, or the merchant that reported
what it was given for.
"""

import enum
import uuid
from collections.abc import Mapping, Sequence

import strawberry

from api import explaining
from api.graphql import charities, context, scalars, shapes, wording
from wallet import ids
from wallet.campaigns import earned


@strawberry.enum(description="What an award was given for.")
class AwardKind(enum.Enum):
    """As wallet.rules.activities.KINDS and winnings.KINDS, and referrals; a test compares them."""

    REVIEW = strawberry.enum_value("review", description="A review of something bought.")
    SHARE = strawberry.enum_value("share", description="A recommendation to others.")
    VISIT = strawberry.enum_value("visit", description="A visit.")
    QUIZ = strawberry.enum_value("quiz", description="The result of a quiz.")
    CUSTOM = strawberry.enum_value("custom", description="Something of the merchant's own.")
    REFERRAL = strawberry.enum_value("referral", description="An invitation of a friend.")
    MILESTONE = strawberry.enum_value("milestone", description="A milestone that was reached.")
    CONTEST = strawberry.enum_value("contest", description="A place in a contest.")
    DRAW = strawberry.enum_value("draw", description="A prize of a draw.")
    GAME = strawberry.enum_value("game", description="A score in a game.")
    MEMBERSHIP = strawberry.enum_value("membership", description="Joining a paid plan.")


@strawberry.type(description="What one campaign gave for something other than a purchase.")
class Award(shapes.Node):
    """As earned.Award."""

    kind: AwardKind = strawberry.field(description="For what.")
    reference: str = strawberry.field(
        description="The merchant's own number of it; for a review the purchase and its line."
    )
    granted: shapes.Money = strawberry.field(
        description="What was given, after caps and budgets; zero for a benefit alone."
    )
    awarded_at: scalars.DateTime = strawberry.field(description="When it was given.")
    reversed_at: scalars.DateTime | None = strawberry.field(
        description="When it was taken back; null if it stands."
    )
    explanation: str = strawberry.field(description="Why so much, to read.")
    key: strawberry.Private[uuid.UUID]


async def show_all(info: context.Info, rows: Sequence[earned.Award]) -> list[Award]:
    """Return awards as GraphQL, explained in the language of the request."""
    documents = [context.told(info, row.document) for row in rows]
    names = await charities.names(info, *documents)
    return [_show(row, document, names) for row, document in zip(rows, documents, strict=True)]


async def show(info: context.Info, row: earned.Award) -> Award:
    """Return one award as GraphQL."""
    (shown,) = await show_all(info, [row])
    return shown


def _show(row: earned.Award, document: object, names: Mapping[uuid.UUID, str]) -> Award:
    said = explaining.sentences(document, language=wording.language(), names=names)
    return Award(
        id=strawberry.ID(ids.show("awd", row.award_id)),
        kind=AwardKind(row.kind),
        reference=row.reference,
        granted=shapes.show(row.granted_minor, row.asset),
        awarded_at=scalars.DateTime(row.awarded_at),
        reversed_at=scalars.instant(row.reversed_at),
        explanation=" ".join(one.sentence for one in said.matched),
        key=row.award_id,
    )


async def node(info: context.Info, award_id: uuid.UUID) -> Award | None:
    """Return an award to its member, support, or the merchant that reported it."""
    found = await earned.award(info.context.db, award_id)
    visible = context.may_see(
        info, wallet_id=found.wallet_id, merchant_id=found.partner_id, scope="purchases:read"
    )
    return await show(info, found) if visible else None
