"""What proves that a charity was paid: a bank's number, a document, its hash, a day nearby."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from wallet import errors
from wallet.rules import chart
from wallet.rules import remittances as rules

TODAY = date(2026, 3, 10)
PROOF = rules.Proof("SEPA 4711", "statement of March", "ab" * 32, TODAY)


def test_a_proof_that_can_be_looked_up_is_taken() -> None:
    rules.check_proof(PROOF, today=TODAY)
    rules.check_proof(replace(PROOF, proof_sha256=None), today=TODAY)
    rules.check_proof(replace(PROOF, value_date=TODAY - timedelta(days=31)), today=TODAY)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"bank_reference": ""}, "bank_reference"),
        ({"proof_reference": "x" * 101}, "proof_reference"),
        ({"proof_sha256": "AB" * 32}, "proof_sha256"),
        ({"proof_sha256": "ab" * 31}, "proof_sha256"),
        ({"value_date": TODAY + timedelta(days=32)}, "value_date"),
    ],
)
def test_another_one_is_refused_at_its_field(change: dict[str, Any], path: str) -> None:
    with pytest.raises(errors.TextInvalid) as refused:
        rules.check_proof(replace(PROOF, **change), today=TODAY)

    assert (path,) == refused.value.path


def test_every_movement_of_what_is_due_to_a_charity_has_a_source() -> None:
    moving = {one.code for one in chart.CHART if "due" in (one.debit_kind, one.credit_kind)}

    assert moving - {"remit", "unremit"} == rules.SOURCES.keys()
