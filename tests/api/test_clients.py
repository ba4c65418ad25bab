"""What operators do about merchants' clients: shown once, rotated, suspended, in the audit log."""

from typing import Any

import orjson
import pytest
from joserfc import jwk

from api.graphql import clients as clients_door
from api.identity import clients, registration
from tests.api import client
from tests.conftest import Connection
from wallet import audit, database, ids

CLIENT = """
    clientId name merchant { id } authMethod scopes keyIds ratePerMinute status lastUsedAt
    secrets { createdAt expiresAt lastUsedAt }
"""
LIST = f"query L($id: ID!) {{ merchantClients(merchantId: $id) {{ {CLIENT} }} }}"


def mutation(act: str) -> str:
    kind = "Status" if act in ("Suspend", "Reinstate") else act
    return (
        f"mutation A($input: MerchantClient{kind}Input!) {{ merchantClient{act}(input: $input) {{"
        f" replayed secret message client {{ {CLIENT} }}"
        " errors { __typename ... on UserError { code path message } } } }"
    )


async def act(caller: client.Client, name: str, /, **told: Any) -> Any:
    """Ask one of the acts, with a reason unless one is given."""
    answer = await caller.ask(mutation(name), {"input": {"reason": "asked by mail", **told}})
    return answer.data[f"merchantClient{name}"]


async def register(operator: client.Client, shop: client.Client, **told: Any) -> Any:
    """Register a client that reports purchases, but for what is given."""
    plain = {
        "idempotencyKey": client.key(),
        "merchantId": ids.show("mer", shop.principal_id),
        "name": "Rosa: tills",
        "scopes": ["purchases:report"],
    }
    return await act(operator, "Register", **{**plain, **told})


async def rotate(operator: client.Client, client_id: str, **told: Any) -> Any:
    plain = {"idempotencyKey": client.key(), "clientId": client_id}
    return await act(operator, "Rotate", **{**plain, **told})


def codes(answer: Any) -> list[str]:
    return [one["code"] for one in answer["errors"]]


async def test_a_registered_client_proves_itself_with_the_secret_of_the_answer(
    operator: client.Client, rosa: client.Client, db: database.Database
) -> None:
    made = await register(operator, rosa, ratePerMinute=900)

    shown = made["client"]
    assert await clients.check_secret(db, shown["clientId"], made["secret"])
    assert (made["replayed"], made["message"], made["errors"]) == (False, clients_door.KEEP, [])
    assert shown["merchant"]["id"] == ids.show("mer", rosa.principal_id)
    assert (shown["authMethod"], shown["scopes"], shown["ratePerMinute"], shown["status"]) == (
        "CLIENT_SECRET_BASIC",
        ["purchases:report"],
        900,
        "ACTIVE",
    )


async def test_a_repeated_act_never_shows_a_secret_again_and_says_to_rotate(
    operator: client.Client, rosa: client.Client
) -> None:
    key, again = client.key(), client.key()
    made = await register(operator, rosa, idempotencyKey=key)
    repeated = await register(operator, rosa, idempotencyKey=key)
    client_id = made["client"]["clientId"]
    rotated = await rotate(operator, client_id, idempotencyKey=again)
    rotated_again = await rotate(operator, client_id, idempotencyKey=again)

    assert made["secret"] and rotated["secret"] and made["secret"] != rotated["secret"]
    for answer in (repeated, rotated_again):
        assert (answer["replayed"], answer["secret"]) == (True, None)
        assert "rotate" in answer["message"]
        assert answer["client"]["clientId"] == client_id
    assert len(rotated_again["client"]["secrets"]) == 2
    other = await register(operator, rosa, idempotencyKey=key, name="Rosa: web shop")
    assert codes(other) == ["IDEMPOTENCY_KEY_REUSED"]


async def test_the_old_secret_ends_after_the_overlap_and_a_third_is_refused(
    operator: client.Client, rosa: client.Client, db: database.Database
) -> None:
    made = await register(operator, rosa)
    client_id = made["client"]["clientId"]

    rotated = await rotate(operator, client_id, overlapHours=2)
    third = await rotate(operator, client_id)
    leaked = await rotate(operator, client_id, overlapHours=0)

    assert [one["expiresAt"] is None for one in rotated["client"]["secrets"]] == [False, True]
    assert (third["secret"], codes(third)) == (None, ["SECRET_LIMIT"])
    assert codes(await rotate(operator, client_id, overlapHours=-1)) == ["CLIENT_INVALID"]
    assert codes(await rotate(operator, client_id, overlapHours=721)) == ["CLIENT_INVALID"]
    assert [
        await clients.check_secret(db, client_id, one["secret"]) for one in (made, rotated, leaked)
    ] == [False, False, True]


async def test_a_suspended_client_opens_nothing_until_it_is_reinstated(
    operator: client.Client, rosa: client.Client, db: database.Database
) -> None:
    client_id = (await register(operator, rosa))["client"]["clientId"]

    suspended = await act(operator, "Suspend", clientId=client_id)
    assert suspended["client"]["status"] == "SUSPENDED"
    assert not (await clients.known(db, client_id)).active
    reinstated = await act(operator, "Reinstate", clientId=client_id)
    assert reinstated["client"]["status"] == "ACTIVE"
    assert codes(await act(operator, "Suspend", clientId=client_id, reason=" ")) == [
        "REASON_MISSING"
    ]


async def test_every_act_is_in_the_audit_log_with_its_reason_and_without_a_secret(
    operator: client.Client, rosa: client.Client, owner: Connection
) -> None:
    made = await register(operator, rosa)
    client_id = made["client"]["clientId"]
    rotated = await rotate(operator, client_id)
    await act(operator, "Suspend", clientId=client_id)
    await act(operator, "Reinstate", clientId=client_id)

    rows = await owner.fetch(
        "select act, actor_id, reason, document_hash is not null as document, a::text as row"
        " from coalition.audit a where subject_id = $1 order by happened_at",
        ids.parse("cli", client_id),
    )

    acts = ["client.register", "client.secret.add", "client.suspended", "client.active"]
    assert [row["act"] for row in rows] == acts
    assert {(row["actor_id"], row["reason"], row["document"]) for row in rows} == {
        (operator.principal_id, "asked by mail", True)
    }
    assert not any(one["secret"] in row["row"] for one in (made, rotated) for row in rows)


async def test_the_list_shows_the_ages_of_secrets_and_never_their_text(
    operator: client.Client, rosa: client.Client, bakery: client.Client, db: database.Database
) -> None:
    made = await register(operator, rosa)
    await clients.check_secret(db, made["client"]["clientId"], made["secret"])
    await clients.touch(db, made["client"]["clientId"])

    answer = await operator.ask(LIST, {"id": ids.show("mer", rosa.principal_id)})

    (shown,) = answer.data["merchantClients"]
    assert shown["lastUsedAt"] and shown["secrets"][0]["lastUsedAt"]
    assert made["secret"] not in str(answer.body)
    for nobody in (ids.show("mer", bakery.principal_id), ids.show("mer", ids.new()), "mer_?"):
        assert (await operator.ask(LIST, {"id": nobody})).data["merchantClients"] == []


async def test_a_client_of_keys_is_registered_with_public_ones_only(
    operator: client.Client, rosa: client.Client
) -> None:
    pair = jwk.generate_key("EC", "P-256")
    keys = jwk.KeySet([pair])
    asked = {"authMethod": "PRIVATE_KEY_JWT"}

    made = await register(operator, rosa, jwks=_json(keys.as_dict(private=False)), **asked)
    private = await register(operator, rosa, jwks=_json(keys.as_dict(private=True)), **asked)

    assert (made["secret"], made["client"]["keyIds"]) == (None, [pair.thumbprint()])
    assert (made["message"], made["client"]["secrets"]) == (None, [])
    assert codes(private) == ["CLIENT_INVALID"]
    assert private["errors"][0]["path"] == ["jwks", "keys", "0"]
    assert str(pair.as_dict(private=True)["d"]) not in str(private)
    assert codes(await rotate(operator, made["client"]["clientId"])) == ["CLIENT_INVALID"]
    for wrong in ("", "{", "[]", "null", None):
        assert codes(await register(operator, rosa, jwks=wrong, **asked)) == ["CLIENT_INVALID"]


@pytest.mark.parametrize(
    ("told", "code", "path"),
    [
        ({"merchantId": ids.show("mer", ids.new())}, "NOT_FOUND", []),
        ({"merchantId": "mer_1"}, "NOT_FOUND", ["merchantId"]),
        ({"name": ""}, "TEXT_INVALID", ["name"]),
        ({"name": "x" * 61}, "TEXT_INVALID", ["name"]),
        ({"scopes": []}, "CLIENT_INVALID", ["scopes"]),
        ({"scopes": ["member"]}, "CLIENT_INVALID", ["scopes"]),
        ({"scopes": ["merchants:write"]}, "CLIENT_INVALID", ["scopes"]),
        ({"ratePerMinute": 0}, "CLIENT_INVALID", ["ratePerMinute"]),
        ({"jwks": '{"keys": []}'}, "CLIENT_INVALID", ["jwks"]),
        ({"reason": ""}, "REASON_MISSING", ["reason"]),
    ],
)
async def test_a_registration_that_makes_no_sense_is_refused_where_it_is_wrong(
    operator: client.Client,
    rosa: client.Client,
    owner: Connection,
    told: dict[str, Any],
    code: str,
    path: list[str],
) -> None:
    refused = await register(operator, rosa, **told)

    assert [(one["code"], one["path"]) for one in refused["errors"]] == [(code, path)]
    assert (refused["client"], refused["secret"]) == (None, None)
    assert await owner.fetchval("select count(*) from identity.client") == 0


async def test_a_client_that_is_no_merchants_is_not_found_here(
    operator: client.Client, db: database.Database
) -> None:
    server = await clients.register(
        db, key=ids.new(), kind="resource", name="Reports", actor=audit.SYSTEM
    )

    for client_id in (server.client.client_id, "cli_unknown", "nul\x00"):
        for name in ("Suspend", "Reinstate"):
            assert codes(await act(operator, name, clientId=client_id)) == ["NOT_FOUND"]
        assert codes(await rotate(operator, client_id)) == ["NOT_FOUND"]


async def test_only_an_operator_keeps_clients(
    support: client.Client, rosa: client.Client, ana: client.Client
) -> None:
    for caller in (support, rosa, ana):
        answer = await caller.ask(LIST, {"id": ids.show("mer", rosa.principal_id)})
        assert answer.codes == ["FORBIDDEN"]


def test_the_ways_to_prove_oneself_are_those_of_a_merchant_and_of_its_store() -> None:
    shown: list[Any] = [one.value for one in clients_door.ClientAuthMethod]

    ours = (*registration.AUTH_METHODS["merchant"], *registration.AUTH_METHODS["store"])
    assert list(ours) == shown


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
