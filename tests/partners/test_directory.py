"""The directory of partners: registered once, configured strictly, changed with a reason."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from partners import directory
from tests.partners import demo, standing
from tests.wallet import factories
from wallet import audit, errors, ids, money
from wallet.database import Database
from wallet.rules import orders

FACTS = ("name", "config", "offers", "territories")
WRONG: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    ({"adapter": "shopify-of-somebody"}, "ADAPTER_UNAVAILABLE", ("adapter",)),
    ({"slug": "Corner"}, "TEXT_INVALID", ("slug",)),
    ({"asset": money.JPY}, "CURRENCY_MISMATCH", ("currency",)),
    ({"reason": " "}, "REASON_MISSING", ("reason",)),
    ({"merchant_id": ids.new()}, "NOT_FOUND", ()),
    ({"config": {"adress": "x"}}, "PARTNER_INVALID", ("config",)),
    ({"config": {"shop": 7}}, "PARTNER_INVALID", ("config", "shop")),
    ({"config": {"address": "http://[no"}}, "PARTNER_INVALID", ("config",)),
    (
        {"config": {"oauth": {"issuer": "x", "client_id": "y"}}},
        "PARTNER_INVALID",
        ("config", "oauth"),
    ),
    ({"config": {"shop": "x" * 20_000}}, "TOO_MANY", ("config",)),
    ({"offers": ()}, "PARTNER_INVALID", ("offers",)),
    ({"offers": (standing.OFFER, standing.OFFER)}, "PARTNER_INVALID", ("offers",)),
    (
        {"offers": (orders.Offer("points", 1, 9),)},
        "PARTNER_INVALID",
        ("offers", "0", "kind"),
    ),
    (
        {"offers": (orders.Offer("coupon", 500, 499),)},
        "AMOUNT_INVALID",
        ("offers", "0", "maximum"),
    ),
    ({"territories": ("PT", "XX")}, "PARTNER_INVALID", ("territories", "1")),
    ({"name": ""}, "TEXT_INVALID", ("name",)),
]


@pytest.fixture
async def house(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> AsyncIterator[standing.Standing]:
    async with standing.opened(db, tmp_path, demo_partner) as made:
        yield made


@pytest.fixture
async def merchant(house: standing.Standing) -> uuid.UUID:
    return await (await factories.open_coalition(house.db)).merchant()


async def register(house: standing.Standing, **changes: Any) -> directory.Registered:
    told: dict[str, Any] = {
        "partner_id": ids.new(),
        "slug": "corner",
        "adapter": "demo",
        "asset": money.EUR,
        "reason": standing.REASON,
        "actor": audit.SYSTEM,
    }
    return await directory.register(house.db, house.adapters, **{**told, **changes})


async def test_a_partner_is_registered_once_and_found_by_id_and_by_name(
    house: standing.Standing, merchant: uuid.UUID, demo_partner: demo.Partner
) -> None:
    told = {"merchant_id": merchant, "facts": standing.facts(demo_partner), "partner_id": ids.new()}

    first = await register(house, **told)
    again = await register(house, **told)

    assert (False, True) == (first.replayed, again.replayed)
    assert first.partner == await directory.of_slug(house.db, "corner")
    assert [first.partner] == await directory.page(house.db, first=10, after=None)
    entries = await audit.trail(house.db, first.partner.partner_id, first=9, before=None)
    assert ["partner.register"] == [one.act for one in entries]


async def test_what_cannot_be_a_partner_is_refused_at_the_field_at_fault(
    house: standing.Standing, merchant: uuid.UUID, demo_partner: demo.Partner
) -> None:
    for changes, code, path in WRONG:
        said = {name: changes[name] for name in FACTS if name in changes}
        rest = {name: value for name, value in changes.items() if name not in FACTS}
        told = {"merchant_id": merchant, "facts": standing.facts(demo_partner, **said), **rest}

        refusal = await factories.refused(register(house, **told))

        assert (code, path) == (refusal.code, refusal.path)


async def test_a_change_counts_the_version_up_and_its_repetition_does_not(
    house: standing.Standing, merchant: uuid.UUID, demo_partner: demo.Partner
) -> None:
    partner = await house.partner(merchant, demo_partner, secret=None)
    told: dict[str, Any] = {
        "partner_id": partner.partner_id,
        "facts": standing.facts(demo_partner, name="The corner", territories=("PT", "ES")),
        "reason": standing.REASON,
        "actor": audit.SYSTEM,
    }

    changed = [await directory.change(house.db, house.adapters, **told) for _ in range(2)]

    assert [2, 2] == [one.version for one in changed]
    assert told["facts"] == changed[0].facts
    (last, _) = await audit.trail(house.db, partner.partner_id, first=9, before=None)
    assert ("partner.change", "Corner shop") == (last.act, last.detail["before"]["name"])


async def test_a_partner_is_suspended_and_reinstated_with_a_reason(
    house: standing.Standing, merchant: uuid.UUID, demo_partner: demo.Partner
) -> None:
    partner = await house.partner(merchant, demo_partner, secret=None)
    steps: list[directory.Status] = ["suspended", "suspended", "active"]

    states = [
        await directory.set_status(
            house.db,
            partner.partner_id,
            status=status,
            reason=standing.REASON,
            actor=audit.SYSTEM,
        )
        for status in steps
    ]

    assert steps == [one.status for one in states]
    assert [2, 2, 3] == [one.version for one in states]


async def test_a_short_name_belongs_to_one_partner_and_an_id_to_one_registration(
    house: standing.Standing, merchant: uuid.UUID, demo_partner: demo.Partner
) -> None:
    told = {"merchant_id": merchant, "facts": standing.facts(demo_partner), "partner_id": ids.new()}
    await register(house, **told)

    taken = await factories.refused(register(house, **{**told, "partner_id": ids.new()}))
    reused = await factories.refused(register(house, **{**told, "slug": "other"}))

    assert errors.SlugTaken.code == taken.code
    assert errors.IdempotencyKeyReused.code == reused.code
