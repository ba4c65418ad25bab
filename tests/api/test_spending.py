"""Safe spending through the API: locking, unlocking, what is stopped and what a person decides."""

import datetime
import enum
from typing import Any, get_args

import pytest

from api.graphql import shapes, spend_locks, spending
from tests.api import client, stopping
from tests.conftest import Connection
from tests.wallet import factories
from wallet import database, ids, members
from wallet import spending as verbs
from wallet.rules import spending as rules

LOCK = "mutation { spendLock { lock { locked by } errors { code } } }"
UNLOCK = "mutation { spendUnlock { lock { locked } errors { code message } } }"
STANDS = "{ viewer { spendLock { locked by changedAt } } }"
CODE = """mutation Code($at: ID!) { redemptionCodeCreate(merchantId: $at) {
  code { code } errors { code } } }"""
RULES = """mutation Rules($input: SpendingRulesPublishInput!) {
  spendingRulesPublish(input: $input) {
  rules { version one { amount } day { amount } hourMost merchantIds territories }
  replayed errors { ... on UserError { code path } } } }"""
REVIEWS = """query Reviews($state: SpendingReviewState) { spendingReviews(state: $state) {
  edges { node { id state amount { amount } passed sentence tries memberId decidedBy { id } used
    } } } }"""
DECIDE = """mutation Decide($input: SpendingReviewDecideInput!) {
  spendingReviewDecide(input: $input) {
    review { state goodUntil decidedBy { id } } replayed errors { code } } }"""


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (spending.SpendingLimit, rules.PASSED),
        (spending.SpendingReviewState, get_args(verbs.State)),
        (spend_locks.SpendLockBy, get_args(verbs.By)),
    ],
)
def test_the_enums_are_those_of_the_verbs(shown: type[enum.Enum], words: tuple[str, ...]) -> None:
    assert list(words) == [shapes.value(one) for one in shown]


async def test_a_member_locks_with_the_token_and_unlocks_with_a_fresh_sign_in(
    ana: client.Client, owner: Connection
) -> None:
    locked = (await ana.ask(LOCK)).data["spendLock"]
    stands = (await ana.ask(STANDS)).data["viewer"]["spendLock"]
    await owner.execute(
        "update identity.token set created_at = clock_timestamp() - interval '6 minutes'"
    )
    stale = (await ana.ask(UNLOCK)).data["spendUnlock"]
    await owner.execute("update identity.token set created_at = clock_timestamp()")
    opened = (await ana.ask(UNLOCK)).data["spendUnlock"]

    assert {"locked": True, "by": "MEMBER"} == locked["lock"]
    assert (True, "MEMBER") == (stands["locked"], stands["by"])
    assert ["STEP_UP_REQUIRED"] == [one["code"] for one in stale["errors"]]
    assert {"locked": False} == opened["lock"]


async def test_an_operator_publishes_rules_and_sees_what_holds(
    operator: client.Client, rosa: client.Client
) -> None:
    told = {
        "idempotencyKey": client.key(),
        "one": "200.00",
        "merchantIds": [ids.show("mer", rosa.principal_id)],
        "territories": ["PT"],
        "note": "agreed with the bank",
    }
    first, again = [
        (await operator.ask(RULES, {"input": told})).data["spendingRulesPublish"] for _ in range(2)
    ]
    wrong: dict[str, Any] = {**told, "idempotencyKey": client.key(), "merchantIds": ["mer_1"]}
    refused = (await operator.ask(RULES, {"input": wrong})).data["spendingRulesPublish"]

    assert (1, "200.00", None, 10, ["PT"]) == (
        first["rules"]["version"],
        first["rules"]["one"]["amount"],
        first["rules"]["day"],
        first["rules"]["hourMost"],
        first["rules"]["territories"],
    )
    assert (first["rules"], True) == (again["rules"], again["replayed"])
    assert [["merchantIds", "0"]] == [one["path"] for one in refused["errors"]]


async def test_a_supervisor_finds_what_was_stopped_and_decides(
    supervisor: client.Client,
    ana: client.Client,
    rosa: client.Client,
    coalition: factories.Coalition,
    db: database.Database,
) -> None:
    member = await members.find(db, ana.principal_id)
    await stopping.stopped(coalition, member, rosa.principal_id)
    (edge,) = (await supervisor.ask(REVIEWS, {"state": "OPEN"})).data["spendingReviews"]["edges"]
    told = {"reviewId": edge["node"]["id"], "allow": True, "reason": "called the member back"}
    first, again = [
        (await supervisor.ask(DECIDE, {"input": told})).data["spendingReviewDecide"]
        for _ in range(2)
    ]

    assert ("0.02", "ONE", ids.show("mem", ana.principal_id)) == (
        edge["node"]["amount"]["amount"],
        edge["node"]["passed"],
        edge["node"]["memberId"],
    )
    assert "0.02 EUR is more than 0.01 EUR, the most of one spend." == edge["node"]["sentence"]
    assert ("ALLOWED", False, True) == (
        first["review"]["state"],
        first["replayed"],
        again["replayed"],
    )


async def _signed_in(owner: Connection, ana: client.Client, ago: datetime.timedelta) -> None:
    """Let the member's token be of a sign-in in an app, so long ago."""
    grant_id = ids.new()
    await owner.execute(
        "insert into identity.client (client_id, kind, name, auth_method, redirect_uris, scopes)"
        " values ('app', 'app', 'App', 'none', '{}', '{member}') on conflict do nothing"
    )
    await owner.execute(
        "insert into identity.access_grant (grant_id, client_id, principal_kind, principal_id,"
        " scopes, authenticated_at, amr)"
        " values ($1, 'app', 'member', $2, '{member}', clock_timestamp() - $3::interval, '{pwd}')",
        grant_id,
        ana.principal_id,
        ago,
    )
    await owner.execute(
        "update identity.token set grant_id = $1, client_id = 'app' where principal_id = $2",
        grant_id,
        ana.principal_id,
    )


@pytest.mark.parametrize(("minutes", "codes"), [(60, ["STEP_UP_REQUIRED"]), (1, [])])
async def test_the_first_code_from_a_device_needs_a_fresh_sign_in_also_at_a_known_merchant(
    ana: client.Client,
    rosa: client.Client,
    coalition: factories.Coalition,
    owner: Connection,
    db: database.Database,
    minutes: int,
    codes: list[str],
) -> None:
    await coalition.spend(await members.find(db, ana.principal_id), rosa.principal_id, 100)
    await _signed_in(owner, ana, datetime.timedelta(minutes=minutes))
    at = {"at": ids.show("mer", rosa.principal_id)}
    first = (await ana.ask(CODE, at)).data["redemptionCodeCreate"]
    await owner.execute(
        "update identity.access_grant set authenticated_at = now() - interval '1 day'"
    )
    later = (await ana.ask(CODE, at)).data["redemptionCodeCreate"]

    assert codes == [one["code"] for one in first["errors"]]
    assert codes == [one["code"] for one in later["errors"]]  # from now on the device is known
