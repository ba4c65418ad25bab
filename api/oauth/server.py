"""The authorization server's core: Authlib's, for one request, over one transaction.

A server is made for each request and holds that request's connection, so nothing is shared and
nothing global is looked up. It says how clients are found and proven, how tokens look and where
they are stored, and how an answer is written: JSON that is never cached, or a way back to the
client that names us as the issuer (RFC 9207), so that no client takes one server for another.
"""

import datetime
import math
import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import errors
from starlette.responses import JSONResponse, Response

from api import settings
from api.identity import bearer, clients, opaque
from api.oauth import bridge, families, grants, keys, parameters, proofs, refreshing

NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CHALLENGE: Final = 'Basic realm="commonpurse"'
UNSPEAKABLE: Final = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")  # RFC 6749, appendix A.8


class Server(AuthorizationServer):
    """Authlib's server for one request."""

    def __init__(self, house: settings.Settings, ring: keys.Ring, rows: bridge.Rows) -> None:
        super().__init__()
        self.issuer = house.origin
        self.rows = rows
        self.register_token_generator("default", _generate)
        self.register_grant(grants.CodeGrant, [grants.S256(), grants.IdToken(self.issuer, ring)])
        self.register_grant(grants.RefreshGrant)
        self.register_grant(grants.MerchantGrant)
        self.register_endpoint(grants.Revocation)
        self.register_endpoint(grants.Introspection)

    def query_client(self, client_id: str) -> grants.Registered | None:
        """Find a client that is not suspended."""
        client = self.rows.wait(clients.find(self.rows.connection, client_id))
        return grants.Registered(client) if client is not None and client.active else None

    def authenticate_client(
        self, request: parameters.Asked, methods: Collection[str], endpoint: str = "token"
    ) -> grants.Registered:
        """Demand a proof in the one way that the client was registered with."""
        del endpoint  # the same proof everywhere
        audiences = (self.issuer, f"{self.issuer}/oauth/token")
        client, method = proofs.check(self.rows, request, audiences=audiences)
        if method not in methods:
            raise proofs.Unproven(client.client_id)
        request.auth_method = method
        return grants.Registered(client)

    def save_tokens(
        self,
        token: dict[str, Any],
        family: families.Family,
        client: grants.Registered,
        refreshable: Sequence[str],
    ) -> uuid.UUID | None:
        """Store what is about to be answered; return the id of the refresh token, if there is one.

        A refresh token may do all of `refreshable`, whatever part of it was asked for this time.
        """
        client_id = client.get_client_id()
        families.save_access(
            self.rows,
            token["access_token"],
            family=family,
            client_id=client_id,
            scopes=token["scope"].split(),
        )
        if "refresh_token" not in token:
            return None
        return refreshing.save(
            self.rows,
            token["refresh_token"],
            family=family,
            client_id=client_id,
            scopes=refreshable,
        )

    def create_token_response(self, request: parameters.Asked) -> Response:
        """Answer the token endpoint; a missing grant_type is not an unsupported one."""
        if not request.payload.grant_type:
            return self.handle_error_response(
                request, errors.InvalidRequestError("Send a grant_type.")
            )
        response: Response = super().create_token_response(request)
        return response

    def create_oauth2_request(self, request: parameters.Asked) -> parameters.Asked:
        """Take the request as it is: it was read before the transaction began."""
        return request

    def send_signal(self, name: str, *arguments: object, **more: object) -> None:
        """Tell nobody."""

    def handle_error_response(self, request: parameters.Asked, error: OAuth2Error) -> Response:
        """Note a failed proof, and say what is wrong in the characters that the RFC allows."""
        if isinstance(error, proofs.Unproven):
            request.unproven = error.allowance
        error.description = UNSPEAKABLE.sub("?", error.get_error_description() or "")
        return self.handle_response(*error())

    def handle_response(
        self, status: int, body: dict[str, object] | str, headers: list[tuple[str, str]]
    ) -> Response:
        """Write an answer of Authlib's."""
        said = dict(headers)
        if "Location" in said:
            # 303: the browser comes with a form, and must not post it on.
            return self.redirect(said["Location"])
        challenge = {"WWW-Authenticate": CHALLENGE} if status == 401 else {}
        return JSONResponse(body, status, headers={**NOT_STORED, **challenge})

    def redirect(self, location: str) -> Response:
        """Send the browser back to the client, with our name."""
        return Response(
            status_code=303,
            headers={**NOT_STORED, "Location": add_params_to_uri(location, {"iss": self.issuer})},
        )


def _generate(
    *,
    grant_type: str,
    client: grants.Registered,
    scope: str | None,
    include_refresh_token: bool,
    user: object = None,
    expires_in: int | None = None,
) -> dict[str, object]:
    """Make the tokens of an answer."""
    del user, expires_in  # whose they are is the family's to say, and their life is the same always
    allowed = client.get_allowed_scope(scope)
    token: dict[str, object] = {
        "token_type": "Bearer",
        "access_token": opaque.new(bearer.PREFIX),
        "expires_in": int(families.ACCESS_LIFE.total_seconds()),
        "scope": allowed,
    }
    if include_refresh_token and (
        grant_type == "refresh_token" or grants.OFFLINE in allowed.split()
    ):
        token["refresh_token"] = opaque.new(refreshing.PREFIX)
    return token


def refused(
    sentence: str,
    *,
    error: str = "invalid_request",
    status: int = 400,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer what never came as far as Authlib."""
    said = {"error": error, "error_description": sentence}
    return JSONResponse(said, status, headers={**NOT_STORED, **(headers or {})})


def too_often(wait: datetime.timedelta, *, error: str = "temporarily_unavailable") -> Response:
    """Say when to try again."""
    seconds = math.ceil(wait.total_seconds())
    return refused(
        f"There were too many of these. Try again in {seconds} seconds.",
        error=error,
        status=429,
        headers={"Retry-After": str(seconds)},
    )
