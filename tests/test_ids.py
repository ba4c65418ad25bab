"""Ids: sortable, one text each, and the same on every retry."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet import ids

CALLER = uuid.UUID("01890000-0000-7000-8000-00000000abcd")
KEY_7 = "0192d3f4-aabb-7123-9123-0123456789ab"


def test_a_new_id_is_a_version_7_uuid_and_ids_sort_by_time() -> None:
    made = [ids.new() for _ in range(1000)]

    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert len(set(made)) == 1000
    milliseconds = [one.int >> 80 for one in made]
    assert milliseconds == sorted(milliseconds)


def test_a_bucket_is_the_last_byte_of_the_wallet_id() -> None:
    assert ids.bucket_of(CALLER) == 0xCD
    assert {ids.bucket_of(uuid.UUID(int=n)) for n in range(512)} == set(range(ids.BUCKETS))


@given(st.uuids(), st.sampled_from(sorted(ids.PREFIXES)))
def test_an_id_is_read_back_from_its_text(value: uuid.UUID, prefix: str) -> None:
    text = ids.show(prefix, value)

    assert ids.parse(prefix, text) == value
    assert len(text) == 30
    assert text == text.lower()


@given(st.lists(st.uuids(), min_size=2, max_size=2))
def test_texts_sort_as_their_ids_do(pair: list[uuid.UUID]) -> None:
    assert [ids.show("mov", one) for one in sorted(pair)] == sorted(
        ids.show("mov", one) for one in pair
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mem_",
        "mem",
        "wal_00000000000000000000000000",
        "mem_0000000000000000000000000",
        "mem_000000000000000000000000000",
        "MEM_00000000000000000000000000",
        "mem_0000000000000000000000000A",
        "mem_0000000000000000000000000i",
        "mem_0000000000000000000000000u",
        "mem_80000000000000000000000000",
        "mem-00000000000000000000000000",
        " mem_00000000000000000000000000",
        "mem_00000000000000000000000000\n",
        "mem_0000000000000000000000000０",
    ],
)
def test_nothing_but_the_one_text_of_an_id_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="member"):
        ids.parse("mem", text)


def test_the_same_key_of_the_same_caller_and_verb_is_the_same_request() -> None:
    once = ids.request(CALLER, "redemptionAuthorize", "key-1234567890abcdef")

    assert once == ids.request(CALLER, "redemptionAuthorize", "key-1234567890abcdef")
    assert once.version == 8


def test_another_caller_verb_or_key_is_another_request() -> None:
    made = {
        ids.request(CALLER, "hold", "a" * 16),
        ids.request(uuid.UUID(int=1), "hold", "a" * 16),
        ids.request(CALLER, "capture", "a" * 16),
        ids.request(CALLER, "hold", "b" * 16),
        ids.request(CALLER, "holda", "a" * 15),
    }

    assert len(made) == 5


def test_a_uuid7_key_lends_its_time_and_nothing_else() -> None:
    made = ids.request(CALLER, "hold", KEY_7)

    assert made.int >> 80 == uuid.UUID(KEY_7).int >> 80
    assert made.version == 7
    assert made != uuid.UUID(KEY_7)
    assert made != ids.request(CALLER, "capture", KEY_7)


@given(st.uuids(version=4), st.text(max_size=20).filter(lambda t: t.isprintable()))
def test_a_derived_id_keeps_the_half_of_its_base_that_sorts(base: uuid.UUID, step: str) -> None:
    made = ids.derived(base, step)

    assert made.int >> 64 == base.int >> 64
    assert made.variant == uuid.RFC_4122
    assert made == ids.derived(base, step)
    assert made != ids.derived(base, step + "x")


@given(st.uuids(), st.integers(0, 255))
def test_an_id_is_placed_in_a_bucket_and_what_is_derived_from_it_stays_there(
    value: uuid.UUID, bucket: int
) -> None:
    placed = ids.placed(value, bucket)

    assert ids.bucket_of(placed) == bucket
    assert placed.int >> 8 == value.int >> 8
    assert ids.bucket_of(ids.derived(placed, "lot")) == bucket


class DriverUUID(uuid.UUID):
    """As the database driver gives it: a subclass."""


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    at: datetime


def test_a_fingerprint_compares_contents_not_their_spelling() -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=5)))

    assert ids.fingerprint({"b": 1, "a": 2}) == ids.fingerprint({"a": 2, "b": 1})
    assert ids.fingerprint(Fact("x", noon)) == ids.fingerprint(Fact("x", elsewhere))
    assert ids.fingerprint((1, 2)) == ids.fingerprint([1, 2])
    assert ids.fingerprint(CALLER) == ids.fingerprint(DriverUUID(str(CALLER)))


def test_a_fingerprint_differs_where_contents_differ() -> None:
    assert ids.fingerprint("ab", "c") != ids.fingerprint("a", "bc")
    assert ids.fingerprint(1) != ids.fingerprint("1")
    assert ids.fingerprint(None) != ids.fingerprint()


def test_a_fingerprint_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(TypeError):
        ids.fingerprint(datetime(2026, 3, 10))  # noqa: DTZ001 - the fault that is tested
