"""A store that asks for many things at once: each happens once, and never more than there is."""

import asyncio
from collections.abc import Awaitable

from tests.wallet import paying_by_card
from tests.wallet.factories import NOON, Coalition
from wallet import errors, redeem
from wallet.cards import cards, payments


async def together(*attempts: Awaitable[payments.Operation]) -> list[str]:
    """Send all at once; say of each what became of it."""
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, errors.Refusal):
            raise answer
    return [one.code if isinstance(one, errors.Refusal) else "done" for one in answers]


async def opened(coalition: Coalition, minor: int) -> paying_by_card.Store:
    """A card of a member with so much."""
    member = await coalition.member()
    await coalition.fill(member, minor)
    return await paying_by_card.card(coalition, member, await coalition.merchant())


async def test_twenty_orders_at_once_hold_no_more_than_there_is(coalition: Coalition) -> None:
    store = await opened(coalition, 1_000)

    ends = await together(*(store.hold(130, order=f"v{place}") for place in range(20)))

    assert (7, 13) == (ends.count("done"), ends.count("INSUFFICIENT_FUNDS"))
    assert 90 == await store.balance()


async def test_one_request_sent_eight_times_at_once_is_one(coalition: Coalition) -> None:
    store = await opened(coalition, 1_000)

    ends = await together(*(store.hold(100, "r-1") for _ in range(8)))
    (held,) = await payments.transactions(coalition.db, store.card)
    ends += await together(*(store.settle(held, 40, "r-1") for _ in range(8)))
    ends += await together(*(store.cancel(held, 70, "r-1") for _ in range(8)))

    assert ["done"] * 24 == ends
    assert 970 == await store.balance()


async def test_a_settlement_and_a_cancellation_at_once_share_what_is_held(
    coalition: Coalition,
) -> None:
    store = await opened(coalition, 1_000)
    for place in range(6):
        held = await store.hold(100, order=f"v{place}")
        ends = await together(
            store.settle(held, 100), store.cancel(held, 100), store.settle(held, 60)
        )
        found = await redeem.find(coalition.db, held.redemption_id)

        assert "done" == ends[1]  # what was spent first is given back
        assert found.captured_minor == found.refunded_minor
        assert found.captured_minor + found.released_minor == 100

    assert 1_000 == await store.balance()


async def test_an_ended_card_holds_nothing_after_its_end(coalition: Coalition) -> None:
    store = await opened(coalition, 1_000)

    async def end() -> list[str]:
        card = store.card
        await cards.end(coalition.db, wallet_id=card.wallet_id, card_id=card.card_id, now=NOON)
        return []

    holds = [together(store.hold(10, order=f"v{place}")) for place in range(8)]
    ends = await asyncio.gather(*holds[:4], end(), *holds[4:])

    assert {"done", "CARD_ENDED"} >= {one for some in ends for one in some}
    assert ["CARD_ENDED"] == await together(store.hold(10))


async def test_a_maximum_is_kept_by_orders_at_once(coalition: Coalition) -> None:
    member = await coalition.member()
    await coalition.fill(member, 1_000)
    store = await paying_by_card.card(
        coalition, member, await coalition.merchant(), maximum_minor=300
    )

    ends = await together(*(store.hold(100, order=f"v{place}") for place in range(8)))

    assert (3, 5) == (ends.count("done"), ends.count("CARD_LIMIT"))
