"""Raffles: an entry is on the list or refused, winners follow from the list, prizes are paid."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Connection
from tests.wallet import drawing, taking_part
from tests.wallet.drawing import DRAWN, FROZEN, enter, raffle, tend, ticket, verified
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import audit, errors, ids, members, notices, play_limits
from wallet.draws import raffles, tending
from wallet.progress import publishing

CHANCE: dict[str, Any] = {"randomness": {"source": "drand quicknet", "round": "4711"}}


async def filled(coalition: Coalition, people: int = 6, **changes: Any) -> Any:
    """A raffle with an entry of each of some people."""
    it = await raffle(coalition, **changes)
    found = [await coalition.member() for _ in range(people)]
    for one in found:
        await enter(coalition, one, it)
    return it, found


async def places(coalition: Coalition) -> list[Any]:
    return await coalition.db.fetch(
        "select p.*, e.wallet_id from coalition.draw_place p"
        " join ledger.entry e on e.ticket_id = p.ticket_id order by place"
    )


async def test_the_worker_freezes_draws_and_pays_by_the_dates(coalition: Coalition) -> None:
    reward = await taking_part.reward(coalition)
    prizes = [{"name": "Five", "campaign_id": str(reward.campaign_id), "winners": 2}]
    it, people = await filled(coalition, prizes=prizes)
    await tend(coalition, FROZEN)
    await tend(coalition, DRAWN)
    await tend(coalition, DRAWN)

    exported = await verified(coalition, it)

    assert exported["seed"]
    assert ["Five", "Five", None, None] == [one["prize"] for one in exported["places"]]
    worth = [(await coalition.faces(one)) for one in people]
    assert [0, 0, 0, 0, 500, 500] == sorted(one.pending + one.available for one in worth)


async def test_winners_are_told(coalition: Coalition) -> None:
    _, (ana,) = await filled(coalition, people=1)
    await tend(coalition, FROZEN)
    await tend(coalition, DRAWN)
    await notices.drain(coalition.db)

    told = await notices.page(coalition.db, ana.wallet_id, first=9)

    assert "You have won Basket in Weekly raffle." in [one.sentence for one in told]


async def test_a_list_is_what_was_entered_and_the_seed_is_secret_until_it_is_drawn(
    coalition: Coalition,
) -> None:
    it, _ = await filled(coalition)
    before = await verified(coalition, it)
    await tend(coalition, FROZEN)

    exported = await verified(coalition, it)

    entered = await coalition.db.fetch("select ticket_id from ledger.entry")
    assert (None, None) == (before["frozen"], exported["seed"])
    assert sorted(ids.show("tic", row[0]) for row in entered) == exported["frozen"]["tickets"]


@pytest.mark.parametrize("people", [0, 1])
async def test_a_raffle_with_hardly_anybody_is_drawn_all_the_same(
    coalition: Coalition, people: int
) -> None:
    it, _ = await filled(coalition, people=people)
    await tend(coalition, FROZEN)
    await tend(coalition, DRAWN)

    exported = await verified(coalition, it)

    assert exported["seed"]
    assert people == len(exported["places"])


async def test_while_it_is_frozen_an_entry_is_on_the_list_or_refused(coalition: Coalition) -> None:
    it = await raffle(coalition)
    people = [await coalition.member() for _ in range(8)]
    held = [(one, await ticket(coalition, one, it)) for one in people for _ in range(4)]
    late = FROZEN.replace(hour=11, minute=59)  # for them it is still open

    async def freeze() -> raffles.Frozen:
        await asyncio.sleep(0.02)
        return await raffles.freeze(coalition.db, draw_id=it, now=FROZEN)

    found = await asyncio.gather(
        freeze(),
        *(enter(coalition, who, it, what, now=late) for who, what in held),
        return_exceptions=True,
    )

    listed = await coalition.db.fetchval("select tickets from coalition.draw_list")
    entered = [one.entry.ticket_id for one in found if isinstance(one, raffles.Entered)]
    assert 32 == len(entered) + sum(isinstance(one, errors.DrawClosed) for one in found)
    assert sorted(entered) == sorted(listed)


async def test_an_entry_needs_its_own_ticket_and_stands_once(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await raffle(coalition)
    one, key = await ticket(coalition, ana, it), ids.new()
    first = await enter(coalition, ana, it, one, key=key)
    again = await enter(coalition, ana, it, one, key=key)

    other = await refused(enter(coalition, ana, it, one))

    assert (first.entry, False, True) == (again.entry, first.replayed, again.replayed)
    assert errors.TicketUsed() == other


async def test_one_ticket_entered_twenty_times_at_once_is_one_entry(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await raffle(coalition)
    one = await ticket(coalition, ana, it)

    found = await asyncio.gather(
        *(enter(coalition, ana, it, one) for _ in range(20)), return_exceptions=True
    )

    assert 1 == sum(isinstance(one, raffles.Entered) for one in found)
    assert 1 == await coalition.db.fetchval("select count(*) from ledger.entry")


async def test_whoever_is_shut_out_does_not_enter(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await raffle(coalition)
    await play_limits.exclude(coalition.db, member=ana, until=None, actor=audit.SYSTEM, now=NOON)

    assert errors.SelfExcluded() == await refused(enter(coalition, ana, it))


async def test_public_randomness_is_named_before_and_recorded_once(coalition: Coalition) -> None:
    it, _ = await filled(coalition, **CHANCE)
    await tend(coalition, FROZEN)
    await tend(coalition, DRAWN)
    missing = await refused(raffles.draw(coalition.db, draw_id=it, now=DRAWN))
    await raffles.draw(coalition.db, draw_id=it, randomness="beac0n", now=DRAWN)
    await raffles.draw(coalition.db, draw_id=it, randomness="beac0n", now=DRAWN)

    other = await refused(raffles.draw(coalition.db, draw_id=it, randomness="x", now=DRAWN))

    exported = await verified(coalition, it)
    assert ("PLAY_INVALID", ("randomness",)) == (missing.code, missing.path)
    assert "DRAW_CLOSED" == other.code
    assert {"source": "drand quicknet", "round": "4711", "value": "beac0n"} == (
        exported["randomness"]
    )


async def test_randomness_that_was_not_named_is_refused(coalition: Coalition) -> None:
    it, _ = await filled(coalition)
    await tend(coalition, FROZEN)

    found = await refused(raffles.draw(coalition.db, draw_id=it, randomness="x", now=DRAWN))

    assert "PLAY_INVALID" == found.code


async def test_nothing_is_frozen_or_drawn_too_early(coalition: Coalition) -> None:
    it, _ = await filled(coalition)

    early = await refused(raffles.freeze(coalition.db, draw_id=it, now=NOON + DAY))
    unfrozen = await refused(raffles.draw(coalition.db, draw_id=it, now=DRAWN))
    await raffles.freeze(coalition.db, draw_id=it, now=FROZEN)
    undue = await refused(raffles.draw(coalition.db, draw_id=it, now=FROZEN))

    assert ["DRAW_CLOSED"] * 3 == [one.code for one in (early, unfrozen, undue)]


async def test_the_prize_of_a_suspended_winner_goes_to_the_first_alternate(
    coalition: Coalition,
) -> None:
    it, people = await filled(coalition)
    await tend(coalition, FROZEN)
    await raffles.draw(coalition.db, draw_id=it, now=DRAWN)
    first, second, *_ = await places(coalition)
    lost = next(one for one in people if one.wallet_id == first["wallet_id"])
    await members.suspend(coalition.db, lost.member_id, reason="lost", actor=audit.SYSTEM)
    await tend(coalition, DRAWN)
    await tend(coalition, DRAWN)

    exported = await verified(coalition, it)

    assert [True, False, False] == [one["passed"] for one in exported["places"]]
    assert ["Basket", "Basket", None] == [one["prize"] for one in exported["places"]]
    assert exported["places"][1]["ticket"] == ids.show("tic", second["ticket_id"])


async def test_a_crash_between_the_value_and_the_places_is_mended(
    coalition: Coalition,
) -> None:
    it, _ = await filled(coalition)
    await tend(coalition, FROZEN)
    await coalition.db.execute(
        "insert into coalition.draw_result (draw_id, drawn_at) values ($1, $2)", it, DRAWN
    )
    await coalition.db.call("select coalition.reveal_seed($1, 1, $2)", it, DRAWN)

    await tend(coalition, DRAWN)

    assert 3 == len((await verified(coalition, it))["places"])


async def test_a_place_that_cannot_be_paid_keeps_no_other_from_its_prize(
    coalition: Coalition, owner: Connection
) -> None:
    reward = await taking_part.reward(coalition)
    prizes = [{"name": "Five", "campaign_id": str(reward.campaign_id), "winners": 3}]
    it, _ = await filled(coalition, prizes=prizes, alternates=0)
    await tend(coalition, FROZEN)
    await raffles.draw(coalition.db, draw_id=it, now=DRAWN)
    first, *others = await places(coalition)

    async with owner.transaction():
        await owner.execute(
            "select 1 from ledger.wallet where wallet_id = $1 for update", first["wallet_id"]
        )
        done = await tending.tend(coalition.db, now=DRAWN)

    assert (len(others), [first["ticket_id"]]) == (done.paid, list(done.failures))
    assert [None, DRAWN, DRAWN] == [one["settled_at"] for one in await places(coalition)]
    await tend(coalition, DRAWN)
    assert [DRAWN] * 3 == [one["settled_at"] for one in await places(coalition)]


async def test_many_who_draw_at_once_draw_the_same(coalition: Coalition) -> None:
    it, _ = await filled(coalition)
    await tend(coalition, FROZEN)

    await asyncio.gather(
        *(raffles.draw(coalition.db, draw_id=it, now=DRAWN) for _ in range(8)),
        *(raffles.pay(coalition.db, now=DRAWN) for _ in range(4)),
    )

    assert 3 == len((await verified(coalition, it))["places"])


@pytest.mark.parametrize(("publishes", "agrees"), [(True, True), (True, False), (False, True)])
async def test_a_name_is_published_only_if_both_agree(
    coalition: Coalition, publishes: bool, agrees: bool
) -> None:
    it = await raffle(coalition, publish_names=publishes)
    ana = await coalition.member()
    await enter(coalition, ana, it, named=agrees)
    await tend(coalition, FROZEN)
    await tend(coalition, DRAWN)

    (place,) = (await verified(coalition, it))["places"]

    assert ("Ana" if publishes and agrees else None) == place["name"]


async def test_an_export_says_nothing_of_who_plays(coalition: Coalition, owner: Connection) -> None:
    it, people = await filled(coalition)
    await tend(coalition, FROZEN)
    await tend(coalition, DRAWN)

    text = str(await verified(coalition, it))

    for one in people:
        assert one.email not in text
        for key in (one.member_id, one.wallet_id):
            assert str(key) not in text
            assert ids.show("mem", key)[4:] not in text


async def test_a_raffle_goes_by_the_rules_that_it_began_with(coalition: Coalition) -> None:
    it, _ = await filled(coalition)
    await taking_part.scheme(
        coalition,
        now=NOON,
        scheme_id=it,
        plain=drawing.RAFFLE,
        prizes=[{"name": "Car", "winners": 3}],
    )
    await tend(coalition, FROZEN)
    await tend(coalition, DRAWN)

    exported = await verified(coalition, it)

    assert ["Basket", None, None] == [one["prize"] for one in exported["places"]]


async def test_a_raffle_that_is_ended_early_is_drawn_from_what_was_entered(
    coalition: Coalition,
) -> None:
    it, (ana, *_) = await filled(coalition)
    one = await ticket(coalition, ana, it)
    await publishing.end(
        coalition.db,
        request_id=ids.new(),
        scheme_id=it,
        note="enough",
        actor=audit.SYSTEM,
        now=NOON + DAY,
    )
    late = await refused(enter(coalition, ana, it, one, now=NOON + 2 * DAY))
    await tend(coalition, NOON + 2 * DAY)
    await tend(coalition, DRAWN)

    exported = await verified(coalition, it)

    assert errors.DrawClosed() == late
    assert (6, 3) == (exported["frozen"]["count"], len(exported["places"]))


async def test_the_staff_freezes_and_draws_with_a_reason(coalition: Coalition) -> None:
    it, _ = await filled(coalition, **CHANCE)
    told: dict[str, Any] = {"draw_id": it, "actor": audit.Actor("staff", ids.new())}
    keys = [ids.new(), ids.new()]
    for _ in range(2):
        await raffles.freeze_by_staff(
            coalition.db, request_id=keys[0], reason="closed", now=FROZEN, **told
        )
        await raffles.draw_by_staff(
            coalition.db, request_id=keys[1], randomness="b", reason="due", now=DRAWN, **told
        )

    trail = await audit.trail(coalition.db, it, first=9, before=None)

    acts = [(one.act, one.reason) for one in trail][:2]
    assert [("draw.draw", "due"), ("draw.freeze", "closed")] == acts
