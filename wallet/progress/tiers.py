"""Tiers: each member's standing on every ladder, brought up to what the books say.

`look` reads everything about some wallets in one query, asks the rule, and makes one write, which
keeps nothing where the wallet moved on in between. It may run twice, late, or at once: whatever is
written follows from the books alone. Whoever needs a tier that is surely right asks `standings`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import errors, ids, ledger, money, programme, sql
from wallet.database import Database
from wallet.progress import ladders, schemes, story
from wallet.rules.progress.facts import Seen as Wallet
from wallet.rules.schemes.ladders import Ladder
from wallet.rules.tiers import facts, history, standing
from wallet.rules.tiers.running import Running

STALE_TRIES_MAX: Final = 12
"""How often wallets are looked at anew because something moved in between."""
WALLETS_MAX: Final = 200
"""Wallets of one look: with all their purchases some megabytes, and a second of work."""
COMPLETIONS_MAX: Final = 1_000
"""Milestones that were reached, and tiers that were given, the newest: a window needs one each."""
ENTRIES_MAX: Final = 20_000
"""Purchases, and gains of points, of one wallet that are looked at, the newest: as in all looks."""
NAME: Final = "tiers"
ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when members are taken to have been there whose past is played again before they join."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the books said about one wallet, read in one look."""

    wallet_id: UUID
    at: datetime
    facts_version: int
    past: facts.Past
    points: Sequence[facts.Entry]
    milestones: Sequence[facts.Entry]
    given: Mapping[UUID, Sequence[facts.Given]]
    last: Mapping[UUID, history.Last]


@dataclass(frozen=True, slots=True)
class Found:
    """Where a wallet stands on one ladder now."""

    scheme_id: UUID
    ladder: Ladder
    standing: facts.Standing


def wants(book: schemes.Book, at: datetime) -> story.Wants | None:
    """Nothing of what is gathered for all: a tier rests on when each thing came back."""
    holds = any(entry.kind == "ladder" for entry in book.entries.values())
    return story.Wants(since=at) if holds else None


async def advance(db: Database, book: schemes.Book, seen: Wallet, at: datetime) -> datetime | None:
    """Look at one wallet; when time alone may change a standing of it. Stale if it moved on."""
    found = await look_once(db, ladders.of(db, book), [seen.wallet_id], at=at)
    stands = found.get(seen.wallet_id, [])
    if stands is None:
        raise story.Stale
    return next_look(stands)


async def look(
    db: Database, running: Sequence[Running], wallets: Iterable[UUID], *, at: datetime | None
) -> dict[UUID, list[Found]]:
    """Bring the standings of some wallets up to now; IDEMPOTENCY_IN_PROGRESS if they never rest."""
    found: dict[UUID, list[Found]] = {}
    waiting = sorted(set(wallets))
    for _ in range(STALE_TRIES_MAX):
        done = await look_once(db, running, waiting, at=at)
        found |= {key: one for key, one in done.items() if one is not None}
        waiting = [key for key in waiting if key in done and done[key] is None]
        if not waiting:
            return found
    raise errors.IdempotencyInProgress()


async def look_once(
    db: Database, running: Sequence[Running], wallets: Sequence[UUID], *, at: datetime | None
) -> dict[UUID, list[Found] | None]:
    """Look at each wallet once; None for one that moved on meanwhile."""
    if not running:
        return {key: [] for key in wallets}
    house = await programme.of(db)
    found: dict[UUID, list[Found] | None] = {}
    for start in range(0, len(wallets), WALLETS_MAX):
        part = wallets[start : start + WALLETS_MAX]
        items = {}
        for seen in await read(db, running, part, at=at):
            stands = _stands(running, seen, house.time_zone)
            found[seen.wallet_id] = stands
            if stands:
                items[seen.wallet_id] = _item(seen, stands)
        if not items:
            continue
        answers = await db.bulk(
            "select ledger.advance_standings($1, $2, $3, $4)",
            sorted({ledger.bucket(key) for key in items}),
            house.asset.number,
            orjson.dumps([item for item, _ in items.values()], default=str).decode(),
            max(when for _, when in items.values()),
        )
        for answer in answers:
            if answer["code"] == "stale":
                found[UUID(answer["wallet"])] = None
    return found


async def read(
    db: Database, running: Sequence[Running], wallets: Sequence[UUID], *, at: datetime | None
) -> list[Seen]:
    """Everything that the standings of some wallets depend on."""
    house = await programme.of(db)
    counts_points = any(each.ladder.metric == "points" for each in running)
    rows = await db.fetch(
        sql.load("queries/standing_facts"),
        [ledger.bucket(key) for key in wallets],
        list(wallets),
        house.asset.number,
        [money.PTS.number] if counts_points else [],
        at,
        sorted({key for each in running for one in each.editions for key in one.ladder.milestones}),
        *(COMPLETIONS_MAX, ENTRIES_MAX),
    )
    return [_seen(row) for row in rows]


def next_look(found: Sequence[Found]) -> datetime | None:
    """When time alone may change any of them."""
    looks = [one.standing.look_at for one in found]
    return min((one for one in looks if one is not None), default=None)


def past_of(seen: Seen, one: Running) -> facts.Past:
    """What of a member's past concerns one ladder."""
    entries = seen.points if one.ladder.metric == "points" else seen.past.entries
    return facts.Past(
        joined_at=seen.past.joined_at,
        entries=[*entries, *seen.milestones] if seen.milestones else entries,
        given=seen.given.get(one.scheme_id, ()),
    )


def _stands(running: Sequence[Running], seen: Seen, zone: str) -> list[Found]:
    found = []
    for one in running:
        stands = standing.stand(one.editions, past_of(seen, one), zone=zone, at=seen.at)
        edition = one.edition(seen.at)
        if stands is not None and edition is not None:
            found.append(Found(one.scheme_id, edition.ladder, stands))
    return found


def _seen(row: Any) -> Seen:
    points = [_entry(*one) for one in orjson.loads(row["points"] or "[]")]
    given: dict[UUID, list[facts.Given]] = {}
    for by, scheme, tier, since, until in orjson.loads(row["given"] or "[]"):
        one = facts.Given(by, tier, _instant(since), _instant(until))
        given.setdefault(UUID(scheme), []).append(one)
    last, looked = {}, [row["at"]]
    for scheme, tier, number, looked_at, effective, life in orjson.loads(row["standings"] or "[]"):
        last[UUID(scheme)] = history.Last(tier, number, _instant(effective), life)
        looked.append(_instant(looked_at))
    purchases = [_entry(*one) for one in orjson.loads(row["purchases"] or "[]")]
    milestones = [_reached(*one) for one in orjson.loads(row["completions"] or "[]")]
    at = max(looked)  # What was seen once is never unseen, whatever clock asks.
    return Seen(
        wallet_id=row["wallet_id"],
        at=at,
        facts_version=row["facts"],
        past=facts.Past(row["joined_at"] if row["joined_at"] <= at else ALWAYS, purchases),
        points=points,
        milestones=milestones,
        given=given,
        last=last,
    )


def _entry(
    key: str, at: str, merchant: str, amount: int, paid: int, returns: Sequence[Any]
) -> facts.Entry:
    back = tuple((_instant(when), minor) for when, minor in returns)
    return facts.Entry(UUID(key), _instant(at), UUID(merchant), amount, paid, back)


def _reached(key: str, at: str, milestone: str, taken_back: str | None) -> facts.Entry:
    back = () if taken_back is None else ((_instant(taken_back), 1),)
    return facts.Entry(UUID(key), _instant(at), None, 1, 0, back, UUID(milestone))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _item(seen: Seen, found: Sequence[Found]) -> tuple[dict[str, Any], datetime]:
    """What is written for a wallet, and the instant it was looked at."""
    item = {
        "bucket": ledger.bucket(seen.wallet_id),
        "wallet": seen.wallet_id,
        "facts": seen.facts_version,
        "standings": [_standing(seen, one) for one in found],
    }
    return item, seen.at


def _standing(seen: Seen, one: Found) -> dict[str, Any]:
    last, it = seen.last.get(one.scheme_id), one.standing
    number = 0 if last is None else last.number
    steps = history.following(it, last)
    changes = [_change(seen, one, number + n, step) for n, step in enumerate(steps, 1)]
    came_from = None if last is None else last.tier
    for change in changes:
        change["from_tier"], came_from = came_from, change["to_tier"]
    return {
        "scheme": one.scheme_id,
        "seen": number,
        "version": it.version_id,
        "tier": it.tier,
        "since": it.since,
        "qualifying": it.total,
        "lifetime": it.lifetime,
        "look_at": it.look_at,
        "detail": detail(it),
        "changes": changes,
        "tells": [_told(one, change) for change in changes if _is_news(one, change)],
        "warning": _warning(seen, one),
    }


def _change(seen: Seen, one: Found, number: int, step: facts.Step) -> dict[str, Any]:
    return {
        "n": number,
        "change_id": ids.derived(seen.wallet_id, f"tier {one.scheme_id} {number}"),
        "version_id": step.version_id,
        "to_tier": step.tier,
        "why": step.why,
        "qualifying": step.total,
        "opens_at": step.opens_at,
        "closes_at": step.closes_at,
        "causes": step.causes,
        "effective_at": step.since,
    }


def _is_news(one: Found, change: Mapping[str, Any]) -> bool:
    """Nobody is told that they stand where everybody begins."""
    return change["why"] != "began" or bool(one.ladder.place(change["to_tier"]))


def _told(one: Found, change: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event": change["change_id"],
        "detail": {
            "ladder": one.ladder.name,
            "tier": shown(one.ladder, change["to_tier"]),
            "from": shown(one.ladder, change["from_tier"] or change["to_tier"]),
            "why": change["why"],
        },
    }


def _warning(seen: Seen, one: Found) -> dict[str, Any] | None:
    it = one.standing
    if not it.warn or it.stay is None or it.stay.until is None or it.falls_to is None:
        return None
    step = f"tier warning {one.scheme_id} {it.stay.until.isoformat()}"
    return {
        "event": ids.derived(seen.wallet_id, step),
        "until": it.stay.until,
        "detail": {
            "ladder": one.ladder.name,
            "tier": shown(one.ladder, it.tier),
            "falls_to": shown(one.ladder, it.falls_to),
            "metric": one.ladder.metric,
            "remaining": it.stay.remaining,
            "until": it.stay.until,
        },
    }


def shown(ladder: Ladder, word: str) -> str:
    """The name of a tier for people; the word of one that an edition left out."""
    place = ladder.place(word)
    return word if place is None else ladder.tiers[place].name


def detail(it: facts.Standing) -> dict[str, Any]:
    """What a standing keeps beside its columns, as plain values."""
    return {
        "earned": it.earned,
        "opens_at": it.opens_at,
        "closes_at": it.closes_at,
        "next": _goal(it.next),
        "stay": _goal(it.stay),
        "falls_to": it.falls_to,
        "given": None if it.given is None else [it.given.by, it.given.until],
        "steps": [[one.tier, one.since, one.after] for one in it.steps],
    }


def _goal(one: facts.Goal | None) -> list[Any] | None:
    return None if one is None else [one.tier, one.remaining, one.until]
