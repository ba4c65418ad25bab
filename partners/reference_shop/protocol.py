"""The Commonpurse Partner Protocol, served: four addresses of redemptions, and two that ask.

What is said here is said in `partners/protocol/openapi.json` too, and the tests compare the two.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from partners.reference_shop import (
    book,
    callers,
    faults,
    problems,
    reading,
    redemptions,
    shop,
    telling,
)

KEY_SECONDS: Final = 400 * 24 * 3600
"""How long a key is known: here for ever, and more than a year is enough for everybody."""
SETTLES_SECONDS: Final = 60
"""The longest that a request may still take effect after it was given up on."""
_KEY: Final = re.compile(redemptions.KEY, re.ASCII)

Door = Callable[[Request], Awaitable[Response]]


def routes(at: shop.Shop, switch: faults.Switch, teller: telling.Teller) -> list[BaseRoute]:
    """Return the addresses of the protocol."""

    async def capabilities(request: Request) -> Response:
        callers.partner(at, request)
        return JSONResponse(_capabilities())

    async def account(request: Request) -> Response:
        who = callers.caller(at, request)
        if who.subject is None:
            raise problems.Problem("forbidden", "Use the token of an account.")
        who.may("account")
        person = at.shoppers.find(who.subject)
        assert person is not None
        return JSONResponse({"sub": person.subject, "name": person.name})

    async def issue(request: Request) -> Response:
        who = callers.caller(at, request)
        key = _checked(request.headers.get("idempotency-key", ""))
        wanted = await _body(request, redemptions.Wanted)
        made, now = redemptions.issue(at, key, wanted, who)
        if now:
            teller.tell(made)
        return JSONResponse(document(made), 201 if now else 200)

    async def find(request: Request) -> Response:
        who = callers.caller(at, request)
        key = _checked(request.path_params["key"])
        return JSONResponse(document(redemptions.find(at, key, who)))

    async def reverse(request: Request) -> Response:
        who = callers.caller(at, request)
        key = _checked(request.path_params["key"])
        asked = await _body(request, redemptions.Reversal)
        changed, now = redemptions.reverse(at, key, asked, who)
        if now:
            teller.tell(changed)
        return JSONResponse(document(changed), 201 if now else 200)

    async def between(request: Request) -> Response:
        callers.partner(at, request)
        told = reading.once(request.query_params.multi_items())
        page, onward = redemptions.between(
            at, _instant(told, "since"), _instant(told, "until"), _cursor(told)
        )
        documents = [document(one) for one in page]
        return JSONResponse({"redemptions": documents, "next": onward and str(onward)})

    def under(operation: str, door: Door) -> Door:
        return faults.under(switch, operation, _strict(door))

    base = shop.PROTOCOL
    return [
        Route(f"{base}/capabilities", _strict(capabilities)),
        Route(f"{base}/account", under("account", account)),
        Route(f"{base}/redemptions", under("issue", issue), methods=["POST"]),
        Route(f"{base}/redemptions", under("list", between), methods=["GET"]),
        Route(f"{base}/redemptions/{{key}}", under("find", find)),
        Route(f"{base}/redemptions/{{key}}/reversal", under("reverse", reverse), methods=["POST"]),
    ]


def document(one: book.Redemption) -> dict[str, Any]:
    """Write a redemption as the protocol does."""
    fact = one.fact
    return {
        "key": fact.key,
        "ref": fact.ref,
        "kind": fact.kind,
        "amount_minor": fact.amount_minor,
        "currency": fact.currency,
        "state": one.state,
        "spent_minor": one.spent_minor,
        "reversed_minor": one.reversed_minor,
        "code": fact.code,
        "subject": fact.subject,
        "issued_at": fact.at.isoformat(),
        "expires_at": fact.expires_at and fact.expires_at.isoformat(),
    }


def _capabilities() -> dict[str, Any]:
    return {
        "protocol": "1",
        "name": shop.NAME,
        "kinds": [
            {"kind": kind, "needs_account": kind in book.ON_ACCOUNTS}
            for kind in ("gift_card", "store_credit", "coupon", "points")
        ],
        "currencies": list(redemptions.CURRENCIES),
        "amount_max_minor": redemptions.AMOUNT_MAX_MINOR,
        "reverses_in_part": True,
        "key_lasts_seconds": KEY_SECONDS,
        "settles_seconds": SETTLES_SECONDS,
    }


def _strict(door: Door) -> Door:
    """Answer what cannot be read, and every no, as a problem."""

    async def answered(request: Request) -> Response:
        try:
            return await door(request)
        except problems.Problem as problem:
            return await problems.answered(request, problem)
        except reading.Unreadable as unreadable:
            return problems.answer("invalid", str(unreadable))

    return answered


async def _body(request: Request, kind: type[problems.T]) -> problems.T:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise problems.Problem("invalid", "Send application/json.")
    return problems.decode(await reading.body(request), kind)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise problems.Problem("invalid", "A key is 16 to 64 letters, digits, - and _.")
    return key


def _instant(told: dict[str, str], name: str) -> datetime:
    try:
        read = datetime.fromisoformat(told.get(name, ""))
    except ValueError:
        raise problems.Problem("invalid", f"{name} is no instant.") from None
    if read.tzinfo is None:
        raise problems.Problem("invalid", f"{name} has no time zone.")
    return read


def _cursor(told: dict[str, str]) -> int:
    text = told.get("cursor", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise problems.Problem("invalid", "The cursor is not one of ours.")
    return int(text)
