"""What a client may ask the token endpoint for: Authlib's grants with every looseness closed.

Authlib decides the order of the checks; the rows, and what is stricter than its defaults, are ours:
PKCE with S256 for every client, a redirect address that is never guessed, a new refresh token for
each one used, scopes that are refused instead of dropped. Its loggers print tokens at DEBUG, so
they are kept above that here, whoever set up logging.
"""

import logging
import time
from typing import Any, Final

from authlib.oauth2.rfc6749 import errors, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.core import OpenIDToken
from joserfc import jwk

from api.identity import clients, opaque
from api.oauth import codes, families, keys, parameters, redirects, refreshing

logging.getLogger("authlib").setLevel(logging.WARNING)

AUTH_METHODS: Final = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
CONFIDENTIAL: Final = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
GRANT_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "app": ("authorization_code", "refresh_token"),
    "merchant": ("client_credentials",),
    "resource": (),
    "store": (),
}
OFFLINE: Final = "offline_access"


class Registered:
    """A client of the registry, by the names that Authlib asks it by."""

    def __init__(self, client: clients.Client) -> None:
        self.client = client

    def get_client_id(self) -> str:
        """Its id."""
        return self.client.client_id

    def get_default_redirect_uri(self) -> None:
        """None: an address that was not named is never guessed."""

    def check_redirect_uri(self, uri: str) -> bool:
        """True for an address that was registered, character by character."""
        return redirects.matches(uri, self.client.redirect_uris)

    def check_response_type(self, response_type: str) -> bool:
        """True for a code; nothing else is ever put into an address."""
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        """True for what its kind is for."""
        return grant_type in GRANT_TYPES[self.client.kind]

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return the scopes as asked for; one that the client may not have refuses them all."""
        wanted = (scope or "").split()
        if not wanted and self.client.kind == "merchant":
            return " ".join(sorted(self.client.scopes))
        if not wanted or not self.client.scopes.issuperset(wanted):
            raise errors.InvalidScopeError()
        return " ".join(dict.fromkeys(wanted))


class S256(CodeChallenge):
    """PKCE by S256 for every client, also for those that have a secret."""

    SUPPORTED_CODE_CHALLENGE_METHOD: Final = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request without a challenge, which Authlib lets through."""
        told = grant.request.payload.data
        if not told.get("code_challenge") or told.get("code_challenge_method") != "S256":
            raise errors.InvalidRequestError(
                "Send code_challenge and code_challenge_method=S256 (PKCE)."
            )
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge_method(self, _authorization_code: object) -> str:
        """S256: no other was ever stored."""
        return "S256"


class IdToken(OpenIDToken):
    """The id token of a code that was asked for with `openid`."""

    def __init__(self, issuer: str, ring: keys.Ring) -> None:
        self._issuer = issuer
        self._ring = ring

    def resolve_client_private_key(self, _client: Registered) -> jwk.ECKey:
        """The key that signs."""
        return self._ring.read().signing

    def get_client_algorithm(self, _client: Registered) -> str:
        """ES256, for everybody."""
        return keys.ALGORITHM

    def get_encode_header(self, _client: Registered) -> dict[str, str]:
        """Name the key, so that a client finds it in the JWKS."""
        return {"alg": keys.ALGORITHM, "kid": self._ring.read().kid, "typ": "JWT"}

    def get_compatible_claims(self, request: Any) -> dict[str, object]:
        """Say who issued it, for whom, and for how long."""
        now = int(time.time())
        return {
            "iss": self._issuer,
            "aud": [request.client.get_client_id()],
            "azp": request.client.get_client_id(),
            "iat": now,
            "exp": now + int(families.ACCESS_LIFE.total_seconds()),
        }

    def generate_user_info(self, user: families.Person, _scope: str) -> dict[str, object]:
        """Only who it is; name and address are told by the userinfo endpoint."""
        return {"sub": user.subject}


class CodeGrant(grants.AuthorizationCodeGrant):
    """A code through the browser, redeemed once by the client that asked for it."""

    TOKEN_ENDPOINT_AUTH_METHODS: Final = AUTH_METHODS

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Registered) -> str:
        """Demand a registered address; the answer never repeats one that is not."""
        uri: str | None = request.payload.redirect_uri
        if not uri or not client.check_redirect_uri(uri):
            raise errors.InvalidRequestError("redirect_uri must be one that the client registered.")
        return uri

    def generate_authorization_code(self) -> str:
        """256 random bits."""
        return opaque.new(codes.PREFIX)

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Store the consent, and the code that stands for it until it is redeemed."""
        scopes = request.scope.split()
        client_id = request.client.get_client_id()
        rows = self.server.rows
        codes.save(
            rows,
            code,
            family=families.start(rows, client_id=client_id, person=request.user, scopes=scopes),
            client_id=client_id,
            redirect_uri=request.payload.redirect_uri,
            scopes=scopes,
            code_challenge=request.payload.data["code_challenge"],
            nonce=request.payload.data.get("nonce"),
        )

    def validate_token_request(self) -> None:
        """Demand the redirect address in this leg too, before the code is looked at."""
        if "code" in self.request.form and not self.request.payload.redirect_uri:
            raise errors.InvalidRequestError("Send redirect_uri again, as for the code.")
        super().validate_token_request()

    def query_authorization_code(self, code: str, client: Registered) -> codes.Code | None:
        """Find the code for its own client, and lock it."""
        return codes.find(self.server.rows, code, client.get_client_id())

    def authenticate_user(self, code: codes.Code) -> families.Person:
        """Whoever consented."""
        return code.family.person

    def save_token(self, token: dict[str, Any]) -> None:
        """Store the first tokens of the family."""
        code: codes.Code = self.request.authorization_code
        self.server.save_tokens(token, code.family, self.request.client, code.scopes)

    def delete_authorization_code(self, code: codes.Code) -> None:
        """Mark it as used; deleted, a replay would not be noticed."""
        codes.use(self.server.rows, code)


class RefreshGrant(grants.RefreshTokenGrant):
    """A refresh token for the next one, and a new access token."""

    TOKEN_ENDPOINT_AUTH_METHODS: Final = AUTH_METHODS

    def authenticate_refresh_token(self, text: str) -> refreshing.Refresh | None:
        """Find it for its own client. Only an app, which keeps no secret, has the grace."""
        client: Registered = self.request.client
        public = self.request.auth_method == "none"
        return refreshing.find(self.server.rows, text, client.get_client_id(), grace=public)

    def authenticate_user(self, used: refreshing.Refresh) -> families.Person:
        """Whoever consented."""
        return used.family.person

    def issue_token(self, user: families.Person, used: refreshing.Refresh) -> dict[str, Any]:
        """Make the next tokens; a scope that the operator has taken from the client is left out."""
        client: clients.Client = self.request.client.client
        wanted = self.request.payload.scope or " ".join(
            scope for scope in used.scopes if scope in client.scopes
        )
        token: dict[str, Any] = self.generate_token(user=user, scope=wanted)
        return token

    def save_token(self, token: dict[str, Any]) -> None:
        """Store the next tokens of the family; the next refresh token may do what this one may."""
        used: refreshing.Refresh = self.request.refresh_token
        refreshing.give_back(self.server.rows, used)
        successor = self.server.save_tokens(token, used.family, self.request.client, used.scopes)
        assert successor is not None
        refreshing.rotate(self.server.rows, used, successor)

    def revoke_old_credential(self, used: refreshing.Refresh) -> None:
        """Nothing more: it was rotated along with its successor."""


class MerchantGrant(grants.ClientCredentialsGrant):
    """A merchant's server for its own merchant, who is named by the client's row alone."""

    TOKEN_ENDPOINT_AUTH_METHODS: Final = CONFIDENTIAL

    def save_token(self, token: dict[str, Any]) -> None:
        """Store an access token; there is nothing to refresh."""
        client: clients.Client = self.request.client.client
        assert client.merchant_id is not None
        family = families.own(
            self.server.rows,
            client_id=client.client_id,
            merchant_id=client.merchant_id,
            scopes=sorted(client.scopes),
        )
        self.server.save_tokens(token, family, self.request.client, ())


class Revocation(RevocationEndpoint):
    """RFC 7009: a client gives back what it no longer needs."""

    CLIENT_AUTH_METHODS: Final = AUTH_METHODS

    def check_params(self, request: parameters.Asked, _client: Registered) -> None:
        """Demand a token; a hint that we do not know is ignored, as the specification has it."""
        if "token" not in request.form:
            raise errors.InvalidRequestError("Send the token that is to be revoked.")

    def query_token(self, text: str, _hint: str | None) -> families.Known | None:
        """Find the token of either kind."""
        return families.find(self.server.rows, text)

    def revoke_token(self, token: families.Known, _request: object) -> None:
        """Close it, and with a refresh token its whole family."""
        families.close(self.server.rows, token)


class Introspection(IntrospectionEndpoint):
    """RFC 7662: what a token is worth, told to resource servers, and to a client about its own."""

    CLIENT_AUTH_METHODS: Final = CONFIDENTIAL

    def check_params(self, request: parameters.Asked, _client: Registered) -> None:
        """Demand a token."""
        if "token" not in request.form:
            raise errors.InvalidRequestError("Send the token that is asked about.")

    def query_token(self, text: str, _hint: str | None) -> families.Known | None:
        """Find the token of either kind."""
        return families.find(self.server.rows, text)

    def check_permission(self, token: families.Known, client: Registered, _request: object) -> bool:
        """True for a resource server and for the client it was given to."""
        return client.client.may_introspect or token.check_client(client)

    def introspect_token(self, token: families.Known) -> dict[str, object]:
        """Say what it is worth."""
        told: dict[str, object] = {
            "active": True,
            "token_type": None if token.refreshes else "Bearer",
            "iss": self.server.issuer,
            "sub": token.person.subject,
            "aud": token.audience or self.server.issuer,
            "client_id": token.client_id,
            "scope": " ".join(token.scopes),
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
        }
        return {name: value for name, value in told.items() if value is not None}
