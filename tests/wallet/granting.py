"""What a campaign would give, made by hand: purchases and awards with gifts, posted as in life.

A `Gift` is a campaign version with its funders. Everything goes through the real draft, the real
claim and the real functions; only the campaign's decision is the test's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from tests.wallet import factories
from tests.wallet.factories import NOON, Coalition
from wallet import drafts, earn, entries, ids, ledger, members, money, programme, sql
from wallet.campaigns import budgets, reversals
from wallet.rules import purchases, returns


@dataclass(frozen=True, slots=True)
class Gift:
    """So much of one campaign on one line, paid by its funders in these parts."""

    minor: int
    funders: dict[UUID, int]
    asset: money.Asset = money.EUR
    charity_id: UUID | None = None
    charity_minor: int = 0
    line_no: int = 1
    desired: int | None = None
    budgets: tuple[UUID, ...] = ()
    campaign_id: UUID = field(default_factory=ids.new)
    version_id: UUID = field(default_factory=ids.new)


@dataclass(frozen=True, slots=True)
class Posted:
    """What the books said, and which purchase it was."""

    purchase_id: UUID
    answer: dict[str, Any]

    @property
    def code(self) -> str:
        """The answer's code."""
        return str(self.answer["code"])


Item: TypeAlias = tuple[earn.Report, Sequence[Gift], dict[str, Any]]
"""A purchase, what campaigns give on top of it, and fields of `entries.Given`."""


async def post(
    coalition: Coalition,
    merchant_id: UUID,
    member: members.Member,
    bought: purchases.Purchase,
    *gifts: Gift,
    key: UUID | None = None,
    now: datetime = NOON,
    **given: Any,
) -> Posted:
    """Post one purchase with these gifts on top of its contract."""
    item = earn.Report(key or ids.new(), member.member_id, bought)
    (posted,) = await batch(coalition, merchant_id, [(item, gifts, given)], now=now)
    return posted


async def batch(
    coalition: Coalition,
    merchant_id: UUID,
    items: Sequence[Item],
    *,
    now: datetime = NOON,
) -> list[Posted]:
    """Post several purchases in one call."""
    db = coalition.db
    reports = [item for item, _, _ in items]
    facts = await drafts.gather(db, merchant_id, [one.purchase for one in reports], reports, now)
    decided = []
    for item, gifts, given in items:
        draft = await drafts.decide(db, facts, item)
        decided.append(replace(draft, given=replace(of(facts, draft, gifts), **given)))
    claims = [
        (
            ledger.claim_bucket(merchant_id, draft.purchase.reference),
            merchant_id,
            draft.purchase.reference,
            draft.purchase_id,
            draft.wallet_id,
            draft.fingerprint,
        )
        for draft in decided
    ]
    await db.fetch(
        "select * from ledger.claim($1, $2::ledger.claim_in[])",
        sorted({claim[0] for claim in claims}),
        claims,
    )
    call = drafts.posting(facts, decided, now)
    answers = await db.bulk(f"select {call.text()}", *call.arguments)
    return [
        Posted(draft.purchase_id, answer) for draft, answer in zip(decided, answers, strict=True)
    ]


def of(facts: drafts.Facts, draft: drafts.Draft, gifts: Sequence[Gift]) -> entries.Given:
    """The entries of some gifts, waiting for the clock of the purchase's contract."""
    clock = draft.decision.clock
    return given(
        draft.purchase_id, gifts, facts.operator_id, clock.due_at, clock.due_as, clock.expires_at
    )


def given(
    cause_id: UUID,
    gifts: Sequence[Gift],
    operator_id: UUID,
    due_at: datetime | None,
    due_as: str | None,
    expires_at: datetime | None,
) -> entries.Given:
    """The entries of some gifts for a purchase or an award."""
    lots, grants = [], []
    whole: dict[UUID, Gift] = {}
    draws: dict[UUID, int] = {}
    for gift in gifts:
        before = whole.get(gift.version_id)
        minor = gift.minor + (before.minor if before else 0)
        whole[gift.version_id] = replace(gift, minor=minor)
    for gift in whole.values():
        parts = money.split(gift.minor, list(gift.funders.values()))
        shares = money.split(gift.charity_minor, parts)
        lots += [
            entries.Lot(
                entries.lot_id(cause_id, gift.version_id, funder_id),
                gift.version_id,
                funder_id,
                gift.asset.number,
                part,
                due_at,
                due_as,
                expires_at,
                0,
                30,
                "operator",
                operator_id,
                gift.charity_id,
                share,
            )
            for funder_id, part, share in zip(gift.funders, parts, shares, strict=True)
            if part > 0
        ]
    for gift in gifts:
        desired = gift.minor if gift.desired is None else gift.desired
        grants.append(
            entries.Grant(
                gift.line_no,
                gift.version_id,
                gift.campaign_id,
                gift.asset.number,
                10_000,
                desired,
                gift.minor,
                NOON.date(),
            )
        )
        for budget in gift.budgets:
            draws[budget] = draws.get(budget, 0) + gift.minor
    return entries.Given(
        lots=tuple(lots),
        grants=tuple(grants),
        draws=tuple(entries.Draw(*one) for one in draws.items() if one[1] > 0),
        explanation=orjson.dumps({"matched": [str(gift.campaign_id) for gift in gifts]}).decode(),
        facts="{}",
    )


def coupon(member: members.Member, *, expires_at: datetime | None = None) -> entries.Benefit:
    """A coupon for a member, not yet given."""
    return entries.Benefit(
        ids.placed(ids.new(), ledger.bucket(member.wallet_id)),
        ids.new(),
        ids.new(),
        "coupon",
        "spring",
        "Ten per cent in spring",
        expires_at,
    )


async def give_back(
    coalition: Coalition,
    merchant_id: UUID,
    purchase_id: UUID,
    *lines: returns.ReturnLine,
    tenths: int = 10,
    key: UUID | None = None,
    now: datetime = NOON,
    deficit_max: int = 5000,
    bearer: str = "operator",
    version: int | None = None,
) -> dict[str, Any]:
    """Take lines back, and so many tenths of what is left of each grant, from its lots by rest."""
    row = await coalition.db.fetchrow(
        sql.load("queries/purchase_facts"), ledger.bucket(purchase_id), purchase_id, merchant_id
    )
    assert row is not None
    sold, grants, lots, draws = (
        orjson.loads(row[name]) for name in ("lines", "grants", "lots", "draws")
    )
    asked = lines or tuple(returns.ReturnLine(one["number"]) for one in sold)
    parts = returns.decide(
        tuple(reversals.sold_line(one) for one in sold),
        asked,
    )
    back: dict[str, int] = {}
    grant_rows = []
    for one in grants:
        minor = (one["granted_minor"] - one["reversed_minor"]) * tenths // 10
        if minor:
            grant_rows.append((one["line_no"], one["version_id"], minor))
            back[one["version_id"]] = back.get(one["version_id"], 0) + minor
    lot_rows = [(row["lot_id"], sum(part.reversed_minor for part in parts))]
    for version_id, minor in back.items():
        own = [lot for lot in lots if lot["rule_id"] == version_id]
        left = [lot["amount_minor"] - lot["reversed_minor"] for lot in own]
        split = money.split(minor, left)
        lot_rows += [(lot["lot_id"], part) for lot, part in zip(own, split, strict=True)]
    releases = [
        (one["budget_id"], (one["amount_minor"] - one["released_minor"]) * tenths // 10)
        for one in draws
    ]
    bucket = ledger.bucket(purchase_id)
    return_id = ids.placed(key or ids.new(), bucket)
    answer = await coalition.db.call(
        "select ledger.reverse_purchase($1, $2, $3, $4, $5, $6, $7::ledger.return_line_in[],"
        " $8::ledger.return_grant_in[], $9::ledger.return_lot_in[], $10::ledger.release_in[], $11,"
        " $12, $13, $14, $15)",
        bucket,
        purchase_id,
        return_id,
        ids.fingerprint(purchase_id, return_id),
        merchant_id,
        row["version"] if version is None else version,
        [(one.number, one.quantity_milli, one.amount_minor, one.reversed_minor) for one in parts],
        grant_rows,
        [one for one in lot_rows if one[1] > 0],
        releases,
        "did not fit",
        deficit_max,
        bearer,
        coalition.operator_id,
        now,
    )
    assert isinstance(answer, dict)
    return answer


async def award(
    coalition: Coalition,
    member: members.Member,
    *gifts: Gift,
    partner_id: UUID,
    reference: str,
    key: UUID | None = None,
    facts_version: int | None = None,
    now: datetime = NOON,
) -> Posted:
    """Post an award that is due at once."""
    award_id = ids.placed(key or ids.new(), ledger.bucket(member.wallet_id))
    house = await programme.of(coalition.db)
    all_of = given(award_id, gifts, coalition.operator_id, now, "mature", now + 90 * factories.DAY)
    answer = await coalition.db.call(
        "select ledger.post_award($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
        " $13::ledger.lot_in[], $14::ledger.grant_in[], $15::ledger.draw_in[],"
        " $16::ledger.benefit_in[], $17, $18, $19)",
        ledger.bucket(award_id),
        award_id,
        member.wallet_id,
        coalition.asset.number,
        partner_id,
        "review",
        reference,
        None,
        "{}",
        ids.fingerprint(award_id, reference),
        facts_version,
        house.wallet_floor_minor,
        entries.rows(award_id, all_of.lots),
        entries.rows(award_id, all_of.grants),
        entries.rows(award_id, all_of.draws),
        [],
        all_of.explanation,
        all_of.facts,
        now,
    )
    return Posted(award_id, answer)


async def undo(
    coalition: Coalition, award_id: UUID, *, key: UUID | None = None, now: datetime = NOON
) -> dict[str, Any]:
    """Reverse an award, whole."""
    return_id = ids.placed(key or ids.new(), ledger.bucket(award_id))
    answer = await coalition.db.call(
        "select ledger.reverse_award($1, $2, $3, $4, null, null, null, $5, $6, $7, $8, $9)",
        ledger.bucket(award_id),
        award_id,
        return_id,
        ids.fingerprint(award_id, return_id),
        "the review was bought",
        5000,
        "operator",
        coalition.operator_id,
        now,
    )
    assert isinstance(answer, dict)
    return answer


async def facts_of(coalition: Coalition, member: members.Member) -> int:
    """How often the member's facts have changed."""
    return int(
        await coalition.db.fetchval(
            "select facts from ledger.wallet where wallet_id = $1 and asset = $2",
            member.wallet_id,
            coalition.asset.number,
        )
    )


async def budget(
    coalition: Coalition, cap_minor: int, *, bucket: int | None = None, need_minor: int = 0
) -> UUID:
    """A campaign's budget, of which a bucket has what it needs."""
    made = await budgets.set_cap(
        coalition.db,
        kind="campaign",
        subject_id=ids.new(),
        asset=coalition.asset,
        cap_minor=cap_minor,
        alerts=(8000, 9500),
    )
    if bucket is not None:
        await budgets.allot(coalition.db, made, bucket=bucket, need_minor=need_minor)
    return made


async def lots_of(coalition: Coalition, cause_id: UUID) -> dict[UUID, tuple[int, int, int, int]]:
    """Amount, pending, remaining and given of the campaigns' lots of a cause, by funder."""
    rows = await coalition.db.fetch(
        "select l.funder_id, l.amount, l.pending, l.remaining, l.given from ledger.lot l"
        " where l.cause_id = $1 and exists (select 1 from ledger.grant g"
        " where g.cause_id = l.cause_id and g.version_id = l.rule_id)",
        cause_id,
    )
    return {row[0]: tuple(row[1:]) for row in rows}


async def faces(
    coalition: Coalition, member: members.Member, asset: money.Asset
) -> tuple[int, int] | None:
    """Pending and available in one asset; None where there is no such wallet."""
    row = await coalition.db.fetchrow(
        "select pending, credited - debited - held from ledger.wallet"
        " where wallet_id = $1 and asset = $2",
        member.wallet_id,
        asset.number,
    )
    return None if row is None else (row[0], row[1])
