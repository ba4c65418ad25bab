"""Drawing a receipt: one page to keep, the same bytes whenever it is drawn.

Nothing in the file says when it was made but the gift itself. Names may have any Latin, Greek or
Cyrillic letters; what the font lacks is a question mark, and never stops the page.
"""

import datetime
import unicodedata
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Final

import babel.dates
import fpdf
from fpdf.fonts import TTFFont

from api import texts
from api.receipts.gathering import Receipt, Row
from wallet import money

FONT: Final = "Noto Sans"
INK: Final = (28, 34, 43)
QUIET: Final = (104, 113, 125)
LINE: Final = (214, 219, 225)
MARK: Final = (15, 107, 88)
EDGE: Final = 22  # millimetres of paper at each side, as a letter has
WIDE: Final = 210 - 2 * EDGE
LABEL: Final = 46
LACKING: Final = "?"
CHARS_MAX: Final = 300  # of one text; the names of people and charities are held to 120

Say = Callable[[str], str]


def draw(receipt: Receipt, language: str) -> bytes:
    """Return a receipt as PDF, in a language."""
    say = texts.catalogue(language).gettext
    page = _Page(receipt, language, say)
    page.add_page()
    if receipt.year is None:
        _gift(page, receipt)
    else:
        _year(page, receipt)
    return bytes(page.output())


class _Page(fpdf.FPDF):
    """A4 with the operator's name at its top, and the number of the receipt at its foot."""

    def __init__(self, receipt: Receipt, language: str, say: Say) -> None:
        super().__init__(format="A4")
        self.receipt, self.language, self.say = receipt, language, say
        for style, name in (("", "Regular"), ("B", "Bold")):
            self.add_font(FONT, style, _file(name))
        fonts = [one for one in self.fonts.values() if isinstance(one, TTFFont)]
        self.letters = set.intersection(*(set(one.cmap) for one in fonts))
        self.set_margins(EDGE, EDGE)
        self.set_auto_page_break(auto=True, margin=34)
        self.set_creation_date(receipt.at.astimezone(datetime.UTC))
        self.set_title(f"{say('Receipt')} {receipt.number}")
        self.set_author(self.shown(receipt.house))
        self.set_lang(language)

    def header(self) -> None:
        """A bar of colour, who writes, and what this is."""
        self.set_fill_color(*MARK)
        self.rect(0, 0, 210, 4, style="F")
        self.set_y(EDGE - 4)
        self.write_in("B", 13, INK, self.receipt.house, width=WIDE * 0.62)
        self.set_xy(EDGE + WIDE * 0.62, EDGE - 4)
        kind = "Receipt for a gift" if self.receipt.year is None else "Receipt for a year of gifts"
        self.write_in("", 9.5, QUIET, self.say(kind).upper(), align="R")
        self.set_y(EDGE + 16)

    def footer(self) -> None:
        """What this paper is not, its number, and which page it is."""
        self.set_y(-30)
        self.rule()
        self.ln(2.5)
        self.write_in(
            "",
            8,
            QUIET,
            self.say("Whether a gift lowers your taxes is for your tax office to say."),
        )
        self.ln(4.2)
        self.write_in("", 8, QUIET, self.receipt.number, width=WIDE * 0.8)
        self.set_x(EDGE + WIDE * 0.8)
        self.write_in("", 8, QUIET, str(self.page_no()), align="R")

    def write_in(
        self,
        style: str,
        size: float,
        colour: tuple[int, int, int],
        text: str,
        *,
        width: float = 0,
        align: str = "L",
    ) -> None:
        """Write one line, made smaller until it fits."""
        shown = self.shown(text)
        self.set_text_color(*colour)
        self.set_font(FONT, style, size)
        room = width or self.w - self.r_margin - self.x
        while size > 5 and self.get_string_width(shown) > room - 2:
            size -= 0.5
            self.set_font(FONT, style, size)
        self.cell(room, size * 0.46, shown, align=align)

    def shown(self, text: str) -> str:
        """A text as the fonts can draw it: composed, on one line, marks for what they lack."""
        plain = " ".join(unicodedata.normalize("NFC", text[:CHARS_MAX]).split())
        return "".join(
            one if ord(one) in self.letters else LACKING
            for one in plain
            if unicodedata.category(one) not in ("Cc", "Cf", "Cs")
        )

    def paragraph(self, size: float, colour: tuple[int, int, int], text: str) -> None:
        """Write as many lines as it takes."""
        self.set_font(FONT, "", size)
        self.set_text_color(*colour)
        self.multi_cell(WIDE, size * 0.56, self.shown(text), align="L")
        self.set_x(EDGE)

    def rule(self) -> None:
        """A thin line across."""
        self.set_draw_color(*LINE)
        self.set_line_width(0.25)
        self.line(EDGE, self.get_y(), EDGE + WIDE, self.get_y())

    def fact(self, label: str, *lines: str) -> None:
        """A label, and what it is about beside it."""
        self.rule()
        self.ln(3.4)
        top = self.get_y()
        self.write_in("", 9.5, QUIET, label, width=LABEL)
        self.set_y(top)
        for place, line in enumerate(one for one in lines if one):
            self.set_x(EDGE + LABEL)
            self.write_in("B" if place == 0 else "", 11 if place == 0 else 9.5, INK, line)
            self.ln(6.2 if place == 0 else 5.4)
        self.ln(2.2)

    def day(self, at: datetime.datetime) -> str:
        """A day in words."""
        return babel.dates.format_date(at.date(), format="long", locale=self.language)

    def amount(self, minor: int, asset: money.Asset) -> str:
        """An amount with its currency, as the rest of the product writes it."""
        return money.phrase(minor, asset)


def _gift(page: _Page, receipt: Receipt) -> None:
    (row,) = receipt.rows
    page.write_in("", 11, QUIET, page.say("You gave"))
    page.ln(9)
    page.write_in("B", 34, MARK, page.amount(row.amount_minor, row.asset))
    page.ln(20)
    page.write_in("B", 17, INK, row.charity.name)
    page.ln(16)
    page.fact(page.say("Given by"), receipt.member)
    time = f"{receipt.at:%H:%M} {receipt.at:%Z}"
    page.fact(page.say("On"), page.day(receipt.at), time)
    page.fact(page.say("Charity"), row.charity.name, _registered(row), row.charity.website)
    page.fact(page.say("How"), page.say(HOW[receipt.kind or "once"]))
    page.fact(page.say("Number"), receipt.number)
    page.rule()
    page.ln(8)
    page.paragraph(
        10,
        QUIET,
        page.say("The gift came out of your cashback. All of it goes to the charity."),
    )


HOW: Final = {
    "once": "A gift of your own choice",
    "share": "Your pledge of a share of your cashback",
    "round_up": "Your pledge to round up what you spend",
    "expiring": "Given before it expired",
}


def _year(page: _Page, receipt: Receipt) -> None:
    page.write_in("", 11, QUIET, page.say("You gave in {year}").format(year=receipt.year))
    page.ln(9)
    for asset, minor in receipt.totals.items():
        page.write_in("B", 30, MARK, page.amount(minor, asset))
        page.ln(16)
    page.ln(2)
    page.fact(page.say("Given by"), receipt.member)
    page.fact(page.say("Last gift on"), page.day(receipt.at))
    page.rule()
    page.ln(9)
    _table(page, receipt.rows)
    page.ln(7)
    said = page.say("The gifts came out of your cashback. All of it goes to the charities.")
    if not receipt.is_complete:
        said = f"{said} {page.say('The year is not over: a later receipt may say more.')}"
    page.paragraph(10, QUIET, said)


def _table(page: _Page, rows: Sequence[Row]) -> None:
    widths = (WIDE * 0.6, WIDE * 0.14, WIDE * 0.26)
    _heads(page, widths)
    for place, row in enumerate(rows):
        if place and page.will_page_break(16):
            page.add_page()
            _heads(page, widths)
        top = page.get_y()
        page.write_in("B", 10.5, INK, row.charity.name, width=widths[0])
        page.write_in("", 10.5, INK, str(row.times), width=widths[1], align="R")
        page.write_in("B", 10.5, INK, page.amount(row.amount_minor, row.asset), align="R")
        page.set_xy(EDGE, top + 5.4)
        page.write_in("", 8.5, QUIET, _registered(row), width=widths[0])
        page.set_y(top + 12)
        page.rule()
        page.ln(2.6)


def _heads(page: _Page, widths: Sequence[float]) -> None:
    page.write_in("", 8.5, QUIET, page.say("Charity"), width=widths[0])
    page.write_in("", 8.5, QUIET, page.say("Gifts"), width=widths[1], align="R")
    page.write_in("", 8.5, QUIET, page.say("Amount"), align="R")
    page.ln(6)
    page.rule()
    page.ln(2.6)


def _registered(row: Row) -> str:
    it = row.charity
    return " · ".join(one for one in (it.registrar, it.registration, it.country) if one)


def _file(name: str) -> str:
    return str(resources.files("api.receipts") / "fonts" / f"NotoSans-{name}.ttf")
