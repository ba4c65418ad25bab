"""Wheels: a ticket has one outcome, a prize is never given too often, and all can be checked."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Connection
from tests.wallet import drawing, taking_part
from tests.wallet.drawing import spin, tend, ticket, verified, wheel
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import audit, errors, ids, ledger, members, play_limits
from wallet.campaigns import profiles
from wallet.draws import exports, paying, seeds, wheels
from wallet.progress import publishing, schemes
from wallet.rules import play_limits as play_rules

HOUR = timedelta(hours=1)
ALWAYS: dict[str, Any] = {"prizes": [{"name": "Coffee", "weight": 1}]}


async def five(coalition: Coalition, **changes: Any) -> dict[str, Any]:
    """A wheel whose every spin wins 5.00."""
    reward = await taking_part.reward(coalition, **changes)
    return {"prizes": [{"name": "Five", "weight": 1, "campaign_id": str(reward.campaign_id)}]}


async def test_a_spin_can_be_checked_when_its_seed_is_revealed(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    spun = [(await spin(coalition, ana, it, client_seed=f"s{n}")).spin for n in range(20)]
    before = await verified(coalition, it)
    await tend(coalition, drawing.CLOSED)

    after = await verified(coalition, it)

    assert before["epochs"][0]["seed"] is None
    assert all(one["seed"] for one in after["epochs"])
    assert [one.prize for one in spun] == [one["given"] for one in after["epochs"][0]["turns"]]
    assert list(range(1, 21)) == [one.number for one in spun]


async def test_the_commitment_is_published_before_the_wheel_opens(coalition: Coalition) -> None:
    published = await taking_part.scheme(coalition, now=NOON - DAY, plain=drawing.WHEEL)
    await tend(coalition, NOON - DAY)

    exported = await verified(coalition, published.entry.scheme_id)

    assert [(1, None), (2, None)] == [(e["epoch"], e["opened_at"]) for e in exported["epochs"]]


async def test_a_wheel_without_a_commitment_is_closed(coalition: Coalition) -> None:
    published = await taking_part.scheme(coalition, now=NOON - DAY, plain=drawing.WHEEL)
    ana = await coalition.member()

    found = await refused(spin(coalition, ana, published.entry.scheme_id))

    assert errors.DrawClosed() == found


async def test_the_seed_changes_daily_and_the_next_one_is_known_before(
    coalition: Coalition,
) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    await spin(coalition, ana, it)
    first = await verified(coalition, it)
    await tend(coalition, NOON + DAY)
    second = await spin(coalition, ana, it, now=NOON + DAY + HOUR)

    exported = await verified(coalition, it)

    assert 2 == second.spin.epoch
    assert [True, False, False] == [one["seed"] is not None for one in exported["epochs"]]
    assert first["epochs"][1]["commitment"] == exported["epochs"][1]["commitment"]


async def test_the_seed_changes_after_so_many_spins(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition, epochs={"spins": 2})
    found = [(await spin(coalition, ana, it)).spin for _ in range(5)]

    assert [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)] == [(one.epoch, one.number) for one in found]
    await verified(coalition, it)


async def test_other_odds_hold_from_the_next_seed_on(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    before = await spin(coalition, ana, it)
    await taking_part.scheme(
        coalition, now=NOON + HOUR, scheme_id=it, plain=drawing.WHEEL, **ALWAYS
    )
    during = await spin(coalition, ana, it, now=NOON + HOUR)
    await tend(coalition, NOON + HOUR)

    after = await spin(coalition, ana, it, now=NOON + 2 * HOUR)

    exported = await verified(coalition, it)
    assert [1, 1, 2] == [one.spin.epoch for one in (before, during, after)]
    assert (2, "Coffee") == (len(exported["definitions"]), after.spin.prize)


async def test_one_ticket_spun_twenty_times_at_once_has_one_outcome(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition, **await five(coalition))
    one = await ticket(coalition, ana, it)

    found = await asyncio.gather(
        *(spin(coalition, ana, it, one) for _ in range(20)), return_exceptions=True
    )

    assert 1 == sum(isinstance(one, wheels.Spun) for one in found)
    assert 19 == sum(isinstance(one, errors.TicketUsed) for one in found)
    assert 500 == (await coalition.faces(ana)).pending + (await coalition.faces(ana)).available


async def test_one_request_sent_twenty_times_gets_one_answer(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition, **await five(coalition))
    one, key = await ticket(coalition, ana, it), ids.new()

    found = await asyncio.gather(*(spin(coalition, ana, it, one, key=key) for _ in range(20)))

    assert 1 == len({(one.spin.number, one.spin.prize, one.spin.award_id) for one in found})
    assert 1 == sum(not one.replayed for one in found)
    assert 1 == await coalition.db.fetchval("select count(*) from ledger.award")


async def test_fifty_racing_spins_never_give_more_than_there_is(coalition: Coalition) -> None:
    prizes = [{"name": "Bike", "weight": 99, "stock": 3}, {"name": "Thanks", "weight": 1}]
    it = await wheel(coalition, prizes=prizes, consolation="Thanks")
    people = [await coalition.member() for _ in range(10)]
    held = [(one, await ticket(coalition, one, it)) for one in people for _ in range(5)]

    found = await asyncio.gather(*(spin(coalition, who, it, what) for who, what in held))

    given = Counter(one.spin.prize for one in found)
    assert {"Bike": 3, "Thanks": 47} == given
    await tend(coalition, drawing.CLOSED)
    exported = await verified(coalition, it)
    units = [one["unit"] for one in exported["epochs"][0]["turns"] if one["unit"]]
    assert [1, 2, 3] == units


async def test_money_is_paid_once_by_its_campaign(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition, **await five(coalition))
    key, one = ids.new(), await ticket(coalition, ana, it)
    first = await spin(coalition, ana, it, one, key=key)

    again = await spin(coalition, ana, it, one, key=key)

    assert (first.spin, True) == (again.spin, again.replayed)
    assert ids.derived(first.spin.spin_id, "prize") == first.spin.award_id
    assert 500 == (await coalition.faces(ana)).pending + (await coalition.faces(ana)).available


async def test_what_a_budget_cuts_is_told(coalition: Coalition) -> None:
    changes = await five(coalition, budget={"minor": 700})
    ana, it = await coalition.member(), await wheel(coalition, **changes)

    found = [(await spin(coalition, ana, it)).spin.note for _ in range(3)]

    assert [None, "cut", "cut"] == found


@pytest.mark.parametrize("until", ["used", "drawn", "paid"])
async def test_a_crash_between_two_steps_changes_no_outcome(
    coalition: Coalition, owner: Connection, until: str
) -> None:
    """What a crash leaves: a used ticket without a turn, or a turn without an award, or both."""
    ana, it = await coalition.member(), await wheel(coalition, **await five(coalition))
    one, key = await ticket(coalition, ana, it), ids.new()
    spin_id = ids.placed(key, ledger.bucket(ana.wallet_id))
    house = await coalition.db.fetchval("select asset from coalition.programme")
    await coalition.db.call(
        "select ledger.spin($1, $2, $3, $4, $5, $6, 'mine', $7, null, $8, null, $9, $10)",
        *(ledger.bucket(ana.wallet_id), spin_id, ana.wallet_id, house, one, it),
        ids.fingerprint(ana.member_id, it, one, "mine"),
        *([NOON, NOON, NOON], NOON, NOON),
    )
    if until != "used":
        left = await wheels.find(coalition.db, spin_id)
        moment = await schemes.moment(coalition.db, NOON)
        _, played = await wheels._turn(coalition.db, left, moment)
        if until == "paid":
            await paying.pay(
                coalition.db,
                member=ana,
                campaign_id=played.prizes[0].campaign_id,
                won_by=spin_id,
                reference=ids.show("spi", spin_id),
                prize="Five",
                now=NOON,
            )

    await tend(coalition, NOON + HOUR)

    found = await spin(coalition, ana, it, one, key=key, now=NOON + HOUR)
    assert (True, 1, "Five") == (found.replayed, found.spin.number, found.spin.prize)
    assert 1 == await owner.fetchval("select count(*) from coalition.draw_turn")
    assert 500 == (await coalition.faces(ana)).pending + (await coalition.faces(ana)).available


async def test_a_last_seed_is_kept_for_a_spin_that_is_owed(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    late = NOON + 30 * DAY - timedelta(seconds=1)
    await spin(coalition, ana, it, now=late)
    await tend(coalition, NOON + 30 * DAY)
    kept = await verified(coalition, it)
    await tend(coalition, NOON + 30 * DAY + 2 * timedelta(minutes=1))

    done = await verified(coalition, it)

    assert any(one["seed"] is None for one in kept["epochs"])
    assert all(one["seed"] for one in done["epochs"])


async def test_an_ended_wheel_reveals_its_seeds_and_takes_no_spin(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    await spin(coalition, ana, it)
    one = await ticket(coalition, ana, it)
    await publishing.end(
        coalition.db,
        request_id=ids.new(),
        scheme_id=it,
        note="enough",
        actor=audit.SYSTEM,
        now=NOON + HOUR,
    )

    found = await refused(spin(coalition, ana, it, one, now=NOON + 2 * HOUR))
    await tend(coalition, NOON + 2 * HOUR)

    assert errors.DrawClosed() == found
    assert all(one["seed"] for one in (await verified(coalition, it))["epochs"])


async def test_a_wheel_takes_no_spin_before_and_after_its_time(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition)

    early = await refused(spin(coalition, ana, it, now=NOON - HOUR))
    late = await refused(spin(coalition, ana, it, now=drawing.CLOSED))

    assert (errors.DrawClosed(), errors.DrawClosed()) == (early, late)


async def test_a_ticket_works_for_its_draw_its_member_and_its_time_alone(
    coalition: Coalition,
) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    it, other = await wheel(coalition), await wheel(coalition)
    one = await ticket(coalition, ana, it, expires_at=NOON + HOUR)

    assert errors.NotFound() == await refused(spin(coalition, ben, it, one))
    assert errors.NotFound() == await refused(spin(coalition, ana, other, one))
    late = await refused(spin(coalition, ana, it, one, now=NOON + HOUR))
    assert errors.TicketExpired() == late


async def test_a_refused_spin_stays_refused_and_its_ticket_unused(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition, gates={"age_min": 18})
    one, key = await ticket(coalition, ana, it), ids.new()
    unknown = await refused(spin(coalition, ana, it, one, key=key))
    await profiles.update(
        coalition.db, ana.member_id, actor=audit.SYSTEM, birth_date=NOON.date().replace(year=2000)
    )
    same = await refused(spin(coalition, ana, it, one, key=key))

    fresh = await spin(coalition, ana, it, one)

    assert (errors.AgeGate(), errors.AgeGate()) == (unknown, same)
    assert fresh.spin.prize


async def test_a_country_opens_the_gate_where_the_draw_is_allowed(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition, gates={"countries": ["PT"]})
    unknown = await refused(spin(coalition, ana, it))
    await profiles.update(coalition.db, ana.member_id, actor=audit.SYSTEM, country="ES")
    abroad = await refused(spin(coalition, ana, it))
    await profiles.update(coalition.db, ana.member_id, actor=audit.SYSTEM, country="PT")

    assert (errors.JurisdictionGate(), errors.JurisdictionGate()) == (unknown, abroad)
    assert (await spin(coalition, ana, it)).spin.prize


async def test_a_draw_has_a_most_for_each_member_and_period(coalition: Coalition) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    it = await wheel(coalition, most={"times": 2, "per": "day"})
    for _ in range(2):
        await spin(coalition, ana, it)

    assert errors.PlayLimit() == await refused(spin(coalition, ana, it))
    await spin(coalition, ben, it)
    await spin(coalition, ana, it, now=NOON + DAY)


async def test_a_members_own_limit_counts_over_all_draws(coalition: Coalition) -> None:
    ana = await coalition.member()
    first, second = await wheel(coalition), await wheel(coalition)
    await play_limits.set_limits(
        coalition.db, member=ana, limits=play_rules.Limits(day=1), actor=audit.SYSTEM, now=NOON
    )
    await spin(coalition, ana, first)

    assert errors.PlayLimit() == await refused(spin(coalition, ana, second))
    await spin(coalition, ana, second, now=NOON + DAY)


async def test_of_many_spins_at_once_a_limit_lets_through_what_it_says(
    coalition: Coalition,
) -> None:
    ana, it = await coalition.member(), await wheel(coalition, most={"times": 3, "per": "day"})
    held = [await ticket(coalition, ana, it) for _ in range(10)]

    found = await asyncio.gather(
        *(spin(coalition, ana, it, one) for one in held), return_exceptions=True
    )

    assert 3 == sum(isinstance(one, wheels.Spun) for one in found)
    assert 7 == sum(isinstance(one, errors.PlayLimit) for one in found)


async def test_nobody_spins_after_shutting_themselves_out_meanwhile(
    coalition: Coalition,
) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    held = [await ticket(coalition, ana, it) for _ in range(10)]

    async def out() -> None:
        await play_limits.exclude(
            coalition.db, member=ana, until=None, actor=audit.SYSTEM, now=NOON
        )

    found = await asyncio.gather(
        *(spin(coalition, ana, it, one) for one in held[:5]),
        out(),
        *(spin(coalition, ana, it, one) for one in held[5:]),
        return_exceptions=True,
    )

    assert {wheels.Spun, errors.SelfExcluded, type(None)} >= {type(one) for one in found}
    assert errors.SelfExcluded() == await refused(spin(coalition, ana, it))


async def test_nobody_suspended_spins(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    one = await ticket(coalition, ana, it)
    await members.suspend(coalition.db, ana.member_id, reason="lost", actor=audit.SYSTEM)

    assert errors.MemberSuspended() == await refused(spin(coalition, ana, it, one))


@pytest.mark.parametrize("text", ["", "a b", "é", "a\n", "x" * 65])
async def test_a_client_seed_is_plain(coalition: Coalition, text: str) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    one = await ticket(coalition, ana, it)

    found = await refused(spin(coalition, ana, it, one, client_seed=text))

    assert ("PLAY_INVALID", ("client_seed",)) == (found.code, found.path)


async def test_a_scheme_that_is_no_wheel_is_not_spun(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await drawing.raffle(coalition)

    assert "NOT_FOUND" == (await refused(spin(coalition, ana, it))).code
    assert "NOT_FOUND" == (await refused(spin(coalition, ana, ids.new()))).code


async def test_an_export_reads_all_turns_page_by_page(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition, epochs={"spins": 3})
    for _ in range(8):
        await spin(coalition, ana, it)

    found = await exports.turns(coalition.db, it, page=2)

    assert await exports.turns(coalition.db, it) == found
    assert {1: [1, 2, 3], 2: [1, 2, 3], 3: [1, 2]} == {
        epoch: [one.number for one in turns] for epoch, turns in found.items()
    }


@pytest.mark.tampers
async def test_an_export_is_whole_or_refused(coalition: Coalition, owner: Connection) -> None:
    it = await wheel(coalition)
    await owner.execute(
        "insert into coalition.draw_seed (draw_id, epoch, kind, commitment, committed_at)"
        " select $1, n, 'wheel', 'x', $2 from generate_series(3, $3::integer) n",
        *(it, NOON, seeds.EPOCHS_MAX + 1),
    )

    refusal = await refused(exports.export(coalition.db, it))

    assert errors.TooMany(limit=seeds.EPOCHS_MAX) == refusal
