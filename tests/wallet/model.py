"""The books in plain Python: what every verb must answer and leave, without a database.

One wallet is a list of lots, a list of debts and its holds; a key has one answer for ever. Nothing
here is shared with the product: no SQL, no rule, no clock but the `now` that each verb is given.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

FLOOR, GOODWILL_MAX, GOODWILL_MONTH = -10_000, 10_000, 30_000
EVER = datetime.max.replace(tzinfo=UTC)
DAY = timedelta(days=1)
AMOUNT_MAX = 10**12
POSTED, REPLAYED = "posted", "replayed"

WORDS = ["one", "some", "some", "half", "half", "equal", "over", "nothing", "too much"]


def amount_of(word: str, whole: int) -> int:
    """How much a word means, of a whole that there is."""
    whole = max(0, whole)
    return {
        "nothing": 0,
        "one": 1,
        "some": 700,
        "half": whole // 2,
        "equal": whole,
        "over": whole + 1,
        "too much": AMOUNT_MAX + 1,
    }[word]


@dataclass(frozen=True)
class Merchant:
    waits: bool  # for the event `paid`, then 14 days; or else it matures at once
    life_days: int
    grace_days: int
    debt_max: int


@dataclass(eq=False)
class Lot:
    earned_at: datetime
    pending: int
    remaining: int
    due_at: datetime | None
    lapses: bool
    expires_at: datetime
    grace_days: int
    available_at: datetime = EVER
    expired: int = 0
    lapsed: bool = False


@dataclass(eq=False)
class Hold:
    amount: int
    until: datetime
    drawn: dict[Lot, int]
    state: str = "held"
    spent: dict[Lot, int] = field(default_factory=dict)


@dataclass(eq=False)
class Sale:
    merchant: Merchant
    reference: object
    credited: int
    lot: Lot
    returned: int = 0
    paid: bool = False


def midnight(at: datetime, days: int) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + (days + 1) * DAY


def order(lot: Lot) -> tuple[datetime, datetime]:
    return lot.expires_at, lot.available_at


class Wallet:
    def __init__(self) -> None:
        self.open, self.lots, self.debts = True, list[Lot](), list[int]()
        self.holds, self.sales, self.goodwill = list[Hold](), list[Sale](), dict[datetime, int]()

    @property
    def faces(self) -> tuple[int, int, int]:
        available = sum(lot.remaining for lot in self.lots) - sum(self.debts)
        held = sum(hold.amount for hold in self.holds if hold.state == "held")
        return sum(lot.pending for lot in self.lots), available, held

    def draw(self, amount: int) -> dict[Lot, int]:
        drawn = {}
        for lot in sorted(self.lots, key=order):
            if (take := min(lot.remaining, amount)) > 0:
                lot.remaining, amount, drawn[lot] = lot.remaining - take, amount - take, take
        return drawn

    def pay_debts(self) -> None:
        for place, debt in enumerate(self.debts):
            self.debts[place] -= sum(self.draw(debt).values())

    def give_back(self, lot: Lot, amount: int, now: datetime) -> None:
        lot.remaining += amount
        if lot.expires_at <= now:
            lot.expires_at = midnight(now, lot.grace_days)

    def report(self, merchant: Merchant, reference: object, amount: int, now: datetime) -> str:
        if not self.open:
            return "MEMBER_SUSPENDED"
        due_at = now + 60 * DAY if merchant.waits else now
        life = midnight(due_at, merchant.life_days)
        lot = Lot(now, amount, 0, due_at, merchant.waits, life, merchant.grace_days)
        self.sales.append(Sale(merchant, reference, amount, lot))
        if amount:
            self.lots.append(lot)
        return POSTED

    def pay(self, sale: Sale, at: datetime, now: datetime) -> str:
        if sale.paid:
            return REPLAYED
        sale.paid, lot = True, sale.lot
        if sale.merchant.waits and lot.pending:
            lot.due_at, lot.lapses = max(at + 14 * DAY, now), False
            lot.expires_at = midnight(lot.due_at, sale.merchant.life_days)
        return POSTED

    def give_back_goods(self, sale: Sale, amount: int) -> str:
        sale.returned, lot = sale.returned + amount, sale.lot
        from_pending = min(amount, lot.pending)
        lot.pending -= from_pending
        left = 0 if lot.lapsed else amount - from_pending
        own = min(left, lot.remaining)
        lot.remaining -= own
        gone = min(left - own, lot.expired)
        lot.expired -= gone
        left -= own + gone
        other = sum(self.draw(left).values())
        owes = sum(self.debts)
        bearable = min(sale.merchant.debt_max, -FLOOR) - owes
        debt = max(0, min(left - other, bearable))
        self.debts += [debt] if debt else []
        return POSTED

    def hold(self, amount: int, now: datetime) -> str:
        if not self.open:
            return "MEMBER_SUSPENDED"
        if amount > self.faces[1]:
            return "INSUFFICIENT_FUNDS"
        self.holds.append(Hold(amount, now + timedelta(minutes=15), self.draw(amount)))
        return POSTED

    def settle(self, hold: Hold, capture: int | None, now: datetime, state: str = "") -> str:
        if not state and (hold.state == "expired" or (hold.state == "held" and now >= hold.until)):
            return "REDEMPTION_EXPIRED"
        if hold.state != "held":
            return "REDEMPTION_CLOSED"
        left = hold.amount if capture is None else capture
        if left > hold.amount:
            return "CAPTURE_EXCEEDS_HOLD"
        hold.state = state or ("captured" if left else "released")
        for lot, amount in sorted(hold.drawn.items(), key=lambda drawn: order(drawn[0])):
            take = min(amount, left)
            left, hold.spent[lot] = left - take, take
            if amount > take:
                self.give_back(lot, amount - take, now)
        self.pay_debts()
        return POSTED

    def refund(self, hold: Hold, amount: int | None, now: datetime) -> str:
        spent = sum(hold.spent.values()) if hold.state == "captured" else 0
        left = spent if amount is None else amount
        if left > spent or left == 0:
            return "REFUND_EXCEEDS_CAPTURE"
        for lot in sorted(hold.spent, key=order, reverse=True):
            if (take := min(hold.spent[lot], left)) > 0:
                left, hold.spent[lot] = left - take, hold.spent[lot] - take
                self.give_back(lot, take, now)
        self.pay_debts()
        return POSTED

    def credit(self, amount: int, now: datetime) -> str:
        month = sum(given for at, given in self.goodwill.items() if at > now - 30 * DAY)
        if month + amount > GOODWILL_MONTH:
            return "GOODWILL_LIMIT"
        self.goodwill[now] = amount
        self.lots.append(Lot(now, 0, amount, None, False, midnight(now, 365), 30, now))
        self.pay_debts()
        return POSTED

    def give(self, amount: int) -> str:
        if not self.open:
            return "MEMBER_SUSPENDED"
        if amount > self.faces[1]:
            return "INSUFFICIENT_FUNDS"
        self.draw(amount)
        return POSTED

    def mature(self, now: datetime) -> int:
        due = [lot for lot in self.lots if lot.pending and lot.due_at and lot.due_at <= now]
        for lot in due:
            assert lot.due_at is not None
            lot.available_at = EVER if lot.lapses else lot.due_at
            lot.remaining, lot.pending = 0 if lot.lapses else lot.pending, 0
            lot.lapsed = lot.lapses
        self.pay_debts()
        return len(due)

    def expire(self, now: datetime) -> int:
        past = [lot for lot in self.lots if lot.remaining and lot.expires_at <= now]
        for lot in past:
            lot.expired += lot.remaining
            lot.remaining = 0
        return len(past)

    def sweep(self, now: datetime) -> int:
        old = [hold for hold in self.holds if hold.state == "held" and hold.until <= now]
        return sum(self.settle(hold, 0, now, "expired") == POSTED for hold in old)


class Keys:
    """A key has one answer for ever, and stands for one content."""

    def __init__(self) -> None:
        self.answers: dict[object, tuple[object, str]] = {}
        self.claims: dict[object, tuple[object, object]] = {}

    def once(self, key: object, content: object, act: Callable[[], str]) -> str:
        if key in self.answers:
            first, answer = self.answers[key]
            if first != content:
                return "IDEMPOTENCY_KEY_REUSED"
            return REPLAYED if answer == POSTED else answer
        self.answers[key] = content, act()
        return self.answers[key][1]

    def claim(self, key: object, reference: object, content: object) -> object | str:
        """The key under which a sale stands, or why it can not stand."""
        owner, claimed = self.claims.get(reference, (None, None))
        known = self.answers.get(owner)
        if owner is None or (owner != key and known and self.free(known, reference)):
            self.claims[reference] = owner, claimed = key, content
        if claimed == content:
            return owner
        return "IDEMPOTENCY_KEY_REUSED" if owner == key else "REFERENCE_USED"

    def free(self, known: tuple[object, str], reference: object) -> bool:
        """A claim is free again if its sale was refused, or its key stood for another one."""
        content, answer = known
        assert isinstance(content, tuple)
        return answer != POSTED or content[0] != reference


@dataclass(frozen=True)
class Sold:
    """A purchase that stands in the books: whose, at which merchant, and what the model knows."""

    who: int
    merchant_id: UUID
    purchase_id: UUID
    sale: Sale


@dataclass(frozen=True)
class Held:
    """A redemption that stands in the books, likewise."""

    who: int
    merchant_id: UUID
    redemption_id: UUID
    hold: Hold
