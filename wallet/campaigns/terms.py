"""Terms in words: the documents of the programme, of contracts and of campaigns, and who agreed.

A document's id follows from its subject, language, words and whether they need acceptance. The
same words are the same document, so what was accepted stays accepted; a new wording is another
document, and an acceptance of the old one is none of it. A campaign's words are part of its
version; for the programme and for a contract version a set of them is published, and the newest
set is in force. Earlier documents stay where they are, to be read by their ids.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from wallet import audit, errors, ids, programme, sql
from wallet.campaigns import profiles
from wallet.database import Database
from wallet.rules import text
from wallet.rules.campaigns import drafts
from wallet.rules.campaigns.definition import Definition

ACCEPTED_MAX: Final = 10_000
"""Documents of one member: a lifetime of campaigns, and still one short read."""
SOURCE: Final = "en"
"""The language that all terms are there in, for whoever reads none of the others."""

Kind: TypeAlias = Literal["programme", "contract"]
"""What a set of terms is published for; the words of a campaign come with its version."""

_SELECT: Final = (
    "select document_id, subject_kind, subject_id, language, text, digest, acceptance"
    " from coalition.terms_document"
)


@dataclass(frozen=True, slots=True)
class Document:
    """One wording in one language; `digest` is the SHA-256 of its text."""

    document_id: UUID
    subject_kind: str
    subject_id: UUID
    language: str
    text: str
    digest: bytes
    acceptance: bool


@dataclass(frozen=True, slots=True)
class Published:
    """The set of an act, by language; `replayed` if this id had been published before."""

    documents: tuple[Document, ...]
    replayed: bool


def documents(campaign_id: UUID, definition: Definition) -> list[Document]:
    """The documents of a campaign's version, by language."""
    said = definition.terms
    return list(_documents("campaign", campaign_id, said.text, said.acceptance))


def bind(campaign_id: UUID, definition: Definition, accepted: Collection[UUID]) -> bool:
    """True if the terms need no acceptance, or the member accepted them in some language."""
    return not definition.terms.acceptance or any(
        one.document_id in accepted for one in documents(campaign_id, definition)
    )


def check(texts: Mapping[str, str]) -> None:
    """Refuse a set that can not be published: TEXT_INVALID at the language below `texts`."""
    if SOURCE not in texts:
        raise errors.TextInvalid("Terms are there in English too. Add it.", path=("texts",))
    for language, words in texts.items():
        if language not in profiles.LANGUAGES:
            raise errors.TextInvalid(
                f"A language is one of {', '.join(profiles.LANGUAGES)}. Correct it.",
                path=("texts",),
            )
        text.check(words, "texts", language, chars_max=drafts.TEXT_CHARS_MAX)


async def publish(
    db: Database,
    *,
    request_id: UUID,
    subject_kind: Kind,
    subject_id: UUID,
    texts: Mapping[str, str],
    acceptance: bool,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Published:
    """Publish the terms of the programme (its operator's id) or of a contract version, by language.

    They are in force at once. NOT_FOUND for no such contract version; the same request with other
    contents is refused.
    """
    audit.check_reason(reason)
    check(texts)
    house = await programme.of(db)
    assert subject_kind != "programme" or subject_id == house.operator_id, "another programme"
    written = _documents(subject_kind, subject_id, texts, acceptance)
    document_ids = [one.document_id for one in written]
    created = await db.fetchval(
        sql.load("queries/terms_publish"),
        request_id,
        subject_kind,
        subject_id,
        document_ids,
        reason,
        actor.actor_id or house.operator_id,
        now,
        acceptance,
        [one.language for one in written],
        [one.text for one in written],
    )
    row = await db.fetchrow(
        "select subject_kind, subject_id, document_ids, reason, published_at"
        " from coalition.terms_publication where request_id = $1",
        request_id,
    )
    if row is None:
        raise errors.NotFound(path=("contract_id",))
    *known, published_at = row
    if known != [subject_kind, subject_id, document_ids, reason]:
        raise errors.IdempotencyKeyReused(first_used_at=published_at)
    await audit.write(
        db,
        actor=actor,
        act="terms.publish",
        subject=subject_id,
        reason=reason,
        detail={"of": subject_kind, "documents": [ids.show("doc", one) for one in document_ids]},
        once=request_id,
    )
    return Published(written, replayed=not created)


async def was_published(db: Database, request_id: UUID) -> bool:
    """True if this request published a set."""
    found: bool = await db.fetchval(
        "select exists (select 1 from coalition.terms_publication where request_id = $1)",
        request_id,
    )
    return found


async def in_force(
    db: Database,
    subject_kind: Literal["programme", "contract", "merchant"],
    subject_ids: Sequence[UUID],
    at: datetime | None,
) -> dict[UUID, tuple[Document, ...]]:
    """The newest set of each subject at an instant (None: now), by language; empty without one.

    A merchant's are those of its contract version in force then.
    """
    rows = await db.fetch(sql.load("queries/terms_in_force"), subject_kind, list(subject_ids), at)
    found: dict[UUID, tuple[Document, ...]] = dict.fromkeys(subject_ids, ())
    for row in rows:
        facts = dict(row)
        key = facts.pop("key")
        found[key] = (*found[key], Document(**facts))
    return found


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


async def acceptances(db: Database, member_id: UUID) -> dict[UUID, datetime]:
    """The documents that a member has accepted, and when."""
    rows = await db.fetch(
        "select document_id, accepted_at from coalition.terms_acceptance where member_id = $1"
        " order by accepted_at desc limit $2",
        member_id,
        ACCEPTED_MAX,
    )
    return {row["document_id"]: row["accepted_at"] for row in rows}


async def accepted(db: Database, member_id: UUID) -> frozenset[UUID]:
    """The documents that a member has accepted."""
    return frozenset(await acceptances(db, member_id))


async def find(db: Database, document_id: UUID) -> Document:
    """The document with this id, or NOT_FOUND."""
    row: Any = await db.fetchrow(f"{_SELECT} where document_id = $1", document_id)
    if row is None:
        raise errors.NotFound()
    return Document(**dict(row))


def _documents(
    subject_kind: str, subject_id: UUID, texts: Mapping[Any, str], acceptance: bool
) -> tuple[Document, ...]:
    found = []
    for language, words in sorted(texts.items()):
        digest = hashlib.sha256(words.encode()).digest()
        step = f"terms/{language}/{int(acceptance)}/{digest.hex()}"
        document_id = ids.derived(subject_id, step)
        found.append(
            Document(document_id, subject_kind, subject_id, language, words, digest, acceptance)
        )
    return tuple(found)
