"""One wallet, many clients, and a history that must have an order: a check in Jepsen's manner.

Why the check is sound. Every movement carries the wallet's version, gapless from 1, so the books
claim a total order of all movements of a wallet. If that order is real, three things hold. Played
in the claimed order on an empty wallet, every movement is possible and ends at the balances that
its own row states. A movement answered before another was asked for has the lower version: the
order respects real time. And a refusal for want of money is right at some instant between its
question and its answer: at one of the versions that were possible then, there was less than asked.
Balances and refusals that came from a lost update, a dirty read or a stale one break one of these.
"""

import asyncio
import random
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from tests.wallet import giving
from tests.wallet.factories import Coalition
from wallet import errors, ids, members, redeem
from wallet.database import Database

SEED: Final = 7_201_501
CLIENTS: Final = 12
STEPS: Final = 15
MOVEMENTS: Final = """
select transfer_id, wallet_version, debit_kind, credit_kind, amount, pending_after, available_after,
       held_after from ledger.transfer where wallet_id = $1 order by wallet_version
"""


@dataclass(frozen=True)
class Seen:
    """What one client saw of one movement: when it asked, when it was answered, and what."""

    transfer_id: UUID
    asked_at: float
    answered_at: float
    refused_minor: int | None = None


@dataclass
class History:
    """What all clients saw, in no order."""

    seen: list[Seen]

    async def watch(self, key: UUID, minor: int, act: Awaitable[object]) -> object | None:
        asked_at, refused_minor, outcome = time.monotonic(), None, None
        try:
            outcome = await act
        except errors.InsufficientFunds:
            refused_minor = minor
        self.seen.append(Seen(key, asked_at, time.monotonic(), refused_minor))
        return outcome


async def client(
    house: Coalition, ana: members.Member, charity_id: UUID, history: History, dice: random.Random
) -> None:
    """Give, hold, capture in part, release and credit, each under a key that is watched."""
    bucket = ids.bucket_of(ana.wallet_id)
    for _ in range(STEPS):
        minor, key = dice.randint(1, 120), ids.placed(ids.new(), bucket)
        what = dice.choice(["give", "hold", "hold", "goodwill"])
        if what == "give":
            await history.watch(key, minor, house.give(ana, charity_id, minor, key=key))
        elif what == "goodwill":
            await house.goodwill(ana, 1 + minor // 4)
        else:
            held = await history.watch(key, minor, house.hold(ana, house.mint, minor, key=key))
            if isinstance(held, redeem.Redemption):
                await end_hold(house, history, held, dice)


async def end_hold(
    house: Coalition, history: History, held: redeem.Redemption, dice: random.Random
) -> None:
    key = ids.placed(ids.new(), ids.bucket_of(held.redemption_id))
    if dice.random() < 0.5:
        await history.watch(key, 0, house.release(held, key=key))
    else:
        part = max(1, held.amount_minor // 2)
        await history.watch(key, 0, house.capture(held, part, key=key))


async def test_what_many_clients_saw_has_one_order(coalition: Coalition, dsn: str) -> None:
    ana, history, dice = await coalition.member(), History([]), random.Random(SEED)
    charity_id = await giving.charity(coalition)
    await coalition.fill(ana, 300)
    doors = [
        Coalition(await Database.connect(dsn, size=4), coalition.operator_id, coalition.mint)
        for _ in range(3)
    ]

    await asyncio.gather(
        *(
            client(doors[one % 3], ana, charity_id, history, random.Random(dice.random()))
            for one in range(CLIENTS)
        )
    )
    for door in doors:
        await door.db.close()

    rows = await coalition.db.fetch(MOVEMENTS, ana.wallet_id)
    versions = {row["transfer_id"]: row["wallet_version"] for row in rows}
    done = [one for one in history.seen if one.refused_minor is None]
    refusals = [one for one in history.seen if one.refused_minor is not None]
    assert len(done) > CLIENTS * STEPS // 3
    assert len(refusals) > CLIENTS
    available = played(rows)
    respects_real_time(versions, done)
    every_refusal_was_right(versions, done, refusals, available)


def played(rows: list[asyncpg.Record]) -> list[int]:
    """Play the movements in the claimed order; what was available at each version."""
    faces = {"pending": 0, "available": 0, "held": 0}
    available = [0]
    for number, row in enumerate(rows, 1):
        for kind, sign in ((row["debit_kind"], -1), (row["credit_kind"], 1)):
            if kind in faces:
                faces[kind] += sign * row["amount"]
        available.append(faces["available"])
        after = [row["pending_after"], row["available_after"], row["held_after"]]
        assert number == row["wallet_version"]
        assert min(faces.values()) >= 0
        assert list(faces.values()) == after
    return available


def respects_real_time(versions: dict[UUID, int], done: list[Seen]) -> None:
    for early in done:
        for late in done:
            if early.answered_at < late.asked_at:
                assert versions[early.transfer_id] < versions[late.transfer_id]


def every_refusal_was_right(
    versions: dict[UUID, int], done: list[Seen], refusals: list[Seen], available: list[int]
) -> None:
    """At some version that was possible between question and answer, there was less than asked."""
    for one in refusals:
        before = [versions[each.transfer_id] for each in done if each.answered_at < one.asked_at]
        after = [versions[each.transfer_id] for each in done if each.asked_at > one.answered_at]
        first, last = max(before, default=0), min(after, default=len(available))
        assert one.refused_minor is not None
        assert min(available[first:last]) < one.refused_minor
