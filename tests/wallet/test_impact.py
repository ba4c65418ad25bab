"""What charities were given is told to the public, and adds up to the cent to what reached them."""

import asyncio
from uuid import UUID

from tests.wallet import factories, giving, granting, paying_out
from tests.wallet.factories import AT_ONCE, NOON, Coalition
from wallet import earn, expire, ids, reports
from wallet.charities import impact, remittances


async def of(coalition: Coalition, charity_id: UUID) -> impact.Impact:
    """The one counter of a charity."""
    (found,) = await impact.of(coalition.db, charity_id)
    return found


def reached(one: impact.Impact) -> int:
    """Where all of it is."""
    return one.due_minor + one.prepared_minor + one.sent_minor + one.confirmed_minor


async def test_every_source_is_told_apart_and_all_of_it_is_somewhere(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition, name="Save the Children")
    await paying_out.donors(coalition, charity_id, 500, 250)
    await paying_out.promised(coalition, charity_id)
    rosa = await coalition.merchant(pending=AT_ONCE)
    gift = granting.Gift(200, {rosa: 1}, charity_id=charity_id, charity_minor=120)
    ana = await coalition.member(bucket=3)
    await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)
    await earn.mature(coalition.db, now=NOON)
    lapsing = await coalition.merchant(
        pending=AT_ONCE,
        rates=factories.ALL_BACK,
        breakage="charity",
        charity_id=str(charity_id),
        expiry={"days": 1},
    )
    ben = await coalition.member(bucket=4)
    await coalition.earned(lapsing, ben, 70)
    await expire.sweep(coalition.db, now=NOON + 40 * factories.DAY)
    await expire.sweep(coalition.db, now=NOON + 80 * factories.DAY)

    found = await of(coalition, charity_id)

    assert (750, 120, 600, 0) == (
        *(found.members_minor, found.shares_minor, found.merchants_minor, found.operator_minor),
    )
    assert 70 == found.expired_minor
    assert 1540 == found.given_minor == reached(found)


async def test_the_counter_follows_each_batch_from_due_to_confirmed(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500)
    batch = await paying_out.prepare(coalition, charity_id)
    prepared = await of(coalition, charity_id)
    await paying_out.cancel(coalition, batch.remittance_id)
    cancelled = await of(coalition, charity_id)
    batch = await paying_out.prepare(coalition, charity_id)
    await paying_out.send(coalition, batch.remittance_id)
    sent = await of(coalition, charity_id)
    await paying_out.donors(coalition, charity_id, 9)

    after = await of(coalition, charity_id)

    assert (0, 500) == (prepared.due_minor, prepared.prepared_minor)
    assert (500, 0) == (cancelled.due_minor, cancelled.prepared_minor)
    assert (0, 500) == (sent.due_minor, sent.sent_minor)
    assert (509, 9, 500) == (after.given_minor, after.due_minor, after.sent_minor)


async def test_whoever_reads_while_gifts_and_batches_go_on_finds_that_it_adds_up(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 5)
    members = [await coalition.member(bucket=place) for place in range(10)]
    for member in members:
        await coalition.fill(member, 100)
    key, reading = ids.new(), True

    async def read() -> list[tuple[int, int]]:
        seen = []
        while reading:
            one = await of(coalition, charity_id)
            seen.append((one.given_minor, reached(one)))
        return seen

    reader = asyncio.create_task(read())
    await asyncio.gather(
        paying_out.prepare(coalition, charity_id, key),
        *(coalition.give(member, charity_id, 100) for member in members),
    )
    await paying_out.cancel(coalition, key)
    reading = False
    seen = await reader

    assert seen
    assert all(given == there for given, there in seen), seen


async def test_a_merchants_account_says_what_it_gave_to_charities(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)
    shop, purchase_id = await paying_out.promised(coalition, charity_id)
    since, until = NOON - factories.DAY, NOON + factories.DAY

    (before,) = await reports.months(coalition.db, shop, since=since, until=until)
    await coalition.give_back(shop, purchase_id)
    (after,) = await reports.months(coalition.db, shop, since=since, until=until)

    assert (600, before.issued_minor + 600) == (before.given_minor, -before.net_minor)
    assert 0 == after.given_minor


async def test_units_in_kind_are_those_that_were_paid_for_whole(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.promised(
        coalition, charity_id, give={"minor": 600, "in_kind": "pair of shoes"}
    )
    await paying_out.promised(
        coalition, charity_id, give={"minor": 600, "in_kind": "pair of shoes"}
    )
    await paying_out.promised(coalition, charity_id, give={"minor": 40, "in_kind": "meal"})

    found = await of(coalition, charity_id)

    assert {"meal": 1, "pair of shoes": 2} == {one.name: one.units for one in found.in_kind}


async def test_a_member_sees_what_they_gave_and_what_was_given_because_of_them(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition, name="Save the Children")
    await paying_out.promised(coalition, charity_id, bucket=9)
    wallet_id = await coalition.db.fetchval("select wallet_id from ledger.gift")
    ana = await coalition.db.fetchval(
        "select member_id from coalition.member where wallet_id = $1", wallet_id
    )
    stranger = await coalition.member(bucket=9)

    (own,) = await impact.of_member(coalition.db, wallet_id)

    assert ana is not None
    assert ("Save the Children", 0, 600, 0) == (
        *(own.name, own.gave_minor, own.caused_minor, own.promised_minor),
    )
    assert [] == await impact.of_member(coalition.db, stranger.wallet_id)


async def test_who_was_given_nothing_has_no_counter(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)

    assert [] == await impact.of(coalition.db, charity_id)
    assert [] == await impact.of(coalition.db)
    assert [] == await remittances.page(coalition.db, first=10, before=None)
