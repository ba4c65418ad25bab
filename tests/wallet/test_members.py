"""Members: one for each address, a wallet each, and suspensions that no spend can slip past."""

import asyncio
from uuid import UUID

from tests.wallet import giving
from tests.wallet.factories import EUR, NOON, Coalition, Faces, refused
from wallet import audit, errors, ids, members, redeem


async def enrol(
    coalition: Coalition, email: str, *, member_id: UUID | None = None, name: str = "Ana"
) -> members.Member:
    enrolled = await members.enrol(
        coalition.db,
        member_id=member_id or ids.new(),
        email=email,
        display_name=name,
        actor=audit.SYSTEM,
    )
    return enrolled.member


async def test_enrolling_again_is_harmless(coalition: Coalition) -> None:
    first = await enrol(coalition, "Ana@Example.org", member_id=(key := ids.new()))

    again = await enrol(coalition, "ana@example.ORG", member_id=key)

    assert first == again
    assert 1 == await coalition.db.fetchval("select count(*) from ledger.wallet")


async def test_enrolling_says_whether_it_was_done_before_and_is_logged_once(
    coalition: Coalition,
) -> None:
    key = ids.new()

    first, again = [
        await members.enrol(
            coalition.db,
            member_id=key,
            email="ana@example.org",
            display_name="Ana",
            actor=audit.SYSTEM,
        )
        for _ in range(2)
    ]

    assert (False, True) == (first.replayed, again.replayed)
    assert first.member == again.member
    assert 1 == await coalition.db.fetchval(
        "select count(*) from coalition.audit where act = 'member.enrol'"
    )


async def test_an_address_belongs_to_one_member_whatever_its_capitals(
    coalition: Coalition,
) -> None:
    first = await enrol(coalition, "Ana@Example.org")

    refusal = await refused(enrol(coalition, "aNA@example.org"))

    assert ("EMAIL_TAKEN", ("email",)) == (refusal.code, refusal.path)
    assert first == await members.find_by_email(coalition.db, "ANA@EXAMPLE.ORG")
    assert 1 == await coalition.db.fetchval("select count(*) from ledger.wallet")


async def test_a_member_id_stands_for_one_person(coalition: Coalition) -> None:
    first = await enrol(coalition, "ana@example.org")

    refusals = [
        await refused(enrol(coalition, "ben@example.org", member_id=first.member_id)),
        await refused(enrol(coalition, "ana@example.org", member_id=first.member_id, name="Ben")),
    ]

    assert ["IDEMPOTENCY_KEY_REUSED"] * 2 == [refusal.code for refusal in refusals]


async def test_a_race_to_enrol_makes_one_member_and_one_wallet(coalition: Coalition) -> None:
    key = ids.new()

    same_id = await asyncio.gather(
        *(enrol(coalition, "ana@example.org", member_id=key) for _ in range(10))
    )
    same_email = await asyncio.gather(
        *(
            enrol(coalition, "BEN@example.org" if one % 2 else "ben@example.org")
            for one in range(10)
        ),
        return_exceptions=True,
    )

    assert 1 == len(set(same_id))
    assert 1 == sum(isinstance(answer, members.Member) for answer in same_email)
    assert 9 == sum(isinstance(answer, errors.EmailTaken) for answer in same_email)
    assert 2 == await coalition.db.fetchval("select count(*) from ledger.wallet")


async def test_what_is_no_address_is_refused(coalition: Coalition) -> None:
    wrong = [
        "",
        "ana",
        "ana@",
        "@example.org",
        "ana@example",
        "a na@example.org",
        "a" * 251 + "@b.c",
    ]

    refusals = [await refused(enrol(coalition, email)) for email in wrong]

    assert ["TEXT_INVALID"] * len(wrong) == [refusal.code for refusal in refusals]


async def test_nobody_is_found_where_nobody_is(coalition: Coalition) -> None:
    refusals = [
        await refused(members.find(coalition.db, ids.new())),
        await refused(members.find_by_email(coalition.db, "nobody@example.org")),
        await refused(
            members.suspend(coalition.db, ids.new(), reason="stolen", actor=audit.SYSTEM)
        ),
    ]

    assert ["NOT_FOUND"] * 3 == [refusal.code for refusal in refusals]


async def test_a_suspended_member_spends_nothing_and_keeps_everything(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1000)
    shown = await redeem.code_issue(
        coalition.db, member_id=ana.member_id, merchant_id=rosa, now=NOON
    )
    held = await coalition.hold(ana, rosa, 400)
    await members.suspend(coalition.db, ana.member_id, reason="stolen phone", actor=audit.SYSTEM)

    refusals = [
        await refused(
            redeem.hold(
                coalition.db,
                merchant_id=rosa,
                request_id=ids.new(),
                code=shown.text,
                amount_minor=100,
                asset=EUR,
                order_reference="order-1",
                now=NOON,
            )
        ),
        await refused(
            redeem.code_issue(coalition.db, member_id=ana.member_id, merchant_id=rosa, now=NOON)
        ),
        await refused(coalition.give(ana, await giving.charity(coalition), 100)),
    ]
    await coalition.capture(held)
    await members.reinstate(coalition.db, ana.member_id, reason="found it", actor=audit.SYSTEM)
    await coalition.spend(ana, rosa, 600)

    assert ["MEMBER_SUSPENDED"] * 3 == [refusal.code for refusal in refusals]
    assert Faces(0, 0, 0, 6) == await coalition.faces(ana)


async def test_a_suspension_has_a_reason_and_stands_in_the_log(coalition: Coalition) -> None:
    ana = await coalition.member()

    refusal = await refused(
        members.suspend(coalition.db, ana.member_id, reason=" ", actor=audit.SYSTEM)
    )
    await members.suspend(coalition.db, ana.member_id, reason="stolen phone", actor=audit.SYSTEM)

    assert "REASON_MISSING" == refusal.code
    assert "stolen phone" == await coalition.db.fetchval(
        "select reason from coalition.audit where act = 'member.suspended'"
    )


async def test_after_a_suspension_is_answered_nothing_leaves(coalition: Coalition) -> None:
    """Spends and a suspension race; whatever order they come in, the books know it."""
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 1000)
    left_at_suspension: list[int] = []

    async def suspend() -> None:
        await asyncio.sleep(0.01)
        await members.suspend(coalition.db, ana.member_id, reason="stolen", actor=audit.SYSTEM)
        left_at_suspension.append((await coalition.faces(ana)).available)

    answers = await asyncio.gather(
        suspend(),
        *(coalition.give(ana, charity_id, 10) for _ in range(60)),
        return_exceptions=True,
    )

    given = sum(answer is False for answer in answers)
    refusals = {answer.code for answer in answers if isinstance(answer, errors.Refusal)}
    assert refusals <= {"MEMBER_SUSPENDED"}
    assert [1000 - 10 * given] == left_at_suspension
    assert 10 * given == await coalition.position(charity_id, "due")
