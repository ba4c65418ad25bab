"""Experiments through the staff's door: register, expose, measure, judge, and end for good."""

import datetime
import uuid
from typing import Any, get_args

from api.graphql import experiments as shown_experiments
from tests.api import client
from tests.wallet import factories
from wallet import audit, earn, ids, members
from wallet.campaigns import experiments
from wallet.rules import experiments as rules

EXPERIMENT = """id name status metric currency windowDays startsAt endsAt shareBps membersMin
  alphaBps detectableBps endedAt endReason arms { name weightBps holdout }
  exposures { arm members } registeredBy { name }"""
REGISTER = f"""mutation Register($input: ExperimentRegisterInput!) {{
  experimentRegister(input: $input) {{ replayed experiment {{ {EXPERIMENT} }}
    errors {{ __typename ... on UserError {{ code message path }} }} }} }}"""
END = f"""mutation End($input: ExperimentEndInput!) {{ experimentEnd(input: $input) {{
    replayed experiment {{ {EXPERIMENT} result {{ verdict stoppedEarly }} }}
    errors {{ ... on UserError {{ code message path }} }} }} }}"""
LIST = """query Experiments($first: Int, $after: Cursor) {
  experiments(first: $first, after: $after) { edges { node { name status } }
    pageInfo { hasNextPage endCursor } } }"""
RESULT = """query Result($id: ID!) { node(id: $id) { ... on Experiment { status
  exposures { arm members }
  result { until verdict trusted stoppedEarly ratioPValue confidence
    arms { arm members mean }
    comparisons { arm control pValue verdict
      difference { estimate low high } lift { estimate low high } } } } } }"""
DAY = factories.DAY
START = factories.NOON + DAY
OVER = START + 40 * DAY
MEMBERS = 40


def told(**changes: Any) -> dict[str, Any]:
    """The input of a plan that begins in an hour, but for what is given."""
    begins = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    plain = {
        "idempotencyKey": client.key(),
        "name": "Double on bread",
        "arms": [
            {"name": "A", "weightBps": 5_000, "holdout": True},
            {"name": "B", "weightBps": 5_000},
        ],
        "metric": "SPEND_PER_MEMBER",
        "windowDays": 10,
        "startsAt": begins.isoformat(),
        "endsAt": (begins + 40 * DAY).isoformat(),
        "membersMin": 30,
        "detectableBps": 300,
        "reason": "to know whether it pays",
    }
    return {**plain, **changes}


async def register(caller: client.Client, **changes: Any) -> Any:
    return (await caller.ask(REGISTER, {"input": told(**changes)})).data["experimentRegister"]


async def begun(coalition: factories.Coalition, **changes: Any) -> experiments.Experiment:
    """An experiment that began and ended long ago, but for what is given."""
    plan = {
        "name": "Double on bread",
        "arms": [
            {"name": "A", "weight_bps": 5_000, "holdout": True},
            {"name": "B", "weight_bps": 5_000},
        ],
        "metric": "spend_per_member",
        "window_days": 10,
        "starts_at": START,
        "ends_at": OVER,
        "members_min": 30,
        "detectable_bps": 300,
    }
    registered = await experiments.register(
        coalition.db,
        experiment_id=ids.new(),
        plan={**plan, **changes},
        reason="to know",
        actor=audit.SYSTEM,
        now=factories.NOON,
    )
    return registered.experiment


async def crowd(
    coalition: factories.Coalition, one: experiments.Experiment, arm: str
) -> list[uuid.UUID]:
    """Members who are in this arm, as many in each."""
    found: list[uuid.UUID] = []
    while len(found) < MEMBERS:
        member_id = ids.new()
        if arm == rules.arm(one.plan, experiment_id=one.experiment_id, member_id=member_id):
            number = next(factories.numbers)
            await members.enrol(
                coalition.db,
                member_id=member_id,
                email=f"member-{number}@example.org",
                display_name="Ana",
                actor=audit.SYSTEM,
            )
            found.append(member_id)
    return found


async def shop(
    coalition: factories.Coalition, one: experiments.Experiment, *, effect_minor: int
) -> None:
    """Members meet their arms, as a purchase would let them, and buy again two days later.

    They spend 8.00, 10.00 or 12.00 by turns, and in arm B the effect besides.
    """
    merchant_id = await coalition.merchant()
    exposures, reports = [], []
    for arm, more in (("A", 0), ("B", effect_minor)):
        for number, member_id in enumerate(await crowd(coalition, one, arm)):
            exposures.append((one.experiment_id, member_id, arm))
            bought = factories.purchase(
                800 + 200 * (number % 3) + more, purchased_at=START + 2 * DAY
            )
            reports.append(earn.Report(ids.new(), member_id, bought))
    new = await experiments.expose(coalition.db, exposures, at=START, via="purchase")
    answers = await earn.report(
        coalition.db, merchant_id=merchant_id, items=reports, now=START + 2 * DAY
    )
    assert 2 * MEMBERS == new == sum(isinstance(it, earn.Reported) for it in answers)


async def result(caller: client.Client, one: experiments.Experiment) -> Any:
    key = ids.show("exp", one.experiment_id)
    return (await caller.ask(RESULT, {"id": key})).data["node"]


async def test_an_experiment_is_registered_once_and_listed(
    operator: client.Client, supervisor: client.Client
) -> None:
    asked = told()

    first, again = [
        (await operator.ask(REGISTER, {"input": asked})).data["experimentRegister"]
        for _ in range(2)
    ]
    await register(operator, name="Free shipping", metric="CONVERSION")
    whole = (await supervisor.ask(LIST)).data["experiments"]
    page = (await supervisor.ask(LIST, {"first": 1})).data["experiments"]
    after = page["pageInfo"]["endCursor"]
    rest = (await supervisor.ask(LIST, {"first": 1, "after": after})).data["experiments"]

    made = first["experiment"]
    assert (first["replayed"], again["replayed"], first["errors"]) == (False, True, [])
    assert again["experiment"] == made
    assert (made["status"], made["metric"], made["currency"]) == (
        "REGISTERED",
        "SPEND_PER_MEMBER",
        "EUR",
    )
    assert (made["shareBps"], made["alphaBps"], made["windowDays"]) == (10_000, 500, 10)
    assert made["arms"] == [
        {"name": "A", "weightBps": 5_000, "holdout": True},
        {"name": "B", "weightBps": 5_000, "holdout": False},
    ]
    assert made["exposures"] == [{"arm": "A", "members": 0}, {"arm": "B", "members": 0}]
    assert (made["registeredBy"], made["endReason"]) == ({"name": "Oscar"}, None)
    assert [one["node"]["name"] for one in whole["edges"]] == ["Free shipping", "Double on bread"]
    assert page["edges"] + rest["edges"] == whole["edges"]


async def test_the_refusals_name_the_field_as_it_was_sent(operator: client.Client) -> None:
    asked = told()
    await operator.ask(REGISTER, {"input": asked})
    halves = [{"name": "A", "weightBps": 5_000}, {"name": "B", "weightBps": 0}]

    wrong, late, silent, other = [
        (await operator.ask(REGISTER, {"input": one})).data["experimentRegister"]["errors"][0]
        for one in (
            told(arms=halves),
            told(startsAt="2026-01-01T00:00:00Z", endsAt="2026-03-01T00:00:00Z"),
            told(reason=" "),
            {**asked, "windowDays": 11},
        )
    ]

    assert (wrong["code"], wrong["path"]) == ("EXPERIMENT_INVALID", ["arms", "1", "weightBps"])
    assert (late["code"], late["path"]) == ("EXPERIMENT_INVALID", ["startsAt"])
    assert silent["code"] == "REASON_MISSING"
    assert (other["__typename"], other["code"]) == (
        "IdempotencyKeyReused",
        "IDEMPOTENCY_KEY_REUSED",
    )


async def test_support_reads_no_experiment_and_a_supervisor_registers_none(
    support: client.Client, supervisor: client.Client, coalition: factories.Coalition
) -> None:
    one = await begun(coalition)

    listed = await support.ask(LIST)
    registered = await supervisor.ask(REGISTER, {"input": told()})
    hidden = await result(support, one)

    assert (listed.codes, registered.codes) == (["FORBIDDEN"], ["FORBIDDEN"])
    assert hidden is None


async def test_the_result_says_what_it_means_with_its_interval(
    supervisor: client.Client, coalition: factories.Coalition
) -> None:
    one = await begun(coalition)
    await shop(coalition, one, effect_minor=420)

    shown = await result(supervisor, one)

    found = shown["result"]
    (compared,) = found["comparisons"]
    assert (shown["status"], found["trusted"], found["stoppedEarly"]) == ("ENDED", True, False)
    assert found["until"] == OVER.isoformat().replace("+00:00", "Z")
    assert (found["confidence"], found["ratioPValue"]) == ("0.950000", "1.000000")
    assert shown["exposures"] == [{"arm": arm, "members": MEMBERS} for arm in "AB"]
    assert found["arms"] == [
        {"arm": "A", "members": MEMBERS, "mean": "9.9500"},
        {"arm": "B", "members": MEMBERS, "mean": "14.1500"},
    ]
    assert (compared["arm"], compared["control"], compared["pValue"]) == ("B", "A", "0.000000")
    assert compared["difference"] == {"estimate": "4.2000", "low": "3.4595", "high": "4.9405"}
    assert compared["lift"]["estimate"] == "0.4221"
    assert (
        found["verdict"]
        == compared["verdict"]
        == "B earns 4.20 EUR more per member than A (95 % interval 3.46 to 4.94): B is better."
    )


async def test_an_experiment_of_nothing_shows_no_difference(
    operator: client.Client, coalition: factories.Coalition
) -> None:
    one = await begun(coalition, alpha_bps=1)
    await shop(coalition, one, effect_minor=0)

    found = (await result(operator, one))["result"]

    assert found["verdict"].startswith(
        "No difference between B and A could be shown; the 99.99 % interval "
    )


async def test_too_few_members_say_nothing(
    operator: client.Client, coalition: factories.Coalition
) -> None:
    one = await begun(coalition, members_min=500)
    await shop(coalition, one, effect_minor=420)

    found = (await result(operator, one))["result"]

    assert found["comparisons"] == []
    assert found["verdict"].startswith("Too few members: ")
    assert found["verdict"].endswith(" Nothing can be said.")


async def test_an_experiment_that_runs_is_not_final_and_one_that_is_ended_was_stopped_early(
    operator: client.Client, supervisor: client.Client, coalition: factories.Coalition
) -> None:
    one = await begun(coalition, ends_at=START + 720 * DAY)
    await shop(coalition, one, effect_minor=420)
    key = ids.show("exp", one.experiment_id)
    asked = {"experimentId": key, "reason": "the bakery closes"}

    running = await result(supervisor, one)
    ended, again = [
        (await operator.ask(END, {"input": asked})).data["experimentEnd"] for _ in range(2)
    ]
    other = await operator.ask(END, {"input": {**asked, "reason": "another"}})
    none = await operator.ask(END, {"input": {**asked, "experimentId": "mem_x"}})

    assert running["status"] == "RUNNING"
    assert running["result"]["verdict"].startswith(
        "Not final before 2028-02-29, do not stop for it: B earns "
    )
    made = ended["experiment"]
    assert (ended["replayed"], again["replayed"]) == (False, True)
    assert (made["status"], made["endReason"]) == ("ENDED", "the bakery closes")
    assert made["result"]["stoppedEarly"]
    assert made["result"]["verdict"].startswith("Stopped early: B earns ")
    (closed,) = other.data["experimentEnd"]["errors"]
    (missing,) = none.data["experimentEnd"]["errors"]
    assert (closed["code"], missing["code"]) == ("EXPERIMENT_CLOSED", "NOT_FOUND")
    assert missing["path"] == ["experimentId"]


def test_the_enums_are_those_of_the_wallet() -> None:
    def words(kind: Any) -> set[Any]:
        return {one.value for one in kind}

    assert words(shown_experiments.ExperimentMetric) == set(rules.METRICS)
    assert set(rules.METRICS) == set(get_args(rules.Metric))
    assert words(shown_experiments.ExperimentStatus) == set(get_args(experiments.Status))
