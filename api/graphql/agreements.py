"""Terms in words as GraphQL: a wording in one language, and whether the member has accepted it."""

import uuid
from collections.abc import Sequence

import strawberry

from api.graphql import context, shapes, wording
from wallet import ids
from wallet.campaigns import terms


@strawberry.type(description="Terms in the words of one language; other words are other terms.")
class TermsDocument:
    """What runs is public, and so are its terms."""

    id: strawberry.ID = strawberry.field(description="Opaque and permanent.")
    language: str = strawberry.field(description="Its language, such as `en`.")
    text: str = strawberry.field(description="The words.")
    digest: str = strawberry.field(description="SHA-256 of the words, in hex.")
    key: strawberry.Private[uuid.UUID]

    @shapes.resolved("accepted", "Whether the member who asks has accepted it; null for others.")
    async def accepted(self, info: context.Info) -> bool | None:
        """Read by the loader, so a list of terms asks once."""
        principal = info.context.principal
        if principal.kind != "member":
            return None
        return self.key in await info.context.loaders.accepted_terms.load(principal.principal_id)


def show(document: terms.Document) -> TermsDocument:
    """Return a document as GraphQL."""
    return TermsDocument(
        id=strawberry.ID(ids.show("doc", document.document_id)),
        language=document.language,
        text=document.text,
        digest=document.digest.hex(),
        key=document.document_id,
    )


def best(documents: Sequence[terms.Document]) -> TermsDocument:
    """Return the document in the language of the request, or in English, which is always there."""
    by_language = {one.language: one for one in documents}
    return show(by_language.get(wording.language()) or by_language["en"])
