"""Least privilege: the application moves value by the verbs, and by nothing else."""

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import giving
from tests.wallet.factories import NOON, Coalition
from wallet import ids, redeem

# What the application may write without a verb, and why.
ALLOWED = {
    ("ledger.outbox", "DELETE"),  # the worker takes away what it has told
    ("ledger.seal", "INSERT"),  # the sealing job adds a head to the chain
}
WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
TABLES = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'ledger'"
APPEND_ONLY = (
    "ledger.transfer",
    "ledger.refusal",
    "ledger.purchase_line",
    "ledger.purchase_return",
    "ledger.purchase_return_line",
    "ledger.purchase_event",
    "ledger.credit",
    "ledger.seal",
    'ledger."grant"',
    "ledger.grant_return",
    "ledger.explanation",
    "ledger.return_lot",
    "ledger.donation",
    "ledger.partner_attempt",
    "coalition.charity_change",
    "coalition.charity_agreement",
    "coalition.contract",
    "coalition.audit",
    "coalition.experiment",
    "coalition.experiment_end",
    "coalition.exposure",
    "coalition.offer",
)
FORBIDDEN = (
    "update ledger.wallet set credited = credited + 1",
    "insert into ledger.transfer select * from ledger.transfer",
    "delete from ledger.lot",
    "truncate ledger.purchase",
    "update ledger.position set version = 0",
    "update ledger.benefit set used_at = null, used_by = null",
    "delete from coalition.audit",
    "update coalition.contract set version = 9",
    "delete from coalition.member",
    "delete from coalition.exposure",
    "update coalition.experiment set plan = '{}'",
    "update coalition.experiment set name = 'x'",
    "alter table ledger.transfer disable trigger append_only",
    "set session_replication_role = replica",
    "drop function ledger.refuse_change() cascade",
    "create table ledger.mine (id int)",
    "create function ledger.mine() returns int language sql as 'select 1'",
    # The primitives that the verbs are made of.
    "select ledger.count(1::smallint, gen_random_uuid(), 'issued', 978::smallint, 1, 0)",
    "select ledger.take(1::smallint, gen_random_uuid(), 1, gen_random_uuid(), gen_random_uuid())",
    (
        "select ledger.give_back(1::smallint, gen_random_uuid(), 1, gen_random_uuid(),"
        " gen_random_uuid(), now(), 'UTC')"
    ),
    (
        "select ledger.draw_lots(1::smallint, gen_random_uuid(), 978::smallint, 1,"
        " gen_random_uuid(), gen_random_uuid())"
    ),
    "select ledger.fill_deficits(1::smallint, gen_random_uuid(), 978::smallint)",
    (
        "select ledger.refuse(1::smallint, gen_random_uuid(), gen_random_uuid(), 'x',"
        " gen_random_uuid(), '{}')"
    ),
    "select ledger.post_given('{1}', '{}', '{}', '{}', '{}', now())",
    "select ledger.post_moves(1::smallint, '{}')",
    "update ledger.partner_order set state = 'released'",
    (
        "select ledger.order_move(1::smallint, null, null, 'released', null, null, 'void', 'UTC',"
        " now())"
    ),
    (
        "select ledger.take_back(1::smallint, gen_random_uuid(), gen_random_uuid(),"
        " gen_random_uuid(), gen_random_uuid(), '{}', gen_random_uuid(), 0, 'operator',"
        " gen_random_uuid(), now())"
    ),
    (
        "select ledger.take_back_grants(1::smallint, gen_random_uuid(), gen_random_uuid(),"
        " gen_random_uuid(), '{}', '{}')"
    ),
    "select ledger.lock_for_return(1::smallint, gen_random_uuid(), '{}')",
    "select * from coalition.draw_secret",
    "select coalition.sampled('x', 'x', 2)",
    "select coalition.hmac_sha256('x', 'x')",
    "insert into coalition.draw_turn select gen_random_uuid(), 1, 1, gen_random_uuid(), 'x'",
    "update coalition.draw_seed set spins = 0",
    "update coalition.draw_place set prize = 'x'",
    "select ledger.excluded(1::smallint, gen_random_uuid(), now())",
    "update coalition.budget set allotted_minor = 0",
    "update ledger.budget_share set consumed = 0",
    (
        "select ledger.tell(1::smallint, gen_random_uuid(), 'x', gen_random_uuid(),"
        " gen_random_uuid(), now(), null)"
    ),
)


async def test_the_application_can_not_write_any_table_of_the_books(owner: Connection) -> None:
    tables = [row[0] for row in await owner.fetch(TABLES)]
    may = {
        (table, write)
        for table in tables
        for write in WRITES
        if await owner.fetchval(
            "select has_table_privilege('commonpurse_app', $1, $2)", table, write
        )
        or (
            write in ("INSERT", "UPDATE")
            and await owner.fetchval(
                "select has_any_column_privilege('commonpurse_app', $1, $2)", table, write
            )
        )
    }

    assert len(tables) >= 18
    assert ALLOWED == may


async def test_the_application_is_stopped(coalition: Coalition) -> None:
    for attempt in FORBIDDEN:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await coalition.db.execute(attempt)


async def test_the_application_role_is_nobody_special(owner: Connection) -> None:
    row = await owner.fetchrow(
        "select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin"
        " from pg_roles where rolname = 'commonpurse_app'"
    )

    assert row is not None
    assert (False,) * 6 == tuple(row)


@pytest.mark.tampers
async def test_what_is_posted_is_not_changed_even_by_the_owner(
    coalition: Coalition, owner: Connection
) -> None:
    """One row of every kind is there, so that each guard has something to refuse."""
    ana, key = await coalition.member(), ids.new()
    purchase_id = await coalition.fill(ana, 500)
    await coalition.give_back(coalition.mint, purchase_id, now=NOON)
    await coalition.goodwill(ana, 100, key=key)
    charity_id = await giving.charity(coalition)
    await giving.agree(coalition, charity_id, coalition.operator_id)
    await coalition.give(ana, charity_id, 1)
    await owner.execute(
        "insert into ledger.refusal (bucket, request_id, wallet_id, verb, fingerprint, answer)"
        " values (0, gen_random_uuid(), gen_random_uuid(), 'x', gen_random_uuid(), '{}')"
    )
    await owner.execute(
        "insert into ledger.purchase_event (bucket, purchase_id, kind, happened_at, request_id,"
        " fingerprint) values (0, gen_random_uuid(), 'x', now(), gen_random_uuid(),"
        " gen_random_uuid())"
    )
    await owner.execute(
        "insert into ledger.partner_attempt values"
        " (0, gen_random_uuid(), 1, 'issue', 'live', 'captured', null, 0, now())"
    )
    await owner.execute(
        "insert into ledger.seal (bucket, number, sealed_from, sealed_until, rows, leaves, head)"
        " values (0, 1, now(), now(), 0, '', '')"
    )
    await owner.execute(
        'insert into ledger."grant" select 0, gen_random_uuid(), 1, gen_random_uuid(),'
        " gen_random_uuid(), gen_random_uuid(), 978, 1, 0, 0, now()::date"
    )
    await owner.execute(
        "insert into ledger.grant_return"
        " select 0, gen_random_uuid(), 1, gen_random_uuid(), gen_random_uuid(), 0"
    )
    await owner.execute(
        "insert into ledger.explanation select 0, gen_random_uuid(), gen_random_uuid(), '{}'"
    )
    await owner.execute(
        "insert into coalition.experiment (experiment_id, name, plan, starts_at, ends_at,"
        " registered_by, registered_at) values (gen_random_uuid(), 'x', '{}', now(),"
        " now() + interval '1 day', gen_random_uuid(), now() - interval '1 day')"
    )
    await owner.execute(
        "insert into coalition.experiment_end (experiment_id, ended_at, result)"
        " values (gen_random_uuid(), now(), '{}')"
    )
    await owner.execute(
        "insert into coalition.exposure (experiment_id, member_id, arm, via)"
        " values (gen_random_uuid(), gen_random_uuid(), 'x', 'x')"
    )
    await owner.execute(
        "insert into coalition.offer (member_id, campaign_id, category, bps, reason, scorer,"
        " scorer_version, valid_from, valid_until) values (gen_random_uuid(), gen_random_uuid(),"
        " 'x', 1, '{}', 'x', 1, now(), now() + interval '1 day')"
    )
    for table in APPEND_ONLY:
        column = await owner.fetchval(
            "select attname from pg_attribute where attrelid = $1::regclass and attnum = 1", table
        )
        for attempt in (
            f"update {table} set {column} = {column}",
            f"delete from {table}",
            f"truncate {table}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await owner.execute(attempt)


async def test_every_table_of_facts_is_append_only(owner: Connection) -> None:
    guarded = await owner.fetch(
        "select tgrelid::regclass::text as name, count(*) from pg_trigger"
        " where tgname in ('append_only', 'no_truncate') and tgenabled = 'O' group by 1"
    )

    assert {(name, 2) for name in APPEND_ONLY} <= {tuple(row) for row in guarded}


async def test_a_dump_of_the_codes_spends_nothing(coalition: Coalition, owner: Connection) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 100)
    code = await redeem.code_issue(
        coalition.db, member_id=ana.member_id, merchant_id=coalition.mint, now=NOON
    )
    dump = str([tuple(row) for row in await owner.fetch("select * from ledger.redemption_code")])

    assert code.text.replace("-", "") not in dump
    assert code.text not in dump
