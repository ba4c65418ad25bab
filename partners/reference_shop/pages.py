"""Pages: what a shopper and a cashier see. Plain HTML, one stylesheet, no script, no frame."""

import functools
import urllib.parse
from importlib import resources
from typing import Final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from partners.reference_shop import shop
from wallet import money

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'{onward};"
    " base-uri 'none'; frame-ancestors 'none'"
)


def routes() -> list[BaseRoute]:
    """Return the address of the stylesheet."""
    return [Route("/shop.css", _stylesheet)]


def render(
    template: str, *, status: int = 200, redirect_uri: str | None = None, **values: object
) -> Response:
    """Return a page; `redirect_uri` is where its form may lead after us.

    Browsers apply the policy for forms to the redirects that follow them, too.
    """
    parts = urllib.parse.urlsplit(redirect_uri or "")
    onward = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return HTMLResponse(
        _templates().get_template(template).render(values),
        status_code=status,
        headers={
            "Content-Security-Policy": POLICY.format(onward=onward),
            # Without a referrer within our own origin, browsers post forms with `Origin: null`.
            "Referrer-Policy": "same-origin",
        },
    )


def problem(sentence: str, status: int = 400) -> Response:
    """Return a page that says what cannot be done."""
    return render("problem.html", status=status, sentence=sentence)


def amount(minor: int, currency: str) -> str:
    """Write an amount as it stands in a sentence."""
    return money.phrase(minor, money.asset(currency))


async def _stylesheet(_request: Request) -> Response:
    return Response(_css(), media_type="text/css", headers={"Cache-Control": "no-cache"})


@functools.cache
def _css() -> bytes:
    return (resources.files("partners.reference_shop") / "assets" / "shop.css").read_bytes()


@functools.cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("partners.reference_shop"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["shop_name"] = shop.NAME
    made.filters["amount"] = amount
    return made
