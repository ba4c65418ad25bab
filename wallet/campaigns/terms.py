"""Terms in words: which documents a campaign's wordings are, and what members have accepted.

A document's id follows from its subject, language, words and whether they need acceptance. A new
version with the same words is the same document, so what was accepted stays accepted; a new
wording is another document, and an acceptance of the old one is none of it.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from wallet import errors, ids
from wallet.database import Database
from wallet.rules.campaigns.definition import Definition

ACCEPTED_MAX: Final = 10_000
"""Documents of one member: a lifetime of campaigns, and still one short read."""

_SELECT: Final = (
    "select document_id, subject_kind, subject_id, language, text, digest, acceptance, published_at"
    " from coalition.terms_document"
)


@dataclass(frozen=True, slots=True)
class Document:
    """One wording in one language; `digest` is the SHA-256 of its text."""

    document_id: UUID
    language: str
    text: str
    digest: bytes
    acceptance: bool


def documents(campaign_id: UUID, definition: Definition) -> list[Document]:
    """The documents of a version, by language."""
    return [
        _document(campaign_id, language, words, definition.terms.acceptance)
        for language, words in sorted(definition.terms.text.items())
    ]


def bind(campaign_id: UUID, definition: Definition, accepted: frozenset[UUID]) -> bool:
    """True if the terms need no acceptance, or the member accepted them in some language."""
    return not definition.terms.acceptance or any(
        one.document_id in accepted for one in documents(campaign_id, definition)
    )


async def accept(db: Database, *, member_id: UUID, document_id: UUID) -> bool:
    """Accept a document; True if it had been accepted before. NOT_FOUND for no document."""
    row = await db.fetchrow(
        "with named as (select document_id from coalition.terms_document where document_id = $1),"
        " made as (insert into coalition.terms_acceptance (document_id, member_id)"
        " select document_id, $2 from named on conflict do nothing returning 1)"
        " select (select count(*) from named) as named, (select count(*) from made) as made",
        document_id,
        member_id,
    )
    assert row is not None
    if not row["named"]:
        raise errors.NotFound(path=("document_id",))
    return not row["made"]


async def accepted(db: Database, member_id: UUID) -> frozenset[UUID]:
    """The documents that a member has accepted."""
    rows = await db.fetch(
        "select document_id from coalition.terms_acceptance where member_id = $1"
        " order by accepted_at desc limit $2",
        member_id,
        ACCEPTED_MAX,
    )
    return frozenset(row["document_id"] for row in rows)


async def find(db: Database, document_id: UUID) -> Document:
    """The document with this id, or NOT_FOUND."""
    row: Any = await db.fetchrow(f"{_SELECT} where document_id = $1", document_id)
    if row is None:
        raise errors.NotFound()
    names = ("document_id", "language", "text", "digest", "acceptance")
    return Document(**{name: row[name] for name in names})


def _document(subject_id: UUID, language: str, words: str, acceptance: bool) -> Document:
    digest = hashlib.sha256(words.encode()).digest()
    step = f"terms/{language}/{int(acceptance)}/{digest.hex()}"
    return Document(ids.derived(subject_id, step), language, words, digest, acceptance)
