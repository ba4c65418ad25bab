"""Terms in words as GraphQL: a wording in one language, and whether the member has accepted it."""

import datetime
import uuid
from collections.abc import Sequence
from typing import Final

import strawberry

from api.graphql import context, profiles, scalars, shapes, wording
from wallet import errors, ids
from wallet.campaigns import consents, live, terms
from wallet.rules import text
from wallet.rules.campaigns import drafts

DRAFTS: Final = "campaigns:read"
"""The scope of whoever may read the words of a draft too."""


@strawberry.type(description="Terms in the words of one language; other words are other terms.")
class TermsDocument(shapes.Node):
    """What was published is public, and so are its terms."""

    language: str = strawberry.field(description="Its language, such as `en`.")
    text: str = strawberry.field(description="The words.")
    digest: str = strawberry.field(description="SHA-256 of the words, in hex.")
    needs_acceptance: bool = strawberry.field(
        description="True if members are asked to accept it, in whichever language."
    )
    key: strawberry.Private[uuid.UUID]

    @shapes.resolved("accepted", "Whether the member who asks has accepted it; null for others.")
    async def accepted(self, info: context.Info) -> bool | None:
        """Read by the loader, so a list of terms asks once."""
        found = await _acceptances(info)
        return None if found is None else self.key in found

    @shapes.resolved("acceptedAt", "When the member who asks accepted it; null if not.")
    async def accepted_at(self, info: context.Info) -> scalars.DateTime | None:
        """As `accepted`."""
        return scalars.instant((await _acceptances(info) or {}).get(self.key))


@strawberry.input(description="Terms in the words of one language.")
class TermsTextInput:
    """English is always among them."""

    language: profiles.Language = strawberry.field(description="The language, each once.")
    text: str = strawberry.field(description="The words, at most 20,000 characters.")


def show(document: terms.Document) -> TermsDocument:
    """Return a document as GraphQL."""
    return TermsDocument(
        id=strawberry.ID(ids.show("doc", document.document_id)),
        language=document.language,
        text=document.text,
        digest=document.digest.hex(),
        needs_acceptance=document.acceptance,
        key=document.document_id,
    )


def best(documents: Sequence[terms.Document]) -> TermsDocument:
    """Return the document in the language of the request, or in English, which is always there."""
    by_language = {one.language: one for one in documents}
    return show(by_language.get(wording.language()) or by_language[terms.SOURCE])


def best_or_none(documents: Sequence[terms.Document]) -> TermsDocument | None:
    """As `best`; null where there are no terms."""
    return best(documents) if documents else None


def texts(told: Sequence[TermsTextInput]) -> dict[str, str]:
    """Return what was told by language; raises TEXT_INVALID at the place in the list."""
    found: dict[str, str] = {}
    for place, one in enumerate(told):
        language: str = shapes.value(one.language)
        if language in found:
            raise errors.TextInvalid(
                "This language was there before. Say it once.",
                path=("texts", str(place), "language"),
            )
        path = ("texts", str(place), "text")
        text.check(one.text, *path, chars_max=drafts.TEXT_CHARS_MAX)
        found[language] = one.text
    terms.check(found)
    return found


async def node(info: context.Info, document_id: uuid.UUID) -> TermsDocument | None:
    """Return a document to everybody once it was published, also when others are in force now."""
    found = await terms.find(info.context.db, document_id)
    moment = await live.moment(info.context.db)
    seen = DRAFTS in info.context.scopes or consents.is_public(moment.book, found)
    return show(found) if seen else None


async def _acceptances(info: context.Info) -> dict[uuid.UUID, datetime.datetime] | None:
    principal = info.context.principal
    if principal.kind != "member":
        return None
    return await info.context.loaders.accepted_terms.load(principal.principal_id)
