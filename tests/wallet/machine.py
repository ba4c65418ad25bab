"""The machine that asks the books and the plain model the same things, and compares.

It mixes new keys and old, amounts of nothing, one, all, one more than all and far too much, calls
sent again word for word, and days that pass. `counted` tells what it was answered.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

import asyncpg
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.wallet import factories, giving, model
from tests.wallet.factories import DAY, EUR, NOON
from wallet import audit, credit, earn, errors, expire, ids, laws, members, money, redeem
from wallet.database import Database
from wallet.rules import purchases, returns

BUCKET: Final = 7  # one for both members, so that a key means the same thing for both
PEOPLE = st.integers(0, 1)
KEYS = st.integers(0, 20)
PLACES = st.integers(0, 7)
AMOUNTS = st.sampled_from(model.WORDS)
WAITS: Final = model.Merchant(waits=True, life_days=30, grace_days=5, debt_max=0)
MINTS: Final = model.Merchant(waits=False, life_days=365, grace_days=30, debt_max=5000)

counted: Counter[str] = Counter()


class Books(RuleBasedStateMachine):
    """Two members, two merchants, and everything that can happen between them."""

    new_database: ClassVar[Callable[[], str]]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.now: datetime = NOON
        self.keys = model.Keys()
        self.wallets = [model.Wallet(), model.Wallet()]
        self.sold: list[model.Sold] = []
        self.held: list[model.Held] = []
        self.sent: list[Callable[[], None]] = []
        self.staff = credit.Staff(ids.new(), "operator")
        self.runner.run(self.open(type(self).new_database()))

    async def open(self, dsn: str) -> None:
        self.owner: asyncpg.Connection[Any] = await asyncpg.connect(dsn)
        self.db = await Database.connect(dsn, size=1, bulk_size=1)
        self.house = await factories.open_coalition(self.db, zone="UTC")
        slow = await self.house.merchant(
            rates=factories.ALL_BACK,
            expiry={"days": 30, "grace_days": 5},
            deficit={"policy": "merchant_bears", "max_minor": 0},
        )
        self.merchants = {self.house.mint: MINTS, slow: WAITS}
        self.charity_id = await giving.charity(self.house)
        self.people = [await self.house.member(bucket=BUCKET) for _ in range(2)]

    def teardown(self) -> None:
        self.runner.run(self.close())
        self.runner.close()

    async def close(self) -> None:
        await self.owner.close()
        await self.db.close()

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)  # so that no two things happen at one instant
        return self.now

    def answer(self, attempt: Awaitable[Any]) -> tuple[str, Any]:
        async def asked() -> tuple[str, Any]:
            try:
                outcome = await attempt
            except errors.Refusal as refusal:
                return refusal.code, None
            if isinstance(outcome, list):
                (outcome,) = outcome
            if isinstance(outcome, errors.Refusal):
                return outcome.code, None
            replayed = outcome if isinstance(outcome, bool) else outcome.replayed
            return "replayed" if replayed else "posted", outcome

        return self.runner.run(asked())

    def compare(self, verb: str, expected: str, answer: str) -> None:
        event(f"{verb}: {answer}")
        counted[answer if answer in ("posted", "replayed") else "refused"] += 1
        assert (verb, expected) == (verb, answer)

    @rule(who=PEOPLE, slow=st.booleans(), key=KEYS, reference=KEYS, minor=st.integers(0, 3000))
    def report(self, who: int, slow: bool, key: int, reference: int, minor: int) -> None:
        merchant_id = list(self.merchants)[slow]
        at = self.tick()
        bought = factories.unpaid(minor, reference=f"A-{reference}", purchased_at=at)
        self.send(lambda: self.report_now(who, merchant_id, key, bought))

    def report_now(self, who: int, merchant_id: UUID, key: int, bought: purchases.Purchase) -> None:
        sale, full_key = (merchant_id, bought.reference), (merchant_id, "report", key)
        content = (sale, who, bought)
        stands = self.keys.claim(full_key, sale, content)
        expected = str(stands)
        minor, now = bought.lines[0].amount_minor, self.tick()
        if isinstance(stands, tuple):
            expected = self.keys.once(
                stands,
                content,
                lambda: self.wallets[who].report(self.merchants[merchant_id], sale, minor, now),
            )
        request = ids.request(merchant_id, "report", str(key))
        item = earn.Report(request, self.people[who].member_id, bought)
        answer, outcome = self.answer(
            earn.report(self.db, merchant_id=merchant_id, items=[item], now=now)
        )
        self.compare("report", expected, answer)
        if answer == "posted":
            sale_of = self.wallets[who].sales[-1]
            self.sold.append(model.Sold(who, merchant_id, outcome.purchase_id, sale_of))

    @precondition(lambda self: self.sold)
    @rule(place=PLACES, key=KEYS)
    def pay(self, place: int, key: int) -> None:
        sold = self.sold[-1 - place % len(self.sold)]
        self.send(lambda: self.pay_now(sold, key))

    def pay_now(self, sold: model.Sold, key: int) -> None:
        now, wallet = self.tick(), self.wallets[sold.who]
        expected = "replayed"
        if not sold.sale.paid:
            full_key = (sold.merchant_id, "event", key)
            expected = self.keys.once(
                full_key, sold.purchase_id, lambda: wallet.pay(sold.sale, NOON, now)
            )
        attempt = earn.event(
            self.db,
            merchant_id=sold.merchant_id,
            request_id=ids.request(sold.merchant_id, "event", str(key)),
            purchase_id=sold.purchase_id,
            event=purchases.Event("paid", NOON),
            now=now,
        )
        self.compare("pay", expected, self.answer(attempt)[0])

    @precondition(lambda self: self.sold)
    @rule(place=PLACES, key=KEYS, word=AMOUNTS)
    def give_back(self, place: int, key: int, word: str) -> None:
        sold = self.sold[place % len(self.sold)]
        minor = model.amount_of(word, sold.sale.credited - sold.sale.returned)
        self.send(lambda: self.give_back_now(sold, key, minor))

    def give_back_now(self, sold: model.Sold, key: int, minor: int) -> None:
        sale, full_key, now = sold.sale, (sold.merchant_id, "return", key), self.tick()
        wallet = self.wallets[sold.who]
        if full_key not in self.keys.answers and minor == 0:
            expected = "AMOUNT_INVALID"
        elif full_key not in self.keys.answers and minor > sale.credited - sale.returned:
            expected = "RETURN_EXCEEDS_PURCHASE"
        else:
            content = (sold.purchase_id, minor)
            expected = self.keys.once(
                full_key, content, lambda: wallet.give_back_goods(sale, minor)
            )
        line = returns.ReturnLine(1, None, minor)
        request = ids.request(sold.merchant_id, "return", str(key))
        attempt = self.house.give_back(
            sold.merchant_id, sold.purchase_id, line, key=request, now=now
        )
        self.compare("return", expected, self.answer(attempt)[0])

    @rule(who=PEOPLE, slow=st.booleans(), key=KEYS, word=AMOUNTS)
    def hold(self, who: int, slow: bool, key: int, word: str) -> None:
        merchant_id, now = list(self.merchants)[slow], self.tick()
        minor = model.amount_of(word, self.wallets[who].faces[1])
        code: list[str] = []

        async def show() -> bool:
            issued = await redeem.code_issue(
                self.db, member_id=self.people[who].member_id, merchant_id=merchant_id, now=now
            )
            code.append(issued.text)
            return False

        answer, _ = self.answer(show())
        self.compare("code", "posted" if self.wallets[who].open else "MEMBER_SUSPENDED", answer)
        if code:
            self.send(lambda: self.hold_now(who, merchant_id, key, minor, code[0]))

    def hold_now(self, who: int, merchant_id: UUID, key: int, minor: int, code: str) -> None:
        now = self.tick()
        expected = "AMOUNT_INVALID"
        if 0 < minor <= money.AMOUNT_MAX_MINOR:
            expected = self.keys.once(
                (merchant_id, "hold", key),
                (code, minor),
                lambda: self.wallets[who].hold(minor, now),
            )
        answer, outcome = self.answer(
            redeem.hold(
                self.db,
                merchant_id=merchant_id,
                request_id=ids.request(merchant_id, "hold", str(key)),
                code=code,
                amount_minor=minor,
                asset=EUR,
                order_reference="order-1",
                now=now,
            )
        )
        self.compare("hold", expected, answer)
        if answer == "posted":
            held = self.wallets[who].holds[-1]
            self.held.append(model.Held(who, merchant_id, outcome.redemption.redemption_id, held))

    @precondition(lambda self: self.held)
    @rule(place=PLACES, key=KEYS, word=AMOUNTS, what=st.sampled_from(["capture", "release"]))
    def settle(self, place: int, key: int, word: str, what: str) -> None:
        held = self.one_of(place, [one for one in self.held if one.hold.state == "held"])
        minor = model.amount_of(word, held.hold.amount) if what == "capture" else None
        self.send(lambda: self.settle_now(held, key, minor, what))

    @rule(who=PEOPLE, slow=st.booleans(), key=KEYS, word=AMOUNTS)
    def spend(self, who: int, slow: bool, key: int, word: str) -> None:
        before = len(self.held)
        self.hold(who, slow, key, word)
        if len(self.held) > before:
            self.settle(0, key, "half" if key % 3 else "equal", "capture")
            if key % 4 == 1:
                self.refund(0, key, "half")

    def one_of(self, place: int, likely: list[model.Held]) -> model.Held:
        """Mostly one of those that can take the step, sometimes any."""
        choice = likely if likely and place < 6 else self.held
        return choice[-1 - place % len(choice)]

    def settle_now(self, held: model.Held, key: int, minor: int | None, what: str) -> None:
        now, wallet = self.tick(), self.wallets[held.who]
        expected = "AMOUNT_INVALID"
        if minor is None or 0 < minor <= money.AMOUNT_MAX_MINOR:
            take = 0 if what == "release" else minor
            expected = self.keys.once(
                (held.merchant_id, what, key),
                (held.redemption_id, minor),
                lambda: wallet.settle(held.hold, take, now),
            )
        request = ids.request(held.merchant_id, what, str(key))
        facts: dict[str, Any] = {
            "merchant_id": held.merchant_id,
            "request_id": request,
            "redemption_id": held.redemption_id,
            "now": now,
        }
        if what == "capture":
            attempt = redeem.capture(self.db, amount_minor=minor, **facts)
        else:
            attempt = redeem.release(self.db, **facts)
        self.compare(what, expected, self.answer(attempt)[0])

    @rule(who=PEOPLE, key=KEYS, sale=st.integers(0, 1))
    def send_back_what_is_spent(self, who: int, key: int, sale: int) -> None:
        """Everything is held when goods come back: the way into debt."""
        self.hold(who, False, key, "equal")
        self.give_back(3 * who + 2 * sale, key, "equal")

    @precondition(lambda self: self.held)
    @rule(place=PLACES, key=KEYS, word=st.one_of(st.none(), AMOUNTS))
    def refund(self, place: int, key: int, word: str | None) -> None:
        held = self.one_of(place, [one for one in self.held if any(one.hold.spent.values())])
        minor = None if word is None else model.amount_of(word, sum(held.hold.spent.values()))
        self.send(lambda: self.refund_now(held, key, minor))

    def refund_now(self, held: model.Held, key: int, minor: int | None) -> None:
        now, wallet = self.tick(), self.wallets[held.who]
        expected = "AMOUNT_INVALID"
        if minor is None or 0 < minor <= money.AMOUNT_MAX_MINOR:
            expected = self.keys.once(
                (held.merchant_id, "refund", key),
                (held.redemption_id, minor),
                lambda: wallet.refund(held.hold, minor, now),
            )
        attempt = redeem.refund(
            self.db,
            merchant_id=held.merchant_id,
            request_id=ids.request(held.merchant_id, "refund", str(key)),
            redemption_id=held.redemption_id,
            amount_minor=minor,
            now=now,
        )
        self.compare("refund", expected, self.answer(attempt)[0])

    @rule(who=PEOPLE, key=KEYS, minor=st.sampled_from([0, 1, 600, 10_000, 10_001]))
    def goodwill(self, who: int, key: int, minor: int) -> None:
        self.send(lambda: self.goodwill_now(who, key, minor))

    def goodwill_now(self, who: int, key: int, minor: int) -> None:
        now, expected = self.tick(), "AMOUNT_INVALID" if minor == 0 else "GOODWILL_LIMIT"
        if 0 < minor <= model.GOODWILL_MAX:
            expected = self.keys.once(
                ("goodwill", key), (who, minor), lambda: self.wallets[who].credit(minor, now)
            )
        request = ids.request(self.staff.staff_id, "goodwill", str(key))
        attempt = self.house.goodwill(
            self.people[who], minor, key=request, staff=self.staff, now=now
        )
        self.compare("goodwill", expected, self.answer(attempt)[0])

    @rule(who=PEOPLE, key=KEYS, word=AMOUNTS)
    def give(self, who: int, key: int, word: str) -> None:
        minor = model.amount_of(word, self.wallets[who].faces[1])
        self.send(lambda: self.give_now(who, key, minor))

    def give_now(self, who: int, key: int, minor: int) -> None:
        now, expected = self.tick(), "AMOUNT_INVALID"
        if 0 < minor <= money.AMOUNT_MAX_MINOR:
            expected = self.keys.once(
                ("give", key), (who, minor), lambda: self.wallets[who].give(minor)
            )
        request = ids.request(self.house.operator_id, "give", str(key))
        attempt = self.house.give(self.people[who], self.charity_id, minor, key=request, now=now)
        self.compare("give", expected, self.answer(attempt)[0])

    @rule(span=st.sampled_from([None, timedelta(minutes=16), DAY, 15 * DAY, 32 * DAY, 61 * DAY]))
    def wait(self, span: timedelta | None) -> None:
        """Time passes; or the first member is suspended until some time has passed."""
        self.set_state(suspended=span is None)
        self.now += span or timedelta(0)

    def set_state(self, *, suspended: bool) -> None:
        verb = members.suspend if suspended else members.reinstate
        member_id = self.people[0].member_id
        self.runner.run(verb(self.db, member_id, reason="as asked", actor=audit.SYSTEM))
        self.wallets[0].open = not suspended

    @rule(job=st.sampled_from(["mature", "mature", "sweep", "expire"]))
    def work(self, job: str) -> None:
        now = self.tick()
        if job == "mature":
            done = self.runner.run(earn.mature(self.db, now=now))
        elif job == "sweep":
            done = self.runner.run(redeem.sweep(self.db, now=now))
        else:
            done = self.runner.run(expire.sweep(self.db, now=now)).expired
        assert (job, sum(getattr(one, job)(now) for one in self.wallets)) == (job, done)

    @precondition(lambda self: self.sent)
    @rule(place=st.integers(0, 30))
    def again(self, place: int) -> None:
        self.sent[-1 - place % len(self.sent)]()

    @initialize()
    def begin_with_something(self) -> None:
        """Lots for each, which expire on different days, so that there is much to do."""
        for who in range(2):
            for slow, minor in ((False, 900), (True, 700), (False, 400)):
                self.report(who, slow, 100 + 10 * who + len(self.sold), 100 + len(self.sold), minor)
                self.pay(0, 100 + len(self.sold))
        self.sent.clear()
        self.now += 15 * DAY
        self.work("mature")

    def send(self, call: Callable[[], None]) -> None:
        self.sent.append(call)
        call()

    @invariant()
    def the_wallets_are_the_models(self) -> None:
        for wallet, member in zip(self.wallets, self.people, strict=True):
            faces = self.runner.run(self.house.faces(member))
            lots = self.runner.run(self.house.lots(member))
            last_days = [lot.expires_at if lot.remaining else None for lot in wallet.lots]
            assert wallet.faces == (faces.pending, faces.available, faces.held)
            assert [
                (lot.pending, lot.remaining, last_day)
                for lot, last_day in zip(wallet.lots, last_days, strict=True)
            ] == [
                (pending, remaining, expires_at if remaining else None)
                for pending, remaining, expires_at in lots
            ]

    @invariant()
    def every_law_holds(self) -> None:
        assert [] == self.runner.run(laws.check(self.owner))
