"""The page of an invitation shows the code that its link brings, and asks nothing of the books."""

from pathlib import Path

import pytest

from tests.identity import visitor
from wallet import database


@pytest.mark.parametrize(
    ("told", "language", "status", "shown"),
    [
        ("bcdf-ghjk", "en", 200, "BCDF-GHJK"),
        ("BCDFGHJK", "pt", 200, "Você recebeu um convite"),
        ("BCDFGHJK", "es", 200, "Tienes una invitación"),
        ("BCDF", "en", 404, "This code is not complete"),
        ("", "en", 404, "This code is not complete"),
        ("<b>", "en", 404, "This code is not complete"),
    ],
)
async def test_the_link_of_an_invitation_shows_its_code(
    db: database.Database, tmp_path: Path, told: str, language: str, status: int, shown: str
) -> None:
    async with visitor.visit(db, tmp_path, language=language) as browser:
        page = await browser.get("/join", params={"code": told})

    assert (page.status_code, page.headers["content-language"]) == (status, language)
    assert shown in page.text
    assert "<b>" not in page.text
