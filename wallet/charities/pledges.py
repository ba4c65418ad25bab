"""Pledges: set and ended by the member, and carried out when the wallet has moved.

A pledge holds for the movements after it was set, counted by the wallet's own numbers, and each
moves it once. Carrying out reads the movements that were not looked at yet, asks the rule, and
writes the gifts together with how far it has looked: if two do it at once, one is stale and looks
again. While the charity is not verified a pledge pauses, and what moves meanwhile is passed over.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from wallet import errors, ids, ledger, money, sql
from wallet.database import Database
from wallet.progress import schemes, story
from wallet.rules import charities
from wallet.rules import pledges as rules
from wallet.rules.progress import facts

NAME: Final = "pledges"
STANDING_MAX: Final = 10
"""Pledges of one member at a time: as many as one screen shows, and each wallet's move costs."""
MOVES_MAX: Final = 200
"""Movements, and lots, of one turn: some milliseconds under the wallet's lock."""
TRIES_MAX: Final = 10
"""How often a wallet is read again at once because it moved meanwhile; then it is due again."""
TURNS_MAX: Final = 1_000
"""Turns of one look: 200,000 movements, more than a wallet sees in its life."""

_SELECT: Final = (
    "select p.pledge_id, p.wallet_id, p.asset, p.kind, p.charity_id, p.share_bps, p.multiple,"
    " p.given, p.set_at, p.ended_at, c.state as charity_state, c.name as charity_name"
    " from ledger.pledge p"
    " left join coalition.charity c on c.charity_id = p.charity_id"
)


@dataclass(frozen=True, slots=True)
class Pledge:
    """A standing instruction; paused while its charity is not verified."""

    pledge_id: UUID
    wallet_id: UUID
    asset: money.Asset
    kind: rules.Kind
    charity_id: UUID
    charity_name: str
    share_bps: int | None
    multiple_minor: int | None
    given_minor: int
    set_at: datetime
    ended_at: datetime | None
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """A pledge after a verb; `replayed` if it had been done before."""

    pledge: Pledge
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """A pledge and what has moved since it was last looked at."""

    row: asyncpg.Record

    @property
    def is_open(self) -> bool:
        """True if its charity may receive."""
        return charities.refused(self.row["charity_state"]) is None

    def gifts(self) -> list[rules.Gift]:
        """What follows."""
        if not self.is_open:
            return []
        row = self.row
        pledge = rules.Pledge(
            row["pledge_id"], row["kind"], row["share_bps"], row["multiple"], row["stands"]
        )
        moves = [_move(one) for one in orjson.loads(row["moves"] or "[]")]
        lots = [_lot(one) for one in orjson.loads(row["lots"] or "[]")]
        return rules.decide(pledge, moves) + rules.expiring(pledge, lots, row["at"])


async def set_up(
    db: Database,
    *,
    member_id: UUID,
    request_id: UUID,
    charity_id: UUID,
    kind: rules.Kind,
    asset: money.Asset,
    share_bps: int | None = None,
    multiple_minor: int | None = None,
    now: datetime | None = None,
) -> Outcome:
    """Set a pledge; one of the same kind for the same charity is replaced from now on.

    PLEDGE_INVALID, CHARITY_UNKNOWN, CHARITY_UNVERIFIED, MEMBER_SUSPENDED, CURRENCY_MISMATCH, or
    TOO_MANY beyond ten.
    """
    if asset.kind != "money":
        raise errors.CurrencyMismatch("Only money can be given. Name a currency.")
    multiple = rules.check(kind, share_bps=share_bps, multiple_minor=multiple_minor, asset=asset)
    row = await db.fetchrow(sql.load("queries/donate_facts"), member_id, charity_id)
    if row is None:
        raise errors.NotFound()
    bucket = ledger.bucket(row["wallet_id"])
    pledge_id = ids.placed(request_id, bucket)
    answer = await db.call(
        "select ledger.set_pledge($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        *(bucket, pledge_id),
        ids.fingerprint(member_id, charity_id, kind, asset.code, share_bps, multiple),
        *(row["wallet_id"], asset.number, kind, charity_id, share_bps, multiple, STANDING_MAX),
        *(charities.refused(row["charity_state"]), now),
    )
    try:
        replayed = ledger.replayed(answer)
    except (errors.CharityUnknown, errors.CharityUnverified) as refusal:
        raise type(refusal)(path=("charity_id",)) from None
    return Outcome(await find(db, pledge_id), replayed)


async def end(
    db: Database, *, wallet_id: UUID, pledge_id: UUID, now: datetime | None = None
) -> Outcome:
    """End a pledge of a wallet at once: nothing more is given by it, not even for what has moved.

    NOT_FOUND for one of another wallet, PLEDGE_CLOSED for one that was replaced.
    """
    answer = await db.call(
        "select ledger.end_pledge($1, $2, $3, $4)",
        *(ledger.bucket(wallet_id), pledge_id, wallet_id, now),
    )
    try:
        replayed = ledger.replayed(answer)
    except (errors.NotFound, errors.PledgeClosed) as refusal:
        raise type(refusal)(path=("pledge_id",)) from None
    return Outcome(await find(db, pledge_id), replayed)


def wants(book: schemes.Book, at: datetime) -> story.Wants:
    """Nothing of what is gathered for all: a pledge is moved by the wallet's own movements."""
    del book
    return story.Wants(since=at)


async def advance(
    db: Database, book: schemes.Book, seen: facts.Seen, at: datetime
) -> datetime | None:
    """Carry out the pledges of a wallet that is looked at; when the next lot has its last day."""
    del book
    return await carry_out(db, seen.wallet_id, at)


async def carry_out(
    db: Database, wallet_id: UUID, now: datetime | None = None, *, limit: int = MOVES_MAX
) -> datetime | None:
    """Give what follows from the pledges of a wallet by now; when to look again, if ever.

    Safe to repeat, at any time and at once: every movement moves a pledge once. It goes on in turns
    of at most `limit` movements.
    """
    stale = 0
    for _ in range(TURNS_MAX):
        rows = await db.fetch(
            sql.load("queries/pledge_facts"),
            *(ledger.bucket(wallet_id), wallet_id, now, limit, rules.LEAD),
        )
        done = True
        for asset in dict.fromkeys(row["asset"] for row in rows):
            looks = [_Look(row) for row in rows if row["asset"] == asset]
            given = await _write(db, wallet_id, asset, looks, now)
            more = any(one.row["until_version"] < one.row["last_version"] for one in looks)
            stale += given is None
            done = done and given is not None and given < limit and not more
        if stale > TRIES_MAX:
            at: datetime = rows[0]["at"]
            return at
        if done:
            expiries = [row["next_expiry"] for row in rows if row["next_expiry"] is not None]
            return min(expiries) - rules.LEAD if expiries else None
    return None


async def find(db: Database, pledge_id: UUID) -> Pledge:
    """The pledge with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        f"{_SELECT} where p.bucket = $1 and p.pledge_id = $2", ledger.bucket(pledge_id), pledge_id
    )
    if row is None:
        raise errors.NotFound(path=("pledge_id",))
    return _pledge(row)


async def standing(db: Database, wallet_id: UUID) -> list[Pledge]:
    """The pledges of a wallet that stand, the oldest first; at most ten."""
    rows = await db.fetch(
        f"{_SELECT} where p.bucket = $1 and p.wallet_id = $2 and p.until_version is null"
        " order by p.set_at, p.pledge_id",
        ledger.bucket(wallet_id),
        wallet_id,
    )
    return [_pledge(row) for row in rows]


async def _write(
    db: Database, wallet_id: UUID, asset: int, looks: Sequence[_Look], now: datetime | None
) -> int | None:
    """Write what follows from looks at one asset; how many gifts were made, None if stale."""
    gifts = [gift for one in looks for gift in one.gifts()]
    moved = any(one.row["until_version"] > one.row["seen_version"] for one in looks)
    if not gifts and not moved:
        return 0
    answer = await db.call(
        "select ledger.carry_out($1, $2, $3, $4::jsonb, $5::jsonb, $6)",
        *(ledger.bucket(wallet_id), wallet_id, asset),
        orjson.dumps(
            [
                {
                    "pledge": one.row["pledge_id"],
                    "seen": one.row["seen_version"],
                    "until": one.row["until_version"],
                    "stands": one.row["stands"],
                }
                for one in looks
            ],
            default=str,
        ).decode(),
        orjson.dumps([_told(one) for one in gifts], default=str).decode(),
        now,
    )
    return None if answer["code"] == "stale" else int(answer["given"])


def _told(gift: rules.Gift) -> dict[str, Any]:
    names = {name.removesuffix("_id").removesuffix("_minor"): name for name in asdict(gift)}
    return {short: asdict(gift)[name] for short, name in names.items()}


def _move(told: dict[str, Any]) -> rules.Move:
    return rules.Move(
        **{
            **told,
            "movement_id": UUID(told["movement_id"]),
            "cause_id": UUID(told["cause_id"]),
        }
    )


def _lot(told: dict[str, Any]) -> rules.Lot:
    return rules.Lot(
        UUID(told["lot_id"]), told["remaining_minor"], datetime.fromisoformat(told["expires_at"])
    )


def _pledge(row: asyncpg.Record) -> Pledge:
    return Pledge(
        pledge_id=row["pledge_id"],
        wallet_id=row["wallet_id"],
        asset=money.asset_by_number(row["asset"]),
        kind=row["kind"],
        charity_id=row["charity_id"],
        charity_name=row["charity_name"],
        share_bps=row["share_bps"],
        multiple_minor=row["multiple"],
        given_minor=row["given"],
        set_at=row["set_at"],
        ended_at=row["ended_at"],
        is_paused=charities.refused(row["charity_state"]) is not None,
    )
