"""What a day brings at the partner shop: links, orders, tills and value taken back; then the books.

In the early morning households look at their balances; what they order is asked for at once, and
again as often as the saga wants it, in the replay's time. In the evening what is left is asked, and
the day is compared with the shop's own list. A day that was compared before is over: a second
replay leaves it alone, so it changes nothing.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from api.journey import ordering, people, walk
from api.journey.ordering import Turn
from api.replay import browser, shop
from api.replay import run as runs
from partners import codes, directory, reconciling, saga
from partners.links import links, tokens
from wallet import errors, ids, orders, reports

LOOKING: Final = timedelta(minutes=45)
"""How long the early morning lasts; attempts that are due later are made in the evening."""
ENDING: Final = timedelta(days=2)
"""After the last day: twice what the saga takes until it asks a person."""
AGAIN_MAX: Final = 10
"""Comparisons of a day that the shop did not answer, at the end."""
PAGE: Final = 500
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any replay."""
END_OF_TIME: Final = datetime(2200, 1, 1, tzinfo=UTC)
FATES_AFTER: Final = (ordering.SPENT_AFTER, ordering.BACK_AFTER)


@dataclass(slots=True)
class Plan:
    """What the days carry: who shops, from which day of the data on, and what is over.

    `compared` are days that were compared before, `known` the orders that there are.
    """

    at: shop.Shop
    households: tuple[int, ...]
    since: date
    until: date
    shift: timedelta
    compared: frozenset[date]
    known: set[UUID] = field(default_factory=set)

    @property
    def ends(self) -> datetime:
        """When the last day is over."""
        return walk.midnight(self.until + self.shift + timedelta(days=1))


async def open_shop(
    at: shop.Shop, households: Collection[int], *, since: date, until: date, shift_days: int
) -> Plan:
    """Register the shop, and see which days are over; repeating it changes nothing."""
    await at.register()
    shift = timedelta(days=shift_days)
    seen = await reconciling.kept(
        at.db, ordering.PARTNER_ID, since=since + shift, until=until + shift + timedelta(days=1)
    )
    compared = frozenset(one.day for one in seen)
    plan = Plan(at, tuple(households), since, until, shift, compared)
    plan.known = {one.redemption_id for one in await of(plan)}
    return plan


async def of(plan: Plan) -> list[orders.Order]:
    """Every order at the shop, whichever replay began it."""
    found: list[orders.Order] = []
    while True:
        last = found[-1] if found else None
        page = await orders.between(
            plan.at.db,
            ordering.PARTNER_ID,
            since=BEGINNING,
            until=END_OF_TIME,
            after=None if last is None else (last.created_at, last.redemption_id),
            first=PAGE,
        )
        found += page
        if len(page) < PAGE:
            return found


async def morning(run: runs.Run, plan: Plan, day: walk.Day) -> None:
    """Do what households do at the shop on a day, before the first till opens."""
    if day.date in plan.compared:
        return
    today = day.date - plan.shift
    await plan.at.work_until(day.opens_at + ordering.AT)
    await runs.each(plan.households, lambda one: _link(run, plan, one, today))
    turns = [one for after in FATES_AFTER for one in _turns(plan, today - after)]
    for turn in turns:  # one after the other: an account's money is spent in its order
        await _follow_up(run, plan, turn, today)
    free = await reports.spendable(run.db, run.asset, from_minor=plan.at.policy.from_minor)
    await runs.each(_turns(plan, today), lambda one: _order(run, plan, one, free))
    await plan.at.work_until(plan.at.now + LOOKING)


async def evening(run: runs.Run, plan: Plan, day: walk.Day) -> None:
    """Ask what is due by now, revoke what was ended, and compare the day with the shop's list."""
    if day.date in plan.compared:
        return
    await plan.at.move(day.closes_at)
    await plan.at.work()
    await tokens.tend(plan.at.links, limit=tokens.BATCH)
    for partner_id, due in await reconciling.due(plan.at.saga, now=day.closes_at):
        if partner_id == ordering.PARTNER_ID and due >= plan.since + plan.shift:
            await _compare(run, plan, due)


async def end(run: runs.Run, plan: Plan) -> None:
    """Bring what is still open to its end, and compare again what the shop did not answer."""
    since, until = (day + plan.shift for day in (plan.since, plan.until + timedelta(days=1)))
    if len(plan.compared) < (until - since).days:
        await plan.at.work_until(plan.ends + ENDING)
    for _ in range(AGAIN_MAX):
        seen = await reconciling.kept(run.db, ordering.PARTNER_ID, since=since, until=until)
        unclean = [one.day for one in seen if one.state != "clean"]
        for day in unclean:
            await _compare(run, plan, day)
        if not unclean:
            return
        await plan.at.work()  # what is late there is taken back


def _turns(plan: Plan, day: date) -> Iterator[Turn]:
    return (Turn(one, day) for one in plan.households if ordering.is_turn(one, day))


async def _link(run: runs.Run, plan: Plan, household: int, today: date) -> None:
    """Link an account, or end its link, if this is the household's day for it."""
    at, member_id = plan.at, people.member_id(household)
    found = await links.at(run.db, member_id, ordering.PARTNER_ID)
    if found is None and ordering.links_on(at.policy, household, today, since=plan.since):
        tried = await browser.link(at, household, member_id)
        run.done["accounts linked"] += tried > 0
        run.done["links tried again"] += max(0, tried - 1)
    elif found is not None and ordering.unlinks_on(at.policy, household, today, since=plan.since):
        ended = await links.unlink(run.db, member_id, found.link_id)
        run.count("links ended", replayed=ended.replayed)


async def _order(run: runs.Run, plan: Plan, turn: Turn, free: dict[UUID, int]) -> None:
    """Order what the household wants of its balance, and ask the shop for it once."""
    at, member_id = plan.at, people.member_id(turn.household)
    wallet_id = run.wallets[member_id]
    if _order_id(turn) in plan.known or wallet_id not in free:
        return
    link = await links.at(run.db, member_id, ordering.PARTNER_ID)
    wanted = ordering.wish(
        at.policy, turn, linked=link is not None, available_minor=free[wallet_id]
    )
    if wanted is None:
        return
    wish = orders.Wish(
        partner_id=ordering.PARTNER_ID,
        merchant_id=ordering.MERCHANT_ID,
        kind=wanted[0],
        amount_minor=wanted[1],
        asset=run.asset,
        kid=at.saga.ring.kid,
        link_id=None if link is None else link.link_id,
        subject=None if link is None else link.subject,
    )
    try:
        begun = await saga.begin(
            at.saga, wallet_id=wallet_id, request_id=turn.request_id, wish=wish, now=at.now
        )
    except errors.Refusal as refusal:
        run.refused[refusal.code] += 1
        return
    plan.known.add(begun.order.redemption_id)
    run.count("orders", replayed=begun.replayed)


async def _follow_up(run: runs.Run, plan: Plan, turn: Turn, today: date) -> None:
    """Spend an earlier order at the till, or have it taken back, if this is the day for it."""
    if _order_id(turn) not in plan.known:
        return
    order = await orders.find(run.db, _order_id(turn), now=plan.at.now)
    if order.state != "captured":
        return
    after = today - turn.day
    spent_minor = ordering.spent_minor(turn, order.amount_minor, after)
    if spent_minor and await _pay(run, plan, turn, order, spent_minor):
        run.done["payments at the shop's till"] += 1
    if ordering.takes_back(turn, after):
        asked = await saga.reverse(
            plan.at.saga,
            redemption_id=order.redemption_id,
            request_id=ids.derived(turn.request_id, "back"),
            now=plan.at.now,
        )
        run.count("orders wanted back", replayed=asked.replayed)


async def _pay(
    run: runs.Run, plan: Plan, turn: Turn, order: orders.Order, amount_minor: int
) -> bool:
    what = plan.at.people[turn.household - 1].email
    if order.kind == "gift_card":
        what = await codes.of(run.db, plan.at.saga.ring, order)
    return await browser.pay(plan.at, what, amount_minor, run.asset)


async def _compare(run: runs.Run, plan: Plan, day: date) -> None:
    partner = await directory.find(run.db, ordering.PARTNER_ID)
    await reconciling.reconcile(plan.at.saga, plan.at.opener, partner, day, now=plan.at.now)
    run.done["comparisons"] += 1


def _order_id(turn: Turn) -> UUID:
    return runs.placed(turn.request_id, people.member_id(turn.household))
