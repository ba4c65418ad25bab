"""Telling the partner what happened here, by webhooks signed as Standard Webhooks says.

A demonstration's sender: what is to be told waits in memory, and is tried a few times. What is lost
with the process is what the partner's daily comparison is for.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import httpx2
import msgspec

from partners import signatures
from partners.reference_shop import book, faults, shop

WAITS_SECONDS: Final = (0, 1, 5, 30)
"""Before each try; a fifth one would come too late for a demonstration."""
WAITING_MAX: Final = 10_000
TIMEOUT_SECONDS: Final = 10


class Teller:
    """Sends what is to be told, one after the other, beside the server."""

    def __init__(self, at: shop.Shop, switch: faults.Switch) -> None:
        self._at = at
        self._switch = switch
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(WAITING_MAX)
        self.untold = 0

    def tell(self, one: book.Redemption) -> None:
        """Tell how a redemption stands now."""
        if self._at.partner.webhook_url is None or self._waiting.full():
            return
        event_id, body = event(one)
        for _ in range(2 if self._switch.twice(event_id) else 1):
            self._waiting.put_nowait((event_id, body))
            self.untold += 1

    @contextlib.asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Send within the block."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
            while True:
                event_id, body = await self._waiting.get()
                for wait in WAITS_SECONDS:
                    await asyncio.sleep(wait)
                    if await self._sent(http, event_id, body):
                        break
                self.untold -= 1

    async def _sent(self, http: httpx2.AsyncClient, event_id: str, body: bytes) -> bool:
        url = self._at.partner.webhook_url
        if url is None:
            return True
        headers = signed(self._at.keys.webhook, event_id, body, self._at.now())
        try:
            return (await http.post(url, content=body, headers=headers)).is_success
        except httpx2.HTTPError:
            return False


def event(one: book.Redemption) -> tuple[str, bytes]:
    """Return the id and the body that tell how a redemption stands; no code is in it."""
    fact = one.fact
    assert one.changed_at is not None
    data: dict[str, Any] = {
        "key": fact.key,
        "ref": fact.ref,
        "state": one.state,
        "amount_minor": fact.amount_minor,
        "currency": fact.currency,
        "spent_minor": one.spent_minor,
        "reversed_minor": one.reversed_minor,
    }
    stands = f"{fact.key}:{one.spent_minor}:{one.reversed_minor}"
    event_id = f"evt_{hashlib.sha256(stands.encode()).hexdigest()[:32]}"
    said = {
        "type": f"redemption.{one.state}",
        "timestamp": one.changed_at.isoformat(),
        "data": data,
    }
    return event_id, msgspec.json.encode(said)


def signed(secret: str, event_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of a webhook."""
    timestamp = int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "Webhook-Id": event_id,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": signatures.standard(
            secret, message_id=event_id, timestamp=timestamp, body=body
        ),
    }
