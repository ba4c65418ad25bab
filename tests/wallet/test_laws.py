"""The laws see what they are for: each is broken by a superuser's hand, and each is named."""

from uuid import UUID

import pytest

from tests.conftest import Connection
from tests.wallet import (
    belonging,
    climbing,
    drawing,
    factories,
    giving,
    granting,
    ordering,
    paying_by_card,
    paying_out,
    reaching,
    taking_part,
)
from tests.wallet.factories import AT_ONCE, NOON, Coalition
from tests.wallet.granting import Gift
from wallet import earn, expire, ids, laws, members, money, notices, redeem, sql
from wallet.progress import advance
from wallet.rules import returns

# What breaks each law, in the order of the laws. Nothing but a superuser could do any of it.
BREAKS = {
    "01_value_is_conserved": "update ledger.position set credited = credited + 1",
    "02_no_wallet_below_its_floor": "update ledger.wallet set debited = debited + 1000000",
    "03_wallets_are_their_transfers": "delete from ledger.transfer where code = 'donate'",
    "04_positions_are_their_transfers": "update ledger.position set version = version + 1",
    "05_balance_chains_are_unbroken": (
        "update ledger.transfer set available_after = available_after + 1 where code = 'mature'"
    ),
    "06_held_value_is_open_redemptions": (
        "update ledger.redemption set amount = amount + 1 where state = 'held'"
    ),
    "07_wallets_are_their_lots": (
        "update ledger.lot set remaining = remaining - 1 where remaining > 1"
    ),
    "08_lots_are_their_movements": "update ledger.draw set amount = amount + 1",
    "09_every_debit_names_its_lots": "delete from ledger.draw",
    "10_holds_resolve_once": "update ledger.redemption set captured = captured + 1",
    "11_purchases_are_their_decisions": (
        "update ledger.purchase_line set credited_minor = credited_minor + 1"
    ),
    "12_returns_moved_what_they_say": (
        "update ledger.purchase_return set reversed_minor = reversed_minor + 1,"
        " from_lot_minor = from_lot_minor + 1"
    ),
    "13_references_are_claimed_once": "delete from ledger.claim",
    "14_movements_are_charted": "delete from ledger.chart where code = 'earn'",
    "15_ids_carry_their_bucket": "update ledger.purchase set bucket = (bucket + 1) % 256",
    "16_members_have_wallets": "update coalition.member set status = 'suspended'",
    "17_lots_are_their_grants": (
        "update ledger.grant set granted_minor = granted_minor + 1 where granted_minor > 0"
    ),
    "18_budgets_are_their_draws": "update ledger.budget_draw set released = released + 1",
    "19_no_grant_gives_back_more_than_it_gave": (
        "update ledger.grant_return set reversed_minor = reversed_minor + 1000000"
    ),
    "20_usage_is_its_grants": "update ledger.usage set times = times + 1",
    "21_points_and_money_never_mix": "update ledger.grant set asset = 10001 where asset = 978",
    "22_causes_name_what_they_gave": "update ledger.benefit set used_by = gen_random_uuid()",
    "23_charities_get_what_was_given": "update ledger.gift set given = given + 1",
    "24_gifts_are_their_movements": "update ledger.donation set amount = amount + 1",
    "27_milestones_have_their_causes": "update ledger.completion set causes = '{}'",
    "28_happenings_are_numbered": "update ledger.happening set n = n + 1",
    "32_tickets_are_used_once": "update ledger.ticket set used_at = null, used_by = null",
    "33_spins_are_their_turns": "update coalition.draw_turn set given = drawn || '!'",
    "34_lists_are_their_entries": "update coalition.draw_list set tickets = '{}'",
    "35_bands_are_their_scores": (
        "insert into coalition.board_band values (gen_random_uuid(), '2026', 7, 1)"
    ),
    "37_cards_moved_what_stores_asked": (
        "update ledger.card_operation set amount = amount + 1 where kind = 'settlement'"
    ),
    "36_prizes_follow_places": (
        "insert into coalition.contest_prize values (gen_random_uuid(), '2026', 1,"
        " gen_random_uuid(), 'given', now())"
    ),
    "38_orders_follow_their_redemptions": (
        "update ledger.partner_order set state = 'released' where state = 'attention'"
    ),
    "25_standings_are_their_changes": "update ledger.standing set tier = 'rouge'",
    "26_tiers_are_their_members_own": (
        "update ledger.tier_change set causes = array[gen_random_uuid()]"
    ),
    "29_memberships_are_their_acts": "update ledger.membership set paid_minor = paid_minor + 1",
    "30_paid_terms_never_overlap": "update ledger.membership_act set until_day = until_day + 1",
    "31_subscriptions_are_delivered_once": "update ledger.subscription set deliveries = 1",
}
# Finer hands: one row, one unit, and sums that still look right.
FINER = {
    "one spin is gone, and its ticket with it": (
        "with gone as (delete from ledger.spin returning ticket_id)"
        " delete from ledger.ticket where ticket_id in (select ticket_id from gone)"
    ),
    "one turn is gone, and its count too": (
        "with gone as (delete from coalition.draw_turn where number = 1 returning draw_id)"
        " update coalition.draw_seed set spins = spins - 1 where opened_at is not null"
    ),
    "a winner was never entered": "update coalition.draw_place set ticket_id = gen_random_uuid()",
    "somebody entered after it was frozen": (
        "insert into ledger.entry select bucket, gen_random_uuid(), wallet_id, gen_random_uuid(),"
        " draw_id, named, fingerprint, entered_at from ledger.entry"
    ),
    "one amount is a cent more": (
        "update ledger.transfer set amount = amount + 1 where transfer_id ="
        " (select min(transfer_id::text)::uuid from ledger.transfer)"
    ),
    "one transfer is gone": (
        "delete from ledger.transfer where transfer_id ="
        " (select max(transfer_id::text)::uuid from ledger.transfer where wallet_id is not null)"
    ),
    "two transfers changed places": (
        "update ledger.transfer set wallet_version = case wallet_version when 1 then 100002 else"
        " 100001 end where wallet_version in (1, 2);"
        "update ledger.transfer set wallet_version = wallet_version - 100000"
        " where wallet_version > 100000"
    ),
    "one wallet paid another": (
        "update ledger.wallet set credited = credited + 1"
        " where wallet_id = (select min(wallet_id::text)::uuid from ledger.wallet);"
        "update ledger.wallet set debited = debited + 1"
        " where wallet_id = (select max(wallet_id::text)::uuid from ledger.wallet)"
    ),
    "a lot lives on after it was spent": (
        "update ledger.lot set remaining = 1, open = true where remaining = 0 and pending = 0"
    ),
    "a sale is claimed for somebody else": (
        "update ledger.claim set wallet_id = gen_random_uuid()"
    ),
    "a charity is paid on paper": "update ledger.lot set given = given + 1 where given > 0",
    "a charity pays for what had expired": (
        "update ledger.return_lot set from_given_minor = from_given_minor - 1,"
        " from_expired_minor = from_expired_minor + 1 where from_given_minor > 0;"
        "update ledger.purchase_return set from_given_minor = from_given_minor - 1,"
        " from_expired_minor = from_expired_minor + 1 where from_given_minor > 0"
    ),
    "one funder pays for the other": (
        "update ledger.grant_return set reversed_minor = reversed_minor - 1"
        " where reversed_minor > 1"
    ),
    "a budget grows in one bucket": "update ledger.budget_share set allotted = allotted + 1",
    "a cap is lowered under what is allotted": "update coalition.budget set cap_minor = 1",
    "a budget is refilled": "update ledger.budget_share set consumed = 0 where consumed > 0",
    "a grant has another campaign": "update ledger.grant set campaign_id = gen_random_uuid()",
    "a lot is of no version": (
        "update ledger.lot set rule_id = gen_random_uuid() where gives_to is not null"
    ),
    "a purchase forgets a lot": "update ledger.purchase set lots = '{}' where lots <> '{}'",
    "an award was never given": "delete from ledger.award",
    "a reversal is undone": "update ledger.award set reversed_at = null",
    "a coupon was used by a stranger": (
        "update ledger.benefit set used_at = now(), used_by = (select purchase_id"
        " from ledger.purchase where wallet_id <> benefit.wallet_id limit 1)"
    ),
    "a gift went to another charity": "update ledger.donation set charity_id = gen_random_uuid()",
    "a gift is forgotten": "delete from ledger.donation",
    "a pledge gave more than it did": "update ledger.pledge set given = given + 1",
    "a pledge looks ahead": "update ledger.pledge set seen_version = seen_version + 1000",
    "a milestone was reached by a stranger's purchase": (
        "update ledger.completion set causes = array(select purchase_id from ledger.purchase"
        " where wallet_id <> completion.wallet_id limit 1)"
    ),
    "a milestone is forgotten": "delete from ledger.completion",
    "a milestone was taken back in silence": "update ledger.completion set taken_back_at = now()",
    "a batch leaves a cent behind": (
        "update ledger.remittance_line set amount = amount - 1 where amount > 0"
    ),
    "a charity is sent a cent more": (
        "update coalition.remittance set amount_minor = amount_minor + 1"
    ),
    "a line reaches further back": (
        "update ledger.remittance_line set after_version = after_version - 1 where amount > 0"
    ),
    "a cancelled batch is sent": "update coalition.remittance set state = 'sent'",
    "another one pays a gift": "update ledger.gift set funder_id = gen_random_uuid()",
    "what a charity keeps is given back": (
        "update ledger.gift_return set from_given_minor = kept_minor, kept_minor = 0"
    ),
    "a match is more than was moved": "update ledger.match set amount = amount + 1",
    "a hold without an end has lost its order": (
        "with gone as (delete from ledger.partner_order where state = 'attention'"
        " returning redemption_id) delete from ledger.partner_attempt"
        " where redemption_id in (select redemption_id from gone)"
    ),
    "an attempt is hushed up": "delete from ledger.partner_attempt where number = 1",
    "what hangs in suspense is forgotten": (
        "update ledger.partner_order set state = 'released' where state = 'suspense'"
    ),
    "a store settled what it never asked for": (
        "delete from ledger.card_operation where kind = 'settlement'"
    ),
    "a card's hold is at another merchant": (
        "update ledger.gift_card set merchant_id = gen_random_uuid()"
    ),
    "more is cancelled than was let go": (
        "update ledger.card_operation set amount = amount + 100, released = released + 100"
        " where kind = 'cancellation'"
    ),
    "a card spent more than its maximum": "update ledger.gift_card set maximum = 1",
    "a debt is forgiven": "update ledger.deficit set remaining = 0",
    "a merchant's count skips a number": (
        "update ledger.transfer set debit_version = debit_version + 1 where code = 'earn' and"
        " debit_version = (select max(debit_version) from ledger.transfer where code = 'earn')"
    ),
}


async def busy_books(coalition: Coalition) -> None:
    """Something of everything: pending, held, spent, returned, owed, given, expired, refused."""
    rosa = await coalition.merchant(pending=AT_ONCE, expiry={"days": 30})
    slow = await coalition.merchant()
    ana, ben = await coalition.member(bucket=3), await coalition.member(bucket=3)
    await coalition.report(slow, ana, factories.purchase(10_000))
    purchase_id = await coalition.earned(rosa, ana, 20_000)
    mint_id = await coalition.fill(ben, 1000)
    await coalition.goodwill(ana, 500)
    spent = await coalition.spend(ana, rosa, 300)
    await coalition.refund(spent, 100)
    await coalition.hold(ana, slow, 200)
    charity_id = await giving.charity(coalition)
    await coalition.give(ana, charity_id, 50)
    await giving.pledge(coalition, ana, charity_id, kind="round_up")
    await coalition.give_back(rosa, purchase_id, returns.ReturnLine(1, None, 4000))
    await coalition.spend(ben, rosa, 1000)
    await coalition.give_back(coalition.mint, mint_id)
    await factories.refused(coalition.give(ben, rosa, 1))
    await busy_campaigns(coalition, rosa, ana)
    await busy_charities(coalition)
    await drawing.busy(coalition, ana)
    await ordering.doubted(coalition, ana, rosa, 20)
    await ordering.suspended(coalition, ana, rosa, 10)
    await paying_by_card.busy(coalition, ana, rosa)
    await climbing.publish(coalition)
    await climbing.look(coalition, ana.wallet_id, ben.wallet_id, at=NOON + factories.DAY)
    await expire.sweep(coalition.db, now=NOON + 40 * factories.DAY)
    await redeem.sweep(coalition.db, now=NOON)


async def busy_campaigns(coalition: Coalition, rosa: UUID, ana: members.Member) -> None:
    """Grants of two funders with a charity, points, a budget, a coupon, an award; some go back."""
    budget = await granting.budget(coalition, 1000, bucket=3, need_minor=1000)
    shared = Gift(
        200,
        {rosa: 1, ids.new(): 1},
        charity_id=ids.new(),
        charity_minor=100,
        budgets=(budget,),
    )
    points = Gift(30, {rosa: 1}, asset=money.PTS)
    coupon = granting.coupon(ana)
    first = await granting.post(
        coalition, rosa, ana, factories.purchase(10_000), shared, points, benefits=(coupon,)
    )
    await granting.post(
        coalition, rosa, ana, factories.purchase(10_000), shared, coupons=(coupon.benefit_id,)
    )
    gift = Gift(70, {rosa: 1}, line_no=0, budgets=(budget,))
    award = await granting.award(coalition, ana, gift, partner_id=rosa, reference="r-1")
    await granting.award(coalition, ana, gift, partner_id=rosa, reference="r-2")
    await earn.mature(coalition.db, now=NOON)
    await reaching.milestone(coalition)
    await reaching.look(coalition, ana)
    await granting.give_back(coalition, rosa, first.purchase_id)
    await granting.undo(coalition, award.purchase_id)
    await belonging.busy(coalition, rosa, ana)


async def busy_charities(coalition: Coalition) -> None:
    """Gifts beside wallets that are due, on their way, kept and back; a match; two batches."""
    charity_id = await giving.charity(coalition)
    await giving.agree(coalition, charity_id, coalition.operator_id)
    match = {"kind": "match", "name": "Doubled", "bps": 10_000, "budget_minor": 10_000}
    await taking_part.scheme(coalition, plain=match, charities=[str(charity_id)])
    await paying_out.donors(coalition, charity_id, 70)
    await notices.drain(coalition.db)
    await advance.advance(coalition.db, now=NOON + factories.DAY)
    shop, early = await paying_out.promised(coalition, charity_id)
    await coalition.give_back(shop, early)
    batch = await paying_out.prepare(coalition, charity_id)
    await paying_out.cancel(coalition, batch.remittance_id)
    shop, late = await paying_out.promised(coalition, charity_id)
    await paying_out.prepare(coalition, charity_id)
    await coalition.give_back(shop, late)
    await paying_out.promised(coalition, charity_id)


async def broken(owner: Connection) -> set[str]:
    return {
        name.removeprefix("laws/")
        for name in sql.names("laws")
        if await owner.fetch(sql.load(name))
    }


async def without_walls(owner: Connection) -> None:
    """What only a superuser can do: no trigger and no check stands in the way."""
    await owner.execute("set local session_replication_role = replica")
    rows = await owner.fetch(
        "select conrelid::regclass::text as name, conname from pg_constraint"
        " where contype = 'c' and connamespace in"
        " ('ledger'::regnamespace, 'coalition'::regnamespace)"
    )
    for row in rows:
        await owner.execute(f"alter table {row['name']} drop constraint {row['conname']}")


def test_every_law_has_a_break() -> None:
    assert {name.removeprefix("laws/") for name in sql.names("laws")} == BREAKS.keys()


async def test_each_law_sees_its_own_break(coalition: Coalition, owner: Connection) -> None:
    await busy_books(coalition)
    blind = []
    for name, change in BREAKS.items():
        tampering = owner.transaction()
        await tampering.start()
        await without_walls(owner)
        await owner.execute(change)
        if name not in await broken(owner):
            blind.append(name)
        await tampering.rollback()

    assert [] == blind


async def test_a_fine_hand_is_seen_too(coalition: Coalition, owner: Connection) -> None:
    await busy_books(coalition)
    unseen = []
    for what, change in FINER.items():
        tampering = owner.transaction()
        await tampering.start()
        await without_walls(owner)
        await owner.execute(change)
        if not await broken(owner):
            unseen.append(what)
        await tampering.rollback()

    assert [] == unseen


@pytest.mark.tampers
async def test_a_breach_says_which_law_and_which_rows(
    coalition: Coalition, owner: Connection
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 500)
    await owner.execute("update ledger.wallet set credited = credited + 1")

    breaches = await laws.check(owner)

    named = {breach.law: breach.rows for breach in breaches}
    assert {
        "value is conserved",
        "wallets are their transfers",
        "wallets are their lots",
    } == named.keys()
    (row,) = named["wallets are their transfers"]
    assert ana.wallet_id == row["wallet_id"]
