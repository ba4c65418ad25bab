"""Purchases on their way to the books: what must be known, what was decided, and the rows of it.

A draft is a reported purchase with its decision, before anything is written. Nothing here writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from wallet import entries, errors, ids, ledger, merchants, money, programme, sql
from wallet.database import Database
from wallet.rules import cashback, contracts, purchases


@dataclass(frozen=True, slots=True)
class Facts:
    """What must be known before one merchant's purchases are decided, as of `at`.

    `floor_minor` is how far below zero returns may take a wallet that the purchases open.
    `versions` are the contract's (id, valid from), the newest first; `stores` the ids of the stores
    by the merchant's own number, `wallets` the wallet ids by member id, for those that were asked.
    `epoch` counts the changes of campaigns.
    """

    merchant_id: UUID
    merchant_name: str
    suspended: bool
    at: datetime
    zone: str
    operator_id: UUID
    floor_minor: int
    epoch: int
    versions: tuple[tuple[UUID, datetime], ...]
    stores: dict[str, str]
    wallets: dict[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """One purchase to report: whose it is, and the request id of the merchant's key."""

    request_id: UUID
    member_id: UUID
    purchase: purchases.Purchase


@dataclass(frozen=True, slots=True)
class Draft:
    """A decided purchase on its way to the books: what its contract gives, what campaigns do."""

    purchase_id: UUID
    member_id: UUID
    wallet_id: UUID
    store_id: UUID | None
    fingerprint: UUID
    purchase: purchases.Purchase
    decision: cashback.Decision
    terms: contracts.Terms
    given: entries.Given = entries.NOTHING


async def gather(
    db: Database,
    merchant_id: UUID,
    facts_of: Sequence[purchases.Purchase],
    items: Sequence[Report],
    now: datetime | None,
) -> Facts:
    """Read the facts in one query. NOT_FOUND if there is no such merchant."""
    house = await programme.of(db)
    row = await db.fetchrow(
        sql.load("queries/earn_facts"),
        merchant_id,
        list({one.store for one in facts_of if one.store is not None}),
        list({item.member_id for item in items}),
    )
    if row is None:
        raise errors.NotFound()
    return Facts(
        merchant_id=merchant_id,
        merchant_name=row["name"],
        suspended=row["status"] != "active",
        at=now or row["now"],
        zone=house.time_zone,
        operator_id=house.operator_id,
        floor_minor=house.wallet_floor_minor,
        epoch=row["epoch"],
        versions=tuple((one[0], one[2]) for one in row["contracts"]),
        stores=orjson.loads(row["stores"]),
        wallets=orjson.loads(row["wallets"]),
    )


async def decide(db: Database, facts: Facts, item: Report) -> Draft:
    """Check and decide one purchase; raises whatever is refused without asking the books."""
    purchase = item.purchase
    purchases.check(purchase, known_at=facts.at)
    wallet_id = wallet_of(facts, item.member_id)
    store_id = store_of(facts, purchase)
    contract = await contract_of(db, facts, purchase.purchased_at)
    decision = cashback.decide(purchase, contract, reported_at=facts.at, tz=facts.zone)
    return Draft(
        purchase_id=ids.placed(item.request_id, ledger.bucket(wallet_id)),
        member_id=item.member_id,
        wallet_id=wallet_id,
        store_id=store_id,
        fingerprint=ids.fingerprint(item.member_id, purchase),
        purchase=purchase,
        decision=decision,
        terms=contract.terms,
    )


def wallet_of(facts: Facts, member_id: UUID) -> UUID:
    """The wallet of a member that was asked for, or NOT_FOUND."""
    wallet = facts.wallets.get(str(member_id))
    if wallet is None:
        raise errors.NotFound(path=("memberId",))
    return UUID(wallet)


def store_of(facts: Facts, purchase: purchases.Purchase) -> UUID | None:
    """The store that a purchase names, None if it names none."""
    if purchase.store is None:
        return None
    store = facts.stores.get(purchase.store)
    if store is None:
        raise errors.PurchaseInvalid("This merchant has no such store.", path=("store",))
    return UUID(store)


async def contract_of(db: Database, facts: Facts, at: datetime) -> contracts.Contract:
    """The contract in force at `at`, or CONTRACT_MISSING."""
    for contract_id, valid_from in facts.versions:
        if valid_from <= at:
            version = await merchants.contract(db, contract_id)
            return contracts.Contract(
                contract_id, version.version, version.terms, facts.merchant_name
            )
    raise errors.ContractMissing(path=("purchasedAt",))


def posting(facts: Facts, drafts: Sequence[Draft], now: datetime | None) -> ledger.Call:
    """The one call that writes some drafts: one answer for each, in their order."""
    given = [(one.purchase_id, one.given) for one in drafts if one.given is not entries.NOTHING]
    return ledger.Call(
        "ledger.post_purchases",
        (
            sorted({ledger.bucket(draft.purchase_id) for draft in drafts}),
            [purchase_row(facts, draft) for draft in drafts],
            [row for draft in drafts for row in line_rows(draft)],
            [row for draft in drafts for row in event_rows(draft)],
            [row for one in drafts for row in entries.rows(one.purchase_id, lots(facts, one))],
            [row for cause_id, by in given for row in entries.rows(cause_id, by.grants)],
            [row for cause_id, by in given for row in entries.rows(cause_id, by.draws)],
            [row for cause_id, by in given for row in entries.rows(cause_id, by.benefits)],
            facts.floor_minor,
            now,
            [row for cause_id, by in given for row in entries.rows(cause_id, by.gifts)],
        ),
    )


def purchase_row(facts: Facts, draft: Draft) -> tuple[object, ...]:
    """A draft as `ledger.purchase_in`."""
    purchase, decision, given = draft.purchase, draft.decision, draft.given
    asset = money.asset(purchase.asset).number
    return (
        ledger.bucket(draft.purchase_id),
        draft.purchase_id,
        draft.wallet_id,
        asset,
        facts.merchant_id,
        decision.contract_id,
        purchase.reference,
        purchase.channel,
        draft.store_id,
        purchase.purchased_at,
        sum(line.amount_minor for line in purchase.lines),
        purchase.paid_with_cashback_minor,
        decision.credited_minor + entries.totals(given.lots).get(asset, 0),
        draft.fingerprint,
        purchase.instrument,
        purchase.subscription,
        purchase.delivery,
        given.facts_version,
        given.coupons,
        given.explanation,
        given.facts,
    )


def lots(facts: Facts, draft: Draft) -> tuple[entries.Lot, ...]:
    """The lots that a draft opens: its contract's, if that gives anything, and its campaigns'."""
    decision, expiry = draft.decision, draft.terms.expiry
    if decision.credited_minor == 0:
        return draft.given.lots
    contract = entries.Lot(
        lot_id=entries.contract_lot_id(draft.purchase_id),
        rule_id=decision.contract_id,
        funder_id=facts.merchant_id,
        asset=money.asset(draft.purchase.asset).number,
        amount=decision.credited_minor,
        due_at=decision.clock.due_at,
        due_as=decision.clock.due_as,
        expires_at=decision.clock.expires_at,
        notice_days=expiry.notice_days,
        grace_days=expiry.grace_days,
        breakage=draft.terms.breakage,
        breakage_owner=heir(facts, draft.terms),
    )
    return (contract, *draft.given.lots)


def heir(facts: Facts, terms: contracts.Terms) -> UUID:
    """Who keeps what expires, by a contract's terms."""
    heirs = {"merchant": facts.merchant_id, "charity": terms.charity_id}
    return heirs.get(terms.breakage) or facts.operator_id


def line_rows(draft: Draft) -> list[tuple[object, ...]]:
    """Its lines with their decisions as `ledger.line_in`."""
    bucket = ledger.bucket(draft.purchase_id)
    return [
        (
            bucket,
            draft.purchase_id,
            line.number,
            line.external_id,
            line.product,
            line.description,
            line.brand,
            line.kind,
            line.category,
            line.labels,
            line.quantity_milli,
            line.amount_minor,
            line.discount_minor,
            line.tax_minor,
            decided.rule,
            decided.base_minor,
            decided.rate_bps,
            decided.rounding,
            decided.credited_minor,
            decided.sentence,
        )
        for line, decided in zip(draft.purchase.lines, draft.decision.lines, strict=True)
    ]


def event_rows(draft: Draft) -> list[tuple[object, ...]]:
    """Its events as `ledger.event_in`."""
    bucket = ledger.bucket(draft.purchase_id)
    return [
        (
            bucket,
            draft.purchase_id,
            one.kind,
            one.at,
            draft.purchase_id,
            ids.fingerprint(draft.purchase_id, one.kind, one.at),
        )
        for one in draft.purchase.events
    ]
