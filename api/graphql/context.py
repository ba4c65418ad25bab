"""What a resolver knows about its request: who asks, the database, and this request's loaders."""

import dataclasses
import uuid
from typing import TypeAlias

import strawberry

from api import explaining
from api.graphql import hub, loaders
from api.identity import bearer
from partners import registry, saga, vault
from wallet import audit, credit, database, ids, members, together
from wallet.progress import schemes


@dataclasses.dataclass(slots=True)
class Context:
    """One per request; nothing in it outlives the answer. What a page reads, it asks `page` for."""

    db: database.Database
    principal: bearer.Principal
    request_id: str
    document: str  # the SHA-256 of its text, in hex
    loaders: loaders.Loaders
    hub: hub.Hub
    origin: str  # where this installation is reached
    vault: vault.Vault  # what seals secrets; its file is made when something is sealed
    adapters: registry.Registry  # what speaks to partners
    saga: saga.House  # what takes an order to its end
    webhook_hosts: frozenset[str]  # private ones that the operator lets merchants name
    refused: list[str] = dataclasses.field(default_factory=list)
    page: together.Together = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.page = together.Together(self.db)

    def begin(self) -> None:
        """Let the page of a single answer begin with what the look at the token has told."""
        if self.principal.epoch is not None:
            told = {"epoch": self.principal.epoch, "at": self.principal.at}
            self.page.know(schemes.MOMENT, **told)

    @property
    def scopes(self) -> frozenset[str]:
        """What the token of this request allows."""
        return self.principal.scopes


Info: TypeAlias = strawberry.Info[Context, None]


def told(info: Info, document: object) -> object:
    """Return what the caller may read of a stored explanation: merchants, nothing personal."""
    return explaining.discreet(document) if info.context.principal.kind == "merchant" else document


def member(info: Info) -> members.Member:
    """Return the member who calls; the scope check has made sure that it is one."""
    found = info.context.principal.member
    assert found is not None, "the scope is a member's"
    return found


def merchant(info: Info) -> uuid.UUID:
    """Return the merchant who calls; the scope check has made sure that it is one."""
    principal = info.context.principal
    assert principal.kind == "merchant", principal.kind
    return principal.principal_id


def staff(info: Info) -> credit.Staff:
    """Return the person of the staff who calls, with the role that limits what they may give."""
    principal = info.context.principal
    assert principal.kind == "staff", principal.kind
    return credit.Staff(principal.principal_id, principal.role or "")


def actor(info: Info) -> audit.Actor:
    """Return who the audit log says it was, by which document and in which request."""
    return audit.Actor(
        info.context.principal.kind,
        info.context.principal.principal_id,
        document_hash=bytes.fromhex(info.context.document),
        request_id=info.context.request_id,
    )


def may_see(
    info: Info,
    *,
    wallet_id: uuid.UUID,
    merchant_id: uuid.UUID | None = None,
    scope: str | None = None,
) -> bool:
    """True for the member whose wallet it is, for support, and for the merchant with the scope."""
    principal = info.context.principal
    match principal.kind:
        case "member":
            own = principal.member
            return "member" in principal.scopes and own is not None and own.wallet_id == wallet_id
        case "staff":
            return "support:read" in principal.scopes
        case "merchant":
            return scope in principal.scopes and principal.principal_id == merchant_id


def request(info: Info, verb: str, key: str) -> uuid.UUID:
    """Return the id of a request: the same caller, verb and key give the same id for ever."""
    return ids.request(info.context.principal.principal_id, verb, key)
