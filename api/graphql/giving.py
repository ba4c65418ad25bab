"""What members give: once, or by standing pledges. Value leaves the wallet, so it asks for care.

As with spending, the first gift to a charity needs a sign-in of the last five minutes: a stolen
phone is not to empty a wallet by a way that its owner never took.
"""

import enum
import uuid
from typing import Annotated, TypeAlias

import strawberry

from api.graphql import charities, context, merchants, permissions, refusals, scalars, shapes
from api.identity import stepup
from wallet import donate, errors, ids, money, programme
from wallet.charities import donations, pledges

GivingError: TypeAlias = Annotated[
    refusals.InsufficientFunds | refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("GivingError", description="Why nothing was given or pledged."),
]


@strawberry.enum(description="How a gift came about.")
class DonationKind(enum.Enum):
    """As donations.Kind; a test compares both."""

    ONCE = strawberry.enum_value("once", description="The member gave it.")
    SHARE = strawberry.enum_value("share", description="A pledged share of cashback.")
    ROUND_UP = strawberry.enum_value("round_up", description="A pledge rounded up what was spent.")
    EXPIRING = strawberry.enum_value("expiring", description="Given before it expired.")


@strawberry.enum(description="What a pledge gives.")
class PledgeKind(enum.Enum):
    """As pledges.Kind of the rules; a test compares both."""

    SHARE = strawberry.enum_value(
        "share", description="A share of every cashback that becomes free to spend."
    )
    ROUND_UP = strawberry.enum_value(
        "round_up", description="What is missing to a round amount, of all that is spent."
    )
    EXPIRING = strawberry.enum_value("expiring", description="What would expire, on its last day.")


@strawberry.enum(description="What made a match less than was promised.")
class MatchCut(enum.Enum):
    """As rules.matching.CutBy; a test compares both."""

    MEMBER_CAP = strawberry.enum_value("member_cap", description="The most for one member.")
    BUDGET = strawberry.enum_value("budget", description="Nothing more is left of the budget.")


@strawberry.type(description="What somebody gave on top of a member's gift.")
class DonationMatch:
    """As matching.Matched."""

    matched_by: str = strawberry.field(description="Who gave it: a merchant, or the programme.")
    amount: shapes.Money = strawberry.field(description="How much.")
    promised: shapes.Money = strawberry.field(description="How much it would have been.")
    cut_by: MatchCut | None = strawberry.field(description="What made it less; null for nothing.")


@strawberry.type(description="A gift of a member to a charity; it never changes.")
class Donation(shapes.Node):
    """Loaded by someone who may."""

    kind: DonationKind = strawberry.field(description="How it came about.")
    amount: shapes.Money = strawberry.field(description="How much.")
    given_at: scalars.DateTime = strawberry.field(description="When.")
    receipt: str = strawberry.field(
        description="Where its receipt is, as PDF, for the member who is signed in."
    )
    charity_id: strawberry.Private[uuid.UUID]
    key: strawberry.Private[uuid.UUID]

    @shapes.relation("charity", "Who got it.")
    async def charity(self, info: context.Info) -> charities.Charity | None:
        """Read by the loader, so a page of gifts asks once."""
        return await charities.load(info, self.charity_id)

    @shapes.listed("matches", "What others gave on top of it; at most 500.", size=1)
    async def matches(self, info: context.Info) -> list[DonationMatch] | None:
        """Read by the loader, so a page of gifts asks once."""
        return [
            DonationMatch(
                matched_by=one.funder,
                amount=shapes.show(one.amount_minor, one.asset),
                promised=shapes.show(one.desired_minor, one.asset),
                cut_by=None if one.cut_by is None else MatchCut(one.cut_by),
            )
            for one in await info.context.loaders.matches.load(self.key)
        ]


@strawberry.type(description="A standing instruction of a member; it holds until it is ended.")
class Pledge(shapes.Node):
    """Loaded by someone who may."""

    kind: PledgeKind = strawberry.field(description="What it gives.")
    charity_name: str = strawberry.field(description="To whom.")
    percent: scalars.Decimal | None = strawberry.field(
        description="The share in per cent; null for other kinds."
    )
    round_up_to: shapes.Money | None = strawberry.field(
        description="What is rounded up to a multiple of; null for other kinds."
    )
    given: shapes.Money = strawberry.field(description="What came of it so far.")
    is_paused: bool = strawberry.field(
        description="True while its charity is not verified: nothing is given then."
    )
    since: scalars.DateTime = strawberry.field(description="Since when it holds.")
    ended_at: scalars.DateTime | None = strawberry.field(
        description="When it was ended or replaced; null while it stands."
    )
    charity_id: strawberry.Private[uuid.UUID]

    @shapes.relation("charity", "Who gets it.")
    async def charity(self, info: context.Info) -> charities.Charity | None:
        """Read by the loader, so a list of pledges asks once."""
        return await charities.load(info, self.charity_id)


@strawberry.type(description="Outcome of a gift.")
class DonationPayload:
    """A gift cannot be undone."""

    donation: Donation | None = strawberry.field(
        default=None, description="The gift; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[GivingError] = shapes.refused()


@strawberry.type(description="Outcome of setting or ending a pledge.")
class PledgePayload:
    """The pledge as it stands after it."""

    pledge: Pledge | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(
        default=False, description="True if it had been done before: the answer is that outcome."
    )
    errors: list[GivingError] = shapes.refused()


@strawberry.input(description="A gift out of what is free to spend.")
class DonationCreateInput:
    """Any amount; it cannot be undone."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    charity_id: strawberry.ID = strawberry.field(description="Who gets it.")
    amount: shapes.MoneyInput | None = strawberry.field(
        default=None, description="How much; null for all that is left of `lotId`."
    )
    lot_id: strawberry.ID | None = strawberry.field(
        default=None, description="Out of which lot, such as one that expires; null for any."
    )


@strawberry.input(description="A standing instruction.")
class PledgeSetInput:
    """One of the same kind for the same charity is replaced from now on."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    kind: PledgeKind = strawberry.field(description="What it gives.")
    charity_id: strawberry.ID = strawberry.field(description="Who gets it.")
    percent: scalars.Decimal | None = strawberry.field(
        default=None, description="The share in per cent, 0.01 to 100; for SHARE and only there."
    )
    round_up_to: scalars.Decimal | None = strawberry.field(
        default=None,
        description="What to round up to a multiple of, at most 100; null for a whole unit."
        " For ROUND_UP only.",
    )
    currency: scalars.CurrencyCode | None = strawberry.field(
        default=None, description="Of which currency; null for the programme's own."
    )


@strawberry.input(description="A pledge that is to end.")
class PledgeEndInput:
    """Repeating it changes nothing, so it needs no key."""

    pledge_id: strawberry.ID = strawberry.field(description="Which pledge.")


@strawberry.type
class Mutation:
    """Root fields for members."""

    @permissions.root(
        "Mutation.donationCreate",
        "Give to a charity out of what is free to spend. It cannot be undone. The first gift to a"
        " charity needs a sign-in of the last five minutes.",
    )
    @refusals.answered(DonationPayload)
    async def donation_create(
        self,
        info: context.Info,
        told: Annotated[
            DonationCreateInput, strawberry.argument(name="input", description="The gift.")
        ],
    ) -> DonationPayload | None:
        """Its movement has its id."""
        db, member = info.context.db, context.member(info)
        charity_id = shapes.key("cha", told.charity_id, path=("charity_id",))
        minor, asset = shapes.amount_or_none(told.amount)
        lot_id = None if told.lot_id is None else shapes.key("lot", told.lot_id, path=("lot_id",))
        request_id = context.request(info, "donationCreate", told.idempotency_key)
        await _step_up(info, charity_id)
        replayed = await donate.give(
            db,
            member_id=member.member_id,
            request_id=request_id,
            charity_id=charity_id,
            amount_minor=minor,
            asset=asset or (await programme.of(db)).asset,
            lot_id=lot_id,
        )
        found = await donations.find(db, donate.donation_id(request_id, member.wallet_id))
        return DonationPayload(donation=show(info, found), replayed=replayed)

    @permissions.root(
        "Mutation.pledgeSet",
        "Give by a standing instruction from now on. The first pledge to a charity that was never"
        " given anything needs a sign-in of the last five minutes.",
    )
    @refusals.answered(PledgePayload)
    async def pledge_set(
        self,
        info: context.Info,
        told: Annotated[
            PledgeSetInput, strawberry.argument(name="input", description="The pledge.")
        ],
    ) -> PledgePayload | None:
        """What moved before goes by what stood then."""
        db = info.context.db
        charity_id = shapes.key("cha", told.charity_id, path=("charity_id",))
        asset = (
            (await programme.of(db)).asset
            if told.currency is None
            else shapes.asset(told.currency, path=("currency",))
        )
        share_bps = None if told.percent is None else _bps(told.percent)
        multiple = shapes.minor_or_none(told.round_up_to, asset, path=("round_up_to",))
        await _step_up(info, charity_id)
        try:
            outcome = await pledges.set_up(
                db,
                member_id=context.member(info).member_id,
                request_id=context.request(info, "pledgeSet", told.idempotency_key),
                charity_id=charity_id,
                kind=shapes.value(told.kind),
                asset=asset,
                share_bps=share_bps,
                multiple_minor=multiple,
            )
        except errors.PledgeInvalid as refusal:
            raise _named(refusal) from None
        return PledgePayload(pledge=show_pledge(outcome.pledge), replayed=outcome.replayed)

    @permissions.root("Mutation.pledgeEnd", "End a pledge at once: nothing more is given by it.")
    @refusals.answered(PledgePayload)
    async def pledge_end(
        self,
        info: context.Info,
        told: Annotated[
            PledgeEndInput, strawberry.argument(name="input", description="Which pledge.")
        ],
    ) -> PledgePayload | None:
        """Another's is answered like none."""
        outcome = await pledges.end(
            info.context.db,
            wallet_id=context.member(info).wallet_id,
            pledge_id=shapes.key("ple", told.pledge_id, path=("pledge_id",)),
        )
        return PledgePayload(pledge=show_pledge(outcome.pledge), replayed=outcome.replayed)


def show(info: context.Info, row: donations.Donation) -> Donation:
    """Return a gift as GraphQL."""
    shown = ids.show("don", row.donation_id)
    return Donation(
        id=strawberry.ID(shown),
        kind=DonationKind(row.kind),
        amount=shapes.show(row.amount_minor, row.asset),
        given_at=scalars.DateTime(row.donated_at),
        receipt=f"{info.context.origin}/receipts/{shown}.pdf",
        charity_id=row.charity_id,
        key=row.donation_id,
    )


def show_pledge(row: pledges.Pledge) -> Pledge:
    """Return a pledge as GraphQL."""
    return Pledge(
        id=strawberry.ID(ids.show("ple", row.pledge_id)),
        kind=PledgeKind(row.kind),
        charity_name=row.charity_name,
        percent=None if row.share_bps is None else merchants.percent(row.share_bps),
        round_up_to=None
        if row.multiple_minor is None
        else shapes.show(row.multiple_minor, row.asset),
        given=shapes.show(row.given_minor, row.asset),
        is_paused=row.is_paused,
        since=scalars.DateTime(row.set_at),
        ended_at=scalars.instant(row.ended_at),
        charity_id=row.charity_id,
    )


async def node(info: context.Info, donation_id: uuid.UUID) -> Donation | None:
    """Return a gift to its member or support."""
    found = await donations.find(info.context.db, donation_id)
    return show(info, found) if context.may_see(info, wallet_id=found.wallet_id) else None


async def pledge_node(info: context.Info, pledge_id: uuid.UUID) -> Pledge | None:
    """Return a pledge to its member or support."""
    found = await pledges.find(info.context.db, pledge_id)
    return show_pledge(found) if context.may_see(info, wallet_id=found.wallet_id) else None


async def _step_up(info: context.Info, charity_id: uuid.UUID) -> None:
    known, now = await donations.is_known(
        info.context.db, context.member(info).wallet_id, charity_id
    )
    stepup.check(
        info.context.principal.authenticated_at,
        now=now,
        signs=() if known else ("new_charity",),
        path=("charity_id",),
    )


def _bps(percent: str) -> int:
    # A per cent is read like an amount with two decimals: 5.25 is 525 basis points.
    try:
        return money.parse(percent, money.EUR)
    except ValueError as error:
        raise errors.PledgeInvalid(
            f"This share is not valid: {error}.", path=("percent",)
        ) from None


def _named(refusal: errors.PledgeInvalid) -> errors.PledgeInvalid:
    """The refusal at the field as it is named here."""
    names = {"share_bps": "percent", "multiple": "round_up_to"}
    path = [names.get(step, step) for step in refusal.path]
    return errors.PledgeInvalid(refusal.message, path=path, **refusal.data)
