"""Awards as a verb: once for an id, within caps and budgets, explained, and taken back whole."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec

from tests.wallet import giving, inviting
from tests.wallet.factories import DAY, EUR, NOON, Coalition, refused
from wallet import audit, earn, errors, ids, ledger, members
from wallet.campaigns import awards, budgets
from wallet.rules.campaigns.definition import Definition

CAMPAIGN, VERSION = ids.new(), ids.new()


def definition(**changes: Any) -> Definition:
    """A campaign that awards, but for what is given."""
    return msgspec.convert(inviting.definition(**changes), Definition)


async def award(
    coalition: Coalition,
    member: members.Member,
    minor: int = 300,
    *,
    key: UUID | None = None,
    reference: str = "review-1",
    **changes: Any,
) -> awards.Awarded:
    """Award a member for a review, at noon."""
    wish = awards.Wish(
        award_id=ids.placed(key or ids.new(), ledger.bucket(member.wallet_id)),
        member=member,
        definition=definition(**changes),
        version_id=VERSION,
        campaign_id=CAMPAIGN,
        kind="review",
        reference=reference,
        partner_id=coalition.operator_id,
        amount_minor=minor,
        because=[{"if": "review"}],
    )
    return await awards.post(coalition.db, wish, now=NOON)


async def test_an_award_is_given_once_for_an_id_and_once_for_a_reference(
    coalition: Coalition,
) -> None:
    ana, key = await coalition.member(), ids.new()

    first, again = [await award(coalition, ana, key=key) for _ in range(2)]
    other = await refused(award(coalition, ana, 301, key=key))
    twice = await refused(award(coalition, ana))
    await earn.mature(coalition.db, now=NOON)

    assert (first.replayed, again.replayed, again.granted_minor) == (False, True, 300)
    assert ("IDEMPOTENCY_KEY_REUSED", "REFERENCE_USED") == (other.code, twice.code)
    assert 300 == (await coalition.faces(ana)).available


async def test_many_at_once_never_pass_a_budget(coalition: Coalition) -> None:
    people = [await coalition.member() for _ in range(12)]
    await budgets.set_cap(
        coalition.db, kind="campaign", subject_id=CAMPAIGN, asset=EUR, cap_minor=1_000
    )

    found = await asyncio.gather(
        *(award(coalition, one, 150, reference=f"r-{n}") for n, one in enumerate(people)),
        return_exceptions=True,
    )

    given = [one.granted_minor for one in found if isinstance(one, awards.Awarded)]
    # Who found the budget moving again and again is told to come back: nobody passes it.
    assert all(isinstance(one, awards.Awarded | errors.IdempotencyInProgress) for one in found)
    assert sum(given) <= 1_000
    assert sum(given) == await coalition.db.fetchval(
        "select sum(consumed)::int from ledger.budget_share"
    )


async def test_a_members_cap_counts_what_came_before(coalition: Coalition) -> None:
    ana = await coalition.member()
    caps = {"member": [{"minor": 500, "per": "month"}]}

    given = [await award(coalition, ana, reference=f"r-{n}", caps=caps) for n in range(3)]

    assert [300, 200, 0] == [one.granted_minor for one in given]


async def test_a_cap_holds_for_awards_at_the_same_time(coalition: Coalition) -> None:
    ana = await coalition.member()
    caps = {"member": [{"minor": 500, "per": "month"}]}

    found = await asyncio.gather(
        *(award(coalition, ana, reference=f"r-{n}", caps=caps) for n in range(4)),
        return_exceptions=True,
    )

    assert all(isinstance(one, awards.Awarded | errors.IdempotencyInProgress) for one in found)
    assert 500 >= sum(one.granted_minor for one in found if isinstance(one, awards.Awarded))


async def test_the_charity_has_its_part_when_the_award_is_free(coalition: Coalition) -> None:
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    share = {"charity_id": str(charity_id), "bps": 1_000}

    await award(coalition, ana, charity=share)
    await earn.mature(coalition.db, now=NOON)

    assert 270 == (await coalition.faces(ana)).available
    assert 30 == await coalition.position(charity_id, "due")


async def test_an_award_is_taken_back_whole_and_once(coalition: Coalition) -> None:
    ana = await coalition.member()
    given = await award(coalition, ana)
    await earn.mature(coalition.db, now=NOON)
    key = ids.derived(given.award_id, "reverse")

    back = [
        await awards.reverse(
            coalition.db, award_id=given.award_id, reason="void", return_id=key, now=NOON + DAY
        )
        for _ in range(2)
    ]
    nothing = await refused(
        awards.reverse(coalition.db, award_id=ids.new(), reason="void", return_id=key)
    )

    assert [False, True] == [one.replayed for one in back]
    assert 0 == (await coalition.faces(ana)).available
    assert "NOT_FOUND" == nothing.code


async def test_nobody_suspended_is_awarded_and_no_merchant_of_no_purchase_pays(
    coalition: Coalition,
) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    await members.suspend(coalition.db, ana.member_id, reason="stolen", actor=audit.SYSTEM)
    nowhere = [{"funder": "merchant", "bps": 10_000}]

    suspended = await refused(award(coalition, ana))
    unpaid = await refused(award(coalition, ben, funding=nowhere))

    assert ("MEMBER_SUSPENDED", "CAMPAIGN_INVALID") == (suspended.code, unpaid.code)
