"""The saga of an order: one attempt at a time, claimed before it is made and recorded after it.

An attempt is claimed in the books, then the partner is asked while nothing is locked and no
transaction is open, then the answer is recorded with the money that it moves. Whoever dies in
between leaves a claim that runs out; then nobody knows, and the rule looks. Whoever is too late
finds that the order has moved, and what they learned is told like anything else that is heard.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from partners import adapter, asking, codes, opening, vault
from wallet import errors, orders
from wallet.database import Database
from wallet.rules import order_steps
from wallet.rules.order_states import Said
from wallet.rules.order_steps import Able, Answer, Pace, Step

log: Final = structlog.get_logger("partners.saga")

REQUEST_SECONDS: Final = 3.0
"""A member who waits for a shop longer than this is told that it is being confirmed."""
WORKER_SECONDS: Final = 10.0
"""Nobody waits for the worker; a shop that takes longer is down."""
LEASE: Final = timedelta(seconds=60)
"""How long a claim holds: opening and asking at their slowest, three times over."""
PARTNER_AT_ONCE: Final = 4
"""Orders of one partner that are asked about at once: a slow one holds up its own alone."""
OF_PARTNER: Final = 50
"""Orders of one partner that one look at the books brings."""
BATCH: Final = 500
"""Orders that one look at the books brings."""
PAUSE_SECONDS: Final = 0.5
"""Between two looks at the books for orders that are due."""
RACES_MAX: Final = 5
"""How often what was told is tried anew where the order moves meanwhile."""
ALARMING: Final = ("attention", "late", "suspense")
"""States that a person hears of when an order comes into them."""
UNREACHABLE: Final = adapter.Capabilities(kinds=())
"""What a partner can do whose adapter is not there: nothing that we could rely on."""


@dataclass(frozen=True, slots=True)
class House:
    """What the saga works with; `pace` is how long the rule waits."""

    db: Database
    reach: asking.Opening
    ring: vault.Vault
    pace: Pace = field(default_factory=Pace)
    lease: timedelta = LEASE


async def begin(
    house: House,
    *,
    wallet_id: UUID,
    request_id: UUID,
    wish: orders.Wish,
    now: datetime | None = None,
) -> orders.Outcome:
    """Hold value for a partner and ask it once; what it did not answer in time goes on behind."""
    held = await orders.hold(
        house.db, wallet_id=wallet_id, request_id=request_id, wish=wish, now=now
    )
    if held.order.state != "held":
        return held
    order = await advance(house, held.order.redemption_id, seconds=REQUEST_SECONDS, now=now)
    return orders.Outcome(order, held.replayed)


async def reverse(
    house: House, *, redemption_id: UUID, request_id: UUID, now: datetime | None = None
) -> orders.Outcome:
    """Have what was issued taken back, and ask for it once; the lots follow the partner's answer.

    ORDER_FINAL where the partner takes nothing back, ORDER_CLOSED for what is not spent.
    """
    order = await orders.find(house.db, redemption_id, now=now)
    if not (await _able(house, order)).reverses:
        raise errors.OrderFinal(path=("redemption_id",))
    asked = await orders.reverse(
        house.db, redemption_id=redemption_id, request_id=request_id, now=now
    )
    if asked.replayed:
        return asked
    order = await advance(house, redemption_id, seconds=REQUEST_SECONDS, now=now)
    return orders.Outcome(order, asked.replayed)


async def advance(
    house: House,
    redemption_id: UUID,
    *,
    seconds: float = WORKER_SECONDS,
    now: datetime | None = None,
) -> orders.Order:
    """Make the attempt that is due, if one is and nobody else makes it; the order after it."""
    order = await orders.find(house.db, redemption_id, now=now)
    if order.due_at is None or order.due_at > order.now:
        return order
    able = await _able(house, order)
    if order.facts.leased:
        # Whoever claimed it has died: what was asked may have happened.
        log.warning("order.lost", order=order.key, asked=order.facts.ask)
        lost = orders.Heard(str(order.facts.ask), "unknown", "whoever asked did not come back")
        await _decided(house, order, Answer("unknown"), lost, able, order.now, now)
        return await orders.find(house.db, redemption_id, now=now)
    early = order_steps.due(order.facts, able, order.now, house.pace)
    if early is not None:
        await _record(house, order, early, orders.Heard("clock", "overdue"), now)
        return await orders.find(house.db, redemption_id, now=now)
    taken = await orders.take(house.db, order, lease=house.lease, now=now)
    if taken is not None:
        await _attempt(house, taken, able, seconds, now)
    return await orders.find(house.db, redemption_id, now=now)


async def heard(
    house: House, partner_id: UUID, event: adapter.PartnerEvent, *, now: datetime | None = None
) -> orders.Order | None:
    """Take in what a partner told by itself; the order it is about, None if it is none of ours.

    It may be told twice, late and in any order: it is a reason to look, and the word only of a
    partner that cannot be asked.
    """
    order = await meant(house.db, partner_id, key=event.key, ref=event.ref, now=now)
    if order is None:
        log.warning("event.unknown", partner=str(partner_id), id=event.event_id)
        return None
    said: Said = event.state
    if event.money not in (None, adapter.Money(order.amount_minor, order.asset)):
        # Shops tell of what is left of a card: that it exists is all that is learned of it.
        log.warning("event.differs", order=order.key, id=event.event_id)
    return await learn(house, order.redemption_id, said, reference=event.ref, now=now)


async def learn(
    house: House,
    redemption_id: UUID,
    said: Said,
    *,
    reference: str | None = None,
    now: datetime | None = None,
) -> orders.Order:
    """Take in that something stands at the partner, or is gone, which nobody asked about now."""
    for _ in range(RACES_MAX):
        order = await orders.find(house.db, redemption_id, now=now)
        step = order_steps.heard(order.facts, said, await _able(house, order))
        told = orders.Heard("event", said, reference=reference)
        if step is None:
            if order.facts.there == said or order.state != "captured":
                return order
            step = Step("captured")
            if said == "void":
                log.error("order.voided", order=order.key, partner=str(order.partner_id))
        if await _record(house, order, step, told, now):
            return await orders.find(house.db, redemption_id, now=now)
    return await orders.find(house.db, redemption_id, now=now)


async def sweep(house: House, *, now: datetime | None = None) -> int:
    """Make every attempt that is due, some of each partner at once; returns how many there were."""
    due = await _due(house, now)
    gates = defaultdict[UUID, asyncio.Semaphore](lambda: asyncio.Semaphore(PARTNER_AT_ONCE))

    async def one(order: orders.Order) -> None:
        async with gates[order.partner_id]:
            await _safely(house, order.redemption_id, now)

    async with asyncio.TaskGroup() as group:
        for order in due:
            group.create_task(one(order))
    return len(due)


async def work(house: House, *, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Make attempts as they become due, until cancelled; no partner waits for another."""
    busy: dict[UUID, UUID] = {}

    async def one(order: orders.Order) -> None:
        try:
            await _safely(house, order.redemption_id, None)
        finally:
            del busy[order.redemption_id]

    async with asyncio.TaskGroup() as group:
        while True:
            with contextlib.suppress(errors.Unavailable):  # The database comes back, or we stop.
                for order in await _due(house, None):
                    at_once = sum(partner == order.partner_id for partner in busy.values())
                    if order.redemption_id not in busy and at_once < PARTNER_AT_ONCE:
                        busy[order.redemption_id] = order.partner_id
                        group.create_task(one(order))
            await asyncio.sleep(pause_seconds)


async def _due(house: House, now: datetime | None) -> Sequence[orders.Order]:
    return await orders.due(house.db, of_partner=OF_PARTNER, limit=BATCH, now=now)


async def _safely(house: House, redemption_id: UUID, now: datetime | None) -> None:
    """One attempt; what goes wrong with one order stops no other."""
    try:
        await advance(house, redemption_id, now=now)
    except errors.Unavailable as error:
        log.warning("order.waits", order=redemption_id.hex, error=str(error))
    except Exception:
        log.exception("order.broken", order=redemption_id.hex)


async def _able(house: House, order: orders.Order) -> Able:
    try:
        return await house.reach.able(order)
    except opening.Closed:
        return UNREACHABLE


async def _attempt(
    house: House, order: orders.Order, able: Able, seconds: float, now: datetime | None
) -> None:
    began = time.monotonic()
    try:
        code = codes.ours(house.ring, order.redemption_id, order.kid)
        chosen = await codes.of(house.db, house.ring, order)
    except vault.Unreadable as error:
        log.error("order.unreadable", order=order.key, why=str(error))
        answer, told, came = (
            Answer("not_sent"),
            orders.Heard("", "not_sent", "its key is gone"),
            None,
        )
    else:
        answer, told, came = await asking.ask(
            house.reach, order, code=code, chosen=chosen, seconds=seconds
        )
    if came is not None:
        await codes.keep(house.db, house.ring, order.redemption_id, came)
    # The database's clock, and how long it took by ours: no two clocks are compared.
    later = order.now + timedelta(seconds=time.monotonic() - began) if now is None else now
    if not await _decided(house, order, answer, told, able, later, now) and answer.said in (
        "live",
        "spent",
    ):
        await learn(house, order.redemption_id, answer.said, reference=told.reference, now=now)


async def _decided(
    house: House,
    order: orders.Order,
    answer: Answer,
    told: orders.Heard,
    able: Able,
    at: datetime,
    now: datetime | None,
) -> bool:
    step = order_steps.decide(order.facts, answer, able, at, house.pace)
    return await _record(house, order, step, told, now)


async def _record(
    house: House, order: orders.Order, step: Step, told: orders.Heard, now: datetime | None
) -> bool:
    """Write what follows; what a person must look at is said aloud."""
    recorded = await orders.record(house.db, order, step, told, now=now)
    if recorded and step.state != order.state and step.state in ALARMING:
        whose = {"order": order.key, "partner": str(order.partner_id)}
        log.error("order.alarm", state=step.state, why=told.reason, **whose)
    return recorded


async def meant(
    db: Database, partner_id: UUID, *, key: str | None, ref: str | None, now: datetime | None
) -> orders.Order | None:
    """The order that a partner means: by our key, or by its own reference; no other partner's."""
    found = None
    if key is not None and len(key) == adapter.KEY_CHARS:
        with contextlib.suppress(ValueError):
            found = await orders.known(db, UUID(hex=key), now=now)
    if found is None and ref is not None:
        found = await orders.referred(db, partner_id, ref)
    return found if found is not None and found.partner_id == partner_id else None
