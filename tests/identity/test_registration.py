"""What a client may be registered with: every address, scope, method and key is looked at."""

import contextlib
from typing import Any

import pytest
from joserfc import jwk

from api.identity import registration
from wallet import errors


def public(key: jwk.Key) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


GOOD = [
    "https://app.example/back",
    "https://app.example:8443/back?from=wallet",
    "https://xn--caf-dma.example/",
    "http://127.0.0.1/back",
    "http://127.0.0.1:4711/back",
    "http://[::1]:4711/back",
    "com.example.wallet:/back",
    "com.example.wallet://back",
]
BAD = [
    "",
    "/back",
    "app.example/back",
    "https://",
    "https:///back",
    "https:app.example/back",
    "https://app.example",
    "https://app.example/back#fragment",
    "https://app.example/back#",
    "https://*.example/back",
    "https://app.example/*",
    "https://app.example/a b",
    "https://app.example/back\n",
    "https://app.example\\@evil.example/back",
    "https://user@app.example/back",
    "https://user:word@app.example/back",
    "https://@app.example/back",
    "https://APP.example/back",
    "HTTPS://app.example/back",
    "https://app.example:/back",
    "https://app.example:0/back",
    "https://app.example:0443/back",
    "https://app.example:99999/back",
    "https://app.example:x/back",
    "https://app..example/back",
    "https://app%2eexample/back",
    "https://app.example/a/../back",
    "https://app.example/%2e%2e/back",
    "https://café.example/back",
    "https://[::1/back",
    "https://" + "a" * 500 + ".example/",
    "http://app.example/back",
    "http://localhost/back",
    "http://127.0.0.1.evil.example/back",
    "http://127.0.0.2/back",
    "http://0x7f000001/back",
    "myapp:/back",
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "com.example.wallet:back",
    "com.example.wallet:",
    "com.example.wallet://user@back",
    "com..example:/back",
    "urn:ietf:wg:oauth:2.0:oob",
]


@pytest.mark.parametrize("uri", GOOD)
def test_an_address_that_has_one_reading_is_taken(uri: str) -> None:
    assert (uri,) == registration.redirects([uri], "app")


@pytest.mark.parametrize("uri", BAD)
def test_an_address_that_may_be_read_twice_is_refused(uri: str) -> None:
    with pytest.raises(errors.ClientInvalid) as refused:
        registration.redirects(["https://app.example/back", uri], "app")

    assert refused.value.path == ("redirect_uris", "1")


@pytest.mark.parametrize(
    "given", [[], ["https://a.example/"] * 2, [f"https://a.example/{n}" for n in range(11)]]
)
def test_an_app_has_one_to_ten_addresses_each_once(given: list[str]) -> None:
    with pytest.raises(errors.ClientInvalid):
        registration.redirects(given, "app")


def test_only_an_app_has_addresses() -> None:
    kinds: list[registration.Kind] = ["merchant", "resource"]
    for kind in kinds:
        with pytest.raises(errors.ClientInvalid):
            registration.redirects(["https://app.example/back"], kind)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("app", ["member", "purchases:report"]),
        ("app", ["merchants:write"]),
        ("app", []),
        ("merchant", ["member"]),
        ("merchant", ["support:read"]),
        ("merchant", []),
        ("resource", ["openid"]),
    ],
)
def test_a_scope_beyond_the_kind_is_refused_and_never_dropped(
    kind: registration.Kind, given: list[str]
) -> None:
    with pytest.raises(errors.ClientInvalid):
        registration.scopes(given, kind)


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("app", "client_secret_basic"),
        ("app", "private_key_jwt"),
        ("merchant", "none"),
        ("merchant", "client_secret_jwt"),
        ("resource", "private_key_jwt"),
        ("resource", "none"),
    ],
)
def test_a_kind_proves_itself_only_in_its_ways(kind: registration.Kind, method: str) -> None:
    with pytest.raises(errors.ClientInvalid):
        registration.auth_method(method, kind)


def refused_keys() -> dict[str, object]:
    pair = jwk.generate_key("EC", "P-256")
    good = public(pair)
    return {
        "none": None,
        "a list": [good],
        "empty": {"keys": []},
        "no objects": {"keys": ["x"]},
        "private": {"keys": [pair.as_dict(private=True)]},
        "a shared secret": {"keys": [jwk.generate_key("oct", 256).as_dict(private=True)]},
        "private RSA": {"keys": [jwk.generate_key("RSA", 2048).as_dict(private=True)]},
        "private OKP": {"keys": [jwk.generate_key("OKP", "Ed25519").as_dict(private=True)]},
        "a short RSA": {"keys": [public(jwk.generate_key("RSA", 1024))]},
        "for encryption": {"keys": [good | {"use": "enc"}]},
        "one id twice": {"keys": [good | {"kid": "1"}, good | {"kid": "1"}]},
        "no point of the curve": {"keys": [good | {"y": good["x"]}]},
        "a kid of a number": {"keys": [good | {"kid": 1}]},
        "a key too many": {"keys": [good | {"kid": str(n)} for n in range(9)]},
        "too large": {"keys": [good | {"more": "x" * 20_000}]},
        "not JSON": {"keys": [good | {"more": {1, 2}}]},
        "unknown use": {"keys": [good | {"use": "x", "key_ops": ["verify"]}]},
    }


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_only_public_keys_for_signatures_are_taken() -> None:
    taken = {}
    for name, told in refused_keys().items():
        with contextlib.suppress(errors.ClientInvalid):
            taken[name] = registration.jwks(told, "private_key_jwt")

    assert {} == taken


def test_keys_are_only_for_a_client_that_signs() -> None:
    with pytest.raises(errors.ClientInvalid):
        registration.jwks({"keys": []}, "client_secret_basic")
