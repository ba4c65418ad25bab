"""Merchants and their stores: each id stands for one of them, said once and logged once."""

import asyncio
from typing import Any
from uuid import UUID

from tests.wallet import factories
from tests.wallet.factories import NOON, Coalition, refused
from wallet import audit, errors, ids, merchants

STAFF = audit.Actor("staff", ids.new())


async def add(coalition: Coalition, merchant_id: UUID, **changes: Any) -> merchants.Added:
    """Add shop 17 in the Baixa, but for what is given."""
    plain = {"store_id": ids.new(), "external_id": "17", "name": "Baixa", "channel": "shop"}
    facts: dict[str, Any] = {**plain, **changes}
    return await merchants.store_add(coalition.db, merchant_id=merchant_id, **facts)


async def logged(coalition: Coalition, act: str) -> list[tuple[str, UUID | None, UUID, str | None]]:
    """Who did an act to what, and why, in order."""
    rows = await coalition.db.fetch(
        "select actor_kind, actor_id, subject_id, reason from coalition.audit where act = $1"
        " order by audit_id",
        act,
    )
    return [tuple(row) for row in rows]


async def test_adding_a_store_again_is_harmless_and_logged_once(coalition: Coalition) -> None:
    rosa, key = await coalition.merchant(), ids.new()

    first = await add(coalition, rosa, store_id=key, actor=STAFF)
    again = await add(coalition, rosa, store_id=key, actor=STAFF)

    assert (False, True) == (first.replayed, again.replayed)
    assert first.store == again.store
    assert [("staff", STAFF.actor_id, key, None)] == await logged(coalition, "store.add")


async def test_a_store_that_the_system_adds_is_logged_as_its_doing(coalition: Coalition) -> None:
    rosa, key = await coalition.merchant(), ids.new()

    await add(coalition, rosa, store_id=key)

    assert [("system", None, key, None)] == await logged(coalition, "store.add")


async def test_a_store_id_stands_for_one_store(coalition: Coalition) -> None:
    rosa, lua, key = await coalition.merchant(), await coalition.merchant(), ids.new()
    added = await add(coalition, rosa, store_id=key)

    refusals = [
        await refused(add(coalition, rosa, store_id=key, external_id="18")),
        await refused(add(coalition, rosa, store_id=key, name="Chiado")),
        await refused(add(coalition, rosa, store_id=key, channel="app")),
        await refused(add(coalition, lua, store_id=key)),
    ]

    assert ["IDEMPOTENCY_KEY_REUSED"] * 4 == [refusal.code for refusal in refusals]
    assert all(refusal.data["first_used_at"] for refusal in refusals)
    assert {rosa: [added.store], lua: []} == await merchants.stores(coalition.db, [rosa, lua])
    assert 1 == len(await logged(coalition, "store.add"))


async def test_a_number_names_one_store_of_a_merchant_and_may_name_one_of_another(
    coalition: Coalition,
) -> None:
    rosa, lua = await coalition.merchant(), await coalition.merchant()
    await add(coalition, rosa)

    refusal = await refused(add(coalition, rosa, name="Chiado"))
    other = await add(coalition, lua)

    assert ("REFERENCE_USED", ("external_id",)) == (refusal.code, refusal.path)
    assert not other.replayed


async def test_what_can_be_no_store_is_refused_at_its_place(coalition: Coalition) -> None:
    rosa = await coalition.merchant()

    refusals = [
        await refused(add(coalition, rosa, channel="kiosk")),
        await refused(add(coalition, rosa, channel="")),
        await refused(add(coalition, rosa, name=" ")),
        await refused(add(coalition, rosa, external_id="\x00")),
        await refused(add(coalition, ids.new())),
    ]

    assert [
        ("TEXT_INVALID", ("channel",)),
        ("TEXT_INVALID", ("channel",)),
        ("TEXT_INVALID", ("name",)),
        ("TEXT_INVALID", ("external_id",)),
        ("NOT_FOUND", ()),
    ] == [(refusal.code, refusal.path) for refusal in refusals]
    assert {rosa: []} == await merchants.stores(coalition.db, [rosa])
    assert [] == await logged(coalition, "store.add")


async def test_a_race_to_add_makes_one_store_and_one_entry_in_the_log(coalition: Coalition) -> None:
    rosa, key = await coalition.merchant(), ids.new()

    same_id = await asyncio.gather(*(add(coalition, rosa, store_id=key) for _ in range(10)))
    same_number = await asyncio.gather(
        *(add(coalition, rosa, external_id="18") for _ in range(10)), return_exceptions=True
    )

    assert 9 == sum(added.replayed for added in same_id)
    assert 1 == sum(isinstance(answer, merchants.Added) for answer in same_number)
    assert 9 == sum(isinstance(answer, errors.ReferenceUsed) for answer in same_number)
    assert 2 == len(await logged(coalition, "store.add"))


async def test_stores_are_listed_by_number_each_under_its_merchant(coalition: Coalition) -> None:
    rosa, lua, empty = [await coalition.merchant() for _ in range(3)]
    for merchant_id, number in ((rosa, "2"), (lua, "3"), (rosa, "1")):
        await add(coalition, merchant_id, external_id=number)

    found = await merchants.stores(coalition.db, [rosa, lua, empty])

    assert {rosa: ["1", "2"], lua: ["3"], empty: []} == {
        merchant_id: [store.external_id for store in listed]
        for merchant_id, listed in found.items()
    }


async def test_of_a_merchant_with_very_many_stores_the_list_stops_at_its_limit(
    coalition: Coalition,
) -> None:
    rosa, lua = await coalition.merchant(), await coalition.merchant()
    await coalition.db.execute(
        "insert into coalition.store (store_id, merchant_id, external_id, name, channel)"
        " select gen_random_uuid(), m, n::text, 'Baixa', 'shop'"
        " from unnest($1::uuid[]) m, generate_series(1, $2::integer) n",
        [rosa, lua],
        merchants.STORES_MAX + 1,
    )

    found = await merchants.stores(coalition.db, [rosa, lua])

    assert [merchants.STORES_MAX] * 2 == [len(listed) for listed in found.values()]


async def test_registering_again_says_so_and_is_logged_once(coalition: Coalition) -> None:
    key = ids.new()

    first, again = [
        await merchants.register(
            coalition.db, merchant_id=key, slug="lua", name="Lua", industry="florist", actor=STAFF
        )
        for _ in range(2)
    ]

    assert (False, True) == (first.replayed, again.replayed)
    assert first.merchant == again.merchant
    assert 1 == len([one for one in await logged(coalition, "merchant.register") if one[2] == key])


async def test_publishing_again_says_so_and_is_logged_once(coalition: Coalition) -> None:
    rosa, key = await coalition.merchant(), ids.new()

    async def publish(note: str = "second contract") -> merchants.Published:
        return await merchants.contract_publish(
            coalition.db,
            contract_id=key,
            merchant_id=rosa,
            terms=factories.terms(),
            valid_from=NOON,
            actor=STAFF,
            note=note,
        )

    first, again = await publish(), await publish()
    refusals = [await refused(publish("another story")), await refused(publish(" "))]

    assert (False, True) == (first.replayed, again.replayed)
    assert first.version == again.version
    assert ["IDEMPOTENCY_KEY_REUSED", "REASON_MISSING"] == [refusal.code for refusal in refusals]
    entries = await logged(coalition, "contract.publish")
    assert [("staff", STAFF.actor_id, rosa, "second contract")] == entries[-1:]
    assert 1 == len([one for one in entries if one[1] == STAFF.actor_id])


async def test_a_merchant_is_suspended_with_a_reason_that_can_be_stored(
    coalition: Coalition,
) -> None:
    rosa = await coalition.merchant()

    async def suspend(merchant_id: UUID, reason: str) -> merchants.Merchant:
        return await merchants.set_status(
            coalition.db, merchant_id, status="suspended", reason=reason, actor=STAFF
        )

    refusals = [
        await refused(suspend(rosa, " ")),
        await refused(suspend(rosa, "late\x00")),
        await refused(suspend(rosa, "x" * (audit.REASON_CHARS_MAX + 1))),
        await refused(suspend(ids.new(), "late invoices")),
    ]
    suspended = await suspend(rosa, "late invoices")

    assert ["REASON_MISSING", "TEXT_INVALID", "TEXT_INVALID", "NOT_FOUND"] == [
        refusal.code for refusal in refusals
    ]
    assert "suspended" == suspended.status
    assert [("staff", STAFF.actor_id, rosa, "late invoices")] == await logged(
        coalition, "merchant.suspended"
    )
