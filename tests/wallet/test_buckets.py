"""One write, one bucket: the books could live on many servers, and here they do live on four.

The guard is a trigger of this test: it stops every transaction that touches rows of two buckets.
Batches and sweeps are allowed several by design; on many servers each gets the buckets it keeps.
"""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from tests import copies
from tests.conftest import Connection
from tests.wallet import factories, giving, paying_out
from tests.wallet.factories import DAY, NOON, Coalition
from wallet import audit, earn, expire, ids, laws, members, redeem
from wallet.database import Database
from wallet.rules import purchases, returns

GUARD = """
create function public.one_bucket() returns trigger language plpgsql as $$
declare
  v_bucket text := coalesce(new.bucket, old.bucket)::text;
  v_before text := current_setting('guard.bucket', true);
begin
  if coalesce(v_before, '') not in ('', v_bucket) then
    raise exception 'one transaction touches the buckets % and %', v_before, v_bucket;
  end if;
  perform set_config('guard.bucket', v_bucket, true);
  return coalesce(new, old);
end $$
"""
SHARDS = 4
# What joins two buckets: a sale with its reference's claim, a member with the wallet.
ACROSS = {"references are claimed once", "members have wallets"}


async def story(coalition: Coalition, bucket: int) -> members.Member:
    """Everything that one member can do, one write at a time."""
    db = coalition.db
    rosa = await coalition.merchant(expiry={"days": 30})
    ana = await coalition.member(bucket=bucket)
    await coalition.fill(ana, 5000)
    reported = await coalition.report(rosa, ana, factories.unpaid(10_000, 3000))
    await earn.event(
        db,
        merchant_id=rosa,
        request_id=ids.new(),
        purchase_id=reported.purchase_id,
        event=purchases.Event("paid", NOON),
        now=NOON,
    )
    await coalition.give_back(rosa, reported.purchase_id, returns.ReturnLine(1, 500))
    await earn.mature(db, now=NOON + 14 * DAY)
    await coalition.give_back(rosa, reported.purchase_id, returns.ReturnLine(2))
    spent = await coalition.capture(await coalition.hold(ana, rosa, 3000), 2000)
    await coalition.refund(spent, 500)
    await coalition.release(await coalition.hold(ana, rosa, 100))
    await coalition.hold(ana, rosa, 100)
    await redeem.sweep(db, now=NOON + DAY)
    charity_id = await giving.charity(coalition)
    await coalition.give(ana, charity_id, 40)
    await factories.refused(coalition.give(ana, charity_id, 10**9))
    await coalition.goodwill(ana, 300)
    await expire.sweep(db, now=NOON + 60 * DAY)
    return ana


async def guard(owner: Connection) -> None:
    """Let every transaction raise that writes into two buckets."""
    await owner.execute(GUARD)
    tables = await owner.fetch(
        "select distinct c.oid::regclass::text from pg_class c join pg_attribute a"
        " on a.attrelid = c.oid and a.attname = 'bucket' where c.relkind = 'r'"
        " and c.relnamespace = 'ledger'::regnamespace"
    )
    for (table,) in tables:
        await owner.execute(
            f"create trigger one_bucket before insert or update or delete on {table}"
            " for each row execute function public.one_bucket()"
        )


async def test_no_single_verb_touches_two_buckets(coalition: Coalition, owner: Connection) -> None:
    await guard(owner)

    for bucket in (0, 77, 255):
        ana = await story(coalition, bucket)
        await members.suspend(coalition.db, ana.member_id, reason="stolen", actor=audit.SYSTEM)

    # The guard does bite: a batch may touch two buckets, and it sees that.
    two = [
        earn.Report(ids.new(), (await coalition.member(bucket=one)).member_id, bought)
        for one, bought in ((1, factories.purchase(100)), (2, factories.purchase(100)))
    ]
    with pytest.raises(asyncpg.RaiseError, match="touches the buckets"):
        await earn.report(coalition.db, merchant_id=coalition.mint, items=two, now=NOON)


async def test_paying_a_charity_out_touches_one_bucket_at_a_time(
    coalition: Coalition, owner: Connection
) -> None:
    await guard(owner)
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500, 250)
    await paying_out.promised(coalition, charity_id)

    first = await paying_out.prepare(coalition, charity_id)
    await paying_out.cancel(coalition, first.remittance_id)
    second = await paying_out.prepare(coalition, charity_id)

    assert 1350 == first.amount_minor == second.amount_minor


class Routed(Database):
    """Four databases behind one door: a statement goes to the one that keeps its first argument.

    Reference data (`coalition`) is written to all four, as a distributed engine would.
    """

    shards: list[Database]

    async def _run(
        self, method: str, statement: str, arguments: Sequence[object], pool: Any = None
    ) -> Any:
        async def on(shard: Database, *given: object) -> Any:
            used = shard.bulk_pool if pool is self.bulk_pool else shard.pool
            return await Database._run(shard, method, statement, given, used)

        if "ledger." not in statement:
            reading = not re.search(r"\b(insert|update)\b", statement)
            rows = [await on(one, *arguments) for one in self.shards[: 1 if reading else SHARDS]]
            return rows[0]
        if statement.startswith("with opened"):
            return await self.enrol(statement, arguments)
        first: Any = arguments[4] if "coalition.allowance" in statement else arguments[0]
        if isinstance(first, list) and len(first) == ids.BUCKETS:
            answers = [
                orjson.loads(await on(one, first[place::SHARDS], *arguments[1:]))
                for place, one in enumerate(self.shards)
            ]
            return orjson.dumps({name: sum(one[name] for one in answers) for name in answers[0]})
        if "from ledger.redemption where state" in statement:
            return [row for one in self.shards for row in await on(one, *arguments)]
        named = first if isinstance(first, list) else [first]
        kept = {(ids.bucket_of(one) if isinstance(one, UUID) else one) % SHARDS for one in named}
        assert 1 == len(kept), statement
        return await on(self.shards[kept.pop()], *arguments)

    async def enrol(self, statement: str, arguments: Sequence[Any]) -> object:
        """The wallet is opened where it is kept; the member is known everywhere."""
        home = self.shards[arguments[0] % SHARDS]
        for other in self.shards:
            if other is not home:
                await other.execute(
                    "insert into coalition.member (member_id, wallet_id, display_name, email)"
                    " values ($1, $2, $3, $4)",
                    *(arguments[4], arguments[1], *arguments[5:7]),
                )
        return await home.fetchval(statement, *arguments)


@pytest.fixture
async def four(server: str, template: str) -> AsyncIterator[list[str]]:
    """The URLs of four databases with our schema."""
    connection = await asyncpg.connect(server)
    names = [f"{template}_shard_{number}" for number in range(SHARDS)]
    for name in names:
        await connection.execute(copies.copying(name, template))
    yield [copies.at(server, name) for name in names]
    for name in names:
        await connection.execute(f"drop database {name} with (force)")
    await connection.close()


async def test_the_books_live_on_four_servers(four: list[str], coalition: Coalition) -> None:
    """The same story leaves the same wallets, whether one server keeps them or four."""
    shards = [await Database.connect(dsn, size=1, bulk_size=1) for dsn in four]
    routed = Routed(shards[0].pool, shards[0].bulk_pool)
    routed.shards = shards
    spread = await factories.open_coalition(routed)
    buckets = (0, 1, 2, 3, 130, 255)

    apart = [await spread.faces(await story(spread, one)) for one in buckets]
    together = [await coalition.faces(await story(coalition, one)) for one in buckets]

    wallets, broken = [], set()
    for shard, dsn in zip(shards, four, strict=True):
        wallets.append(await shard.fetchval("select count(*) from ledger.wallet"))
        connection = await asyncpg.connect(dsn)
        broken |= {breach.law for breach in await laws.check(connection)} - ACROSS
        await connection.close()
        await shard.close()
    assert together == apart
    assert [1, 1, 2, 2] == wallets
    assert set() == broken
