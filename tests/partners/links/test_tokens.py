"""Tokens of links: one renewal for all who need it, a lapse that is told, and an end that is told.

The authorization server is real. Workers race as tasks with one database, and one dies as a
process does: between the partner's answer and our write.
"""

import asyncio
import os
import signal
import sys
import uuid
from pathlib import Path

import pytest
from starlette.responses import Response

from partners import adapter, rewrap, vault
from partners.links import servers, tokens
from tests.conftest import Connection
from tests.partners.links import authority, linked
from wallet import database

STALE = "update partner.link set expires_at = clock_timestamp() + interval '59 seconds'"
WORKERS = 8


async def status(db: database.Database, link_id: uuid.UUID) -> str:
    return str(await db.fetchval("select status from partner.link where link_id = $1", link_id))


async def got(reach: servers.House, link_id: uuid.UUID, *, than: int | None = None) -> str:
    found = await tokens.access(reach, link_id, than=than)
    assert isinstance(found, tokens.Access), found
    return found.token


async def test_a_good_token_is_used_as_it_is(
    reach: servers.House, link_id: uuid.UUID, rosa_server: authority.Authority
) -> None:
    found = await tokens.access(reach, link_id)

    assert isinstance(found, tokens.Access)
    assert ("shopper-1", 1) == (found.subject, found.version)
    assert found.token not in repr(found)
    assert [] == rosa_server.asked


async def test_eight_workers_renew_once(
    reach: servers.House, link_id: uuid.UUID, rosa_server: authority.Authority
) -> None:
    await reach.db.execute(STALE)
    rosa_server.before_token = lambda: asyncio.sleep(0.2)

    found = await asyncio.gather(*(got(reach, link_id) for _ in range(WORKERS)))

    assert 1 == rosa_server.times("/token")
    assert 1 == len(set(found))
    assert found[0] in rosa_server.access


async def test_no_transaction_and_no_lock_is_held_while_the_partner_is_asked(
    reach: servers.House, link_id: uuid.UUID, rosa_server: authority.Authority, owner: Connection
) -> None:
    await reach.db.execute(STALE)
    seen = []

    async def look() -> None:
        open_ones = await owner.fetchval(
            "select count(*) from pg_stat_activity where xact_start is not null"
            " and pid <> pg_backend_pid() and datname = current_database()"
        )
        await owner.execute("select from partner.link for update nowait")
        seen.append(open_ones)

    rosa_server.before_token = look
    await got(reach, link_id)

    assert [0] == seen


async def test_a_token_that_lives_shorter_than_our_margin_is_used_by_all_who_waited_for_it(
    reach: servers.House, link_id: uuid.UUID, rosa_server: authority.Authority
) -> None:
    rosa_server.life_seconds = 5
    await reach.db.execute(STALE)
    rosa_server.before_token = lambda: asyncio.sleep(0.1)

    found = await asyncio.gather(*(got(reach, link_id) for _ in range(WORKERS)))

    assert (1, 1) == (rosa_server.times("/token"), len(set(found)))


async def test_a_token_that_the_partner_did_not_take_is_renewed_whatever_it_said(
    reach: servers.House, link_id: uuid.UUID, rosa_server: authority.Authority
) -> None:
    first = await tokens.access(reach, link_id)
    assert isinstance(first, tokens.Access)
    second = await got(reach, link_id, than=first.version)
    third = await got(reach, link_id, than=first.version)

    assert first.token != second
    assert second == third
    assert 1 == rosa_server.times("/token")


async def test_what_the_partner_does_not_renew_is_told_and_never_asked_again(
    reach: servers.House, link_id: uuid.UUID, rosa_server: authority.Authority
) -> None:
    await reach.db.execute(STALE)
    rosa_server.refresh.clear()

    answers = await asyncio.gather(*(tokens.access(reach, link_id) for _ in range(WORKERS)))
    later = await tokens.access(reach, link_id)

    assert all(isinstance(one, adapter.NotSent) and one.reauthorize for one in (*answers, later))
    assert 1 == rosa_server.times("/token")
    assert "reauth_required" == await status(reach.db, link_id)
    assert await reach.db.fetchval("select sealed is null from partner.link")


async def test_a_server_that_is_away_is_asked_once_in_a_while_and_costs_no_link(
    reach: servers.House, link_id: uuid.UUID, rosa_server: authority.Authority
) -> None:
    await reach.db.execute(STALE)
    rosa_server.answers["/token"] = lambda: Response(status_code=503)

    first = await tokens.access(reach, link_id)
    second = await tokens.access(reach, link_id)
    asked = rosa_server.times("/token")
    del rosa_server.answers["/token"]
    await reach.db.execute("update partner.link set refresh_until = clock_timestamp()")
    found = await got(reach, link_id)

    for one in (first, second):
        assert isinstance(one, adapter.NotSent)
        assert (tokens.PAUSE, False) == (one.retry_after, one.reauthorize)
    assert 1 == asked
    assert found in rosa_server.access


# A vault that is only asked to seal once the partner has answered.
DYING = """
import asyncio, os, signal, sys, uuid
from pathlib import Path
from partners import vault
from partners.links import servers, tokens
from wallet import database

class Dying(vault.Vault):
    def seal(self, *told: object, **more: object) -> vault.Sealed:
        os.kill(os.getpid(), signal.SIGKILL)

async def main() -> None:
    dsn, keys, host, link_id = sys.argv[1:]
    db = await database.Database.connect(dsn, size=2)
    house = servers.House(db, Dying(Path(keys)), "http://localhost", frozenset({host}))
    await tokens.access(house, uuid.UUID(link_id))

asyncio.run(main())
"""


@pytest.mark.slow
async def test_a_worker_that_dies_between_the_answer_and_the_write_costs_the_link_and_says_so(
    reach: servers.House,
    link_id: uuid.UUID,
    rosa_server: authority.Authority,
    dsn: str,
    path: Path,
) -> None:
    await reach.db.execute(STALE)
    dying = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DYING, dsn, str(path), rosa_server.host, str(link_id)),
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert -signal.SIGKILL == await dying.wait()
    held = await status(reach.db, link_id)
    # The claim of the dead ends by itself; here it is made to.
    await reach.db.execute("update partner.link set refresh_until = clock_timestamp()")
    told = await tokens.access(reach, link_id)

    assert "active" == held
    assert isinstance(told, adapter.NotSent)
    assert told.reauthorize
    assert 2 == rosa_server.times("/token")
    assert "reauth_required" == await status(reach.db, link_id)


async def test_whoever_lost_the_claim_does_not_write(
    reach: servers.House, link_id: uuid.UUID, rosa_server: authority.Authority
) -> None:
    """A process that slept through its claim wakes up and finds that another has renewed."""
    await reach.db.execute(STALE)

    async def sleep() -> None:
        rosa_server.before_token = None
        await reach.db.execute("update partner.link set refresh_until = clock_timestamp()")
        rosa_server.refresh["again"] = "shopper-1"
        await reach.db.execute(
            "update partner.link set refresh_id = gen_random_uuid(), version = version + 1"
        )

    rosa_server.before_token = sleep
    told = await tokens.access(reach, link_id)

    assert isinstance(told, adapter.NotSent)
    assert 2 == await reach.db.fetchval("select version from partner.link")


async def test_a_sealed_token_opens_in_its_own_row_only(
    reach: servers.House, rosa: linked.Shop, link_id: uuid.UUID
) -> None:
    rosa.server.user = ("mallory", "Mallory")
    other = await linked.give(reach, rosa)
    await reach.db.execute(
        "update partner.link t set sealed = s.sealed, kid = s.kid from partner.link s"
        " where t.link_id = $1 and s.link_id = $2",
        *(other, link_id),
    )

    told = await tokens.access(reach, other)

    assert isinstance(told, adapter.NotSent)
    assert told.reauthorize
    assert await got(reach, link_id)


async def test_a_new_key_of_the_ring_seals_links_anew_and_the_old_one_may_go(
    reach: servers.House, link_id: uuid.UUID, path: Path
) -> None:
    before = await got(reach, link_id)
    old = reach.vault.kid
    vault.add(path)
    await rewrap.rewrap(reach.db, reach.vault)
    needed = await rewrap.counts(reach.db)
    vault.remove(path, old)

    assert {reach.vault.kid} == set(needed)
    assert before == await got(reach, link_id)


@pytest.mark.parametrize(
    "lie",
    [
        {"token_endpoint": "https://elsewhere.example/token"},
        {"authorization_endpoint": "https://elsewhere.example/authorize"},
        {"jwks_uri": "https://elsewhere.example/keys"},
        {"revocation_endpoint": "http://127.0.0.1:1/revoke"},
        {"userinfo_endpoint": "//elsewhere.example/account"},
        {"token_endpoint": "http://user@127.0.0.1/token"},
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": None},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
async def test_metadata_that_leads_elsewhere_is_not_believed(
    reach: servers.House, rosa: linked.Shop, lie: dict[str, object]
) -> None:
    rosa.server.metadata = lie
    server = await servers.by_slug(reach, "rosa")
    assert server is not None

    with pytest.raises(servers.Misconfigured):
        await servers.endpoints(reach, server)


def test_endpoints_that_the_operator_names_must_lie_at_the_issuer_too() -> None:
    good = {"issuer": "https://shop.example", "client_id": "wallet"}

    assert servers.read(good).issuer == "https://shop.example"
    for bad in (
        {"token_endpoint": "https://elsewhere.example/token"},
        {"token_endpoint": "https://shop.example:8443/token"},
        {"issuer": "shop.example"},
        {"issuer": "https://user@shop.example"},
        {"issuer": "https://shop.example/?a=b"},
        {"unheard": True},
    ):
        with pytest.raises(servers.Misconfigured):
            servers.read(good | bad)
