"""What the scalars let in and what they print."""

import datetime
import decimal
import uuid

import graphql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.graphql import scalars

NONSENSE = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1E+3",
    "1e3",
    "1_000",
    "1,000",
    "١٢٣",
    "１２３",
    "+1",
    "01",
    ".5",
    "5.",
    "",
    " 1",
    "1\n",
    "1.1234567",
    "1234567890123456",
    "0x10",
    "--1",
    1,
    1.5,
    True,
    None,
    [],
    {},
]


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
def test_a_decimal_that_is_not_a_plain_decimal_in_a_string_is_refused(value: object) -> None:
    with pytest.raises(graphql.GraphQLError):
        scalars.read_decimal(value)


@given(st.decimals(min_value=-(10**15) + 1, max_value=10**15 - 1, places=6))
def test_every_decimal_written_plainly_is_read_unchanged(value: decimal.Decimal) -> None:
    text = format(value, "f")

    read = scalars.read_decimal(text)

    assert decimal.Decimal(read) == value


@given(st.text())
def test_what_is_read_as_a_decimal_has_only_ascii_digits_and_no_exponent(text: str) -> None:
    try:
        read = scalars.read_decimal(text)
    except graphql.GraphQLError:
        return

    assert set(read) <= set("-.0123456789")


@given(st.floats() | st.integers() | st.booleans())
def test_a_json_number_is_never_read_as_a_decimal(value: float) -> None:
    with pytest.raises(graphql.GraphQLError):
        scalars.read_decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21",
        "2026-11-21T10:00:00",
        "2026-W47-6T10:00:00Z",
        "2026-11-21T10:00Z",
        "2026-02-30T10:00:00Z",
        "2026-11-21T25:00:00Z",
        "2026-11-21T10:00:60Z",
        "2026-11-21 10:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "٢٠٢٦-11-21T10:00:00Z",
        "now",
        1732183200,
    ],
    ids=repr,
)
def test_an_instant_without_zone_or_outside_the_calendar_is_refused(text: object) -> None:
    with pytest.raises(graphql.GraphQLError):
        scalars.read_instant(text)


@given(
    st.datetimes(
        min_value=datetime.datetime(1, 1, 3),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime.datetime(9999, 12, 29),  # noqa: DTZ001
        timezones=st.timezones(),
    )
)
def test_a_printed_instant_is_in_utc_and_reads_back_as_the_same_instant(
    instant: datetime.datetime,
) -> None:
    printed = scalars.show_instant(instant)

    assert printed.endswith("Z")
    assert scalars.read_instant(printed) == instant.astimezone(datetime.UTC)


def test_an_instant_with_an_offset_is_read_as_utc() -> None:
    read = scalars.read_instant("2026-11-21t12:30:00.5+02:00")

    assert read == datetime.datetime(2026, 11, 21, 10, 30, 0, 500_000, tzinfo=datetime.UTC)
    assert read.tzinfo is datetime.UTC


@pytest.mark.parametrize("key", ["short", "a" * 15, "a" * 65, "a b" * 8, "ключ" * 5, 16 * "\x00"])
def test_an_idempotency_key_is_16_to_64_url_safe_characters(key: str) -> None:
    with pytest.raises(graphql.GraphQLError):
        scalars.read_idempotency_key(key)

    assert scalars.read_idempotency_key("a" * 16) == "a" * 16
    assert scalars.read_idempotency_key("A-_9" * 16) == "A-_9" * 16


@given(st.binary(max_size=40))
def test_a_cursor_that_was_not_made_here_never_becomes_a_place(raw: bytes) -> None:
    text = raw.decode("latin-1")

    try:
        read = scalars.read_cursor(text)
    except graphql.GraphQLError:
        return
    assert scalars.cursor(*scalars.place(read)) == read


INSTANTS = st.datetimes(
    min_value=datetime.datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(datetime.UTC),
)
KEYS = (
    INSTANTS
    | st.tuples(INSTANTS, INSTANTS)
    | st.integers(min_value=0, max_value=10**17)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=120)
)


@given(KEYS, st.uuids())
def test_a_cursor_leads_back_to_its_row(key: datetime.datetime | int | str, row: uuid.UUID) -> None:
    printed = scalars.cursor(key, row)

    assert scalars.place(scalars.read_cursor(printed)) == (key, row)


def test_an_error_of_a_scalar_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(graphql.GraphQLError) as caught:
        scalars.read_decimal("<script>")

    assert "script" not in caught.value.message
