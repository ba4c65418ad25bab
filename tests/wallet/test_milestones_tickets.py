"""Milestones that give tickets for a draw: once, taken back unused, and for no lottery."""

import asyncio
from typing import Any, Final
from uuid import UUID

import pytest

from tests.conftest import Connection
from tests.wallet import drawing, taking_part
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.reaching import buy, look, milestone
from wallet import errors, ledger, members, notices
from wallet.draws import tickets
from wallet.progress import advance, milestones

FREE: Final = {"free_entry": {"per": "day"}}


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    """A merchant whose own contract pays a little."""
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who works towards something."""
    return await coalition.member()


async def held(coalition: Coalition, member: members.Member) -> list[tuple[str, bool]]:
    """Where tickets came from, and whether they are left."""
    rows = await coalition.db.fetch(
        "select source, withdrawn_at is null as left from ledger.ticket"
        " where bucket = $1 and wallet_id = $2 order by number",
        ledger.bucket(member.wallet_id),
        member.wallet_id,
    )
    return [(row["source"], row["left"]) for row in rows]


async def test_tickets_are_given_once_however_often_it_is_looked_at(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    wheel = await drawing.wheel(coalition, tickets=FREE)
    await milestone(coalition, pays=False, target=1, tickets={"draw": str(wheel), "number": 3})
    await buy(coalition, rosa, ana)
    await asyncio.gather(*(look(coalition, ana) for _ in range(6)), return_exceptions=True)
    await look(coalition, ana)

    assert [("milestone", True)] * 3 == await held(coalition, ana)


async def test_tickets_of_many_completions_are_given_over_several_looks_and_none_is_left_out(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    wheel = await drawing.wheel(coalition, tickets=FREE)
    given = {"draw": str(wheel), "number": 1}
    many = milestones.REWARDS_MAX + 1
    counting: dict[str, Any] = {"metric": "amount", "target": 1_000, "surplus": True}
    await milestone(coalition, pays=False, tickets=given, times=many, **counting)
    await buy(coalition, rosa, ana, many * 1_000)
    while await notices.drain(coalition.db):
        pass
    counts = []
    for _ in range(3):
        await advance.advance(coalition.db, now=NOON, stories=[milestones])
        counts.append(len(await held(coalition, ana)))

    assert [milestones.REWARDS_MAX, many, many] == counts
    assert 0 == await coalition.db.fetchval("select count(*) from coalition.look")


async def test_a_return_takes_back_the_tickets_that_are_left(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    wheel = await drawing.wheel(coalition, tickets=FREE)
    await milestone(
        coalition,
        pays=False,
        target=1,
        tickets={"draw": str(wheel), "number": 2},
        on_return="take_back",
    )
    bought = await buy(coalition, rosa, ana)
    await look(coalition, ana)
    await coalition.give_back(rosa, bought)
    await look(coalition, ana)

    assert [("milestone", False)] * 2 == await held(coalition, ana)


async def test_a_ticket_that_was_used_stays_used(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    wheel = await drawing.wheel(coalition, tickets=FREE)
    given = {"draw": str(wheel), "number": 2}
    await milestone(coalition, pays=False, target=1, tickets=given, on_return="take_back")
    bought = await buy(coalition, rosa, ana)
    await look(coalition, ana)
    (first, _) = await tickets.usable(coalition.db, ana.wallet_id, wheel, at=NOON)
    await drawing.spin(coalition, ana, wheel, first.ticket_id)
    await coalition.give_back(rosa, bought)
    await look(coalition, ana)

    assert [False, True] == sorted(left for _, left in await held(coalition, ana))
    used = await tickets.find(coalition.db, first.ticket_id)
    assert (NOON, None) == (used.used_at, used.withdrawn_at)


async def test_tickets_that_a_crash_left_out_are_given_by_the_next_look(
    coalition: Coalition, rosa: UUID, ana: members.Member, owner: Connection
) -> None:
    wheel = await drawing.wheel(coalition, tickets=FREE)
    await milestone(coalition, pays=False, target=1, tickets={"draw": str(wheel)})
    await buy(coalition, rosa, ana)
    await look(coalition, ana)
    # As if the process had died after it wrote down that the milestone was reached.
    await owner.execute("delete from ledger.ticket")
    await look(coalition, ana)
    await look(coalition, ana)

    assert [("milestone", True)] == await held(coalition, ana)


async def test_of_a_look_and_a_return_at_once_no_ticket_is_left_of_what_went_back(
    coalition: Coalition, rosa: UUID
) -> None:
    wheel = await drawing.wheel(coalition, tickets=FREE)
    given = {"draw": str(wheel)}
    await milestone(coalition, pays=False, target=1, tickets=given, on_return="take_back")
    for _ in range(6):
        member = await coalition.member()
        bought = await buy(coalition, rosa, member)
        await asyncio.gather(
            look(coalition, member),
            coalition.give_back(rosa, bought),
            look(coalition, member),
            return_exceptions=True,
        )
        # Whatever was written asks for another look.
        await notices.drain(coalition.db)
        await advance.advance(coalition.db, now=NOON + DAY)

        assert not any(left for _, left in await held(coalition, member))


async def test_there_are_no_tickets_for_what_is_no_draw_or_a_lottery(coalition: Coalition) -> None:
    other = await milestone(coalition, pays=False)
    free = await drawing.wheel(coalition, tickets=FREE)
    lottery = await drawing.wheel(coalition, tickets={})

    refusals = [
        await refused(taking_part.scheme(coalition, tickets={"draw": str(one)}))
        for one in (other, lottery)
    ]
    after = await refused(taking_part.scheme(coalition, after=str(free)))
    assert [("definition", "tickets", "draw")] * 2 == [one.path for one in refusals]
    assert (errors.SchemeInvalid, ("definition", "after")) == (type(after), after.path)
