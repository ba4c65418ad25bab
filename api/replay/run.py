"""What a replay carries from day to day, and how many calls it keeps under way."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from api.journey import spending
from wallet import ids, money
from wallet.database import Database

AT_ONCE: Final = 4
"""Calls under way at once: enough to keep the database busy while Python shapes the next."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Refund:
    """A payment that will be given back, in whole or in part."""

    at: datetime
    merchant_id: UUID
    redemption_id: UUID
    request_id: UUID
    amount_minor: int


@dataclass(slots=True)
class Run:
    """The state of one replay.

    `done` counts what it did anew, `replayed` what had been done before, `refused` the refusals by
    their code; `paid_before` is what earlier replays paid, by merchant and reference; `wallets` are
    the members' wallets.
    """

    db: Database
    asset: money.Asset
    policy: spending.Policy
    paid_before: dict[tuple[UUID, str], int]
    wallets: dict[UUID, UUID] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    replayed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def count(self, what: str, *, replayed: bool, rows: int = 1) -> None:
        """Count rows as done now or as done before."""
        (self.replayed if replayed else self.done)[what] += rows


def placed(request_id: UUID, member_id: UUID) -> UUID:
    """Give the id of what the wallet makes for a request: it lies in the bucket of the member."""
    return ids.placed(request_id, ids.bucket_of(member_id))


async def each(items: Iterable[Item], act: Callable[[Item], Awaitable[None]]) -> None:
    """Act on every item, `AT_ONCE` of them at a time, in order; the first failure ends it."""
    waiting = iter(items)

    async def take() -> None:
        for item in waiting:
            await act(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(take())
