"""Whatever a partner answers, and whenever: one order has at most one effect there, and an end.

A model of a partner answers beside the rule: it may lose a request before or after its effect, let
it take effect late, refuse, or be away. What the rule believes at the end is compared with it.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from wallet.rules import order_steps
from wallet.rules.order_states import ENDS, STATES, STEPS, Aim, Asked, Said, State
from wallet.rules.order_steps import LOOKS, Answer, Facts, Pace, Step

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
PACE = Pace()
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
FATES = ("answered", "refused", "away", "lost before", "lost after", "late")
CALLS_MAX = 300


@dataclass(frozen=True)
class Able:
    """A partner's capabilities, as the rule reads them."""

    idempotency: str = "none"
    key_lasts: timedelta | None = None
    settles: timedelta = 2 * MINUTE
    finds: bool = True
    reverses: bool = True


@dataclass
class Partner:
    """What exists at a partner: each effect of a call, once for a key where it knows keys."""

    able: Able
    issued: int = 0
    voided: int = 0
    first: dict[str, datetime] = field(default_factory=dict)
    coming: list[tuple[datetime, Asked]] = field(default_factory=list)

    def stands(self) -> Said:
        if self.issued == 0:
            return "absent"
        return "live" if self.issued > self.voided else "void"

    def effect(self, ask: Asked, now: datetime) -> None:
        since = self.first.setdefault(ask, now)
        lasts = self.able.key_lasts
        forgotten = lasts is not None and now >= since + lasts
        done = self.issued if ask == "issue" else self.voided
        if done and (
            (self.able.idempotency == "keyed" and not forgotten)
            or self.able.idempotency == "natural"
        ):
            return
        if ask == "issue":
            self.issued += 1
        elif self.issued > self.voided or self.able.idempotency == "none":
            self.voided += 1

    def come(self, now: datetime) -> None:
        for when, ask in [one for one in self.coming if one[0] <= now]:
            self.coming.remove((when, ask))
            self.effect(ask, when)

    def asked(self, ask: Asked, fate: str, delay: timedelta, now: datetime) -> Said:
        self.come(now)
        if fate == "away":
            return "not_sent"
        if ask == "find":
            return self.stands() if fate == "answered" else "unknown"
        done = self.issued if ask == "issue" else self.voided
        if fate == "refused":
            # Who keeps keys answers as before; the others may say no to what exists already.
            return self.stands() if done and self.able.idempotency == "keyed" else "refused"
        if fate == "late":
            self.coming.append((now + min(delay, self.able.settles), ask))
        elif fate != "lost before":
            self.effect(ask, now)
        return self.stands() if fate == "answered" else "unknown"


def moved(facts: Facts, step: Step, now: datetime, said: Said | None) -> Facts:
    """The order after a step, as the books keep it."""
    assert step.state in STEPS[facts.state, facts.aim], (facts.state, facts.aim, step.state)
    return replace(
        facts,
        state=step.state,
        ask=step.ask,
        leased=False,
        lookups=step.lookups,
        agreed=step.agreed,
        doubted=step.doubted,
        refused=step.refused,
        there=said,
    )


def sent(facts: Facts, now: datetime) -> Facts:
    """The order while it is asked for, as the books keep it."""
    if facts.ask == "find":
        return replace(facts, leased=True)
    states: dict[Aim, State] = {"issue": "sending", "reverse": "reversing", "undo": "late"}
    return replace(
        facts,
        state=states[facts.aim],
        leased=True,
        sends=facts.sends + 1,
        sent_at=now,
        first_sent_at=facts.first_sent_at or now,
    )


def begun(state: State, aim: Aim, ask: Asked, now: datetime) -> Facts:
    return Facts(
        state=state,
        aim=aim,
        ask=ask,
        leased=False,
        sends=0,
        lookups=0,
        agreed=0,
        doubted=False,
        refused=False,
        aimed_at=now,
    )


def play(
    facts: Facts, partner: Partner, draw: st.DataObject, now: datetime
) -> tuple[Facts, datetime]:
    """Ask until the order has an end."""
    for _ in range(CALLS_MAX):
        early = order_steps.due(facts, partner.able, now, PACE)
        if early is not None:
            facts = moved(facts, early, now, None)
            if facts.ask is None:
                return facts, now
            continue
        facts = sent(facts, now)
        assert facts.ask is not None
        fate = draw.draw(st.sampled_from(FATES))
        delay = draw.draw(st.sampled_from([timedelta(0), SECOND, 100 * SECOND, 2 * MINUTE]))
        said = partner.asked(facts.ask, fate, delay, now)
        now += SECOND
        step = order_steps.decide(facts, Answer(said), partner.able, now, PACE)
        facts = moved(facts, step, now, said)
        if facts.ask is None:
            return facts, now
        now += step.wait + draw.draw(st.sampled_from([timedelta(0), SECOND, 7 * HOUR]))
    raise AssertionError("an order that never ends")


ables = st.builds(
    Able,
    idempotency=st.sampled_from(["keyed", "natural", "none"]),
    key_lasts=st.sampled_from([None, 10 * MINUTE, 24 * HOUR]),
    finds=st.booleans(),
)


@given(ables, st.data())
def test_whatever_a_partner_answers_an_order_has_one_effect_at_most_and_an_end(
    able: Able, data: st.DataObject
) -> None:
    partner = Partner(able)

    facts, now = play(begun("held", "issue", "issue", START), partner, data, START)

    partner.come(now + able.settles)
    event(f"{able.idempotency}: {facts.state}")
    assert partner.issued <= 1
    assert facts.state in {"captured", "released", "attention"}
    if facts.state != "attention":
        assert (facts.state == "captured") == (partner.issued == 1)


@given(ables, st.data())
def test_whatever_a_partner_answers_a_reversal_takes_back_once_at_most(
    able: Able, data: st.DataObject
) -> None:
    partner = Partner(able, issued=1)

    facts, now = play(begun("reversing", "reverse", "reverse", START), partner, data, START)

    partner.come(now + able.settles)
    event(f"{able.idempotency}: {facts.state}")
    assert partner.voided <= 1
    assert facts.state in {"captured", "reversed", "attention"}
    if facts.state != "attention":
        assert (facts.state == "reversed") == (partner.voided == 1)


@given(ables, st.booleans(), st.data())
def test_value_that_turns_up_after_a_release_is_taken_back_or_booked(
    able: Able, reverses: bool, data: st.DataObject
) -> None:
    able = replace(able, reverses=reverses)
    partner = Partner(able, issued=1)
    step = order_steps.heard(begun("released", "issue", "issue", START), "live", able)
    assert step is not None
    facts = replace(begun(step.state, "undo", "find", START), ask=step.ask)

    now = START
    if facts.ask is not None:
        facts, now = play(facts, partner, data, START)

    partner.come(now + able.settles)
    event(f"{able.idempotency}: {facts.state}")
    assert partner.voided <= 1
    if facts.state == "released":
        assert 1 == partner.voided
    elif facts.state == "suspense":
        assert 0 == partner.voided
    else:
        assert "attention" == facts.state


def test_a_hold_waits_for_its_first_answer_and_no_clock_ends_it_in_doubt() -> None:
    facts = replace(begun("unknown", "issue", "find", START), sends=1, sent_at=START, doubted=True)

    late = order_steps.decide(facts, Answer("unknown"), Able(), START + 30 * HOUR, PACE)

    assert "attention" == late.state
    assert {"attention", "captured", "unknown", "sending", "released"} == set(
        STEPS["unknown", "issue"]
    )


def test_looks_come_soon_for_whoever_waits_and_rarely_later() -> None:
    facts = replace(begun("sending", "issue", "issue", START), sends=1, sent_at=START)
    waits, now = [], START
    for _ in range(8):
        step = order_steps.decide(facts, Answer("unknown"), Able(), now, PACE)
        waits.append(step.wait)
        now += step.wait
        facts = replace(moved(facts, step, now, "unknown"))

    assert [*LOOKS, LOOKS[-1], LOOKS[-1]] == waits


@pytest.mark.parametrize(
    ("able", "expected"),
    [
        (Able("none", finds=False), ("attention", None)),
        (Able("natural", finds=False), ("attention", None)),
        (Able("keyed", finds=False), ("unknown", "issue")),
        (Able("none"), ("unknown", "find")),
        (Able("keyed"), ("unknown", "find")),
    ],
)
def test_what_nobody_knows_is_looked_for_before_it_is_sent_again(
    able: Able, expected: tuple[str, str | None]
) -> None:
    facts = replace(
        begun("sending", "issue", "issue", START), sends=1, sent_at=START, first_sent_at=START
    )

    step = order_steps.decide(facts, Answer("unknown"), able, START, PACE)

    assert expected == (step.state, step.ask)


def test_absence_counts_when_it_is_late_enough_and_seen_twice() -> None:
    able = Able("natural")
    facts = replace(
        begun("unknown", "issue", "find", START),
        sends=1,
        sent_at=START,
        first_sent_at=START,
        doubted=True,
    )

    early = order_steps.decide(facts, Answer("absent"), able, START + MINUTE, PACE)
    once = order_steps.decide(facts, Answer("absent"), able, START + 3 * MINUTE, PACE)
    seen = replace(facts, agreed=1, there="absent")
    twice = order_steps.decide(seen, Answer("absent"), able, START + 4 * MINUTE, PACE)
    again = replace(seen, sends=2)
    given_up = order_steps.decide(again, Answer("absent"), able, START + 4 * MINUTE, PACE)

    assert ("unknown", "find", 0) == (early.state, early.ask, early.agreed)
    assert ("unknown", "find", 1) == (once.state, once.ask, once.agreed)
    assert ("unknown", "issue") == (twice.state, twice.ask)
    assert "released" == given_up.state


def test_a_key_that_may_be_forgotten_is_not_sent_again() -> None:
    able = Able("keyed", key_lasts=HOUR, finds=False)
    facts = replace(
        begun("unknown", "issue", "issue", START), sends=1, first_sent_at=START, doubted=True
    )

    assert order_steps.due(facts, able, START + 30 * MINUTE, PACE) is None
    assert Step("attention", doubted=True) == order_steps.due(facts, able, START + 2 * HOUR, PACE)


def test_a_value_that_is_not_what_was_asked_for_is_for_a_person_to_judge() -> None:
    facts = replace(begun("sending", "issue", "issue", START), sends=1)

    step = order_steps.decide(facts, Answer("differs"), Able("keyed"), START, PACE)

    assert "attention" == step.state


def test_a_partner_that_is_away_is_tried_again_and_then_the_value_is_free() -> None:
    facts, now, states = begun("held", "issue", "issue", START), START, []
    while facts.ask is not None:
        facts = sent(facts, now)
        step = order_steps.decide(facts, Answer("not_sent"), Able(), now, PACE)
        facts = moved(facts, step, now, "not_sent")
        states.append(step.state)
        now += step.wait

    assert ["held"] * 4 + ["released"] == states
    assert START + sum(PACE.tries, timedelta(0)) == now


def test_what_waited_for_a_day_to_be_sent_is_not_sent_any_more() -> None:
    facts = begun("held", "issue", "issue", START)

    assert Step("released") == order_steps.due(facts, Able(), START + 24 * HOUR, PACE)


def test_ends_ask_nothing_and_every_state_has_its_steps() -> None:
    assert set(STATES) == {state for state, _ in STEPS}
    assert set(STATES) == {to for steps in STEPS.values() for to in steps} | {"held"}
    assert {"captured", "released", "reversed", "suspense"} == ENDS
