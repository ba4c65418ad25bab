"""One language for sentences with figures in them: amounts, rates, quantities, lists of names.

English figures are those of the stored sentences (`12.34 EUR`, `5 %`); others are written as their
readers write them (`12,34 EUR`). Only decimals go to Babel, never a float. A sentence is English in
the source, with named places for its figures, and is looked up in the catalogue `explanations`.
"""

import functools
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal

from babel import lists, numbers

from api import texts
from wallet import money
from wallet.rules import sentences, text

SENTENCE_CHARS_MAX: Final = sentences.SENTENCE_CHARS_MAX
CAMPAIGN_CHARS_MAX: Final = 60
NAME_CHARS_MAX: Final = 40
NAMES_MAX: Final = 3
"""Names in one sentence: a condition may have thousands, a reader wants to see what they are."""

LOCALES: Final = {"en": "en_GB", "es": "es", "pt": "pt"}
THOUSAND: Final = money.Asset(0, "thousandths", 3, "points")


class Tongue:
    """Says sentences in one language."""

    def __init__(self, language: str) -> None:
        self._catalogue = texts.catalogue(language)
        self._english = language == texts.SOURCE
        self._locale = LOCALES[language]

    def say(self, sentence: str, /, **facts: str) -> str:
        """Say a sentence with its facts."""
        return self._catalogue.gettext(sentence).format(**facts)

    def many(self, one: str, more: str, count: int, /, **facts: str) -> str:
        """Say a sentence whose words depend on a number, which is its `count`."""
        said = self._catalogue.ngettext(one, more, abs(count))
        return said.format(count=self.whole(count), **facts)

    def amount(self, minor: int, asset: money.Asset) -> str:
        """Write an amount as it stands in a sentence."""
        if self._english:
            return money.phrase(minor, asset)
        exact = Decimal(money.show(minor, asset))
        if asset.kind == "points":
            assert asset.exponent == 0
            return self.many("{count} point", "{count} points", minor)
        pattern = "#,##0." + "0" * asset.exponent if asset.exponent else "#,##0"
        return f"{self._plain(numbers.format_decimal(exact, pattern, self._locale))} {asset.code}"

    def percent(self, bps: int) -> str:
        """Write basis points as a percentage, exactly."""
        if self._english:
            return sentences.percent(bps)
        share = Decimal(bps) / 10_000
        return self._plain(
            numbers.format_percent(share, locale=self._locale, decimal_quantization=False)
        )

    def whole(self, number: int) -> str:
        """Write a whole number."""
        if self._english:
            return str(number)
        return self._plain(numbers.format_decimal(number, locale=self._locale))

    def thousandths(self, milli: int) -> str:
        """Write thousandths without decimals that say nothing: 1500 is `1.5`, or `1,5`."""
        whole, _, decimals = money.show(milli, THOUSAND).partition(".")
        exact = f"{whole}.{decimals}".rstrip("0").rstrip(".")
        if self._english:
            return exact
        return self._plain(numbers.format_decimal(Decimal(exact), locale=self._locale))

    def days(self, count: int) -> str:
        """Write how many days."""
        return self.many("{count} day", "{count} days", count)

    def every(self, names: Sequence[str], style: Literal["standard", "or"] = "standard") -> str:
        """List all the parts that a sentence names, which are few."""
        return lists.format_list([*names], style=style, locale=self._locale)

    def names(self, names: Sequence[str], style: Literal["standard", "or"] = "or") -> str:
        """List names from outside: the first few; how many more there are is not always stored."""
        shown = [text.shorten(one, chars_max=NAME_CHARS_MAX) for one in names[:NAMES_MAX]]
        if len(names) <= NAMES_MAX:
            return self.every(shown, style)
        return self.say("{names} and more", names=", ".join(shown))

    @staticmethod
    def _plain(figure: str) -> str:
        # Sentences are kept, compared and searched: one kind of space is enough.
        return figure.replace("\xa0", " ").replace("\u202f", " ")


@functools.cache
def of(language: str) -> Tongue:
    """Return the tongue of a language. KeyError for one that we do not have."""
    return Tongue(language)


def weekday(told: Tongue, day: str) -> str:
    """Say a day after "only on", as one that comes every week; Babel's names stand alone."""
    return {
        "mon": told.say("Monday"),
        "tue": told.say("Tuesday"),
        "wed": told.say("Wednesday"),
        "thu": told.say("Thursday"),
        "fri": told.say("Friday"),
        "sat": told.say("Saturday"),
        "sun": told.say("Sunday"),
    }[day]


def campaign(name: str) -> str:
    """Fit the name of a campaign into a sentence."""
    return text.shorten(name, chars_max=CAMPAIGN_CHARS_MAX)


def short(said: str, chars_max: int) -> str:
    """Fit a text from outside into a sentence."""
    return text.shorten(said, chars_max=chars_max)


def bounded(said: str) -> str:
    """Fit a sentence into what a screen shows, its first letter large."""
    return text.shorten(said[:1].upper() + said[1:], chars_max=SENTENCE_CHARS_MAX)
