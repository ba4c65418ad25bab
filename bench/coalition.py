"""The coalition that is measured: a programme, merchants with a contract, members with value.

Every id follows from a number, here as in `sql/ids.sql`, so that a load generator finds a member
without asking.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from bench import server
from wallet import audit, ids, merchants, programme
from wallet.database import Database

TIME: Final = 1_767_225_600_000
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
OPERATOR: Final = UUID("00000000-0000-7000-8000-0000000000ff")
TERMS: Final = {
    "asset": "EUR",
    "rates": {"default_bps": 300, "by_category": {"beauty": 1000, "produce": 500}},
    "minimum": None,
    "base": {
        "discounts": "net",
        "tax": "with",
        "shipping": False,
        "cashback_part_earns": False,
        "excluded_categories": ["tobacco"],
    },
    "rounding": "half_even",
    "pending": {"event": "reported", "days": 14, "wait_days_max": 90, "on_wait_end": "mature"},
    "expiry": {"days": 365, "grace_days": 30, "notice_days": 0},
    "deficit": {"policy": "member_owes", "max_minor": 5000},
    "breakage": "operator",
    "hold_minutes": 15,
}


def member(number: int) -> UUID:
    """The member of a number."""
    return _id("9000", number)


def wallet(number: int) -> UUID:
    """The wallet of a number."""
    return _id("8000", number)


def payee(number: int) -> UUID:
    """The merchant or charity of a number."""
    return _id("a000", number)


CHARITY = (
    "insert into coalition.charity (charity_id, version, state, name, about, category, country,"
    " registrar, registration, website, created_at) values ($1, 1, 'verified', $2, 'x', 'other',"
    " 'PT', 'x', $2, 'https://charity.example', clock_timestamp())"
)


async def found(dsn: str, *, payees: int) -> None:
    """Create the programme and its merchants, each with a contract, in an empty database."""
    db = await Database.connect(dsn)
    try:
        await programme.create(
            db, operator_id=OPERATOR, name="Benchmark", time_zone="Europe/Lisbon", asset="EUR"
        )
        for number in range(payees):
            merchant_id = payee(number)
            await merchants.register(
                db,
                merchant_id=merchant_id,
                slug=f"merchant-{number}",
                name=f"Merchant {number}",
                industry="grocer",
            )
            await merchants.contract_publish(
                db,
                contract_id=ids.derived(merchant_id, "contract"),
                merchant_id=merchant_id,
                terms=TERMS,
                valid_from=START,
                actor=audit.SYSTEM,
                note="The terms of the benchmark.",
            )
            # The same id names a charity, so that a benchmark needs one kind of payee only.
            await db.execute(CHARITY, merchant_id, f"Charity {number}")
    finally:
        await db.close()


async def fill(dsn: str, *, wallets: int, spent: int, lots: int, amount_minor: int) -> None:
    """Give so many wallets `spent` lots that are gone and `lots` that are open.

    That is 2 * spent + lots rows of the ledger for each wallet.
    """
    async with server.connect(dsn) as owner:
        await owner.execute("set synchronous_commit = off")
        await owner.execute(
            f"call bench.fill({wallets}, {spent}, {lots}, {amount_minor},"
            f" '{OPERATOR}', bench.payee(0))"
        )
        await owner.execute("vacuum (analyze)")
        await owner.execute("checkpoint")


def _id(kind: str, number: int) -> UUID:
    return UUID(f"{TIME:012x}7000{kind}{number << 8 | number & 255:012x}")
