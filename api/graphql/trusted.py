"""Trusted documents: the documents that the operator has registered, sent by their hash.

What a members' app may ask is decided when the app is built, not when a request comes in. A
document is looked up in the database the first time that a process sees its hash, then kept for a
minute: the usual request makes no look-up, and a retired document stops within that minute. An
unknown hash is never stored; that it is unknown is remembered for seconds only, so that asking for
it again and again does not reach the database.
"""

import collections
import dataclasses
import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Generic, TypeVar, cast

import orjson

from api.graphql import cost, documents, selections, shapes
from wallet import database

Value = TypeVar("Value")

ANY_COST: Final = 2**63  # when it is not the cost that is in question
KNOWN_MAX: Final = 1_024  # documents in use at one time, of all versions of all apps
KNOWN_SECONDS: Final = 60.0
UNKNOWN_MAX: Final = 1_024
UNKNOWN_SECONDS: Final = 5.0  # after that, a document just registered is found everywhere

_FIND: Final = """
    select body from identity.trusted_document where document_hash = $1 and retired_at is null
"""
_ALL: Final = """
    select encode(document_hash, 'hex') as digest, body, name, kind, app, registered_at
    from identity.trusted_document where retired_at is null order by app, name, document_hash
"""
_REGISTER: Final = """
    insert into identity.trusted_document as d
        (document_hash, body, name, kind, description, scopes, app)
    select decode(digest, 'hex'), body, name, kind, description, scopes, $2
    from jsonb_to_recordset($1::jsonb)
        as (digest text, body text, name text, kind text, description text, scopes text[])
    on conflict (document_hash) do update
        set app = excluded.app, retired_at = null,
            registered_at = case when d.retired_at is null then d.registered_at
                                 else excluded.registered_at end
"""
_RETIRE: Final = """
    update identity.trusted_document set retired_at = clock_timestamp()
    where document_hash = $1 and retired_at is null returning name
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """A document that may be registered, and what was computed from it."""

    digest: str
    body: str
    name: str
    kind: str
    description: str
    scopes: tuple[str, ...]
    cost: int
    """With the variables' defaults."""
    cost_most: int
    """With every list as long as it may be."""


@dataclasses.dataclass(frozen=True, slots=True)
class Registered:
    """A document as it stands in the database."""

    digest: str
    body: str
    name: str
    kind: str
    app: str
    registered_at: datetime.datetime


class Unfit(Exception):
    """The document cannot be a trusted one; the text says why."""


class Trusted:
    """The trusted documents that a process has seen lately."""

    def __init__(
        self,
        db: database.Database,
        seen: documents.Documents,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._seen = seen
        self._now = now
        # Two stores, so that a flood of unknown hashes does not push out what is in use.
        self._known: _Kept[documents.Prepared | documents.Refused] = _Kept(KNOWN_MAX)
        self._unknown: _Kept[None] = _Kept(UNKNOWN_MAX)

    @property
    def sizes(self) -> tuple[int, int]:
        """How many hashes are remembered: known ones, unknown ones."""
        return len(self._known), len(self._unknown)

    async def find(self, digest: str) -> documents.Prepared | documents.Refused | None:
        """Return the document of a hash, or None if none is registered under it.

        It is Refused if it no longer fits the schema.
        """
        now = self._now()
        known = self._known.get(digest, now) or self._unknown.get(digest, now)
        if known is not None:
            return known[0]
        body = await self._db.fetchval(_FIND, bytes.fromhex(digest))
        if body is None:
            self._unknown.keep(digest, None, until=now + UNKNOWN_SECONDS)
            return None
        verdict = self._seen.prepare(body, introspection=False)
        self._known.keep(digest, verdict, until=now + KNOWN_SECONDS)
        return verdict


def fit(seen: documents.Documents, body: str, *, cost_max: int) -> Document:
    """Return a document with what is known of it. Raises Unfit."""
    verdict = seen.prepare(body, introspection=False)
    if isinstance(verdict, documents.Refused):
        raise Unfit(" ".join(str(error["message"]) for error in verdict.errors))
    if len(verdict.operations) != 1:
        raise Unfit("A trusted document holds one operation.")
    ((name, operation),) = verdict.operations.items()
    if not name:
        raise Unfit("The operation of a trusted document has a name.")
    usual = cost.evaluated(operation.cost, {})
    if usual > cost_max:
        raise Unfit(f"It costs {usual} points; a request may cost {cost_max}.")
    (node,) = selections.operations(verdict.node)
    return Document(
        digest=verdict.digest,
        body=body,
        name=name,
        kind=operation.kind.value,
        description=node.description.value if node.description else "",
        scopes=tuple(sorted(operation.scopes)),
        cost=usual,
        cost_most=cost.evaluated(operation.cost, _Longest()),
    )


async def register(db: database.Database, fitting: Sequence[Document], *, app: str) -> None:
    """Store documents, all or none. Repeating it is harmless; a retired one is taken back."""
    rows = [dataclasses.asdict(one) for one in fitting]
    await db.execute(_REGISTER, orjson.dumps(rows).decode(), app)


async def registered(db: database.Database) -> list[Registered]:
    """Return what is registered and not retired, by app and name."""
    return [Registered(**dict(row)) for row in await db.fetch(_ALL)]


async def retire(db: database.Database, digest: str) -> str | None:
    """Withdraw a document; return its name, or None if it was not registered."""
    name: str | None = await db.fetchval(_RETIRE, bytes.fromhex(digest))
    return name


class _Longest(Mapping[str, int]):
    """Variables that ask for as much as a list gives, whatever they are called."""

    def __getitem__(self, _name: str) -> int:
        return shapes.FIRST_MAX

    def __contains__(self, _name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Kept(Generic[Value]):
    """Values for a time, and never more than a number of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: collections.OrderedDict[str, tuple[float, Value]] = collections.OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str, now: float) -> tuple[Value] | None:
        """Return what is kept under a name, in a tuple, because what is kept may be None."""
        until, value = self._values.get(name, (now, None))
        return (cast("Value", value),) if now < until else None

    def keep(self, name: str, value: Value, *, until: float) -> None:
        """Keep a value; the one that was kept longest makes room."""
        self._values[name] = (until, value)
        self._values.move_to_end(name)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
