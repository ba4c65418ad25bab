"""An old decision is reached again from what was kept, whatever has changed since."""

import msgspec

from tests.wallet import factories, promotions
from tests.wallet.factories import AT_ONCE, DAY, NOON, Coalition
from wallet import audit, earn, ids, merchants
from wallet.campaigns import lives, profiles, reproduce
from wallet.rules import purchases
from wallet.rules.campaigns.definition import Rate


async def test_a_decision_is_reached_again_after_everything_has_changed(
    coalition: Coalition,
) -> None:
    db = coalition.db
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    await merchants.store_add(
        db, store_id=ids.new(), merchant_id=rosa, external_id="17", name="Baixa", channel="shop"
    )
    born = NOON.date().replace(year=1990)
    await profiles.update(db, ana.member_id, birth_date=born, actor=audit.SYSTEM, now=NOON)
    kept = [
        await promotions.promote(coalition, when=[{"if": "birthday"}]),
        await promotions.promote(coalition, when=[{"if": "store", "any_of": ["17"]}]),
        await promotions.promote(coalition, when=[{"if": "nth_purchase", "n": 2}]),
        await promotions.promote(coalition, budget={"minor": 70}),
        await promotions.promote(coalition, caps={"member": [{"minor": 90, "per": "year"}]}),
        await promotions.promote(coalition, when=[{"if": "minimum", "amount_minor": 10_000}]),
    ]
    await coalition.report(rosa, ana, factories.purchase(100))
    lines = (
        factories.line(2, 500, category="Beauty", brand="Parley", labels=("organic",)),
        factories.line(1, 800, discount_minor=20, tax_minor=40),
    )
    bought = factories.purchase(
        lines=lines, store="17", paid_with_cashback_minor=130, instrument="card:aurora"
    )
    reported = await coalition.report(rosa, ana, bought, now=NOON)

    await coalition.publish(
        rosa, valid_from=NOON - DAY, rates={"default_bps": 1, "by_category": {}}
    )
    for one in kept:
        await lives.end(
            db,
            request_id=ids.new(),
            campaign_id=one.campaign_id,
            reason="over",
            actor=audit.SYSTEM,
            now=NOON + DAY,
        )
    await profiles.update(
        db, ana.member_id, birth_date=born.replace(month=1), actor=audit.SYSTEM, now=NOON + DAY
    )
    await coalition.give_back(rosa, reported.purchase_id, now=NOON + DAY)

    again = await reproduce.reproduce(db, reported.purchase_id)

    assert again.differences == ()
    assert len(again.outcome.granted) >= 4
    assert again.outcome.missed


async def test_a_purchase_without_campaigns_is_reached_again_too(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    bought = factories.purchase(1_234, events=(purchases.Event("paid", NOON),))
    reported = await coalition.report(rosa, ana, bought)
    await earn.mature(coalition.db, now=NOON + 30 * DAY)

    assert (await reproduce.reproduce(coalition.db, reported.purchase_id)).differences == ()


async def test_a_decision_that_was_tampered_with_is_named(coalition: Coalition) -> None:
    # What the version says is read from the book, so a decision by another one would differ.
    rosa, ana = await coalition.merchant(), await coalition.member()
    await promotions.promote(coalition)
    reported = await coalition.report(rosa, ana, factories.purchase(1_000))
    book = coalition.db.known["campaigns"]
    for version_id, definition in list(book.definitions.items()):  # type: ignore[attr-defined]
        changed = msgspec.structs.replace(definition, give=Rate(bps=100))
        book.definitions[version_id] = changed  # type: ignore[attr-defined]

    again = await reproduce.reproduce(coalition.db, reported.purchase_id)

    assert again.differences == ("matched",)
