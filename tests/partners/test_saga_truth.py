"""Truth that comes late or by itself: it is looked at, taken back, booked, or for a person."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from partners import adapter, codes, saga
from tests.partners import demo, driving
from tests.partners.driving import Scene
from tests.wallet.factories import NOON, refused
from wallet import ids, orders
from wallet.database import Database

MINUTE = timedelta(minutes=1)
LATE = NOON + 60 * MINUTE


@pytest.fixture
async def careless(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> AsyncIterator[Scene]:
    """A shop that does again what it is asked again."""
    async with driving.scene(db, tmp_path, demo_partner, flavour="none") as one:
        yield one


async def released_too_early(one: Scene) -> orders.Order:
    """The shop hides what it issued from three look-ups: longer than it says that it may."""
    order = await one.drive(await one.begin(511))
    await one.at_shop("GET", "/issues", params={"key": order.key})  # The third lie is for us.
    assert "released" == order.state
    assert [511] == (await one.effects(order))["issued"]
    return order


async def test_value_that_turns_up_after_a_release_is_taken_back(careless: Scene) -> None:
    order = await released_too_early(careless)

    told = await careless.tell(order, now=LATE)
    assert told is not None
    ended = await careless.drive(told, now=LATE)

    assert ("late", "released") == (told.state, ended.state)
    assert 0 == (await careless.effects(order))["live"]
    assert 10_000 == await careless.available()


async def test_value_that_turns_up_spent_hangs_in_suspense(careless: Scene) -> None:
    order = await released_too_early(careless)
    await careless.spend_there(order)

    await careless.tell(order, "spent", now=LATE)
    ended = await careless.drive(order, now=LATE)

    assert "suspense" == ended.state
    assert 10_000 == await careless.available()
    mint = careless.coalition.mint
    assert -511 == await careless.coalition.position(mint, "suspense")
    assert 511 == await careless.coalition.position(mint, "honoured")


async def test_what_is_told_of_a_release_that_holds_is_looked_at_and_changes_nothing(
    careless: Scene,
) -> None:
    order = await careless.drive(await careless.begin(501))

    await careless.tell(order, now=LATE)
    ended = await careless.drive(order, now=LATE)

    assert "released" == ended.state
    assert 10_000 == await careless.available()


async def test_what_is_told_twice_is_heard_once(careless: Scene) -> None:
    order = await careless.begin(500)

    told = [await careless.tell(order) for _ in range(3)]

    assert [order] * 3 == told


async def test_what_is_told_while_nobody_knows_is_a_reason_to_look_now(careless: Scene) -> None:
    order = await careless.begin(503)

    told = await careless.tell(order)
    assert told is not None
    ended = await saga.advance(careless.house, order.redemption_id, now=NOON)

    assert (NOON + timedelta(seconds=5), NOON) == (order.due_at, told.due_at)
    assert "captured" == ended.state


async def test_a_void_that_comes_before_its_live_is_looked_at_too(careless: Scene) -> None:
    order = await careless.begin(503)

    await careless.tell(order, "void")
    ended = await saga.advance(careless.house, order.redemption_id, now=NOON)

    assert "captured" == ended.state


async def test_nobody_speaks_for_the_orders_of_another_partner(careless: Scene) -> None:
    order = await careless.begin(503)
    event = adapter.PartnerEvent("e-1", "live", NOON, key=order.key)
    stranger = adapter.PartnerEvent("e-2", "live", NOON, key="x" * 32, ref="nothing of ours")

    heard = [
        await saga.heard(careless.house, ids.new(), event, now=NOON),
        await saga.heard(careless.house, careless.partner.partner_id, stranger, now=NOON),
    ]

    assert [None, None] == heard
    assert order == await orders.find(careless.db, order.redemption_id, now=NOON)


async def test_a_partner_names_an_order_by_its_own_reference(careless: Scene) -> None:
    order = await careless.begin(500)
    ref = await careless.issue_there(order)
    event = adapter.PartnerEvent("e-1", "spent", NOON, ref=ref)

    told = await saga.heard(careless.house, careless.partner.partner_id, event, now=NOON)

    assert told is not None
    assert (order.redemption_id, "captured", "spent") == (
        *(told.redemption_id, told.state),
        told.facts.there,
    )


async def test_a_shop_that_cannot_be_asked_is_sent_the_same_key_again(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> None:
    async with driving.scene(db, tmp_path, demo_partner, kind="blind-keyed") as one:
        order = await one.drive(await one.begin(506))

        assert "captured" == order.state
        told = await one.effects(order)
    assert ([506], {"issue": 2, "find": 0, "reverse": 0}) == (told["issued"], told["asked"])


async def test_a_shop_that_can_neither_be_asked_nor_sent_again_is_for_a_person_at_once(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> None:
    async with driving.scene(db, tmp_path, demo_partner, kind="blind-none") as one:
        order = await one.begin(506)
        told = await one.tell(order)

        assert "attention" == order.state
        assert told is not None
        assert "captured" == told.state
        assert [506] == (await one.effects(order))["issued"]


async def test_a_shop_that_takes_nothing_back_is_not_asked_to(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> None:
    async with driving.scene(db, tmp_path, demo_partner, kind="keeping") as one:
        order = await one.begin(500)

        refusal = await refused(
            saga.reverse(one.house, redemption_id=order.redemption_id, request_id=ids.new())
        )
    assert "ORDER_FINAL" == refusal.code


async def test_a_reversal_whose_answer_was_lost_follows_what_the_shop_shows(
    careless: Scene,
) -> None:
    order = await careless.begin(523)

    ended = await careless.reverse(order)

    assert "reversed" == ended.state
    assert 0 == (await careless.effects(order))["live"]
    assert 10_000 == await careless.available()


async def test_a_voided_card_of_a_spent_order_is_told_aloud_and_moves_nothing(
    careless: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    order = await careless.begin(500)

    told = await careless.tell(order, "void")

    assert told is not None
    assert ("captured", "void") == (told.state, told.facts.there)
    assert 9500 == await careless.available()
    assert "order.voided" in capsys.readouterr().out


async def test_a_code_that_the_shop_chose_is_sealed_and_struck_out_of_what_it_says(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> None:
    async with driving.scene(db, tmp_path, demo_partner, kind="choosing") as one:
        order = await one.begin(500)
        ours = codes.ours(one.house.ring, order.redemption_id, order.kid)
        chosen = await codes.of(db, one.house.ring, order)
        kept = await db.fetchval("select sealed from partner.order_code")
        ended = await one.reverse(order)

    assert f"SHOP{order.reference}" == chosen
    assert chosen.encode() not in kept
    assert ("captured", "spent: (code) is spent, as is (code)") == (ended.state, ended.reason)
    assert ours != chosen
