"""What the operator does with the directory of charities, and with their agreements.

Every act is in the audit log with who did it and why, and in the charity's own steps.
"""

import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import strawberry

from api.graphql import charities, context, permissions, profiles, refusals, scalars, shapes, staff
from wallet import errors, programme
from wallet.charities import agreements, directory
from wallet.rules import charities as rules


@strawberry.type(description="Outcome of a step of a charity.")
class CharityPayload:
    """The charity as it stands after it."""

    charity: charities.Charity | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type(description="Outcome of putting an agreement on record.")
class CharityAgreementPayload:
    """It is never changed."""

    agreement: charities.CharityAgreement | None = strawberry.field(
        default=None, description="The agreement; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="Who a charity is.")
class CharitySaveInput:
    """With another name or registration a verified charity has to be verified again."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    charity_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which charity is corrected; null to propose a new one."
    )
    name: str = strawberry.field(description="Its name.")
    about: str = strawberry.field(description="What it does, in words.")
    category: charities.CharityCategory = strawberry.field(description="What it works for.")
    country: str = strawberry.field(description="Where it is registered: ISO 3166-1, two letters.")
    registrar: str = strawberry.field(description="Who keeps the register that it is in.")
    registration: str = strawberry.field(description="Its number there.")
    website: str = strawberry.field(description="Its own address, with https.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A charity of which somebody has made sure.")
class CharityVerifyInput:
    """It receives from then on."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    charity_id: strawberry.ID = strawberry.field(description="Which charity.")
    evidence: str = strawberry.field(description="What was looked at, and where.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A charity that is to receive nothing new.")
class CharityStepInput:
    """What is due stays due."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    charity_id: strawberry.ID = strawberry.field(description="Which charity.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="What the public is told, in the words of one language.")
class CharityStatementInput:
    """English is always among them."""

    language: profiles.Language = strawberry.field(description="The language, each once.")
    text: str = strawberry.field(description="The words, at most 500 characters.")


@strawberry.input(description="What who pays for gifts has agreed with a charity in writing.")
class CharityAgreementRecordInput:
    """A campaign that gives to the charity starts only with one."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    charity_id: strawberry.ID = strawberry.field(description="With which charity.")
    merchant_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which merchant pays; null for the operator."
    )
    reference: str = strawberry.field(description="The contract's own number.")
    statements: list[CharityStatementInput] = strawberry.field(
        description="How much goes to the charity, as the public is told."
    )
    valid_from: scalars.DateTime = strawberry.field(description="From when it holds.")
    valid_until: scalars.DateTime | None = strawberry.field(
        default=None, description="The first instant at which it no longer holds; null for no end."
    )
    reason: str = strawberry.field(description=staff.REASON)


Step = Annotated[CharityStepInput, strawberry.argument(name="input", description="Which, and why.")]


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root(
        "Mutation.charitySave",
        "Propose a charity, or correct what is known of one; it receives when it is verified.",
    )
    @refusals.answered(CharityPayload)
    async def charity_save(
        self,
        info: context.Info,
        told: Annotated[
            CharitySaveInput, strawberry.argument(name="input", description="Who it is.")
        ],
    ) -> CharityPayload | None:
        """Logged as charity.save."""
        changed = await directory.save(
            info.context.db,
            request_id=context.request(info, "charitySave", told.idempotency_key),
            charity_id=None if told.charity_id is None else _key(told.charity_id),
            facts=rules.Facts(
                name=told.name,
                about=told.about,
                category=shapes.value(told.category),
                country=told.country,
                registrar=told.registrar,
                registration=told.registration,
                website=told.website,
            ),
            reason=told.reason,
            actor=context.actor(info),
        )
        return CharityPayload(charity=charities.show(changed.charity), replayed=changed.replayed)

    @permissions.root(
        "Mutation.charityVerify", "Say that a charity is who it says, and what was looked at."
    )
    @refusals.answered(CharityPayload)
    async def charity_verify(
        self,
        info: context.Info,
        told: Annotated[
            CharityVerifyInput, strawberry.argument(name="input", description="Which, and why.")
        ],
    ) -> CharityPayload | None:
        """Logged as charity.verify."""
        return await _step(info, "charityVerify", directory.verify, told, evidence=told.evidence)

    @permissions.root(
        "Mutation.charitySuspend",
        "Let a charity receive nothing new until it is verified again; what is due stays due.",
    )
    @refusals.answered(CharityPayload)
    async def charity_suspend(self, info: context.Info, told: Step) -> CharityPayload | None:
        """Logged as charity.suspend."""
        return await _step(info, "charitySuspend", directory.suspend, told)

    @permissions.root(
        "Mutation.charityClose",
        "Let a charity receive nothing new any more; what is due stays due.",
    )
    @refusals.answered(CharityPayload)
    async def charity_close(self, info: context.Info, told: Step) -> CharityPayload | None:
        """Logged as charity.close."""
        return await _step(info, "charityClose", directory.close, told)

    @permissions.root(
        "Mutation.charityAgreementRecord",
        "Put on record what a merchant, or the operator, has agreed with a charity in writing.",
    )
    @refusals.answered(CharityAgreementPayload)
    async def charity_agreement_record(
        self,
        info: context.Info,
        told: Annotated[
            CharityAgreementRecordInput,
            strawberry.argument(name="input", description="The agreement."),
        ],
    ) -> CharityAgreementPayload | None:
        """Logged as charity.agree."""
        db = info.context.db
        recorded = await agreements.record(
            db,
            agreement_id=context.request(info, "charityAgreementRecord", told.idempotency_key),
            charity_id=_key(told.charity_id),
            funder_id=(await programme.of(db)).operator_id
            if told.merchant_id is None
            else shapes.key("mer", told.merchant_id, path=("merchant_id",)),
            reference=told.reference,
            statement=_statement(told.statements),
            valid_from=told.valid_from,
            valid_until=told.valid_until,
            reason=told.reason,
            actor=context.actor(info),
        )
        return CharityAgreementPayload(
            agreement=charities.show_agreement(recorded.agreement), replayed=recorded.replayed
        )


async def _step(
    info: context.Info,
    name: str,
    verb: Callable[..., Awaitable[directory.Changed]],
    told: CharityStepInput | CharityVerifyInput,
    **more: Any,
) -> CharityPayload:
    changed = await verb(
        info.context.db,
        request_id=context.request(info, name, told.idempotency_key),
        charity_id=_key(told.charity_id),
        reason=told.reason,
        actor=context.actor(info),
        **more,
    )
    return CharityPayload(charity=charities.show(changed.charity), replayed=changed.replayed)


def _key(text: str) -> uuid.UUID:
    return shapes.key("cha", text, path=("charity_id",))


def _statement(told: list[CharityStatementInput]) -> dict[rules.Language, str]:
    found: dict[rules.Language, str] = {}
    for place, one in enumerate(told):
        language: rules.Language = shapes.value(one.language)
        if language in found:
            raise errors.TextInvalid(
                "This language was there before. Say it once.",
                path=("statements", str(place), "language"),
            )
        found[language] = one.text
    return found
