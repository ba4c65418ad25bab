"""Connecting a shop: the pages between a member, their browser and a partner's sign-in.

    /partners/{slug}/link       what will happen, and the button that begins it
    (the partner's own pages)   the member signs in there, and consents
    /partners/{slug}/callback   the partner's answer: looked at, and used up
    /partners/{slug}/confirm    the account that the partner named: is it yours?
    /partners/{slug}/done       connected; back to the app, if one sent the member

A connection needs a sign-in of the last minutes. What an app begins comes with a ticket that works
once, for its member alone.
"""

import dataclasses
import datetime
import re
import urllib.parse
import uuid
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from api import settings
from api.identity import attempts, sessions
from api.signin import accounts, door, forms, once, pages, recovery
from partners import vault
from partners.links import linking, servers
from wallet import database, ids

TICKET: Final = "link"
TICKET_LIFE: Final = datetime.timedelta(minutes=10)
SLUG: Final = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)
STATUS: Final[dict[str, int]] = {"foreign": 403, "unknown": 404, "taken": 409, "away": 502}
"""How a page that says what went wrong is answered; 400 for the rest."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Here:
    """Who stands before the page, and for which partner."""

    session: sessions.Session
    person: accounts.Person
    server: servers.Server

    @property
    def fresh(self) -> bool:
        """True if the member signed in within the last minutes."""
        return self.session.fresh(datetime.datetime.now(datetime.UTC))

    @property
    def visitor(self) -> linking.Visitor:
        """The same, as partners know it."""
        return linking.Visitor(self.person.principal_id, self.session.session_id)


async def ticket(
    db: database.Database,
    origin: str,
    *,
    member_id: uuid.UUID,
    slug: str,
    return_to: str | None,
) -> str:
    """Return the address at which an app's member begins; it works once, for ten minutes."""
    secret = await once.make(
        db,
        TICKET,
        TICKET_LIFE,
        kind="member",
        principal_id=member_id,
        detail={"slug": slug, "return_to": return_to},
    )
    return f"{origin}/partners/{slug}/link?ticket={secret}"


def reach(house: settings.Settings, db: database.Database) -> servers.House:
    """Return what the verbs of linking need."""
    return servers.House(
        db=db,
        vault=vault.Vault(house.partner_keyring),
        origin=house.origin,
        private=house.private_hosts,
    )


def routes(at: door.Door) -> list[BaseRoute]:
    """Return the addresses of connecting."""
    pages_of = _Linking(at)
    return [
        Route("/partners/{slug}/link", at.page(pages_of.show), methods=["GET"]),
        Route("/partners/{slug}/link", at.page(pages_of.begin), methods=["POST"]),
        Route("/partners/{slug}/callback", at.page(pages_of.answer), methods=["GET"]),
        Route("/partners/{slug}/confirm", at.page(pages_of.ask), methods=["GET"]),
        Route("/partners/{slug}/confirm", at.page(pages_of.decide), methods=["POST"]),
        Route("/partners/{slug}/done", at.page(pages_of.done), methods=["GET"]),
    ]


class _Linking:
    """The pages."""

    def __init__(self, at: door.Door) -> None:
        self._at = at
        self._house = reach(at.house, at.db)

    async def show(self, request: Request) -> Response:
        """GET: what will happen. Nothing has begun yet, so whoever fetches a link does no harm."""
        key = request.query_params.get("ticket", "")
        here = await self._here(request, onward=f"link?ticket={key}" if key else "link")
        if isinstance(here, Response):
            return here
        if key:
            found = await once.peek(self._at.db, key, TICKET)
            problem = _wrong(found, here)
            if problem is not None:
                return self._problem(request, here, problem)
        return self._at.render(
            request,
            "link.html",
            # The button leads to us, and by a redirect to the partner.
            redirect_uri=here.server.settings.issuer,
            partner=here.server.name,
            slug=here.server.slug,
            member=here.person.name,
            ticket=key,
        )

    async def begin(self, request: Request) -> Response:
        """POST: off to the partner."""
        fields = await forms.read(request, self._at.house)
        key = fields.get("ticket", "")
        here = await self._here(request, onward=f"link?ticket={key}" if key else "link")
        if isinstance(here, Response):
            return here
        wait = await attempts.authorization(self._at.db, request)
        if wait is not None:
            return self._at.later(request, wait)
        return_to = None
        if key:
            found = await once.take(self._at.db, key, TICKET)
            problem = _wrong(found, here)
            if found is None or problem is not None:
                return self._problem(request, here, problem or "over")
            return_to = found.detail.get("return_to")
        address = await linking.begin(self._house, here.server, here.visitor, return_to=return_to)
        if "://" not in address:
            return self._problem(request, here, address)
        return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})

    async def answer(self, request: Request) -> Response:
        """GET: what the partner sent along with the browser."""
        told = request.query_params
        here = await self._here(request)
        if isinstance(here, Response):
            return here
        if len(told) != len(told.multi_items()):
            return self._problem(request, here, "over")  # of two equal names, each reads another
        done = await linking.complete(
            self._house,
            here.server,
            here.visitor,
            linking.Told(
                state=told.get("state"),
                code=told.get("code"),
                iss=told.get("iss"),
                error=told.get("error"),
            ),
        )
        if isinstance(done, str):
            return self._problem(request, here, done)
        return self._go(here, "confirm", done)

    async def ask(self, request: Request) -> Response:
        """GET: is this account yours?"""
        here = await self._here(request)
        if isinstance(here, Response):
            return here
        waiting = await self._waiting(here, request.query_params.get("link", ""))
        if waiting is None:
            return self._problem(request, here, "over")
        if waiting.live:
            return self._go(here, "done", waiting.link_id)
        return self._at.render(
            request,
            "link_confirm.html",
            partner=waiting.partner,
            slug=waiting.slug,
            account=waiting.account,
            member=here.person.name,
            link=ids.show("lnk", waiting.link_id),
        )

    async def decide(self, request: Request) -> Response:
        """POST: yes or no. Only a yes makes the link live."""
        fields = await forms.read(request, self._at.house)
        here = await self._here(request)
        if isinstance(here, Response):
            return here
        waiting = await self._waiting(here, fields.get("link", ""))
        if waiting is None or fields.get("decision") not in ("connect", "cancel"):
            return self._problem(request, here, "over")
        if fields["decision"] == "cancel":
            await linking.decline(self._house, here.visitor, waiting.link_id)
            return self._problem(request, here, "declined", status=200)
        problem = await linking.confirm(self._house, here.visitor, waiting.link_id)
        if problem is not None:
            return self._problem(request, here, problem)
        self._at.background.start(
            "tell", recovery.tell(self._at, here.person, "linked", pages.language(request))
        )
        return self._go(here, "done", waiting.link_id)

    async def done(self, request: Request) -> Response:
        """GET: it is connected; the way back to the app."""
        here = await self._here(request)
        if isinstance(here, Response):
            return here
        waiting = await self._waiting(here, request.query_params.get("link", ""))
        if waiting is None or not waiting.live:
            return self._problem(request, here, "over")
        return self._at.render(
            request,
            "link_done.html",
            partner=waiting.partner,
            account=waiting.account,
            return_to=_with(waiting.return_to, link=ids.show("lnk", waiting.link_id)),
        )

    async def _here(self, request: Request, *, onward: str | None = None) -> _Here | Response:
        """Return who is here and for which partner, or the page that is shown instead.

        With `onward` the member must have signed in within the last minutes, and comes back to it.
        """
        if self._at.house.external_issuer is not None:
            return self._at.render(request, "elsewhere.html", status=403)
        slug = request.path_params["slug"]
        session = await self._at.session(request)
        person = await self._at.person(session, "member")
        if session is None or person is None:
            if onward is None or not SLUG.fullmatch(slug):
                return self._problem(request, None, "over")
            return self._to_sign_in(slug, onward)
        server = await servers.by_slug(self._house, slug) if SLUG.fullmatch(slug) else None
        if server is None or not server.active:
            return self._problem(request, None, "unknown")
        here = _Here(session, person, server)
        return here if onward is None or here.fresh else self._to_sign_in(slug, onward)

    async def _waiting(self, here: _Here, shown: str) -> linking.Waiting | None:
        try:
            link_id = ids.parse("lnk", shown)
        except ValueError:
            return None
        found = await linking.waiting(self._house, here.visitor, link_id)
        return found if found is not None and found.slug == here.server.slug else None

    def _problem(
        self, request: Request, here: _Here | None, problem: str, *, status: int | None = None
    ) -> Response:
        """Say why there is no link; nothing that the browser brought along is part of the page."""
        slug = here.server.slug if here else ""
        return self._at.render(
            request,
            "link_over.html",
            status=status or STATUS.get(problem, 400),
            problem=problem,
            partner=here.server.name if here else "",
            slug=slug,
            back=f"/partners/{slug}/link" if slug else "/account",
        )

    def _go(self, here: _Here, page: str, link_id: uuid.UUID) -> Response:
        shown = ids.show("lnk", link_id)
        return forms.go(self._at.house, f"/partners/{here.server.slug}/{page}?link={shown}")

    def _to_sign_in(self, slug: str, onward: str) -> Response:
        here = urllib.parse.quote(f"/partners/{slug}/{onward}", safe="")
        return forms.go(self._at.house, f"{door.SIGN_IN['member']}?next={here}")


def _wrong(found: once.Found | None, here: _Here) -> str | None:
    """Say what is wrong with a ticket: it is over, of another shop, or of another member."""
    if found is None or found.detail.get("slug") != here.server.slug:
        return "over"
    return None if found.principal_id == here.person.principal_id else "somebody"


def _with(address: str | None, **more: str) -> str | None:
    """Add parameters to an address that the app registered."""
    if address is None:
        return None
    parts = urllib.parse.urlsplit(address)
    query = "&".join(filter(None, (parts.query, urllib.parse.urlencode(more))))
    return parts._replace(query=query).geturl()
