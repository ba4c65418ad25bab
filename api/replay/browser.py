"""A household's browser at the shop: signing in and consenting there, as a person would.

Our own side of a link are the verbs that our pages call (`partners.links.linking`); the shop's side
are its pages, over HTTP, with cookies and forms.
"""

import html
import re
import urllib.parse
from typing import Final
from uuid import UUID

import httpx2

from api.journey import keys, ordering
from api.replay import shop
from partners.links import linking, servers
from partners.reference_shop import shoppers
from wallet import money

TRIES_MAX: Final = 20
"""A person whose link came to nothing tries it again; so often it is the shop."""
STEPS_MAX: Final = 5
"""Redirects within the shop."""
_HIDDEN: Final = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


async def link(at: shop.Shop, household: int, member_id: UUID) -> int:
    """Link a household's account; how often it had to be tried, 0 if it never came to be."""
    server = await servers.by_id(at.links, ordering.PARTNER_ID)
    assert server is not None
    visitor = linking.Visitor(member_id, keys.named("browser", str(household)))
    for tried in range(1, TRIES_MAX + 1):
        address = await linking.begin(at.links, server, visitor)
        if not address.startswith("http"):
            continue  # The server did not say where it is.
        told = await _consented(at, household, address)
        link_id = await linking.complete(at.links, server, visitor, told)
        if not isinstance(link_id, UUID):
            continue  # A fault met the code or the account: the code is spent, so all of it again.
        if await linking.confirm(at.links, visitor, link_id) is None:
            return tried
    return 0


async def pay(at: shop.Shop, what: str, amount_minor: int, asset: money.Asset) -> bool:
    """Let the shop's cashier take an amount of a code, or of an account by its e-mail address."""
    async with _browser() as http:
        answer = await http.post(
            f"{at.running.origin}/till",
            data={"what": what, "amount": money.show(amount_minor, asset)},
            headers={"Origin": at.running.origin},
        )
    return answer.status_code == 200


async def _consented(at: shop.Shop, household: int, address: str) -> linking.Told:
    """Come with our address, sign in, allow it, and read what the browser would bring back."""
    origin = at.running.origin
    async with _browser() as http:
        page = await _follow(http, origin, await http.get(address))
        if page.url.path == "/signin":
            form = {
                "email": at.people[household - 1].email,
                "password": shoppers.PASSWORD,
                "next": _hidden(page)["next"],
            }
            page = await _send(http, origin, "/signin", form)
        form = {"request": _hidden(page)["request"], "decision": "allow"}
        answer = await _send(http, origin, "/oauth/consent", form)
    query = urllib.parse.urlsplit(answer.headers.get("location", "")).query
    told = dict(urllib.parse.parse_qsl(query))
    return linking.Told(*(told.get(name) for name in ("state", "code", "iss", "error")))


async def _send(
    http: httpx2.AsyncClient, origin: str, path: str, form: dict[str, str]
) -> httpx2.Response:
    answer = await http.post(f"{origin}{path}", data=form, headers={"Origin": origin})
    return await _follow(http, origin, answer)


async def _follow(
    http: httpx2.AsyncClient, origin: str, answer: httpx2.Response
) -> httpx2.Response:
    """Go on until a page comes, or the way leads out of the shop."""
    for _ in range(STEPS_MAX):
        location = urllib.parse.urljoin(str(answer.url), answer.headers.get("location", ""))
        if answer.status_code != 303 or not location.startswith(f"{origin}/"):
            return answer
        answer = await http.get(location)
    return answer


def _hidden(page: httpx2.Response) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page.text)}


def _browser() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=shop.ADMIN_SECONDS, trust_env=False)
