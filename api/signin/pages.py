"""Pages: what a person sees when signing in and consenting, in their language.

Templates with autoescape, one stylesheet, one small script for passkeys. A page may load nothing
else, may be framed by nobody, is never cached, and may send its form to us alone, or on to the one
client that the person is about to return to.
"""

import datetime
import functools
import hashlib
import urllib.parse
from importlib import resources
from typing import Final

import babel.dates
import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api import settings, texts

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'{redirect}; base-uri 'none'; frame-ancestors 'none'"
)
LANGUAGE_COOKIE: Final = "language"
LANGUAGE_LIFE: Final = datetime.timedelta(days=365)
ASSETS: Final = {"pages.css": "text/css", "passkey.js": "text/javascript"}
# Which version of an asset a page wants stands in its address, so a copy never gets old.
ASSET_CACHE: Final = "public, max-age=31536000, immutable"


def render(
    request: Request,
    house: settings.Settings,
    template: str,
    *,
    status: int = 200,
    redirect_uri: str | None = None,
    **values: object,
) -> Response:
    """Return a page in the language of whoever asks.

    `redirect_uri` is where the page's form may lead after us: browsers apply `form-action` to
    redirects too. `back` among the values is the page that a change of language leads to, where it
    should not be this one.
    """
    chosen = language(request)
    page = _templates(chosen).get_template(template)
    text = page.render(
        **{"at": urllib.parse.urlsplit(house.origin).path, "back": _address(request), **values}
    )
    return HTMLResponse(
        text,
        status_code=status,
        headers={
            "Cache-Control": "no-store",
            "Content-Language": chosen,
            "Content-Security-Policy": POLICY.format(redirect=_source(redirect_uri)),
            # Without a referrer within our own origin, browsers post forms with `Origin: null`.
            "Referrer-Policy": "same-origin",
            "Vary": "Accept-Language, Cookie",
        },
    )


def write(language: str, template: str, **values: object) -> str:
    """Return a text that is no page, such as a letter."""
    return _templates(language).get_template(template).render(**values)


def language(request: Request) -> str:
    """Return the language somebody chose, or else the one their browser asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in texts.LANGUAGES:
        return chosen
    return texts.choose(request.headers.get("accept-language"))


def remember(response: Response, house: settings.Settings, language: str) -> None:
    """Let the browser keep which language was chosen; it is no secret."""
    response.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=int(LANGUAGE_LIFE.total_seconds()),
        path="/",
        secure=house.secure,
        httponly=True,
        samesite="lax",
    )


async def asset(request: Request) -> Response:
    """Answer /assets/{name}."""
    name = request.path_params["name"]
    if name not in ASSETS:
        return Response(status_code=404)
    body, version = _asset(name)
    current = request.query_params.get("v") == version
    return Response(
        body,
        media_type=ASSETS[name],
        headers={"Cache-Control": ASSET_CACHE if current else "no-cache"},
    )


@functools.cache
def _templates(language: str) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("api.signin"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    known = texts.catalogue(language)
    made.install_gettext_translations(known, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {
        "language": language,
        "languages": texts.LANGUAGES,
        "version": lambda name: _asset(name)[1],
    }
    made.policies["ext.i18n.trimmed"] = True  # a sentence may be folded in its template
    made.filters["ago"] = lambda then: _ago(then, language)
    return made


def _ago(then: datetime.datetime, language: str) -> str:
    passed = then - datetime.datetime.now(datetime.UTC)
    return babel.dates.format_timedelta(passed, add_direction=True, locale=language)


@functools.cache
def _asset(name: str) -> tuple[bytes, str]:
    body = (resources.files("api.signin") / "assets" / name).read_bytes()
    return body, hashlib.sha256(body).hexdigest()[:16]


def _address(request: Request) -> str:
    """Return the page's own path with its query, for a form that leads back to it."""
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['path']}?{query}".rstrip("?")


def _source(redirect_uri: str | None) -> str:
    """Say an address as a source of the policy: its origin, or the scheme that an app claims."""
    if redirect_uri is None:
        return ""
    parts = urllib.parse.urlsplit(redirect_uri)
    if parts.scheme not in {"http", "https"}:
        return f" {parts.scheme}:"
    return f" {parts.scheme}://{parts.netloc}"
