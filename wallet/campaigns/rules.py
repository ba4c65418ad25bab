"""The programme's rules: published from an instant on, and never against a campaign that runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from wallet import audit, errors, programme
from wallet.campaigns import live
from wallet.database import Database
from wallet.rules.campaigns import contradictions, timeline
from wallet.rules.campaigns import programme as programme_rules

TRIES_MAX: Final = 10
"""How often rules are judged again because something else has changed meanwhile."""

_INSERT: Final = (
    "with bumped as (update coalition.programme set epoch = epoch + 1 where epoch = $1"
    " returning epoch) insert into coalition.programme_version"
    " (version, request_id, rules, valid_from, note, published_by, published_at)"
    " select $2, $3, $4::jsonb, $5, $6, $7, $8 from bumped returning version"
)


@dataclass(frozen=True, slots=True)
class Published:
    """Rules that stand; `replayed` if this id had been published before."""

    version: live.RulesVersion
    replayed: bool


async def publish(
    db: Database,
    *,
    request_id: UUID,
    raw: object,
    valid_from: datetime,
    note: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Published:
    """Publish the next rules. CAMPAIGN_INVALID names a group that a campaign still stands in."""
    audit.check_reason(note, "note")
    rules = programme_rules.parse(raw)
    house = await programme.of(db)
    for _ in range(TRIES_MAX):
        moment = await live.moment(db, now)
        found = _known(moment.book, request_id)
        replayed = found is not None
        if found is None:
            if valid_from < moment.at - contradictions.PAST_MAX:
                raise errors.CampaignInvalid(
                    "This instant has passed, and nothing is changed for the past."
                    " Name a later one.",
                    path=("valid_from",),
                )
            _check_used(rules, moment)
            recorded = await db.fetchval(
                _INSERT,
                moment.book.epoch,
                len(moment.book.rules) + 1,
                request_id,
                orjson.dumps(programme_rules.dump(rules)).decode(),
                max(valid_from, moment.at),
                note,
                actor.actor_id or house.operator_id,
                moment.at,
            )
            if recorded is None:
                continue  # Something has changed meanwhile: judge it again by what holds now.
            found = _known((await live.moment(db, now)).book, request_id)
            assert found is not None, "rules that were published are not there"
        told = (rules, max(valid_from, found.published_at), note)
        if told != (found.rules, found.valid_from, found.note):
            raise errors.IdempotencyKeyReused(first_used_at=found.published_at)
        await audit.write(
            db,
            actor=actor,
            act="programme.rules",
            subject=(await programme.of(db)).operator_id,
            reason=note,
            detail={"version": found.version},
            once=request_id,
        )
        return Published(found, replayed)
    raise errors.IdempotencyInProgress()


def _known(book: live.Book, request_id: UUID) -> live.RulesVersion | None:
    return next((one for one in book.rules if one.request_id == request_id), None)


def _check_used(rules: programme_rules.Rules, moment: live.Moment) -> None:
    names = rules.names()
    for campaign in moment.book.campaigns.values():
        for version_id in timeline.coming(campaign.changes, moment.at):
            definition = moment.book.definitions[version_id]
            ended = definition.ends_at is not None and definition.ends_at <= moment.at
            if not ended and definition.stack.group not in names:
                raise errors.CampaignInvalid(
                    f"The campaign {definition.name!r} stands in the group"
                    f" {definition.stack.group!r}. Keep that group, or end the campaign first.",
                    path=("groups",),
                )
