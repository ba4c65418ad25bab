"""Ending a link: at once here, soon after at the partner, and not before its orders are settled."""

import asyncio
from datetime import timedelta

import pytest
from starlette.responses import Response

from partners import adapter
from partners.links import linking, links, servers, tokens
from tests.partners.links import authority, linked
from tests.wallet import factories, ordering
from wallet import errors, ids

STALE = "update partner.link set expires_at = clock_timestamp()"


async def test_unlinking_works_at_once_and_is_revoked_at_the_partner(
    reach: servers.House, rosa: linked.Shop, rosa_server: authority.Authority
) -> None:
    member_id = ids.new()
    link_id = await linked.give(reach, rosa, member_id=member_id)
    (refresh,) = rosa_server.refresh
    ended = await links.unlink(reach.db, member_id, link_id)
    at_once = await tokens.access(reach, link_id)
    again = await links.unlink(reach.db, member_id, link_id)
    await tokens.tend(reach, limit=10)

    assert "unlinked" == ended.link.status == again.link.status
    assert (False, True) == (ended.replayed, again.replayed)
    assert isinstance(at_once, adapter.NotSent)
    assert [refresh] == rosa_server.revoked
    assert await reach.db.fetchval("select sealed is null and due_at is null from partner.link")
    assert 0 == await tokens.tend(reach, limit=10)
    with pytest.raises(errors.NotFound):
        await links.unlink(reach.db, ids.new(), link_id)


async def test_a_partner_that_is_away_is_told_again_and_in_the_end_the_tokens_are_erased(
    reach: servers.House, rosa: linked.Shop, rosa_server: authority.Authority
) -> None:
    member_id = ids.new()
    link_id = await linked.give(reach, rosa, member_id=member_id)
    await links.unlink(reach.db, member_id, link_id)
    rosa_server.answers["/revoke"] = lambda: Response(status_code=503)
    kept, waits = [], []
    for _ in range(tokens.TRIES_MAX):
        await tokens.tend(reach, limit=10)
        row = await reach.db.fetchrow(
            "select sealed is not null as kept, due_at - clock_timestamp() as wait"
            " from partner.link"
        )
        assert row is not None
        kept.append(row["kept"])
        waits.append(row["wait"])
        await reach.db.execute("update partner.link set due_at = clock_timestamp()")

    assert [True] * (tokens.TRIES_MAX - 1) + [False] == kept
    assert tokens.TRIES_MAX == rosa_server.times("/revoke")
    assert timedelta(minutes=9) < waits[0] < timedelta(minutes=11)
    assert timedelta(minutes=19) < waits[1] < timedelta(minutes=21)


async def test_what_nobody_confirmed_is_given_back(
    reach: servers.House, rosa: linked.Shop, rosa_server: authority.Authority
) -> None:
    await linked.give(reach, rosa, live=False)
    await tokens.tend(reach, limit=10)

    assert "unlinked" == await reach.db.fetchval("select status from partner.link")
    assert 1 == len(rosa_server.revoked)


async def test_what_is_renewed_while_the_member_unlinks_is_what_is_revoked(
    reach: servers.House, rosa: linked.Shop, rosa_server: authority.Authority
) -> None:
    member_id = ids.new()
    link_id = await linked.give(reach, rosa, member_id=member_id)
    await reach.db.execute(STALE)

    async def unlink() -> None:
        await links.unlink(reach.db, member_id, link_id)
        await tokens.tend(reach, limit=10)

    rosa_server.before_token = unlink
    told = await tokens.access(reach, link_id)
    (newest,) = rosa_server.refresh
    await tokens.tend(reach, limit=10)

    assert isinstance(told, adapter.NotSent)
    assert [newest] == rosa_server.revoked
    assert await reach.db.fetchval("select sealed is null from partner.link")


async def test_the_tokens_of_an_ended_link_wait_for_its_open_orders_and_serve_nothing_else(
    reach: servers.House,
    rosa: linked.Shop,
    rosa_server: authority.Authority,
    coalition: factories.Coalition,
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    link_id = await linked.give(reach, rosa, member_id=ana.member_id)
    order = await ordering.held(coalition, ana, coalition.mint, link_id=link_id)
    order = await ordering.taken(coalition, order)
    order = await ordering.told(coalition, order, "unknown", "unknown", ask="find")
    await links.unlink(reach.db, ana.member_id, link_id)
    waiting = await tokens.tend(reach, limit=10)
    await reach.db.execute(STALE)
    issuing = await tokens.access(reach, link_id)
    looking = await tokens.access(reach, link_id, settling=True)
    order = await ordering.taken(coalition, order)
    await ordering.told(coalition, order, "captured", "live")
    await tokens.tend(reach, limit=10)
    later = await tokens.access(reach, link_id, settling=True)

    assert 0 == waiting
    assert isinstance(issuing, adapter.NotSent)
    assert isinstance(looking, tokens.Access)
    assert looking.token in rosa_server.access
    assert isinstance(later, adapter.NotSent)
    assert 1 == len(rosa_server.revoked)


async def test_of_two_members_with_one_account_and_of_two_accounts_of_one_member_one_is_linked(
    reach: servers.House, rosa: linked.Shop
) -> None:
    """All say yes at the same moment."""
    ana, ben = ids.new(), ids.new()
    for place, member_id in enumerate((ana, ben, ana, ben)):
        rosa.server.user = (f"shopper-{place // 2}", "A shopper")
        await linked.give(reach, rosa, member_id=member_id, live=False, session_id=ids.new())
    rows = await reach.db.fetch("select link_id, member_id, session_id from partner.link_attempt")
    said = await asyncio.gather(
        *(
            linking.confirm(
                reach, linking.Visitor(row["member_id"], row["session_id"]), row["link_id"]
            )
            for row in rows
        )
    )
    live = await reach.db.fetch(
        "select member_id, subject from partner.link where status = 'active'"
    )

    assert set(said) <= {None, "taken"}
    assert 0 < len(live) <= 2
    assert len({row["member_id"] for row in live}) == len({row["subject"] for row in live})
    assert len(live) == len({row["member_id"] for row in live})
