"""Discovery: what this server can do, for clients that configure themselves.

One document under both names, OpenID's and that of RFC 8414. Every address in it begins with the
configured issuer; nothing of a request can change one.
"""

from typing import Final

from api import settings, texts
from api.identity import registration
from api.oauth import grants, keys, proofs

SCOPES: Final = sorted(registration.SCOPES["app"] | registration.SCOPES["merchant"])


def document(house: settings.Settings) -> dict[str, object]:
    """Return the metadata."""
    issuer = house.origin
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": ["none", "login", "consent"],
        "token_endpoint_auth_methods_supported": grants.AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": list(proofs.ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": grants.AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": list(proofs.ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": grants.CONFIDENTIAL,
        "introspection_endpoint_auth_signing_alg_values_supported": list(proofs.ALGORITHMS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [keys.ALGORITHM],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            *("iss", "sub", "aud", "azp", "exp", "iat", "auth_time", "amr", "nonce", "at_hash"),
            *("name", "locale", "email", "email_verified"),
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "ui_locales_supported": [*texts.LANGUAGES],
    }
