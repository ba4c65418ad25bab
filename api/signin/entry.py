"""Signing in, for members and for staff: by passkey first, by password where there is none.

Both doors do the same, each for its own people. Whoever is unknown costs the same work and gets the
same answer as a wrong password, and nobody may try without end.
"""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api import settings, texts
from api.identity import attempts, sessions
from api.signin import (
    account,
    accounts,
    background,
    door,
    forms,
    joining,
    linking,
    pages,
    passkeys,
    passwords,
    recovery,
)
from wallet import audit, database

PRIVATE: Final = {"Cache-Control": "no-store"}


def routes(house: settings.Settings, db: database.Database) -> list[BaseRoute]:
    """Return the addresses of this door."""
    at = door.Door(house, db, passwords.Passwords(), background.Background())
    return [
        *_doors(at, "member"),
        *_doors(at, "staff"),
        _post("/signin/challenge", at.page(_Challenge(at).answer)),
        _post("/signout", at.page(_Leaving(at).sign_out)),
        _post("/language", at.page(_Leaving(at).choose_language)),
        *recovery.routes(at),
        *account.routes(at),
        *joining.routes(at),
        *linking.routes(at),
        Route("/assets/{name}", pages.asset, methods=["GET"]),
    ]


def _doors(at: door.Door, kind: sessions.Kind) -> list[BaseRoute]:
    signing, path = _SignIn(at, kind), door.SIGN_IN[kind]
    return [
        Route(path, at.page(signing.show), methods=["GET"]),
        _post(path, at.page(signing.by_password)),
        _post(f"{path}/passkey", at.page(signing.by_passkey)),
    ]


def _post(path: str, page: door.Page) -> Route:
    return Route(path, page, methods=["POST"])


class _SignIn:
    """One of the two doors."""

    def __init__(self, at: door.Door, kind: sessions.Kind) -> None:
        self._at = at
        self._kind = kind

    async def show(self, request: Request) -> Response:
        """GET: the form. Whoever is in already and wants nothing further goes home."""
        if self._closed:
            return self._at.render(request, "elsewhere.html", status=403)
        session = await self._at.session(request)
        onward = forms.onward(request.query_params.get("next"))
        person = await self._at.person(session, self._kind)
        if person is not None and onward is None:
            return forms.go(self._at.house, door.HOME[self._kind])
        email = person.email if person else ""
        return await self._form(request, onward=onward, email=email, again=person is not None)

    async def by_password(self, request: Request) -> Response:
        """POST: an address and a password."""
        if self._closed:
            return self._at.render(request, "elsewhere.html", status=403)
        fields = await forms.read(request, self._at.house)
        email, password = fields.get("email", "").strip(), fields.get("password", "")
        onward = forms.onward(fields.get("next"))
        before = await self._at.session(request)
        key = (self._kind, email.lower())
        wait = await attempts.sign_in(self._at.db, request, before, *key)
        if wait is not None:
            return self._at.later(request, wait)
        person = await accounts.find_by_email(self._at.db, self._kind, email)
        verdict = await self._at.passwords.check(
            person.password_hash if person else None, password[: passwords.CHARS_MAX + 1]
        )
        if person is None or not verdict.right:
            # Noted afterwards: the note would tell by its time that there is such a person.
            self._at.background.start("note", self._refused(person, "pwd"))
            return await self._form(request, onward=onward, email=email, problem="mismatch")
        await attempts.forgive(self._at.db, *key)
        if verdict.rehashed is not None:
            await accounts.rehash(self._at.db, person, verdict.rehashed)
        return await self._at.sign_in(request, person, before=before, amr="pwd", onward=onward)

    async def by_passkey(self, request: Request) -> Response:
        """POST: what an authenticator answered to our challenge."""
        if self._closed:
            return self._at.render(request, "elsewhere.html", status=403)
        fields = await forms.read(request, self._at.house)
        onward = forms.onward(fields.get("next"))
        before = await self._at.session(request)
        wait = await attempts.sign_in(self._at.db, request, before)
        if wait is not None:
            return self._at.later(request, wait)
        shown = None
        if before is not None:
            shown = await passkeys.used(
                self._at.db,
                self._at.house,
                before,
                kind=self._kind,
                answer=fields.get("credential", ""),
            )
        person = None
        if shown is not None:
            person = await accounts.find(self._at.db, self._kind, shown.principal_id)
        if shown is None or person is None or not shown.right:
            self._at.background.start("note", self._refused(person, "hwk"))
            return await self._form(request, onward=onward, problem="passkey")
        return await self._at.sign_in(request, person, before=before, amr="hwk", onward=onward)

    @property
    def _closed(self) -> bool:
        return self._kind == "member" and self._at.house.external_issuer is not None

    async def _form(
        self,
        request: Request,
        *,
        onward: str | None,
        email: str = "",
        again: bool = False,
        problem: str | None = None,
    ) -> Response:
        return self._at.render(
            request,
            "signin.html",
            status=422 if problem else 200,
            redirect_uri=await self._at.leads_to(onward),
            path=door.SIGN_IN[self._kind],
            kind=self._kind,
            onward=onward,
            email=email,
            again=again,
            problem=problem,
        )

    async def _refused(self, person: accounts.Person | None, how: str) -> None:
        # Of an address that nobody has, nothing is noted: it may be a password in the wrong field.
        if person is not None:
            await audit.write(
                self._at.db,
                actor=audit.SYSTEM,
                act="session.refuse",
                subject=person.principal_id,
                detail={"kind": person.kind, "how": how},
            )


class _Challenge:
    """What a browser needs before it asks for a passkey."""

    def __init__(self, at: door.Door) -> None:
        self._at = at

    async def answer(self, request: Request) -> Response:
        """POST: a challenge for this browser, which gets a session to bind it to."""
        forms.own(request, self._at.house)
        wait = await attempts.challenge(self._at.db, request)
        if wait is not None:
            return self._at.later(request, wait)
        session = await self._at.session(request)
        opened = None
        if session is None:
            opened = await sessions.begin(self._at.db, request)
            session = opened.session
        options: dict[str, Any] = await passkeys.ask(self._at.db, self._at.house, session)
        response = JSONResponse(options, headers=PRIVATE)
        if opened is not None:
            sessions.give(response, self._at.house, opened)
        return response


class _Leaving:
    """Signing out, and reading in another language."""

    def __init__(self, at: door.Door) -> None:
        self._at = at

    async def sign_out(self, request: Request) -> Response:
        """POST: this browser's session is over."""
        await forms.read(request, self._at.house)
        session = await self._at.session(request)
        person = await self._at.person(session)
        if session is not None:
            await sessions.end(self._at.db, session)
        if person is not None:
            await self._at.note(person, "session.end")
        response = forms.go(self._at.house, door.SIGN_IN[person.kind if person else "member"])
        sessions.take(response, self._at.house)
        return response

    async def choose_language(self, request: Request) -> Response:
        """POST: this browser, and this person if one is there, read another language."""
        fields = await forms.read(request, self._at.house)
        language = fields.get("language", "")
        if language not in texts.LANGUAGES:
            raise forms.Unacceptable(400)
        person = await self._at.person(await self._at.session(request))
        if person is not None:
            await accounts.change(self._at.db, person, locale=language)
        response = forms.go(self._at.house, forms.back(fields.get("back")))
        pages.remember(response, self._at.house, language)
        return response
