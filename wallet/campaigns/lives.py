"""The life of campaigns: drafts that are saved, published, paused, resumed, ended and put away.

A version never changes; each save makes the next one. A step is one row that says who took it, why,
and from when it holds, and it is written only if nothing has changed since it was judged: of two
that contradict each other one wins, and the other is judged again and refused.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from wallet import audit, errors, ids, money, programme, sql
from wallet.campaigns import budgets, live, named, shelf, terms
from wallet.charities import agreements
from wallet.database import Database
from wallet.rules.campaigns import contradictions, drafts, timeline
from wallet.rules.campaigns.definition import Definition

VERSIONS_MAX: Final = 100
"""Versions of one campaign: whoever saves more of them wants another campaign."""
CHANGES_MAX: Final = 200
"""Steps of one campaign; the last ones are kept for its end."""
TRIES_MAX: Final = 10
"""How often a step is judged again because something else has changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A version that is saved; `replayed` if this id had been saved before."""

    campaign: shelf.Campaign
    version: shelf.Version
    replayed: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A campaign after a step, and where it stands; `replayed` if this id had done it before."""

    campaign: shelf.Campaign
    change: timeline.Change
    status: timeline.Status
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Step:
    """A step that somebody wants to take."""

    request_id: UUID
    campaign_id: UUID
    act: timeline.Act
    reason: str
    actor: audit.Actor
    version_id: UUID | None = None
    from_at: datetime | None = None


async def save_draft(
    db: Database,
    *,
    request_id: UUID,
    campaign_id: UUID | None,
    merchant_id: UUID | None,
    raw: object,
    note: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Saved:
    """Save the next version of a campaign, or a new campaign with its first one.

    CAMPAIGN_INVALID names the field at fault below `definition`; nothing that runs is changed.
    """
    audit.check_reason(note, "note")
    with _below("definition"):
        definition = drafts.read(raw)
    known = await shelf.version_or_none(db, request_id)
    if known is None:
        moment = await live.moment(db, now)
        campaign = None if campaign_id is None else await shelf.find(db, campaign_id)
        if campaign is not None:
            await _check_saving(db, campaign, merchant_id, moment)
            merchant_id = campaign.merchant_id
        with _below("definition"):
            await _judge(db, campaign_id or ids.derived(request_id, "campaign"), definition, moment)
            await named.check(db, definition, merchant_id=merchant_id)
    target = campaign_id or ids.derived(request_id, "campaign")
    created = known is None and await _save(
        db, request_id, target, merchant_id, definition, note, actor, now
    )
    version, campaign = await shelf.find_version(db, request_id), await shelf.find(db, target)
    told = (version.campaign_id, version.definition, version.note)
    if told != (target, definition, note) or (
        merchant_id is not None and merchant_id != campaign.merchant_id
    ):
        raise errors.IdempotencyKeyReused(first_used_at=version.saved_at)
    await audit.write(
        db,
        actor=actor,
        act="campaign.save",
        subject=target,
        reason=note,
        detail={"version": version.version},
        once=request_id,
    )
    return Saved(campaign, version, replayed=not created)


async def publish(
    db: Database,
    *,
    request_id: UUID,
    campaign_id: UUID,
    version_id: UUID,
    from_at: datetime | None,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Changed:
    """Let a version decide from its start on, or from a later instant; until then nothing changes.

    It is judged again, by what is published now. Where a part goes to a charity, it needs the
    agreement of the charity with everybody who pays, for all of its time.
    """
    step = _Step(request_id, campaign_id, "publish", reason, actor, version_id, from_at)
    return await _take(db, step, now)


async def pause(
    db: Database,
    *,
    request_id: UUID,
    campaign_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Changed:
    """Stop a campaign at once, until it is resumed."""
    return await _take(db, _Step(request_id, campaign_id, "pause", reason, actor), now)


async def resume(
    db: Database,
    *,
    request_id: UUID,
    campaign_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Changed:
    """Let a paused campaign go on, with the version that is in force by now."""
    return await _take(db, _Step(request_id, campaign_id, "resume", reason, actor), now)


async def end(
    db: Database,
    *,
    request_id: UUID,
    campaign_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Changed:
    """End a campaign at once and for ever; what it has given stays given."""
    return await _take(db, _Step(request_id, campaign_id, "end", reason, actor), now)


async def archive(
    db: Database,
    *,
    request_id: UUID,
    campaign_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Changed:
    """Put a draft, or what has ended, away."""
    return await _take(db, _Step(request_id, campaign_id, "archive", reason, actor), now)


@contextlib.contextmanager
def _below(*path: str) -> Iterator[None]:
    """Name the place of a definition in what was sent in front of the path of its refusal."""
    try:
        yield
    except errors.CampaignInvalid as refusal:
        raise errors.CampaignInvalid(refusal.message, path=(*path, *refusal.path)) from None


async def _check_saving(
    db: Database, campaign: shelf.Campaign, merchant_id: UUID | None, moment: live.Moment
) -> None:
    if merchant_id is not None and merchant_id != campaign.merchant_id:
        raise errors.NotFound(
            "This campaign is not this merchant's. Leave the merchant out.", path=("merchant_id",)
        )
    stands = moment.book.status(campaign.campaign_id, moment.at)
    timeline.check("publish", stands)
    count = await db.fetchval(
        "select count(*) from coalition.campaign_version where campaign_id = $1",
        campaign.campaign_id,
    )
    if count >= VERSIONS_MAX:
        raise errors.TooMany(path=("campaign_id",), limit=VERSIONS_MAX)


async def _judge(
    db: Database, campaign_id: UUID, definition: Definition, moment: live.Moment
) -> None:
    contradictions.judge(
        definition,
        house_asset=(await programme.of(db)).asset.code,
        now=moment.at,
        groups=moment.book.groups_from(max(definition.starts_at, moment.at)),
        others=moment.book.others(moment.at, besides=campaign_id),
    )


async def _save(
    db: Database,
    request_id: UUID,
    campaign_id: UUID,
    merchant_id: UUID | None,
    definition: Definition,
    note: str,
    actor: audit.Actor,
    now: datetime | None,
) -> bool:
    """True if this call saved it, False if another one with the same id was faster."""
    written = terms.documents(campaign_id, definition)
    for _ in range(TRIES_MAX):
        with contextlib.suppress(asyncpg.UniqueViolationError):
            saved = await db.fetchval(
                sql.load("queries/campaign_save"),
                campaign_id,
                definition.name,
                merchant_id,
                actor.actor_id or (await programme.of(db)).operator_id,
                now,
                request_id,
                orjson.dumps(drafts.dump(definition)).decode(),
                note,
                definition.terms.acceptance,
                [one.document_id for one in written],
                [one.language for one in written],
                [one.text for one in written],
            )
            return saved is not None
    raise errors.IdempotencyInProgress()


async def _take(db: Database, step: _Step, now: datetime | None) -> Changed:
    audit.check_reason(step.reason)
    for _ in range(TRIES_MAX):
        moment = await live.moment(db, now)
        campaign = await shelf.find(db, step.campaign_id)
        change = _known(step, moment.book)
        replayed = change is not None
        if change is None:
            change = await _judged(db, step, moment)
            fund = await _fund(db, change)
            if await _record(db, change, fund, moment.book.epoch) is None:
                continue  # Something has changed meanwhile: judge it again by what holds now.
            moment = await live.moment(db, now)
        await _log(db, step, change)
        stands = moment.book.status(step.campaign_id, moment.at)
        return Changed(campaign, change, stands, replayed)
    raise errors.IdempotencyInProgress()


def _known(step: _Step, book: live.Book) -> timeline.Change | None:
    changes = [one for each in book.campaigns.values() for one in each.changes]
    found = next((one for one in changes if one.change_id == step.request_id), None)
    if found is None:
        return None
    told = (step.campaign_id, step.act, step.version_id, step.reason)
    same = told == (found.campaign_id, found.act, found.version_id, found.reason)
    if same and step.version_id is not None and step.from_at is not None:
        definition = book.definitions[step.version_id]
        same = found.effective_at == max(step.from_at, definition.starts_at, found.recorded_at)
    if not same:
        raise errors.IdempotencyKeyReused(first_used_at=found.recorded_at)
    return found


async def _judged(db: Database, step: _Step, moment: live.Moment) -> timeline.Change:
    """The change that the step makes, or its refusal."""
    book, now = moment.book, moment.at
    changes = book.changes_of(step.campaign_id)
    timeline.check(step.act, book.status(step.campaign_id, now))
    if step.act not in ("end", "archive") and len(changes) >= CHANGES_MAX - 2:
        raise errors.TooMany(path=("campaign_id",), limit=CHANGES_MAX)
    effective_at, replaced_id = now, None
    if step.version_id is not None:
        version = await shelf.find_version(db, step.version_id)
        if version.campaign_id != step.campaign_id:
            raise errors.NotFound(path=("version_id",))
        with _below("version_id", "definition"):
            await _judge(db, step.campaign_id, version.definition, moment)
        effective_at = _from(step.from_at, version.definition, now)
        at = ("version_id", "definition")
        await agreements.require_for(db, version.definition, since=effective_at, path=at)
        replaced_id = timeline.standing(changes, effective_at, now)
    return timeline.Change(
        change_id=step.request_id,
        campaign_id=step.campaign_id,
        epoch=book.epoch + 1,
        act=step.act,
        version_id=step.version_id,
        replaced_id=replaced_id,
        effective_at=effective_at,
        recorded_at=now,
        reason=step.reason,
        actor_kind=step.actor.kind,
        actor_id=step.actor.actor_id,
    )


def _from(from_at: datetime | None, definition: Definition, now: datetime) -> datetime:
    if from_at is not None and from_at < now - contradictions.PAST_MAX:
        raise errors.CampaignInvalid(
            "This instant has passed, and nothing is changed for the past. Name a later one.",
            path=("from_at",),
        )
    effective_at = max(from_at or now, definition.starts_at, now)
    if definition.ends_at is not None and effective_at >= definition.ends_at:
        raise errors.CampaignInvalid(
            "The version has ended by then. Name an earlier instant, or save a later end.",
            path=("from_at",),
        )
    return effective_at


async def _fund(db: Database, change: timeline.Change) -> budgets.Fund | None:
    """The budget that a version brings: it holds from the step on that publishes the version."""
    if change.version_id is None:
        return None
    definition = (await shelf.find_version(db, change.version_id)).definition
    if definition.budget is None:
        return None
    return await budgets.fund(
        db,
        kind="campaign",
        subject_id=change.campaign_id,
        asset=money.asset(definition.asset),
        cap_minor=definition.budget.minor,
        alerts=definition.budget.alerts_bps,
    )


async def _record(
    db: Database, change: timeline.Change, fund: budgets.Fund | None, epoch: int
) -> int | None:
    recorded: int | None = await db.fetchval(
        sql.load("queries/campaign_change"),
        epoch,
        change.change_id,
        change.campaign_id,
        change.act,
        change.version_id,
        change.replaced_id,
        change.effective_at,
        change.recorded_at,
        change.reason,
        change.actor_kind,
        change.actor_id,
        *(fund or budgets.NO_FUND),
    )
    return recorded


async def _log(db: Database, step: _Step, change: timeline.Change) -> None:
    detail: dict[str, object] = {"effective_at": change.effective_at.isoformat()}
    for name, version_id in (("version", change.version_id), ("replaced", change.replaced_id)):
        if version_id is not None:
            detail[name] = ids.show("ver", version_id)
    await audit.write(
        db,
        actor=step.actor,
        act=f"campaign.{step.act}",
        subject=step.campaign_id,
        reason=step.reason,
        detail=detail,
        once=step.request_id,
    )
