"""Schemes are published, replaced and ended, each version for good, and hold from their day on."""

import asyncio
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import factories, promotions, taking_part
from tests.wallet.factories import DAY, NOON, Coalition
from wallet import audit, errors, ids
from wallet.progress import publishing, schemes
from wallet.rules.schemes.milestones import Milestone

BEGUN = promotions.BEGUN


async def targets(coalition: Coalition, at: datetime) -> list[int]:
    """What is to be reached, by the schemes that hold at an instant."""
    moment = await schemes.moment(coalition.db)
    return [one.definition.target for one in moment.book.of(Milestone, at)]


async def end(coalition: Coalition, changed: publishing.Changed, **told: Any) -> publishing.Changed:
    plain: dict[str, Any] = {"request_id": ids.new(), "now": BEGUN}
    return await publishing.end(
        coalition.db,
        scheme_id=changed.entry.scheme_id,
        note="enough",
        actor=audit.SYSTEM,
        **{**plain, **told},
    )


async def test_a_version_holds_from_its_day_until_a_later_one_does(coalition: Coalition) -> None:
    first = await taking_part.scheme(coalition)
    await taking_part.scheme(
        coalition, scheme_id=first.entry.scheme_id, from_at=BEGUN + 10 * DAY, target=20
    )
    last = await end(coalition, first, from_at=BEGUN + 20 * DAY)

    days = [await targets(coalition, BEGUN + days * DAY) for days in (-1, 0, 9, 10, 19, 20)]
    assert [[], [10], [10], [20], [20], []] == days
    assert 3 == last.version.version
    assert "Ten purchases" == last.entry.newest.name


async def test_a_later_publication_replaces_what_was_announced_before(
    coalition: Coalition,
) -> None:
    first = await taking_part.scheme(coalition)
    it = first.entry.scheme_id
    await taking_part.scheme(coalition, scheme_id=it, from_at=BEGUN + 10 * DAY, target=20)
    await taking_part.scheme(coalition, scheme_id=it, from_at=BEGUN + 5 * DAY, target=30)

    days = [await targets(coalition, BEGUN + days * DAY) for days in (4, 5, 11)]
    assert [[10], [30], [30]] == days


async def test_the_same_id_publishes_once_however_often_it_is_sent_at_once(
    coalition: Coalition, owner: Connection
) -> None:
    key = ids.new()
    answers = await asyncio.gather(
        *(taking_part.scheme(coalition, request_id=key) for _ in range(8))
    )
    other = await factories.refused(taking_part.scheme(coalition, request_id=key, target=11))

    assert {1} == {one.version.version for one in answers}
    assert 1 == sum(not one.replayed for one in answers)
    assert isinstance(other, errors.IdempotencyKeyReused)
    assert 1 == await owner.fetchval("select count(*) from coalition.scheme_version")
    assert 1 == await owner.fetchval("select count(*) from coalition.audit where act like 'sch%'")


async def test_versions_published_at_once_are_numbered_without_gaps(coalition: Coalition) -> None:
    first = await taking_part.scheme(coalition)
    it = first.entry.scheme_id
    await asyncio.gather(
        *(taking_part.scheme(coalition, scheme_id=it, target=20 + n) for n in range(6))
    )

    entry = await schemes.find(coalition.db, it)
    assert list(range(1, 8)) == [one.version for one in entry.versions]


async def test_what_it_names_must_be_there(coalition: Coalition) -> None:
    rosa = await coalition.merchant()
    paying, selling = await taking_part.reward(coalition), await promotions.promote(coalition)
    await taking_part.scheme(coalition, merchants=[str(rosa)], reward=str(paying.campaign_id))

    for changes, path in (
        ({"merchants": [str(ids.new())]}, ("definition", "merchants", "0")),
        ({"reward": str(ids.new())}, ("definition", "reward")),
        ({"reward": str(selling.campaign_id)}, ("definition", "reward")),
        ({"target": -1}, ("definition", "target")),
    ):
        refusal = await factories.refused(taking_part.scheme(coalition, **changes))
        assert (errors.SchemeInvalid, path) == (type(refusal), refusal.path)


async def test_nothing_is_changed_for_the_past_and_a_kind_stays_what_it_is(
    coalition: Coalition,
) -> None:
    past = await factories.refused(taking_part.scheme(coalition, from_at=BEGUN - DAY))
    nobody = await factories.refused(taking_part.scheme(coalition, scheme_id=ids.new()))

    assert (errors.SchemeInvalid, ("from_at",)) == (type(past), past.path)
    assert (errors.NotFound, ("scheme_id",)) == (type(nobody), nobody.path)


@pytest.mark.parametrize("act", ["update", "delete"])
async def test_a_version_never_changes(coalition: Coalition, owner: Connection, act: str) -> None:
    await taking_part.scheme(coalition)
    statement = {
        "update": "update coalition.scheme_version set note = 'x'",
        "delete": "delete from coalition.scheme_version",
    }

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(statement[act])


async def test_a_process_that_has_read_the_book_hears_of_what_another_published(
    coalition: Coalition, dsn: str
) -> None:
    db = coalition.db
    await schemes.moment(db)
    other = await type(db).connect(dsn, size=1)
    await publishing.publish(
        other,
        request_id=ids.new(),
        scheme_id=None,
        raw=taking_part.TEN,
        from_at=None,
        note="as planned",
        actor=audit.SYSTEM,
        now=NOON,
    )
    await other.close()

    assert [10] == await targets(coalition, NOON)
