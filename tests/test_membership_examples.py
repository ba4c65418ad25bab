"""The examples of the page about memberships, played on a real database: each figure is right."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.wallet import belonging, factories, taking_part
from wallet import audit, database, ids, money, statements, subscriptions
from wallet.progress import membership_acts as acts
from wallet.progress import memberships
from wallet.rules import subscriptions as rules

PAGE = (Path(__file__).resolve().parent.parent / "docs/memberships.md").read_text(encoding="utf-8")
DAY = re.compile(
    r"^\| (\d{4}-\d\d-\d\d) \| `membership(\w+)` \| ([\d.]+) \| ([\d.]+) \| (\S+) \|", re.MULTILINE
)
DELIVERY = re.compile(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \|", re.MULTILINE)


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    """The programme of both examples, in Lisbon."""
    return await factories.open_coalition(db)


async def reported(
    coalition: factories.Coalition, plan_id: UUID, steps: list[tuple[str, datetime]]
) -> list[acts.Acted]:
    """Report these steps of one membership, each payment of the whole price."""
    member, found = await coalition.member(), list[acts.Acted]()
    told: dict[str, Any] = {"seller_id": coalition.operator_id, "actor": audit.SYSTEM}
    for verb, now in steps:
        request: dict[str, Any] = {**told, "request_id": ids.new(), "now": now}
        paid = belonging.payment(now)
        if verb == "Start":
            acted = await memberships.start(
                coalition.db,
                member_id=member.member_id,
                plan_id=plan_id,
                payment=paid,
                **request,
            )
        elif verb == "Renew":
            key = found[0].membership.membership_id
            acted = await memberships.renew(
                coalition.db, membership_id=key, payment=paid, **request
            )
        else:
            key = found[0].membership.membership_id
            acted = await memberships.cancel(
                coalition.db, membership_id=key, reason="moved away", **request
            )
        found.append(acted)
    return found


async def test_the_plan_of_the_page_is_sold_and_its_table_comes_true(
    coalition: factories.Coalition,
) -> None:
    (plan,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    published = await taking_part.scheme(coalition, plain=json.loads(plan))
    rows = DAY.findall(PAGE)
    steps = [(row[1], datetime.fromisoformat(f"{row[0]}T12:00:00+00:00")) for row in rows]

    found = await reported(coalition, published.entry.scheme_id, steps)

    last = [
        (one.act.entitled_until.astimezone(UTC) - timedelta(hours=2)).date().isoformat()
        for one in found
    ]
    assert rows == [
        (
            *(row[0], row[1], money.show(one.act.paid_minor, money.EUR)),
            *(money.show(one.act.refund_minor, money.EUR), day),
        )
        for row, one, day in zip(rows, found, last, strict=True)
    ]
    assert 3 == len(rows)


async def test_the_deliveries_of_the_page_earn_what_it_says(
    coalition: factories.Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await subscriptions.start(
        coalition.db,
        merchant_id=rosa,
        request_id=ids.new(),
        member_id=ana.member_id,
        terms=rules.Subscription("box", "EUR", 3, 10_000, "monthly"),
        now=factories.NOON,
    )
    rows = DELIVERY.findall(PAGE)

    earned = []
    for number, share, _ in rows:
        bought = factories.purchase(
            money.parse(share, money.EUR), subscription="box", delivery=int(number)
        )
        one = await coalition.report(rosa, ana, bought)
        purchase = await statements.purchase(coalition.db, one.purchase_id)
        earned.append((number, share, money.show(purchase.credited_minor, money.EUR)))

    assert rows == earned
    assert 3 == len(rows)
