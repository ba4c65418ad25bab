"""The terms of the programme for everybody, and how the operator publishes them and a contract's.

One scope is enough for both: whoever may publish a contract may also say it in words.
"""

from typing import Annotated

import strawberry

from api.graphql import (
    agreements,
    context,
    cost,
    failures,
    permissions,
    refusals,
    scalars,
    shapes,
    staff,
)
from wallet import programme
from wallet.campaigns import terms


@strawberry.type(description="Outcome of publishing terms.")
class TermsPublishPayload:
    """A document never changes once it is published."""

    documents: list[agreements.TermsDocument] = strawberry.field(
        default_factory=list,
        description="What was published, by language; empty if refused.",
        directives=[cost.ListSize(assumed_size=3)],
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="The terms of the programme, or of a contract version, in words.")
class TermsPublishInput:
    """They are in force at once, and what was published before stays readable."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    programme: bool = strawberry.field(
        default=False, description="True for the terms of the programme itself."
    )
    contract_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which contract version they belong to, if not the programme."
    )
    texts: list[agreements.TermsTextInput] = strawberry.field(
        description="The words by language; English is always among them."
    )
    acceptance: bool = strawberry.field(
        default=False, description="True if members are asked to accept them."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.type
class Query:
    """Root fields for everybody."""

    @permissions.root(
        "Query.programmeTerms",
        "The terms of the programme, in the language of the request where they have it; null if"
        " there are none.",
    )
    async def programme_terms(self, info: context.Info) -> agreements.TermsDocument | None:
        """One round trip."""
        operator_id = (await programme.of(info.context.db)).operator_id
        found = await terms.in_force(info.context.db, "programme", [operator_id], None)
        return agreements.best_or_none(found[operator_id])


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root(
        "Mutation.termsPublish",
        "Publish the terms of the programme, or of a contract version, in words.",
    )
    @refusals.answered(TermsPublishPayload)
    async def terms_publish(
        self,
        info: context.Info,
        told: Annotated[
            TermsPublishInput, strawberry.argument(name="input", description="The terms.")
        ],
    ) -> TermsPublishPayload | None:
        """Logged as terms.publish."""
        if told.programme == (told.contract_id is not None):
            raise failures.Failure(
                "BAD_USER_INPUT", "Name either `contractId`, or the programme by `programme: true`."
            )
        kind: terms.Kind = "programme"
        subject_id = (await programme.of(info.context.db)).operator_id
        if told.contract_id is not None:
            kind, path = "contract", ("contract_id",)
            subject_id = shapes.key("con", told.contract_id, path=path)
        published = await terms.publish(
            info.context.db,
            request_id=context.request(info, "termsPublish", told.idempotency_key),
            subject_kind=kind,
            subject_id=subject_id,
            texts=agreements.texts(told.texts),
            acceptance=told.acceptance,
            reason=told.reason,
            actor=context.actor(info),
        )
        return TermsPublishPayload(
            documents=[agreements.show(one) for one in published.documents],
            replayed=published.replayed,
        )
