"""Ready to be distributed by bucket: what the catalog must say of every ledger object, for ever."""

from collections.abc import Sequence

import pytest

from tests.conftest import Connection
from tests.wallet.factories import Coalition
from wallet import ids, sql

# Reference data that every node holds whole; no write to a wallet touches it.
WITHOUT_BUCKET = {"chart"}
# Arithmetic on what it is given, which reads no table, and the guard that refuses.
PURE = {
    *("breakage_code", "breakage_kind", "charted", "derived", "order_moves"),
    *("end_of_day", "posted_before", "refuse_change"),
}
# Answers rows instead of one document, because a batch claims a thousand references.
ROWS = {"claim"}

KEYS = """
select c.relname as table, i.relname as index,
       (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = x.indkey[0])
         as first
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = 'ledger' and (x.indisunique or x.indisprimary)
"""
FUNCTIONS = """
select p.proname as name, p.prosecdef as definer, coalesce(p.proconfig::text, '') as settings,
       coalesce(p.proargnames[1], '') as first, coalesce(format_type(p.proargtypes[0], null), '')
         as type, l.lanname as language, format_type(p.prorettype, null) as answer,
       has_function_privilege('commonpurse_app', p.oid, 'execute') as granted
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  join pg_language l on l.oid = p.prolang where n.nspname = 'ledger'
"""


async def names(owner: Connection, query: str, *arguments: object) -> Sequence[str]:
    return [row[0] for row in await owner.fetch(query, *arguments)]


async def test_every_unique_key_begins_with_the_bucket(owner: Connection) -> None:
    rows = await owner.fetch(KEYS)

    assert {"bucket"} == {row["first"] for row in rows if row["table"] not in WITHOUT_BUCKET}
    assert WITHOUT_BUCKET == {row["table"] for row in rows if row["first"] != "bucket"}


async def test_every_table_of_the_books_has_a_primary_key(owner: Connection) -> None:
    without = await names(
        owner,
        "select c.relname from pg_class c where c.relkind = 'r'"
        " and c.relnamespace in ('ledger'::regnamespace, 'coalition'::regnamespace)"
        " and not exists (select 1 from pg_index x where x.indrelid = c.oid and x.indisprimary)",
    )

    assert [] == without


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("sequence", "select relname from pg_class c where relkind = 'S'"),
        (
            "identity column",
            (
                "select attname from pg_attribute a join pg_class c on c.oid = attrelid"
                " where attidentity <> ''"
            ),
        ),
        ("foreign key", "select conname from pg_constraint c where contype = 'f'"),
        ("exclusion", "select conname from pg_constraint c where contype = 'x'"),
        ("deferrable", "select conname from pg_constraint c where condeferrable"),
        ("enum", "select typname from pg_type c where typtype = 'e'"),
        (
            "trigger that decides",
            (
                "select tgname from pg_trigger t join pg_class c on c.oid = tgrelid"
                " where not tgisinternal and tgname not in ('append_only', 'no_truncate')"
            ),
        ),
    ],
)
async def test_nothing_that_a_distributed_engine_lacks_is_used(
    owner: Connection, what: str, query: str
) -> None:
    # Every catalog here calls its schema relnamespace, connamespace or typnamespace.
    space = {"conname": "connamespace", "typname": "typnamespace"}.get(
        query.split()[1], "relnamespace"
    )
    clause = f" and c.{space} in ('ledger'::regnamespace, 'coalition'::regnamespace)"

    assert [] == await names(owner, query + clause), what


async def test_every_function_takes_the_bucket_first(owner: Connection) -> None:
    rows = await owner.fetch(FUNCTIONS)
    firsts = {row["name"]: (row["first"], row["type"]) for row in rows}

    allowed = {("p_bucket", "smallint"), ("p_buckets", "smallint[]")}
    assert PURE == {name for name, first in firsts.items() if first not in allowed}


async def test_the_verbs_are_plans_kept_and_run_as_the_owner_alone(owner: Connection) -> None:
    """A verb reaches no table by the caller's search path, and answers one document."""
    verbs = [row for row in await owner.fetch(FUNCTIONS) if row["granted"]]

    assert len(verbs) >= 15
    assert {("plpgsql", True)} == {(row["language"], row["definer"]) for row in verbs}
    assert all('"search_path=pg_catalog, pg_temp"' in row["settings"] for row in verbs)
    assert {"jsonb"} == {row["answer"] for row in verbs if row["name"] not in ROWS}


def test_the_functions_use_nothing_that_serialises_commits() -> None:
    banned = ("pg_notify", "notify ", "advisory", "lock table", "create temp", "savepoint")
    used = [
        (name, word)
        for name in sql.names("functions")
        for word in banned
        if word in sql.load(name).lower()
    ]

    assert [] == used


def test_the_number_of_buckets_is_what_every_key_was_made_with() -> None:
    assert 256 == ids.BUCKETS


async def test_the_books_know_with_how_many_buckets_they_were_made(
    coalition: Coalition, owner: Connection
) -> None:
    assert ids.BUCKETS == await owner.fetchval("select buckets from coalition.programme")
