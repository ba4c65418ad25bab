"""The contract as tests: derive a class, give it a `subject`, and every line of it is asked.

What an adapter does not declare is tested too: it then says so by a value. A test that fails says
in one sentence what the author is to do.
"""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from partners import adapter, faulty, registry
from partners.adapter import Absent, Idempotency, Issued, NotSent, Receipt, Refused, Unknown
from partners.conformance import leaks, matrix, messages
from partners.conformance import subject as subjects
from partners.conformance.matrix import Attempt
from partners.conformance.running import Bench, expect, fail, run
from wallet import errors

each_fault = pytest.mark.parametrize("fault", faulty.FAULTS, ids=lambda fault: fault.name)


class Contract:
    """The tests. One instance of the subject serves them all; every order is new."""

    subject: subjects.Subject

    @property
    def caps(self) -> adapter.Capabilities:
        """What the adapter declares."""
        return self.subject.adapter_class.caps

    def test_the_class_can_be_used_by_the_product(self) -> None:
        """Its attributes are there, its configuration is strict, its hosts are hosts."""
        wrong = registry.unfit(self.subject.adapter_class.name, self.subject.adapter_class)
        expect(not wrong, f"The product would not use this class: {wrong}.")
        try:
            self.subject.read_config()
        except errors.PartnerInvalid as refusal:
            fail(f"The subject's `config` is refused: {refusal.message}")
        with pytest.raises(errors.PartnerInvalid):
            registry.configured(
                self.subject.adapter_class, {**self.subject.config, "unknown_field": 1}
            )

    def test_an_order_is_issued_once_and_for_exactly_its_amount(self) -> None:
        """For every kind and every amount that the subject names."""

        async def test(bench: Bench) -> None:
            for kind in self.caps.kinds:
                for amount_minor in self.subject.amounts_minor:
                    order = self.subject.order(amount_minor, kind=kind)
                    receipt = await issue(bench, order)
                    expect(
                        receipt.money == order.money and receipt.state == "live" and receipt.ref,
                        f"issue() of {order.money} answered {receipt.money}, {receipt.state}, ref"
                        f" {receipt.ref!r}. Say what the partner has issued, exactly.",
                    )
                    await _issued(bench, order, [amount_minor])

        run(self.subject, test)

    def test_the_same_order_twice_is_what_the_declared_idempotency_says(self) -> None:
        """KEYED and NATURAL: one effect, and the second answer is the first one's receipt."""

        async def test(bench: Bench) -> None:
            order = self.subject.order()
            first = await issue(bench, order)
            answer = await bench.ask("issue", bench.adapter.issue(order))
            if self.caps.idempotency is Idempotency.NONE:
                return  # It may do it again; the saga looks before each further try.
            how = self.caps.idempotency
            await _issued(bench, order, [order.money.amount_minor], f"declares {how}")
            expect(
                isinstance(answer, Issued),
                f"The same order twice answered {answer}. It exists: answer Issued with its receipt"
                " and replayed=True; where the partner says `exists`, find() it.",
            )
            same = (answer.receipt.ref, answer.receipt.money) == (first.ref, first.money)
            expect(same, "The same order twice answered another receipt than the first time.")
            expect(
                how is Idempotency.KEYED or answer.replayed,
                "The second answer does not say replayed=True, though the partner told.",
            )

        run(self.subject, test)

    def test_what_was_issued_is_found_and_what_never_was_is_absent(self) -> None:
        """If it declares `finds`; else it says that it cannot be asked."""

        async def test(bench: Bench) -> None:
            order = self.subject.order()
            nothing = await bench.ask("find", bench.adapter.find(order))
            receipt = await issue(bench, order)
            found = await bench.ask("find", bench.adapter.find(order))
            if not self.caps.finds:
                both = isinstance(nothing, Unknown) and isinstance(found, Unknown)
                expect(both, "It does not declare `finds`, so find() answers Unknown.")
                return
            expect(
                isinstance(nothing, Absent),
                f"find() of an order that never was answered {nothing}. The partner says that there"
                " is none: answer Absent.",
            )
            expect(
                isinstance(found, Receipt)
                and (found.ref, found.money, found.state) == (receipt.ref, receipt.money, "live"),
                f"find() of an order that was issued answered {found}, and issue() {receipt}.",
            )

        run(self.subject, test)

    def test_what_was_issued_is_taken_back_once(self) -> None:
        """If it declares `reverses`; else it refuses."""

        async def test(bench: Bench) -> None:
            order = self.subject.order()
            receipt = await issue(bench, order)
            answer = await bench.ask("reverse", bench.adapter.reverse(order, receipt))
            if not self.caps.reverses:
                told = "It does not declare `reverses`, so reverse() answers Refused."
                expect(isinstance(answer, Refused), told)
                return
            await _taken_back(bench, order, receipt, answer)
            again = await bench.ask("reverse", bench.adapter.reverse(order, receipt))
            expect(
                isinstance(again, Issued | Refused | Unknown),
                f"reverse() of what is taken back answered {again}: Issued as void, or Refused.",
            )
            left = await self.subject.live(order)
            expect(left == 0, f"After the second reverse() {left} can be spent, not 0.")

        run(self.subject, test)

    def test_a_part_is_taken_back(self) -> None:
        """If it declares `reverses_in_part`: the rest stays spendable."""
        if not self.caps.reverses_in_part:
            return

        async def test(bench: Bench) -> None:
            order = self.subject.order()
            receipt = await issue(bench, order)
            part = adapter.Money(order.money.amount_minor // 3, order.money.asset)
            less = dataclasses.replace(receipt, money=part)
            answer = await bench.ask("reverse", bench.adapter.reverse(order, less))
            right = isinstance(answer, Issued) and answer.receipt.money == part
            expect(
                right and answer.receipt.state == "void",
                f"reverse() of {part} answered {answer}: it says what was taken back, as void.",
            )
            left, rest = (
                await self.subject.live(order),
                order.money.amount_minor - part.amount_minor,
            )
            expect(left == rest, f"After a part was taken back {left} can be spent, not {rest}.")

        run(self.subject, test)

    def test_a_refusal_of_the_partners_is_refused_and_issues_nothing(self) -> None:
        """For the amount that the subject names, if there is one."""
        amount_minor = self.subject.refused_minor
        if amount_minor is None:
            return

        async def test(bench: Bench) -> None:
            order = self.subject.order(amount_minor)
            answer = await bench.ask("issue", bench.adapter.issue(order))
            expect(
                isinstance(answer, Refused) and 0 < len(answer.reason) <= adapter.REASON_CHARS_MAX,
                f"issue() of an amount that the partner refuses answered {answer}. Its own no is"
                " Refused, with its words through partners.faults.refused.",
            )
            await _issued(bench, order, [])

        run(self.subject, test)

    @each_fault
    def test_a_fault_while_issuing_is_answered_by_what_can_be_known(
        self, fault: faulty.Fault
    ) -> None:
        """At every request of issue(); afterwards there can be exactly one effect all the same."""

        async def attempt(bench: Bench, arm: Callable[[], None]) -> Attempt:
            order = self.subject.order()
            arm()
            answer = await bench.ask("issue", bench.adapter.issue(order))
            return Attempt(answer, bool(await self.subject.issued(order)), order)

        async def after(bench: Bench, tried: Attempt) -> None:
            await _made_good(bench, tried.order, happened=tried.happened)

        run(self.subject, lambda bench: matrix.effects("issue", bench, fault, attempt, after))

    @each_fault
    def test_a_fault_while_looking_is_never_an_absence(self, fault: faulty.Fault) -> None:
        """At every request of find()."""
        if not self.caps.finds or fault.act == "empty":
            return

        async def test(bench: Bench) -> None:
            order = self.subject.order()
            await issue(bench, order)
            await matrix.looks(bench, fault, order)

        run(self.subject, test)

    @each_fault
    def test_a_fault_while_taking_back_is_answered_by_what_can_be_known(
        self, fault: faulty.Fault
    ) -> None:
        """At every request of reverse(); whether it happened is read at the partner."""
        if not self.caps.reverses:
            return

        async def attempt(bench: Bench, arm: Callable[[], None]) -> Attempt:
            order = self.subject.order()
            receipt = await issue(bench, order)
            arm()
            answer = await bench.ask("reverse", bench.adapter.reverse(order, receipt))
            return Attempt(answer, await self.subject.live(order) == 0, order)

        async def after(bench: Bench, tried: Attempt) -> None:
            receipt = await bench.ask("find", bench.adapter.find(tried.order))
            if not tried.happened and isinstance(receipt, Receipt):
                await bench.ask("reverse", bench.adapter.reverse(tried.order, receipt))
                left = await self.subject.live(tried.order)
                expect(left == 0, f"A second reverse() after a fault leaves {left} to spend.")

        run(self.subject, lambda bench: matrix.effects("reverse", bench, fault, attempt, after))

    def test_the_list_of_a_span_has_what_was_issued_in_it(self) -> None:
        """If it declares `lists`: each once, with its amount, and nothing of another time."""

        async def test(bench: Bench) -> None:
            minute = timedelta(minutes=1)
            began = datetime.now(UTC) - minute
            orders = [self.subject.order(amount) for amount in self.subject.amounts_minor]
            known = {(one.ref, one.money) for one in [await issue(bench, o) for o in orders]}
            until = datetime.now(UTC) + minute
            told = await bench.ask("issued_between", bench.adapter.issued_between(began, until))
            later = await bench.ask(
                "issued_between", bench.adapter.issued_between(until, until + minute)
            )
            if not self.caps.lists:
                says = "It does not declare `lists`, so issued_between() answers Unknown."
                expect(isinstance(told, Unknown), says)
                return
            for answer in (told, later):
                if isinstance(answer, NotSent | Unknown):
                    fail(f"issued_between() answered {answer}, and nothing was wrong.")
            listed = [(one.ref, one.money) for one in told if (one.ref, one.money) in known]
            expect(
                sorted(listed, key=str) == sorted(known, key=str),
                f"issued_between() has {len(listed)} of {len(known)} orders that were issued, or"
                " one of them twice. Read all pages.",
            )
            late = [one for one in later if (one.ref, one.money) in known]
            expect(not late, "issued_between() has orders of another time. The end is out.")

        run(self.subject, test)

    def test_a_message_is_believed_by_its_signature_alone(self) -> None:
        """If it declares `reports`; else it believes nobody."""
        run(self.subject, lambda bench: messages.check(bench, issue))

    def test_no_secret_and_no_code_is_shown(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Neither in a value's repr, nor in a log, nor on the terminal."""
        with leaks.heard() as heard:
            run(self.subject, lambda bench: leaks.provoke(bench, heard))
        printed = capfd.readouterr()
        leaks.judge(self.subject, heard, printed.out + printed.err)


async def issue(bench: Bench, order: adapter.Order) -> Receipt:
    """Issue an order to which nothing stands in the way; its receipt."""
    answer = await bench.ask("issue", bench.adapter.issue(order))
    if not isinstance(answer, Issued):
        fail(f"issue() of a plain order answered {answer}, where it is Issued.")
    return answer.receipt


async def _issued(bench: Bench, order: adapter.Order, expected: list[int], more: str = "") -> None:
    found = list(await bench.subject.issued(order))
    said = f" and it {more}" if more else ""
    expect(
        found == expected,
        f"For one order the partner has issued {found}, where it should be {expected}{said}.",
    )


async def _taken_back(bench: Bench, order: adapter.Order, receipt: Receipt, answer: object) -> None:
    """Judge a whole reversal; a partner that does it later says Unknown, and does it then."""
    if isinstance(answer, Unknown):
        await bench.subject.settle()
    else:
        right = isinstance(answer, Issued) and answer.receipt.state == "void"
        expect(
            right and isinstance(answer, Issued) and answer.receipt.money == receipt.money,
            f"reverse() answered {answer}: it is Issued, with the amount, as void.",
        )
    left = await bench.subject.live(order)
    expect(left == 0, f"After reverse() {left} can be spent at the partner, not 0.")
    if bench.adapter.caps.finds:
        found = await bench.ask("find", bench.adapter.find(order))
        expect(
            isinstance(found, Receipt) and found.state == "void",
            f"find() after reverse() answered {found}: it is the receipt, as void. Absent would"
            " say that the order never was.",
        )


async def _made_good(bench: Bench, order: adapter.Order, *, happened: bool) -> None:
    """Do what the saga does after a fault: look, and send again only what is absent."""
    if bench.adapter.caps.finds:
        found = await bench.ask("find", bench.adapter.find(order))
        expect(
            isinstance(found, Receipt if happened else Absent),
            f"After a fault find() answered {found}, and the partner has"
            f" {'issued' if happened else 'not issued'} it.",
        )
        again = isinstance(found, Absent)
    else:
        again = bench.adapter.caps.idempotency is not Idempotency.NONE or not happened
    if again:
        await bench.ask("issue", bench.adapter.issue(order))
    await _issued(bench, order, [order.money.amount_minor], "was looked up before it was repeated")
