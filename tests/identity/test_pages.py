"""Pages: headers, languages, and what a page needs for everybody to read it."""

import html.parser
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from babel.messages import catalog, extract, pofile
from starlette.requests import Request

from api import settings, texts
from api.signin import accounts, browsers, pages
from tests.identity import visitor
from wallet import database

SIGNIN = Path(pages.__file__).parent
TEMPLATES = SIGNIN / "templates"
MESSAGE = str | tuple[str, ...]


def _written() -> dict[MESSAGE, str]:
    """Every sentence of the templates, and where it is."""
    found: dict[MESSAGE, str] = {}
    for path in sorted(one for one in TEMPLATES.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            for line, message, _, _ in extract.extract(
                "jinja2.ext:babel_extract", file, options={"trimmed": "true", "silent": "false"}
            ):
                found[message] = f"{path.name}:{line}"
    return found


def _catalogue(language: str) -> catalog.Catalog:
    path = SIGNIN.parent / "locale" / language / "LC_MESSAGES" / "pages.po"
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


@pytest.mark.parametrize("language", [one for one in texts.LANGUAGES if one != texts.SOURCE])
def test_every_sentence_is_translated(language: str) -> None:
    known = {
        message.id if isinstance(message.id, str) else tuple(message.id): message
        for message in _catalogue(language)
        if message.id
    }
    written = _written()

    assert len(written) > 100
    assert {} == {one: where for one, where in written.items() if one not in known}
    assert [] == [one for one in known if one not in written]
    assert [] == [one for one, message in known.items() if message.fuzzy or not _whole(message)]


@pytest.mark.parametrize("language", [one for one in texts.LANGUAGES if one != texts.SOURCE])
def test_a_translation_fills_in_what_its_sentence_does(language: str) -> None:
    wrong = [
        (message.id, message.string)
        for message in _catalogue(language)
        for said in _plain(message.string)
        if message.id and _holes(said) != _holes(_plain(message.id)[-1])
    ]

    assert [] == wrong


def test_no_sentence_of_a_page_stands_outside_the_catalogue() -> None:
    outside = []
    for path in sorted(TEMPLATES.glob("*.html")):
        text = re.sub(
            r"{%-? *trans.*?endtrans *-?%}|{% block width.*?endblock %}",
            "",
            path.read_text(),
            flags=re.DOTALL,
        )
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<svg.*?</svg>|<!doctype html>", "", text, flags=16)
        text = re.sub(r"<[^>]*>", " ", text)
        words = [word for word in re.findall(r"[A-Za-z]{2,}", text) if word != "Commonpurse"]
        outside += [f"{path.name}: {word}" for word in words]

    assert [] == outside


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("pt", "pt"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("pt-PT", "pt"),
        ("es", "es"),
        ("es-419,es;q=0.9,en;q=0.8", "es"),
        ("ca,es;q=0.8,pt;q=0.5", "es"),
        ("en-GB,pt;q=0.9", "en"),
        ("de,fr;q=0.9", "en"),
        ("de,pt;q=0.5,en;q=0.4", "pt"),
        ("en;q=0.1,pt;q=0.9", "pt"),
        ("pt;q=0", "en"),
        ("pt;q=nonsense", "en"),
        ("*", "en"),
        (",;q=,,=" * 1000, "en"),
    ],
)
def test_a_language_is_chosen_by_what_somebody_likes(header: str | None, expected: str) -> None:
    assert expected == texts.choose(header)


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        ("pt-BR,en;q=0.5", "pt", "Entre na sua carteira"),
        ("es-MX,en;q=0.5", "es", "Entra en tu monedero"),
    ],
)
async def test_a_page_says_its_language_and_that_it_depends_on_the_reader(
    db: database.Database, tmp_path: Path, accepted: str, language: str, title: str
) -> None:
    async with visitor.visit(db, tmp_path, language=accepted) as browser:
        page = await browser.get("/signin")

    assert page.headers["content-language"] == language
    assert {"Accept-Language", "Cookie"} <= set(page.headers["vary"].split(", "))
    assert f'<html lang="{language}">' in page.text
    assert title in page.text


async def test_a_chosen_language_stays_with_the_browser_and_the_person(
    browser: visitor.Visitor, db: database.Database, tmp_path: Path, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    answer = await browser.post("/language", language="pt", back="/account?said=app")

    assert answer.headers["location"] == "/account?said=app"
    assert "Sua conta" in (await browser.get("/account")).text
    async with visitor.visit(db, tmp_path) as other:
        before = await other.get("/signin")
        await other.sign_in(ana.email)
        after = await other.get("/account")
    assert [before.headers["content-language"], after.headers["content-language"]] == ["en", "pt"]


@pytest.mark.parametrize(
    ("language", "back", "status", "location"),
    [
        ("xx", "/signin", 400, None),
        ("", "/signin", 400, None),
        ("pt", "https://evil.example", 303, "/signin"),
        ("pt", "//evil.example", 303, "/signin"),
        ("pt", "/signin\\evil", 303, "/signin"),
        ("pt", "/recover?next=/account", 303, "/recover?next=/account"),
    ],
)
async def test_choosing_a_language_leads_back_to_a_page_of_ours(
    browser: visitor.Visitor, language: str, back: str, status: int, location: str | None
) -> None:
    answer = await browser.post("/language", language=language, back=back)

    assert (status, location) == (answer.status_code, answer.headers.get("location"))


ADDRESSES = ["/signin", "/staff/signin", "/recover", "/verify?key=x", "/account"]


async def test_every_page_keeps_to_its_own_house(
    browser: visitor.Visitor, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)

    for address in ADDRESSES:
        page = await browser.get(address if address != "/signin" else "/signin?next=/account")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        policy = page.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
        assert {"script-src 'self'", "style-src 'self'", "form-action 'self'"} <= set(policy)
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]* src=)", page.text)
        assert not re.search(r"(?:src|href|action)=\"(?!/|data:,|#)", page.text)


class _Reader(html.parser.HTMLParser):
    """What a screen reader would find missing."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.fields: list[dict[str, str | None]] = []
        self.headings: list[str] = []
        self.described: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.ids += [one] if (one := known.get("id")) else []
        self.described += (known.get("aria-describedby") or "").split()
        self.described += (known.get("aria-labelledby") or "").split()
        if tag == "label":
            self.labels.append(known.get("for") or "")
        if tag == "input" and known.get("type") != "hidden" and "aria-hidden" not in known:
            self.fields.append(known)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)


async def test_every_page_can_be_read_aloud(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    await browser.sign_in(ana.email)
    key = visitor.key_in(await visitor.link(browser, db, ana, "recover"))
    answers = [
        *[await browser.get(address) for address in (*ADDRESSES, "/signin?next=/account")],
        await browser.get(f"/verify?key={key}"),
        await browser.post("/verify", key=key, password="short"),
        await browser.post("/signin", email="x@example.org", password="y"),
        await browser.post("/account/password", password="short"),
        await browser.post("/recover", email="x"),
        await browser.post("/recover", email="x@example.org"),
        await browser.http.post("/signin"),
    ]

    for page in (one for one in answers if one.status_code != 303):
        reader = _Reader()
        reader.feed(page.text)
        assert reader.headings.count("h1") == 1
        assert reader.headings[0] == "h1"
        assert len(reader.ids) == len(set(reader.ids))
        assert set(reader.described) <= set(reader.ids)
        assert {one.get("id") for one in reader.fields} == set(reader.labels)
        assert page.status_code != 422 or 'role="alert"' in page.text


async def test_a_name_from_outside_is_text_and_nothing_else(
    browser: visitor.Visitor, db: database.Database, ana: accounts.Person
) -> None:
    await db.execute("update coalition.member set display_name = '<script>alert(1)</script>'")
    await browser.sign_in(ana.email)

    page = await browser.get("/account")
    mirrored = await browser.post("/signin", email='"><img src=x>', password="y")

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text
    assert "<img" not in mirrored.text


@pytest.mark.parametrize(
    ("redirect_uri", "expected"),
    [
        (None, "form-action 'self';"),
        ("https://shop.example/callback?x=1", "form-action 'self' https://shop.example;"),
        ("http://127.0.0.1:7000/cb", "form-action 'self' http://127.0.0.1:7000;"),
        ("com.example.wallet:/done", "form-action 'self' com.example.wallet:;"),
    ],
)
def test_a_form_may_lead_to_the_client_and_to_nobody_else(
    redirect_uri: str | None, expected: str
) -> None:
    request = Request({"type": "http", "headers": [], "method": "GET", "path": "/oauth/authorize",
                       "query_string": b"", "server": ("localhost", 80)})  # fmt: skip
    page = pages.render(
        request,
        settings.Settings(_env_file=None),
        "consent.html",
        redirect_uri=redirect_uri,
        client="Harvest <Row>",
        scopes=[("member", "unused"), ("new", "Do something new")],
        member="Ana",
        key="k" * 32,
    )

    assert expected in page.headers["content-security-policy"]
    text = bytes(page.body).decode()
    assert "Harvest &lt;Row&gt; asks to use your wallet" in text
    assert "make codes to spend" in text
    assert "Do something new" in text


async def test_a_proxy_may_serve_us_under_a_path(
    db: database.Database, tmp_path: Path, ana: accounts.Person
) -> None:
    async with visitor.visit(db, tmp_path, issuer="https://localhost:8000/wallet") as browser:
        page = await browser.get("/signin")
        answer = await browser.sign_in(ana.email)

    assert 'action="/wallet/signin"' in page.text
    assert 'href="/wallet/assets/pages.css?v=' in page.text
    assert answer.headers["location"] == "/wallet/account"


async def test_assets_are_kept_by_their_version(browser: visitor.Visitor) -> None:
    page = await browser.get("/signin")
    (style,) = re.findall(r'href="(/assets/pages.css\?v=\w+)"', page.text)

    kept = await browser.get(style)
    plain = await browser.get("/assets/pages.css")
    script = await browser.get("/assets/passkey.js")
    missing = [
        (await browser.get(f"/assets/{name}")).status_code
        for name in ("x.css", "..%2fsignin.py", "%2e%2e/pages.py")
    ]

    assert "immutable" in kept.headers["cache-control"]
    assert plain.headers["cache-control"] == "no-cache"
    assert kept.headers["content-type"].startswith("text/css")
    assert script.headers["content-type"].startswith("text/javascript")
    assert [404] * 3 == missing


TEXT = 4.5  # WCAG 2.2 AA: for text, and below it for the edge of a field
EDGE = 3.0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "behind", "least"),
    [
        ("ink", "sheet", TEXT),
        ("ink", "ground", TEXT),
        ("ink", "tint", TEXT),
        ("soft", "sheet", TEXT),
        ("soft", "ground", TEXT),
        ("accent", "sheet", TEXT),
        ("accent", "tint", TEXT),
        ("accent-deep", "sheet", TEXT),
        ("accent-ink", "accent", TEXT),
        ("accent-ink", "accent-deep", TEXT),
        ("bad", "sheet", TEXT),
        ("bad", "bad-tint", TEXT),
        ("edge", "sheet", EDGE),
    ],
)
def test_colours_can_be_told_apart(scheme: str, front: str, behind: str, least: float) -> None:
    style = (SIGNIN / "assets" / "pages.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root {(.*?)}", style, re.DOTALL)
    )
    colours = light if scheme == "light" else dark
    bright, dim = sorted((_light(colours[front]), _light(colours[behind])), reverse=True)

    assert (bright + 0.05) / (dim + 0.05) >= least


def _light(colour: str) -> float:
    """The relative luminance of WCAG."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        ("https://wallet.example", "https://wallet.example"),
        ("https://wallet.example:443/path", "https://wallet.example"),
        ("https://wallet.example:8443", "https://wallet.example:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://WALLET.example", "https://wallet.example"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(issuer: str, expected: str) -> None:
    assert expected == settings.Settings(_env_file=None, issuer=issuer).web_origin


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Firefox/140.0", "Firefox, Android"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_a_browser_is_known_by_its_name(user_agent: str, expected: str) -> None:
    assert expected == browsers.name(user_agent)


def _plain(text: str | Iterable[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or [""])


def _holes(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|</?strong>", text))


def _whole(message: catalog.Message) -> bool:
    return all(_plain(message.string))
