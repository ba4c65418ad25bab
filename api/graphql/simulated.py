"""What a simulation came to, as GraphQL types.

Members and purchases are named by their ids only; who they are is for whoever may look them up.
"""

import uuid
from typing import Final

import strawberry

from api.graphql import context, cost, merchants, scalars, shapes
from wallet import ids, money, programme
from wallet.campaigns import simulate
from wallet.rules.campaigns import whatif

FEW: Final = cost.ListSize(assumed_size=10)
YEAR: Final = cost.ListSize(assumed_size=12)


@strawberry.type(description="What would have fallen to one who pays.")
class SimulatedFunder:
    """A merchant, or the operator."""

    purchases: int = strawberry.field(description="In how many purchases.")
    amount: shapes.Money = strawberry.field(description="How much.")
    merchant_id: strawberry.Private[uuid.UUID | None]

    @shapes.resolved("merchant", "Who pays; null for the operator.")
    async def merchant(self, info: context.Info) -> merchants.Merchant | None:
        """Read by the loader, so a list asks once."""
        return None if self.merchant_id is None else await merchants.load(info, self.merchant_id)


@strawberry.type(description="What would have been given at one merchant.")
class SimulatedPlace:
    """A merchant."""

    purchases: int = strawberry.field(description="In how many purchases.")
    amount: shapes.Money = strawberry.field(description="How much.")
    merchant_id: strawberry.Private[uuid.UUID]

    @shapes.resolved("merchant", "Where it was bought.")
    async def merchant(self, info: context.Info) -> merchants.Merchant | None:
        """Read by the loader, so a list asks once."""
        return await merchants.load(info, self.merchant_id)


@strawberry.type(description="What would have been given in one month.")
class SimulatedMonth:
    """On the programme's clock."""

    month: str = strawberry.field(description="Such as 2026-03.")
    purchases: int = strawberry.field(description="In how many purchases.")
    amount: shapes.Money = strawberry.field(description="How much.")


@strawberry.type(description="What a kind of limit would have taken away.")
class SimulatedCut:
    """A cap or a budget."""

    by: str = strawberry.field(description="Which kind of limit, such as `member_cap`.")
    purchases: int = strawberry.field(description="In how many purchases.")
    amount: shapes.Money = strawberry.field(description="How much.")


@strawberry.type(description="A member who would have got much.")
class SimulatedWinner:
    """By id only."""

    member_id: strawberry.ID = strawberry.field(description="Who.")
    purchases: int = strawberry.field(description="In how many purchases.")
    amount: shapes.Money = strawberry.field(description="How much.")


@strawberry.type(description="A purchase that would have been given much.")
class SimulatedCase:
    """By id only."""

    purchase_id: strawberry.ID = strawberry.field(description="Which purchase.")
    member_id: strawberry.ID = strawberry.field(description="Whose.")
    paid: shapes.Money = strawberry.field(description="What was paid in all.")
    amount: shapes.Money = strawberry.field(description="What would have been given.")
    share_bps: int = strawberry.field(
        description="Its share of what was paid, in basis points, rounded down."
    )


@strawberry.type(description="Purchases that would have got nothing for a kind of reason.")
class SimulatedMiss:
    """As explanations name reasons."""

    kind: str = strawberry.field(description="The kind of reason, such as `minimum`.")
    purchases: int = strawberry.field(description="How many purchases.")
    nearly: int = strawberry.field(description="Of how many it was the only reason.")


@strawberry.type(description="What another campaign would have given less.")
class SimulatedLoss:
    """Because the draft gives more, or excludes it."""

    campaign_id: strawberry.ID = strawberry.field(description="Which campaign.")
    name: str = strawberry.field(description="Its name.")
    purchases: int = strawberry.field(description="In how many purchases.")
    amount: shapes.Money = strawberry.field(description="How much.")


@strawberry.type(description="What a draft would have come to over the purchases of a period.")
class CampaignSimulation:
    """As whatif.Result, over simulate.Period."""

    complete: bool = strawberry.field(
        description="False if time ran out: then it is of the first purchases of the period only."
    )
    since: scalars.DateTime = strawberry.field(description="From when purchases were played.")
    until: scalars.DateTime = strawberry.field(description="Until when.")
    considered: int = strawberry.field(description="Purchases where the draft could hold.")
    reached: int = strawberry.field(description="Purchases that would have been given something.")
    members: int = strawberry.field(description="Members who would have been given something.")
    lines: int = strawberry.field(description="Lines that would have been given something.")
    cost: shapes.Money = strawberry.field(description="All that would have been given.")
    desired: shapes.Money = strawberry.field(description="The same before caps and budget.")
    paid: shapes.Money = strawberry.field(description="What was paid in the purchases reached.")
    gifts: int = strawberry.field(description="Coupons and benefits that it would have given.")
    exhausted_on: str | None = strawberry.field(
        description="The day on which its budget first cut a grant; null if never."
    )
    assumed: list[str] = strawberry.field(
        description="What the books could not say, at most 7: `terms` (all accepted), `coupon` (all"
        " showed it), `experiment` (all are in the arm), `favourite` and `offers` (nobody has any),"
        " `gifts` (no coupon comes back), `returns` (what came back made no room again)."
    )
    funders: list[SimulatedFunder] = strawberry.field(
        description="Who pays, the largest first.", directives=[FEW]
    )
    places: list[SimulatedPlace] = strawberry.field(
        description="Where, the largest first.", directives=[FEW]
    )
    months: list[SimulatedMonth] = strawberry.field(
        description="When, in order.", directives=[YEAR]
    )
    cuts: list[SimulatedCut] = strawberry.field(
        description="What limits took away.", directives=[FEW]
    )
    winners: list[SimulatedWinner] = strawberry.field(
        description="Members who get most, 10 at most.", directives=[FEW]
    )
    dearest: list[SimulatedCase] = strawberry.field(
        description="The highest grants, 10 at most.", directives=[FEW]
    )
    steepest: list[SimulatedCase] = strawberry.field(
        description="The grants that are the highest share of their purchase, 10 at most.",
        directives=[FEW],
    )
    misses: list[SimulatedMiss] = strawberry.field(
        description="Why purchases got nothing, nearest first.", directives=[FEW]
    )
    losses: list[SimulatedLoss] = strawberry.field(
        description="What others lose; empty if they were not compared.", directives=[FEW]
    )


async def show(info: context.Info, found: simulate.Simulation) -> CampaignSimulation:
    """Return a simulation as GraphQL."""
    house = await programme.of(info.context.db)
    period, result = found.period, found.result
    asset = money.asset(result.asset)

    def amount(minor: int) -> shapes.Money:
        return shapes.show(minor, asset)

    return CampaignSimulation(
        complete=period.complete,
        since=scalars.DateTime(period.since),
        until=scalars.DateTime(period.until),
        considered=result.considered,
        reached=result.reached,
        members=result.members,
        lines=result.lines,
        cost=amount(result.granted_minor),
        desired=amount(result.desired_minor),
        paid=shapes.show(result.reached_total_minor, house.asset),
        gifts=result.gifts,
        exhausted_on=None if result.exhausted_on is None else result.exhausted_on.isoformat(),
        assumed=list(period.assumed),
        funders=_funders(result.funders, house.operator_id, asset),
        places=_places(result.merchants, asset),
        months=[
            SimulatedMonth(
                month=str(one.name), purchases=one.purchases, amount=amount(one.granted_minor)
            )
            for one in result.months
        ],
        cuts=[
            SimulatedCut(by=one.by, purchases=one.purchases, amount=amount(one.minor))
            for one in result.cuts
        ],
        winners=[
            SimulatedWinner(
                member_id=strawberry.ID(ids.show("mem", one.member_id)),
                purchases=one.purchases,
                amount=amount(one.granted_minor),
            )
            for one in result.winners
        ],
        dearest=_cases(result.dearest, house.asset, asset),
        steepest=_cases(result.steepest, house.asset, asset),
        misses=[
            SimulatedMiss(kind=one.kind, purchases=one.purchases, nearly=one.nearly)
            for one in result.misses
        ],
        losses=[
            SimulatedLoss(
                campaign_id=strawberry.ID(ids.show("cam", one.campaign_id)),
                name=one.name,
                purchases=one.purchases,
                amount=amount(one.lost_minor),
            )
            for one in result.losses
        ],
    )


def _funders(
    parts: tuple[whatif.Part, ...], operator_id: uuid.UUID, asset: money.Asset
) -> list[SimulatedFunder]:
    return [
        SimulatedFunder(
            purchases=one.purchases,
            amount=shapes.show(one.granted_minor, asset),
            merchant_id=None if one.name == operator_id else _key(one.name),
        )
        for one in parts
    ]


def _places(parts: tuple[whatif.Part, ...], asset: money.Asset) -> list[SimulatedPlace]:
    return [
        SimulatedPlace(
            purchases=one.purchases,
            amount=shapes.show(one.granted_minor, asset),
            merchant_id=_key(one.name),
        )
        for one in parts
    ]


def _cases(
    cases: tuple[whatif.Case, ...], house: money.Asset, asset: money.Asset
) -> list[SimulatedCase]:
    return [
        SimulatedCase(
            purchase_id=strawberry.ID(ids.show("pur", one.purchase_id)),
            member_id=strawberry.ID(ids.show("mem", one.member_id)),
            paid=shapes.show(one.total_minor, house),
            amount=shapes.show(one.granted_minor, asset),
            share_bps=one.share_bps,
        )
        for one in cases
    ]


def _key(name: uuid.UUID | str) -> uuid.UUID:
    assert isinstance(name, uuid.UUID)
    return name
