"""Activities that were kept: whoever missed the answer gets it, whatever has happened since."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.wallet import factories
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.test_activities import report, review, visit, welcome
from wallet import audit, errors, ids, members, merchants
from wallet.campaigns import activities
from wallet.rules.activities import Activity

AGAIN = activities.Reported((), (), {"matched": [], "missed": []}, replayed=True)


class Story:
    """An activity for which nothing was given and whose answer was lost, and its retry."""

    def __init__(self, coalition: Coalition, rosa: UUID, ana: members.Member) -> None:
        self.coalition, self.rosa, self.ana, self.key = coalition, rosa, ana, ids.new()

    async def send(self, it: Activity, now: datetime = NOON) -> activities.Reported:
        return await report(self.coalition, self.rosa, self.ana, it, key=self.key, now=now)


@pytest.fixture
async def lost(coalition: Coalition) -> Story:
    return Story(coalition, await coalition.merchant(), await coalition.member())


async def test_a_kept_activity_is_answered_when_its_member_or_merchant_is_suspended(
    lost: Story,
) -> None:
    it, db = visit(), lost.coalition.db
    await lost.send(it)
    await members.suspend(db, lost.ana.member_id, reason="lost", actor=audit.SYSTEM)
    member = await lost.send(it)
    await merchants.set_status(db, lost.rosa, status="suspended", reason="late", actor=audit.SYSTEM)

    assert (AGAIN, AGAIN) == (member, await lost.send(it))


async def test_a_kept_activity_is_answered_when_it_has_become_old(lost: Story) -> None:
    it = visit()
    await lost.send(it)

    assert AGAIN == await lost.send(it, NOON + 100 * DAY)


async def test_a_kept_review_is_answered_when_its_line_came_back(lost: Story) -> None:
    bought = await lost.coalition.report(lost.rosa, lost.ana, factories.purchase(500))
    it = review(bought.purchase_id)
    await lost.send(it)
    await lost.coalition.give_back(lost.rosa, bought.purchase_id)

    assert AGAIN == await lost.send(it)


async def test_a_kept_activity_is_answered_when_a_later_campaign_is_at_its_limit(
    lost: Story,
) -> None:
    it = visit()
    await lost.send(it)
    await welcome(lost.coalition)
    await report(lost.coalition, lost.rosa, lost.ana, visit())

    assert AGAIN == await lost.send(it)


@pytest.mark.parametrize("change", [{"name": "x"}, {"reference": "another"}])
async def test_another_activity_under_its_key_is_refused_as_before(
    lost: Story, change: dict[str, Any]
) -> None:
    it = visit("door-1")
    await lost.send(it)
    await members.suspend(lost.coalition.db, lost.ana.member_id, reason="lost", actor=audit.SYSTEM)

    other = await refused(lost.send(visit(**{"reference": "door-1"} | change)))

    assert errors.MemberSuspended() == other
