"""The gate before execution, whatever carries a request: who calls, which document, what it costs.

Whatever a request came by, it is admitted in this order: its caller is known, has points left, may
send this document, and pays for it. Members' apps send registered documents only, unless the
installation is open. What is admitted may be executed; whoever is turned away gets one failure.
"""

import dataclasses
import datetime
from typing import Any, Final

import graphql
from starlette.requests import HTTPConnection

from api import settings
from api.graphql import callers, cost, documents, failures, rates, scalars, transport, trusted
from api.identity import bearer, clients
from wallet import database

INTROSPECTING: Final = frozenset({"merchant", "staff"})  # whoever writes documents as they go
ARRIVAL: Final = 1  # points for any request, so that refused ones are bounded too


@dataclasses.dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be executed."""

    prepared: documents.Prepared
    name: str | None
    operation: documents.Operation
    trusted: bool
    points: int
    limit: int
    receipt: rates.Receipt

    def told(self, now: datetime.datetime) -> dict[str, Any]:
        """Return what a caller who writes documents as they go is told of the cost."""
        full = now + datetime.timedelta(seconds=self.receipt.full_in_seconds)
        return {
            "requested": self.points,
            "limit": self.limit,
            "remaining": self.receipt.remaining,
            "resetAt": scalars.show_instant(full.replace(microsecond=0)),
        }


class Gate:
    """One per process."""

    def __init__(
        self,
        schema: graphql.GraphQLSchema,
        db: database.Database,
        house: settings.Settings,
        *,
        development: bool,
    ) -> None:
        self._db = db
        self._house = house
        self._development = development
        self.open = development or house.documents == "open"
        self.documents = documents.Documents(schema)
        self.trusted = trusted.Trusted(db, self.documents)
        self.rates = rates.Rates(house.cost_per_minute)

    async def authenticate(self, connection: HTTPConnection) -> bearer.Principal:
        """Return who sends a request. Raises failures.Failure UNAUTHENTICATED."""
        return await callers.of(self._db, self._house, connection)

    async def authenticate_token(self, token: str) -> bearer.Principal:
        """Return whom a token speaks for. Raises failures.Failure UNAUTHENTICATED."""
        return await callers.of_token(self._db, self._house, token)

    async def arrive(self, principal: bearer.Principal) -> None:
        """Count a request before anything is done for it. Raises failures.Failure RATE_LIMITED."""
        self.rates.take(_account(principal), ARRIVAL, per_minute=await self._rate(principal))

    async def admit(self, call: transport.Call, principal: bearer.Principal) -> Admitted:
        """Let a request that has arrived go on to execution. Raises failures.Failure."""
        verdict, known = await self._document(call, principal)
        if isinstance(verdict, documents.Refused):
            raise failures.Failure(verdict.code, "", errors=verdict.errors)
        name = documents.operation_name(verdict, call.operation_name)
        operation = verdict.operations[name]
        if known and not operation.scopes <= principal.scopes:
            missing = ", ".join(sorted(operation.scopes - principal.scopes))
            raise failures.Failure("FORBIDDEN", f"This needs a token with the scope {missing}.")
        per_minute = await self._rate(principal)
        points = cost.evaluated(operation.cost, call.variables)
        # Never more than a full bucket holds: that request could not be paid for at any time.
        limit = min(self._house.cost_max, self.rates.most(per_minute))
        if points > limit:
            raise failures.Failure(
                "COST_EXCEEDED",
                f"This may cost {points} points; one request may cost {limit}. Ask for fewer rows"
                " at a time, or for fewer fields.",
                extensions={"cost": {"requested": points, "limit": limit}},
            )
        receipt = self.rates.take(_account(principal), points - ARRIVAL, per_minute=per_minute)
        return Admitted(verdict, name, operation, known, points, limit, receipt)

    async def pay(self, principal: bearer.Principal, points: int) -> None:
        """Pay for one more answer of a stream. Raises failures.Failure RATE_LIMITED."""
        self.rates.take(_account(principal), points, per_minute=await self._rate(principal))

    async def _document(
        self, call: transport.Call, principal: bearer.Principal
    ) -> tuple[documents.Prepared | documents.Refused, bool]:
        """Return the verdict on a document, and whether it is a registered one."""
        if call.document is not None:
            if call.query is not None and documents.digest(call.query) != call.document:
                raise failures.Failure(
                    "BAD_REQUEST", "The hash is that of another text. Send one of them.", status=422
                )
            found = await self.trusted.find(call.document)
            if found is not None:
                return found, True
            if call.query is None:
                raise failures.Failure(
                    "PERSISTED_QUERY_NOT_FOUND",
                    "No document is registered under this hash. The operator registers it with"
                    " `commonpurse documents register`.",
                )
        assert call.query is not None
        if principal.kind == "member" and not self.open:
            raise failures.Failure(
                "TRUSTED_DOCUMENT_REQUIRED",
                "Members' apps send registered documents only: name one by its documentId.",
            )
        introspection = self._development or principal.kind in INTROSPECTING
        return self.documents.prepare(call.query, introspection=introspection), False

    async def _rate(self, principal: bearer.Principal) -> int | None:
        """The size of this caller's bucket; a merchant's client may have one of its own."""
        if principal.kind != "merchant" or principal.client_id is None:
            return None
        return await clients.rate(self._db, principal.client_id)


def _account(principal: bearer.Principal) -> str:
    # All members of an app share a client, so each has a bucket of their own.
    if principal.kind == "merchant" and principal.client_id is not None:
        return principal.client_id
    return str(principal.principal_id)
