"""Seeds in the database: drawn from as the rule draws, secret until revealed, and never two."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet.factories import DAY, NOON, Coalition
from wallet import ids
from wallet.rules.draws import sampler

# Turns are taken here for tickets that nobody has: the law of spins would say so.
pytestmark = pytest.mark.tampers

NAMES, WEIGHTS = ["Coffee", "Thanks"], [3, 7]


async def call(coalition: Coalition, function: str, *arguments: object) -> Any:
    places = ", ".join(f"${n}" for n in range(1, len(arguments) + 1))
    return await coalition.db.call(f"select coalition.{function}({places})", *arguments)


async def opened(coalition: Coalition) -> UUID:
    """A draw whose first epoch is open."""
    draw = ids.new()
    await call(coalition, "commit_seed", draw, 1, "wheel", NOON)
    await call(coalition, "open_epoch", draw, 1, ids.new(), b"h" * 32, NOON)
    return draw


async def turn(
    coalition: Coalition, draw: UUID, ticket: UUID, *, stock: int | None = None, most: int = 99
) -> Any:
    return await call(
        coalition,
        "take_turn",
        *(draw, 1, ticket, "mine", f"message\n{ticket}", NAMES, WEIGHTS),
        *([stock, None], "Thanks", most, NOON),
    )


async def test_the_database_draws_the_numbers_that_the_rule_draws(owner: Connection) -> None:
    seed = b"\x00\xff" * 16
    for below in (1, 2, 3, 1_000, sampler.BELOW_MAX, (1 << 63) + 1):
        for n in range(20):
            drawn = await owner.fetchval(
                "select coalition.sampled($1, $2, $3)", seed, f"né\n{n}", below
            )

            assert sampler.number(seed, ("né", str(n)), below) == int(drawn)


async def test_a_seed_is_secret_until_it_is_revealed(coalition: Coalition) -> None:
    draw = await opened(coalition)
    ticket = ids.new()
    taken = await turn(coalition, draw, ticket)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await coalition.db.fetch("select * from coalition.draw_secret")
    before = await coalition.db.fetchval("select seed from coalition.draw_seed")

    await call(coalition, "reveal_seed", draw, 1, NOON + DAY)

    row = await coalition.db.fetchrow("select * from coalition.draw_seed")
    assert row is not None
    number = sampler.number(row["seed"], ("message", str(ticket)), 10)
    assert before is None
    assert row["commitment"].hex() == sampler.commitment(row["seed"])
    assert NAMES[sampler.chosen(WEIGHTS, number)] == taken["given"]


async def test_a_ticket_has_one_turn_whoever_asks(coalition: Coalition) -> None:
    draw, ticket = await opened(coalition), ids.new()

    taken = await asyncio.gather(*(turn(coalition, draw, ticket) for _ in range(20)))

    assert 1 == sum(not one["replayed"] for one in taken)
    assert {(1, 1, taken[0]["given"])} == {
        (one["epoch"], one["number"], one["given"]) for one in taken
    }


async def test_fifty_turns_at_once_have_fifty_numbers_and_no_unit_too_many(
    coalition: Coalition,
) -> None:
    draw = await opened(coalition)

    taken = await asyncio.gather(*(turn(coalition, draw, ids.new(), stock=3) for _ in range(50)))

    units = await coalition.db.fetch(
        "select number, unit from coalition.draw_turn where unit is not null order by number"
    )
    assert list(range(1, 51)) == sorted(one["number"] for one in taken)
    assert [1, 2, 3] == [row["unit"] for row in units]
    assert 3 == sum(one["given"] == "Coffee" for one in taken)


async def test_an_epoch_ends_with_its_last_spin_and_when_it_is_closed(
    coalition: Coalition,
) -> None:
    draw = await opened(coalition)
    await turn(coalition, draw, ids.new(), most=1)
    full = await turn(coalition, draw, ids.new(), most=1)
    await call(coalition, "reveal_seed", draw, 1, NOON + DAY)

    closed = await turn(coalition, draw, ids.new())

    assert ("stale", "stale") == (full["code"], closed["code"])


async def test_an_epoch_opens_after_the_one_before_is_closed(coalition: Coalition) -> None:
    draw = await opened(coalition)
    await call(coalition, "commit_seed", draw, 2, "wheel", NOON)
    early = await call(coalition, "open_epoch", draw, 2, ids.new(), b"h" * 32, NOON)
    await call(coalition, "reveal_seed", draw, 1, NOON)

    late = await call(coalition, "open_epoch", draw, 2, ids.new(), b"h" * 32, NOON)

    assert (True, False) == (early["replayed"], late["replayed"])


async def test_the_seed_of_a_raffle_stays_secret_until_the_list_is_frozen(
    coalition: Coalition,
) -> None:
    draw = ids.new()
    await call(coalition, "commit_seed", draw, 1, "raffle", NOON)

    assert {"code": "draw_closed"} == await call(coalition, "reveal_seed", draw, 1, NOON)


async def test_two_seeds_are_never_the_same(coalition: Coalition, owner: Connection) -> None:
    for epoch in range(1, 21):
        await call(coalition, "commit_seed", ids.new(), epoch, "wheel", NOON)

    assert 20 == await owner.fetchval("select count(distinct seed) from coalition.draw_secret")
