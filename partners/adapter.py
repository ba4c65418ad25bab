"""The contract of an adapter: what the saga asks of a partner, and what a partner may answer.

An adapter maps our words to a partner's and back, and does nothing else: no retry, no waiting, no
database, no log. It is given an HTTP client that already speaks for the partner, so it never sees a
token. Whatever it answers is one of four values, and only an acknowledged one moves money:

    Issued    it exists at the partner               -> the hold is captured
    Refused   the partner answered no                -> the hold is released
    NotSent   provably nothing happened there        -> it is sent again, or released
    Unknown   anything else                          -> the hold stays, and we look

What transport faults mean is decided in one place, `partners.faults`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias, runtime_checkable

import httpx2

from wallet import money
from wallet.rules import orders

KEY_CHARS: Final = 32
"""An order's key is the hex of its redemption's id: every partner takes 32 plain characters."""
REASON_CHARS_MAX: Final = 200
"""A partner's words are cut to this: they are shown to staff, and never interpreted."""

Kind: TypeAlias = orders.Kind
"""What a member gets at the partner for the value that leaves the wallet."""

State: TypeAlias = Literal["live", "spent", "void"]
"""What exists at the partner: spendable, used up, or taken back there."""


RefusedCode: TypeAlias = Literal[
    "rejected", "not_linked", "amount", "currency", "unavailable", "spent"
]
"""Our words for why a partner says no."""


class Idempotency(StrEnum):
    """What happens when one order reaches the partner twice."""

    KEYED = "keyed"
    """The partner knows our key and answers as it did the first time."""
    NATURAL = "natural"
    """A code or reference of ours is unique there: the second one is told that it exists."""
    NONE = "none"
    """The partner does it again. We must look before each further try."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the smallest unit of its asset."""

    amount_minor: int
    asset: money.Asset


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be issued, known before the first byte is sent and the same at every try.

    `subject` is the partner's name of the linked account, None where no link is needed. `code` is a
    secret that works like money: chosen by us, the same for one order for ever. `memo` is what the
    partner's own staff may read; nothing of the member is in it.
    """

    key: str
    kind: Kind
    money: Money
    created_at: datetime
    subject: str | None = None
    code: str = field(default="", repr=False)
    expires_at: datetime | None = None
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What exists at the partner: its own reference, the amount, and whether it is still there.

    `key` is our key where the partner kept it; `code` is what the member spends, if it has one.
    """

    ref: str
    money: Money
    state: State = "live"
    key: str | None = None
    code: str | None = field(default=None, repr=False)
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """It exists; `replayed` if the partner says that it did before this call."""

    receipt: Receipt
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The partner answered no; `code` is our word for why, `reason` theirs."""

    reason: str
    code: RefusedCode = "rejected"


@dataclass(frozen=True, slots=True)
class NotSent:
    """Provably nothing happened there; `retry_after` where the partner asked for a pause.

    `reauthorize` where our credentials were not taken: nothing will work until they are renewed.
    """

    reason: str
    retry_after: timedelta | None = None
    reauthorize: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether it happened. Never a reason to release, or to use another key."""

    reason: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The partner states that there is no such thing: an answer, not the lack of one."""


Result: TypeAlias = Issued | Refused | NotSent | Unknown
Found: TypeAlias = Receipt | Absent | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a partner can do: data that the saga decides by and the API shows.

    `key_lasts` is how long a KEYED partner remembers our key. `settles` is the longest that a
    request may still take effect after our side gave up on it: only then "there is none" counts.
    `linked` are the kinds that go to an account which a member has connected there first.
    """

    kinds: tuple[Kind, ...]
    linked: tuple[Kind, ...] = ()
    currencies: tuple[str, ...] = ()  # codes; empty: whatever the partner's shop is set to
    idempotency: Idempotency = Idempotency.NONE
    key_lasts: timedelta | None = None
    settles: timedelta = timedelta(minutes=2)
    finds: bool = True
    reverses: bool = True
    reverses_in_part: bool = False
    lists: bool = False
    reports: bool = False

    @property
    def links(self) -> bool:
        """Whether anything goes to a connected account."""
        return bool(self.linked)


@dataclass(frozen=True, slots=True)
class Credential:
    """How a partner wants to be spoken to: which header carries the secret, and whose it is.

    The client that an adapter is given adds it; `member` secrets are tokens of a linked account.
    `exchange` is a path at the partner where `client id:client secret` is given for a token that
    lasts for a while (RFC 6749, section 4.4); a secret without a colon is such a token itself.
    """

    whose: Literal["nobody", "partner", "member"] = "partner"
    header: str = "Authorization"
    prefix: str = "Bearer "
    basic: bool = False
    exchange: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it came: the raw body, and the secrets that may have signed it.

    `url` is our address as the partner knows it: some dialects sign it too.
    """

    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)
    url: str
    secrets: tuple[str, ...] = field(repr=False)
    now: datetime


@dataclass(frozen=True, slots=True)
class PartnerEvent:
    """A fact that a partner told by itself: what stands there since when, by our key or their ref.

    `event_id` is the partner's own, unique there: what is told twice is heard once.
    """

    event_id: str
    state: State
    happened_at: datetime
    key: str | None = None
    ref: str | None = None
    money: Money | None = None


class SignatureInvalid(Exception):
    """A webhook that the partner did not sign: it is answered 401 and nothing of it is kept."""


@runtime_checkable
class Adapter(Protocol):
    """One partner's shop system. The class says what it can do; an instance speaks for one shop.

    `Config` is a frozen msgspec struct of what the operator sets (addresses, ids of the shop), with
    `forbid_unknown_fields`; no secret is in it. `hosts(config)` names the only hosts that the
    client will reach. An adapter that names this class as its base writes only what its partner
    can do: the answers below to all else are true of a partner that cannot.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    caps: ClassVar[Capabilities]
    credential: ClassVar[Credential]
    Config: ClassVar[type[Any]]
    needs_shelf: ClassVar[bool] = False
    """For a shop without an API: it is made with a third argument, see `adapters.csv.Shelf`."""

    def __init__(self, config: Any, http: httpx2.AsyncClient) -> None: ...

    @staticmethod
    def hosts(config: Any) -> frozenset[str]:
        """The hosts, `name` or `name:port`, that this shop is reached at."""
        ...

    async def issue(self, order: Order) -> Result:
        """Make the value spendable there."""
        ...

    async def find(self, order: Order) -> Found:
        """Look what became of an order; Absent only if the partner says that there is none."""
        return Unknown("this partner cannot be asked what became of an order")

    async def reverse(self, order: Order, receipt: Receipt) -> Result:
        """Take back what was issued, while it is unspent; Issued carries it as void.

        `receipt.money` is how much is taken back: all of it, unless `caps.reverses_in_part`.
        """
        return Refused("this partner takes nothing back", code="unavailable")

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[Receipt] | NotSent | Unknown:
        """All that this shop says we had issued in a span; asked only where `caps.lists`."""
        return Unknown("this partner has no list of what we had issued")

    def events(self, delivery: Delivery) -> Sequence[PartnerEvent]:
        """Verify a webhook and read its facts; SignatureInvalid for what is not the partner's."""
        raise SignatureInvalid
