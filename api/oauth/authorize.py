"""The authorization endpoint: what a client asks for, the person's yes or no, and the way back.

A request is checked, stored under a random key that is bound to the browser's session, and from
then on the browser carries only the key: nothing that the person consents to comes from the page.
At the answer the stored request is checked again and used up. Consent is asked for every time,
because another program may claim to be a public client (RFC 8252, section 8.6).
"""

import dataclasses
import datetime
import re
import urllib.parse
from collections.abc import Sequence
from typing import Any, Final

import orjson
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import errors
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import settings
from api.identity import attempts, opaque, sessions
from api.oauth import bridge, families, grants, keys, parameters, server
from api.signin import pages
from wallet import database

PATH: Final = "/oauth/authorize"
LIFE: Final = datetime.timedelta(minutes=10)  # time to sign in and to find one's glasses
KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
PROMPTS: Final = frozenset({"none", "login", "consent"})
DIGITS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
# What is kept of a request; a client may send more, and it means nothing.
KEPT: Final = frozenset(
    {
        *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method", "prompt", "max_age"),
    }
)

_SAVE: Final = """
    insert into identity.authorization_request (key_hash, session_id, client_id, parameters,
        expires_at)
    values ($1, $2, $3, $4::jsonb, clock_timestamp() + $5::interval)
"""
_FIND: Final = """
    select parameters, created_at from identity.authorization_request
    where key_hash = $1 and session_id = $2 and expires_at > clock_timestamp()
"""
_USE_UP: Final = "delete from identity.authorization_request where key_hash = $1"
_NAME: Final = "select display_name from coalition.member where member_id = $1"


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """A request that was checked and waits for the person."""

    told: dict[str, str]
    since: datetime.datetime

    def needs_sign_in(self, session: sessions.Session, now: datetime.datetime) -> bool:
        """True if nobody has signed in, or not since the client would have it."""
        if session.kind != "member" or session.signed_in_at is None:
            return True
        if session.signed_in_at >= self.since:
            return False
        if "login" in self.told.get("prompt", "").split():
            return True
        age = self.told.get("max_age")
        return age is not None and now - session.signed_in_at > datetime.timedelta(seconds=int(age))


class Endpoint:
    """The endpoint of one installation."""

    def __init__(self, house: settings.Settings, db: database.Database, ring: keys.Ring) -> None:
        self._house = house
        self._db = db
        self._ring = ring

    async def __call__(self, request: Request) -> Response:
        """Answer GET and POST of /oauth/authorize."""
        if request.method == "POST":
            return await self._decide(request)
        if "client_id" not in request.query_params and "request" in request.query_params:
            return await self._show(request)
        return await self._begin(request)

    async def _begin(self, request: Request) -> Response:
        """Check what a client asks for, and let the browser carry on with a key."""
        told, fault = _read(request.query_params.multi_items())
        refusal = await bridge.run(self._db, lambda rows: self._refusal(rows, told, fault))
        if refusal is not None:
            return refusal
        wait = await attempts.authorization(self._db, request)
        if wait is not None:
            return server.too_often(wait)
        session = await sessions.find(self._db, self._house, request)
        now = datetime.datetime.now(datetime.UTC)
        if told.get("prompt") == "none":
            signed_in = session is not None and not Waiting(told, now).needs_sign_in(session, now)
            return await bridge.run(self._db, lambda rows: self._silent(rows, told, signed_in))
        opened = None
        if session is None:
            opened = await sessions.begin(self._db, request)
            session = opened.session
        key = opaque.new()
        await self._db.execute(
            _SAVE,
            opaque.hash_of(key),
            session.session_id,
            told["client_id"],
            orjson.dumps({name: told[name] for name in told if name in KEPT}).decode(),
            LIFE,
        )
        response = self._go(f"{PATH}?request={key}")
        if opened is not None:
            sessions.give(response, self._house, opened)
        return response

    async def _show(self, request: Request) -> Response:
        """Ask the person, who signs in first where that is needed."""
        key = request.query_params["request"]
        session = await sessions.find(self._db, self._house, request)
        row = None
        if session is not None and KEY.fullmatch(key):
            row = await self._db.fetchrow(_FIND, opaque.hash_of(key), session.session_id)
        if session is None or row is None:
            return self._over(request)
        waiting = _waiting(row)
        if waiting.needs_sign_in(session, datetime.datetime.now(datetime.UTC)):
            here = urllib.parse.quote(f"{PATH}?request={key}", safe="")
            return self._go(f"/signin?next={here}")
        checked = await bridge.run(self._db, lambda rows: self._client(rows, waiting.told))
        if isinstance(checked, Response):
            return checked
        return pages.render(
            request,
            self._house,
            "consent.html",
            redirect_uri=waiting.told["redirect_uri"],
            client=checked.client.name,
            member=await self._db.fetchval(_NAME, session.principal_id),
            scopes=[(scope, scope) for scope in waiting.told["scope"].split()],
            key=key,
        )

    async def _decide(self, request: Request) -> Response:
        """Take the person's answer, which counts for the stored request only."""
        try:
            told = await parameters.of_form(request)
        except parameters.Refused as refused:
            return server.refused(str(refused))
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return server.refused("The answer must come from our own page.", status=403)
        key, decision = told.get("request", ""), told.get("decision")
        if decision not in ("allow", "deny"):
            return server.refused("The decision must be allow or deny.")
        session = await sessions.find(self._db, self._house, request)
        if session is None or not KEY.fullmatch(key):
            return self._over(request)
        allowed = decision == "allow"
        answer = await bridge.run(
            self._db, lambda rows: self._answer(rows, session, key, allowed=allowed)
        )
        return self._over(request) if answer is None else answer

    def _answer(
        self, rows: bridge.Rows, session: sessions.Session, key: str, *, allowed: bool
    ) -> Response | None:
        """Use up a stored request; None if it is not there for this session."""
        row = rows.row(f"{_FIND} for update", opaque.hash_of(key), session.session_id)
        if row is None:
            return None
        waiting = _waiting(row)
        if waiting.needs_sign_in(session, datetime.datetime.now(datetime.UTC)):
            here = urllib.parse.quote(f"{PATH}?request={key}", safe="")
            return self._go(f"/signin?next={here}")
        rows.run(_USE_UP, opaque.hash_of(key))
        core, asked = self._core(rows, waiting.told)
        assert session.principal_id is not None
        person = families.Person(
            kind="member",
            principal_id=session.principal_id,
            session_id=session.session_id,
            authenticated_at=session.signed_in_at,
            amr=session.amr,
        )
        try:
            grant = _grant(core, asked)
            response: Response = core.create_authorization_response(
                asked, person if allowed else None, grant
            )
        except OAuth2Error as error:
            return core.handle_error_response(asked, error)
        return response

    def _refusal(
        self, rows: bridge.Rows, told: dict[str, str], fault: str | None
    ) -> Response | None:
        """Say what is wrong with a request, None if nothing is."""
        core, asked = self._core(rows, told)
        try:
            _grant(core, asked, fault)
        except OAuth2Error as error:
            return core.handle_error_response(asked, error)
        return None

    def _client(self, rows: bridge.Rows, told: dict[str, str]) -> grants.Registered | Response:
        """Return the client of a stored request, or what has become wrong with it since."""
        core, asked = self._core(rows, told)
        try:
            client: grants.Registered = _grant(core, asked).client
        except OAuth2Error as error:
            return core.handle_error_response(asked, error)
        return client

    def _silent(self, rows: bridge.Rows, told: dict[str, str], signed_in: bool) -> Response:
        """Answer prompt=none: there is never a code without a person saying yes."""
        core, asked = self._core(rows, told)
        error = OAuth2Error(
            error="consent_required" if signed_in else "login_required",
            description="The person must be asked, and prompt=none forbids it.",
            redirect_uri=told["redirect_uri"],
            state=told.get("state"),
        )
        return core.handle_error_response(asked, error)

    def _core(
        self, rows: bridge.Rows, told: dict[str, str]
    ) -> tuple[server.Server, parameters.Asked]:
        asked = parameters.Asked(self._house, told, method="GET", path=PATH)
        return server.Server(self._house, self._ring, rows), asked

    def _over(self, request: Request) -> Response:
        """Tell the person, who is the only one to see it, where to begin again."""
        return pages.render(request, self._house, "over.html", status=400)

    def _go(self, path: str) -> Response:
        return RedirectResponse(self._house.origin + path, 303, headers=server.NOT_STORED)


def _read(found: Sequence[tuple[str, str]]) -> tuple[dict[str, str], str | None]:
    """Return the parameters and what is wrong with their form.

    Then only what is there once counts: enough, perhaps, to tell the client itself.
    """
    try:
        return parameters.once(found), None
    except parameters.Refused as refused:
        names = [name for name, _ in found]
        return {name: value for name, value in found if names.count(name) == 1}, str(refused)


def _grant(core: server.Server, asked: parameters.Asked, fault: str | None = None) -> Any:
    """Check a request; an error goes to the client only once the way to it is certain."""
    told = asked.form
    client = core.query_client(told.get("client_id", ""))
    if client is None:
        raise errors.InvalidClientError("client_id must be one that is registered here.")
    uri = grants.CodeGrant.validate_authorization_redirect_uri(asked, client)
    try:
        if fault is not None:
            raise errors.InvalidRequestError(fault)
        _check(told)
        return core.get_consent_grant(asked, None)
    except OAuth2Error as error:
        error.redirect_uri = uri
        error.state = told.get("state")
        raise


def _check(told: dict[str, str]) -> None:
    """Refuse what Authlib does not look at, or would look at too kindly."""
    if "request" in told or "request_uri" in told:
        which = "request" if "request" in told else "request_uri"
        raise OAuth2Error(error=f"{which}_not_supported", description=f"Leave out {which}.")
    if "response_type" not in told:
        raise errors.InvalidRequestError("Send response_type=code.")
    if told["response_type"] != "code":
        raise OAuth2Error(
            error="unsupported_response_type", description="The only response_type is code."
        )
    if told.get("response_mode", "query") != "query":
        raise errors.InvalidRequestError("The only response_mode is query.")
    prompts = told.get("prompt", "").split()
    if not PROMPTS.issuperset(prompts) or ("none" in prompts and len(prompts) > 1):
        raise errors.InvalidRequestError("prompt is none, or any of login and consent.")
    if not DIGITS.fullmatch(told.get("max_age", "0")):
        raise errors.InvalidRequestError("max_age is a number of seconds.")


def _waiting(row: Any) -> Waiting:
    return Waiting(told=orjson.loads(row["parameters"]), since=row["created_at"])
