"""The account: passkeys, password, where one is signed in, which apps are connected.

Everything here is the signed-in person's own, whatever id a form brings. What could lock the owner
out or let a thief stay (a passkey, the password) asks for a sign-in of the last minutes, and a
letter tells the owner.
"""

import datetime
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.identity import attempts, consents, sessions
from api.signin import accounts, browsers, door, forms, pages, passkeys, passwords, recovery
from partners.links import links
from wallet import errors, ids, members, programme
from wallet.charities import donations

PRIVATE: Final = {"Cache-Control": "no-store"}
# What the page says after a change; nothing else in the address is shown.
SAID: Final = frozenset(
    {
        "password",
        "passkey_added",
        "passkey_removed",
        "renamed",
        "ended",
        "everywhere",
        "app",
        "shop",
        "sent",
    }
)
Change: TypeAlias = Callable[[Request, "_Owner", Mapping[str, str]], Coroutine[Any, Any, Response]]


class _Owner:
    """Who is signed in, and with which session."""

    def __init__(self, session: sessions.Session, person: accounts.Person) -> None:
        self.session = session
        self.person = person

    @property
    def fresh(self) -> bool:
        """True if they signed in within the last minutes."""
        return self.session.fresh(datetime.datetime.now(datetime.UTC))


def routes(at: door.Door) -> list[BaseRoute]:
    """Return the addresses of the account."""
    account = _Account(at)
    changes: dict[str, tuple[Change, bool]] = {
        "/account/password": (account.set_password, True),
        "/account/passkeys": (account.add_passkey, True),
        "/account/passkeys/remove": (account.remove_passkey, True),
        "/account/passkeys/rename": (account.rename_passkey, False),
        "/account/sessions/end": (account.end_session, False),
        "/account/sessions/end-all": (account.end_all, False),
        "/account/apps/disconnect": (account.disconnect, False),
        "/account/shops/disconnect": (account.disconnect_shop, False),
        "/account/confirm": (account.confirm_email, False),
    }
    return [
        Route("/account", at.page(account.show), methods=["GET"]),
        Route("/account/passkeys/challenge", at.page(account.challenge), methods=["POST"]),
        *(
            Route(path, at.page(account.form(change, fresh=fresh)), methods=["POST"])
            for path, (change, fresh) in changes.items()
        ),
    ]


class _Account:
    """The page and what can be changed on it."""

    def __init__(self, at: door.Door) -> None:
        self._at = at

    def form(self, change: Change, *, fresh: bool) -> door.Page:
        """Wrap a change: our own form, somebody signed in, and recently if it needs that."""

        async def answer(request: Request) -> Response:
            fields = await forms.read(request, self._at.house)
            owner = await self._owner(request)
            if owner is None or (fresh and not owner.fresh):
                return self._to_sign_in(owner)
            return await change(request, owner, fields)

        return answer

    async def show(self, request: Request) -> Response:
        """GET: everything on one page."""
        owner = await self._owner(request)
        if owner is None:
            return self._to_sign_in(owner)
        said = request.query_params.get("said")
        return await self._page(request, owner, said=said if said in SAID else None)

    async def challenge(self, request: Request) -> Response:
        """POST: what the browser needs to make a passkey."""
        forms.own(request, self._at.house)
        owner = await self._owner(request)
        if owner is None or not owner.fresh:
            return JSONResponse({}, status_code=403, headers=PRIVATE)
        wait = await attempts.challenge(self._at.db, request)
        if wait is not None:
            return self._at.later(request, wait)
        options = await passkeys.invite(self._at.db, self._at.house, owner.session, owner.person)
        return JSONResponse(options, headers=PRIVATE)

    async def set_password(
        self, request: Request, owner: _Owner, fields: Mapping[str, str]
    ) -> Response:
        """Set a new password; the other browsers are signed out, since they may know the old."""
        password, person = fields.get("password", ""), owner.person
        problem = passwords.problem(password, email=person.email, name=person.name)
        if problem is not None:
            return await self._page(request, owner, problem=problem)
        await accounts.change(
            self._at.db, person, password_hash=await self._at.passwords.hash(password)
        )
        await sessions.end_all(
            self._at.db,
            kind=person.kind,
            principal_id=person.principal_id,
            keep=owner.session.session_id,
        )
        await self._at.note(person, "password.set")
        return self._done(request, person, "password", tell="password")

    async def add_passkey(
        self, request: Request, owner: _Owner, fields: Mapping[str, str]
    ) -> Response:
        """Keep the passkey that the browser made."""
        name = fields.get("name", "").strip() or browsers.name(
            request.headers.get("user-agent", "")
        )
        problem = await passkeys.add(
            self._at.db,
            self._at.house,
            owner.session,
            owner.person,
            answer=fields.get("credential", ""),
            name=name,
        )
        if problem is not None:
            return await self._page(request, owner, problem=problem)
        await self._at.note(owner.person, "passkey.add")
        return self._done(request, owner.person, "passkey_added", tell="passkey_added")

    async def rename_passkey(
        self, request: Request, owner: _Owner, fields: Mapping[str, str]
    ) -> Response:
        """Call a passkey something else."""
        if not await passkeys.rename(
            self._at.db,
            owner.person,
            shown_id=fields.get("passkey", ""),
            name=fields.get("name", ""),
        ):
            raise forms.Unacceptable(404)
        return self._done(request, owner.person, "renamed")

    async def remove_passkey(
        self, request: Request, owner: _Owner, fields: Mapping[str, str]
    ) -> Response:
        """Remove a passkey."""
        if not await passkeys.remove(self._at.db, owner.person, fields.get("passkey", "")):
            raise forms.Unacceptable(404)
        await self._at.note(owner.person, "passkey.remove")
        return self._done(request, owner.person, "passkey_removed", tell="passkey_removed")

    async def end_session(
        self, request: Request, owner: _Owner, fields: Mapping[str, str]
    ) -> Response:
        """Sign out one browser."""
        session_id = _uuid(fields.get("session", ""))
        if not await sessions.end_one(
            self._at.db, session_id, kind=owner.person.kind, principal_id=owner.person.principal_id
        ):
            raise forms.Unacceptable(404)
        await self._at.note(owner.person, "session.end", session=str(session_id))
        return self._done(request, owner.person, "ended")

    async def end_all(
        self, request: Request, owner: _Owner, _fields: Mapping[str, str]
    ) -> Response:
        """Sign out every browser but this one, and disconnect every app."""
        await recovery.sign_out_everywhere(
            self._at.db, owner.person, why="sign-out everywhere", keep=owner.session
        )
        await self._at.note(owner.person, "session.end_all")
        return self._done(request, owner.person, "everywhere")

    async def disconnect(
        self, request: Request, owner: _Owner, fields: Mapping[str, str]
    ) -> Response:
        """Disconnect one app."""
        if not await consents.revoke(
            self._at.db,
            _uuid(fields.get("app", "")),
            principal_id=owner.person.principal_id,
            why="account page",
        ):
            raise forms.Unacceptable(404)
        await self._at.note(owner.person, "consent.revoke", grant=fields["app"])
        return self._done(request, owner.person, "app")

    async def disconnect_shop(
        self, request: Request, owner: _Owner, fields: Mapping[str, str]
    ) -> Response:
        """Unlink one shop; what it gave us is revoked there."""
        if owner.person.kind != "member":
            raise forms.Unacceptable(404)
        try:
            link_id = ids.parse("lnk", fields.get("link", ""))
            await links.unlink(self._at.db, owner.person.principal_id, link_id)
        except (ValueError, errors.NotFound):
            raise forms.Unacceptable(404) from None
        return self._done(request, owner.person, "shop")

    async def confirm_email(
        self, request: Request, owner: _Owner, _fields: Mapping[str, str]
    ) -> Response:
        """Send the letter that confirms the address."""
        person = owner.person
        wait = await attempts.letter(
            self._at.db, request, owner.session, person.kind, person.email.lower()
        )
        if wait is not None:
            return self._at.later(request, wait)
        self._at.background.start(
            "confirm", recovery.write(self._at, person, "confirm", pages.language(request), None)
        )
        return self._done(request, person, "sent")

    async def _page(
        self,
        request: Request,
        owner: _Owner,
        *,
        said: str | None = None,
        problem: str | None = None,
    ) -> Response:
        person = owner.person
        here = await sessions.of(self._at.db, person.kind, person.principal_id)
        return self._at.render(
            request,
            "account.html",
            status=422 if problem else 200,
            person=person,
            fresh=owner.fresh,
            sign_in=door.SIGN_IN[person.kind],
            passkeys=await passkeys.of(self._at.db, person),
            sessions=[
                (one, browsers.name(one.browser), one.session_id == owner.session.session_id)
                for one in here
            ],
            apps=await consents.of(self._at.db, person.principal_id, kind=person.kind),
            shops=await self._shops(person),
            gave=await self._gave(person),
            chars_min=passwords.CHARS_MIN,
            said=said,
            problem=problem,
        )

    async def _shops(self, person: accounts.Person) -> list[tuple[links.Link, str]]:
        """The shops that a member has connected, with the ids that a form names them by."""
        if person.kind != "member":
            return []
        found = await links.of(self._at.db, person.principal_id, first=links.PAGE_MAX)
        return [(one, ids.show("lnk", one.link_id)) for one in found]

    async def _gave(self, person: accounts.Person) -> list[int]:
        """The years for which a member may fetch a receipt of what they gave."""
        if person.kind != "member":
            return []
        member = await members.find(self._at.db, person.principal_id)
        house = await programme.of(self._at.db)
        return await donations.years(self._at.db, member.wallet_id, zone=house.time_zone)

    def _done(
        self, request: Request, person: accounts.Person, said: str, *, tell: str | None = None
    ) -> Response:
        if tell is not None:
            self._at.background.start(
                "tell", recovery.tell(self._at, person, tell, pages.language(request))
            )
        return forms.go(self._at.house, f"/account?said={said}")

    def _to_sign_in(self, owner: _Owner | None) -> Response:
        kind = owner.person.kind if owner else "member"
        return forms.go(self._at.house, f"{door.SIGN_IN[kind]}?next=/account")

    async def _owner(self, request: Request) -> _Owner | None:
        session = await self._at.session(request)
        person = await self._at.person(session)
        return None if session is None or person is None else _Owner(session, person)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise forms.Unacceptable(404) from None
