"""Opening a partner: its adapter, with a client that reaches its hosts and speaks for one account.

The client of a partner stays open for the next order, for as long as the partner is as it was; one
that speaks for a linked account is closed after its use, so that no token waits in memory. What an
adapter answers is looked at once more on its way out (`Spoken`): whatever somebody's code does, the
saga gets one of the four values.
"""

import asyncio
import contextlib
import traceback
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

import httpx2
import structlog

from partners import adapter, credentials, directory, http, registry, shelf, vault
from partners.adapter import Absent, Issued, NotSent, Receipt, Refused, Unknown
from wallet import errors, ids
from wallet.database import Database

log: Final = structlog.get_logger("partners.opening")

CLIENTS_MAX: Final = 64
"""Partners whose clients are kept open; beyond that the one that was used longest ago is closed."""
SECONDS_MAX: Final = 45
"""For one question as a whole: an adapter that asks a partner four times has ten seconds each."""
LIST_MAX: Final = 100_000
"""Receipts of one list: a day of the busiest partner."""

Client: TypeAlias = Callable[..., httpx2.AsyncClient]
"""Makes a client as `http.client` does; a test gives one that has faults."""


class Closed(Exception):
    """This partner cannot be spoken to now, and the reason; nothing has been sent.

    `final` if it will not be otherwise the next time either.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


@dataclass(slots=True)
class _Open:
    """A partner that is open, and how many use it: it is closed when nobody does any more."""

    spoken: "Spoken"
    client: httpx2.AsyncClient
    users: int = 0
    leaving: bool = False


@dataclass
class Opener:
    """Opens the partners of one installation, in one event loop. Whoever makes it closes it."""

    db: Database
    adapters: registry.Registry
    ring: vault.Vault
    private: Collection[str] = ()
    timeout_seconds: float = 10.0
    client: Client = http.client
    _kept: OrderedDict[tuple[UUID, int], _Open] = field(default_factory=OrderedDict)

    @contextlib.asynccontextmanager
    async def open(
        self, partner: directory.Partner, *, auth: httpx2.Auth | None = None
    ) -> AsyncIterator["Spoken"]:
        """The partner's adapter for the length of a block; `auth` speaks for a linked account.

        Raises Closed.
        """
        if auth is None:
            one = await self._standing(partner)
        else:
            one = self._made(partner, auth)
            one.leaving = True
        one.users += 1
        try:
            yield one.spoken
        finally:
            one.users -= 1
            await self._leave(one)

    async def webhook_secrets(self, partner_id: UUID) -> tuple[str, ...]:
        """What may have signed a message of this partner; none if none is set. Raises Closed."""
        return await self._secrets(partner_id, "webhook")

    def kind(self, partner: directory.Partner) -> type[adapter.Adapter]:
        """The class of the partner's adapter. Raises Closed."""
        try:
            return self.adapters.find(partner.adapter)
        except errors.AdapterUnavailable as refusal:
            raise Closed(refusal.message) from None

    async def close(self) -> None:
        """Close every client."""
        while self._kept:
            _, one = self._kept.popitem()
            await one.client.aclose()

    async def _standing(self, partner: directory.Partner) -> _Open:
        key = (partner.partner_id, partner.version)
        if key not in self._kept:
            how = self.kind(partner).credential
            if how.whose == "member":
                raise Closed("this partner is spoken to for a linked account only")
            auth = None
            if how.whose == "partner":
                secrets = await self._secrets(partner.partner_id, "credential")
                auth = credentials.Speaking(how, secrets) if secrets else None
            if key not in self._kept:  # Nobody was faster while the secrets were read.
                self._kept[key] = self._made(partner, auth)
        self._kept.move_to_end(key)
        one = self._kept[key]
        one.users += 1  # It must not be closed while others are.
        old = [other for other in self._kept if other[0] == key[0] and other[1] < key[1]]
        spare = list(self._kept)[: max(0, len(self._kept) - CLIENTS_MAX)]
        for other in {*old, *spare}:
            leaving = self._kept.pop(other)
            leaving.leaving = True
            await self._leave(leaving)
        one.users -= 1
        return one

    def _made(self, partner: directory.Partner, auth: httpx2.Auth | None) -> _Open:
        kind = self.kind(partner)
        try:
            config = registry.configured(kind, partner.facts.config)
            client = self.client(
                hosts=kind.hosts(config),
                private=self.private,
                timeout_seconds=self.timeout_seconds,
                auth=auth,
            )
            return _Open(Spoken(self._adapter(partner, kind, config, client), kind.caps), client)
        except errors.PartnerInvalid as refusal:
            raise Closed(refusal.message) from None
        except Exception as error:  # whatever somebody's class does
            raise Closed(f"the adapter raised {type(error).__name__}") from error

    def _adapter(
        self, partner: directory.Partner, kind: Any, config: Any, client: httpx2.AsyncClient
    ) -> adapter.Adapter:
        if getattr(kind, "needs_shelf", False):
            made = kind(config, client, shelf.Shelf(self.db, self.ring, partner.partner_id))
        else:
            made = kind(config, client)
        return cast(adapter.Adapter, made)

    async def _leave(self, one: _Open) -> None:
        if one.leaving and one.users == 0:
            await one.client.aclose()

    async def _secrets(self, partner_id: UUID, name: credentials.Name) -> tuple[str, ...]:
        try:
            return await credentials.live(self.db, self.ring, partner_id, name)
        except vault.Unreadable as error:
            raise Closed(f"a secret of this partner does not open: {error}") from None


class Spoken:
    """An adapter whose every answer is a value that makes sense, within a bounded time.

    An exception, a silence and an answer about another amount than was asked are all Unknown: only
    what is plainly said may move money.
    """

    def __init__(self, real: adapter.Adapter, caps: adapter.Capabilities) -> None:
        self._real = real
        self.caps = caps

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """As the adapter's; Issued is for the amount that was ordered, or it is Unknown."""
        result = await _asked("issue", self._real.issue(order))
        return _fitting(result, order.money)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """As the adapter's."""
        found = await _asked("find", self._real.find(order))
        if isinstance(found, Receipt | Absent | NotSent | Unknown):
            return found
        return Unknown(f"the adapter answered {type(found).__name__}")

    async def reverse(self, order: adapter.Order, receipt: Receipt) -> adapter.Result:
        """As the adapter's; Issued is for the amount that was to be taken back, and is void."""
        result = _fitting(
            await _asked("reverse", self._real.reverse(order, receipt)), receipt.money
        )
        if isinstance(result, Issued) and result.receipt.state != "void":
            return Unknown("the adapter answered what is not taken back")
        return result

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[Receipt] | NotSent | Unknown:
        """As the adapter's; a list without an end is Unknown."""
        found: Any = await _asked("issued_between", self._real.issued_between(since, until))
        if isinstance(found, NotSent | Unknown):
            return found
        if not isinstance(found, Sequence) or len(found) > LIST_MAX:
            return Unknown(f"the adapter answered no list of at most {LIST_MAX}")
        if not all(isinstance(one, Receipt) for one in found):
            return Unknown("the adapter answered a list of other things")
        return found

    def events(self, delivery: adapter.Delivery) -> Sequence[adapter.PartnerEvent]:
        """As the adapter's; what it chokes on was not signed by anybody."""
        try:
            return tuple(self._real.events(delivery))
        except adapter.SignatureInvalid:
            raise
        except Exception as error:  # whatever somebody's code does with a stranger's bytes
            _tell("events", error)
            raise adapter.SignatureInvalid from None


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a partner answers us, and in a sentence what was seen."""

    well: bool
    seen: str


async def check(opener: Opener, partner: directory.Partner) -> Checked:
    """Ask a partner something harmless: what became of an order that never was."""
    try:
        kind = opener.kind(partner)
        if kind.credential.whose == "member":
            return Checked(True, "It can be used; it is spoken to for linked accounts only.")
        if not kind.caps.finds:
            return Checked(True, "It can be used; it has nothing harmless to be asked.")
        async with opener.open(partner) as spoken:
            found = await spoken.find(_never_was(partner))
    except Closed as closed:
        return Checked(False, f"Nothing was sent: {closed.reason}.")
    match found:
        case Absent():
            return Checked(True, "It answers, and takes our credentials.")
        case NotSent(reason=reason):
            return Checked(False, f"It was not asked: {reason}.")
        case Unknown(reason=reason):
            return Checked(False, f"It gave no answer that we understand: {reason}.")
        case _:
            return Checked(False, "It knows an order that never was. Look at its address.")


def _never_was(partner: directory.Partner) -> adapter.Order:
    offer = partner.offers[0]
    return adapter.Order(
        key=ids.new().hex,
        kind=offer.kind,
        money=adapter.Money(offer.minimum_minor, partner.asset),
        created_at=datetime.now(UTC),
        code=f"CHECK{ids.new().hex.upper()}",
    )


async def _asked(what: str, answer: Any) -> Any:
    try:
        async with asyncio.timeout(SECONDS_MAX):
            return await answer
    except TimeoutError:
        return Unknown("the adapter did not come to an end")
    except Exception as error:  # whatever somebody's code does
        _tell(what, error)
        return Unknown(f"the adapter raised {type(error).__name__}")


def _fitting(result: Any, asked: adapter.Money) -> adapter.Result:
    if isinstance(result, Issued) and result.receipt.money != asked:
        return Unknown("the answer is about another amount than was asked")
    if isinstance(result, Issued | Refused | NotSent | Unknown):
        return result
    return Unknown(f"the adapter answered {type(result).__name__}")


def _tell(what: str, error: Exception) -> None:
    """Log where an adapter failed; never what it said, which may hold a secret or a code."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename}:{place.lineno}"
    log.error("adapter.failed", asked=what, error=type(error).__name__, where=where)
