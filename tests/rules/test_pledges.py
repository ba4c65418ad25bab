"""Pledges as rules: what is one, and what follows from a wallet's movements."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.wallet.factories import DAY, NOON
from wallet import errors, money
from wallet.rules import pledges
from wallet.rules.pledges import Gift, Lot, Move, Pledge

ONE, TWO, CAUSE = UUID(int=1), UUID(int=2), UUID(int=3)
TENTH = Pledge(ONE, "share", 1_000, None, stands=True)
WHOLE = Pledge(ONE, "round_up", None, 100, stands=True)
LATE = Pledge(ONE, "expiring", None, None, stands=True)


def move(code: str, amount: int, available: int = 10**6, shared: int = 0) -> Move:
    return Move(TWO, code, amount, available, shared, CAUSE)


def amounts(pledge: Pledge, *moves: Move) -> list[int]:
    return [gift.amount_minor for gift in pledges.decide(pledge, moves)]


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ({"kind": "share"}, "share_bps"),
        ({"kind": "share", "share_bps": 0}, "share_bps"),
        ({"kind": "share", "share_bps": 10_001}, "share_bps"),
        ({"kind": "share", "share_bps": 1, "multiple_minor": 100}, "multiple"),
        ({"kind": "round_up", "share_bps": 1}, "share_bps"),
        ({"kind": "round_up", "multiple_minor": 1}, "multiple"),
        ({"kind": "round_up", "multiple_minor": 10_001}, "multiple"),
        ({"kind": "expiring", "multiple_minor": 100}, "multiple"),
    ],
)
def test_what_is_no_pledge_is_refused_at_its_field(told: dict[str, Any], path: str) -> None:
    plain: dict[str, Any] = {"share_bps": None, "multiple_minor": None, "asset": money.EUR}

    with pytest.raises(errors.PledgeInvalid) as refused:
        pledges.check(**{**plain, **told})

    assert (path,) == refused.value.path


def test_rounding_up_is_to_a_whole_unit_unless_said_otherwise() -> None:
    plain: dict[str, Any] = {"share_bps": None}

    assert 100 == pledges.check("round_up", multiple_minor=None, asset=money.EUR, **plain)
    assert 1000 == pledges.check("round_up", multiple_minor=None, asset=money.KWD, **plain)
    assert 500 == pledges.check("round_up", multiple_minor=500, asset=money.EUR, **plain)
    with pytest.raises(errors.PledgeInvalid):
        pledges.check("round_up", multiple_minor=None, asset=money.JPY, **plain)


def test_a_share_is_rounded_down_so_that_the_member_keeps_the_rest_of_a_cent() -> None:
    assert [10, 9, 0] == [pledges.share(minor, 1_000) for minor in (100, 99, 9)]
    assert 10**12 == pledges.share(10**12, 10_000)


@pytest.mark.parametrize(
    ("spent", "multiple", "rest"), [(730, 100, 70), (700, 100, 0), (1, 500, 499), (501, 500, 499)]
)
def test_the_rest_is_what_is_missing_to_the_next_multiple(
    spent: int, multiple: int, rest: int
) -> None:
    assert rest == pledges.rest(spent, multiple)


@pytest.mark.parametrize(
    ("moved", "free"),
    [
        (move("mature", 100), 100),
        (move("mature", 100, available=100), 100),
        (move("mature", 100, available=60), 60),
        (move("mature", 100, available=-20), 0),
        (move("mature", 100, available=100, shared=30), 70),
        (move("mature", 100, available=40, shared=30), 10),
        (move("mature", 100, available=20, shared=30), 0),
    ],
)
def test_what_a_campaign_shared_or_a_deficit_took_did_not_become_free(
    moved: Move, free: int
) -> None:
    assert free == pledges.freed(moved)


def test_a_pledge_is_moved_by_what_it_is_about_and_by_nothing_else() -> None:
    moves = [move(code, 730) for code in ("earn", "mature", "hold", "capture", "refund", "donate")]

    assert [73] == amounts(TENTH, *moves)
    assert [70] == amounts(WHOLE, *moves)
    assert [] == amounts(LATE, *moves)


def test_what_comes_to_nothing_is_no_gift() -> None:
    assert [] == amounts(TENTH, move("mature", 9))
    assert [] == amounts(WHOLE, move("capture", 700))


def test_a_gift_names_the_pledge_the_movement_and_its_cause() -> None:
    expected = Gift(ONE, CAUSE, 10, movement_id=TWO)

    assert [expected] == pledges.decide(TENTH, [move("mature", 100)])


def test_what_expires_is_given_on_its_last_day_and_not_before() -> None:
    lot = Lot(TWO, 120, NOON + DAY)

    assert [Gift(ONE, TWO, 120, lot_id=TWO)] == pledges.expiring(LATE, [lot], NOON)
    assert [] == pledges.expiring(LATE, [lot], NOON - timedelta(microseconds=1))
    assert [] == pledges.expiring(TENTH, [lot], NOON)


def test_a_pledge_that_ended_gives_nothing_that_expires() -> None:
    ended = Pledge(ONE, "expiring", None, None, stands=False)

    assert [] == pledges.expiring(ended, [Lot(TWO, 120, NOON)], NOON)
