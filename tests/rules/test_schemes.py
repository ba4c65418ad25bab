"""Schemes are read strictly, and come back as they were written."""

import uuid
from typing import Any

import pytest

from wallet import errors
from wallet.rules.schemes import kinds

TEN: dict[str, Any] = {
    "kind": "milestone",
    "name": "Ten purchases",
    "metric": "purchases",
    "target": 10,
}
SHOP = "019a0000-0000-7000-8000-000000000001"


def at_fault(raw: object) -> tuple[str, ...]:
    with pytest.raises(errors.SchemeInvalid) as refusal:
        kinds.read(raw)
    return refusal.value.path


@pytest.mark.parametrize("more", [{}, {"about": "Buy ten times."}, {"merchants": [SHOP]}])
def test_what_is_read_is_written_again(more: dict[str, Any]) -> None:
    found = kinds.read({**TEN, **more})

    assert found == kinds.read(kinds.dump(found))
    assert "milestone" == kinds.kind_of(found)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (None, ("kind",)),
        ([], ("kind",)),
        ({}, ("kind",)),
        ({**TEN, "kind": "wish"}, ("kind",)),
        ({**TEN, "target": 0}, ("target",)),
        ({**TEN, "target": "ten"}, ("target",)),
        ({**TEN, "target": 1.5}, ("target",)),
        ({**TEN, "goal": 10}, ("goal",)),
        ({**TEN, "name": ""}, ("name",)),
        ({**TEN, "name": "half\x00"}, ("name",)),
        ({**TEN, "about": "x" * 2_001}, ("about",)),
        ({**TEN, "merchants": ["Rosa"]}, ("merchants", "0")),
    ],
)
def test_a_wrong_one_is_refused_at_the_field_at_fault(raw: object, path: tuple[str, ...]) -> None:
    assert path == at_fault(raw)


def test_campaigns_that_pay_are_named_by_their_place() -> None:
    campaign = uuid.UUID(SHOP)

    assert {("reward",): campaign} == kinds.read({**TEN, "reward": SHOP}).rewards()
    assert {} == kinds.read(TEN).rewards()


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_every_kind_has_a_schema_that_names_its_fields(kind: str) -> None:
    schema = kinds.json_schema(kind)

    (part,) = [one for name, one in schema["$defs"].items() if name == kinds.KINDS[kind].__name__]
    assert {"kind", "name", "about", "merchants"} <= set(part["properties"])
    assert part["additionalProperties"] is False
