"""Paid memberships as GraphQL: what a member has, until when, and what is in it.

Whoever holds a `Membership` was allowed to load it: its member, support, or whoever sells it.
"""

import datetime
import enum
import uuid
from collections.abc import Sequence

import strawberry

from api import explaining
from api.graphql import context, cost, merchants, scalars, shapes, wording
from wallet import ids, money, programme
from wallet.progress import membership_acts as acts
from wallet.progress import memberships, plans
from wallet.rules.progress import memberships as rules


@strawberry.enum(description="How a membership stands.")
class MembershipState(enum.Enum):
    """As rules.State; a test compares both."""

    ACTIVE = strawberry.enum_value("active", description="Paid for.")
    IN_GRACE = strawberry.enum_value(
        "in_grace", description="Its payment is late, and the member is still let in."
    )
    CANCELLED = strawberry.enum_value("cancelled", description="Cancelled; see `entitledUntil`.")
    LAPSED = strawberry.enum_value("lapsed", description="It has run out.")


@strawberry.enum(description="What happened to a membership.")
class MembershipActKind(enum.Enum):
    """As rules.Kind; a test compares both."""

    STARTED = strawberry.enum_value("started", description="Begun with its first payment.")
    RENEWED = strawberry.enum_value("renewed", description="Paid for another term.")
    CHANGED = strawberry.enum_value("changed", description="Gone over to another plan.")
    CANCELLED = strawberry.enum_value("cancelled", description="Cancelled.")
    LAPSED = strawberry.enum_value("lapsed", description="Run out.")
    REINSTATED = strawberry.enum_value("reinstated", description="Paid for after it had run out.")


@strawberry.enum(description="Who sees to the next payment.")
class MembershipRenewal(enum.Enum):
    """As Membership.renewal of a plan."""

    MANUAL = strawberry.enum_value("manual", description="The member, who is reminded.")
    BY_ITSELF = strawberry.enum_value("by_itself", description="The seller, unless it is ended.")


@strawberry.type(description="Something that a plan holds.")
class PlanEntitlement:
    """As Entitlement of a plan."""

    word: str = strawberry.field(description="A word for programs to ask for.")
    text: str = strawberry.field(description="What it is, to read.")


@strawberry.type(description="A plan that a member pays for.")
class Membership(shapes.Node):
    """As plans.Membership."""

    plan_id: strawberry.ID = strawberry.field(description="The scheme that says what is in it.")
    plan_name: str = strawberry.field(description="Its name.")
    state: MembershipState = strawberry.field(description="How it stands now.")
    entitled: bool = strawberry.field(description="Whether the member is let in now.")
    entitlements: list[PlanEntitlement] = strawberry.field(
        description="What is in it, while the member is let in; at most 20.",
        directives=[cost.ListSize(assumed_size=5)],
    )
    renewal: MembershipRenewal = strawberry.field(description="Who sees to the next payment.")
    started_at: scalars.DateTime = strawberry.field(description="When it began.")
    paid_until: scalars.LocalDate = strawberry.field(description="The last day that is paid for.")
    entitled_until: scalars.DateTime = strawberry.field(
        description="The first instant at which the member is no longer let in."
    )
    paid: shapes.Money = strawberry.field(description="All that was paid for it.")
    refunded: shapes.Money = strawberry.field(description="What of it went back.")
    seller_name: str = strawberry.field(description="Who sells it.")
    seller: merchants.Merchant | None = strawberry.field(
        description="The merchant who sells it; null for the coalition itself."
    )


@strawberry.type(description="What a report about a membership came to.")
class MembershipAct:
    """As plans.Act, or what it would be."""

    kind: MembershipActKind = strawberry.field(description="What happened.")
    paid: shapes.Money = strawberry.field(description="What was paid, or is due.")
    credit: shapes.Money = strawberry.field(description="What of the old plan was counted.")
    refund: shapes.Money = strawberry.field(description="What the seller has to pay back.")
    ends_on: scalars.LocalDate = strawberry.field(description="The last day of it, as it stands.")
    explanation: str = strawberry.field(description="Why so much, to read.")


async def show_all(info: context.Info, rows: Sequence[plans.Membership]) -> list[Membership]:
    """Return memberships as GraphQL, as they stand now."""
    if not rows:
        return []
    now = await info.context.page.fetchval("select clock_timestamp()")
    house = await programme.of(info.context.db)
    return [_show(row, house, now) for row in rows]


async def show(info: context.Info, row: plans.Membership) -> Membership:
    """Return a membership as GraphQL, as it stands now."""
    (shown,) = await show_all(info, [row])
    return shown


def _show(row: plans.Membership, house: programme.Programme, now: datetime.datetime) -> Membership:
    entitled = row.entitled(now)
    held = row.plan.entitlements if entitled else ()
    own = row.seller_id == house.operator_id
    return Membership(
        id=strawberry.ID(ids.show("mbr", row.membership_id)),
        plan_id=strawberry.ID(ids.show("sch", row.plan_id)),
        plan_name=row.plan.name,
        state=MembershipState(row.state(now, house.time_zone)),
        entitled=entitled,
        entitlements=[PlanEntitlement(word=one.word, text=one.text) for one in held],
        renewal=MembershipRenewal(row.plan.renewal),
        started_at=scalars.DateTime(row.started_at),
        paid_until=scalars.LocalDate(row.until_day - rules.DAY),
        entitled_until=scalars.DateTime(row.entitled_until),
        paid=shapes.show(row.paid_minor, row.asset),
        refunded=shapes.show(row.refunded_minor, row.asset),
        seller_name=row.seller_name,
        seller=None if own else merchants.named(row.seller_id, row.seller_name),
    )


async def show_act(info: context.Info, acted: acts.Acted) -> MembershipAct:
    """Return what was done as GraphQL."""
    return await _said(info, acted.act, acted.membership.asset, acted.act.worth_minor)


async def show_quote(info: context.Info, quote: memberships.Quote) -> MembershipAct:
    """Return what would be done as GraphQL."""
    return await _said(info, quote.act, quote.asset, quote.plan.price_minor)


async def _said(
    info: context.Info, act: plans.Act | rules.Act, asset: money.Asset, price_minor: int
) -> MembershipAct:
    zone = (await programme.of(info.context.db)).time_zone
    said = explaining.Paid(
        kind=act.kind,
        asset=asset,
        until=rules.last_day(act.kind, act.until_day, act.entitled_until, zone),
        price_minor=price_minor,
        paid_minor=act.paid_minor,
        credit_minor=act.credit_minor,
        refund_minor=act.refund_minor,
        why=act.why,
    )
    return MembershipAct(
        kind=MembershipActKind(said.kind),
        paid=shapes.show(said.paid_minor, said.asset),
        credit=shapes.show(said.credit_minor, said.asset),
        refund=shapes.show(said.refund_minor, said.asset),
        ends_on=scalars.LocalDate(said.until),
        explanation=explaining.paid(said, language=wording.language()),
    )


async def node(info: context.Info, membership_id: uuid.UUID) -> Membership | None:
    """Return a membership to its member, support, or the merchant who sells it."""
    found = await plans.find(info.context.db, membership_id)
    visible = context.may_see(
        info, wallet_id=found.wallet_id, merchant_id=found.seller_id, scope="purchases:read"
    )
    return await show(info, found) if visible else None
