"""The saga at a real partner process: whatever it does, there is one effect there or none."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from partners import codes, saga
from tests.partners import demo, driving
from tests.partners.driving import HOUR, Scene
from tests.wallet.factories import NOON, refused
from wallet import ids, orders, redeem
from wallet.database import Database

MINUTE = timedelta(minutes=1)
# What becomes of an order by its magic cents: (state, effects there), or by kind of idempotency.
ONE, NOTHING = ("captured", 1), ("released", 0)
AGAIN = {"keyed": ONE, "natural": ONE, "none": NOTHING}
ENDS: dict[int, tuple[str, int] | dict[str, tuple[str, int]]] = {
    0: ONE,
    1: NOTHING,
    2: AGAIN,
    3: ONE,
    4: AGAIN,
    5: AGAIN,
    6: ONE,
    7: ONE,
    8: NOTHING,
    9: ONE,
    10: ONE,
    11: {"keyed": ONE, "natural": ONE, "none": ("released", 1)},
    12: ONE,
    13: ONE,
    14: ONE,
    15: ONE,
    16: AGAIN,
    17: NOTHING,
    31: ("attention", 1),
}


@pytest.fixture(params=["keyed", "natural", "none"])
async def shopping(
    request: pytest.FixtureRequest, db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> AsyncIterator[Scene]:
    """A shop of each kind of idempotency, with time for all faults at once on a busy machine."""
    async with driving.scene(
        db, tmp_path, demo_partner, flavour=request.param, timeout_seconds=1.2
    ) as one:
        yield one


@pytest.fixture
async def corner(db: Database, tmp_path: Path, demo_partner: demo.Partner) -> AsyncIterator[Scene]:
    """A shop that remembers our keys."""
    async with driving.scene(db, tmp_path, demo_partner) as one:
        yield one


@pytest.mark.slow
async def test_every_fault_before_and_after_the_effect_leaves_one_effect_or_none(
    shopping: Scene,
) -> None:
    async def play(cents: int) -> tuple[int, str, int]:
        order = await shopping.begin(400 + cents)
        ended = await shopping.drive(order)
        return cents, ended.state, len((await shopping.effects(ended))["issued"])

    seen = await asyncio.gather(*(play(cents) for cents in ENDS))

    expected = [
        (cents, *(end if isinstance(end, tuple) else end[shopping.flavour]))
        for cents, end in ENDS.items()
    ]
    assert expected == seen


async def test_what_a_shop_issues_is_spent_and_its_code_is_the_members(corner: Scene) -> None:
    order = await corner.begin(500)

    assert ("captured", "live") == (order.state, order.facts.there)
    assert 9500 == await corner.available()
    assert "captured" == (await redeem.find(corner.db, order.redemption_id)).state
    code = await codes.of(corner.db, corner.house.ring, order)
    assert code == codes.ours(corner.house.ring, order.redemption_id, order.kid)
    assert codes.LETTERS == len(code)


async def test_an_order_sent_again_is_one_order(corner: Scene) -> None:
    key = ids.new()

    orders_ = [await corner.begin(500, key=key) for _ in range(3)]

    assert 1 == len({one.redemption_id for one in orders_})
    assert {"issue": 1, "find": 0, "reverse": 0} == (await corner.effects(orders_[0]))["asked"]


async def test_a_member_waits_for_a_silent_shop_no_longer_than_a_moment_and_keeps_the_value(
    corner: Scene,
) -> None:
    order = await corner.begin(503)

    assert ("unknown", "find") == (order.state, order.facts.ask)
    assert NOON + timedelta(seconds=5) == order.due_at
    faces = await corner.coalition.faces(corner.ana)
    assert (9497, 503) == (faces.available, faces.held)


async def test_a_shop_that_is_away_is_tried_again_and_then_the_value_is_free(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> None:
    nowhere = {"address": driving.NOWHERE, "shop": "x"}
    async with driving.scene(db, tmp_path, demo_partner, config=nowhere) as one:
        order = await one.drive(await one.begin(500))

        assert "released" == order.state
        assert 10_000 == await one.available()
        story = await orders.attempts(db, order.redemption_id)
    assert [("issue", "not_sent")] * 5 == [(try_.asked, try_.said) for try_ in story]


async def test_a_suspended_partner_is_asked_for_nothing_new(corner: Scene) -> None:
    doubted = await corner.begin(503)
    await corner.db.execute("update partner.partner set status = 'suspended'")

    new, old = await corner.begin(500), await corner.drive(doubted)

    assert ("released", "captured") == (new.state, old.state)
    assert "the partner is suspended" == new.reason


async def test_many_workers_at_once_ask_once(corner: Scene, dsn: str) -> None:
    order = (
        await orders.hold(
            corner.db,
            wallet_id=corner.ana.wallet_id,
            request_id=ids.new(),
            wish=corner.wish(500),
        )
    ).order

    await asyncio.gather(*(saga.advance(corner.house, order.redemption_id) for _ in range(8)))

    assert {"issue": 1, "find": 0, "reverse": 0} == (await corner.effects(order))["asked"]
    assert "captured" == (await orders.find(corner.db, order.redemption_id)).state


async def test_an_attempt_that_nobody_came_back_from_is_looked_for(corner: Scene) -> None:
    held = await orders.hold(
        corner.db,
        wallet_id=corner.ana.wallet_id,
        request_id=ids.new(),
        wish=corner.wish(500),
        now=NOON,
    )
    await orders.take(corner.db, held.order, lease=MINUTE, now=NOON)

    busy = await saga.advance(corner.house, held.order.redemption_id, now=NOON)
    lost = await saga.advance(corner.house, held.order.redemption_id, now=NOON + MINUTE)
    ended = await corner.drive(lost, now=NOON + MINUTE)

    assert ("sending", "unknown", "captured") == (busy.state, lost.state, ended.state)
    story = await orders.attempts(corner.db, ended.redemption_id)
    assert [("issue", "unknown"), ("find", "absent"), ("issue", "live")] == [
        (one.asked, one.said) for one in story
    ]


REVERSALS = {
    0: ("reversed", 0),
    21: ("captured", 1),
    22: ("reversed", 0),
    23: ("reversed", 0),
    24: ("reversed", 0),
    25: ("reversed", 0),
    26: ("reversed", 0),
}


@pytest.mark.slow
async def test_every_fault_of_a_reversal_takes_back_once_or_not_at_all(shopping: Scene) -> None:
    unsure = shopping.partner.adapter == "demo-none"

    async def play(cents: int) -> tuple[int, str, int]:
        order = await shopping.begin(400 + cents)
        ended = await shopping.reverse(order)
        left = (await shopping.effects(ended))["live"]
        return cents, ended.state, left // (400 + cents)

    seen = await asyncio.gather(*(play(cents) for cents in REVERSALS))

    # Where it would be taken twice, a reversal that did not happen is not sent again.
    kept = {22: ("captured", 1), 24: ("captured", 1), 25: ("captured", 1)} if unsure else {}
    expected = {**REVERSALS, **kept}
    assert [(cents, *end) for cents, end in expected.items()] == seen


async def test_what_is_taken_back_is_in_the_lots_that_paid(corner: Scene) -> None:
    before = await corner.coalition.lots(corner.ana)
    order = await corner.begin(500)

    ended = await corner.reverse(order)

    assert "reversed" == ended.state
    assert before == await corner.coalition.lots(corner.ana)
    assert 0 == await corner.coalition.position(corner.coalition.mint, "honoured")


async def test_what_is_not_spent_is_not_reversed(corner: Scene) -> None:
    order = await corner.begin(503)

    refusal = await refused(
        saga.reverse(corner.house, redemption_id=order.redemption_id, request_id=ids.new())
    )

    assert "ORDER_CLOSED" == refusal.code


async def test_after_a_day_without_an_answer_a_person_decides(corner: Scene) -> None:
    order = await corner.begin(531)

    ended = await corner.drive(order)

    assert "attention" == ended.state
    assert NOON + 24 * HOUR == ended.changed_at
    assert 531 == (await corner.coalition.faces(corner.ana)).held


async def test_a_sweep_makes_what_is_due_and_nothing_else(corner: Scene) -> None:
    first, second = await corner.begin(503), await corner.begin(506)

    early = await saga.sweep(corner.house, now=NOON + timedelta(seconds=4))
    done = await saga.sweep(corner.house, now=NOON + timedelta(seconds=5))

    assert (0, 2) == (early, done)
    states = [(await orders.find(corner.db, one.redemption_id)).state for one in (first, second)]
    assert ["captured", "captured"] == states
