"""Who calls the protocol: our partner by its credential, or a linked account by its token."""

import hmac
from dataclasses import dataclass

from starlette.requests import Request

from partners.reference_shop import problems, shop


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls; `subject` is the account of a token, None for the partner itself."""

    subject: str | None = None
    scopes: tuple[str, ...] = ()

    def may(self, scope: str) -> None:
        """Refuse a token that was not allowed something."""
        if self.subject is not None and scope not in self.scopes:
            raise problems.Problem("forbidden", f"The token lacks the scope {scope}.")


def caller(at: shop.Shop, request: Request) -> Caller:
    """Find out who calls the protocol."""
    token = _token(request)
    if hmac.compare_digest(token.encode(), at.keys.credential.encode()):
        return Caller()
    consent = at.consents.of_access(token, at.now())
    if consent is None:
        raise problems.Problem("unauthorized")
    return Caller(consent.subject, consent.scopes)


def partner(at: shop.Shop, request: Request) -> None:
    """Let only our partner go on."""
    if caller(at, request).subject is not None:
        raise problems.Problem("forbidden", "Use the credential of the partner.")


def admin(at: shop.Shop, request: Request) -> None:
    """Let only whoever runs the shop go on."""
    if not hmac.compare_digest(_token(request).encode(), at.keys.admin.encode()):
        raise problems.Problem("unauthorized")


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
