"""Favourites and personal offers out of the books: who has which, since when, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Connection
from tests.wallet.factories import DAY, NOON, Coalition, line, purchase
from wallet import audit, ids, members
from wallet.campaigns import offers
from wallet.rules import offers as rule
from wallet.rules import returns, rhythm

CAMPAIGN = ids.new()
LATER = NOON + 30 * DAY
TODAY = date(2026, 4, 9)


@dataclass(frozen=True)
class Same:
    """Proposes the same rate for every candidate, and remembers what it was shown."""

    seen: list[tuple[rule.History, Sequence[str], date]]
    name: str = "same"
    version: int = 3

    def score(
        self, history: rule.History, candidates: Sequence[str], today: date
    ) -> Sequence[rule.Scored]:
        self.seen.append((history, candidates, today))
        reason = {"sentence": "Because you are you."}
        return [rule.Scored(one, 700, "stated", reason) for one in candidates]


class Broken(Same):
    """Fails for everybody."""

    def score(
        self, history: rule.History, candidates: Sequence[str], today: date
    ) -> Sequence[rule.Scored]:
        raise KeyError(today)


async def buy(coalition: Coalition, member: members.Member, *categories: str, day: int = 0) -> Any:
    """Buy one item of each category, so many days after the first noon."""
    at = NOON + day * DAY
    lines = tuple(line(number, 1_000, category=one) for number, one in enumerate(categories, 1))
    bought = purchase(lines=lines, purchased_at=at)
    return (await coalition.report(coalition.mint, member, bought, now=at)).purchase_id


async def opt_out(owner: Connection, member: members.Member, *, off: bool = True) -> None:
    await owner.execute(
        "insert into coalition.profile (member_id, favourites_off) values ($1, $2)"
        " on conflict (member_id) do update set favourites_off = excluded.favourites_off",
        member.member_id,
        off,
    )


async def liked(coalition: Coalition, member: members.Member) -> list[str]:
    found = await offers.favourites_of(coalition.db, [member.member_id])
    return [one.category for one in found[member.member_id]]


async def sweep(coalition: Coalition, now: datetime = LATER) -> int:
    return (await offers.compute_favourites(coalition.db, now=now)).written


async def make(
    coalition: Coalition, scorer: rule.Scorer = rhythm.RHYTHM, now: datetime = LATER, **more: Any
) -> offers.Made:
    return await offers.compute_offers(
        coalition.db,
        campaign_id=more.pop("campaign_id", CAMPAIGN),
        bps_max=more.pop("bps_max", 400),
        scorer=scorer,
        now=now,
        **more,
    )


async def held(
    coalition: Coalition, member: members.Member, at: datetime | None = LATER
) -> tuple[offers.Offer, ...]:
    return (await offers.offers_of(coalition.db, [member.member_id], at))[member.member_id]


async def test_favourites_come_from_purchases_by_category_key(coalition: Coalition) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "Coffee", "COFFEE ", "milk")
    await buy(coalition, ana, "coffee", "milk", day=8)
    await buy(coalition, ana, "coffee", "tea", day=16)
    await sweep(coalition)

    found = await offers.favourites_of(coalition.db, [ana.member_id])

    assert [
        ("coffee", 3, date(2026, 3, 26)),
        ("milk", 2, date(2026, 3, 18)),
    ] == [(one.category, one.reason.times, one.reason.last_on) for one in found[ana.member_id]]


async def test_what_came_back_whole_was_not_bought(coalition: Coalition) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee", "milk")
    back = await buy(coalition, ana, "coffee", "milk", day=1)
    await coalition.give_back(
        coalition.mint, back, returns.ReturnLine(1, 1_000), now=NOON + 2 * DAY
    )

    await sweep(coalition)

    assert ["milk"] == await liked(coalition, ana)


async def test_what_came_back_in_part_was_bought(coalition: Coalition) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee")
    back = await buy(coalition, ana, "coffee", day=1)
    await coalition.give_back(coalition.mint, back, returns.ReturnLine(1, 400), now=NOON + 2 * DAY)

    await sweep(coalition)

    assert ["coffee"] == await liked(coalition, ana)


async def test_a_line_without_a_category_is_nobodys_favourite(coalition: Coalition) -> None:
    ana = await coalition.member()
    for day in range(3):
        await buy(coalition, ana, "", day=day)

    await sweep(coalition)

    assert [] == await liked(coalition, ana)


async def test_what_a_contract_leaves_out_is_nobodys_favourite(coalition: Coalition) -> None:
    ana, rosa = await coalition.member(), await coalition.merchant()
    for day in range(3):
        at = NOON + day * DAY
        lines = (line(1, 900, category="Tobacco"), line(2, 500, category="tea"))
        await coalition.report(rosa, ana, purchase(lines=lines, purchased_at=at), now=at)

    await sweep(coalition)

    assert ["tea"] == await liked(coalition, ana)


async def test_only_members_who_bought_since_are_looked_at_again(coalition: Coalition) -> None:
    ana, bo = await coalition.member(), await coalition.member()
    for member in (ana, bo):
        await buy(coalition, member, "coffee")
        await buy(coalition, member, "coffee", day=1)
    first = await sweep(coalition, NOON + 2 * DAY)
    quiet = await sweep(coalition, NOON + 3 * DAY)
    await buy(coalition, bo, "milk", day=4)

    again = await sweep(coalition, NOON + 5 * DAY)

    assert (2, 0, 1) == (first, quiet, again)


async def test_favourites_that_are_over_go_within_a_week(coalition: Coalition) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee", "milk")
    await buy(coalition, ana, "coffee", "milk", day=1)
    await buy(coalition, ana, "milk", day=60)
    await buy(coalition, ana, "milk", day=61)
    await sweep(coalition, NOON + 85 * DAY)

    await sweep(coalition, NOON + 92 * DAY + timedelta(minutes=1))

    assert ["milk"] == await liked(coalition, ana)


async def test_a_sweep_goes_through_all_members_step_by_step(coalition: Coalition) -> None:
    for _ in range(5):
        member = await coalition.member()
        await buy(coalition, member, "coffee")
        await buy(coalition, member, "coffee", day=1)
    steps: list[tuple[int, int]] = []
    after = None
    while not steps or after is not None:
        step = await offers.compute_favourites(coalition.db, now=LATER, limit=2, after=after)
        steps.append((step.looked, step.written))
        after = step.last

    assert [(2, 2), (2, 2), (1, 1)] == steps


async def test_who_opts_out_has_neither_favourites_nor_offers_at_once(
    coalition: Coalition, owner: Connection
) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee")
    await buy(coalition, ana, "coffee", day=1)
    await sweep(coalition)
    await make(coalition)
    before = (await liked(coalition, ana), len(await held(coalition, ana)))

    await opt_out(owner, ana)

    assert (["coffee"], 1) == before
    assert ([], ()) == (await liked(coalition, ana), await held(coalition, ana))
    assert 1 == await sweep(coalition, LATER + DAY)
    assert 0 == await coalition.db.fetchval("select count(*) from coalition.favourite")
    assert 0 == (await make(coalition, now=LATER + 30 * DAY)).members


async def test_an_offer_says_what_why_by_whom_and_until_when(coalition: Coalition) -> None:
    ana = await coalition.member()
    for day in (2, 9, 16, 23):
        await buy(coalition, ana, "coffee", day=day)
    await sweep(coalition)

    made = await make(coalition)

    (one,) = await held(coalition, ana)
    assert offers.Made(1, 1) == made
    assert (CAMPAIGN, "coffee", 300) == (one.campaign_id, one.category, one.bps)
    assert "You buy Coffee about every 7 days, so it is time again." == one.sentence
    assert ("rhythm", 1) == (one.scorer, one.scorer_version)
    # From now to the end of the seventh day in Lisbon, where summer time has begun.
    assert LATER == one.valid_from
    assert datetime(2026, 4, 15, 23, tzinfo=UTC) == one.valid_until


async def test_an_offer_holds_to_its_end_and_not_before_its_beginning(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee")
    await buy(coalition, ana, "coffee", day=1)
    await sweep(coalition)
    await make(coalition)
    (one,) = await held(coalition, ana)
    moment = timedelta(microseconds=1)

    assert () == await held(coalition, ana, one.valid_from - moment)
    assert (one,) == await held(coalition, ana, one.valid_until - moment)
    assert () == await held(coalition, ana, one.valid_until)


async def test_a_member_with_an_offer_that_holds_gets_no_other_of_that_campaign(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee")
    await buy(coalition, ana, "coffee", day=1)
    await sweep(coalition)
    await make(coalition)

    again = await make(coalition, Same([]), LATER + 3 * DAY)
    other = await make(coalition, Same([]), LATER + 3 * DAY, campaign_id=ids.new())
    next_week = await make(coalition, Same([]), LATER + 8 * DAY)

    assert ((0, 0), (1, 1), (1, 1)) == (
        (again.members, again.offers),
        (other.members, other.offers),
        (next_week.members, next_week.offers),
    )
    # What an earlier purchase was decided by is still found.
    assert "rhythm" == (await held(coalition, ana, LATER + DAY))[0].scorer


async def test_no_offer_is_above_the_campaigns_most(coalition: Coalition) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee")
    await buy(coalition, ana, "coffee", day=1)
    await sweep(coalition)

    await make(coalition, Same([]), bps_max=250)

    assert [250] == [one.bps for one in await held(coalition, ana)]


async def test_a_scorer_sees_categories_days_and_candidates_and_no_more(
    coalition: Coalition,
) -> None:
    ana, bo = await coalition.member(), await coalition.member()
    for day in (0, 1):
        await buy(coalition, ana, "coffee", "milk", day=day)
        await buy(coalition, bo, "milk", day=day)
    await sweep(coalition)
    scorer = Same([])

    await make(coalition, scorer)

    history, candidates, today = scorer.seen[0]
    assert ["milk", "coffee"] == list(candidates)
    assert TODAY == today
    assert {"bought"} == set(rule.History.__slots__)
    assert [("coffee", 2_000), ("milk", 2_000)] == [
        (one.category, one.kept_minor) for one in history.bought
    ]


async def test_a_campaign_says_in_which_categories_offers_are_made(coalition: Coalition) -> None:
    ana = await coalition.member()
    for day in (0, 1):
        await buy(coalition, ana, "coffee", "milk", "tea", day=day)
    await sweep(coalition)
    scorer = Same([])

    await make(coalition, scorer, categories=["Wine", "MILK", "tea"], without=["Tea"])
    await make(
        coalition, scorer, campaign_id=ids.new(), categories=["wine", "milk"], favourites_only=True
    )

    assert [["milk", "wine"], ["milk"]] == [list(candidates) for _, candidates, _ in scorer.seen]


async def test_a_scorer_that_fails_is_counted_and_offers_nothing(coalition: Coalition) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee")
    await buy(coalition, ana, "coffee", day=1)
    await sweep(coalition)

    made = await make(coalition, Broken([]))

    assert (1, 0, {"it raised KeyError": 1}) == (made.members, made.offers, made.failures)
    assert () == await held(coalition, ana)


async def test_who_is_suspended_gets_no_offers(coalition: Coalition) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee")
    await members.suspend(coalition.db, ana.member_id, reason="asked for it", actor=audit.SYSTEM)

    assert 0 == (await make(coalition)).members


async def test_offers_can_be_asked_for_some_campaigns(coalition: Coalition) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee")
    await buy(coalition, ana, "coffee", day=1)
    await sweep(coalition)
    await make(coalition)

    found = await offers.offers_of(coalition.db, [ana.member_id], LATER, campaign_ids=[ids.new()])

    assert {ana.member_id: ()} == found


async def test_two_runs_at_once_leave_one_offer_that_holds(
    coalition: Coalition, owner: Connection
) -> None:
    ana = await coalition.member()
    await owner.executemany(
        "insert into coalition.offer (member_id, campaign_id, category, bps, reason, scorer,"
        " scorer_version, valid_from, valid_until) values ($1, $2, 'coffee', $3,"
        ' \'{"code": "stated", "data": {"sentence": "So."}}\', \'x\', 1, $4, $5)',
        [
            (ana.member_id, CAMPAIGN, bps, LATER + timedelta(seconds=bps), LATER + 7 * DAY)
            for bps in (20, 30, 10)
        ],
    )

    assert [30] == [one.bps for one in await held(coalition, ana, LATER + DAY)]


async def test_a_refresh_does_both_for_every_campaign_that_wants_offers(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    await buy(coalition, ana, "coffee")
    await buy(coalition, ana, "coffee", day=1)
    target = rule.Target(CAMPAIGN, 150, None, frozenset(), favourites_only=False)

    done = await offers.refresh(coalition.db, targets=[target], scorer=rhythm.RHYTHM, now=LATER)

    assert offers.Refreshed(1, {CAMPAIGN: offers.Made(1, 1)}) == done
    assert [150] == [one.bps for one in await held(coalition, ana)]


@pytest.mark.parametrize("at", [None, NOON])
async def test_nobody_has_neither(coalition: Coalition, at: datetime | None) -> None:
    nobody = ids.new()

    assert {nobody: ()} == await offers.favourites_of(coalition.db, [nobody])
    assert {nobody: ()} == await offers.offers_of(coalition.db, [nobody], at)
    assert {} == await offers.favourites_of(coalition.db, [])
