"""An invitation's way to its rewards, one step at a time: judged, set aside, paid, taken back.

The decision is written down before any money moves: with the awards' ids, the amounts and the
referrer's seat of the year. Whoever finds a decided invitation carries out that decision, so two
who look at once, or one after a crash, give the same two rewards and never a third.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from wallet import audit, errors, ids, ledger, members, money, programme, sql
from wallet.campaigns import awards, invitations, terms
from wallet.database import Database
from wallet.rules import referrals, suspicion
from wallet.rules.campaigns import definition

SEATS_TRIED_MAX: Final = 20
"""Tries for a seat; each means that another of the referrer's friends was decided just now."""
KIND: Final = "referral"


@dataclass(frozen=True, slots=True)
class _Role:
    """One of the two people of an invitation, as far as their reward differs."""

    name: str
    because: str


FRIEND: Final = _Role("friend", "The member came by invitation and kept what they bought.")
REFERRER: Final = _Role("referrer", "A friend whom the member invited kept what they bought.")


async def take(db: Database, one: invitations.Due) -> referrals.Step | None:
    """Do what an invitation needs now; the step, if it is only to be looked at later."""
    it = one.referral
    asked = referrals.terms(await invitations.definition_of(db, it.version_id))
    standing = referrals.Standing(
        it.state, it.accepted_at, it.decided_at is not None, it.decided_at, one.bought
    )
    step = referrals.step(standing, asked, at=one.at)
    match step.act:
        case "look":
            return step
        case "lapse":
            await invitations.move(db, it, act="referral.lapsed", state="lapsed", look_at=None)
        case "qualify":
            await _qualify(db, one, step.look_at)
        case "disqualify":
            await _disqualify(db, one)
        case "decide":
            await _decide(db, one, asked)
        case "pay":
            await _pay(db, it, one.at)
        case "reverse":
            await _reverse(db, it, one.at)
    return None


async def approve(
    db: Database,
    one: invitations.Due,
    *,
    found: suspicion.Score | None = None,
    actor: audit.Actor = audit.SYSTEM,
    reason: str | None = None,
) -> invitations.Referral | None:
    """Decide that both are rewarded, and reward them; None if somebody else was faster.

    The referrer gets no more rewards in a year than the campaign says, and none before they agreed
    to its terms where it wants that; the friend, who has done what was asked, gets theirs.
    """
    it = one.referral
    assert one.bought is not None, "an invitation is decided by its purchase"
    version = await invitations.definition_of(db, it.version_id)
    asked = referrals.terms(version)
    referrer = await members.find(db, it.referrer_id)
    year = referrals.year_of(one.at, (await programme.of(db)).time_zone)
    agreed = terms.bind(it.campaign_id, version, await terms.accepted(db, it.referrer_id))
    most = asked.most_per_year if agreed else 0
    for _ in range(SEATS_TRIED_MAX):
        seat = referrals.seat(await invitations.seats(db, it, year), most)
        for_referrer = ids.placed(
            ids.derived(it.referral_id, REFERRER.name), ledger.bucket(referrer.wallet_id)
        )
        try:
            decided = await invitations.move(
                db,
                it,
                act="referral.approved",
                actor=actor,
                reason=reason,
                state="qualified",
                look_at=one.at,
                decided_by=actor.actor_id,
                decided_at=one.at,
                seat=seat,
                seat_year=None if seat is None else year,
                friend_minor=referrals.friend_minor(version),
                referrer_minor=0 if seat is None else asked.referrer_minor,
                friend_award=ids.derived(it.referral_id, FRIEND.name),
                referrer_award=None if seat is None else for_referrer,
                **_scored(found),
            )
        except asyncpg.UniqueViolationError:
            continue  # Another friend of the same member took the seat: look which are left.
        return None if decided is None else await _pay(db, decided, one.at)
    raise errors.IdempotencyInProgress()


async def refuse(
    db: Database,
    one: invitations.Due,
    *,
    found: suspicion.Score | None = None,
    actor: audit.Actor = audit.SYSTEM,
    reason: str | None = None,
) -> invitations.Referral | None:
    """Decide that nobody is rewarded; None if somebody else was faster."""
    return await invitations.move(
        db,
        one.referral,
        act="referral.refused",
        actor=actor,
        reason=reason,
        state="refused",
        look_at=None,
        decided_by=actor.actor_id,
        decided_at=one.at,
        **_scored(found),
    )


def asset_of(version: definition.Definition) -> money.Asset:
    """The asset in which a campaign rewards."""
    return money.asset(version.asset)


async def _qualify(db: Database, one: invitations.Due, clears_at: datetime | None) -> None:
    assert one.bought is not None
    await invitations.move(
        db,
        one.referral,
        act="referral.qualified",
        state="qualified",
        purchase_id=one.bought.purchase_id,
        clears_at=clears_at,
        look_at=clears_at,
    )


async def _disqualify(db: Database, one: invitations.Due) -> None:
    """The purchase came back or was never paid: the friend may still make another one in time."""
    await invitations.move(
        db,
        one.referral,
        act="referral.waiting",
        state="waiting",
        purchase_id=None,
        clears_at=None,
        look_at=one.at,
        score=None,
        reasons=[],
    )


async def _decide(db: Database, one: invitations.Due, asked: referrals.Terms) -> None:
    decision, found = suspicion.decide(await _facts(db, one.referral, asked))
    match decision:
        case "pay":
            await approve(db, one, found=found)
        case "quarantine":
            await invitations.move(
                db,
                one.referral,
                act="referral.quarantined",
                state="quarantined",
                look_at=one.at + referrals.LOOK_AGAIN,
                **_scored(found),
            )
        case "refuse":
            await refuse(db, one, found=found)


async def _pay(db: Database, it: invitations.Referral, at: datetime) -> invitations.Referral:
    """Carry out a decision: each award is given once, whoever tries, and then it is put down."""
    friend = await _award(db, it, FRIEND, it.friend_award, it.friend_id, it.friend_minor, at)
    referrer = await _award(
        db, it, REFERRER, it.referrer_award, it.referrer_id, it.referrer_minor, at
    )
    paid = await invitations.move(
        db,
        it,
        act="referral.paid",
        state="paid",
        look_at=at + referrals.LOOK_AGAIN,
        friend_minor=friend.granted_minor if friend else 0,
        referrer_minor=referrer.granted_minor if referrer else 0,
        friend_award=friend and friend.award_id,
        referrer_award=referrer and referrer.award_id,
    )
    return paid or await invitations.find(db, it.referral_id)


async def _award(
    db: Database,
    it: invitations.Referral,
    role: _Role,
    award_id: UUID | None,
    member_id: UUID,
    amount_minor: int,
    at: datetime,
) -> awards.Awarded | None:
    """Give one of the two rewards; None for nobody to reward, or somebody who is suspended now.

    The books keep that refusal, so whoever carries out the decision again finds the same.
    """
    if award_id is None:
        return None
    try:
        return await awards.post(
            db,
            awards.Wish(
                award_id=award_id,
                member=await members.find(db, member_id),
                definition=await invitations.definition_of(db, it.version_id),
                version_id=it.version_id,
                campaign_id=it.campaign_id,
                kind=KIND,
                reference=f"{ids.show('ref', it.referral_id)}/{role.name}",
                partner_id=(await programme.of(db)).operator_id,
                amount_minor=amount_minor,
                gives=role is FRIEND,
                because=[{"if": KIND, "role": role.name, "sentence": role.because}],
            ),
            now=at,
        )
    except errors.MemberSuspended:
        return None


async def _reverse(db: Database, it: invitations.Referral, at: datetime) -> None:
    """Take both rewards back, as the books can, because the purchase is no longer enough."""
    for award_id in (it.friend_award, it.referrer_award):
        if award_id is not None:
            await awards.reverse(
                db,
                award_id=award_id,
                reason="What the invitation was rewarded for has been returned.",
                return_id=ids.derived(award_id, "reverse"),
                now=at,
            )
    # What was taken back is no reward: the seat of the year is free again.
    await invitations.move(
        db, it, act="referral.reversed", state="reversed", look_at=None, seat=None, seat_year=None
    )


async def _facts(db: Database, it: invitations.Referral, asked: referrals.Terms) -> suspicion.Facts:
    row = await db.fetchrow(
        sql.load("queries/referral_facts"),
        it.referral_id,
        suspicion.RING_MAX - 1,
        suspicion.NOTED_MAX,
    )
    assert row is not None
    return suspicion.Facts(
        friend=_person(row["friend"]),
        referrer=_person(row["referrer"]),
        accepted_at=it.accepted_at,
        accepted=tuple(row["accepted"]),
        above=tuple(row["above"]),
        deals=tuple(suspicion.Deal(*deal) for deal in row["deals"]),
        purchase_min_minor=asked.purchase_min_minor,
    )


def _person(row: asyncpg.Record) -> suspicion.Person:
    member_id, email, display_name, birth_date, suspended, instruments = row
    return suspicion.Person(
        member_id, email, display_name, birth_date, frozenset(instruments), suspended
    )


def _scored(found: suspicion.Score | None) -> dict[str, Any]:
    """What the rule found, as it is kept; a person's decision leaves it as it was."""
    if found is None:
        return {}
    return {"score": found.points, "reasons": [dataclasses.asdict(one) for one in found.reasons]}
