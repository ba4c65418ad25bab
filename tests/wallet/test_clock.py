"""From pending to available: which event starts the clock, and when it runs out."""

from datetime import datetime, timedelta
from uuid import UUID

from tests.wallet import factories
from tests.wallet.factories import DAY, NOON, Coalition, Faces, refused
from wallet import earn, ids, members
from wallet.rules import purchases

WAITING = Faces(pending=500, available=0, held=0, version=1)
FREE = Faces(pending=0, available=500, held=0, version=2)
GONE = Faces(pending=0, available=0, held=0, version=2)
MOMENT = timedelta(microseconds=1)


async def happened(
    coalition: Coalition,
    merchant_id: UUID,
    reported: earn.Reported,
    kind: purchases.EventKind,
    at: datetime,
    *,
    key: UUID | None = None,
    now: datetime | None = None,
) -> earn.Recorded:
    return await earn.event(
        coalition.db,
        merchant_id=merchant_id,
        request_id=key or ids.new(),
        purchase_id=reported.purchase_id,
        event=purchases.Event(kind, at),
        now=now or at,
    )


async def faces_at(coalition: Coalition, member: members.Member, now: datetime) -> Faces:
    """Let the clock run to `now`, twice, because a job may come twice."""
    await earn.mature(coalition.db, now=now)
    await earn.mature(coalition.db, now=now)
    return await coalition.faces(member)


async def test_cashback_matures_days_after_the_event_and_not_a_moment_before(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.report(rosa, ana, factories.purchase(10_000))

    early = await faces_at(coalition, ana, NOON + 14 * DAY - MOMENT)
    on_time = await faces_at(coalition, ana, NOON + 14 * DAY)

    assert [WAITING, FREE] == [early, on_time]
    assert 0 == await coalition.position(rosa, "contingent")
    assert -500 == await coalition.position(rosa, "issued")


async def test_a_late_sweep_costs_nothing_and_a_second_one_moves_nothing(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.report(rosa, ana, factories.purchase(10_000))

    decided = [await earn.mature(coalition.db, now=NOON + 100 * DAY) for _ in range(2)]

    assert [1, 0] == decided
    assert FREE == await coalition.faces(ana)


async def test_an_event_that_comes_later_starts_the_clock(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending={"event": "shipped"}), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.purchase(10_000))
    unmoved = await faces_at(coalition, ana, NOON + 30 * DAY)
    await happened(coalition, rosa, reported, "shipped", NOON + 30 * DAY)

    early = await faces_at(coalition, ana, NOON + 44 * DAY - MOMENT)
    on_time = await faces_at(coalition, ana, NOON + 44 * DAY)

    assert [WAITING, WAITING, FREE] == [unmoved, early, on_time]


async def test_an_event_told_late_matures_at_once_and_costs_no_day_of_life(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.unpaid(10_000))
    await happened(coalition, rosa, reported, "paid", NOON, now=NOON + 50 * DAY)

    free = await faces_at(coalition, ana, NOON + 50 * DAY)

    ((_, _, expires_at),) = await coalition.lots(ana)
    assert FREE == free
    assert expires_at is not None
    assert NOON + 415 * DAY < expires_at <= NOON + 416 * DAY


async def test_an_event_the_contract_does_not_wait_for_is_kept_and_moves_nothing(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.unpaid(10_000))

    await happened(coalition, rosa, reported, "delivered", NOON)

    assert WAITING == await faces_at(coalition, ana, NOON + 59 * DAY)
    assert 1 == await coalition.db.fetchval("select count(*) from ledger.purchase_event")


async def test_the_longest_wait_cancels_where_the_contract_says_so(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.report(rosa, ana, factories.unpaid(10_000))

    early = await faces_at(coalition, ana, NOON + 60 * DAY - MOMENT)
    on_time = await faces_at(coalition, ana, NOON + 60 * DAY)

    assert [WAITING, GONE] == [early, on_time]
    assert 0 == await coalition.position(rosa, "contingent")
    assert 0 == await coalition.position(rosa, "issued")


async def test_the_longest_wait_matures_where_the_contract_says_so(coalition: Coalition) -> None:
    rosa, ana = (
        await coalition.merchant(pending={"on_wait_end": "mature"}),
        await coalition.member(),
    )
    await coalition.report(rosa, ana, factories.unpaid(10_000))

    assert FREE == await faces_at(coalition, ana, NOON + 60 * DAY)


async def test_an_event_after_the_wait_has_ended_changes_nothing(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.unpaid(10_000))
    await faces_at(coalition, ana, NOON + 60 * DAY)

    await happened(coalition, rosa, reported, "paid", NOON + 61 * DAY)

    assert GONE == await faces_at(coalition, ana, NOON + 100 * DAY)


async def test_an_event_sent_again_has_happened_once(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.unpaid(10_000))
    key = ids.new()

    first = await happened(coalition, rosa, reported, "paid", NOON, key=key)
    same_key = await happened(coalition, rosa, reported, "paid", NOON, key=key)
    new_key = await happened(coalition, rosa, reported, "paid", NOON)

    assert [False, True, True] == [first.replayed, same_key.replayed, new_key.replayed]


async def test_an_event_happened_at_one_time_only(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.unpaid(10_000))
    key = ids.new()
    await happened(coalition, rosa, reported, "paid", NOON)

    first = await refused(happened(coalition, rosa, reported, "paid", NOON + DAY, key=key))
    again = await refused(happened(coalition, rosa, reported, "paid", NOON + DAY, key=key))

    assert ["EVENT_INVALID", "EVENT_INVALID"] == [first.code, again.code]
    assert FREE == await faces_at(coalition, ana, NOON + 14 * DAY)


async def test_a_key_of_an_event_stands_for_that_event_only(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.unpaid(10_000))
    key = ids.new()
    await happened(coalition, rosa, reported, "paid", NOON, key=key)

    other_time = await refused(happened(coalition, rosa, reported, "paid", NOON + DAY, key=key))
    other_kind = await refused(happened(coalition, rosa, reported, "shipped", NOON, key=key))

    assert ["IDEMPOTENCY_KEY_REUSED"] * 2 == [other_time.code, other_kind.code]


async def test_a_key_of_an_event_stands_for_one_purchase_only(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    key = ids.new()
    first, second = [await coalition.report(rosa, ana, factories.unpaid(10_000)) for _ in range(2)]
    await happened(coalition, rosa, first, "paid", NOON, key=key)

    refusal = await refused(happened(coalition, rosa, second, "paid", NOON, key=key))
    reported_now = await happened(coalition, rosa, second, "paid", NOON)

    assert "IDEMPOTENCY_KEY_REUSED" == refusal.code
    assert not reported_now.replayed


async def test_another_merchant_can_not_speak_of_the_purchase(coalition: Coalition) -> None:
    rosa, nuno = await coalition.merchant(), await coalition.merchant()
    reported = await coalition.report(rosa, await coalition.member(), factories.unpaid(100))

    refusal = await refused(happened(coalition, nuno, reported, "paid", NOON))

    assert "NOT_FOUND" == refusal.code


async def test_many_lots_mature_in_small_steps_to_the_same_books(coalition: Coalition) -> None:
    rosa, nuno = await coalition.merchant(), await coalition.merchant()
    people = [await coalition.member() for _ in range(4)]
    for merchant_id in (rosa, nuno):
        for place, member in enumerate(people):
            await coalition.report(merchant_id, member, factories.purchase(1000 * (place + 1)))

    steps = [await earn.mature(coalition.db, now=NOON + 20 * DAY, limit=3) for _ in range(4)]

    assert [3, 3, 2, 0] == steps
    assert [100, 200, 300, 400] == [(await coalition.faces(member)).available for member in people]
    assert -500 == await coalition.position(rosa, "issued")
