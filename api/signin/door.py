"""What every page of sign-in needs, and how its answers begin and end.

The door knows who is there, answers a form that is not ours or a database that is away with a page
in words, and lets the policy of a page name the one client that the person is on the way to.
"""

import dataclasses
import datetime
import functools
import math
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from api import settings
from api.identity import opaque, sessions
from api.signin import accounts, background, forms, pages, passwords
from wallet import audit, database, errors

Page: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]

SIGN_IN: Final[dict[sessions.Kind, str]] = {"member": "/signin", "staff": "/staff/signin"}
HOME: Final[dict[sessions.Kind, str]] = {"member": "/account", "staff": "/console"}
BUSY_SECONDS: Final = 5

_REDIRECT: Final = """
    select parameters ->> 'redirect_uri' from identity.authorization_request
    where key_hash = $1 and expires_at > clock_timestamp()
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Door:
    """The settings, the database, and what one process has of its own."""

    house: settings.Settings
    db: database.Database
    passwords: passwords.Passwords
    background: background.Background

    def page(self, answer: Page) -> Page:
        """Wrap an address, so that what goes wrong is said on a page."""

        @functools.wraps(answer)
        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except forms.Unacceptable as wrong:
                return self.problem(request, wrong.status)
            except passwords.Busy:
                return self.later(request, datetime.timedelta(seconds=BUSY_SECONDS), status=503)
            except errors.Unavailable:
                return self.later(request, datetime.timedelta(seconds=BUSY_SECONDS), status=503)

        return answered

    def render(self, request: Request, template: str, **values: Any) -> Response:
        """Draw a page."""
        return pages.render(request, self.house, template, **values)

    def problem(self, request: Request, status: int) -> Response:
        """Say that a request cannot be served, and where to begin again."""
        return self.render(request, "problem.html", status=status, code=status)

    def later(self, request: Request, wait: datetime.timedelta, *, status: int = 429) -> Response:
        """Say when to try again."""
        seconds = math.ceil(wait.total_seconds())
        said = self.render(
            request, "later.html", status=status, busy=status == 503, seconds=seconds
        )
        said.headers["Retry-After"] = str(seconds)
        return said

    async def session(self, request: Request) -> sessions.Session | None:
        """Return the browser's session."""
        return await sessions.find(self.db, self.house, request)

    async def person(
        self, session: sessions.Session | None, kind: sessions.Kind | None = None
    ) -> accounts.Person | None:
        """Return who is signed in, if anybody is (of this kind)."""
        if session is None or session.kind is None or session.principal_id is None:
            return None
        if kind not in (None, session.kind):
            return None
        return await accounts.find(self.db, session.kind, session.principal_id)

    async def sign_in(
        self,
        request: Request,
        person: accounts.Person,
        *,
        before: sessions.Session | None,
        amr: str,
        onward: str | None,
    ) -> Response:
        """Give somebody who showed who they are a session, and send them on."""
        opened = await sessions.sign_in(
            self.db,
            request,
            before=before,
            kind=person.kind,
            principal_id=person.principal_id,
            amr=(amr,),
        )
        await self.note(person, "session.open", how=amr)
        response = forms.go(self.house, onward or HOME[person.kind])
        sessions.give(response, self.house, opened)
        if person.locale is not None:
            pages.remember(response, self.house, person.locale)
        return response

    async def leads_to(self, onward: str | None) -> str | None:
        """Return which client's address a form may end at, when it goes on to a consent."""
        _, mark, key = (onward or "").partition("?request=")
        if not mark:
            return None
        found: str | None = await self.db.fetchval(_REDIRECT, opaque.hash_of(key))
        return found

    async def note(self, person: accounts.Person, act: str, **detail: object) -> None:
        """Record what somebody did with their account."""
        await audit.write(
            self.db,
            actor=audit.Actor(person.kind, person.principal_id),
            act=act,
            subject=person.principal_id,
            detail=detail or None,
        )
