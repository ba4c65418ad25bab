"""Reading the books for people: the wallet page, lots, purchases with their reasons, redemptions.

Each page is one named query and one round trip. Places in a list are keys of the row itself, so a
row that is added later never shifts a page. Nothing here decides or writes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import errors, ledger, money, redeem, sql
from wallet.database import Database
from wallet.rules import statement

PAGE_MAX: Final = 100
"""Rows of one page: what a phone shows in a few screens, and what a query answers in a blink."""
VERSION_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Wallet:
    """The three faces of a wallet, in minor units; its movements and happenings, counted."""

    wallet_id: UUID
    asset: money.Asset
    pending_minor: int
    available_minor: int
    held_minor: int
    version: int
    happenings: int
    state: str


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a wallet: signed as the member sees it, the balances after it, and the reason."""

    movement_id: UUID
    wallet_id: UUID
    asset: money.Asset
    code: str
    amount_minor: int
    version: int
    pending_minor: int
    available_minor: int
    held_minor: int
    cause_id: UUID
    partner_id: UUID | None
    partner_name: str | None
    reason: str
    effective_at: datetime
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A wallet and a page of its movements, newest first, read together."""

    wallet: Wallet
    movements: tuple[Movement, ...]


@dataclass(frozen=True, slots=True)
class Lot:
    """Value with its provenance: who funded it, by which contract version, until when."""

    lot_id: UUID
    wallet_id: UUID
    asset: money.Asset
    funder_id: UUID
    funder_name: str | None
    rule_id: UUID
    cause_id: UUID
    amount_minor: int
    pending_minor: int
    remaining_minor: int
    earned_at: datetime
    due_at: datetime | None
    due_as: str | None
    available_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Expiring:
    """How much expires at an instant."""

    expires_at: datetime
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase as it stands; `detail` is there when one purchase was asked for by its id."""

    purchase_id: UUID
    wallet_id: UUID
    asset: money.Asset
    merchant_id: UUID
    merchant_name: str
    contract_id: UUID
    reference: str
    channel: str
    store_id: UUID | None
    purchased_at: datetime
    reported_at: datetime
    total_minor: int
    cashback_paid_minor: int
    credited_minor: int
    reversed_minor: int
    lot_id: UUID | None
    detail: "Detail | None" = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line with the decision that paid it, or says why nothing was paid."""

    number: int
    external_id: str | None
    product: str | None
    description: str | None
    brand: str | None
    kind: str
    category: str
    labels: tuple[str, ...]
    quantity_milli: int
    amount_minor: int
    discount_minor: int
    tax_minor: int
    rule: str
    base_minor: int
    rate_bps: int
    rounding: str
    credited_minor: int
    sentence: str
    returned_quantity_milli: int
    returned_amount_minor: int
    reversed_minor: int


@dataclass(frozen=True, slots=True)
class Return:
    """A return: what was reversed, and out of what it came."""

    return_id: UUID
    reason: str
    reversed_minor: int
    from_pending_minor: int
    from_lot_minor: int
    from_expired_minor: int
    lapsed_minor: int
    from_other_minor: int
    deficit_minor: int
    loss_minor: int
    loss_bearer: str | None
    returned_at: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """A business event of a purchase."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Other:
    """What campaigns gave in another asset than the purchase's, and what was taken back of it."""

    asset: money.Asset
    credited_minor: int
    reversed_minor: int


@dataclass(frozen=True, slots=True)
class Detail:
    """All that explains a purchase; `explanation` is what campaigns said, None without any."""

    lines: tuple[Line, ...]
    events: tuple[Happened, ...]
    returns: tuple[Return, ...]
    due_at: datetime | None
    due_as: str | None
    available_at: datetime | None
    expires_at: datetime | None
    explanation: dict[str, Any] | None
    others: tuple[Other, ...]


async def page(
    db: Database,
    wallet_id: UUID,
    *,
    asset: money.Asset,
    first: int = 20,
    before: int | None = None,
    codes: list[str] | None = None,
) -> Page:
    """A wallet with its movements below version `before`, the newest first; NOT_FOUND if none."""
    assert 0 <= first <= PAGE_MAX + 1
    row = await db.fetchrow(
        sql.load("queries/wallet_page"),
        ledger.bucket(wallet_id),
        wallet_id,
        asset.number,
        VERSION_MAX if before is None else before,
        codes,
        first,
    )
    if row is None:
        raise errors.NotFound()
    wallet = Wallet(
        wallet_id=wallet_id,
        asset=asset,
        pending_minor=row["pending"],
        available_minor=row["available"],
        held_minor=row["held"],
        version=row["version"],
        happenings=row["happenings"],
        state=row["state"],
    )
    whose = {"wallet_id": wallet_id, "asset": asset.number}
    movements = orjson.loads(row["movements"])
    return Page(wallet, tuple(read({**one, **whose}) for one in movements))


async def movement(db: Database, movement_id: UUID) -> Movement:
    """One movement of a wallet, or NOT_FOUND."""
    row = await db.fetchrow(sql.load("queries/movement"), ledger.bucket(movement_id), movement_id)
    if row is None:
        raise errors.NotFound()
    return read(dict(row))


async def lots(
    db: Database,
    wallet_id: UUID,
    *,
    asset: money.Asset,
    first: int,
    after: tuple[datetime | None, datetime | None, UUID] | None = None,
) -> list[Lot]:
    """Open and pending lots in the order in which they will be spent.

    `after` is the (expires_at, available_at or due_at, lot_id) of the last one seen.
    """
    assert 0 <= first <= PAGE_MAX + 1
    expires_at, ready_at, lot_id = after or (None, None, None)
    rows = await db.fetch(
        sql.load("queries/lots_page"),
        ledger.bucket(wallet_id),
        wallet_id,
        asset.number,
        expires_at,
        ready_at,
        lot_id,
        first,
    )
    return [_lot({**dict(row), "wallet_id": wallet_id}) for row in rows]


async def lot(db: Database, lot_id: UUID) -> Lot:
    """One lot, open or not, or NOT_FOUND."""
    row = await db.fetchrow(sql.load("queries/lot"), ledger.bucket(lot_id), lot_id)
    if row is None:
        raise errors.NotFound()
    return _lot(dict(row))


async def next_expiries(
    db: Database, wallet_id: UUID, *, asset: money.Asset, first: int
) -> list[Expiring]:
    """The next instants at which something expires, soonest first."""
    rows = await db.fetch(
        sql.load("queries/next_expiries"), ledger.bucket(wallet_id), wallet_id, asset.number, first
    )
    return [Expiring(**dict(row)) for row in rows]


async def purchases(
    db: Database, wallet_id: UUID, *, first: int, before: tuple[datetime, UUID] | None = None
) -> list[Purchase]:
    """A wallet's purchases, the newest first, without their lines."""
    assert 0 <= first <= PAGE_MAX + 1
    at, purchase_id = before or (None, None)
    rows = await db.fetch(
        sql.load("queries/purchases_page"),
        ledger.bucket(wallet_id),
        wallet_id,
        at,
        purchase_id,
        first,
    )
    return [_purchase(dict(row)) for row in rows]


async def purchase(db: Database, purchase_id: UUID) -> Purchase:
    """One purchase with all that explains it, or NOT_FOUND. The caller says who may see it."""
    row = await db.fetchrow(sql.load("queries/purchase"), ledger.bucket(purchase_id), purchase_id)
    if row is None:
        raise errors.NotFound()
    return _purchase(dict(row))


async def purchase_by_reference(db: Database, merchant_id: UUID, reference: str) -> Purchase:
    """One merchant's purchase by its own number, or NOT_FOUND."""
    purchase_id = await db.fetchval(
        "select purchase_id from ledger.claim"
        " where bucket = $1 and merchant_id = $2 and reference = $3",
        ledger.claim_bucket(merchant_id, reference),
        merchant_id,
        reference,
    )
    if purchase_id is None:
        raise errors.NotFound()
    return await purchase(db, purchase_id)


async def redemptions(
    db: Database, wallet_id: UUID, *, first: int, before: tuple[datetime, UUID] | None = None
) -> list[redeem.Redemption]:
    """A wallet's redemptions, the newest first."""
    assert 0 <= first <= PAGE_MAX + 1
    at, redemption_id = before or (None, None)
    rows = await db.fetch(
        sql.load("queries/redemptions_page"),
        ledger.bucket(wallet_id),
        wallet_id,
        at,
        redemption_id,
        first,
    )
    return [redeem.read(row) for row in rows]


def read(facts: dict[str, Any]) -> Movement:
    """A row of `ledger.transfer` with its partner's name as a movement."""
    asset = facts["asset"] = money.asset_by_number(facts["asset"])
    amount, sides = facts["amount_minor"], (facts.pop("debit_kind"), facts.pop("credit_kind"))
    facts["reason"] = statement.reason(facts["code"], amount, asset, facts["partner_name"])
    facts["amount_minor"] = statement.signed(amount, *sides)
    for field in ("movement_id", "cause_id", "partner_id"):
        facts[field] = _uuid(facts[field])
    for field in ("effective_at", "posted_at"):
        facts[field] = _instant(facts[field])
    return Movement(**facts)


def _lot(facts: dict[str, Any]) -> Lot:
    return Lot(**{**facts, "asset": money.asset_by_number(facts["asset"])})


def _purchase(facts: dict[str, Any]) -> Purchase:
    facts["asset"] = money.asset_by_number(facts["asset"])
    if "lines" not in facts:
        return Purchase(**facts)
    lot = orjson.loads(facts.pop("lot") or "{}")
    explanation = facts.pop("explanation")
    facts["detail"] = Detail(
        lines=tuple(_line(one) for one in orjson.loads(facts.pop("lines") or "[]")),
        events=tuple(
            Happened(one["kind"], datetime.fromisoformat(one["at"]))
            for one in orjson.loads(facts.pop("events"))
        ),
        returns=tuple(_return(one) for one in orjson.loads(facts.pop("returns"))),
        due_at=_instant(lot.get("due_at")),
        due_as=lot.get("due_as"),
        available_at=_instant(lot.get("available_at")),
        expires_at=_instant(lot.get("expires_at")),
        explanation=None if explanation is None else orjson.loads(explanation),
        others=tuple(
            Other(money.asset_by_number(number), credited_minor, reversed_minor)
            for number, credited_minor, reversed_minor in orjson.loads(facts.pop("others"))
        ),
    )
    return Purchase(**facts)


def _line(facts: dict[str, Any]) -> Line:
    facts |= {"number": facts["line_no"], "labels": tuple(facts["labels"])}
    return Line(**{name: facts[name] for name in Line.__slots__})


def _return(facts: dict[str, Any]) -> Return:
    facts |= {"return_id": _uuid(facts["return_id"]), "returned_at": _instant(facts["returned_at"])}
    return Return(**{name: facts[name] for name in Return.__slots__})


def _uuid(value: UUID | str | None) -> UUID | None:
    return UUID(value) if isinstance(value, str) else value


def _instant(value: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
