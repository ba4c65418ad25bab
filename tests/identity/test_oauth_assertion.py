"""private_key_jwt: an assertion is signed by the client's own key, for us alone, and works once."""

import asyncio
import dataclasses
import hashlib
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from joserfc import jwk, jwt

from api.identity import bearer
from api.oauth import proofs
from tests import serving
from tests.identity import relying
from tests.wallet import factories
from wallet import database, ids

SCOPES = ["purchases:read", "purchases:report"]
ASSERTION = {"client_assertion_type": proofs.ASSERTION_TYPE}


@pytest.fixture
async def merchant_id(coalition: factories.Coalition) -> uuid.UUID:
    return await coalition.merchant()


@dataclasses.dataclass(frozen=True, slots=True)
class Signer:
    """A merchant's server with a key pair."""

    party: relying.Party
    key: jwk.Key

    def claims(self, **changed: object) -> dict[str, object]:
        told: dict[str, object] = {
            "iss": self.party.client_id,
            "sub": self.party.client_id,
            "aud": self.party.house.origin,
            "exp": int(time.time()) + 60,
            "jti": ids.new().hex,
        } | changed
        return {name: value for name, value in told.items() if value is not None}

    def signed(self, algorithm: str = "ES256", key: Any = None, **changed: object) -> str:
        header = {"alg": algorithm, "kid": self.key.kid}
        return jwt.encode(header, self.claims(**changed), key or self.key, [algorithm])

    async def ask(self, assertion: str, **more: str) -> httpx2.Response:
        told = ASSERTION | {"grant_type": "client_credentials", "client_assertion": assertion}
        return await self.party.http.post(
            f"{self.party.house.origin}/oauth/token", data=told | more
        )


async def signer(
    db: database.Database,
    house: serving.House,
    merchant_id: uuid.UUID,
    http: httpx2.AsyncClient,
    key: jwk.Key | None = None,
) -> Signer:
    own = key or jwk.ECKey.generate_key("P-256")
    own.ensure_kid()
    given = await relying.register(
        db,
        "merchant",
        "Signing till",
        scopes=SCOPES,
        merchant_id=merchant_id,
        auth_method="private_key_jwt",
        jwks={"keys": [own.as_dict(private=False)]},
    )
    return Signer(relying.Party(http, house, given.client.client_id), own)


@pytest.fixture
async def signing(
    db: database.Database, house: serving.House, merchant_id: uuid.UUID
) -> AsyncIterator[Signer]:
    async with httpx2.AsyncClient() as http:
        yield await signer(db, house, merchant_id, http)


async def test_a_signed_assertion_is_a_proof(
    db: database.Database, signing: Signer, merchant_id: uuid.UUID
) -> None:
    answer = await signing.ask(signing.signed())
    by_endpoint = await signing.ask(
        signing.signed(aud=f"{signing.party.house.origin}/oauth/token"),
        client_id=signing.party.client_id,
    )
    in_a_list = await signing.ask(signing.signed(aud=[signing.party.house.origin]))
    found = await bearer.find(db, answer.json()["access_token"])

    assert [200, 200, 200] == [one.status_code for one in (answer, by_endpoint, in_a_list)]
    assert found is not None and merchant_id == found.principal_id


async def test_other_good_algorithms_are_taken(
    db: database.Database, house: serving.House, merchant_id: uuid.UUID
) -> None:
    rsa = jwk.RSAKey.generate_key(2048)
    async with httpx2.AsyncClient() as http:
        for algorithm, key in (
            ("PS256", rsa),
            ("RS256", rsa),
            ("Ed25519", jwk.OKPKey.generate_key("Ed25519")),
        ):
            other = await signer(db, house, merchant_id, http, key)
            answer = await other.ask(other.signed(algorithm))

            assert 200 == answer.status_code, algorithm


async def test_ed25519_may_be_called_by_its_older_name(
    db: database.Database, house: serving.House, merchant_id: uuid.UUID
) -> None:
    key = jwk.OKPKey.generate_key("Ed25519")
    assert isinstance(key.private_key, ed25519.Ed25519PrivateKey)
    async with httpx2.AsyncClient() as http:
        other = await signer(db, house, merchant_id, http, key)
        head = relying.encoded(b'{"alg":"EdDSA"}')
        body = relying.encoded(orjson.dumps(other.claims()))
        signature = key.private_key.sign(f"{head}.{body}".encode())
        answer = await other.ask(f"{head}.{body}.{relying.encoded(signature)}")

    assert 200 == answer.status_code


async def test_an_assertion_works_once(db: database.Database, signing: Signer) -> None:
    assertion = signing.signed(jti="one")

    answers = [await signing.ask(assertion), await signing.ask(assertion)]
    again = await signing.ask(signing.signed(jti="one"))
    raced = await asyncio.gather(*(signing.ask(signing.signed(jti="two")) for _ in range(8)))

    assert [200, 401, 401] == [one.status_code for one in (*answers, again)]
    assert [200] + [401] * 7 == sorted(one.status_code for one in raced)
    kept = await db.fetch("select jti_hash from identity.client_assertion")
    assert {hashlib.sha256(jti).digest() for jti in (b"one", b"two")} == {
        row["jti_hash"] for row in kept
    }


async def test_an_assertion_says_what_it_must(signing: Signer) -> None:
    now = int(time.time())
    wrong: list[dict[str, object]] = [
        {"aud": None},
        {"aud": []},
        {"aud": "https://evil.example"},
        {"aud": "http://localhost"},
        {"aud": 7},
        {"aud": [7]},
        {"aud": {}},
        {"exp": None},
        {"exp": 0},
        {"exp": -1e300},
        {"exp": 1e300},
        {"exp": "soon"},
        {"exp": True},
        {"exp": now - 60},
        {"exp": now + 3600},
        {"nbf": now + 600},
        {"nbf": "soon"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 500},
        {"iss": None},
        {"iss": "cli_another"},
    ]
    for changed in wrong:
        answer = await signing.ask(signing.signed("ES256", None, **changed))

        assert (401, "invalid_client") == (answer.status_code, answer.json()["error"]), changed


async def test_an_assertion_that_is_for_another_too_is_not_for_us(signing: Signer) -> None:
    origin = signing.party.house.origin

    answer = await signing.ask(signing.signed(aud=[origin, "https://evil.example"]))

    assert 401 == answer.status_code


async def test_an_assertion_is_signed_by_the_clients_own_key(
    db: database.Database, signing: Signer, house: serving.House, merchant_id: uuid.UUID
) -> None:
    stranger = jwk.ECKey.generate_key("P-256")
    public = signing.key.as_dict(private=False)
    shared = jwk.OctKey.import_key(orjson.dumps(public))
    unsigned = (
        relying.encoded(b'{"alg":"none"}')
        + "."
        + relying.encoded(orjson.dumps(signing.claims()))
        + "."
    )
    embedded = jwt.encode(
        {"alg": "ES256", "kid": signing.key.kid, "jwk": stranger.as_dict(private=False)},
        signing.claims(),
        stranger,
        ["ES256"],
    )
    other = await signer(db, house, merchant_id, signing.party.http)
    forged = [
        signing.signed(key=stranger),
        signing.signed("HS256", key=shared),
        unsigned,
        embedded,
        signing.signed()[:-2],
        other.signed(iss=signing.party.client_id, sub=signing.party.client_id),
        signing.signed(sub=other.party.client_id),
        "x",
        "..",
        "e30.e30.e30",
        "é.é.é",
    ]
    statuses = [(await signing.ask(assertion)).status_code for assertion in forged]
    as_another = await signing.ask(signing.signed(), client_id=other.party.client_id)

    assert [401] * len(forged) == statuses
    assert 401 == as_another.status_code


async def test_a_client_with_keys_has_no_other_way(signing: Signer) -> None:
    own = dataclasses.replace(signing.party, secret="cp_cs_" + "A" * 43)
    nothing = await signing.party.ask("token", grant_type="client_credentials")
    secret = await own.ask("token", grant_type="client_credentials")
    typed = await signing.party.ask(
        "token",
        grant_type="client_credentials",
        client_assertion=signing.signed(),
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
    )

    assert [401, 401, 400] == [one.status_code for one in (nothing, secret, typed)]
