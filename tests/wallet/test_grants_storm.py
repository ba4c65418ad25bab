"""Campaigns in a storm: many funders, points, charities, budgets and awards, and no deadlock."""

import asyncio
import random
import time
from typing import Final
from uuid import UUID

from tests.conftest import Connection
from tests.wallet import factories, granting
from tests.wallet.factories import ALL_BACK, AT_ONCE, DAY, NOON, Coalition
from tests.wallet.granting import Gift
from tests.wallet.test_storm import deadlocks
from wallet import earn, errors, expire, ids, ledger, members, money
from wallet.campaigns import budgets
from wallet.database import Database
from wallet.rules import returns

SECONDS: Final = 4.0
BUCKETS: Final = 3  # few, so that members, funders and budgets meet all the time
CAP: Final = 3000
SEED: Final = 20_261_126


class Storm:
    """Everything that campaigns do to the books, at once, in random order."""

    def __init__(self, house: Coalition) -> None:
        self.house = house
        self.dice = random.Random(SEED)
        self.funders = [ids.new() for _ in range(4)]
        self.charities = [ids.new() for _ in range(2)]
        self.merchants: list[UUID] = []
        self.people: list[members.Member] = []
        self.budgets: list[UUID] = []
        self.purchases: list[tuple[UUID, UUID]] = []
        self.awards: list[UUID] = []
        self.done: dict[str, int] = {}

    async def prepare(self) -> None:
        for _ in range(3):
            self.merchants.append(
                await self.house.merchant(
                    rates=ALL_BACK, pending=AT_ONCE, breakage="merchant", expiry={"days": 30}
                )
            )
            self.budgets.append(await granting.budget(self.house, CAP))
        self.people = [await self.house.member(bucket=place % BUCKETS) for place in range(15)]

    async def run(self, doors: list[Coalition]) -> None:
        end = time.monotonic() + SECONDS
        acts = [self.batch] * 3 + [self.give_back] * 2 + [self.mature, self.award, self.undo]
        acts += [self.recall, self.expire, self.spend]

        async def client(door: Coalition) -> None:
            while time.monotonic() < end:
                act = self.dice.choice(acts)
                try:
                    await act(door)
                except errors.Refusal as refusal:
                    self.count(refusal.code)
                else:
                    self.count(act.__name__)

        await asyncio.gather(*(client(door) for door in doors for _ in range(4)))

    def count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    def gifts(self, line_no: int = 1) -> list[Gift]:
        """Money with a charity and points, of funders in any order, out of some budgets."""
        some = self.dice.sample([*self.funders, *self.merchants], 2)
        minor = self.dice.randint(4, 40)
        points = {self.dice.choice(self.funders): 1}
        drawn = tuple(self.dice.sample(self.budgets, self.dice.randint(0, 2)))
        charity_id = self.dice.choice(self.charities)
        parts = {some[0]: 2, some[1]: 3}
        return [
            Gift(minor, parts, money.EUR, charity_id, minor // 3, line_no, None, drawn),
            Gift(self.dice.randint(1, 50), points, money.PTS, line_no=line_no),
        ][: self.dice.randint(0, 2)]

    async def batch(self, door: Coalition) -> None:
        merchant_id = self.dice.choice(self.merchants)
        items: list[granting.Item] = []
        for member in self.dice.sample(self.people, 5):
            gifts = self.gifts()
            for gift in gifts:
                for budget in gift.budgets:
                    bucket = ledger.bucket(member.wallet_id)
                    await budgets.provide(door.db, budget, bucket=bucket, need_minor=gift.minor)
            bought = factories.purchase(self.dice.randint(1, 500))
            items.append((earn.Report(ids.new(), member.member_id, bought), gifts, {}))
        for posted in await granting.batch(door, merchant_id, items):
            self.count(posted.code)
            if posted.code == "posted":
                self.purchases.append((merchant_id, posted.purchase_id))

    async def give_back(self, door: Coalition) -> None:
        if self.purchases:
            merchant_id, purchase_id = self.dice.choice(self.purchases)
            line, tenths = returns.ReturnLine(1, 200), self.dice.randint(0, 10)
            await granting.give_back(door, merchant_id, purchase_id, line, tenths=tenths)

    async def award(self, door: Coalition) -> None:
        posted = await granting.award(
            door,
            self.dice.choice(self.people),
            *self.gifts(line_no=0),
            partner_id=self.merchants[0],
            reference=str(ids.new()),
        )
        self.count(f"award {posted.code}")
        if posted.code == "posted":
            self.awards.append(posted.purchase_id)

    async def undo(self, door: Coalition) -> None:
        if self.awards:
            await granting.undo(door, self.dice.choice(self.awards))

    async def recall(self, door: Coalition) -> None:
        await budgets.recall(door.db, self.dice.choice(self.budgets))

    async def mature(self, door: Coalition) -> None:
        await earn.mature(door.db, now=NOON, limit=50)

    async def expire(self, door: Coalition) -> None:
        await expire.sweep(door.db, now=NOON + 40 * DAY, limit=20)

    async def spend(self, door: Coalition) -> None:
        await door.spend(self.dice.choice(self.people), self.merchants[0], self.dice.randint(1, 90))


async def test_campaigns_in_a_storm_never_wait_in_a_circle(
    coalition: Coalition, owner: Connection, dsn: str
) -> None:
    storm = Storm(coalition)
    await storm.prepare()
    others = [await Database.connect(dsn, size=6, bulk_size=4) for _ in range(2)]
    doors = [Coalition(db, coalition.operator_id, coalition.mint) for db in others]

    await storm.run(doors)
    for db in others:
        await db.close()

    assert 0 == await deadlocks(owner)
    for what in ("posted", "give_back", "award posted", "undo", "mature"):
        assert storm.done.get(what, 0) >= 3, storm.done
    for standing in (await budgets.standing(coalition.db, storm.budgets)).values():
        assert standing.given_minor <= CAP
