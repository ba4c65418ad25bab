"""The books in a storm: everything at once, in any order, and never a deadlock."""

import asyncio
import random
import time
from typing import Final
from uuid import UUID

from tests.conftest import Connection
from tests.wallet import factories, giving
from tests.wallet.factories import ALL_BACK, AT_ONCE, DAY, NOON, Coalition
from wallet import earn, errors, expire, ids, members, redeem
from wallet.database import Database
from wallet.rules import returns

SECONDS: Final = 4.0
BUCKETS: Final = 5  # few, so that wallets and merchants meet all the time
SEED: Final = 20_260_321


async def deadlocks(owner: Connection) -> int:
    await owner.execute("select pg_stat_force_next_flush()")
    return int(
        await owner.fetchval(
            "select deadlocks from pg_stat_database where datname = current_database()"
        )
    )


class Storm:
    """Everything at once on a few wallets of a few merchants, in random order."""

    def __init__(self, coalition: Coalition, doors: list[Coalition]) -> None:
        self.house, self.doors = coalition, doors
        self.dice = random.Random(SEED)
        self.merchants: list[UUID] = []
        self.people: list[members.Member] = []
        self.purchases: list[tuple[UUID, UUID]] = []
        self.done: dict[str, int] = {}

    async def prepare(self) -> None:
        self.charity_id = await giving.charity(self.house)
        for breakage in ("merchant", "operator", "merchant"):
            policy = "operator_bears" if breakage == "operator" else "member_owes"
            self.merchants.append(
                await self.house.merchant(
                    rates=ALL_BACK,
                    pending=AT_ONCE,
                    expiry={"days": 30},
                    breakage=breakage,
                    deficit={"policy": policy, "max_minor": 1000},
                )
            )
        for place in range(25):
            member = await self.house.member(bucket=place % BUCKETS)
            self.people.append(member)
            await self.house.fill(member, 10_000)

    async def run(self) -> None:
        end = time.monotonic() + SECONDS
        acts = [self.batch] * 3 + [self.give_back, self.spend, self.release, self.give]
        acts += [self.mature, self.sweep, self.expire, self.goodwill]

        async def client(door: Coalition) -> None:
            while time.monotonic() < end:
                act = self.dice.choice(acts)
                try:
                    await act(door)
                except errors.Refusal as refusal:
                    self.count(refusal.code)
                else:
                    self.count(act.__name__)

        await asyncio.gather(*(client(door) for door in self.doors for _ in range(4)))

    def count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    async def batch(self, door: Coalition) -> None:
        merchant_id = self.dice.choice(self.merchants)
        items = [
            earn.Report(ids.new(), member.member_id, factories.purchase(self.dice.randint(1, 500)))
            for member in self.dice.sample(self.people, 12)
        ]
        answers = await earn.report(door.db, merchant_id=merchant_id, items=items, now=NOON)
        self.purchases += [
            (merchant_id, one.purchase_id) for one in answers if isinstance(one, earn.Reported)
        ]

    async def give_back(self, door: Coalition) -> None:
        if self.purchases:
            merchant_id, purchase_id = self.dice.choice(self.purchases)
            line = returns.ReturnLine(1, 200)
            await door.give_back(merchant_id, purchase_id, line)

    async def spend(self, door: Coalition) -> None:
        merchant_id = self.dice.choice(self.merchants)
        held = await door.hold(self.someone(), merchant_id, self.dice.randint(1, 400))
        await door.refund(await door.capture(held, 1 + held.amount_minor // 2), 1)

    async def release(self, door: Coalition) -> None:
        await door.release(await door.hold(self.someone(), self.dice.choice(self.merchants), 300))

    async def give(self, door: Coalition) -> None:
        await door.give(self.someone(), self.charity_id, self.dice.randint(1, 300))

    async def goodwill(self, door: Coalition) -> None:
        await door.goodwill(self.someone(), 10)

    async def mature(self, door: Coalition) -> None:
        await earn.mature(door.db, now=NOON, limit=50)

    async def sweep(self, door: Coalition) -> None:
        await door.hold(self.someone(), self.merchants[0], 50)
        await redeem.sweep(door.db, now=NOON + DAY, limit=20)

    async def expire(self, door: Coalition) -> None:
        await expire.sweep(door.db, now=NOON + 40 * DAY, limit=20)

    def someone(self) -> members.Member:
        return self.dice.choice(self.people)


async def test_no_order_of_things_is_a_deadlock(
    coalition: Coalition, owner: Connection, dsn: str
) -> None:
    doors = [
        Coalition(
            await Database.connect(dsn, size=5, bulk_size=3), coalition.operator_id, coalition.mint
        )
        for _ in range(3)
    ]
    storm = Storm(coalition, doors)
    await storm.prepare()
    before = await deadlocks(owner)

    await storm.run()
    for door in doors:
        await door.db.close()

    allowed = {"INSUFFICIENT_FUNDS", "RETURN_EXCEEDS_PURCHASE", "REDEMPTION_EXPIRED"}
    allowed |= {"REDEMPTION_CLOSED", "GOODWILL_LIMIT", "IDEMPOTENCY_IN_PROGRESS"}
    acts = {"batch", "give_back", "spend", "release", "give", "mature", "sweep", "expire"}
    assert before == await deadlocks(owner)
    assert acts | {"goodwill"} <= storm.done.keys() <= acts | {"goodwill"} | allowed, storm.done
