"""The demo partner as a process of its own: started, asked what really happened, and killed."""

import contextlib
import os
import ssl
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from partners import demo_partner, http
from partners.adapters import demo

PLAIN: Final = ssl.create_default_context()  # made once: it takes longer than all the rest
ROOT: Final = Path(__file__).resolve().parent.parent.parent
KINDS: Final[dict[str, type[demo.Demo]]] = {
    one.flavour: one for one in (demo.Demo, demo.DemoNatural, demo.DemoNone)
}


@dataclass(frozen=True, slots=True)
class Partner:
    """A running demo partner."""

    address: str
    process: subprocess.Popen[str]

    @property
    def host(self) -> str:
        """As an allow-list spells it."""
        return self.address.removeprefix("http://")

    def config(self, shop: str | None = None) -> dict[str, object]:
        """The configuration of an adapter for a shop; of a new one if it is not named."""
        return {"address": self.address, "shop": shop or uuid.uuid4().hex}


@contextlib.contextmanager
def started() -> Iterator[Partner]:
    """Run it on a free port until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "partners.demo_partner", "0"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Partner(process.stdout.readline().strip(), process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.asynccontextmanager
async def speaking(
    partner: Partner,
    flavour: str = "keyed",
    *,
    config: dict[str, object] | None = None,
    timeout_seconds: float = 0.3,
) -> AsyncIterator[demo.Demo]:
    """An adapter that speaks to a shop of its own, as the product would open it."""
    kind = KINDS[flavour]
    config = config or partner.config()
    async with http.client(
        hosts={partner.host}, private={partner.host}, timeout_seconds=timeout_seconds
    ) as client:
        client.headers["Authorization"] = f"Bearer {demo_partner.SECRET}"
        yield kind(demo.Settings(**config), client)  # type: ignore[arg-type]


async def effects(partner: Partner, config: dict[str, object], key: str, flavour: str) -> Any:
    """What has really happened for a key: `issued`, `live` and `asked`."""
    async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(verify=PLAIN)) as client:
        answer = await client.get(
            f"{partner.address}/{flavour}/{config['shop']}/effects",
            params={"key": key},
            headers={"Authorization": f"Bearer {demo_partner.SECRET}"},
        )
        return answer.json()
