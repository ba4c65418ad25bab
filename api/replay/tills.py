"""What a day of shopping asks of the wallet: payments, reports, deliveries, returns, refunds.

Payments come first, in the minutes before each purchase, because the part paid from a wallet is
told with the purchase and earns nothing. Purchases are reported at closing time, in batches.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api.journey import spending, walk
from api.replay import run as runs
from wallet import earn, errors, ids, redeem, reports
from wallet.rules import returns

BATCH_MAX: Final = 500
"""Purchases of one report: half of what the API takes, so that two overlap within a busy day."""
BROUGHT_BACK: Final = "Brought back to the shop."


async def spend(run: runs.Run, day: walk.Day) -> dict[UUID, int]:
    """Pay from wallets at the tills; answers what was paid, by the purchase's request id."""
    paid: dict[UUID, int] = {}
    free = await reports.spendable(run.db, run.asset, from_minor=run.policy.spend_from_minor)
    visits: dict[UUID, list[walk.PlannedPurchase]] = defaultdict(list)
    for one in day.purchases:
        before = run.paid_before.get((one.merchant_id, one.purchase.reference))
        if before is not None:
            paid[one.request_id] = before
            _plan_refund(run, one, before)
        elif run.wallets[one.member_id] in free:
            visits[run.wallets[one.member_id]].append(one)
    if not visits:
        return paid
    shopped = [
        runs.placed(one.request_id, one.member_id) for them in visits.values() for one in them
    ]
    standing = await reports.standing(run.db, shopped)
    funded = await reports.funded(run.db, run.asset, visits)
    wishes = []
    for wallet_id, them in visits.items():
        # A purchase that stands was decided by an earlier replay, with the balance of its day.
        fresh = [one for one in them if runs.placed(one.request_id, one.member_id) not in standing]
        wish = _wish(run, fresh, available_minor=free[wallet_id], funded_minor=funded[wallet_id])
        if wish is not None:
            wishes.append(wish)
    await runs.each(wishes, lambda wish: _pay(run, wish[0], wish[1], paid))
    return paid


def _wish(
    run: runs.Run,
    visits: list[walk.PlannedPurchase],
    *,
    available_minor: int,
    funded_minor: dict[UUID, int],
) -> tuple[walk.PlannedPurchase, int] | None:
    """Choose the till of the day that takes most of the balance; between equals, the names do."""
    wishes = [
        (
            spending.wanted_minor(
                run.policy,
                available_minor=available_minor,
                funded_minor=funded_minor,
                merchant_id=one.merchant_id,
                total_minor=sum(line.amount_minor for line in one.purchase.lines),
            ),
            one.request_id.int & 0xFFFF_FFFF,
            one,
        )
        for one in visits
    ]
    wanted_minor, _, chosen = max(wishes, key=lambda wish: wish[:2], default=(0, 0, None))
    return (chosen, wanted_minor) if chosen is not None and wanted_minor else None


async def _pay(
    run: runs.Run, one: walk.PlannedPurchase, wanted_minor: int, paid: dict[UUID, int]
) -> None:
    """Code, hold, and then capture or release, in the minutes before the purchase."""
    reference, at = one.purchase.reference, one.purchase.purchased_at
    how = spending.outcome(run.policy, reference)
    captured_minor = spending.captured_minor(wanted_minor, how)
    request_id = _redemption_request(one)
    try:
        code = await redeem.code_issue(
            run.db,
            member_id=one.member_id,
            merchant_id=one.merchant_id,
            now=at - timedelta(minutes=2),
        )
        held = await redeem.hold(
            run.db,
            merchant_id=one.merchant_id,
            request_id=request_id,
            code=code.text,
            amount_minor=wanted_minor,
            asset=run.asset,
            order_reference=reference,
            store=one.purchase.store,
            now=at - timedelta(minutes=1),
        )
        redemption_id = held.redemption.redemption_id
        settling = ids.derived(request_id, how)
        if how == "released":
            await redeem.release(
                run.db,
                merchant_id=one.merchant_id,
                request_id=settling,
                redemption_id=redemption_id,
                now=at,
            )
        else:
            await redeem.capture(
                run.db,
                merchant_id=one.merchant_id,
                request_id=settling,
                redemption_id=redemption_id,
                amount_minor=captured_minor,
                asset=run.asset,
                now=at,
            )
            paid[one.request_id] = captured_minor
            _plan_refund(run, one, captured_minor)
        run.done[f"holds {_HELD_AND[how]}"] += 1
    except errors.Refusal as refusal:
        run.refused[refusal.code] += 1


def _plan_refund(run: runs.Run, one: walk.PlannedPurchase, captured_minor: int) -> None:
    amount_minor = spending.refunded_minor(run.policy, one.purchase.reference, captured_minor)
    if amount_minor == 0:
        return
    request_id = _redemption_request(one)
    run.refunds.append(
        runs.Refund(
            at=one.purchase.purchased_at + timedelta(days=run.policy.refund_days),
            merchant_id=one.merchant_id,
            redemption_id=runs.placed(request_id, one.member_id),
            request_id=ids.derived(request_id, "refund"),
            amount_minor=amount_minor,
        )
    )


async def report(run: runs.Run, day: walk.Day, paid: dict[UUID, int]) -> None:
    """Report the day's purchases, each till its own, in batches at closing time."""
    tills: dict[UUID, list[earn.Report]] = defaultdict(list)
    for one in day.purchases:
        purchase = one.purchase
        if one.request_id in paid:
            purchase = replace(purchase, paid_with_cashback_minor=paid[one.request_id])
        tills[one.merchant_id].append(earn.Report(one.request_id, one.member_id, purchase))
    batches = [
        (merchant_id, items[start : start + BATCH_MAX])
        for merchant_id, items in tills.items()
        for start in range(0, len(items), BATCH_MAX)
    ]
    closing = day.closes_at - timedelta(seconds=1)
    await runs.each(batches, lambda batch: _report_batch(run, batch[0], batch[1], closing))


async def _report_batch(
    run: runs.Run, merchant_id: UUID, items: list[earn.Report], now: datetime
) -> None:
    answers = await earn.report(run.db, merchant_id=merchant_id, items=items, now=now)
    for item, answer in zip(items, answers, strict=True):
        if isinstance(answer, errors.Refusal):
            run.refused[answer.code] += 1
            continue
        run.count("purchases", replayed=answer.replayed)
        (run.replayed if answer.replayed else run.done)["lines"] += len(item.purchase.lines)


async def event(run: runs.Run, one: walk.PlannedEvent) -> None:
    try:
        recorded = await earn.event(
            run.db,
            merchant_id=one.merchant_id,
            request_id=one.request_id,
            purchase_id=runs.placed(one.sale, one.member_id),
            event=one.event,
            now=one.event.at,
        )
        run.count("deliveries", replayed=recorded.replayed)
    except errors.Refusal as refusal:
        run.refused[refusal.code] += 1


async def bring_back(run: runs.Run, one: walk.PlannedReturn, now: datetime) -> None:
    try:
        returned = await earn.return_lines(
            run.db,
            merchant_id=one.merchant_id,
            request_id=one.request_id,
            purchase_id=runs.placed(one.sale, one.member_id),
            lines=(returns.ReturnLine(one.line, quantity_milli=one.quantity_milli),),
            reason=BROUGHT_BACK,
            now=now,
        )
        run.count("returns", replayed=returned.replayed)
    except errors.Refusal as refusal:
        run.refused[refusal.code] += 1


async def refund(run: runs.Run, one: runs.Refund) -> None:
    try:
        refunded = await redeem.refund(
            run.db,
            merchant_id=one.merchant_id,
            request_id=one.request_id,
            redemption_id=one.redemption_id,
            amount_minor=one.amount_minor,
            asset=run.asset,
            now=one.at,
        )
        run.count("refunds", replayed=refunded.replayed)
    except errors.Refusal as refusal:
        run.refused[refusal.code] += 1


def _redemption_request(one: walk.PlannedPurchase) -> UUID:
    return ids.derived(one.request_id, "redemption")


_HELD_AND: Final = {"whole": "captured", "part": "captured in part", "released": "released"}
