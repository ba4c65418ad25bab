"""Impact: what charities were given, by whom, and how much of it has reached them.

Every figure is a sum over the books at one instant; none is kept beside them. So whoever adds up
what came finds what is due, on its way, sent and confirmed, to the cent; a law asks it every day.
Nothing here tells of a member but to that member.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import ledger, money, programme, sql
from wallet.database import Database

CHARITIES_MAX: Final = 500
"""Charities of one answer that were given something; it is public, and kept small."""


@dataclass(frozen=True, slots=True)
class InKind:
    """How many whole units of something were paid for."""

    name: str
    units: int


@dataclass(frozen=True, slots=True)
class Impact:
    """What one charity was given in one asset, net of what went back, and where it is now.

    `members` is what members gave out of their wallets, `shares` the part of cashback that its
    campaign gives, `merchants` and `operator` what they gave beside wallets (`matched` of it on top
    of members' gifts), `expired` what lapsed in wallets and fell to the charity.
    """

    charity_id: UUID
    name: str | None
    asset: money.Asset
    members_minor: int
    shares_minor: int
    merchants_minor: int
    operator_minor: int
    matched_minor: int
    expired_minor: int
    due_minor: int
    prepared_minor: int
    sent_minor: int
    confirmed_minor: int
    in_kind: tuple[InKind, ...]

    @property
    def given_minor(self) -> int:
        """All that was given."""
        return (
            self.members_minor
            + self.shares_minor
            + self.merchants_minor
            + self.operator_minor
            + self.expired_minor
        )


@dataclass(frozen=True, slots=True)
class Own:
    """What a member gave to one charity in one asset, and what others gave because of them."""

    charity_id: UUID
    name: str | None
    asset: money.Asset
    gave_minor: int
    shared_minor: int
    caused_minor: int
    promised_minor: int
    matched_minor: int


async def of(db: Database, charity_id: UUID | None = None) -> list[Impact]:
    """What charities were given, by name, or one alone; nothing where nothing was given."""
    house = await programme.of(db)
    rows = await db.fetch(
        sql.load("queries/impact"),
        *(ledger.ALL_BUCKETS, charity_id, house.operator_id, CHARITIES_MAX),
    )
    return [_read(row) for row in rows]


async def of_member(db: Database, wallet_id: UUID) -> list[Own]:
    """What one member gave and caused, by charity."""
    rows = await db.fetch(
        sql.load("queries/impact_of_member"),
        *(ledger.bucket(wallet_id), wallet_id, CHARITIES_MAX),
    )
    return [Own(**{**dict(row), "asset": money.asset_by_number(row["asset"])}) for row in rows]


def _read(row: Any) -> Impact:
    found = {**dict(row), "asset": money.asset_by_number(row["asset"])}
    found["in_kind"] = tuple(InKind(*one) for one in orjson.loads(row["in_kind"]))
    return Impact(**found)
