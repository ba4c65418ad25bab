"""What the operator may do about merchants: register, suspend, add stores, publish contracts.

Every act is in the audit log with who did it.
"""

from typing import Annotated

import strawberry

from api.graphql import (
    agreements,
    context,
    contracts,
    cost,
    merchants,
    permissions,
    refusals,
    reports,
    scalars,
    shapes,
    staff,
)
from wallet import errors, ids
from wallet import merchants as merchant_verbs
from wallet.campaigns import terms


@strawberry.type(description="Outcome of an act about a merchant.")
class MerchantPayload:
    """The merchant as it stands after it."""

    merchant: merchants.Merchant | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=staff.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type(description="Outcome of adding a store.")
class StorePayload:
    """The store as it was added."""

    store: merchants.Store | None = strawberry.field(
        default=None, description="The store; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type(description="Outcome of publishing a contract.")
class ContractPublishPayload:
    """A version never changes once it is published."""

    contract_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the version; null if refused."
    )
    version: int | None = strawberry.field(
        default=None, description="Its number, 1 for the first; null if refused."
    )
    documents: list[agreements.TermsDocument] = strawberry.field(
        default_factory=list,
        description="What it says in words, by language; empty if nothing was told.",
        directives=[cost.ListSize(assumed_size=3)],
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="A new merchant.")
class MerchantRegisterInput:
    """It can earn and redeem once it has a contract."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    slug: str = strawberry.field(description="Short name: lower-case letters, digits, hyphens.")
    name: str = strawberry.field(description="Shown name.")
    industry: str = strawberry.field(description="What it sells.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A change of whether a merchant may report and authorize.")
class MerchantStatusInput:
    """Repeating it changes nothing, so it needs no key."""

    merchant_id: strawberry.ID = strawberry.field(description="Which merchant.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A new store of a merchant.")
class StoreAddInput:
    """A purchase may name it from then on."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    merchant_id: strawberry.ID = strawberry.field(description="Whose store.")
    external_id: str = strawberry.field(description="The merchant's own number for it.")
    name: str = strawberry.field(description="Shown name.")
    channel: reports.PurchaseChannel = strawberry.field(description="How it sells.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="The next version of a merchant's contract.")
class ContractPublishInput:
    """Decisions of earlier versions stay as they were."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    merchant_id: strawberry.ID = strawberry.field(description="Whose contract.")
    valid_from: scalars.DateTime = strawberry.field(description="From when it decides.")
    note: str = strawberry.field(
        description="What changed and why, for the records and the audit log."
    )
    terms: contracts.ContractTermsInput = strawberry.field(description="The terms.")
    texts: list[agreements.TermsTextInput] = strawberry.field(
        default_factory=list,
        description="What it says in words, by language; none, or English among them.",
    )
    acceptance: bool = strawberry.field(
        default=False, description="True if members are asked to accept the words."
    )


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root("Mutation.merchantRegister", "Register a merchant.")
    @refusals.answered(MerchantPayload)
    async def merchant_register(
        self,
        info: context.Info,
        told: Annotated[
            MerchantRegisterInput, strawberry.argument(name="input", description="The merchant.")
        ],
    ) -> MerchantPayload | None:
        """Logged as merchant.register."""
        registered = await merchant_verbs.register(
            info.context.db,
            merchant_id=context.request(info, "merchantRegister", told.idempotency_key),
            slug=told.slug,
            name=told.name,
            industry=told.industry,
            actor=context.actor(info),
            reason=told.reason,
        )
        return MerchantPayload(
            merchant=merchants.show(registered.merchant), replayed=registered.replayed
        )

    @permissions.root(
        "Mutation.merchantSuspend",
        "Stop a merchant from reporting purchases and from authorizing redemptions.",
    )
    @refusals.answered(MerchantPayload)
    async def merchant_suspend(
        self,
        info: context.Info,
        told: Annotated[
            MerchantStatusInput, strawberry.argument(name="input", description="Who, and why.")
        ],
    ) -> MerchantPayload | None:
        """Logged as merchant.suspended."""
        return await _set_status(info, told, merchants.MerchantStatus.SUSPENDED)

    @permissions.root(
        "Mutation.merchantReinstate", "Let a suspended merchant report and authorize again."
    )
    @refusals.answered(MerchantPayload)
    async def merchant_reinstate(
        self,
        info: context.Info,
        told: Annotated[
            MerchantStatusInput, strawberry.argument(name="input", description="Who, and why.")
        ],
    ) -> MerchantPayload | None:
        """Logged as merchant.active."""
        return await _set_status(info, told, merchants.MerchantStatus.ACTIVE)

    @permissions.root("Mutation.storeAdd", "Add a store to a merchant.")
    @refusals.answered(StorePayload)
    async def store_add(
        self,
        info: context.Info,
        told: Annotated[StoreAddInput, strawberry.argument(name="input", description="The store.")],
    ) -> StorePayload | None:
        """Logged as store.add."""
        added = await merchant_verbs.store_add(
            info.context.db,
            store_id=context.request(info, "storeAdd", told.idempotency_key),
            merchant_id=shapes.key("mer", told.merchant_id, path=("merchant_id",)),
            external_id=told.external_id,
            name=told.name,
            channel=shapes.value(told.channel),
            actor=context.actor(info),
            reason=told.reason,
        )
        return StorePayload(store=merchants.show_store(added.store), replayed=added.replayed)

    @permissions.root(
        "Mutation.contractPublish", "Publish the next version of a merchant's contract."
    )
    @refusals.answered(ContractPublishPayload)
    async def contract_publish(
        self,
        info: context.Info,
        told: Annotated[
            ContractPublishInput, strawberry.argument(name="input", description="The version.")
        ],
    ) -> ContractPublishPayload | None:
        """Logged as contract.publish, and its words as terms.publish."""
        texts = agreements.texts(told.texts) if told.texts or told.acceptance else {}
        published = await merchant_verbs.contract_publish(
            info.context.db,
            contract_id=context.request(info, "contractPublish", told.idempotency_key),
            merchant_id=shapes.key("mer", told.merchant_id, path=("merchant_id",)),
            terms=contracts.document(told.terms),
            valid_from=told.valid_from,
            actor=context.actor(info),
            note=told.note,
        )
        return ContractPublishPayload(
            contract_id=strawberry.ID(ids.show("con", published.version.contract_id)),
            version=published.version.version,
            documents=[
                agreements.show(one) for one in await _say(info, told, texts, published.version)
            ],
            replayed=published.replayed,
        )


async def _say(
    info: context.Info,
    told: ContractPublishInput,
    texts: dict[str, str],
    version: merchant_verbs.Version,
) -> tuple[terms.Document, ...]:
    """Publish the words of a version that stands; a repetition adds what a crash left out."""
    request_id = ids.derived(version.contract_id, "terms")
    if texts:
        said = await terms.publish(
            info.context.db,
            request_id=request_id,
            subject_kind="contract",
            subject_id=version.contract_id,
            texts=texts,
            acceptance=told.acceptance,
            reason=told.note,
            actor=context.actor(info),
        )
        return said.documents
    if await terms.was_published(info.context.db, request_id):
        raise errors.IdempotencyKeyReused(first_used_at=version.published_at)
    return ()


async def _set_status(
    info: context.Info, told: MerchantStatusInput, status: merchants.MerchantStatus
) -> MerchantPayload:
    changed = await merchant_verbs.set_status(
        info.context.db,
        shapes.key("mer", told.merchant_id, path=("merchant_id",)),
        status=shapes.value(status),
        reason=told.reason,
        actor=context.actor(info),
    )
    return MerchantPayload(merchant=merchants.show(changed))
