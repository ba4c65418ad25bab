"""Windows, scores, bands and names, worked out from values alone."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from wallet import errors
from wallet.rules.progress import facts
from wallet.rules.ranking import names, scores, windows
from wallet.rules.schemes import boards, kinds

LISBON = "Europe/Lisbon"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MILLENNIUM = datetime(2000, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ROSA, BAKERY = uuid.UUID(int=1), uuid.UUID(int=2)
SPEND: dict[str, Any] = {
    "kind": "board",
    "name": "Spring",
    "metric": "amount",
    "window": "month",
    "caps": {"purchase_minor": 10_000, "day_minor": 15_000},
}


def board(**changes: Any) -> boards.Board:
    found = kinds.read({**SPEND, **changes})
    assert isinstance(found, boards.Board)
    return found


COUNTING = {"metric": "purchases", "caps": None}


def bought(
    minor: int, at: datetime = NOON, *, back: int = 0, merchant_id: uuid.UUID = ROSA
) -> facts.Purchase:
    return facts.Purchase(uuid.uuid4(), merchant_id, at, minor, minor - back)


def scored(
    found: boards.Board, *purchases: facts.Purchase, at: datetime = NOON
) -> tuple[int, datetime] | None:
    window = windows.at(found, at, LISBON)
    assert window is not None
    score = scores.score(found, window, purchases, (), LISBON)
    return None if score is None else (score.points, score.reached_at)


@pytest.mark.parametrize(
    ("every", "key", "first", "after"),
    [
        ("week", "2026-W11", "2026-03-09", "2026-03-16"),
        ("month", "2026-03", "2026-03-01", "2026-04-01"),
        ("quarter", "2026-Q1", "2026-01-01", "2026-04-01"),
        ("year", "2026", "2026-01-01", "2027-01-01"),
    ],
)
def test_a_window_is_a_stretch_of_the_local_calendar(
    every: str, key: str, first: str, after: str
) -> None:
    found = board(window=every)
    window = windows.at(found, NOON, "America/Sao_Paulo")

    assert window is not None
    assert key == window.key
    assert f"{first}T03:00:00+00:00" == window.starts_at.isoformat()
    assert f"{after}T03:00:00+00:00" == window.ends_at.isoformat()
    assert window == windows.named(found, key, "America/Sao_Paulo")


@pytest.mark.parametrize(
    "key", ["", "2026-W99", "once", "2026-3", "9999-12-31", "２０２６-03", "x"]
)
def test_what_is_no_name_of_a_window_finds_none(key: str) -> None:
    assert windows.named(board(), key, LISBON) is None


@pytest.mark.parametrize(("every", "key"), [("week", "9999-W51"), ("month", "9999-11")])
def test_a_window_has_room_for_its_returns(every: str, key: str) -> None:
    before = windows.named(board(window=every), key.replace("9999", "9998"), LISBON)

    assert windows.named(board(window=every), key, LISBON) is None
    assert before is not None
    assert before.ends_at + timedelta(days=boards.SETTLE_DAYS_MAX) > before.ends_at


@hypothesis.given(
    st.integers(0, 100 * 366 * 24 * 60),
    st.sampled_from(["week", "month", "quarter", "year"]),
    st.sampled_from([LISBON, "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Kiritimati"]),
)
def test_windows_follow_each_other_without_a_gap(minutes: int, every: str, zone: str) -> None:
    found, instant = board(window=every), MILLENNIUM + timedelta(minutes=minutes)
    window = windows.at(found, instant, zone)

    assert window is not None
    assert window.starts_at <= instant < window.ends_at
    following = windows.at(found, window.ends_at, zone)
    assert following is not None
    assert window.ends_at == following.starts_at
    assert window == windows.named(found, window.key, zone)


def test_a_window_is_open_until_its_settling_is_over() -> None:
    found = board(window="week", settle_days=14)
    keys = [one.key for one in windows.open_at(found, NOON, LISBON)]

    assert ["2026-W11", "2026-W10", "2026-W09"] == keys
    assert ["2026-W11"] == [
        one.key for one in windows.open_at(board(window="week", settle_days=0), NOON, LISBON)
    ]


def test_a_window_that_comes_once_has_its_two_instants() -> None:
    found = board(window="once", from_at="2026-03-01T00:00:00Z", until_at="2026-03-10T12:00:00Z")

    assert windows.at(found, NOON, LISBON) is None
    assert windows.at(found, NOON - DAY, LISBON) is not None
    assert ["once"] == [one.key for one in windows.open_at(found, NOON + 14 * DAY, LISBON)]
    assert [] == list(windows.open_at(found, NOON + 15 * DAY, LISBON))


def test_what_counts_of_a_purchase_and_of_a_day_is_capped() -> None:
    hour = timedelta(hours=1)
    purchases = (bought(20_000), bought(7_000, NOON + hour), bought(9_000, NOON + DAY))

    assert (24_000, NOON + DAY) == scored(board(), *purchases)
    assert (15_000, NOON + hour) == scored(board(), *purchases[:2])


def test_a_return_lowers_the_score_and_tells_since_when_the_rest_was_reached() -> None:
    later = NOON + DAY

    assert (900, later) == scored(board(), bought(500), bought(500, later, back=100))
    assert (500, NOON) == scored(board(), bought(500), bought(500, later, back=500))
    assert scored(board(), bought(500, back=500)) is None


def test_purchases_and_merchants_are_counted_where_something_was_kept() -> None:
    purchases = (
        bought(1),
        bought(1, NOON + DAY, back=1),
        bought(1, NOON + 2 * DAY, merchant_id=BAKERY),
        bought(1, NOON + 3 * DAY),
        bought(1, NOON - 30 * DAY),
    )

    assert (3, NOON + 3 * DAY) == scored(board(**COUNTING), *purchases)
    assert (2, NOON + 2 * DAY) == scored(board(metric="merchants", caps=None), *purchases)
    only = board(**COUNTING, merchants=[str(BAKERY)])
    assert (1, NOON + 2 * DAY) == scored(only, *purchases)


@hypothesis.given(st.integers(1, 2**62), st.integers(1, 2**62))
def test_a_higher_score_is_never_in_a_lower_band(one: int, other: int) -> None:
    low, high = sorted((one, other))

    assert scores.band(low) <= scores.band(high)
    assert (scores.band(low) < scores.EXACT) == (low < scores.EXACT)
    assert low >= scores.EXACT or low == scores.band(low)


@hypothesis.given(st.integers(scores.EXACT, 2**62))
def test_a_band_is_less_than_two_per_cent_wide(points: int) -> None:
    shift = scores.band(points) // 64 - 1
    top = ((scores.band(points) % 64 + 65) << shift) - 1

    assert scores.band(points) == scores.band(top)
    assert scores.band(points) + 1 == scores.band(top + 1)
    assert (top - points) * 64 <= points


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"caps": None}, ("caps",)),
        ({"metric": "purchases"}, ("caps",)),
        ({"metric": "points", "caps": None}, ("games",)),
        ({"games": [str(ROSA)]}, ("games",)),
        ({"window": "once"}, ("window",)),
        ({"from_at": "2026-03-01T00:00:00Z"}, ("window",)),
        (
            {
                "window": "once",
                "from_at": "2026-03-02T00:00:00Z",
                "until_at": "2026-03-01T00:00:00Z",
            },
            ("until_at",),
        ),
        (
            {"window": "once", "from_at": "2026-03-02T00:00:00", "until_at": "2026-03-03T00:00:00"},
            ("from_at",),
        ),
        ({"settle_days": 61}, ("settle_days",)),
        ({"group": {"colour": "red"}}, ("group", "colour")),
    ],
)
def test_a_board_that_contradicts_itself_is_refused_at_the_field(
    changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(errors.SchemeInvalid) as refusal:
        board(**changes)

    assert path == refusal.value.path


@pytest.mark.parametrize("name", ["Al", "Zé do Pipo", "Ana-Maria", "O'Neil", "Rosa 84", "李小龙"])
def test_a_name_that_can_be_shown_is_kept(name: str) -> None:
    assert name == names.check(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "A", "x" * 25, "Support", "the ADMIN", "puta madre", "912 345 678", "a@b.pt"),
        *("<b>", "a\u202eb", "_x_", "\x00ab", "www.x.pt", "--"),
    ],
)
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(errors.TextInvalid) as refusal:
        names.check(name)

    assert ("name",) == refusal.value.path


def test_the_definitions_on_the_page_are_valid() -> None:
    page = (Path(__file__).parents[2] / "docs/games.md").read_text(encoding="utf-8")
    shown = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]

    assert "board" in {one["kind"] for one in shown}
    assert all(kinds.read(one).name == one["name"] for one in shown)
