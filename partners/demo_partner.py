"""The demo partner: a shop in a process of its own, for tests and for whoever tries the product.

It issues, looks up and takes back over real HTTP, keeps everything in memory, and misbehaves by
magic amounts (`partners.magic`). Its address says how idempotent it is and which shop is meant:
`/keyed/corner`, `/natural/corner`, `/none/corner`; every name is a shop of its own, there from its
first request. `/effects` tells a test how often something has really happened.
"""

import asyncio
import collections
import hmac
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from partners import magic
from partners.adapters import demo
from wallet import ids, money

SECRET: Final = "demo-secret-of-a-shop-that-sells-nothing"  # noqa: S105 - it protects nothing
"""The bearer token that the demo partner takes, and what it signs its webhooks with."""
PORT: Final = 8900
FLAVOURS: Final = ("keyed", "natural", "none")
SHOPS_MAX: Final = 1_000
"""Shops of one process; the oldest makes room for a new one."""
ISSUES_MAX: Final = 10_000
"""Issues of one shop; then it is full and says so."""
HANG_SECONDS: Final = 60
"""Longer than anybody waits; it also ends when the other side hangs up."""
FLOOD_BYTES: Final = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Issue:
    """What exists in the shop: how much was issued, and how much of it was taken back or spent."""

    ref: str
    key: str
    amount_minor: int
    asset: money.Asset
    code: str
    issued_at: datetime
    reversed_minor: int = 0
    spent: bool = False

    def show(self) -> dict[str, object]:
        """As the shop's API says it."""
        void = self.reversed_minor == self.amount_minor
        return {
            "ref": self.ref,
            "key": self.key,
            "amount": money.show(self.amount_minor, self.asset),
            "currency": self.asset.code,
            "state": "void" if void else "spent" if self.spent else "live",
            "code": self.code,
            "issued_at": self.issued_at.isoformat(),
        }


@dataclass
class Shop:
    """One shop: its issues in order, and how often it was asked what for which key."""

    flavour: str
    issues: dict[str, Issue] = field(default_factory=dict)
    asked: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)

    def of_key(self, key: str) -> list[Issue]:
        """What was issued for a key, the first one first."""
        return [one for one in self.issues.values() if one.key == key]


Effect = Callable[[], Response]
_shops: Final[dict[tuple[str, str], Shop]] = {}


async def issue(request: Request) -> Response:
    """Make an amount spendable: once for each key, or each time, as the flavour has it."""
    shop = _shop(request)
    told = await _told(request)
    try:
        asset = money.asset(told["currency"])
        key, amount_minor = str(told["key"]), money.parse(told["amount"], asset)
        code = str(told.get("code") or "")
    except (ValueError, TypeError, KeyError):
        return _refuse("malformed", "This is no order.")
    if amount_minor <= 0:
        return _refuse("amount", "An amount is above zero.")

    def act() -> Response:
        before = shop.of_key(key)
        if before and shop.flavour == "natural":
            return _refuse("exists", "This reference exists.")
        if before and shop.flavour == "keyed":
            return JSONResponse(before[0].show(), headers={"Idempotency-Replayed": "true"})
        if len(shop.issues) >= ISSUES_MAX:
            return _refuse("full", "This shop is full. Start it anew.")
        ref = ids.new().hex
        shop.issues[ref] = Issue(ref, key, amount_minor, asset, code or f"SHOP{ref}", _now())
        return JSONResponse(shop.issues[ref].show(), status_code=201)

    spell = magic.of(amount_minor)
    if spell is not None and spell.asked == "find":
        spell = magic.Magic("issue", "cut", spell.about, effect=True)
    return await _answer(request, shop, "issue", key, spell, act)


async def look(request: Request) -> Response:
    """What was issued for a key, or in a span."""
    shop, asked = _shop(request), request.query_params
    if "key" not in asked:
        try:
            since, until = (datetime.fromisoformat(asked[name]) for name in ("since", "until"))
        except (KeyError, ValueError):
            return _refuse("malformed", "Ask by `key`, or by `since` and `until`.")
        found = [one for one in shop.issues.values() if since <= one.issued_at < until]
        return JSONResponse({"issues": [one.show() for one in found]})
    found = shop.of_key(asked["key"])

    def act() -> Response:
        return JSONResponse({"issues": [one.show() for one in found]})

    spell = magic.of(found[0].amount_minor) if found else None
    return await _answer(request, shop, "find", asked["key"], spell, act)


async def take_back(request: Request) -> Response:
    """Take back an issue, whole or in part: one reversal of each, answered again if repeated."""
    shop = _shop(request)
    told = await _told(request)
    found = shop.issues.get(request.path_params["ref"])
    if found is None:
        return _refuse("unknown", "There is no such issue.", status=404)
    try:
        amount_minor = money.parse(told["amount"], found.asset)
    except (ValueError, TypeError, KeyError):
        return _refuse("malformed", "Say the amount to take back.")

    def act() -> Response:
        standing = shop.issues[found.ref]
        if standing.reversed_minor not in (0, amount_minor):
            return _refuse("reversed", "Something was taken back of it before.")
        if standing.spent:
            return _refuse("spent", "It is spent.")
        if not 0 < amount_minor <= standing.amount_minor:
            return _refuse("amount", "It is not worth so much.")
        shop.issues[found.ref] = replace(standing, reversed_minor=amount_minor)
        taken = {**shop.issues[found.ref].show(), "state": "void"}
        return JSONResponse({**taken, "amount": money.show(amount_minor, found.asset)})

    return await _answer(
        request, shop, "reverse", found.key, magic.of(found.amount_minor), act, error="spent"
    )


async def spend(request: Request) -> Response:
    """Spend an issue, as a customer of the shop would."""
    shop, ref = _shop(request), request.path_params["ref"]
    if ref not in shop.issues:
        return _refuse("unknown", "There is no such issue.", status=404)
    shop.issues[ref] = replace(shop.issues[ref], spent=True)
    return JSONResponse(shop.issues[ref].show())


async def tell(request: Request) -> Response:
    """The webhook that the shop would send about an issue now: its headers and its body."""
    shop, ref = _shop(request), request.path_params["ref"]
    if ref not in shop.issues:
        return _refuse("unknown", "There is no such issue.", status=404)
    shown = shop.issues[ref].show()
    told = {name: shown[name] for name in ("ref", "key", "state")}
    body = msgspec.json.encode(
        {"id": f"{ref}-{told['state']}", "at": _now().isoformat(), **told}
    ).decode()
    signature = demo.signed(body.encode(), secret=request.app.state.secret, now=_now())
    return JSONResponse({"headers": {demo.HEADER: signature}, "body": body})


async def effects(request: Request) -> Response:
    """What has happened for a key: each amount, what is left of it, and how often it was asked."""
    shop, key = _shop(request), request.query_params.get("key", "")
    found = shop.of_key(key)
    return JSONResponse(
        {
            "issued": [one.amount_minor for one in found],
            "live": sum(one.amount_minor - one.reversed_minor for one in found if not one.spent),
            "asked": {name: shop.asked[name, key] for name in ("issue", "find", "reverse")},
        }
    )


async def forget(request: Request) -> Response:
    """Begin anew: the shop has issued nothing."""
    shop = _shop(request)
    shop.issues.clear()
    shop.asked.clear()
    return Response(status_code=204)


async def alive(_request: Request) -> Response:
    """Answer whoever waits for the process to be there."""
    return JSONResponse({"status": "ok"})


async def _answer(
    request: Request,
    shop: Shop,
    asked: magic.Asked,
    key: str,
    spell: magic.Magic | None,
    act: Effect,
    *,
    error: str = "amount",
) -> Response:
    """Answer plainly, or as the amount's magic wants it for as often as it wants it."""
    if spell is None or spell.asked != asked:
        shop.asked[asked, key] += 1
        return act()
    shop.asked[asked, key] += 1
    if not spell.always and shop.asked[asked, key] > spell.times:
        return act()
    done = act() if spell.effect else None
    match spell.act:
        case "refuse":
            return _refuse(error, spell.about)
        case "turn_away":
            return _refuse("unauthorized", spell.about, status=401)
        case "slow_down":
            return JSONResponse({"error": "slow"}, status_code=429, headers={"Retry-After": "1"})
        case "break":
            return PlainTextResponse("Something broke here.", status_code=500)
        case "hide":
            return JSONResponse({"issues": []})
        case "babble":
            return PlainTextResponse("<h1>Welcome to our shop</h1>")
        case "flood":
            return PlainTextResponse("x" * FLOOD_BYTES)
        case "redirect":
            return RedirectResponse("/elsewhere")
        case "change":
            return _changed(done)
        case "hang":
            return await _hang(request)
        case "cut":
            request.scope["cut"]()
            return await _hang(request)


def _changed(done: Response | None) -> Response:
    assert done is not None
    shown = msgspec.json.decode(done.body)
    if "amount" not in shown:
        return done
    asset = money.asset(shown["currency"])
    less = money.parse(shown["amount"], asset) - 1
    return JSONResponse({**shown, "amount": money.show(less, asset)}, status_code=done.status_code)


async def _hang(request: Request) -> Response:
    """Say nothing until the other side has hung up."""
    try:
        async with asyncio.timeout(HANG_SECONDS):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        pass
    return Response(status_code=499)


def _shop(request: Request) -> Shop:
    flavour, name = request.path_params["flavour"], request.path_params["shop"]
    if (flavour, name) not in _shops:
        while len(_shops) >= SHOPS_MAX:
            _shops.pop(next(iter(_shops)))
        _shops[flavour, name] = Shop(flavour)
    return _shops[flavour, name]


async def _told(request: Request) -> Any:
    try:
        return msgspec.json.decode(await request.body())
    except msgspec.DecodeError:
        return None


def _refuse(error: str, message: str, *, status: int = 422) -> Response:
    return JSONResponse({"error": error, "message": message}, status_code=status)


def _now() -> datetime:
    return datetime.now(UTC)


def _guarded(door: Callable[[Request], Awaitable[Response]]) -> Any:
    """A door that opens for the secret, and only at the flavours that there are."""

    async def answer(request: Request) -> Response:
        if request.path_params["flavour"] not in FLAVOURS:
            return _refuse("unknown", f"A shop is one of {', '.join(FLAVOURS)}.", status=404)
        said = request.headers.get("Authorization", "")
        if not hmac.compare_digest(said.encode(), f"Bearer {request.app.state.secret}".encode()):
            return _refuse("unauthorized", "This is not the secret of this shop.", status=401)
        return await door(request)

    return answer


def create(*, secret: str = SECRET) -> Starlette:
    """The application; its shops live as long as the process."""
    base = "/{flavour}/{shop}"
    application = Starlette(
        routes=[
            Route("/healthz", alive),
            Route(f"{base}/issues", _guarded(issue), methods=["POST"]),
            Route(f"{base}/issues", _guarded(look)),
            Route(f"{base}/issues/{{ref}}/reversals", _guarded(take_back), methods=["POST"]),
            Route(f"{base}/issues/{{ref}}/spend", _guarded(spend), methods=["POST"]),
            Route(f"{base}/issues/{{ref}}/told", _guarded(tell)),
            Route(f"{base}/effects", _guarded(effects)),
            Route(f"{base}/effects", _guarded(forget), methods=["DELETE"]),
        ]
    )
    application.state.secret = secret
    return application


class _Cutting(HttpToolsProtocol):
    """HTTP whose connection the application can reset, as a crash or a cable would."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["cut"] = self._cut  # type: ignore[typeddict-unknown-key]

    def _cut(self) -> None:
        # To linger for no time means a reset instead of a polite end.
        peer = self.transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def serve(*, host: str = "127.0.0.1", port: int = PORT, secret: str = SECRET) -> None:
    """Serve until a signal says stop; port 0 is any. The first line that is said is the address."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()  # Whoever reads the address may come at once.
        sys.stdout.write(f"http://{host}:{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            create(secret=secret),
            http=_Cutting,
            lifespan="off",
            log_level="error",
            access_log=False,
        )
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve(port=int(sys.argv[1]) if len(sys.argv) > 1 else PORT)
