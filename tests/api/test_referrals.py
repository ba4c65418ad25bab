"""Inviting through the door: the member's code and link, the newcomer's step, a person's look."""

from typing import Any, get_args

import pytest

from api.graphql import referrals as shown
from tests.api import client
from tests.wallet import factories, inviting
from tests.wallet.inviting import CLEAR
from wallet import database, ids, members
from wallet.campaigns import referrals as verbs
from wallet.rules import referrals as rules

MINE = """query Mine { viewer { referral {
  code link invited { state at reward { amount currency } } accepted { state reward { amount } }
} } }"""
ACCEPT = """mutation Accept($input: ReferralAcceptInput!) { referralAccept(input: $input) {
  invitation { state reward { amount } } replayed errors { ... on UserError { code path } }
} }"""
LIST = """query List($state: ReferralState, $first: Int! = 20, $after: Cursor) {
  referrals(state: $state, first: $first, after: $after) {
    edges { node { id state friendId referrerId purchaseId score threshold sentence
      reasons { name points counted sentence } friendReward { amount } referrerReward { amount }
      decidedBy { name } } }
    pageInfo { hasNextPage endCursor } } }"""
REVIEW = """mutation Review($input: ReferralReviewInput!) { referralReview(input: $input) {
  referral { id state decidedBy { name } friendReward { amount } referrerReward { amount } }
  replayed errors { ... on UserError { code path } } } }"""


async def mine(caller: client.Client) -> Any:
    return (await caller.ask(MINE)).data["viewer"]["referral"]


async def accept(caller: client.Client, code: str, **told: Any) -> Any:
    """Accept a code with a new key, but for what is given."""
    plain = {"idempotencyKey": client.key(), "code": code}
    return (await caller.ask(ACCEPT, {"input": {**plain, **told}})).data["referralAccept"]


async def review(caller: client.Client, referral: str, decision: str = "PAY", **told: Any) -> Any:
    plain = {"referralId": referral, "decision": decision, "reason": "I called both"}
    return (await caller.ask(REVIEW, {"input": {**plain, **told}})).data["referralReview"]


@pytest.fixture
async def suspicious(coalition: factories.Coalition, ana: client.Client) -> inviting.Invited:
    """An invitation of Ana's to her own mailbox, set aside."""
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    host = await members.find(coalition.db, ana.principal_id)
    friend = await inviting.person(coalition, "Ana Again", host.email.replace("@", "+1@"))
    it = await inviting.invite(coalition, friend, host)
    await inviting.buy(coalition, rosa, friend, 2_500)
    await inviting.pass_time(coalition, CLEAR)
    return it


async def test_a_member_passes_a_link_on_and_sees_only_where_invitations_stand(
    coalition: factories.Coalition, ana: client.Client, ben: client.Client
) -> None:
    await inviting.campaign(coalition)
    before, again = await mine(ana), await mine(ana)
    key = client.key()

    first = await accept(ben, before["code"].lower(), idempotencyKey=key)
    second = await accept(ben, before["code"], idempotencyKey=key)
    hers, his = await mine(ana), await mine(ben)

    assert before == again == {**before, "invited": [], "accepted": None}
    plain = before["code"].replace("-", "")
    assert before["link"] == f"http://localhost:8000/join?code={plain}"
    assert first["invitation"] == {"state": "WAITING", "reward": None}
    assert (first["replayed"], second["replayed"], first["errors"]) == (False, True, [])
    (invited,) = hers["invited"]
    assert (invited["state"], invited["reward"]) == ("WAITING", None)
    assert his["accepted"] == {"state": "WAITING", "reward": None}


async def test_what_does_not_count_is_refused_at_its_field(
    coalition: factories.Coalition, ana: client.Client, ben: client.Client
) -> None:
    await inviting.campaign(coalition)
    own, his = (await mine(ana))["code"], (await mine(ben))["code"]

    answers = [await accept(ben, his), await accept(ben, "no code"), await accept(ana, his)]
    await accept(ben, own)
    third = await coalition.member()
    other = await verbs.code_of(coalition.db, third.member_id)
    closed = await accept(ben, other)

    assert [one["errors"] for one in answers] == [
        [{"code": "REFERRAL_INVALID", "path": ["code"]}],
        [{"code": "REFERRAL_INVALID", "path": ["code"]}],
        [{"code": "REFERRAL_CLOSED", "path": []}],  # Ana has bought before
    ]
    assert closed["errors"] == [{"code": "REFERRAL_CLOSED", "path": []}]


async def test_only_the_member_sees_how_they_invite(
    support: client.Client, ana: client.Client, db: database.Database
) -> None:
    query = "query M($id: ID!) { member(id: $id) { displayName referral { code } } }"

    answer = await support.ask(query, {"id": ids.show("mem", ana.principal_id)})

    assert answer.data["member"]["referral"] is None
    assert 0 == await db.fetchval("select count(*) from coalition.referral_code")


async def test_rewards_are_shown_to_both_once_they_are_paid(
    coalition: factories.Coalition, ana: client.Client, ben: client.Client
) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    host, friend = [await members.find(coalition.db, one.principal_id) for one in (ana, ben)]
    await inviting.invite(coalition, friend, host)
    await inviting.buy(coalition, rosa, friend, 2_500)
    await inviting.pass_time(coalition, CLEAR)

    hers, his = await mine(ana), await mine(ben)

    (invited,) = hers["invited"]
    assert invited["reward"] == {"amount": "5.00", "currency": "EUR"}
    assert his["accepted"] == {"state": "PAID", "reward": {"amount": "3.00"}}


async def test_a_supervisor_reads_the_reasons_and_decides_once(
    suspicious: inviting.Invited, supervisor: client.Client, operator: client.Client
) -> None:
    key = ids.show("ref", suspicious.referral_id)
    (edge,) = (await supervisor.ask(LIST, {"state": "QUARANTINED"})).data["referrals"]["edges"]
    silent = await review(supervisor, key, reason="")
    paid = await review(supervisor, key)
    again = await review(supervisor, key)
    late = await review(operator, key, "REFUSE")
    nothing = await review(operator, ids.show("ref", ids.new()))
    left = (await supervisor.ask(LIST, {"state": "QUARANTINED"})).data["referrals"]["edges"]
    whole = (await supervisor.ask(LIST)).data["referrals"]["edges"]

    node = edge["node"]
    assert (node["id"], node["state"], node["score"], node["threshold"]) == (
        key,
        "QUARANTINED",
        100,
        50,
    )
    assert node["friendId"] == ids.show("mem", suspicious.friend.member_id)
    assert node["referrerId"] == ids.show("mem", suspicious.referrer.member_id)
    says = "Letters to both members arrive in the same mailbox."
    assert node["reasons"] == [{"name": "mailbox", "points": 100, "counted": 1, "sentence": says}]
    assert node["sentence"].endswith(says)
    assert node["decidedBy"] is None
    assert silent["errors"] == [{"code": "REASON_MISSING", "path": ["reason"]}]
    assert paid["referral"] == {
        "id": key,
        "state": "PAID",
        "decidedBy": {"name": "Vera"},
        "friendReward": {"amount": "3.00"},
        "referrerReward": {"amount": "5.00"},
    }
    assert (paid["replayed"], again["replayed"]) == (False, True)
    assert [one["code"] for one in late["errors"]] == ["REFERRAL_CLOSED"]
    assert [one["code"] for one in nothing["errors"]] == ["NOT_FOUND"]
    assert (left, [one["node"]["id"] for one in whole]) == ([], [key])


async def test_support_and_the_members_themselves_see_no_reasons(
    suspicious: inviting.Invited, support: client.Client, ana: client.Client
) -> None:
    key = ids.show("ref", suspicious.referral_id)
    node = "query N($id: ID!) { node(id: $id) { ... on Referral { reasons { name } } } }"
    told = {"referralId": key, "decision": "PAY", "reason": "please"}

    for caller in (support, ana):
        assert (await caller.ask(node, {"id": key})).data["node"] is None
        assert (await caller.ask(LIST)).codes == ["FORBIDDEN"]
        assert (await caller.ask(REVIEW, {"input": told})).codes == ["FORBIDDEN"]
    (invited,) = (await mine(ana))["invited"]
    assert invited["state"] == "QUARANTINED"


async def test_what_was_accepted_is_listed_page_by_page(
    coalition: factories.Coalition, supervisor: client.Client
) -> None:
    await inviting.campaign(coalition)
    host = await coalition.member()
    for place in range(5):
        friend = await coalition.member()
        await inviting.invite(coalition, friend, host, now=factories.NOON + place * factories.DAY)

    whole = (await supervisor.ask(LIST)).data["referrals"]
    first = (await supervisor.ask(LIST, {"first": 2})).data["referrals"]
    rest = await supervisor.ask(LIST, {"first": 9, "after": first["pageInfo"]["endCursor"]})

    assert first["edges"] + rest.data["referrals"]["edges"] == whole["edges"]
    assert (len(whole["edges"]), first["pageInfo"]["hasNextPage"]) == (5, True)


def test_the_enums_are_those_of_the_wallet() -> None:
    def words(kind: Any) -> set[Any]:
        return {one.value for one in kind}

    assert words(shown.ReferralState) == set(get_args(rules.State))
    assert words(shown.ReferralDecision) == set(get_args(verbs.Decision))
