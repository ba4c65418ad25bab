"""The life of a campaign: what was in force when, as known when, and what it may do next."""

import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.examples import NOON
from tests.rules.test_campaign_drafts import at, parse, written
from wallet import errors, ids
from wallet.rules.campaigns import timeline
from wallet.rules.campaigns.definition import Definition

DAY = timedelta(days=1)
ONE, TWO, THREE = ids.new(), ids.new(), ids.new()
CAMPAIGN = ids.new()
numbers = itertools.count(1)


def change(
    act: timeline.Act, recorded: int, effective: int | None = None, version: UUID | None = None
) -> timeline.Change:
    """A step, by its days from noon."""
    return timeline.Change(
        change_id=ids.new(),
        campaign_id=CAMPAIGN,
        epoch=next(numbers),
        act=act,
        version_id=version,
        replaced_id=None,
        effective_at=day(recorded if effective is None else effective),
        recorded_at=day(recorded),
        reason="as planned",
        actor_kind="system",
        actor_id=None,
    )


def day(number: int) -> datetime:
    return NOON + number * DAY


def force(changes: list[timeline.Change], on: int, known: int = 99) -> UUID | None:
    return timeline.in_force(changes, day(on), day(known))


def test_a_version_is_in_force_from_the_instant_that_it_was_published_for() -> None:
    changes = [change("publish", 0, 2, ONE)]

    assert [None, None, ONE, ONE] == [force(changes, on) for on in range(4)]
    assert force([], 3) is None


def test_a_new_version_takes_over_at_its_instant_and_not_before() -> None:
    changes = [change("publish", 0, 1, ONE), change("publish", 2, 5, TWO)]

    assert [None, ONE, ONE, ONE, ONE, TWO] == [force(changes, on) for on in range(6)]


def test_what_was_recorded_last_wins_over_what_had_been_planned_for_later() -> None:
    changes = [
        change("publish", 0, 0, ONE),
        change("publish", 1, 6, TWO),
        change("publish", 2, 3, THREE),
    ]

    assert [ONE, ONE, ONE, THREE, THREE, THREE, THREE] == [force(changes, on) for on in range(7)]
    assert TWO == force(changes, 6, known=1)


def test_nothing_is_in_force_while_a_campaign_is_paused_and_a_pause_outlasts_a_new_version() -> (
    None
):
    changes = [
        change("publish", 0, 0, ONE),
        change("publish", 1, 3, TWO),
        change("pause", 2),
        change("resume", 5),
    ]

    assert [ONE, ONE, None, None, None, TWO] == [force(changes, on) for on in range(6)]


def test_a_purchase_that_is_reported_late_finds_what_was_in_force_when_it_was_made() -> None:
    changes = [change("publish", 0, 0, ONE), change("pause", 4), change("end", 8)]

    assert ONE == force(changes, 3, known=20)
    assert force(changes, 5, known=20) is None


def test_what_was_not_yet_known_does_not_count() -> None:
    changes = [change("publish", 0, 0, ONE), change("publish", 3, 6, TWO), change("end", 5)]

    assert [None, ONE, TWO, TWO, None] == [
        force(changes, 7, known=known) for known in (-1, 2, 3, 4, 5)
    ]


def test_an_end_is_for_ever_even_for_versions_that_were_planned() -> None:
    changes = [change("publish", 0, 0, ONE), change("publish", 1, 5, TWO), change("end", 2)]

    assert [ONE, ONE, None, None, None, None] == [force(changes, on) for on in range(6)]
    assert [] == timeline.coming(changes, day(2))


def test_the_order_in_which_changes_are_read_is_that_of_their_numbers() -> None:
    changes = [change("publish", 0, 0, ONE), change("pause", 0), change("resume", 0)]

    assert {ONE} == {force(list(order), 0) for order in itertools.permutations(changes)}


def of(**changes: Any) -> dict[UUID, Definition]:
    """Version one lasts from day 1 to day 10, version two from day 5 on."""
    return {
        ONE: parse(written(starts_at=at(1), ends_at=at(10), **changes)),
        TWO: parse(written(starts_at=at(5), ends_at=None, **changes)),
    }


def status(changes: list[timeline.Change], on: int) -> timeline.Status:
    return timeline.status(changes, of().__getitem__, day(on))


def test_a_status_follows_from_the_changes_and_from_the_start_and_end_of_the_version() -> None:
    published = [change("publish", 0, 1, ONE)]
    paused = [*published, change("pause", 2)]
    resumed = [*paused, change("resume", 3)]
    ended = [*resumed, change("end", 4)]
    longer = [*published, change("publish", 4, 12, TWO)]

    assert "draft" == status([], 0)
    assert ["scheduled", "live", "live", "ended"] == [status(published, on) for on in (0, 1, 9, 10)]
    assert ["live", "paused", "paused", "ended"] == [status(paused, on) for on in (1, 2, 9, 10)]
    assert ["live", "ended"] == [status(resumed, 3), status(ended, 4)]
    assert ["scheduled", "live"] == [status(longer, 11), status(longer, 12)]
    assert "archived" == status([*ended, change("archive", 5)], 5)
    assert "archived" == status([change("archive", 5)], 5)


def test_what_will_be_in_force_is_known_in_its_order() -> None:
    changes = [change("publish", 0, 1, ONE), change("publish", 2, 5, TWO), change("pause", 3)]

    assert [[ONE], [ONE, TWO], [TWO]] == [
        timeline.coming(changes[:known], day(on)) for known, on in ((1, 0), (2, 2), (3, 5))
    ]


@pytest.mark.parametrize("act", timeline.STEPS)
@pytest.mark.parametrize("stands", ["draft", "scheduled", "live", "paused", "ended", "archived"])
def test_a_step_that_the_status_forbids_is_refused_with_that_status(
    act: timeline.Act, stands: timeline.Status
) -> None:
    if stands in timeline.STEPS[act]:
        timeline.check(act, stands)
        return

    with pytest.raises(errors.CampaignClosed) as caught:
        timeline.check(act, stands)

    assert {"status": stands} == caught.value.data


@given(st.data())
def test_what_is_recorded_later_never_changes_what_was_already_past(data: st.DataObject) -> None:
    acts: list[timeline.Act] = ["publish", "pause", "resume", "end"]
    changes: list[timeline.Change] = []
    for recorded in range(data.draw(st.integers(0, 8))):
        act = data.draw(st.sampled_from(acts))
        version = data.draw(st.sampled_from([ONE, TWO, THREE])) if act == "publish" else None
        ahead = data.draw(st.integers(0, 4)) if act == "publish" else 0
        changes.append(change(act, recorded, recorded + ahead, version))
    for known in range(9):
        before = [force(changes, on, known=known) for on in range(known + 1)]
        after = [force(changes, on, known=99) for on in range(known + 1)]

        assert before == after
