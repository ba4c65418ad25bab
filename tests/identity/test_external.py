"""Tokens of an external OpenID provider: one right way in, and every wrong one refused."""

import asyncio
import base64
import datetime
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from joserfc import jwk
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from api import settings
from api.identity import external
from tests import serving
from tests.identity import provider as providers
from tests.wallet import factories
from wallet import database, errors, ids, members

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
async def provider() -> AsyncIterator[providers.Provider]:
    async with providers.serve() as served:
        yield served


@pytest.fixture
async def member(db: database.Database) -> members.Member:
    return await (await factories.open_coalition(db)).member()


def house(provider: providers.Provider, **chosen: Any) -> settings.Settings:
    facts: dict[str, Any] = {
        "external_issuer": provider.issuer,
        "external_audience": "wallet",
        "external_member_claim": "member",
    }
    return settings.Settings(_env_file=None, **(facts | chosen))


def named(member: members.Member, **more: Any) -> dict[str, Any]:
    return {"member": ids.show("mem", member.member_id)} | more


async def taken(
    db: database.Database, provider: providers.Provider, claims: dict[str, Any], **header: Any
) -> bool:
    """True if the token opens something; the provider is asked anew."""
    db.known.pop(external.Provider, None)
    return await external.find(db, house(provider), provider.sign(claims, **header)) is not None


async def test_a_token_of_the_provider_speaks_for_its_member(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    now = int(time.time())
    token = provider.sign(named(member, exp=now + 300, auth_time=now - 60))

    found = await external.find(db, house(provider), token)

    assert found is not None
    assert (found.kind, found.principal_id, found.member) == ("member", member.member_id, member)
    assert (found.scopes, found.role, found.client_id) == (frozenset({"member"}), None, None)
    assert found.expires_at == datetime.datetime.fromtimestamp(now + 300, datetime.UTC)
    assert found.authenticated_at == datetime.datetime.fromtimestamp(now - 60, datetime.UTC)


async def test_the_graphql_door_takes_it_and_nothing_forged(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    good = provider.sign(named(member))
    forged = provider.sign(named(member), key=providers.new_key(), kid=provider.key.kid)
    chosen = house(provider).model_dump(
        include={"external_issuer", "external_audience", "external_member_claim"}
    )
    async with serving.serve(db, **chosen, documents="open") as served, httpx2.AsyncClient() as web:

        async def ask(token: str) -> httpx2.Response:
            return await web.post(
                f"{served.origin}/graphql",
                json={"query": "{ viewer { id } }"},
                headers={"Authorization": f"Bearer {token}"},
            )

        answer, refused = await ask(good), await ask(forged)

    assert answer.json() == {"data": {"viewer": {"id": ids.show("mem", member.member_id)}}}
    assert refused.status_code == 401


async def test_without_a_configured_provider_no_jwt_opens_anything(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    token = provider.sign(named(member))

    assert await external.find(db, settings.Settings(_env_file=None), token) is None
    assert provider.asked == []


async def test_every_asymmetric_algorithm_of_the_list_is_taken(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    rsa = providers.new_key("RSA", 2048)
    keys = {
        "ES256": provider.key,
        "ES384": providers.new_key("EC", "P-384"),
        "ES512": providers.new_key("EC", "P-521"),
        "Ed25519": providers.new_key("OKP", "Ed25519"),
        "RS256": rsa,
        "PS512": rsa,
    }
    provider.published = [*{key.kid: key for key in keys.values()}.values()]

    for algorithm, key in keys.items():
        assert await taken(db, provider, named(member), key=key, alg=algorithm), algorithm
    assert await taken(db, provider, named(member), typ=None)
    assert await taken(db, provider, named(member), unheard=1)
    assert await taken(db, provider, named(member), typ="application/at+jwt")
    assert await taken(db, provider, named(member, aud=["other", "wallet"]))


async def test_a_wrong_claim_opens_nothing(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    now = int(time.time())
    stranger = ids.show("mem", ids.new())
    assert await taken(db, provider, named(member))

    wrong: list[dict[str, Any]] = [
        {"iss": "https://evil.example"},
        {"iss": provider.issuer + "/"},
        {"iss": None},
        {"aud": "commonpurse"},
        {"aud": []},
        {"aud": ["wallet", 1]},
        {"aud": None},
        {"exp": now - 61},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 1e300},
        {"exp": now + 2 * 86_400},
        {"nbf": now + 120},
        {"iat": now + 120},
        {"iat": None},
        {"sub": None},
        {"sub": 7},
        {"member": None},
        {"member": 7},
        {"member": "mem_"},
        {"member": ids.show("mer", member.member_id)},
        {"member": stranger},
    ]
    for claims in wrong:
        assert not await taken(db, provider, named(member) | claims), claims


async def test_a_wrong_kind_or_key_opens_nothing(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    other = providers.new_key()
    claims = named(member)

    assert not await taken(db, provider, claims, typ="logout+jwt")
    assert not await taken(db, provider, claims, typ="dpop+jwt")
    assert not await taken(db, provider, claims, key=other)
    assert not await taken(db, provider, claims, key=other, kid=provider.key.kid)
    assert not await taken(db, provider, claims, key=other, kid=None)
    # A key that the token brings along, or points to, is no key of the provider.
    assert not await taken(db, provider, claims, key=other, jwk=other.as_dict(private=False))
    assert not await taken(db, provider, claims, key=other, jku=f"{provider.issuer}/keys")
    assert not await taken(db, provider, claims, crit=["unheard"], unheard=1)
    # A key that is for something else: it is not even read.
    provider.published = [jwk.import_key(provider.key.as_dict(private=True, use="enc"))]
    assert not await taken(db, provider, claims)


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def test_no_signature_and_a_shared_secret_open_nothing(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    _, claims, signature = provider.sign(named(member)).split(".")
    rsa = providers.new_key("RSA", 2048)
    assert isinstance(rsa, jwk.RSAKey)
    public = rsa.as_pem(private=False)  # the attack takes it for a secret that both sides know
    provider.published = [provider.key, rsa]
    signed = f"{encoded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': rsa.kid})}.{claims}"
    mac = hmac.digest(public, signed.encode(), "sha256")
    hmac_signed = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    forged = [
        f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{claims}.",
        f"{encoded({'alg': 'none', 'kid': provider.key.kid})}.{claims}.{signature}",
        f"{encoded({'alg': 'nOnE', 'kid': provider.key.kid})}.{claims}.{signature}",
        hmac_signed,
    ]

    for token in forged:
        assert await external.find(db, house(provider), token) is None
    assert provider.asked == []  # an algorithm that is not ours asks nobody
    # A provider that publishes a shared secret is not believed either.
    provider.published = []
    provider.answers["/keys"] = lambda: JSONResponse(
        {"keys": [{"kty": "oct", "k": base64.b64encode(public).decode(), "kid": rsa.kid}]}
    )
    assert not await taken(db, provider, named(member), key=rsa, alg="RS256")


async def test_nonsense_opens_nothing_and_asks_nobody(
    db: database.Database, provider: providers.Provider
) -> None:
    nonsense = [
        "",
        "a.b.c",
        "..",
        "é.é.é",
        "a.b.c.d.e",
        f"{encoded([])}.e30.e30",
        f"{encoded({'alg': ['ES256']})}.e30.e30",
        f"{encoded({'alg': 'ES256', 'typ': 7})}.e30.e30",
        "A" * external.TOKEN_CHARS_MAX + ".e30.e30",
    ]
    for token in nonsense:
        assert await external.find(db, house(provider), token) is None
    assert provider.asked == []


async def test_the_provider_is_asked_once_for_many_tokens_at_once(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    tokens = [provider.sign(named(member, jti=str(n))) for n in range(20)]

    found = await asyncio.gather(*(external.find(db, house(provider), one) for one in tokens))

    assert None not in found
    assert len({one.token_id for one in found if one}) == 20
    assert provider.asked == [DISCOVERY, "/keys"]


async def test_an_unknown_key_asks_again_at_most_once_a_minute(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    chosen = house(provider)
    db.known[external.Provider] = external.Provider(chosen, again_seconds=0.5)
    assert await external.find(db, chosen, provider.sign(named(member))) is not None
    new = providers.new_key()
    provider.published = [provider.key, new]

    for _ in range(50):
        made_up = provider.sign(named(member), key=providers.new_key())
        assert await external.find(db, chosen, made_up) is None
    assert await external.find(db, chosen, provider.sign(named(member), key=new)) is None
    assert provider.asked == [DISCOVERY, "/keys"]

    await asyncio.sleep(0.5)
    assert await external.find(db, chosen, provider.sign(named(member), key=new)) is not None
    assert provider.asked == [DISCOVERY, "/keys"] * 2


async def test_a_withdrawn_key_opens_nothing_after_the_next_look(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    chosen = house(provider)
    db.known[external.Provider] = external.Provider(chosen, kept_seconds=0.5, again_seconds=0)
    token = provider.sign(named(member))
    assert await external.find(db, chosen, token) is not None
    provider.published = [providers.new_key()]

    assert await external.find(db, chosen, token) is not None
    await asyncio.sleep(0.5)
    assert await external.find(db, chosen, token) is None


def huge() -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 65_536

    return StreamingResponse(chunks(), media_type="application/json")


async def test_a_provider_that_answers_wrongly_is_away(
    db: database.Database, provider: providers.Provider, member: members.Member
) -> None:
    def document(**changed: Any) -> Response:
        return JSONResponse(provider.discovery(**changed))

    wrong: list[tuple[str, providers.Answer]] = [
        (DISCOVERY, lambda: Response("<html>")),
        (DISCOVERY, lambda: JSONResponse([])),
        (DISCOVERY, lambda: JSONResponse({}, status_code=500)),
        (DISCOVERY, lambda: RedirectResponse(f"{provider.issuer}/keys")),
        (DISCOVERY, lambda: document(issuer="https://evil.example")),
        (DISCOVERY, lambda: document(issuer=None)),
        (DISCOVERY, lambda: document(jwks_uri=None)),
        (DISCOVERY, lambda: document(jwks_uri="http://example.org/keys")),
        (DISCOVERY, lambda: document(jwks_uri="file:///etc/passwd")),
        (DISCOVERY, lambda: document(jwks_uri="http://user@127.0.0.1/keys")),
        (DISCOVERY, lambda: document(jwks_uri="http://[/keys")),
        (DISCOVERY, lambda: document(jwks_uri="https://169.254.169.254/keys")),
        (DISCOVERY, lambda: document(jwks_uri="https://localhost/keys")),
        (DISCOVERY, huge),
        ("/keys", huge),
        ("/keys", lambda: JSONResponse({"keys": {}})),
        ("/keys", lambda: Response("[" * 100_000)),
    ]
    for path, answer in wrong:
        provider.answers = {path: answer}
        with pytest.raises(errors.Unavailable):
            await taken(db, provider, named(member))
    provider.answers = {}
    assert await taken(db, provider, named(member))


async def test_what_is_known_of_a_provider_outlives_its_absence(
    db: database.Database, member: members.Member
) -> None:
    async with providers.serve() as provider:
        chosen = house(provider)
        token = provider.sign(named(member))
        stranger = provider.sign(named(member), key=providers.new_key())
        assert await external.find(db, chosen, token) is not None

    assert await external.find(db, chosen, token) is not None
    assert await external.find(db, chosen, stranger) is None


async def test_a_provider_under_a_path_with_a_slash_at_its_end_is_taken_by_its_own_spelling(
    db: database.Database, member: members.Member
) -> None:
    async with providers.serve("/realms/shop") as provider:
        provider.answers[DISCOVERY] = lambda: JSONResponse(
            provider.discovery(issuer=provider.issuer + "/")
        )
        assert not await taken(db, provider, named(member))
        assert await taken(db, provider, named(member, iss=provider.issuer + "/"))
