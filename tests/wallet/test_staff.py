"""Staff: a person is added once, and a role changes with a reason and at once."""

from uuid import UUID

from tests.wallet.factories import Coalition, refused
from wallet import audit, ids, staff

OWNER = audit.Actor("staff", ids.new())


async def add(coalition: Coalition, **told: str) -> staff.Person:
    plain = {"name": "Sofia", "email": "sofia@example.org", "role": "support", **told}
    return await staff.add(coalition.db, staff_id=ids.new(), actor=OWNER, **plain)


async def test_a_role_is_changed_with_a_reason_and_logged(coalition: Coalition) -> None:
    sofia = await add(coalition)

    changed = await staff.change_role(
        coalition.db, sofia.staff_id, role="supervisor", reason="leads the team now", actor=OWNER
    )

    (entry, _) = await audit.trail(coalition.db, sofia.staff_id, first=9, before=None)
    assert "supervisor" == changed.role == (await staff.find(coalition.db, sofia.staff_id)).role
    assert ("staff.role", OWNER.actor_id) == (entry.act, entry.actor_id)
    assert ("leads the team now", {"role": "supervisor"}) == (entry.reason, entry.detail)


async def test_what_can_be_no_role_and_who_is_nobody_is_refused(coalition: Coalition) -> None:
    sofia = await add(coalition)

    async def change(staff_id: UUID, role: str, reason: str) -> staff.Person:
        return await staff.change_role(
            coalition.db, staff_id, role=role, reason=reason, actor=OWNER
        )

    refusals = [
        await refused(change(sofia.staff_id, "queen", "why not")),
        await refused(change(sofia.staff_id, "operator", " ")),
        await refused(change(ids.new(), "operator", "left for Lisbon")),
        await refused(add(coalition, email="SOFIA@example.org")),
    ]

    assert ["TEXT_INVALID", "REASON_MISSING", "NOT_FOUND", "EMAIL_TAKEN"] == [
        one.code for one in refusals
    ]
    assert "support" == (await staff.find(coalition.db, sofia.staff_id)).role
