"""Spending: the code, the hold, and the one way in which each hold ends."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.wallet.factories import ALL_BACK, AT_ONCE, DAY, EUR, NOON, Coalition, Faces, refused
from wallet import audit, errors, expire, ids, members, merchants, money, redeem

MINUTE = timedelta(minutes=1)


async def show(coalition: Coalition, member: members.Member, merchant_id: UUID) -> str:
    """The code that the member shows at the till."""
    code = await redeem.code_issue(
        coalition.db, member_id=member.member_id, merchant_id=merchant_id, now=NOON
    )
    return code.text


async def hold(
    coalition: Coalition, merchant_id: UUID, code: str, **changes: Any
) -> redeem.Outcome:
    """Hold 1.00 with a code, but for what is given."""
    facts: dict[str, Any] = {
        "request_id": ids.new(),
        "amount_minor": 100,
        "asset": EUR,
        "order_reference": "order-1",
        "now": NOON,
    }
    return await redeem.hold(
        coalition.db, merchant_id=merchant_id, code=code, **{**facts, **changes}
    )


async def attempt(
    coalition: Coalition, merchant_id: UUID, code: str, **changes: Any
) -> errors.Refusal:
    return await refused(hold(coalition, merchant_id, code, **changes))


async def test_value_earned_at_one_merchant_is_spent_at_another(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1000)

    held = await coalition.hold(ana, rosa, 400)
    while_held = await coalition.faces(ana)
    captured = await coalition.capture(held)

    assert Faces(0, 600, 400, 3) == while_held
    assert ("captured", 400) == (captured.state, captured.captured_minor)
    assert Faces(0, 600, 0, 4) == await coalition.faces(ana)
    assert 400 == await coalition.position(rosa, "honoured")
    assert -1000 == await coalition.position(coalition.mint, "issued")


async def test_a_hold_sent_again_holds_once(coalition: Coalition) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    await coalition.fill(ana, 1000)
    code = await show(coalition, ana, rosa)
    outcomes = [
        await hold(coalition, rosa, code, request_id=key, amount_minor=400, now=NOON + later * DAY)
        for later in (0, 0, 400)
    ]

    assert [False, True, True] == [outcome.replayed for outcome in outcomes]
    assert Faces(0, 600, 400, 3) == await coalition.faces(ana)


async def test_a_code_may_be_typed_with_other_letters_for_the_same_signs(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 100)
    code = await show(coalition, ana, rosa)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    outcome = await hold(coalition, rosa, typed)

    assert "held" == outcome.redemption.state


async def test_a_hold_is_refused_with_what_is_wrong(coalition: Coalition) -> None:
    rosa, nuno, ana = (
        await coalition.merchant(),
        await coalition.merchant(),
        await coalition.member(),
    )
    await coalition.fill(ana, 99)
    issued = await redeem.code_issue(
        coalition.db, member_id=ana.member_id, merchant_id=rosa, now=NOON
    )
    code = issued.text

    refusals = [
        await attempt(coalition, rosa, "0000-0000-0000"),
        await attempt(coalition, rosa, "nonsense"),
        await attempt(coalition, rosa, "ZZ" + "0" * 10),
        await attempt(coalition, nuno, code),
        await attempt(coalition, rosa, code, amount_minor=0),
        await attempt(coalition, rosa, code, amount_minor=-5),
        await attempt(coalition, rosa, code, amount_minor=2**63 - 1),
        await attempt(coalition, rosa, code, asset=money.USD),
        await attempt(coalition, rosa, code, store="no such store"),
        await attempt(coalition, rosa, code, order_reference=" "),
        await attempt(coalition, ids.new(), code),
        await attempt(coalition, rosa, code),
        await attempt(coalition, rosa, code, now=issued.expires_at),
    ]

    assert [
        *["REDEMPTION_CODE_INVALID"] * 4,
        *["AMOUNT_INVALID"] * 3,
        "CURRENCY_MISMATCH",
        "NOT_FOUND",
        "TEXT_INVALID",
        "NOT_FOUND",
        "INSUFFICIENT_FUNDS",
        "REDEMPTION_CODE_EXPIRED",
    ] == [refusal.code for refusal in refusals]
    assert (99, "EUR") == (refusals[11].data["available_minor"], refusals[11].data["asset"])
    assert Faces(0, 99, 0, 2) == await coalition.faces(ana)


async def test_a_code_works_once(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1000)
    code = await show(coalition, ana, rosa)
    await hold(coalition, rosa, code)

    refusal = await attempt(coalition, rosa, code)

    assert "REDEMPTION_CODE_USED" == refusal.code
    assert 100 == (await coalition.faces(ana)).held


async def test_a_refused_hold_leaves_the_code_usable(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 100)
    code = await show(coalition, ana, rosa)
    await attempt(coalition, rosa, code, amount_minor=101)

    outcome = await hold(coalition, rosa, code)

    assert not outcome.replayed


async def test_a_suspended_merchant_gets_neither_code_nor_hold(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1000)
    code = await show(coalition, ana, rosa)
    await merchants.set_status(
        coalition.db, rosa, status="suspended", reason="late invoices", actor=audit.SYSTEM
    )

    refusals = [
        await attempt(coalition, rosa, code),
        await refused(
            redeem.code_issue(coalition.db, member_id=ana.member_id, merchant_id=rosa, now=NOON)
        ),
    ]

    assert ["MERCHANT_SUSPENDED"] * 2 == [refusal.code for refusal in refusals]


async def test_a_part_is_captured_and_the_rest_comes_back_to_its_lots(
    coalition: Coalition,
) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    nuno, ana = await coalition.merchant(), await coalition.member()
    await coalition.earned(rosa, ana, 300)
    await coalition.fill(ana, 300)
    held = await coalition.hold(ana, nuno, 500)

    captured = await coalition.capture(held, 350)

    # The soonest to expire pays: all of the lot of 30 days, 50 of the other.
    assert [0, 250] == sorted(remaining for _, remaining, _ in await coalition.lots(ana))
    assert (350, "captured") == (captured.captured_minor, captured.state)
    assert Faces(0, 250, 0, 7) == await coalition.faces(ana)


async def test_a_release_puts_everything_back_where_it_was(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    for amount in (100, 200, 300):
        await coalition.fill(ana, amount)
    before = await coalition.lots(ana)

    released = await coalition.release(await coalition.hold(ana, rosa, 450))

    assert "released" == released.state
    assert before == await coalition.lots(ana)
    assert (600, 0) == ((await coalition.faces(ana)).available, (await coalition.faces(ana)).held)
    assert 0 == await coalition.position(rosa, "honoured")


async def test_a_hold_ends_once(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1000)
    captured, released, key = (
        await coalition.hold(ana, rosa, 400),
        await coalition.hold(ana, rosa, 400),
        ids.new(),
    )
    await coalition.capture(captured, key=key)
    await coalition.release(released)
    replayed = await coalition.capture(captured, key=key)

    refusals = [
        await refused(coalition.capture(captured)),
        await refused(coalition.release(captured)),
        await refused(coalition.capture(released)),
        await refused(coalition.release(released)),
    ]

    assert "captured" == replayed.state
    assert ["REDEMPTION_CLOSED"] * 4 == [refusal.code for refusal in refusals]
    assert ["captured", "captured", "released", "released"] == [
        refusal.data["state"] for refusal in refusals
    ]


async def test_no_more_is_captured_than_is_held(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1000)
    held = await coalition.hold(ana, rosa, 400)

    refusals = [
        await refused(coalition.capture(held, 401)),
        await refused(coalition.capture(held, 0)),
    ]

    assert ["CAPTURE_EXCEEDS_HOLD", "AMOUNT_INVALID"] == [one.code for one in refusals]
    assert {"held_minor": 400, "asset": "EUR"} == refusals[0].data
    assert 400 == (await coalition.faces(ana)).held


async def test_another_merchant_can_not_touch_the_hold(coalition: Coalition) -> None:
    rosa, nuno, ana = (
        await coalition.merchant(),
        await coalition.merchant(),
        await coalition.member(),
    )
    await coalition.fill(ana, 1000)
    held = await coalition.hold(ana, rosa, 400)

    refusals = [
        await refused(
            verb(
                coalition.db,
                merchant_id=nuno,
                request_id=ids.new(),
                redemption_id=held.redemption_id,
                now=NOON,
            )
        )
        for verb in (redeem.capture, redeem.release, redeem.refund)
    ]

    assert ["NOT_FOUND"] * 3 == [refusal.code for refusal in refusals]


async def test_a_capture_or_refund_in_another_currency_is_refused(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1000)
    held = await coalition.hold(ana, rosa, 400)

    refusals = [
        await refused(
            verb(
                coalition.db,
                merchant_id=rosa,
                request_id=ids.new(),
                redemption_id=held.redemption_id,
                amount_minor=100,
                asset=money.USD,
                now=NOON,
            )
        )
        for verb in (redeem.capture, redeem.refund)
    ]

    assert ["CURRENCY_MISMATCH"] * 2 == [refusal.code for refusal in refusals]


async def test_a_hold_that_ran_out_can_not_be_captured_even_before_the_sweep(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(hold_minutes=15), await coalition.member()
    await coalition.fill(ana, 1000)
    held, in_time = await coalition.hold(ana, rosa, 400), await coalition.hold(ana, rosa, 100)
    moment = timedelta(microseconds=1)

    await coalition.capture(in_time, now=NOON + 15 * MINUTE - moment)
    refusals = [
        await refused(coalition.capture(held, now=NOON + 15 * MINUTE)),
        await refused(coalition.release(held, now=NOON + 15 * MINUTE)),
    ]
    still_held = await coalition.faces(ana)

    assert NOON + 15 * MINUTE == held.expires_at
    assert ["REDEMPTION_EXPIRED"] * 2 == [refusal.code for refusal in refusals]
    assert (500, 400) == (still_held.available, still_held.held)


async def test_the_sweep_gives_back_what_ran_out_and_nothing_else(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1000)
    old = await coalition.hold(ana, rosa, 400)
    young = await coalition.hold(ana, rosa, 300, now=NOON + MINUTE)

    swept = [
        await redeem.sweep(coalition.db, now=NOON + minutes * MINUTE) for minutes in (14, 15, 15)
    ]

    refusal = await refused(coalition.capture(old, now=NOON + 15 * MINUTE))
    states = [(await redeem.find(coalition.db, one.redemption_id)).state for one in (old, young)]
    assert [0, 1, 0] == swept
    assert ["expired", "held"] == states
    assert "REDEMPTION_EXPIRED" == refusal.code
    assert (700, 300) == ((await coalition.faces(ana)).available, (await coalition.faces(ana)).held)


@pytest.mark.parametrize("how", ["release", "sweep", "partial capture"])
async def test_what_comes_back_after_its_last_day_gets_its_grace(
    coalition: Coalition, how: str
) -> None:
    """A hold over midnight must not eat a member's value, nor stop the sweep of expiries."""
    rosa = await coalition.merchant(
        rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30, "grace_days": 5}, hold_minutes=600
    )
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 1000)
    ((_, _, expires_at),) = await coalition.lots(ana)
    assert expires_at is not None
    held = await coalition.hold(ana, rosa, 400, now=expires_at - MINUTE)
    late = expires_at + MINUTE
    first = await expire.sweep(coalition.db, now=late)

    if how == "release":
        await coalition.release(held, now=late)
    elif how == "sweep":
        late = held.expires_at
        await redeem.sweep(coalition.db, now=late)
    else:
        await coalition.capture(held, 100, now=late)
    back = (await coalition.faces(ana)).available
    second = await expire.sweep(coalition.db, now=late)
    kept = (await coalition.faces(ana)).available
    third = await expire.sweep(coalition.db, now=expires_at + 6 * DAY)

    assert [1, 0, 1] == [first.expired, second.expired, third.expired]
    assert back == kept == (300 if how == "partial capture" else 400)
    assert 0 == (await coalition.faces(ana)).available


async def test_a_missing_contract_or_member_is_refused(coalition: Coalition) -> None:
    ana, empty = await coalition.member(), ids.new()
    await coalition.fill(ana, 100)
    await merchants.register(
        coalition.db, merchant_id=empty, slug="empty", name="Empty", industry="none"
    )
    code = await show(coalition, ana, empty)

    refusals = [
        await attempt(coalition, empty, code),
        await refused(
            redeem.code_issue(coalition.db, member_id=ids.new(), merchant_id=empty, now=NOON)
        ),
        await refused(
            redeem.code_issue(coalition.db, member_id=ana.member_id, merchant_id=ids.new())
        ),
    ]

    assert ["CONTRACT_MISSING", "NOT_FOUND", "NOT_FOUND"] == [one.code for one in refusals]
