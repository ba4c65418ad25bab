"""Id tokens of partners: one right one, and every forged one refused."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwk, jwt

from partners.links import id_tokens
from tests.identity.provider import new_key

ISSUER = "https://shop.example"
KEY = new_key()
RSA = new_key("RSA", 2048)


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    told = {
        "iss": ISSUER,
        "aud": "wallet",
        "sub": "shopper-1",
        "nonce": "a-nonce",
        "iat": now,
        "exp": now + 300,
    } | changed
    return {name: value for name, value in told.items() if value is not None}


def sign(told: dict[str, Any], key: jwk.Key = KEY, **header: Any) -> str:
    said = {"alg": "ES256", "kid": key.kid} | header
    kept = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(kept, told, key, algorithms=[said["alg"]])


def read(text: str, *keys: jwk.Key) -> dict[str, Any] | None:
    return read_by({"keys": [one.as_dict(private=False) for one in keys or (KEY,)]}, text)


def read_by(published: dict[str, Any], text: str) -> dict[str, Any] | None:
    return id_tokens.read(text, published, issuer=ISSUER, client_id="wallet", nonce="a-nonce")


def part(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def test_a_token_for_us_of_this_attempt_says_who_the_member_is() -> None:
    for text, keys in (
        (sign(claims()), (KEY,)),
        (sign(claims(aud=["wallet"])), (KEY, RSA)),
        (sign(claims(aud=["wallet", "other"], azp="wallet")), (KEY,)),
        (sign(claims(), RSA, alg="RS256"), (KEY, RSA)),
        (sign(claims(), kid=None), (KEY,)),
    ):
        found = read(text, *keys)

        assert found is not None
        assert "shopper-1" == found["sub"]


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"aud": ["wallet", "other"]},
        {"aud": ["wallet", "other"], "azp": "other"},
        {"azp": "other"},
        {"nonce": "another-nonce"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(changed: dict[str, Any]) -> None:
    assert read(sign(claims(**changed))) is None


def test_a_token_that_nobody_signed_is_refused() -> None:
    header, body = part({"alg": "none"}), part(claims())

    for text in (
        f"{header}.{body}.",
        f"{header}.{body}",
        f"{header}.{body}.AAAA",
        "",
        "a.b.c",
        "é",
    ):
        assert read(text) is None


def test_a_public_key_that_is_passed_off_as_a_shared_secret_is_refused() -> None:
    header = part({"alg": "HS256", "kid": RSA.kid})
    signed = f"{header}.{part(claims())}"
    assert isinstance(RSA, jwk.RSAKey)
    for secret in (RSA.as_pem(private=False), json.dumps(RSA.as_dict(private=False)).encode()):
        mac = hmac.digest(secret, signed.encode(), "sha256")
        text = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

        assert read(text, RSA) is None


def test_a_token_of_another_key_is_refused_whatever_it_brings_along() -> None:
    other = new_key()
    brought = {"jwk": other.as_dict(private=False)}

    assert read(sign(claims(), other, kid=KEY.kid)) is None
    assert read(sign(claims(), other)) is None
    assert read(sign(claims(), other, kid=KEY.kid, **brought)) is None
    assert read(sign(claims(), kid=None), KEY, RSA) is None


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_keys_that_are_no_signing_keys_are_not_used() -> None:
    weak = jwk.generate_key("RSA", 1024)
    sets: list[Any] = [
        {"keys": [KEY.as_dict(private=False, use="enc")]},
        {"keys": [weak.as_dict(private=False, kid=KEY.kid)]},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": KEY.kid}]},
        {"keys": [{"kty": "EC", "kid": KEY.kid}, "what?"]},
        {"keys": {}},
        {},
    ]

    assert [None] * len(sets) == [read_by(published, sign(claims())) for published in sets]
