"""Opening a partner: with its secret and to its hosts only, kept while it is as it was."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from partners import adapter, credentials, directory, opening
from partners import demo_partner as shops
from tests.partners import demo, standing
from tests.wallet import factories
from wallet import audit, ids, money
from wallet.database import Database


@pytest.fixture
async def house(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> AsyncIterator[standing.Standing]:
    async with standing.opened(db, tmp_path, demo_partner) as made:
        yield made


@pytest.fixture
async def partner(house: standing.Standing, demo_partner: demo.Partner) -> directory.Partner:
    merchant = await (await factories.open_coalition(house.db)).merchant()
    return await house.partner(merchant, demo_partner)


async def issued(house: standing.Standing, partner: directory.Partner) -> str:
    async with house.opener.open(partner) as shop:
        return type(await shop.issue(standing.order())).__name__


async def test_an_opened_partner_takes_an_order(
    house: standing.Standing, partner: directory.Partner
) -> None:
    ordered = standing.order(1234)
    async with house.opener.open(partner) as shop:
        result = await shop.issue(ordered)
        found = await shop.find(ordered)

    assert isinstance(result, adapter.Issued)
    assert (adapter.Money(1234, money.EUR), ordered.key) == (result.receipt.money, ordered.key)
    assert result.receipt == found


async def test_while_a_secret_is_replaced_the_partner_may_know_either(
    house: standing.Standing, partner: directory.Partner
) -> None:
    rotating = await house.give(partner, "the-next-secret", keep_old=True)
    before = await issued(house, rotating)
    dropped = await credentials.drop_old(
        house.db,
        partner_id=partner.partner_id,
        name="credential",
        reason=standing.REASON,
        actor=audit.SYSTEM,
    )
    after = await issued(house, await directory.find(house.db, partner.partner_id))

    assert ("Issued", True, "NotSent") == (before, dropped, after)


async def test_a_secret_is_set_once_and_its_id_stands_for_one_secret(
    house: standing.Standing, partner: directory.Partner
) -> None:
    told: dict[str, Any] = {
        "secret_id": ids.new(),
        "partner_id": partner.partner_id,
        "name": "credential",
        "keep_old": True,
        "reason": standing.REASON,
        "actor": audit.SYSTEM,
    }

    replayed = [
        await credentials.set_secret(house.db, house.ring, secret="one", **told) for _ in range(2)
    ]
    other = await factories.refused(
        credentials.set_secret(house.db, house.ring, secret="two", **told)
    )

    assert ([False, True], "IDEMPOTENCY_KEY_REUSED") == (replayed, other.code)
    live = await credentials.live(house.db, house.ring, partner.partner_id, "credential")
    assert ("one", shops.SECRET) == live


async def test_of_secrets_that_are_set_at_once_the_last_two_live(
    house: standing.Standing, partner: directory.Partner
) -> None:
    await asyncio.gather(*(house.give(partner, f"secret-{n}", keep_old=True) for n in range(8)))

    live = await credentials.live(house.db, house.ring, partner.partner_id, "credential")

    assert 2 == len({*live})
    assert shops.SECRET not in live


async def test_no_secret_is_readable_in_the_database_or_in_the_trail(
    house: standing.Standing, partner: directory.Partner
) -> None:
    rows = await house.db.fetch("select to_jsonb(s)::text as row from partner.secret s")
    trail = await house.db.fetch("select to_jsonb(a)::text as row from coalition.audit a")

    assert 2 == len(rows)
    assert not [row for row in (*rows, *trail) if shops.SECRET in row["row"]]
    assert not [row for row in rows if shops.SECRET.encode().hex() in row["row"]]


async def test_a_secret_in_another_partners_row_opens_nothing(
    house: standing.Standing, partner: directory.Partner, demo_partner: demo.Partner
) -> None:
    other = await house.partner(partner.merchant_id, demo_partner)
    await house.db.execute(
        "update partner.secret s set sealed = o.sealed from partner.secret o"
        " where s.partner_id = $1 and o.partner_id = $2 and s.name = o.name",
        other.partner_id,
        partner.partner_id,
    )

    with pytest.raises(opening.Closed, match="does not open"):
        await issued(house, other)


async def test_a_client_is_kept_while_the_partner_is_as_it_was_and_closed_after_its_last_use(
    house: standing.Standing, partner: directory.Partner
) -> None:
    async with house.opener.open(partner) as first, house.opener.open(partner) as second:
        changed = await directory.change(
            house.db,
            house.adapters,
            partner_id=partner.partner_id,
            facts=directory.Facts("New name", partner.facts.config, partner.offers),
            reason=standing.REASON,
            actor=audit.SYSTEM,
        )
        async with house.opener.open(changed) as third:
            old = await first.issue(standing.order())
            new = await third.issue(standing.order())

    assert first is second
    assert first is not third
    assert [adapter.Issued] * 2 == [type(old), type(new)]
    assert [(partner.partner_id, changed.version)] == list(house.opener._kept)


async def test_a_linked_account_is_spoken_for_by_its_own_token(
    house: standing.Standing, partner: directory.Partner
) -> None:
    bearer = credentials.Speaking(adapter.Credential(), ["a-token-of-somebody"])
    async with house.opener.open(partner, auth=bearer) as shop:
        result = await shop.issue(standing.order())

    assert isinstance(result, adapter.NotSent)
    assert result.reauthorize
    assert {} == house.opener._kept


async def test_a_partner_outside_the_settings_is_not_reached_at_a_private_address(
    house: standing.Standing, partner: directory.Partner
) -> None:
    house.opener.private = ()

    checked = await opening.check(house.opener, partner)

    assert not checked.well
    assert "without https" in checked.seen


async def test_a_check_says_whether_a_partner_answers_us(
    house: standing.Standing, partner: directory.Partner, demo_partner: demo.Partner
) -> None:
    merchant = partner.merchant_id
    away = {"address": "http://127.0.0.1:9"}
    house.opener.private = {demo_partner.host, "127.0.0.1:9"}
    wrong = await house.partner(merchant, demo_partner, secret="wrong")
    none = await house.partner(merchant, demo_partner, secret=None)
    nobody = await house.partner(merchant, demo_partner, config=away)

    seen = [await opening.check(house.opener, one) for one in (partner, wrong, none, nobody)]

    untaken = "It was not asked: the credentials were not taken."
    assert [
        (True, "It answers, and takes our credentials."),
        (False, untaken),
        (False, untaken),
        (False, "It was not asked: ConnectError."),
    ] == [(one.well, one.seen) for one in seen]


class Wild:
    """An adapter that does everything wrong."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    async def issue(self, _order: adapter.Order) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    find = issue

    async def reverse(self, order: adapter.Order, _receipt: adapter.Receipt) -> Any:
        return await self.issue(order)

    async def issued_between(self, _since: object, _until: object) -> Any:
        return await self.issue(standing.order())

    def events(self, _delivery: adapter.Delivery) -> Any:
        raise KeyError("a stranger's bytes")


def wild(answer: object) -> opening.Spoken:
    real: Any = Wild(answer)
    return opening.Spoken(real, adapter.Capabilities(kinds=("coupon",)))


LESS = adapter.Receipt("r", adapter.Money(499, money.EUR), state="void")
DOLLARS = adapter.Receipt("r", adapter.Money(500, money.USD), state="void")
LIVE = adapter.Receipt("r", adapter.Money(500, money.EUR))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        True,
        KeyError("secret"),
        httpx2.ReadError("x"),
        adapter.Issued(LESS),
        adapter.Issued(DOLLARS),
    ],
)
async def test_whatever_an_adapter_does_the_saga_gets_an_unknown(answer: object) -> None:
    spoken = wild(answer)
    ordered = standing.order()

    results = [
        await spoken.issue(ordered),
        await spoken.find(ordered),
        await spoken.reverse(ordered, LIVE),
        await spoken.issued_between(ordered.created_at, ordered.created_at),
    ]

    assert [adapter.Unknown] * 4 == [type(one) for one in results]
    assert "secret" not in repr(results)


async def test_a_reversal_that_leaves_it_live_is_unknown() -> None:
    spoken = wild(adapter.Issued(LIVE))

    assert isinstance(await spoken.reverse(standing.order(), LIVE), adapter.Unknown)
