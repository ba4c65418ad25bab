"""Clients of the wallet's verbs, as the API would call them, for `bench.load`."""

import contextlib
import datetime
import random
from typing import Any

from bench import coalition
from bench.rounds import Step
from wallet import donate, earn, ids, money
from wallet.database import Database
from wallet.rules import purchases

CATEGORIES = ("grocery", "produce", "beauty", "household", "tobacco")


async def give(order: dict[str, Any], stack: contextlib.AsyncExitStack) -> list[Step]:
    """Clients that give one cent of a random member to a random payee."""
    db = await _database(order, stack)
    euro = money.asset("EUR")

    async def step() -> int:
        await donate.give(
            db,
            member_id=coalition.member(random.randrange(order["wallets"])),
            request_id=ids.new(),
            charity_id=coalition.payee(random.randrange(order["payees"])),
            amount_minor=1,
            asset=euro,
        )
        return 1

    return [step] * order["clients"]


async def report(order: dict[str, Any], stack: contextlib.AsyncExitStack) -> list[Step]:
    """Clients that report `sales` purchases in each call; all of them must be new and posted."""
    db = await _database(order, stack)
    now = datetime.datetime.now(datetime.UTC)

    async def step() -> int:
        answers = await earn.report(
            db,
            merchant_id=coalition.payee(random.randrange(order["payees"])),
            items=[_sale(order, now) for _ in range(order["sales"])],
        )
        assert all(isinstance(one, earn.Reported) and not one.replayed for one in answers), answers
        return len(answers)

    return [step] * order["clients"]


def _sale(order: dict[str, Any], at: datetime.datetime) -> earn.Report:
    request_id = ids.new()
    lines = tuple(
        purchases.Line(
            number=number,
            external_id=f"{number}",
            product=f"SKU-{random.randrange(10_000)}",
            description="Something to eat",
            kind="item",
            category=random.choice(CATEGORIES),
            labels=(),
            quantity_milli=1000,
            amount_minor=random.randrange(100, 5000),
            discount_minor=0,
            tax_minor=0,
        )
        for number in range(1, order["lines"] + 1)
    )
    return earn.Report(
        request_id,
        coalition.member(random.randrange(order["wallets"])),
        purchases.Purchase(
            reference=str(request_id),
            asset="EUR",
            channel="shop",
            store=None,
            purchased_at=at,
            lines=lines,
            paid_with_cashback_minor=0,
            events=(),
        ),
    )


async def _database(order: dict[str, Any], stack: contextlib.AsyncExitStack) -> Database:
    db = await Database.connect(order["dsn"], size=order["clients"], bulk_size=order["clients"])
    stack.push_async_callback(db.close)
    return db
