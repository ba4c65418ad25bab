"""The doctor on a sound installation, and on one that somebody has tampered with."""

from typing import TypeAlias

import asyncpg
import pytest

from wallet import doctor

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
FORGED = (
    "insert into ledger.position (bucket, owner_id, kind, asset, credited, version)"
    " values (1, gen_random_uuid(), 'honoured', 978, 5, 1)"
)


async def test_a_fresh_installation_is_sound(owner: Connection) -> None:
    findings = await doctor.examine(owner)

    ill = [finding for finding in findings if not finding.well]
    # The tests' own server does not flush its commits, and the doctor says so.
    assert [finding.what for finding in ill] == ["commits are durable"]


@pytest.mark.tampers
@pytest.mark.parametrize(
    ("tampering", "what"),
    [
        ("grant insert on ledger.transfer to commonpurse_app", "cannot write the books"),
        ("drop trigger append_only on ledger.transfer", "guarded against change"),
        ("alter table ledger.transfer disable trigger append_only", "guarded against change"),
        ("create unique index lax on ledger.lot (lot_id)", "begins with the bucket"),
        ("update coalition.migration set version_num = '0001'", "migrated"),
        (FORGED, "law: value is conserved"),
    ],
)
async def test_tampering_is_found_and_named(owner: Connection, tampering: str, what: str) -> None:
    await owner.execute(tampering)
    try:
        findings = await doctor.examine(owner)
    finally:
        # Privileges live in this database only, but be tidy with what the next test may share.
        await owner.execute("revoke insert on ledger.transfer from commonpurse_app")

    assert any(what in finding.what for finding in findings if not finding.well)


@pytest.mark.tampers
async def test_work_that_waits_is_shown_but_is_no_illness(owner: Connection) -> None:
    await owner.execute(
        "insert into ledger.redemption (bucket, redemption_id, wallet_id, asset, merchant_id,"
        " order_reference, amount, fingerprint, held_at, expires_at)"
        " select 7, w.id, w.id, 978, gen_random_uuid(), 'o', 1, gen_random_uuid(), now(),"
        " now() - interval '1 hour' from (select '00000000-0000-0000-0000-000000000007'::uuid"
        " as id) w"
    )

    findings = await doctor.examine(owner)

    waiting = next(one for one in findings if one.what == "a worker is at work")
    assert (waiting.well, waiting.grave) == (False, False)
    assert "1 expired holds" in waiting.seen
