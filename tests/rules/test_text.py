"""Text from outside, and how it is printed in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet import errors
from wallet.rules import text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20))
def test_text_that_passes_can_be_stored(value: str) -> None:
    text.check(value, "name", chars_max=20, blank=True)

    assert value.encode()


@pytest.mark.parametrize("bad", ["", " \t\n", "x" * 21, "a\x00", "a\ud83d", "\udc00"])
def test_text_that_does_not_pass_is_named(bad: str) -> None:
    with pytest.raises(errors.TextInvalid) as caught:
        text.check(bad, "member", "name", chars_max=20)

    assert caught.value.path == ("member", "name")
    assert caught.value.message.encode()


def test_categories_are_one_whatever_their_capitals_spaces_and_spelling_of_accents() -> None:
    assert text.key(" Café  CRÈME") == text.key("café crème")


@given(st.text(max_size=8))
def test_the_key_of_a_key_is_the_key_itself(category: str) -> None:
    assert text.key(text.key(category)) == text.key(category)


@pytest.mark.parametrize(
    ("written", "printed"),
    [("MEN'S CARE", "Men's Care"), ("health & beauty", "Health & Beauty"), ("  dvd ", "Dvd")],
)
def test_a_category_is_printed_with_capitals_at_its_words(written: str, printed: str) -> None:
    assert text.title(written) == printed


def test_a_name_too_long_for_a_sentence_ends_in_an_ellipsis() -> None:
    assert text.shorten("Rosa  Drugstore", chars_max=14) == "Rosa Drugstore"
    assert text.shorten("Rosa Drugstore", chars_max=6) == "Rosa…"
