"""Referrals: a member's code, a friend's acceptance, the sweep that pays, a person's decision.

Accepting is free and pays nothing. The sweep looks at each invitation when its time has come, asks
the rule what it needs and does that; it may run twice, late, or at once on two machines. Rewards
are awards in the books, one in each wallet, so a reward is given once, whoever tries.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from wallet import audit, errors, ids, ledger, members, sql
from wallet.campaigns import invitations, live, rewards, terms
from wallet.database import Database
from wallet.rules import referrals
from wallet.rules.campaigns.definition import Definition

BATCH: Final = 200
"""Invitations of one turn: each may be two awards, so that a stop never waits for long."""
CODES_TRIED_MAX: Final = 5
"""Codes that are tried for a member; with 37 bits even a second try is rare."""

Decision: TypeAlias = Literal["pay", "refuse"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """An invitation that a member accepted; `replayed` if they had done so before."""

    referral: invitations.Referral
    replayed: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An invitation after a person's decision; `replayed` if they had decided so before."""

    referral: invitations.Referral
    replayed: bool


async def code_of(db: Database, member_id: UUID) -> str:
    """The member's code, made when first asked for; NOT_FOUND for nobody."""
    for _ in range(CODES_TRIED_MAX):
        code: str | None = await db.fetchval(
            "select code from coalition.referral_code where member_id = $1", member_id
        )
        if code is not None:
            return code
        await members.find(db, member_id)
        # Whoever makes it at the same time, or has this very code, is met by one of the two keys.
        await db.execute(
            "insert into coalition.referral_code (code, member_id) values ($1, $2)"
            " on conflict do nothing",
            referrals.code(secrets.token_bytes(referrals.RANDOM_BYTES)),
            member_id,
        )
    raise AssertionError("no code was free")


async def accept(
    db: Database,
    *,
    friend_id: UUID,
    code: str,
    request_id: UUID,
    actor: audit.Actor | None = None,
    now: datetime | None = None,
) -> Accepted:
    """Say by whose invitation a member came; once, and for newcomers only.

    REFERRAL_INVALID for a code of nobody or one's own, REFERRAL_CLOSED for whoever is no newcomer
    or came by another invitation, and while no campaign rewards any.
    """
    plain = referrals.read(code)
    friend = await members.find(db, friend_id)
    bucket = ledger.bucket(friend.wallet_id)
    referral_id = ids.placed(request_id, bucket)
    facts = await db.fetchrow(
        sql.load("queries/referral_accept_facts"), plain, friend_id, bucket, friend.wallet_id
    )
    assert facts is not None
    if facts["referral_id"] is not None:
        return await _standing(db, friend_id, referral_id, plain)
    if friend.status != "active":
        raise errors.MemberSuspended()
    moment = await live.moment(db, now)
    newcomer = referrals.Newcomer(
        friend_id, friend.created_at, has_bought=facts["has_bought"], has_referrer=False
    )
    referrals.check(newcomer, facts["referrer_id"], at=moment.at)
    campaign_id, version_id, version = _open(moment)
    if not terms.bind(campaign_id, version, await terms.accepted(db, friend_id)):
        raise errors.ReferralClosed("Accept the terms of this campaign first, then the invitation.")
    by = actor or audit.Actor("member", friend_id)
    accepted = await db.fetchval(
        sql.load("queries/referral_accept"),
        referral_id,
        friend_id,
        facts["referrer_id"],
        plain,
        campaign_id,
        version_id,
        moment.at,
        rewards.asset_of(version).number,
        ids.new(),
        by.kind,
        by.actor_id,
        by.document_hash,
        by.request_id,
        ids.show("mem", friend_id),
        ids.show("mem", facts["referrer_id"]),
    )
    if not accepted:
        return await _standing(db, friend_id, referral_id, plain)
    return Accepted(await invitations.find(db, referral_id), replayed=False)


async def sweep(db: Database, *, now: datetime | None = None, limit: int = BATCH) -> int:
    """Look at invitations whose time has come, at most `limit`; returns how many there were."""
    found = await invitations.due(db, now=now, limit=limit)
    later: list[tuple[invitations.Referral, datetime | None]] = []
    for one in found:
        try:
            step = await rewards.take(db, one)
        except errors.Refusal:
            # What the books refuse now, such as a budget that many draw on, is asked again later.
            step = referrals.Step("look", one.at + referrals.LOOK)
        if step is not None:
            later.append((one.referral, step.look_at))
    await invitations.look_later(db, later)
    return len(found)


async def review(
    db: Database,
    *,
    referral_id: UUID,
    decision: Decision,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Reviewed:
    """Decide on an invitation that was set aside: pay its rewards, or refuse them for ever.

    REFERRAL_CLOSED for one that waits for no decision, or not any more, or whose purchase has gone
    back meanwhile; MEMBER_SUSPENDED while one of the two could not be rewarded.
    """
    audit.check_reason(reason)
    assert actor.actor_id is not None, "a person decides"
    found = await invitations.due(db, now=now, only=referral_id)
    if not found:
        raise errors.NotFound()
    (one,) = found
    it = one.referral
    if it.state == "quarantined":
        if decision == "pay":
            await _check_payable(db, one)
        decided = (
            await rewards.approve(db, one, actor=actor, reason=reason)
            if decision == "pay"
            else await rewards.refuse(db, one, actor=actor, reason=reason)
        )
        it = decided or await invitations.find(db, referral_id)
        if decided is not None:
            return Reviewed(it, replayed=False)
    ends = ("qualified", "paid", "reversed") if decision == "pay" else ("refused",)
    if it.decided_by == actor.actor_id and it.state in ends:
        return Reviewed(it, replayed=True)
    raise errors.ReferralClosed("This invitation waits for no decision. Look at its state first.")


async def _standing(db: Database, friend_id: UUID, referral_id: UUID, plain: str) -> Accepted:
    """Answer whoever has accepted before: the same invitation is the same answer, whatever key."""
    it = await invitations.of_friend(db, friend_id)
    if it is None:
        # The key is of this member's bucket, so only another member's request can have taken it.
        raise errors.IdempotencyKeyReused()
    if it.code == plain:
        return Accepted(it, replayed=True)
    if it.referral_id == referral_id:
        raise errors.IdempotencyKeyReused(first_used_at=it.accepted_at)
    raise errors.ReferralClosed()


async def _check_payable(db: Database, one: invitations.Due) -> None:
    it = one.referral
    asked = referrals.terms(await invitations.definition_of(db, it.version_id))
    if not referrals.stands(one.bought, asked):
        raise errors.ReferralClosed("The purchase has gone back. There is nothing to reward.")
    for member_id in (it.friend_id, it.referrer_id):
        if (await members.find(db, member_id)).status != "active":
            raise errors.MemberSuspended("A member is suspended. Reinstate them first, or refuse.")


def _open(moment: live.Moment) -> tuple[UUID, UUID, Definition]:
    """The campaign that an invitation is accepted by: the first, by priority, that takes them."""
    found = [
        one
        for one in moment.book.versions_at(moment.at, known_at=moment.at)
        if referrals.takes_invitations(one[2])
    ]
    if not found:
        raise errors.ReferralClosed("There are no rewards for invitations at the moment.")
    return min(found, key=lambda one: (one[2].stack.priority, one[0]))
