"""What a preview promises is what a report credits, for whatever basket and a dozen campaigns."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.field import stage
from tests.field.stage import line
from tests.wallet import factories, giving, promotions
from tests.wallet.factories import AT_ONCE, NOON, Coalition
from wallet import database, errors, previews, statements
from wallet.rules import purchases
from wallet.rules.campaigns import programme

CATEGORIES = ["food", "Coffee", "Cupcakes", "beauty", "tobacco"]
LABELS = [(), ("organic",), ("organic", "local")]
THREE = [
    {"funder": "merchant", "bps": 3334},
    {"funder": "operator", "bps": 3333},
]
POINTS = {"asset": "PTS"}
GROUPS: tuple[tuple[str, programme.Mode], ...] = (
    ("alone", "first"),
    ("points", "all"),
    ("offers", "best"),
    ("bonus", "all"),
)


def campaigns(rosa: UUID, charity_id: UUID) -> dict[str, dict[str, Any]]:
    """A dozen that differ in all that a campaign may say."""
    return {
        "Big": {"when": [{"if": "minimum", "amount_minor": 20_000, "boundary": "above"}]},
        "Food": {
            "give": {"give": "rate", "bps": 700},
            "lines": [{"if": "category", "any_of": ["Food", "Beauty"]}],
            "stack": {"group": "offers"},
            "caps": {"purchase_minor": 900},
        },
        "Coffee": {
            "give": {"give": "rate", "bps": 1234},
            "lines": [{"if": "category", "any_of": ["coffee", "food"]}],
            "stack": {"group": "offers"},
            "budget": {"minor": 4_000},
            "rounding": "up",
        },
        "Points": {
            **POINTS,
            "give": {"give": "points", "units": 1, "per_minor": 100},
            "stack": {"group": "points"},
        },
        "Threefold": {
            **POINTS,
            "give": {"give": "multiplier", "times_milli": 3000, "of": "points"},
            "caps": {"member": [{"minor": 150, "per": "day"}]},
        },
        "Each": {
            "give": {"give": "amount", "minor": 33, "per": "unit"},
            "lines": [{"if": "category", "any_of": ["cupcakes"]}],
        },
        "Pair": {
            "give": {"give": "amount", "minor": 199},
            "when": [{"if": "bundle", "all_of": ["coffee", "cupcakes"]}],
            "funding": [*THREE, {"funder": str(rosa), "bps": 3333}],
        },
        "Third": {
            "give": {"give": "amount", "minor": 222},
            "when": [{"if": "nth_purchase", "n": 3, "every": True, "scope": "coalition"}],
        },
        "Spent": {
            "give": {"give": "amount", "minor": 777},
            "when": [{"if": "spent", "at_least_minor": 30_000, "per": "month"}],
        },
        "Lifted": {
            "give": {"give": "rate", "bps": 800},
            "stack": {"group": "bonus", "tops_up": True},
            "lines": [{"if": "category", "any_of": ["food"]}],
        },
        "Organic": {
            "give": {"give": "rate", "bps": 1500},
            "lines": [{"if": "label", "any_of": ["organic"]}],
            "stack": {"group": "alone", "exclusive": True},
            "when": [{"if": "quantity", "at_least_milli": 3000}],
        },
        "Double": {"give": {"give": "multiplier", "times_milli": 2000, "of": "contract"}},
        "Treat": {
            "give": {"give": "coupon", "name": "TREAT"},
            "when": [{"if": "nth_purchase", "n": 1, "scope": "coalition"}],
        },
        "Treated": {
            "give": {"give": "rate", "bps": 2000},
            "when": [{"if": "coupon", "name": "TREAT"}],
            "charity": {"charity_id": str(charity_id), "bps": 2500},
        },
    }


async def furnish(coalition: Coalition) -> list[UUID]:
    """Publish the campaigns long ago; two merchants who count differently what was paid."""
    await promotions.govern(coalition, *GROUPS, cap_minor=6_000)
    rosa = await coalition.merchant(pending=AT_ONCE)
    base = {"discounts": "gross", "tax": "without", "shipping": True, "cashback_part_earns": True}
    harvest = await coalition.merchant(pending=AT_ONCE, base=base, rounding="half_up")
    charity_id = await giving.charity(coalition)
    for name, said in campaigns(rosa, charity_id).items():
        await promotions.promote(coalition, name=name, **said)
    return [rosa, harvest]


@st.composite
def lines(draw: st.DrawFn) -> purchases.Line:
    """A line of a receipt, without its number."""
    amount_minor = draw(st.sampled_from([0, 1, 99, 100, 9_995]) | st.integers(0, 30_000))
    return factories.line(
        1,
        amount_minor,
        category=draw(st.sampled_from(CATEGORIES)),
        labels=draw(st.sampled_from(LABELS)),
        quantity_milli=draw(st.sampled_from([1000, 2000, 500, 1500])),
        discount_minor=draw(st.sampled_from([0, 0, 501])),
        tax_minor=draw(st.sampled_from([0, amount_minor // 6])),
        kind=draw(st.sampled_from(["item", "item", "item", "shipping"])),
    )


@st.composite
def baskets(draw: st.DrawFn) -> purchases.Purchase:
    """One to six lines, of which a part may be paid with cashback."""
    drawn = draw(st.lists(lines(), min_size=1, max_size=6))
    numbered = tuple(replace(one, number=place) for place, one in enumerate(drawn, 1))
    total = sum(one.amount_minor for one in numbered)
    paid = draw(st.just(0) | st.integers(0, total))
    return factories.purchase(lines=numbered, paid_with_cashback_minor=paid)


@pytest.fixture
async def coalition(db: database.Database) -> Coalition:
    """A programme with a mint."""
    return await factories.open_coalition(db)


@pytest.fixture
async def sellers(coalition: Coalition) -> list[UUID]:
    """The two merchants, and all campaigns."""
    return await furnish(coalition)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bought=baskets(), before=st.integers(0, 3), seller=st.integers(0, 1), shows=st.booleans())
async def test_a_preview_is_what_a_report_credits_and_explains(
    coalition: Coalition,
    sellers: list[UUID],
    bought: purchases.Purchase,
    before: int,
    seller: int,
    shows: bool,
) -> None:
    ana, merchant_id = await coalition.member(), sellers[seller]
    for _ in range(before):
        await coalition.report(sellers[0], ana, factories.purchase(10_000))
    coupons = await coalition.db.fetch(
        "select benefit_id from ledger.benefit where wallet_id = $1", ana.wallet_id
    )
    shown = tuple(row["benefit_id"] for row in coupons) if shows else ()
    bought = replace(bought, reference=f"till-2/{next(factories.numbers)}", coupons=shown)
    pending = (await coalition.faces(ana)).pending

    seen = await previews.preview(
        coalition.db, merchant_id=merchant_id, purchase=bought, member_id=ana.member_id, now=NOON
    )
    reported = await coalition.report(merchant_id, ana, bought)
    kept = await statements.purchase(coalition.db, reported.purchase_id)

    assert kept.detail is not None
    assert seen.credited_minor == kept.credited_minor
    assert seen.credited_minor == (await coalition.faces(ana)).pending - pending
    assert {"PTS": seen.campaigns.total_minor("PTS")} == {"PTS": 0} | {
        one.asset.code: one.credited_minor for one in kept.detail.others
    }
    assert [(one.number, one.credited_minor, one.sentence) for one in seen.contract.lines] == [
        (one.number, one.credited_minor, one.sentence) for one in kept.detail.lines
    ]
    promised = orjson.loads(orjson.dumps(previews.explained(seen)))
    assert {"matched": promised["matched"], "missed": promised["missed"]} == (
        kept.detail.explanation
    )
    await _keeps_its_promise(coalition, merchant_id, bought, seen)


async def _keeps_its_promise(
    coalition: Coalition,
    merchant_id: UUID,
    bought: purchases.Purchase,
    seen: previews.Previewed,
) -> None:
    """Whoever adds what an option names, to a line that it counts, is credited what it names."""
    if seen.next is None or bought.coupons:
        return
    # Asked for nobody: what was just bought has changed what this member gets.
    (missed,) = [
        one
        for one in seen.campaigns.missed
        if one.version.version_id == seen.next.version.version_id
    ]
    if missed.reasons[0]["if"] != "minimum":
        return
    more = replace(
        bought,
        lines=tuple(
            replace(one, amount_minor=one.amount_minor + seen.next.missing_minor)
            if one.number == missed.lines[0]
            else one
            for one in bought.lines
        ),
    )
    plain, then = [
        await previews.preview(coalition.db, merchant_id=merchant_id, purchase=one, now=NOON)
        for one in (bought, more)
    ]

    if plain.next == seen.next:
        assert then.credited_minor == plain.credited_minor + seen.next.gain_minor


async def test_a_preview_for_nobody_promises_no_more_than_any_member_gets(
    coalition: Coalition, sellers: list[UUID]
) -> None:
    bought = factories.purchase(15_000, 7_000, 99)

    seen = await previews.preview(
        coalition.db, merchant_id=sellers[0], purchase=bought, member_id=None, now=NOON
    )
    reported = await coalition.report(sellers[0], await coalition.member(), bought)
    kept = await statements.purchase(coalition.db, reported.purchase_id)

    assert 0 < seen.credited_minor <= kept.credited_minor


async def test_a_coupon_of_somebody_else_is_refused_by_both(
    coalition: Coalition, sellers: list[UUID]
) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    await coalition.report(sellers[0], ana, factories.purchase(10_000))
    coupon = await coalition.db.fetchval("select benefit_id from ledger.benefit")
    bought = factories.purchase(1_000, coupons=(coupon,))

    promised = await factories.refused(
        previews.preview(
            coalition.db,
            merchant_id=sellers[0],
            purchase=bought,
            member_id=ben.member_id,
            now=NOON,
        )
    )
    reported = await factories.refused(coalition.report(sellers[0], ben, bought))

    assert promised == reported == errors.CouponInvalid(path=("coupons", "0"))


async def test_through_the_api_both_say_the_same_to_the_letter(scene: stage.Stage) -> None:
    sellers = await furnish(scene.coalition)
    clients = [await scene.caller("merchant", one) for one in sellers]
    ana = await scene.member()
    receipts: list[tuple[list[Any], dict[str, Any]]] = [
        ([line(1, "187.60", quantity="2")], {}),
        ([line(1, "2.99", "Coffee"), line(2, "7.01", "Cupcakes", quantity="3")], {}),
        (
            [line(1, "150.00", labels=["organic"]), line(2, "99.99", "Beauty", tax="16.00")],
            {"paidWithCashback": "33.33"},
        ),
        ([line(1, "4.90", kind="SHIPPING"), line(2, "10.00", "Tobacco")], {}),
    ]
    at = "2026-03-10T12:00:00Z"
    for lines_, more in receipts:
        for merchant in clients:
            seen = await scene.preview(merchant, ana, *lines_, at=at, **more)
            bought = await scene.report(merchant, ana, *lines_, at=at, **more)
            seen["campaigns"].pop("next"), bought["campaigns"].pop("next")

            assert seen["campaigns"] == bought["campaigns"]
            assert seen["credited"] == bought["credited"]
            assert seen["lines"] == bought["lines"]
            assert seen["others"] == [one["credited"] for one in bought["others"]]
