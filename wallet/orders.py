"""Orders at partners: value held for what a partner is asked to issue, and what its answers move.

Nothing here speaks to a partner: `partners.saga` does, and brings the answers. An attempt is
claimed before the partner is called and recorded with the money after it, under one version, so
that two who work on one order at once can never both be believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from wallet import errors, ids, ledger, merchants, money, programme, sql
from wallet.database import Database
from wallet.rules import order_states, orders, redemption
from wallet.rules.order_steps import Facts, Step

PAGE_MAX: Final = 101
"""One screen of the staff, and the row that says that more follow."""
ATTEMPTS_MAX: Final = 200
"""Attempts that are read of one order; by the schedule there are far fewer."""
_SELECT: Final = (
    "select o.*, r.wallet_id, r.asset, r.merchant_id, r.amount as amount_minor,"
    " r.state as redemption_state, coalesce($1::timestamptz, clock_timestamp()) as now"
    " from ledger.partner_order o"
    " join ledger.redemption r on r.bucket = o.bucket and r.redemption_id = o.redemption_id"
)


Found: TypeAlias = Literal["issued", "absent"]
"""What people found out about an order: its value stands at the partner, or it does not."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member wants at a partner; `link_id` and `subject` where an account is linked.

    `kid` names the key that the order's secret code is made by: the same at every try.
    """

    partner_id: UUID
    merchant_id: UUID
    kind: orders.Kind
    amount_minor: int
    asset: money.Asset
    kid: str
    link_id: UUID | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands at `now`, the database's clock; `version` is what a change must name.

    `reason` is the partner's last word, for the staff; `evidence` what two people decided by.
    """

    redemption_id: UUID
    wallet_id: UUID
    merchant_id: UUID
    partner_id: UUID
    kind: orders.Kind
    amount_minor: int
    asset: money.Asset
    link_id: UUID | None
    subject: str | None
    kid: str
    version: int
    due_at: datetime | None
    reference: str | None
    reason: str | None
    evidence: str | None
    created_at: datetime
    changed_at: datetime
    facts: Facts
    now: datetime

    @property
    def state(self) -> order_states.State:
        """Where it stands."""
        return self.facts.state

    @property
    def stands(self) -> bool:
        """Whether its value stands at the partner, as far as the books know."""
        if self.state == "attention":
            return self.facts.aim == "reverse"
        return self.state in ("captured", "reversing", "reverse_unknown", "suspense")

    @property
    def outcomes(self) -> frozenset[Found]:
        """What people may decide of it: nothing, unless it waits for them."""
        if self.state == "attention":
            return frozenset({"issued", "absent"})
        return frozenset({"absent"} if self.state == "suspense" else ())

    @property
    def key(self) -> str:
        """What the partner knows it by: 32 plain characters."""
        return self.redemption_id.hex


@dataclass(frozen=True, slots=True)
class Heard:
    """What was answered or told: by what, in which words, and what came with it.

    `reference` is the partner's own name of what it issued.
    """

    asked: str
    said: str
    reason: str | None = None
    took_ms: int = 0
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was asked or told, what came of it, and where the order went."""

    number: int
    asked: str
    said: str
    state: order_states.State
    reason: str | None
    took_ms: int
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """An order after a verb, and whether this id had done it before."""

    order: Order
    replayed: bool


async def hold(
    db: Database,
    *,
    wallet_id: UUID,
    request_id: UUID,
    wish: Wish,
    now: datetime | None = None,
) -> Outcome:
    """Hold value for a partner; the partner is asked only when this has been committed.

    Refused with INSUFFICIENT_FUNDS, MEMBER_SUSPENDED, MERCHANT_SUSPENDED, CURRENCY_MISMATCH or
    AMOUNT_INVALID. Whether the partner is open to this member is for the caller to see.
    """
    redemption.check_amount(wish.amount_minor, "amount")
    bucket = ledger.bucket(wallet_id)
    redemption_id = ids.placed(request_id, bucket)
    merchant = await merchants.find(db, wish.merchant_id)
    if merchant.status != "active" and await known(db, redemption_id) is None:
        raise errors.MerchantSuspended()
    answer = await db.call(
        "select ledger.order_hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        bucket,
        redemption_id,
        ids.fingerprint(
            wish.partner_id, wish.kind, wish.amount_minor, wish.asset.code, wish.link_id
        ),
        wallet_id,
        wish.asset.number,
        wish.amount_minor,
        wish.merchant_id,
        wish.partner_id,
        wish.kind,
        wish.link_id,
        wish.subject,
        wish.kid,
        now,
    )
    replayed = ledger.replayed(answer, wish.asset)
    return Outcome(await find(db, redemption_id, now=now), replayed)


async def take(
    db: Database, order: Order, *, lease: timedelta, now: datetime | None = None
) -> Order | None:
    """Claim an order for one attempt, committed before the partner is called; None if it moved."""
    answer = await db.call(
        "select ledger.order_take($1, $2, $3, $4, $5)",
        *(ledger.bucket(order.redemption_id), order.redemption_id, order.version, lease, now),
    )
    if answer["code"] != "taken":
        return None
    taken = await find(db, order.redemption_id, now=now)
    return taken if taken.version == answer["version"] else None


async def record(
    db: Database, order: Order, step: Step, heard: Heard, *, now: datetime | None = None
) -> bool:
    """Record what was heard, and go where the rule says, with the money; False if it moved."""
    house = await programme.of(db)
    answer = await db.call(
        "select ledger.order_record($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
        " $15, $16, $17)",
        *(ledger.bucket(order.redemption_id), order.redemption_id, order.version),
        *(step.state, step.ask, step.wait, step.lookups, step.agreed, step.doubted, step.refused),
        *(heard.asked, heard.said, heard.reason, heard.took_ms),
        *(heard.reference, house.time_zone, now),
    )
    return bool(answer["code"] == "recorded")


async def reverse(
    db: Database, *, redemption_id: UUID, request_id: UUID, now: datetime | None = None
) -> Outcome:
    """Ask that what was spent be taken back at the partner; ORDER_CLOSED for what is not spent.

    The member's lots get it back when the partner has taken it back, and not before.
    """
    bucket = ledger.bucket(redemption_id)
    answer = await db.call(
        "select ledger.order_reverse($1, $2, $3, $4, $5)",
        bucket,
        redemption_id,
        ids.placed(request_id, bucket),
        ids.fingerprint(redemption_id, "order reverse"),
        now,
    )
    replayed = ledger.replayed(answer)
    return Outcome(await find(db, redemption_id, now=now), replayed)


def resolving(
    *,
    redemption_id: UUID,
    request_id: UUID,
    outcome: Found,
    evidence: str,
    time_zone: str,
    now: datetime | None,
) -> ledger.Call:
    """The call by which two people decide what nobody could tell, as part of their approval."""
    bucket = ledger.bucket(redemption_id)
    return ledger.Call(
        "ledger.order_resolve",
        (
            *(bucket, redemption_id, ids.placed(request_id, bucket)),
            *(outcome, evidence, time_zone, now),
        ),
    )


async def find(db: Database, redemption_id: UUID, *, now: datetime | None = None) -> Order:
    """The order of this redemption, or NOT_FOUND."""
    found = await known(db, redemption_id, now=now)
    if found is None:
        raise errors.NotFound()
    return found


async def known(db: Database, redemption_id: UUID, *, now: datetime | None = None) -> Order | None:
    """The order of this redemption, or None."""
    row = await db.fetchrow(
        f"{_SELECT} where o.bucket = $2 and o.redemption_id = $3",
        *(now, ledger.bucket(redemption_id), redemption_id),
    )
    return None if row is None else _read(row)


async def several(db: Database, redemption_ids: Sequence[UUID]) -> dict[UUID, Order]:
    """The orders of these redemptions, by redemption; those at tills have none."""
    rows = await db.fetch(
        f"{_SELECT} where o.bucket = any($2) and o.redemption_id = any($3)",
        None,
        sorted({ledger.bucket(one) for one in redemption_ids}),
        list(redemption_ids),
    )
    return {one.redemption_id: one for one in map(_read, rows)}


async def referred(db: Database, partner_id: UUID, reference: str) -> Order | None:
    """The newest order that a partner knows by its own reference, or None."""
    row = await db.fetchrow(
        f"{_SELECT} where o.partner_id = $2 and o.reference = $3"
        " order by o.created_at desc limit 1",
        *(None, partner_id, reference),
    )
    return None if row is None else _read(row)


async def due(
    db: Database, *, of_partner: int, limit: int, now: datetime | None = None
) -> list[Order]:
    """Orders whose time has come, `of_partner` of each partner at most."""
    rows = await db.fetch(
        f"{_SELECT} join ({sql.load('queries/orders_due')}) d"
        " on d.bucket = o.bucket and d.redemption_id = o.redemption_id order by o.due_at",
        *(now, of_partner, limit),
    )
    return [_read(row) for row in rows]


async def between(
    db: Database,
    partner_id: UUID,
    *,
    since: datetime,
    until: datetime,
    after: tuple[datetime, UUID] | None,
    first: int,
) -> list[Order]:
    """Orders of a partner that were begun in a span, the oldest first, after the last one seen."""
    at, last = after or (since, UUID(int=0))
    rows = await db.fetch(
        f"{_SELECT} where o.partner_id = $2 and (o.created_at, o.redemption_id) > ($3, $4)"
        " and o.created_at >= $5 and o.created_at < $6 order by o.created_at, o.redemption_id"
        " limit $7",
        *(None, partner_id, at, last, since, until, first),
    )
    return [_read(row) for row in rows]


async def page(
    db: Database,
    *,
    first: int,
    before: tuple[datetime, UUID] | None,
    state: order_states.State | None = None,
    partner_id: UUID | None = None,
    wallet_id: UUID | None = None,
) -> list[Order]:
    """Orders, newest first; `before` is the last one seen, None for the start."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_SELECT} where ($2::timestamptz is null or (o.created_at, o.redemption_id) < ($2, $3))"
        " and ($4::text is null or o.state = $4) and ($5::uuid is null or o.partner_id = $5)"
        " and ($6::uuid is null or (o.bucket = $7 and r.wallet_id = $6))"
        " order by o.created_at desc, o.redemption_id desc limit $8",
        *(None, at, last, state, partner_id, wallet_id),
        *(None if wallet_id is None else ledger.bucket(wallet_id), first),
    )
    return [_read(row) for row in rows]


async def attempts(db: Database, redemption_id: UUID) -> list[Attempt]:
    """The story of an order, in order."""
    return (await stories(db, [redemption_id]))[redemption_id]


async def stories(db: Database, redemption_ids: Sequence[UUID]) -> dict[UUID, list[Attempt]]:
    """The stories of some orders, ATTEMPTS_MAX of each at most."""
    rows = await db.fetch(
        "select a.* from unnest($1::smallint[], $2::uuid[]) o (bucket, redemption_id)"
        " join ledger.partner_attempt a"
        " on a.bucket = o.bucket and a.redemption_id = o.redemption_id and a.number <= $3"
        " order by a.redemption_id, a.number",
        [ledger.bucket(one) for one in redemption_ids],
        redemption_ids,
        ATTEMPTS_MAX,
    )
    found: dict[UUID, list[Attempt]] = {one: [] for one in redemption_ids}
    for row in rows:
        found[row["redemption_id"]].append(
            Attempt(**{name: row[name] for name in Attempt.__dataclass_fields__})
        )
    return found


def _read(row: Any) -> Order:
    facts = Facts(
        settled="reversed" if row["redemption_state"] == "captured" else "released",
        **{name: row[name] for name in _FACTS},
    )
    plain = {name: row[name] for name in _PLAIN}
    return Order(**plain, asset=money.asset_by_number(row["asset"]), facts=facts)


_FACTS: Final = tuple(name for name in Facts.__dataclass_fields__ if name != "settled")
_PLAIN: Final = tuple(name for name in Order.__dataclass_fields__ if name not in ("asset", "facts"))
