"""What changed after a version: in order, without gaps, and which wallets have moved at all."""

import asyncio

import pytest

from tests.wallet import factories, reaching
from wallet import changes, errors, ids, statements


async def test_changes_are_the_movements_above_a_version_oldest_first(
    coalition: factories.Coalition,
) -> None:
    ana = await coalition.member()
    for minor in (100, 200, 300):
        await coalition.fill(ana, minor)
    page = await statements.page(coalition.db, ana.wallet_id, asset=coalition.asset)

    found = await changes.page(coalition.db, ana.wallet_id, asset=coalition.asset, after=0)
    later = await changes.page(coalition.db, ana.wallet_id, asset=coalition.asset, after=4)
    short = await changes.page(coalition.db, ana.wallet_id, asset=coalition.asset, after=1, first=2)

    assert list(reversed(page.movements)) == found
    assert [1, 2, 3, 4, 5, 6] == [one.version for one in found]
    assert found[4:] == later
    assert found[1:3] == short


async def test_a_reader_that_follows_while_many_post_sees_every_version_once(
    coalition: factories.Coalition,
) -> None:
    ana = await coalition.member()
    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < 80:
            page = await changes.page(
                coalition.db,
                ana.wallet_id,
                asset=coalition.asset,
                after=seen[-1] if seen else 0,
                first=7,
            )
            seen.extend(one.version for one in page)

    async def post() -> None:
        for _ in range(10):
            await coalition.fill(ana, 100)

    async with asyncio.timeout(60):
        await asyncio.gather(follow(), *(post() for _ in range(4)))

    assert list(range(1, 81)) == seen


async def test_only_wallets_past_the_known_version_have_moved(
    coalition: factories.Coalition,
) -> None:
    ana, ben, eva = [await coalition.member() for _ in range(3)]
    await coalition.fill(ana, 100)
    await coalition.fill(ben, 100)
    known = [(ana.wallet_id, 1), (ben.wallet_id, 2), (eva.wallet_id, 0), (ids.new(), 0)]

    assert {ana.wallet_id: 2} == await changes.moved(coalition.db, known, asset=coalition.asset)
    assert {} == await changes.moved(coalition.db, [], asset=coalition.asset)


async def test_how_far_a_wallet_is_known_counts_movements_and_what_happened_besides(
    coalition: factories.Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await reaching.milestone(coalition, pays=False, target=1)
    before = await changes.known(coalition.db, ana.wallet_id, asset=coalition.asset)
    await coalition.fill(ana, 100)
    await reaching.buy(coalition, rosa, ana)
    await reaching.look(coalition, ana)

    known = await changes.known(coalition.db, ana.wallet_id, asset=coalition.asset)
    (one,) = await changes.happenings(coalition.db, ana.wallet_id, after=0)
    moved = await changes.moved(coalition.db, [(ana.wallet_id, 3)], asset=coalition.asset)
    assert (changes.Known(0, 0), changes.Known(3, 1)) == (before, known)
    assert (1, "milestone.completed") == (one.n, one.topic)
    assert {ana.wallet_id: known.mark} == moved
    with pytest.raises(errors.NotFound):
        await changes.known(coalition.db, ids.new(), asset=coalition.asset)
