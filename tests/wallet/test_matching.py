"""Members' gifts are matched once, by who promised it, within the cap of each and the budget."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.wallet import giving, taking_part
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import errors, ids, members, notices, programme
from wallet.campaigns import budgets
from wallet.charities import impact, matching, remittances
from wallet.progress import advance, publishing

DOUBLE: dict[str, Any] = {
    "kind": "match",
    "name": "We double it",
    "bps": 10_000,
    "budget_minor": 100_000,
}
LARGE: dict[str, Any] = {"minor": 6, "per": "day"}


async def matched(coalition: Coalition, charity_id: UUID, **changes: Any) -> publishing.Changed:
    """A match for gifts to a charity, with its agreement: the operator doubles them."""
    funder = changes.get("funder")
    await giving.agree(
        coalition, charity_id, coalition.operator_id if funder is None else UUID(funder)
    )
    named: dict[str, Any] = {"charities": [str(charity_id)]}
    return await taking_part.scheme(coalition, plain=DOUBLE, **{**named, **changes})


async def give(coalition: Coalition, charity_id: UUID, minor: int, **more: Any) -> members.Member:
    """A member who gave."""
    member = await coalition.member(**more)
    await coalition.fill(member, minor)
    await coalition.give(member, charity_id, minor)
    return member


async def look(coalition: Coalition) -> None:
    """Let the worker look at whoever moved."""
    await notices.drain(coalition.db)
    done = await advance.advance(coalition.db, now=NOON + DAY)
    assert [] == done.failures


async def given(coalition: Coalition) -> list[tuple[int, int, str | None]]:
    """What was promised and given on top of gifts, and why it was less."""
    rows = await coalition.db.fetch(
        "select desired_minor, amount, cut_by from ledger.match order by matched_at, amount desc"
    )
    return [tuple(row) for row in rows]


async def test_a_gift_is_doubled_once_however_often_it_is_looked_at(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition, name="Save the Children")
    await matched(coalition, charity_id)
    ana = await give(coalition, charity_id, 500)

    await look(coalition)
    await asyncio.gather(
        *(advance.settle(coalition.db, [ana.wallet_id], now=NOON + DAY) for _ in range(5))
    )

    assert [(500, 500, None)] == await given(coalition)
    assert 1000 == await remittances.due_minor(coalition.db, charity_id, coalition.asset)
    (counter,) = await impact.of(coalition.db, charity_id)
    assert (500, 500, 500) == (
        *(counter.members_minor, counter.operator_minor, counter.matched_minor),
    )
    (own,) = await impact.of_member(coalition.db, ana.wallet_id)
    assert (500, 500) == (own.gave_minor, own.matched_minor)


async def test_the_member_is_told_who_matched_their_gift(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition, name="Save the Children")
    rosa = await coalition.merchant()
    await matched(coalition, charity_id, funder=str(rosa), bps=20_000)
    ana = await give(coalition, charity_id, 500)
    await look(coalition)
    donation_id = await coalition.db.fetchval("select donation_id from ledger.match")

    (one,) = (await matching.of_donations(coalition.db, [donation_id]))[donation_id]
    await notices.drain(coalition.db)
    told = await notices.page(coalition.db, ana.wallet_id, first=1)

    assert ("Rosa", 1000, None) == (one.funder, one.amount_minor, one.cut_by)
    assert ["Rosa gave 10.00 EUR to Save the Children on top of your gift."] == [
        notice.sentence for notice in told
    ]


async def test_a_cap_of_each_member_and_the_budget_cut_and_say_so(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)
    cap = {"minor": 300, "per": "month"}
    await matched(coalition, charity_id, cap=cap, budget_minor=500)
    ana = await give(coalition, charity_id, 200)
    await look(coalition)
    await coalition.fill(ana, 200)
    await coalition.give(ana, charity_id, 200)
    await look(coalition)
    await give(coalition, charity_id, 250)
    await look(coalition)

    assert [(200, 200, None), (200, 100, "member_cap"), (250, 200, "budget")] == sorted(
        await given(coalition), key=lambda one: (one[0], -one[1])
    )


async def test_the_member_is_told_of_a_match_that_was_cut(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition, name="Save the Children")
    await matched(coalition, charity_id, budget_minor=300)
    ana = await give(coalition, charity_id, 500)
    await look(coalition)
    await coalition.fill(ana, 500)
    await coalition.give(ana, charity_id, 500)
    await look(coalition)
    await notices.drain(coalition.db)

    told = [one.sentence for one in await notices.page(coalition.db, ana.wallet_id, first=10)]

    reached = "on top of your gift, not 5.00 EUR: the most that was promised is reached."
    name = (await programme.of(coalition.db)).name
    assert [
        f"{name} gave {given} to Save the Children {reached}" for given in ("nothing", "3.00 EUR")
    ] == [one for one in told if "on top" in one]


async def test_twenty_members_at_the_edge_of_a_budget_get_all_of_it_and_no_more(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    changed = await matched(coalition, charity_id, budget_minor=1_230)
    givers = [await give(coalition, charity_id, 100, bucket=n * 11 % 256) for n in range(20)]
    await notices.drain(coalition.db)

    await asyncio.gather(
        *(
            advance.settle(coalition.db, [one.wallet_id], now=NOON + DAY)
            for one in givers
            for _ in range(2)
        )
    )

    found = await given(coalition)
    assert 20 == len(found)
    assert 1_230 == sum(amount for _, amount, _ in found)
    budget = budgets.budget_id("match", changed.entry.scheme_id, coalition.asset)
    assert 0 == (await budgets.standing(coalition.db, [budget]))[budget].left_minor


async def test_only_gifts_made_while_it_held_and_to_whom_it_is_for_are_matched(
    coalition: Coalition,
) -> None:
    charity_id, other = [await giving.charity(coalition) for _ in range(2)]
    await give(coalition, charity_id, 100)
    await matched(coalition, charity_id, from_at=NOON + DAY, now=NOON)
    await give(coalition, other, 100)

    await look(coalition)

    assert [] == await given(coalition)


async def test_a_match_for_every_charity_is_for_those_that_agreed(coalition: Coalition) -> None:
    charity_id, stranger = [await giving.charity(coalition) for _ in range(2)]
    await matched(coalition, charity_id, charities=[])
    await give(coalition, charity_id, 100)
    await give(coalition, stranger, 100)

    await look(coalition)

    assert [(100, 100, None)] == await given(coalition)


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"bps": 0}, "SCHEME_INVALID", ("definition", "bps")),
        (
            {"budget_minor": 5, "cap": {"minor": 6, "per": "day"}},
            "SCHEME_INVALID",
            ("cap", "minor"),
        ),
        ({"funder": str(ids.new())}, "SCHEME_INVALID", ("definition", "funder")),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "SCHEME_INVALID", ("definition", "ends_at")),
        ({"charities": [str(ids.new())]}, "CHARITY_UNKNOWN", ("definition", "charities", "0")),
    ],
)
async def test_what_can_not_be_promised_is_refused(
    coalition: Coalition, changes: dict[str, Any], code: str, path: tuple[str, ...]
) -> None:
    refusal = await refused(taking_part.scheme(coalition, plain=DOUBLE, **changes))

    assert code == refusal.code
    assert path == tuple(refusal.path)[-len(path) :]


async def test_no_match_is_promised_without_the_agreement_of_its_charity(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)

    refusal = await refused(
        taking_part.scheme(coalition, plain=DOUBLE, charities=[str(charity_id)])
    )

    assert "AGREEMENT_MISSING" == refusal.code


async def test_a_budget_is_never_lowered_under_what_was_given(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)
    changed = await matched(coalition, charity_id)
    await give(coalition, charity_id, 400)
    await look(coalition)
    again: dict[str, Any] = {"scheme_id": changed.entry.scheme_id, "charities": [str(charity_id)]}

    refusal = await refused(
        taking_part.scheme(coalition, plain=DOUBLE, now=NOON, budget_minor=399, **again)
    )

    assert "BUDGET_TOO_SMALL" == refusal.code


async def test_a_publication_that_loses_its_race_sets_no_budget(coalition: Coalition) -> None:
    charity_id, key = await giving.charity(coalition), ids.new()
    made = [(await matched(coalition, charity_id)).entry.scheme_id for _ in range(6)]
    told: dict[str, Any] = {"charities": [str(charity_id)], "budget_minor": 700}
    done = await asyncio.gather(
        *(
            taking_part.scheme(
                coalition, plain=DOUBLE, now=NOON, scheme_id=one, request_id=key, **told
            )
            for one in made
        ),
        return_exceptions=True,
    )
    standing = await budgets.standing(
        coalition.db, [budgets.budget_id("match", one, coalition.asset) for one in made]
    )

    lost = [one for one in done if isinstance(one, errors.IdempotencyKeyReused)]
    assert 5 == len(lost)
    assert [700, *[100_000] * 5] == sorted(one.cap_minor for one in standing.values())
