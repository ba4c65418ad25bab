"""The reference shop as a real process, and a shopper with a browser who links an account.

`shop = await Shop.start(...)` ... `await shop.stop()`. It is killed with `kill`, and started again
over the same folder with `again`: it remembers what it has told.
"""

import asyncio
import base64
import contextlib
import hashlib
import html
import re
import secrets
import signal
import socket
import sys
import tempfile
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import httpx2
import msgspec

from partners.reference_shop import shop as shops
from partners.reference_shop import shoppers
from tests.partners import openapi

SECONDS_TO_START: Final = 20
REDIRECT: Final = "https://wallet.example/partners/juniper/linked"
HIDDEN: Final = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@dataclass(slots=True)
class Shop:
    """A running reference shop; `admin` speaks as whoever runs it, `partner` as we do."""

    url: str
    folder: Path
    options: tuple[str, ...]
    process: asyncio.subprocess.Process
    keys: shops.Keys
    admin: httpx2.AsyncClient
    partner: httpx2.AsyncClient
    scratch: "tempfile.TemporaryDirectory[str] | None" = None
    opened: list[httpx2.AsyncClient] = field(default_factory=list)

    @property
    def protocol_url(self) -> str:
        """Where the partner protocol is spoken: the `url` of an adapter's Config."""
        return self.url + shops.PROTOCOL

    @classmethod
    async def start(
        cls,
        folder: Path | None = None,
        *,
        redirect_uris: tuple[str, ...] = (REDIRECT,),
        webhook_url: str | None = None,
        faults: dict[str, Any] | None = None,
        people: int = 5,
        access_seconds: int = 600,
        port: int | None = None,
    ) -> Self:
        """Start a shop over a folder, by default one of its own, on a free port."""
        scratch = None if folder else tempfile.TemporaryDirectory()
        folder = folder or Path(scratch.name if scratch else "") / "data"
        port = port or free_port()
        options = [f"--port={port}", f"--folder={folder}", f"--people={people}"]
        options += [f"--access-seconds={access_seconds}"]
        options += [f"--redirect-uri={one}" for one in redirect_uris]
        options += [] if webhook_url is None else [f"--webhook-url={webhook_url}"]
        url = f"http://127.0.0.1:{port}"
        process = await _run(url, folder, tuple(options))
        keys = msgspec.json.decode((folder / "keys.json").read_bytes(), type=shops.Keys)
        made = cls(
            url=url,
            folder=folder,
            options=tuple(options),
            process=process,
            keys=keys,
            admin=bearer(url, keys.admin),
            partner=bearer(url + shops.PROTOCOL, keys.credential, openapi.checked),
            scratch=scratch,
        )
        if faults is not None:
            await made.set_faults(**faults)
        return made

    def browser(self, number: int = 1) -> "Browser":
        """A browser of a shopper, who is called by a number."""
        return Browser(self, self._opened(httpx2.AsyncClient()), number)

    def app(self) -> "App":
        """A program that is about to link an account."""
        return App(self, self._opened(httpx2.AsyncClient()))

    async def stop(self) -> None:
        """Stop it as an operator does."""
        for http in (self.admin, self.partner, *self.opened):
            await http.aclose()
        await self._end(signal.SIGTERM)
        if self.scratch is not None:
            self.scratch.cleanup()

    async def kill(self) -> None:
        """Let it die in the middle of whatever it does."""
        await self._end(signal.SIGKILL)

    def speaking(self, access: str) -> httpx2.AsyncClient:
        """A client that speaks the protocol with the token of a linked account."""
        return self._opened(bearer(self.protocol_url, access, openapi.checked))

    async def again(self) -> None:
        """Start it once more where it was, after it was killed."""
        await self._end(signal.SIGTERM)
        self.process = await _run(self.url, self.folder, self.options)

    async def issued(self) -> list[dict[str, Any]]:
        """Everything that it has issued, one line for each effect, as the shop itself knows it."""
        answer = await self.admin.get("/ledger")
        assert answer.status_code == 200, answer.text
        lines: list[dict[str, Any]] = answer.json()["redemptions"]
        return lines

    async def set_faults(self, **faults: Any) -> None:
        """Turn the switch: `seed=7, rates_bps={"drop_after": 500}, on=["issue"]`."""
        answer = await self.admin.post("/faults", json=faults)
        assert answer.status_code == 200, answer.text

    async def struck(self) -> dict[str, int]:
        """How often each fault has struck since the switch was turned."""
        counts: dict[str, int] = (await self.admin.get("/faults")).json()["struck"]
        return counts

    async def tell(self, **partner: Any) -> None:
        """Tell it anew of its partner: `redirect_uris=[...], webhook_url="..."`."""
        answer = await self.admin.post("/partner", json=partner)
        assert answer.status_code == 200, answer.text

    async def _end(self, number: int) -> None:
        if self.process.returncode is None:
            self.process.send_signal(number)
        await self.process.wait()

    def _opened(self, http: httpx2.AsyncClient) -> httpx2.AsyncClient:
        self.opened.append(http)
        return http


@dataclass(slots=True)
class Browser:
    """A shopper's browser: keeps cookies, follows redirects within the shop and no further."""

    shop: Shop
    http: httpx2.AsyncClient
    number: int

    async def open(self, url: str) -> httpx2.Response:
        """Open an address, until a page comes or the way leads out of the shop."""
        return await self._follow(await self.http.get(url))

    async def send(self, path: str, **form: str) -> httpx2.Response:
        """Send a form of a page."""
        answer = await self.http.post(
            self.shop.url + path, data=form, headers={"Origin": self.shop.url}
        )
        return await self._follow(answer)

    async def allow(self, url: str, decision: str = "allow") -> str:
        """Come with an app's address, sign in if asked, decide, and return where it leads to."""
        page = await self.open(url)
        if page.url.path == "/signin":
            person = [*shoppers.Shoppers(self.number).all()][-1]
            page = await self.send(
                "/signin",
                email=person.email,
                password=shoppers.PASSWORD,
                next=hidden(page)["next"],
            )
        assert page.url.path == "/oauth/consent", page.text
        answer = await self.send(
            "/oauth/consent", request=hidden(page)["request"], decision=decision
        )
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def _follow(self, answer: httpx2.Response) -> httpx2.Response:
        for _ in range(5):
            location = urllib.parse.urljoin(str(answer.url), answer.headers.get("location", ""))
            if answer.status_code != 303 or not location.startswith(self.shop.url):
                return answer
            answer = await self.http.get(location)
        raise AssertionError("redirected in a circle")


@dataclass(slots=True)
class App:
    """A program that links accounts, as ours does; its one attempt has a verifier and a state."""

    shop: Shop
    http: httpx2.AsyncClient
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = "a b&c=d/é"

    def address(self, **changed: str | None) -> str:
        """Return the address to open in a browser; None leaves a parameter out."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        told: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.shop.keys.client_id,
            "redirect_uri": REDIRECT,
            "scope": "account redeem",
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        query = {name: value for name, value in (told | changed).items() if value is not None}
        return f"{self.shop.url}/oauth/authorize?{urllib.parse.urlencode(query)}"

    async def link(self, number: int = 1) -> dict[str, Any]:
        """Link the account of a shopper, and return the tokens."""
        browser = self.shop.browser(number)
        answer = await self.redeem(told(await browser.allow(self.address()))["code"])
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def redeem(self, code: str, **changed: str) -> httpx2.Response:
        """Exchange a code for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
        }
        return await self.ask("token", **(form | changed))

    async def refresh(self, token: str) -> httpx2.Response:
        """Exchange a refresh token for the next one."""
        return await self.ask("token", grant_type="refresh_token", refresh_token=token)

    async def ask(self, endpoint: str, **form: str) -> httpx2.Response:
        """Send a form, with the client's secret."""
        keys = self.shop.keys
        return await self.http.post(
            f"{self.shop.url}/oauth/{endpoint}",
            data=form,
            auth=(keys.client_id, keys.client_secret),
        )

    async def account(self, access: str) -> httpx2.Response:
        """Ask whose account a token opens."""
        return await self.http.get(
            f"{self.shop.protocol_url}/account", headers={"Authorization": f"Bearer {access}"}
        )


async def _run(url: str, folder: Path, options: tuple[str, ...]) -> asyncio.subprocess.Process:
    """Start the process, and wait until it answers; what it says is in <folder>.log."""
    log = folder.with_suffix(".log")
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "partners.reference_shop", *options),
            cwd=Path(__file__).resolve().parents[2],
            stdout=out,
            stderr=out,
        )
    async with asyncio.timeout(SECONDS_TO_START), httpx2.AsyncClient() as http:
        answers = False
        while not answers:
            assert process.returncode is None, log.read_text(encoding="utf-8")
            with contextlib.suppress(httpx2.TransportError):
                answers = (await http.get(f"{url}/healthz")).is_success
            await asyncio.sleep(0.02)
    return process


def told(location: str, to: str = REDIRECT) -> dict[str, str]:
    """Return what the app's address was told; each parameter is there once."""
    before, _, query = location.partition("?")
    assert to == before, location
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def hidden(page: httpx2.Response) -> dict[str, str]:
    """Return the hidden fields of a page."""
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}


def bearer(url: str, token: str, *hooks: Callable[..., Any]) -> httpx2.AsyncClient:
    """Return a client that shows one token; `hooks` look at every answer."""
    return httpx2.AsyncClient(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"},
        event_hooks={"response": [*hooks]},
        timeout=30,
    )


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
