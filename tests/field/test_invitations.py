"""A friend who comes by invitation: both are rewarded once the first purchase is there to stay."""

from datetime import timedelta
from typing import Any

from tests.api import client
from tests.api.test_referrals import accept, mine
from tests.field import stage
from tests.field.stage import line
from tests.wallet import inviting

GIFT: dict[str, Any] = {
    "on": inviting.on(),
    "give": {"give": "amount", "minor": 300},
    "funding": stage.OPERATOR,
}
AWARDS = """{ viewer { awards { edges { node { kind granted { amount } explanation } } }
  wallet { movements { edges { node { kind amount { amount } reason } } } } } }"""
WINDOW = timedelta(days=14)


async def invited(
    scene: stage.Stage,
) -> tuple[client.Client, client.Client, client.Client]:
    """Rosa's, Ana who invites, and Ben who has accepted; 3.00 for him and 5.00 for her."""
    rosa, ana, ben = await scene.merchant(), await scene.member(), await scene.member()
    await scene.campaign("Invite and win", **GIFT)
    answer = await accept(ben, (await mine(ana))["code"])
    assert answer["errors"] == []
    return rosa, ana, ben


async def look(scene: stage.Stage, later: timedelta) -> None:
    """Let the worker look at invitations, so much later."""
    await inviting.pass_time(scene.coalition, await scene.now() + later)


async def states(ana: client.Client, ben: client.Client) -> tuple[str, str]:
    """Where the invitation stands, to whoever invited and to the friend."""
    (one,) = (await mine(ana))["invited"]
    return one["state"], (await mine(ben))["accepted"]["state"]


async def test_both_are_rewarded_only_once_the_first_purchase_cleared_its_window(
    scene: stage.Stage,
) -> None:
    rosa, ana, ben = await invited(scene)
    await scene.report(rosa, ben, line(1, "25.00"))

    await look(scene, WINDOW - timedelta(minutes=5))
    early = await states(ana, ben), await scene.wallet(ana), await scene.wallet(ben)
    await look(scene, WINDOW + timedelta(minutes=5))
    paid = await states(ana, ben), await scene.wallet(ana), await scene.wallet(ben)
    await look(scene, WINDOW + timedelta(days=3))
    once = await states(ana, ben), await scene.wallet(ana), await scene.wallet(ben)

    nothing = ("0.00", "0.00")
    assert early == (("QUALIFIED", "QUALIFIED"), nothing, nothing)
    assert paid == once == (("PAID", "PAID"), ("5.00", "0.00"), ("3.00", "0.00"))


async def test_a_purchase_that_is_too_small_rewards_nobody(scene: stage.Stage) -> None:
    rosa, ana, ben = await invited(scene)
    await scene.report(rosa, ben, line(1, "19.99"))

    await look(scene, WINDOW + timedelta(minutes=5))

    assert await states(ana, ben) == ("WAITING", "WAITING")


async def test_a_purchase_that_came_back_before_rewards_nobody(scene: stage.Stage) -> None:
    rosa, ana, ben = await invited(scene)
    bought = await scene.report(rosa, ben, line(1, "15.00"), line(2, "10.00"))
    await look(scene, timedelta(minutes=1))
    assert await states(ana, ben) == ("QUALIFIED", "QUALIFIED")

    await scene.give_back(rosa, bought, {"number": 2})
    await look(scene, WINDOW + timedelta(minutes=5))

    assert await states(ana, ben) == ("WAITING", "WAITING")
    assert await scene.wallet(ana) == await scene.wallet(ben) == ("0.00", "0.00")


async def test_a_purchase_that_comes_back_after_takes_both_rewards_back(
    scene: stage.Stage,
) -> None:
    rosa, ana, ben = await invited(scene)
    bought = await scene.report(rosa, ben, line(1, "25.00"))
    await look(scene, WINDOW + timedelta(minutes=5))
    assert await scene.wallet(ana) == ("5.00", "0.00")

    await scene.give_back(rosa, bought)
    await look(scene, WINDOW + timedelta(days=3))

    assert await states(ana, ben) == ("REVERSED", "REVERSED")
    assert await scene.wallet(ana) == await scene.wallet(ben) == ("0.00", "0.00")


async def test_each_of_both_can_read_what_the_reward_is_for(scene: stage.Stage) -> None:
    rosa, ana, ben = await invited(scene)
    await scene.report(rosa, ben, line(1, "25.00"))
    await look(scene, WINDOW + timedelta(minutes=5))

    for reader, amount, why in (
        (ana, "5.00", "A friend whom you invited kept what they bought."),
        (ben, "3.00", "You came by an invitation and kept what you bought."),
    ):
        viewer = (await reader.ask(AWARDS)).data["viewer"]
        ((award),) = [edge["node"] for edge in viewer["awards"]["edges"]]
        assert (award["kind"], award["granted"]["amount"]) == ("REFERRAL", amount)
        assert award["explanation"] == f"With Invite and win: {amount} EUR. {why}"
        moves = [edge["node"] for edge in viewer["wallet"]["movements"]["edges"]]
        assert [one["kind"] for one in moves] == ["MATURE", "EARN"]
        assert moves[1]["amount"]["amount"] == amount
        says = f"You earned {amount} EUR at the coalition for an invitation, with Invite and win."
        assert says in await scene.notices(reader)
