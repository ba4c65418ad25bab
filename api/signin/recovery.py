"""The first time, and the forgotten password: a link that works once takes the place of both.

Whoever opens it sets a password, or goes on to make a passkey; a link that came by letter also
shows that the address is theirs. Everybody else who was signed in is out, every app is
disconnected, and a letter says so. Asking for a link answers the same for everybody, at once: what
follows happens beside the answer.
"""

import datetime
import urllib.parse
import uuid
from collections.abc import Mapping
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api import settings
from api.identity import attempts, consents, sessions
from api.signin import accounts, door, forms, letters, once, pages, passwords
from wallet import audit, database, errors

LIVES: Final[Mapping[str, datetime.timedelta]] = {
    "recover": datetime.timedelta(minutes=30),
    "confirm": datetime.timedelta(minutes=30),
    "invite": datetime.timedelta(hours=24),  # handed over by a colleague, who may be out today
}
OPENING: Final = ("recover", "invite")
LINKS: Final = tuple(LIVES)


def routes(at: door.Door) -> list[BaseRoute]:
    """Return the addresses of recovery."""
    recovery = _Recovery(at)
    return [
        Route("/recover", at.page(recovery.show), methods=["GET"]),
        Route("/recover", at.page(recovery.ask), methods=["POST"]),
        Route("/verify", at.page(recovery.open), methods=["GET"]),
        Route("/verify", at.page(recovery.use), methods=["POST"]),
    ]


async def link(
    db: database.Database,
    house: settings.Settings,
    person: accounts.Person,
    purpose: str,
    *,
    onward: str | None = None,
) -> str:
    """Make a link that works once, as the person is to open it."""
    key = await once.make(
        db,
        purpose,
        LIVES[purpose],
        kind=person.kind,
        principal_id=person.principal_id,
        detail={"next": onward, "email": person.email},
    )
    return f"{house.origin}/verify?key={urllib.parse.quote(key)}"


async def invite(
    db: database.Database,
    house: settings.Settings,
    *,
    kind: sessions.Kind,
    principal_id: uuid.UUID,
) -> str:
    """Make the link for somebody's first sign-in; an earlier one is over. NOT_FOUND for nobody."""
    person = await accounts.find(db, kind, principal_id)
    if person is None:
        raise errors.NotFound()
    await once.void(db, person.principal_id, "invite")
    made = await link(db, house, person, "invite")
    await audit.write(db, actor=audit.SYSTEM, act="account.invite", subject=person.principal_id)
    return made


async def write(
    at: door.Door, person: accounts.Person, purpose: str, language: str, onward: str | None
) -> None:
    """Send a letter with a link."""
    address = await link(at.db, at.house, person, purpose, onward=onward)
    minutes = int(LIVES[purpose].total_seconds()) // 60
    letter = letters.compose(purpose, person, language, link=address, minutes=minutes)
    await letters.send(at.house, letter)


async def tell(at: door.Door, person: accounts.Person, what: str, language: str) -> None:
    """Send a letter about something that was changed."""
    letter = letters.compose(
        "changed", person, language, what=what, recover=f"{at.house.origin}/recover"
    )
    await letters.send(at.house, letter)


class _Recovery:
    """The pages."""

    def __init__(self, at: door.Door) -> None:
        self._at = at

    async def show(self, request: Request) -> Response:
        """GET: the form that asks for an address."""
        if self._at.house.external_issuer is not None:
            return self._at.render(request, "elsewhere.html", status=403)
        onward = forms.onward(request.query_params.get("next"))
        return self._at.render(request, "recover.html", onward=onward, problem=None)

    async def ask(self, request: Request) -> Response:
        """POST: the same answer for everybody; a letter goes to whoever is a member."""
        if self._at.house.external_issuer is not None:
            return self._at.render(request, "elsewhere.html", status=403)
        fields = await forms.read(request, self._at.house)
        email, onward = fields.get("email", "").strip(), forms.onward(fields.get("next"))
        if "@" not in email:
            return self._at.render(
                request, "recover.html", status=422, onward=onward, problem="email"
            )
        before = await self._at.session(request)
        wait = await attempts.letter(self._at.db, request, before, "member", email.lower())
        if wait is not None:
            return self._at.later(request, wait)
        self._at.background.start("recover", self._send(email, pages.language(request), onward))
        minutes = int(LIVES["recover"].total_seconds()) // 60
        return self._at.render(request, "sent.html", email=email, minutes=minutes)

    async def open(self, request: Request) -> Response:
        """GET: what the link is for. Looking does not use it up: mail programs look too."""
        key = request.query_params.get("key", "")
        found = await once.peek(self._at.db, key, *LINKS)
        person = await self._person(found)
        if found is None or person is None:
            return self._at.render(request, "stale.html", status=410)
        return await self._form(request, key, found, person)

    async def use(self, request: Request) -> Response:
        """POST: set the password, or go on to a passkey, or just confirm the address."""
        fields = await forms.read(request, self._at.house)
        key, how = fields.get("key", ""), fields.get("how", "password")
        found = await once.peek(self._at.db, key, *LINKS)
        person = await self._person(found)
        if found is None or person is None:
            return self._at.render(request, "stale.html", status=410)
        password_hash = None
        if found.purpose in OPENING and how == "password":
            password = fields.get("password", "")
            problem = passwords.problem(password, email=person.email, name=person.name)
            if problem is not None:
                return await self._form(request, key, found, person, problem=problem)
            password_hash = await self._at.passwords.hash(password)
        if await once.take(self._at.db, key, found.purpose) is None:
            return self._at.render(request, "stale.html", status=410)
        await accounts.change(
            self._at.db,
            person,
            password_hash=password_hash,
            # Whoever read the letter has the address; a link from the command line shows nothing.
            email_verified=found.purpose != "invite",
            locale=None if person.locale else pages.language(request),
        )
        if found.purpose == "confirm":
            await self._at.note(person, "email.confirm")
            return self._at.render(request, "confirmed.html")
        return await self._enter(request, person, found, password_hash is not None)

    async def _enter(
        self,
        request: Request,
        person: accounts.Person,
        found: once.Found,
        with_password: bool,
    ) -> Response:
        """Let them in and everybody else out."""
        await once.void(self._at.db, person.principal_id, *LINKS)
        await sign_out_everywhere(self._at.db, person, why="recovery")
        await self._at.note(person, "account.recover", by=found.purpose)
        if with_password:
            await self._at.note(person, "password.set")
        self._at.background.start(
            "tell", tell(self._at, person, "recovered", pages.language(request))
        )
        # A passkey is added on the account page, so who came for one is led there first.
        wanted = forms.onward(found.detail.get("next")) or door.HOME[person.kind]
        return await self._at.sign_in(
            request,
            person,
            before=await self._at.session(request),
            amr="pwd" if with_password else "otp",
            onward=wanted if with_password else "/account",
        )

    async def _form(
        self,
        request: Request,
        key: str,
        found: once.Found,
        person: accounts.Person,
        *,
        problem: str | None = None,
    ) -> Response:
        return self._at.render(
            request,
            "confirm.html" if found.purpose == "confirm" else "verify.html",
            status=422 if problem else 200,
            redirect_uri=await self._at.leads_to(forms.onward(found.detail.get("next"))),
            key=key,
            email=person.email,
            first=person.password_at is None,
            chars_min=passwords.CHARS_MIN,
            problem=problem,
        )

    async def _person(self, found: once.Found | None) -> accounts.Person | None:
        if found is None or found.kind is None or found.principal_id is None:
            return None
        kind = cast(sessions.Kind, found.kind)
        if kind == "member" and self._at.house.external_issuer is not None:
            return None
        person = await accounts.find(self._at.db, kind, found.principal_id)
        # An address that was changed meanwhile is not the one that the letter went to.
        return person if person and person.email == found.detail.get("email") else None

    async def _send(self, email: str, language: str, onward: str | None) -> None:
        person = await accounts.find_by_email(self._at.db, "member", email)
        if person is not None:
            await write(self._at, person, "recover", language, onward)


async def sign_out_everywhere(
    db: database.Database,
    person: accounts.Person,
    *,
    why: str,
    keep: sessions.Session | None = None,
) -> None:
    """End a person's sessions but one, and disconnect every app."""
    await sessions.end_all(
        db,
        kind=person.kind,
        principal_id=person.principal_id,
        keep=keep.session_id if keep else None,
    )
    await consents.revoke_all(db, person.principal_id, why=why)
