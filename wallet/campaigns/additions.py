"""What campaigns add to drafts of purchases: facts gathered, the rule asked, budgets drawn.

A purchase whose campaigns ask what its member did before is decided alone for its wallet; others
go together. A budget that cuts a grant is looked at once more, with all that is left of it drawn
together, so that it is given to the last unit and never beyond.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from wallet import drafts, entries, errors, ledger, merchants
from wallet.campaigns import answers, arms, budgets, gather, giving, live, sets
from wallet.database import Database
from wallet.progress import ladders, schemes, tiers
from wallet.rules import cashback, contracts, experiments, local, purchases
from wallet.rules.campaigns import better, facts, outcome
from wallet.rules.tiers.running import Running


@dataclass(frozen=True, slots=True)
class Previewed:
    """What campaigns would give for a basket, and the next better option if there is one."""

    outcome: outcome.Outcome
    next: better.Next | None


async def turns(
    db: Database, known: drafts.Facts, all_of: Sequence[drafts.Draft]
) -> list[list[drafts.Draft]]:
    """Part drafts into turns: in each, a wallet of which something asks about its past comes once.

    That is a campaign, or a subscription, of which each delivery counts once.
    """
    book = await live.at(db, epoch=known.epoch)
    if not book.campaigns and all(one.purchase.subscription is None for one in all_of):
        return [list(all_of)]
    found: list[list[drafts.Draft]] = []
    place_of: dict[UUID, int] = {}
    for draft in sorted(all_of, key=lambda one: one.purchase.purchased_at):
        turn = 0
        delivery = draft.purchase.subscription is not None
        if delivery or _ready(db, book, known, draft.purchase).needs.stateful:
            turn = place_of[draft.wallet_id] = place_of.get(draft.wallet_id, -1) + 1
        while len(found) <= turn:
            found.append([])
        found[turn].append(draft)
    return found


async def add(
    db: Database, known: drafts.Facts, turn: Sequence[drafts.Draft]
) -> list[drafts.Draft | errors.Refusal]:
    """Add to each draft of a turn what campaigns give for it; a refusal stays with its draft."""
    book = await live.at(db, epoch=known.epoch)
    if not book.campaigns and not any(draft.purchase.coupons for draft in turn):
        return list(turn)
    asked = [
        await _asked(
            db,
            book,
            known,
            draft.purchase,
            draft.decision,
            purchase_id=draft.purchase_id,
            member=(draft.member_id, draft.wallet_id),
        )
        for draft in turn
    ]
    look = _look(db, known)
    decided = await gather.decide_all(db, asked, look=look)
    decided = await _look_again(db, asked, decided, look)
    await _allot(db, asked, decided)
    await _meet(db, known, asked, decided, via="purchase")
    return [
        one if isinstance(one, errors.Refusal) else replace(draft, given=_given(draft, one))
        for draft, one in zip(turn, decided, strict=True)
    ]


async def preview(
    db: Database,
    known: drafts.Facts,
    purchase: purchases.Purchase,
    contract: contracts.Contract,
    decision: cashback.Decision,
    *,
    member: tuple[UUID, UUID] | None,
) -> Previewed:
    """What `add` would add to this basket, for a member (member and wallet id) or for nobody.

    Who is shown what an experiment changes has met it, as by a purchase, and is logged so.
    """
    book = await live.at(db, epoch=known.epoch)
    asked = await _asked(
        db, book, known, purchase, decision, purchase_id=gather.NOBODY, member=member
    )
    if not asked.ready.set.versions and not purchase.coupons:
        return Previewed(outcome.NOTHING, None)
    look = _look(db, known)
    (decided,) = await gather.decide_all(db, [asked], look=look)
    if isinstance(decided, gather.Decided) and (decided.outcome.short or member is None):
        room = await _exactly(db, decided.room)
        (decided,) = await gather.decide_all(db, [asked], room=room, look=look)
    if isinstance(decided, errors.Refusal):
        raise decided
    await _meet(db, known, [asked], [decided], via="preview")
    again = _again(asked, decided, contract, known)
    credited = decision.credited_minor + decided.outcome.total_minor(purchase.asset)
    return Previewed(decided.outcome, better.best(purchase, decided.outcome, credited, again))


def _again(
    asked: gather.Asked, decided: gather.Decided, contract: contracts.Contract, known: drafts.Facts
) -> "better.Decide":
    def decide(basket: purchases.Purchase) -> tuple[int, outcome.Outcome]:
        by_contract = cashback.decide(basket, contract, reported_at=known.at, tz=known.zone)
        found = gather.decide_again(replace(asked, purchase=basket, contract=by_contract), decided)
        return by_contract.credited_minor + found.total_minor(basket.asset), found

    return decide


def _ready(
    db: Database, book: live.Book, known: drafts.Facts, purchase: purchases.Purchase
) -> sets.Ready:
    return sets.at(
        db,
        book,
        at=purchase.purchased_at,
        known_at=known.at,
        merchant_id=known.merchant_id,
        operator_id=known.operator_id,
    )


async def _asked(
    db: Database,
    book: live.Book,
    known: drafts.Facts,
    purchase: purchases.Purchase,
    decision: cashback.Decision,
    *,
    purchase_id: UUID,
    member: tuple[UUID, UUID] | None,
) -> gather.Asked:
    """A basket with what decides about it, of a member (member and wallet id) or of nobody."""
    ready = _ready(db, book, known, purchase)
    member_id, wallet_id = member or (None, None)
    in_arms: dict[UUID, experiments.Arm] = {}
    if member_id is not None:
        wanted = ready.needs.experiments
        in_arms = await arms.arms_of(
            db, wanted, member_id, at=purchase.purchased_at, epoch=book.epoch
        )
    every: Sequence[Running] = ()
    if member_id is not None and ready.needs.tiers:
        every = await ladders.at(db, epoch=known.epoch)
    return gather.Asked(
        purchase_id=purchase_id,
        wallet_id=wallet_id,
        member_id=member_id,
        purchase=purchase,
        contract=decision,
        ready=ready,
        place=facts.Place(
            merchant_id=known.merchant_id,
            operator_id=known.operator_id,
            zone=known.zone,
            certified=_certified(book, known, purchase),
            names=await _names(db, ready.needs.merchants)
            | await _plans(db, known, ready.needs.plans),
        ),
        in_arms=in_arms,
        ladders=every,
    )


def _look(db: Database, known: drafts.Facts) -> answers.Look:
    """Bring standings up to the instant at which purchases are decided."""

    async def look(wallets: Sequence[UUID], at: datetime) -> None:
        every = await ladders.at(db, epoch=known.epoch)
        await tiers.look(db, every, wallets, at=max(at, known.at))

    return look


async def _meet(
    db: Database,
    known: drafts.Facts,
    asked: Sequence[gather.Asked],
    decided: Sequence[gather.Decided | errors.Refusal],
    *,
    via: str,
) -> None:
    """Log who met an experiment by being decided; a coupon that was refused decided nothing."""
    met = [
        (one.member_id, one.in_arms)
        for one, found in zip(asked, decided, strict=True)
        if one.member_id is not None and one.in_arms and isinstance(found, gather.Decided)
    ]
    if met:
        await arms.meet(db, met, at=known.at, via=via)


async def _names(db: Database, merchant_ids: frozenset[UUID]) -> dict[UUID, str]:
    """The names of merchants that a condition speaks of, for whoever misses it."""
    if not merchant_ids:
        return {}
    kept = db.known.setdefault("merchant names", {})
    assert isinstance(kept, dict)
    if not merchant_ids <= kept.keys():
        kept |= {
            key: one.name for key, one in (await merchants.find_many(db, [*merchant_ids])).items()
        }
    return {key: kept[key] for key in merchant_ids if key in kept}


async def _plans(db: Database, known: drafts.Facts, plan_ids: frozenset[UUID]) -> dict[UUID, str]:
    """The names of memberships that a condition asks for, for whoever has or misses it."""
    if not plan_ids:
        return {}
    entries = (await schemes.book(db, epoch=known.epoch)).entries
    return {key: entries[key].newest.name for key in plan_ids if key in entries}


def _certified(
    book: live.Book, known: drafts.Facts, purchase: purchases.Purchase
) -> frozenset[tuple[str, str]]:
    if not book.evidence:
        return frozenset()
    day = local.day(purchase.purchased_at, known.zone)
    pairs = {
        (label, product)
        for line in purchase.lines
        for label in line.labels
        for product in (line.product or "", "")
    }
    return frozenset(
        (label, product)
        for label, product in pairs
        if book.certified(merchant_id=known.merchant_id, product=product, label=label, day=day)
    )


async def _look_again(
    db: Database,
    asked: Sequence[gather.Asked],
    decided: list[gather.Decided | errors.Refusal],
    look: answers.Look,
) -> list[gather.Decided | errors.Refusal]:
    """Where a budget was short, draw together what other buckets hold of it, and decide again."""
    short = [
        place
        for place, one in enumerate(decided)
        if isinstance(one, gather.Decided) and one.outcome.short
    ]
    if not short:
        return decided
    for place in short:
        one, wallet_id = decided[place], asked[place].wallet_id
        assert isinstance(one, gather.Decided)
        assert wallet_id is not None
        for budget in sorted(one.outcome.short):
            await budgets.recall(db, giving.budget_of(budget), keep_bucket=ledger.bucket(wallet_id))
    again = await gather.decide_all(db, [asked[place] for place in short], look=look)
    found = list(decided)
    for place, one in zip(short, again, strict=True):
        found[place] = one
    return found


async def _allot(
    db: Database, asked: Sequence[gather.Asked], decided: Sequence[gather.Decided | errors.Refusal]
) -> None:
    """See to it that each bucket's share of a budget covers what is about to be drawn there."""
    needed: dict[tuple[int, facts.Budget], tuple[int, int]] = {}
    for one, found in zip(asked, decided, strict=True):
        if isinstance(found, errors.Refusal):
            continue
        for budget, minor in found.outcome.draws.items():
            assert one.wallet_id is not None
            key = (ledger.bucket(one.wallet_id), budget)
            before, _ = needed.get(key, (0, 0))
            needed[key] = (before + minor, found.shares.get(budget, 0))
    for (bucket, budget), (minor, share) in sorted(needed.items()):
        if minor > share:
            # What somebody else took meanwhile is found out by the write, which is then repeated.
            await budgets.allot(
                db, giving.budget_of(budget), bucket=bucket, need_minor=minor - share
            )


async def _exactly(db: Database, room: facts.Room) -> dict[facts.Budget, int]:
    """What is left of budgets over all buckets."""
    by_id = {giving.budget_of(budget): budget for budget in room}
    standing = await budgets.standing(db, list(by_id))
    return {by_id[key]: one.left_minor for key, one in standing.items()}


def _given(draft: drafts.Draft, decided: gather.Decided) -> entries.Given:
    return giving.given(
        decided,
        cause_id=draft.purchase_id,
        terms=draft.terms,
        due=draft.decision.clock,
        at=draft.purchase.purchased_at,
    )
