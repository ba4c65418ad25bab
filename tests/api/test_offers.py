"""Favourites and offers at the doors: who sees them, the daily job, and the scorer of choice."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pydantic
import pytest
import structlog.testing

from api import scoring, settings, worker
from tests.api import client
from tests.conftest import Connection
from tests.wallet import factories
from wallet import audit, database, ids, members
from wallet.campaigns import lives, offers
from wallet.rules import favourites, rhythm
from wallet.rules import offers as rule

PAGE = Path(__file__).resolve().parents[2] / "docs" / "offers.md"
CAMPAIGN = ids.new()
FIELDS = "favourites { place category reason } offers { category percent reason validUntil }"
VIEWER = f"{{ viewer {{ {FIELDS} }} }}"


@dataclass(frozen=True)
class Teller:
    """Offers every candidate, in its own words."""

    name: str = "teller"
    version: int = 2

    def score(
        self, history: rule.History, candidates: Sequence[str], today: date
    ) -> Sequence[rule.Scored]:
        return [rule.Scored(one, 250, "stated", {"sentence": "Try it."}) for one in candidates]


class Broken(Teller):
    """Fails for everybody."""

    def score(
        self, history: rule.History, candidates: Sequence[str], today: date
    ) -> Sequence[rule.Scored]:
        raise ValueError


TELLER = Teller()
NAMELESS = Teller(name="")
TOO_NEW = Teller(version=2**15)
NO_SCORER = 7


async def targets(_db: database.Database, _now: datetime) -> Sequence[rule.Target]:
    return [rule.Target(CAMPAIGN, 1_000, None, frozenset(), favourites_only=False)]


DEFINITION = {
    "name": "For you",
    "asset": "EUR",
    "lines": [{"if": "category", "any_of": ["Coffee", "Oat milk"]}],
    "give": {"give": "personal", "bps_max": 1_000},
    "stack": {"group": "offers", "priority": 1},
    "funding": [{"funder": "operator", "bps": 10_000}],
    "budget": {"minor": 100_000},
    "terms": {"text": {"en": "As shown."}},
}
ACTOR = audit.Actor("staff", ids.new())


async def publish(db: database.Database) -> uuid.UUID:
    """Publish a campaign that pays by personal offers, and give its id."""
    saved = await lives.save_draft(
        db,
        request_id=ids.new(),
        campaign_id=None,
        merchant_id=None,
        raw=DEFINITION | {"starts_at": datetime.now(UTC).isoformat()},
        note="as agreed",
        actor=ACTOR,
    )
    await lives.publish(
        db,
        request_id=ids.new(),
        campaign_id=saved.campaign.campaign_id,
        version_id=saved.version.version_id,
        from_at=None,
        reason="as agreed",
        actor=ACTOR,
    )
    return saved.campaign.campaign_id


async def shop(coalition: factories.Coalition, member: members.Member, *categories: str) -> None:
    """Buy one item of each category, on three days of the last weeks."""
    for days in (15, 8, 1):
        at = datetime.now(UTC) - timedelta(days=days)
        lines = tuple(
            factories.line(number, 1_000, category=one) for number, one in enumerate(categories, 1)
        )
        bought = factories.purchase(lines=lines, purchased_at=at)
        await coalition.report(coalition.mint, member, bought, now=at)


@pytest.fixture
async def shopper(
    ana: client.Client, coalition: factories.Coalition, db: database.Database
) -> client.Client:
    """Ana, who buys coffee and milk every week, and was made an offer for each."""
    await shop(coalition, await members.find(db, ana.principal_id), "coffee", "oat milk")
    await publish(db)
    await worker.refresh_offers(db, 0, scorer=TELLER)
    return ana


async def opt_out(owner: Connection, member_id: uuid.UUID) -> None:
    await owner.execute(
        "insert into coalition.profile (member_id, favourites_off) values ($1, true)", member_id
    )


async def test_a_member_sees_favourites_and_offers_with_their_reasons(
    shopper: client.Client,
) -> None:
    viewer = (await shopper.ask(VIEWER)).data["viewer"]

    assert [
        (1, "coffee", "You bought Coffee 3 times in the last 90 days."),
        (2, "oat milk", "You bought Oat Milk 3 times in the last 90 days."),
    ] == [tuple(one.values()) for one in viewer["favourites"]]
    assert [("coffee", "2.50", "Try it."), ("oat milk", "2.50", "Try it.")] == [
        (one["category"], one["percent"], one["reason"]) for one in viewer["offers"]
    ]
    until = datetime.fromisoformat(viewer["offers"][0]["validUntil"])
    assert timedelta(days=6) < until - datetime.now(UTC) <= timedelta(days=7)


async def test_support_sees_the_same_and_another_member_nothing(
    shopper: client.Client,
    coalition: factories.Coalition,
    support: client.Client,
    db: database.Database,
) -> None:
    query = f"query M($id: ID!) {{ member(id: $id) {{ {FIELDS} }} }}"

    seen = (await support.ask(query, {"id": ids.show("mem", shopper.principal_id)})).data["member"]
    bo = await coalition.member()
    other = (await support.ask(query, {"id": ids.show("mem", bo.member_id)})).data["member"]

    assert (await shopper.ask(VIEWER)).data["viewer"] == seen
    assert {"favourites": [], "offers": []} == other


async def test_who_opts_out_sees_neither(shopper: client.Client, owner: Connection) -> None:
    await opt_out(owner, shopper.principal_id)

    viewer = (await shopper.ask(VIEWER)).data["viewer"]

    assert {"favourites": [], "offers": []} == viewer


async def test_offers_are_shown_while_their_campaign_runs(
    shopper: client.Client, db: database.Database
) -> None:
    (target,) = await offers.targets(db)

    await lives.pause(
        db,
        request_id=ids.new(),
        campaign_id=target.campaign_id,
        reason="too dear",
        actor=ACTOR,
    )

    viewer = (await shopper.ask(VIEWER)).data["viewer"]
    assert ([], 2) == (viewer["offers"], len(viewer["favourites"]))
    assert [] == await offers.targets(db)


async def test_the_daily_job_may_run_twice(
    shopper: client.Client, coalition: factories.Coalition, db: database.Database
) -> None:
    before = (await shopper.ask(VIEWER)).data

    await worker.refresh_offers(db, 0, scorer=TELLER)

    assert before == (await shopper.ask(VIEWER)).data


async def test_a_scorer_that_fails_is_logged_and_the_favourites_are_there(
    ana: client.Client, coalition: factories.Coalition, db: database.Database
) -> None:
    await shop(coalition, await members.find(db, ana.principal_id), "coffee")

    with structlog.testing.capture_logs() as logs:
        await worker.refresh_offers(db, 0, scorer=Broken(), targets=targets)

    (entry,) = [one for one in logs if one["event"] == "scorer.ignored"]
    assert ("teller", "it raised ValueError") == (entry["scorer"], entry["why"])
    viewer = (await ana.ask(VIEWER)).data["viewer"]
    assert (["coffee"], []) == (
        [one["category"] for one in viewer["favourites"]],
        viewer["offers"],
    )


async def test_the_worker_asks_the_scorer_that_was_chosen(
    ana: client.Client, coalition: factories.Coalition, db: database.Database
) -> None:
    member = await members.find(db, ana.principal_id)
    await shop(coalition, member, "coffee")
    (job,) = [one for one in worker.jobs(TELLER, targets) if one.name == "refresh_offers"]

    await job.run(db, job.batch)

    (held,) = (await offers.offers_of(db, [member.member_id]))[member.member_id]
    assert ("teller", 2) == (held.scorer, held.scorer_version)
    assert [one.name for one in worker.JOBS] == [one.name for one in worker.jobs(TELLER)]


def test_the_scorer_of_a_fresh_installation_is_the_built_in_one() -> None:
    house = settings.Settings(_env_file=None)

    assert scoring.load(house.offer_scorer) is rhythm.RHYTHM


def test_a_scorer_is_found_by_its_address() -> None:
    found = scoring.load("tests.api.test_offers:TELLER")

    assert ("teller", 2) == (found.name, found.version)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("acme_offers_of_nobody:SCORER", "No module named 'acme_offers_of_nobody'"),
        ("tests.api.test_offers:NOBODY", "tests.api.test_offers has no NOBODY"),
        ("tests.api.test_offers:Teller", "it is a class; name an object made of it"),
        ("tests.api.test_offers:NAMELESS", "its name does not do"),
        ("tests.api.test_offers:NO_SCORER", "it has no name"),
        ("tests.api.test_offers:TOO_NEW", "its version is no whole number from 1 to 32767"),
    ],
)
def test_a_wrong_scorer_is_said_at_the_start(address: str, why: str) -> None:
    with pytest.raises(scoring.Unloadable) as caught:
        scoring.load(address)

    assert f"COMMONPURSE_OFFER_SCORER {address} is no scorer of offers: {why}" in str(caught.value)


def test_the_scorer_of_the_documentation_is_one() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module: dict[str, Any] = {"__name__": "acme_offers"}
    exec(code, module)
    days = (date(2026, 11, 2), date(2026, 11, 20))
    history = rule.History((favourites.Bought("coffee", days, 500),))

    outcome = rule.ask(module["NEWEST"], history, ["milk", "coffee"], days[1], bps_max=150)

    assert outcome.failure is None
    assert [("coffee", 150)] == [(one.category, one.uplift_bps) for one in outcome.offers]


@pytest.mark.parametrize("address", ["rhythm", "a:b:c", "a.b.c", "a;b:c", ":x", "x:"])
def test_an_address_is_a_module_and_an_attribute(address: str) -> None:
    chosen: Any = {"offer_scorer": address}

    with pytest.raises(pydantic.ValidationError):
        settings.Settings(_env_file=None, **chosen)
