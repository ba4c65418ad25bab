"""What hurt members of other programmes when programs counted: cents, bases, days and lots.

The other pains are in `test_pains.py`. Each test says which of the list it answers.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Connection
from tests.wallet import factories
from tests.wallet.factories import ALL_BACK, AT_ONCE, EUR, NOON, Coalition
from wallet import earn, expire, ids, members, money, previews, redeem
from wallet.database import Database
from wallet.rules import returns

MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("code", ["JPY", "KWD", "BRL", "PTS"])
async def test_no_currency_loses_or_gains_its_smallest_coin(db: Database, code: str) -> None:
    """Pain 8: yen have no cents, dinars a thousand; credits, splits and returns come out even."""
    house = await factories.open_coalition(db, asset=money.asset(code))
    rosa = await house.merchant(rates={"default_bps": 333}, pending=AT_ONCE)
    ana = await house.member()
    prices = (1, 9, 10, 99, 101, 14_999, 15_015, 10**9 + 1)
    bought = factories.purchase(*prices, asset=code, paid_with_cashback_minor=7777)
    promised = await previews.preview(db, merchant_id=rosa, purchase=bought, now=NOON)

    reported = await house.report(rosa, ana, bought)
    await earn.mature(db, now=NOON)
    credited = (await house.faces(ana)).available
    for number in range(1, len(prices)):
        await house.give_back(rosa, reported.purchase_id, returns.ReturnLine(number))
    await house.give_back(rosa, reported.purchase_id)

    assert promised.credited_minor == credited
    assert credited == sum(line.credited_minor for line in promised.contract.lines)
    assert 0 == (await house.faces(ana)).available


@pytest.mark.parametrize(
    ("base", "earned_minor"),
    [
        ({}, 1000),
        ({"tax": "without"}, 800),
        ({"discounts": "gross"}, 1250),
        ({"shipping": True}, 1050),
        ({"excluded_categories": ["food"]}, 0),
        ({"cashback_part_earns": True}, 2000),
        ({"cashback_part_earns": True, "tax": "without", "discounts": "gross"}, 2100),
    ],
)
async def test_points_are_earned_on_what_the_contract_names_and_on_nothing_else(
    coalition: Coalition, base: dict[str, object], earned_minor: int
) -> None:
    """Pain 11: tax, discounts, shipping and the part that was itself paid with cashback."""
    rosa = await coalition.merchant(rates={"default_bps": 1000}, base=base)
    ana = await coalition.member()
    lines = (
        factories.line(1, 20_000, tax_minor=4000, discount_minor=5000),
        factories.line(2, 1000, kind="shipping"),
    )
    bought = factories.purchase(lines=lines, paid_with_cashback_minor=10_500)

    promised = await previews.preview(coalition.db, merchant_id=rosa, purchase=bought, now=NOON)
    await coalition.report(rosa, ana, bought)

    assert (earned_minor, earned_minor) == (
        promised.credited_minor,
        (await coalition.faces(ana)).pending,
    )


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Pacific/Pago_Pago", "2026-03-10T23:59"),  # UTC-11
        ("Pacific/Kiritimati", "2026-03-10T00:01"),  # UTC+14
        ("Europe/Lisbon", "2026-02-27T23:30"),  # its last day is the spring change
        ("America/Santiago", "2026-08-06T12:00"),  # its last midnight does not exist
        ("Asia/Tokyo", "2028-01-30T12:00"),  # its last day is the 29th of February
    ],
)
async def test_value_is_good_through_the_last_second_of_the_last_day(
    db: Database, zone: str, local: str
) -> None:
    """Pain 12: whatever the time zone does that night, and however often the job runs."""
    house = await factories.open_coalition(db, zone=zone)
    rosa = await house.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    ana, start = await house.member(), datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    await house.earned(rosa, ana, 500, now=start.astimezone(UTC))
    ((_, _, expires_at),) = await house.lots(ana)
    assert expires_at is not None
    last, over = expires_at - MOMENT, expires_at
    days = [moment.astimezone(ZoneInfo(zone)).date() - start.date() for moment in (last, over)]

    early = [(await expire.sweep(db, now=last)).expired for _ in range(2)]
    await house.spend(ana, house.mint, 100, now=last)
    late = [(await expire.sweep(db, now=over)).expired for _ in range(2)]

    assert [30, 31] == [one.days for one in days]
    assert [0, 0, 1, 0] == early + late
    assert 400 == await house.position(house.operator_id, "breakage")


async def test_a_payment_out_of_many_credits_is_one_payment(coalition: Coalition) -> None:
    """Pain 19: thirty small credits pay as one; what is not taken is whole again at once."""
    rosa, ana = await coalition.merchant(), await coalition.member()
    for one in range(30):
        await coalition.fill(ana, 10 + one)
    whole = (await coalition.faces(ana)).available

    held = await coalition.hold(ana, rosa, whole)
    captured = await coalition.capture(held, whole - 55)
    moves = await coalition.db.fetch(
        "select code, amount from ledger.transfer where cause_id = $1 order by wallet_version",
        held.redemption_id,
    )

    assert whole - 55 == captured.captured_minor
    assert [("hold", whole), ("capture", whole - 55), ("release", 55)] == [
        tuple(row) for row in moves
    ]
    assert (55, 0) == ((await coalition.faces(ana)).available, (await coalition.faces(ana)).held)
    await coalition.spend(ana, rosa, 55)


async def many_lots(coalition: Coalition, member: members.Member, count: int) -> None:
    """Give a member one lot of 1.00 after another, a thousand in a call."""
    for _ in range(count // 1000):
        items = [
            earn.Report(ids.new(), member.member_id, factories.purchase(100)) for _ in range(1000)
        ]
        await earn.report(coalition.db, merchant_id=coalition.mint, items=items, now=NOON)
    await earn.mature(coalition.db, now=NOON, limit=count)


async def touched(
    owner: Connection, call: Callable[[], Awaitable[object]]
) -> dict[str, tuple[int, int, int]]:
    """Rows read by a scan of the whole table, found by an index, and written, by table."""
    async with owner.transaction():
        await call()
        rows = await owner.fetch(
            "select relname, seq_tup_read, coalesce(idx_tup_fetch, 0) as found,"
            " n_tup_ins + n_tup_upd + n_tup_del as written from pg_stat_xact_user_tables"
            " where schemaname = 'ledger'"
        )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


@pytest.mark.slow
async def test_a_wallet_of_ten_thousand_lots_pays_with_the_three_it_needs(
    coalition: Coalition, owner: Connection
) -> None:
    """Pain 21: the work of a payment does not grow with the years of a membership."""
    ana = await coalition.member()
    await many_lots(coalition, ana, 10_000)
    await owner.execute("analyze ledger.lot")
    code = await redeem.code_issue(
        coalition.db, member_id=ana.member_id, merchant_id=coalition.mint, now=NOON
    )
    bucket = ids.bucket_of(ana.wallet_id)

    async def hold() -> object:
        # The same statement as the verb's, on a connection whose counters we can read.
        plain = code.text.replace("-", "")
        return await owner.fetchval(
            "select ledger.hold($1, $2, $2, $3, $4, null, $5, 250, interval '15 minutes',"
            " 'order-1', $6)",
            bucket,
            ids.placed(ids.new(), bucket),
            hashlib.sha256(plain.encode()).digest(),
            coalition.mint,
            EUR.number,
            NOON,
        )

    read, found, written = (await touched(owner, hold))["lot"]

    assert 250 == (await coalition.faces(ana)).held
    assert (0, 3) == (read, written)
    assert found <= 60  # the cursor fetches a few dozen ahead, never ten thousand
