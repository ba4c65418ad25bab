"""Wallets that moved are looked at again: none is forgotten, and one that fails stops no other."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pytest

from tests.conftest import Connection
from tests.wallet import factories, reaching, taking_part
from tests.wallet.factories import DAY, NOON, Coalition
from wallet import errors, notices
from wallet.database import Database
from wallet.progress import advance, looks, schemes, story
from wallet.rules import returns
from wallet.rules.progress import facts


@dataclass
class Watching:
    """A story that writes down what it sees; it may fail, or want to look again."""

    NAME: str = "watching"
    seen: list[facts.Seen] = field(default_factory=list)
    failing: int = 0
    stale: int = 0
    again: datetime | None = None
    lines: bool = False
    bug_at: UUID | None = None
    met: asyncio.Event = field(default_factory=asyncio.Event)

    def wants(self, book: schemes.Book, at: datetime) -> story.Wants | None:
        return story.Wants(since=at - 365 * DAY, lines=self.lines)

    async def advance(
        self, db: Database, book: schemes.Book, seen: facts.Seen, at: datetime
    ) -> datetime | None:
        if self.stale:
            self.stale -= 1
            raise story.Stale
        if self.failing:
            self.failing -= 1
            raise errors.IdempotencyInProgress
        if seen.wallet_id == self.bug_at:
            await self.met.wait()  # Somebody who is looked at beside it is done by then.
            raise RuntimeError("a bug")
        self.seen.append(seen)
        self.met.set()
        return self.again


async def look(
    coalition: Coalition, *stories: Watching, now: datetime = NOON + DAY
) -> advance.Done:
    return await advance.advance(coalition.db, now=now, stories=stories)


async def waiting(coalition: Coalition) -> int:
    return int(await coalition.db.fetchval("select count(*) from coalition.look"))


async def test_whoever_bought_is_seen_with_what_was_kept(coalition: Coalition) -> None:
    rosa, ana, ben = await coalition.merchant(), await coalition.member(), await coalition.member()
    bought = await coalition.report(rosa, ana, factories.purchase(1_000, 500))
    await coalition.give_back(rosa, bought.purchase_id, returns.ReturnLine(2, None, 200))
    await notices.drain(coalition.db)
    watching = Watching(lines=True)

    done = await look(coalition, watching)
    (seen,) = watching.seen
    (purchase,) = seen.purchases
    assert (1, ana.member_id) == (done.wallets, seen.member_id)
    assert (1_500, 1_300) == (purchase.total_minor, purchase.kept_minor)
    assert [1_000, 300] == [line.kept_minor for line in purchase.lines]
    assert (rosa, NOON) == (purchase.merchant_id, purchase.at)
    assert 0 == await waiting(coalition)
    assert ben.wallet_id != seen.wallet_id


async def test_a_wallet_that_moves_while_it_is_looked_at_is_looked_at_again(
    coalition: Coalition,
) -> None:
    db, ana = coalition.db, await coalition.member()
    await looks.ask(db, {ana.wallet_id: NOON})
    taken = await looks.due(db, now=NOON, limit=10)
    await looks.ask(db, {ana.wallet_id: NOON})
    await looks.done(db, [(one, None) for one in taken])

    assert 1 == await waiting(coalition)
    again = await looks.due(db, now=NOON, limit=10)
    await looks.done(db, [(one, None) for one in again])
    assert 0 == await waiting(coalition)


async def test_of_two_askings_the_earlier_instant_counts(coalition: Coalition) -> None:
    db, ana = coalition.db, await coalition.member()
    for days in (3, 1, 2):
        await looks.ask(db, {ana.wallet_id: NOON + days * DAY})

    early = await looks.due(db, now=NOON + DAY / 2, limit=10)
    late = await looks.due(db, now=NOON + DAY, limit=10)
    assert ([], [ana.wallet_id]) == (early, [one.wallet_id for one in late])


async def test_a_story_that_fails_is_put_off_and_the_others_are_told(coalition: Coalition) -> None:
    ana = await coalition.member()
    await looks.ask(coalition.db, {ana.wallet_id: NOON})
    failing, watching = Watching(NAME="failing", failing=1), Watching()

    first = await look(coalition, failing, watching, now=NOON)
    none = await look(coalition, failing, watching, now=NOON)
    second = await look(coalition, failing, watching, now=NOON + looks.PAUSE)
    assert ["failing"] == [one.story for one in first.failures]
    assert (0, 1, []) == (none.wallets, second.wallets, second.failures)
    assert (1, 2) == (len(failing.seen), len(watching.seen))
    assert 0 == await waiting(coalition)


async def test_a_bug_stops_its_turn_and_blocks_nobody_in_the_next(coalition: Coalition) -> None:
    ana, *others = [await coalition.member() for _ in range(6)]
    await looks.ask(coalition.db, {ana.wallet_id: NOON - DAY})
    await looks.ask(coalition.db, {one.wallet_id: NOON for one in others})
    watching = Watching(bug_at=ana.wallet_id)

    with pytest.raises(ExceptionGroup) as stopped:
        await look(coalition, watching, now=NOON)
    next_turn = await look(coalition, watching, now=NOON)
    assert ["a bug"] == [str(one) for one in stopped.value.exceptions]
    assert [] == next_turn.failures
    assert {one.wallet_id for one in others} == {seen.wallet_id for seen in watching.seen}
    assert 1 == await waiting(coalition)


async def test_what_was_done_in_a_turn_that_a_bug_stopped_is_struck_off(
    coalition: Coalition,
) -> None:
    first, ana = [await coalition.member() for _ in range(2)]
    await looks.ask(coalition.db, {first.wallet_id: NOON - DAY, ana.wallet_id: NOON})
    watching = Watching(bug_at=ana.wallet_id)

    with pytest.raises(ExceptionGroup):
        await look(coalition, watching, now=NOON)
    left = await looks.due(coalition.db, now=NOON + DAY, limit=10)
    assert [(ana.wallet_id, 1)] == [(one.wallet_id, one.tries) for one in left]


async def test_a_wallet_that_cannot_be_read_is_put_off_and_nothing_is_lost(
    coalition: Coalition, owner: Connection
) -> None:
    ana = await coalition.member()
    await looks.ask(coalition.db, {ana.wallet_id: NOON})
    watching = Watching()

    async with owner.transaction():
        await owner.execute("lock table ledger.purchase in access exclusive mode")
        first = await look(coalition, watching, now=NOON)
    second = await look(coalition, watching, now=NOON + looks.PAUSE)

    assert [advance.FACTS] == [one.story for one in first.failures]
    assert (1, []) == (second.wallets, second.failures)
    assert [ana.wallet_id] == [one.wallet_id for one in watching.seen]


async def test_a_story_looks_again_when_it_wants_to_and_at_new_facts(coalition: Coalition) -> None:
    ana = await coalition.member()
    await looks.ask(coalition.db, {ana.wallet_id: NOON})
    watching = Watching(stale=2, again=NOON + 7 * DAY)

    await look(coalition, watching, now=NOON)
    early = await look(coalition, watching, now=NOON + 6 * DAY)
    late = await look(coalition, watching, now=NOON + 7 * DAY)
    assert (0, 1, 2) == (early.wallets, late.wallets, len(watching.seen))


async def test_two_workers_at_once_leave_nothing_behind(coalition: Coalition) -> None:
    people = [await coalition.member() for _ in range(12)]
    await looks.ask(coalition.db, {one.wallet_id: NOON for one in people})
    watching = Watching()

    await asyncio.gather(*(look(coalition, watching, now=NOON) for _ in range(4)))
    assert {one.wallet_id for one in people} == {seen.wallet_id for seen in watching.seen}
    assert 0 == await waiting(coalition)


@pytest.mark.parametrize("watched", [True, False])
async def test_who_moved_meanwhile_is_looked_at_when_what_was_announced_begins(
    coalition: Coalition, watched: bool
) -> None:
    monday = NOON + 3 * DAY
    ana = await coalition.member()
    await taking_part.scheme(coalition, now=NOON, from_at=monday)
    await looks.ask(coalition.db, {ana.wallet_id: NOON})
    watching = Watching()

    friday = await look(coalition, *([watching] if watched else []), now=NOON)
    sunday = await look(coalition, watching, now=monday - DAY)
    begun = await look(coalition, watching, now=monday)
    assert (1, 0, 1) == (friday.wallets, sunday.wallets, begun.wallets)
    assert 0 == await waiting(coalition)


async def test_a_milestone_that_begins_later_is_reached_on_its_day_by_who_bought_before(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    monday = NOON + 3 * DAY
    since = (NOON - DAY).isoformat()
    await taking_part.scheme(coalition, now=NOON, from_at=monday, target=1, since=since)
    await reaching.buy(coalition, rosa, ana)
    await notices.drain(coalition.db)
    for now in (NOON, monday):
        await advance.advance(coalition.db, now=now)

    assert [("ever", 1, True)] == await reaching.reached(coalition, ana)


async def test_everybody_can_be_looked_at_again(coalition: Coalition) -> None:
    people = [await coalition.member() for _ in range(3)]
    await looks.ask_all(coalition.db, at=NOON)

    done = await look(coalition, Watching(), now=NOON)
    assert len(people) == done.wallets
