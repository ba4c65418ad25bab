"""What the operator does with the directory of partners, and with their secrets.

Every act is in the audit log with who did it and why; a secret is in no answer and in no log.
"""

import uuid
from typing import Annotated

import strawberry

from api.graphql import context, partners, permissions, refusals, scalars, shapes, staff
from partners import credentials, directory


@strawberry.type(description="Outcome of an act about a partner.")
class PartnerPayload:
    """The partner as it stands after it."""

    partner: partners.Partner | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=staff.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="One kind that a partner gives for value.")
class PartnerOfferInput:
    """Amounts are in the partner's currency."""

    kind: partners.PartnerOfferKind = strawberry.field(description="What a member gets.")
    minimum: scalars.Decimal = strawberry.field(description="The smallest amount.")
    maximum: scalars.Decimal = strawberry.field(description="The largest amount.")
    step: scalars.Decimal | None = strawberry.field(
        default=None, description="By how much amounts differ; null for the smallest unit."
    )


@strawberry.input(description="A new partner.")
class PartnerRegisterInput:
    """Its adapter, merchant, short name and currency stay as they are."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    merchant_id: strawberry.ID = strawberry.field(description="Whose shop it is.")
    slug: str = strawberry.field(description="Short name: lower-case letters, digits, hyphens.")
    name: str = strawberry.field(description="Shown name.")
    adapter: str = strawberry.field(description="Which adapter reaches it; see `adapters`.")
    config: scalars.Json = strawberry.field(description="What the adapter is told; no secret.")
    currency: scalars.CurrencyCode = strawberry.field(description="In which currency.")
    offers: list[PartnerOfferInput] = strawberry.field(
        description="What can be redeemed there, one offer of each kind."
    )
    territories: list[str] = strawberry.field(
        default_factory=list, description="For members of these countries; none: for all."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="What may change of a partner, said anew as a whole.")
class PartnerChangeInput:
    """Repeating it changes nothing, so it needs no key."""

    partner_id: strawberry.ID = strawberry.field(description="Which partner.")
    name: str = strawberry.field(description="Shown name.")
    config: scalars.Json = strawberry.field(description="What the adapter is told; no secret.")
    offers: list[PartnerOfferInput] = strawberry.field(
        description="What can be redeemed there, one offer of each kind."
    )
    territories: list[str] = strawberry.field(
        default_factory=list, description="For members of these countries; none: for all."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A change of whether a partner takes orders.")
class PartnerStatusInput:
    """Repeating it changes nothing, so it needs no key."""

    partner_id: strawberry.ID = strawberry.field(description="Which partner.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A secret of a partner, used from now on.")
class PartnerSecretSetInput:
    """Send it as a variable, never in the text of a document: texts are kept."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    partner_id: strawberry.ID = strawberry.field(description="Whose.")
    name: partners.PartnerSecretName = strawberry.field(description="What it is for.")
    secret: str = strawberry.field(description="The secret; it is never shown again.")
    keep_old: bool = strawberry.field(
        default=True, description="The one before it stays beside it, until it is dropped."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="The older of two secrets of a partner, to be forgotten.")
class PartnerSecretDropInput:
    """Repeating it changes nothing, so it needs no key."""

    partner_id: strawberry.ID = strawberry.field(description="Whose.")
    name: partners.PartnerSecretName = strawberry.field(description="What it is for.")
    reason: str = strawberry.field(description=staff.REASON)


Step = Annotated[
    PartnerStatusInput, strawberry.argument(name="input", description="Which, and why.")
]


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root("Mutation.partnerRegister", "Register a shop where members redeem.")
    @refusals.answered(PartnerPayload)
    async def partner_register(
        self,
        info: context.Info,
        told: Annotated[
            PartnerRegisterInput, strawberry.argument(name="input", description="The partner.")
        ],
    ) -> PartnerPayload | None:
        """Logged as partner.register."""
        asset = shapes.asset(told.currency, path=("currency",))
        registered = await directory.register(
            info.context.db,
            info.context.adapters,
            partner_id=context.request(info, "partnerRegister", told.idempotency_key),
            merchant_id=shapes.key("mer", told.merchant_id, path=("merchant_id",)),
            slug=told.slug,
            adapter=told.adapter,
            asset=asset,
            facts=directory.Facts(
                name=told.name,
                config=partners.config(told.config),
                offers=partners.offers(told.offers, asset, "offers"),
                territories=tuple(told.territories),
            ),
            reason=told.reason,
            actor=context.actor(info),
        )
        shown = partners.show(info, registered.partner)
        return PartnerPayload(partner=shown, replayed=registered.replayed)

    @permissions.root(
        "Mutation.partnerChange", "Say anew what a partner is called, how it is reached, and gives."
    )
    @refusals.answered(PartnerPayload)
    async def partner_change(
        self,
        info: context.Info,
        told: Annotated[
            PartnerChangeInput,
            strawberry.argument(name="input", description="What holds now."),
        ],
    ) -> PartnerPayload | None:
        """Logged as partner.change, if it changes something."""
        db, partner_id = info.context.db, _key(told.partner_id)
        before = await directory.find(db, partner_id)
        changed = await directory.change(
            db,
            info.context.adapters,
            partner_id=partner_id,
            facts=directory.Facts(
                name=told.name,
                config=partners.config(told.config),
                offers=partners.offers(told.offers, before.asset, "offers"),
                territories=tuple(told.territories),
            ),
            reason=told.reason,
            actor=context.actor(info),
        )
        return PartnerPayload(partner=partners.show(info, changed))

    @permissions.root(
        "Mutation.partnerSuspend", "Let a partner take no new order; those under way are ended."
    )
    @refusals.answered(PartnerPayload)
    async def partner_suspend(self, info: context.Info, told: Step) -> PartnerPayload | None:
        """Logged as partner.suspended."""
        return await _set(info, told, "suspended")

    @permissions.root("Mutation.partnerReinstate", "Let a suspended partner take orders again.")
    @refusals.answered(PartnerPayload)
    async def partner_reinstate(self, info: context.Info, told: Step) -> PartnerPayload | None:
        """Logged as partner.active."""
        return await _set(info, told, "active")

    @permissions.root(
        "Mutation.partnerSecretSet", "Set a secret of a partner; it is sealed, and never shown."
    )
    @refusals.answered(PartnerPayload)
    async def partner_secret_set(
        self,
        info: context.Info,
        told: Annotated[
            PartnerSecretSetInput, strawberry.argument(name="input", description="The secret.")
        ],
    ) -> PartnerPayload | None:
        """Logged as partner.secret.set."""
        partner_id = _key(told.partner_id)
        replayed = await credentials.set_secret(
            info.context.db,
            info.context.vault,
            secret_id=context.request(info, "partnerSecretSet", told.idempotency_key),
            partner_id=partner_id,
            name=shapes.value(told.name),
            secret=told.secret,
            keep_old=told.keep_old,
            reason=told.reason,
            actor=context.actor(info),
        )
        return await _payload(info, partner_id, replayed=replayed)

    @permissions.root(
        "Mutation.partnerSecretDrop", "Forget the older of two secrets: the partner knows the new."
    )
    @refusals.answered(PartnerPayload)
    async def partner_secret_drop(
        self,
        info: context.Info,
        told: Annotated[
            PartnerSecretDropInput, strawberry.argument(name="input", description="Which, and why.")
        ],
    ) -> PartnerPayload | None:
        """Logged as partner.secret.drop."""
        partner_id = _key(told.partner_id)
        await credentials.drop_old(
            info.context.db,
            partner_id=partner_id,
            name=shapes.value(told.name),
            reason=told.reason,
            actor=context.actor(info),
        )
        return await _payload(info, partner_id)


async def _set(
    info: context.Info, told: PartnerStatusInput, status: directory.Status
) -> PartnerPayload:
    changed = await directory.set_status(
        info.context.db,
        _key(told.partner_id),
        status=status,
        reason=told.reason,
        actor=context.actor(info),
    )
    return PartnerPayload(partner=partners.show(info, changed))


async def _payload(
    info: context.Info, partner_id: uuid.UUID, *, replayed: bool = False
) -> PartnerPayload:
    found = await directory.find(info.context.db, partner_id)
    return PartnerPayload(partner=partners.show(info, found), replayed=replayed)


def _key(text: str) -> uuid.UUID:
    return shapes.key("par", text, path=("partner_id",))
