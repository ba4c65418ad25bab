"""Tickets: once for each source, free ones for whoever asks, and gone with the purchase."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.wallet import drawing
from tests.wallet.drawing import raffle, spin, wheel
from tests.wallet.factories import DAY, NOON, STAFF, Coalition, purchase, refused
from wallet import audit, credit, errors, ids, members, notices, play_limits
from wallet.draws import tickets
from wallet.progress import advance, schemes, story
from wallet.rules import returns

FREE: dict[str, Any] = {"tickets": {"free_entry": {"tickets": 2, "per": "day"}}}
BOUGHT: dict[str, Any] = {
    "tickets": {"per_purchase": {"min_minor": 2_000}, "free_entry": {}, "days": 5}
}


async def held(coalition: Coalition, member: members.Member) -> list[tickets.Ticket]:
    return await tickets.mine(coalition.db, member.wallet_id, first=50)


async def look(coalition: Coalition, member: members.Member, now: Any = NOON) -> None:
    """Let the story of tickets look at a wallet, twice, because once must be enough."""
    for _ in range(2):
        await advance.settle(coalition.db, [member.wallet_id], now=now, stories=[tickets])


async def test_a_source_gives_once_however_often_it_is_asked(coalition: Coalition) -> None:
    ana, it, source = await coalition.member(), await wheel(coalition), ids.new()

    async def grant(n: int = 3) -> tickets.Granted:
        return await tickets.grant(
            coalition.db,
            wallet_id=ana.wallet_id,
            scheme_id=it,
            source="milestone",
            source_id=source,
            n=n,
            now=NOON,
        )

    found = await asyncio.gather(*(grant() for _ in range(10)))

    assert 1 == len({one.ticket_ids for one in found})
    assert 3 == len(await held(coalition, ana))
    assert isinstance(await refused(grant(2)), errors.IdempotencyKeyReused)


async def test_an_id_says_nothing_of_its_source_or_time(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    one = await drawing.ticket(coalition, ana, it)
    now = ids.new()

    assert one.bytes[:5] != now.bytes[:5]
    assert one.bytes[15] == ana.wallet_id.bytes[15]


async def test_free_tickets_are_there_once_in_each_period(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition, **FREE)

    async def claim(now: Any = NOON) -> tickets.Granted:
        return await tickets.claim(coalition.db, member=ana, draw_id=it, now=now)

    first, again, later = await claim(), await claim(), await claim(NOON + DAY)

    assert first.ticket_ids == again.ticket_ids
    assert (False, True, False) == (first.replayed, again.replayed, later.replayed)
    assert 4 == len(await held(coalition, ana))


async def test_free_tickets_pass_the_gates_of_their_draw(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition, gates={"age_min": 18}, **FREE)
    other = await wheel(coalition)
    young = await refused(tickets.claim(coalition.db, member=ana, draw_id=it, now=NOON))
    none = await refused(tickets.claim(coalition.db, member=ana, draw_id=other, now=NOON))
    await play_limits.exclude(coalition.db, member=ana, until=None, actor=audit.SYSTEM, now=NOON)

    out = await refused(tickets.claim(coalition.db, member=ana, draw_id=other, now=NOON))

    assert [errors.AgeGate(), errors.DrawClosed(), errors.SelfExcluded()] == [young, none, out]


@pytest.mark.parametrize(("minor", "tickets_of_it"), [(1_999, 0), (2_000, 1), (9_000, 1)])
async def test_a_purchase_of_enough_gives_a_ticket(
    coalition: Coalition, minor: int, tickets_of_it: int
) -> None:
    ana, rosa = await coalition.member(), await coalition.merchant()
    await raffle(coalition, **BOUGHT)
    await coalition.report(rosa, ana, purchase(minor))
    await look(coalition, ana)

    found = await held(coalition, ana)

    assert [("purchase", NOON + 5 * DAY)] * tickets_of_it == [
        (one.source, one.expires_at) for one in found
    ]


async def test_a_purchase_that_goes_back_takes_its_unused_ticket_along(
    coalition: Coalition,
) -> None:
    ana, rosa = await coalition.member(), await coalition.merchant()
    it = await wheel(coalition, **BOUGHT)
    bought = await coalition.report(rosa, ana, purchase(3_000))
    await look(coalition, ana)
    (one,) = await held(coalition, ana)
    await coalition.give_back(rosa, bought.purchase_id, returns.ReturnLine(1, 500))
    await look(coalition, ana)

    (after,) = await held(coalition, ana)

    assert (None, NOON) == (one.withdrawn_at, after.withdrawn_at)
    assert errors.TicketUsed() == await refused(spin(coalition, ana, it, one.ticket_id))
    assert [] == await tickets.usable(coalition.db, ana.wallet_id, it, at=NOON)


async def test_the_worker_gives_tickets_for_purchases(coalition: Coalition) -> None:
    ana, rosa = await coalition.member(), await coalition.merchant()
    await raffle(coalition, **BOUGHT)
    await coalition.report(rosa, ana, purchase(3_000))
    await notices.drain(coalition.db)

    done = await advance.advance(coalition.db, now=NOON + DAY)

    assert ([], 1) == (done.failures, len(await held(coalition, ana)))


async def test_what_was_seen_too_early_gives_nothing(coalition: Coalition) -> None:
    """A purchase that goes back between a look and its write: nobody plays its ticket meanwhile."""
    ana, rosa = await coalition.member(), await coalition.merchant()
    await raffle(coalition, **BOUGHT)
    bought = await coalition.report(rosa, ana, purchase(3_000))
    moment = await schemes.moment(coalition.db, NOON)
    wants = tickets.wants(moment.book, NOON)
    assert wants is not None
    seen = await advance.gather(coalition.db, ana.wallet_id, [wants])
    assert seen is not None
    await coalition.give_back(rosa, bought.purchase_id)

    with pytest.raises(story.Stale):
        await tickets.advance(coalition.db, moment.book, seen, NOON)

    assert [] == await held(coalition, ana)


async def test_a_ticket_that_was_used_stays_used_when_its_purchase_goes_back(
    coalition: Coalition,
) -> None:
    ana, rosa = await coalition.member(), await coalition.merchant()
    it = await wheel(coalition, **BOUGHT)
    bought = await coalition.report(rosa, ana, purchase(3_000))
    await look(coalition, ana)
    (one,) = await held(coalition, ana)
    await spin(coalition, ana, it, one.ticket_id)
    await coalition.give_back(rosa, bought.purchase_id)
    await look(coalition, ana)

    (after,) = await held(coalition, ana)

    assert (NOON, None) == (after.used_at, after.withdrawn_at)


async def test_only_purchases_of_the_draws_own_time_and_merchants_count(
    coalition: Coalition,
) -> None:
    ana, rosa, bakery = (
        await coalition.member(),
        await coalition.merchant(),
        await coalition.merchant(),
    )
    await raffle(coalition, merchants=[str(rosa)], **BOUGHT)
    await coalition.report(bakery, ana, purchase(3_000))
    await coalition.report(rosa, ana, purchase(3_000, purchased_at=NOON - DAY))
    await coalition.report(rosa, ana, purchase(3_000, purchased_at=NOON + DAY), now=NOON + DAY)
    await look(coalition, ana, NOON + DAY)

    assert 1 == len(await held(coalition, ana))


async def test_the_staff_gives_tickets_with_a_reason_once(coalition: Coalition) -> None:
    ana, it, key = await coalition.member(), await wheel(coalition), ids.new()

    async def give(
        n: int = 2, now: Any = NOON, reason: str = "sorry", request_id: Any = key
    ) -> tickets.Granted:
        return await tickets.give(
            coalition.db,
            member_id=ana.member_id,
            draw_id=it,
            n=n,
            request_id=request_id,
            reason=reason,
            actor=audit.Actor("staff", ids.new()),
            staff=STAFF,
            now=now,
        )

    first, again = await give(), await give()

    assert (first.ticket_ids, True) == (again.ticket_ids, again.replayed)
    assert "TOO_MANY" == (await refused(give(0))).code
    assert errors.DrawClosed() == await refused(give(now=drawing.CLOSED, request_id=ids.new()))
    assert "REASON_MISSING" == (await refused(give(reason=" "))).code
    assert "ticket.grant" in [
        one.act for one in await audit.trail(coalition.db, ana.member_id, first=9, before=None)
    ]


async def test_a_key_of_the_staff_gives_what_it_gave_first_also_when_the_draw_has_closed(
    coalition: Coalition,
) -> None:
    ana, bob = await coalition.member(), await coalition.member()
    it, other = await wheel(coalition), await wheel(coalition)
    first: dict[str, Any] = {
        "member_id": ana.member_id,
        "draw_id": it,
        "n": 2,
        "request_id": ids.new(),
        "reason": "sorry",
        "actor": audit.Actor("staff", ids.new()),
        "staff": STAFF,
        "now": NOON,
    }
    given = await tickets.give(coalition.db, **first)

    late = await tickets.give(coalition.db, **first | {"now": drawing.CLOSED})

    assert tickets.Granted(given.ticket_ids, replayed=True) == late
    for change in (
        {"draw_id": other},
        {"member_id": bob.member_id},
        {"n": 3},
        {"reason": "sorry again"},
    ):
        refusal = await refused(tickets.give(coalition.db, **first | change))
        assert isinstance(refusal, errors.IdempotencyKeyReused)
    assert (2, 0) == (len(await held(coalition, ana)), len(await held(coalition, bob)))


async def test_a_colleague_gives_so_many_tickets_in_a_day_and_no_more_at_once_either(
    coalition: Coalition,
) -> None:
    it, support = await wheel(coalition), credit.Staff(ids.new(), "support")
    people = [await coalition.member() for _ in range(3)]

    async def give(member: members.Member, n: int, request_id: UUID) -> tickets.Granted:
        return await tickets.give(
            coalition.db,
            member_id=member.member_id,
            draw_id=it,
            n=n,
            request_id=request_id,
            reason="the app was away",
            actor=audit.Actor("staff", support.staff_id),
            staff=support,
            now=NOON,
        )

    keys = [ids.new() for _ in people]
    asked = [give(one, 20, key) for one, key in zip(people, keys, strict=True)]
    given = await asyncio.gather(*asked, return_exceptions=True)
    place = next(n for n, one in enumerate(given) if isinstance(one, tickets.Granted))
    again = await give(people[place], 20, keys[place])

    assert [errors.TicketLimit(path=("number",))] == [
        one for one in given if isinstance(one, BaseException)
    ]
    assert again.replayed
    assert errors.TicketLimit(path=("number",)) == await refused(give(people[0], 11, ids.new()))
    assert 10 == len((await give(people[0], 10, ids.new())).ticket_ids)


async def test_a_source_gives_to_one_member_and_tells_nobody_else_of_it(
    coalition: Coalition,
) -> None:
    ana, bob = await coalition.member(bucket=7), await coalition.member(bucket=7)
    it, source = await wheel(coalition), ids.new()

    async def grant(member: members.Member) -> tickets.Granted:
        return await tickets.grant(
            coalition.db,
            wallet_id=member.wallet_id,
            scheme_id=it,
            source="staff",
            source_id=source,
            now=NOON,
        )

    await grant(ana)

    assert isinstance(await refused(grant(bob)), errors.IdempotencyKeyReused)
    assert [] == await held(coalition, bob)


async def test_nobody_suspended_is_given_tickets(coalition: Coalition) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    await members.suspend(coalition.db, ana.member_id, reason="lost", actor=audit.SYSTEM)

    assert errors.MemberSuspended() == await refused(drawing.ticket(coalition, ana, it))
