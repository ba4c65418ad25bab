"""Receipts: what is on the paper, in which language, for whom, and the same bytes each time."""

import ast
import datetime
import io
import zoneinfo
from pathlib import Path
from typing import Any

import httpx2
import pypdf
import pytest
from babel.messages import pofile

from api import texts
from api.receipts import door, drawing, gathering
from tests.api import client
from tests.conftest import ROOT, Connection
from tests.identity import visitor
from tests.wallet import factories, giving
from wallet import database, donate, ids, members, money
from wallet.rules import charities

LISBON = zoneinfo.ZoneInfo("Europe/Lisbon")
RIVER = charities.Facts(
    name="Fundação dos Rios",
    about="Clean rivers.",
    category="environment",
    country="PT",
    registrar="Registo de IPSS",
    registration="17/2009",
    website="https://rios.example",
)
DRAWN = Path(drawing.__file__)


def receipt(**changes: Any) -> gathering.Receipt:
    plain: dict[str, Any] = {
        "number": "don_01m8cd6mj3e0rtgj02atm4cynd",
        "house": "Common purse",
        "member": "Ana Conceição",
        "at": datetime.datetime(2026, 11, 26, 17, 20, tzinfo=LISBON),
        "rows": (gathering.Row(RIVER, money.EUR, 12_345, 1),),
        "kind": "share",
    }
    return gathering.Receipt(**{**plain, **changes})


def pages(drawn: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(drawn)).pages]


def test_the_paper_says_who_gave_what_to_whom_and_when() -> None:
    (text,) = pages(drawing.draw(receipt(), "en"))

    for said in (
        "Common purse",
        "123.45 EUR",
        "Ana Conceição",
        "Fundação dos Rios",
        "Registo de IPSS · 17/2009 · PT",
        "https://rios.example",
        "November 26, 2026",
        "17:20 WET",
        "Your pledge of a share of your cashback",
        "don_01m8cd6mj3e0rtgj02atm4cynd",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("language", "day", "said"),
    [
        ("pt", "26 de novembro de 2026", "Você doou"),
        ("es", "26 de noviembre de 2026", "Donaste"),
    ],
)
def test_the_paper_is_in_the_members_language(language: str, day: str, said: str) -> None:
    drawn = drawing.draw(receipt(), language)
    (text,) = pages(drawn)

    assert day in text
    assert said in text
    assert language == str(pypdf.PdfReader(io.BytesIO(drawn)).root_object["/Lang"])


def test_the_same_receipt_is_the_same_bytes() -> None:
    assert drawing.draw(receipt(), "en") == drawing.draw(receipt(), "en")
    found = pypdf.PdfReader(io.BytesIO(drawing.draw(receipt(), "en"))).metadata
    assert found is not None
    assert found.creation_date == receipt().at


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ελένη Παπαδοπούλου", "Ελένη Παπαδοπούλου"),
        ("Ольга Їжакевич", "Ольга Їжакевич"),
        ("Nguyễn Thị Ánh", "Nguyễn Thị Ánh"),
        ("Zoë e\u0301", "Zoë é"),
        ("山田 Ana", "?? Ana"),
        ("Ana\n\u202eevil\x07", "Ana evil"),
        ("x" * 400, "x" * 50),
        ("", "Given by"),
    ],
)
def test_any_name_is_drawn_and_what_the_font_lacks_stops_nothing(name: str, shown: str) -> None:
    (text,) = pages(drawing.draw(receipt(member=name), "en"))

    assert shown in text


def test_a_year_lists_each_charity_with_a_total_for_each_currency() -> None:
    rows = [gathering.Row(RIVER, money.EUR, 1_000 * one, one) for one in range(1, 40)]
    rows.append(gathering.Row(RIVER, money.USD, 5, 1))
    drawn = pages(drawing.draw(receipt(rows=tuple(rows), year=2026, kind=None), "en"))

    text = "\n".join(drawn)
    assert len(drawn) > 1
    assert "7800.00 EUR" in drawn[0] and "0.05 USD" in drawn[0]
    assert 40 == text.count("Registo de IPSS")
    assert all("Common purse" in page for page in drawn)
    assert "a later receipt" not in text


def test_a_year_that_is_not_over_says_so() -> None:
    (text,) = pages(drawing.draw(receipt(year=2026, kind=None, is_complete=False), "en"))
    text = " ".join(text.split())

    assert "a later receipt may say more" in text


def test_every_word_of_a_receipt_is_translated() -> None:
    tree = ast.parse(DRAWN.read_text(encoding="utf-8"))
    said = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for language in set(texts.LANGUAGES) - {texts.SOURCE}:
        path = ROOT / "api" / "locale" / language / "LC_MESSAGES" / "receipts.po"
        with path.open("rb") as file:
            written = {str(one.id): one.string for one in pofile.read_po(file) if one.id}

        assert [] == [word for word in written if word not in said]
        assert all(written.values())
        assert set(drawing.HOW.values()) <= set(written)
        calls = [
            node.args[0].value
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) == "say"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ]
        assert set(calls) <= set(written)


@pytest.fixture
async def member(coalition: factories.Coalition, ana: client.Client) -> members.Member:
    """Ana, who has 20.00 EUR."""
    return await members.find(coalition.db, ana.principal_id)


async def gave(
    coalition: factories.Coalition, member: members.Member, minor: int, **more: Any
) -> str:
    """Let Ana give to a charity of her choice; the shown id of the gift."""
    key = ids.new()
    charity_id = more.pop("charity_id", None) or await giving.charity(coalition)
    await coalition.give(member, charity_id, minor, key=key, **more)
    return ids.show("don", donate.donation_id(key, member.wallet_id))


async def fetch(caller: client.Client, name: str, **headers: str) -> httpx2.Response:
    return await caller.http.get(
        f"/receipts/{name}.pdf", headers={"Authorization": f"Bearer {caller.token}", **headers}
    )


async def test_a_member_fetches_the_receipt_of_a_gift_with_the_token_of_the_app(
    coalition: factories.Coalition, ana: client.Client, member: members.Member
) -> None:
    gift = await gave(coalition, member, 500)

    first, again = await fetch(ana, gift), await fetch(ana, gift)
    spanish = await fetch(ana, gift, **{"Accept-Language": "es"})

    assert (200, "application/pdf") == (first.status_code, first.headers["content-type"])
    assert "no-store" == first.headers["cache-control"]
    assert f"receipt-{gift}.pdf" in first.headers["content-disposition"]
    assert first.content == again.content
    (text,) = pages(first.content)
    assert "5.00 EUR" in text and "River Fund" in text and member.display_name in text
    assert "Donaste" in pages(spanish.content)[0]


async def test_one_member_cannot_keep_the_others_waiting_for_their_receipts(
    coalition: factories.Coalition, ana: client.Client, ben: client.Client, member: members.Member
) -> None:
    gift = await gave(coalition, member, 500)

    found = [await fetch(ana, gift) for _ in range(door.OFTEN.attempts)]
    while found[-1].status_code == 200 and len(found) < 3 * door.OFTEN.attempts:
        found.append(await fetch(ana, gift))  # what is given back meanwhile may be used

    assert {200} == {one.status_code for one in found[: door.OFTEN.attempts]}
    assert 429 == found[-1].status_code
    assert 0 < int(found[-1].headers["retry-after"]) <= 60
    assert 404 == (await fetch(ben, gift)).status_code


async def test_the_charity_is_named_as_it_was_on_the_day_of_the_gift(
    coalition: factories.Coalition, ana: client.Client, member: members.Member
) -> None:
    charity_id = await giving.charity(coalition, name="Old Name")
    gift = await gave(coalition, member, 500, charity_id=charity_id)
    before = (await fetch(ana, gift)).content

    await giving.rename(coalition, charity_id, name="New Name")

    assert before == (await fetch(ana, gift)).content
    assert "Old Name" in pages(before)[0]


async def test_a_year_is_the_programmes_own_and_only_what_was_given_in_it(
    coalition: factories.Coalition, ana: client.Client, member: members.Member
) -> None:
    charity_id = await giving.charity(coalition)
    midnight = datetime.datetime(2025, 1, 1, tzinfo=LISBON)
    for at, minor in (
        (midnight - datetime.timedelta(seconds=1), 100),
        (midnight, 20),
        (midnight + datetime.timedelta(days=364), 3),
        (midnight + datetime.timedelta(days=365), 400),
    ):
        await gave(coalition, member, minor, charity_id=charity_id, now=at)

    found = {year: await fetch(ana, str(year)) for year in (2023, 2024, 2025, 2026)}

    assert [404, 200, 200, 200] == [one.status_code for one in found.values()]
    assert "1.00 EUR" in pages(found[2024].content)[0]
    assert "0.23 EUR" in pages(found[2025].content)[0]
    assert "4.00 EUR" in pages(found[2026].content)[0]


async def test_a_receipt_of_somebody_else_is_answered_like_none(
    coalition: factories.Coalition,
    ana: client.Client,
    ben: client.Client,
    rosa: client.Client,
    support: client.Client,
    member: members.Member,
) -> None:
    gift = await gave(coalition, member, 500)
    nothing = await fetch(ben, ids.show("don", ids.new()))

    for caller in (ben, rosa, support):
        hidden = await fetch(caller, gift)
        assert (404, nothing.content) == (hidden.status_code, hidden.content)
    for name in ("2026", "0000", "9999", "don_x", "x", "don_" + "z" * 26):
        assert 404 == (await fetch(ben, name)).status_code


async def test_a_token_that_is_none_is_told_so(ana: client.Client) -> None:
    answer = await ana.http.get("/receipts/2026.pdf", headers={"Authorization": "Bearer x"})

    assert 401 == answer.status_code
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_in_a_browser_a_member_signs_in_first_and_finds_the_receipts_of_each_year(
    db: database.Database, coalition: factories.Coalition, tmp_path: Path
) -> None:
    member = await coalition.member()
    ana = await visitor.give_password(db, "member", member.member_id)
    await coalition.fill(member, 500)
    gift = await gave(coalition, member, 500)
    async with visitor.visit(db, tmp_path) as browser:
        stranger = await browser.get(f"/receipts/{gift}.pdf")
        signed_in = await browser.sign_in(ana.email, next=f"/receipts/{gift}.pdf")
        shown = await browser.get(f"/receipts/{gift}.pdf")
        account = (await browser.get("/account")).text
        year = await browser.get("/receipts/2026.pdf")

    assert (303, f"/signin?next=/receipts/{gift}.pdf") == (
        *(stranger.status_code, stranger.headers["location"]),
    )
    assert f"/receipts/{gift}.pdf" == signed_in.headers["location"]
    assert "5.00 EUR" in pages(shown.content)[0]
    assert 'href="/receipts/2026.pdf"' in account
    assert "5.00 EUR" in pages(year.content)[0]


async def test_a_member_who_gave_nothing_is_shown_no_receipts(
    db: database.Database, coalition: factories.Coalition, tmp_path: Path, owner: Connection
) -> None:
    member = await coalition.member()
    ana = await visitor.give_password(db, "member", member.member_id)
    async with visitor.visit(db, tmp_path) as browser:
        await browser.sign_in(ana.email)
        account = (await browser.get("/account")).text

    assert "/receipts/" not in account
