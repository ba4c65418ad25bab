"""Where receipts are fetched: `/receipts/don_….pdf` for a gift, `/receipts/2026.pdf` for a year.

For the member alone, by the bearer token of an app or by the session of a browser. What is
somebody else's is answered like what is not there.
"""

import asyncio
import datetime
import math
import re
from collections.abc import Awaitable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api import settings, texts
from api.graphql import callers, failures
from api.identity import sessions, throttle
from api.receipts import gathering
from api.signin import forms
from wallet import database, errors, ids, members

NAME: Final = re.compile(r"(don_[0-9a-z]{26}|[0-9]{4})\.pdf", re.ASCII)
AT_ONCE: Final = 2  # a drawing takes some tenths of a second of one core
OFTEN: Final = throttle.Allowance(30, datetime.timedelta(minutes=1))
"""How often one member is drawn something: all receipts of a year by hand, and no loop."""
SCOPE: Final = "member"
PRIVATE: Final = {"Cache-Control": "no-store", "Vary": "Authorization, Cookie, Accept-Language"}


def routes(house: settings.Settings, db: database.Database) -> list[BaseRoute]:
    """Return the addresses of this door."""
    door = _Door(house, db)
    return [Route("/receipts/{name}", door.answer, methods=["GET"])]


class _Door:
    """The door, and how many drawings there are at once."""

    def __init__(self, house: settings.Settings, db: database.Database) -> None:
        self._house, self._db = house, db
        self._drawing = asyncio.Semaphore(AT_ONCE)

    async def answer(self, request: Request) -> Response:
        """GET: the receipt, or why not."""
        try:
            name = _name(request)
            member = await self._member(request)
            if member is None:
                return forms.go(self._house, f"/signin?next=/receipts/{name}.pdf")
            wait = await throttle.take(self._db, OFTEN, "receipt", str(member.member_id))
            if wait is not None:
                again = {"Retry-After": str(math.ceil(wait.total_seconds()))}
                return _no(429, "These are many receipts at once. Try again in a moment.", **again)
            receipt = await self._receipt(member, name)
            language = await gathering.language_of(self._db, member) or texts.choose(
                request.headers.get("accept-language")
            )
        except failures.Failure as failure:
            return _no(401, failure.message, **{"WWW-Authenticate": "Bearer"})
        except errors.NotFound:
            return _no(404, "There is no such receipt of yours.")
        except errors.Unavailable:
            return _no(503, "The database is away. Try again in a moment.", **{"Retry-After": "5"})
        async with self._drawing:
            drawn = await asyncio.to_thread(_draw, receipt, language)
        headers = {"Content-Disposition": f'inline; filename="receipt-{receipt.number}.pdf"'}
        return Response(drawn, media_type="application/pdf", headers={**PRIVATE, **headers})

    async def _member(self, request: Request) -> members.Member | None:
        """Who asks; None for a browser in which no member is signed in."""
        if "authorization" in request.headers:
            principal = await callers.of(self._db, self._house, request)
            if SCOPE not in principal.scopes or principal.member is None:
                raise errors.NotFound()
            return principal.member
        session = await sessions.find(self._db, self._house, request)
        if session is None or session.kind != "member" or session.principal_id is None:
            return None
        return await members.find(self._db, session.principal_id)

    def _receipt(self, member: members.Member, name: str) -> Awaitable[gathering.Receipt]:
        if name.startswith("don_"):
            try:
                return gathering.of_gift(self._db, member, ids.parse("don", name))
            except ValueError:
                raise errors.NotFound() from None
        now = datetime.datetime.now(datetime.UTC)
        return gathering.of_year(self._db, member, int(name), now=now)


def _draw(receipt: gathering.Receipt, language: str) -> bytes:
    from api.receipts import drawing  # fonts and numpy: only whoever draws waits for them

    return drawing.draw(receipt, language)


def _name(request: Request) -> str:
    found = NAME.fullmatch(request.path_params["name"])
    if found is None:
        raise errors.NotFound()
    return found[1]


def _no(status: int, said: str, **headers: str) -> Response:
    return JSONResponse({"message": said}, status_code=status, headers={**PRIVATE, **headers})
