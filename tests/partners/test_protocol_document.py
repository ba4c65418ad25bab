"""The document of the partner protocol: it is OpenAPI, and its own examples fit it."""

from typing import Any

import openapi_spec_validator
import pytest

from partners import protocol
from partners.adapters import commonpurse
from partners.reference_shop import problems
from tests.partners import openapi
from wallet.rules import orders

SCHEMAS: dict[str, Any] = protocol.document()["components"]["schemas"]


def test_the_document_is_openapi() -> None:
    openapi_spec_validator.validate(protocol.document())


def test_every_example_fits_its_schema() -> None:
    shown = [
        (schema, example) for schema in SCHEMAS.values() for example in schema.get("examples", [])
    ]

    assert len(shown) > 4
    for schema, example in shown:
        openapi.check(schema, example)


def test_it_knows_the_kinds_and_the_codes_that_the_code_knows() -> None:
    codes = SCHEMAS["Problem"]["properties"]["code"]["enum"]

    assert list(orders.KINDS) == SCHEMAS["Kind"]["enum"]
    # The reference shop has no reason of its own to say no.
    assert {*problems.PROBLEMS, "rejected"} == set(codes)
    assert set(commonpurse.REFUSALS) <= set(codes)


def test_what_it_promises_of_keys_and_time_is_what_the_adapter_declares() -> None:
    told = SCHEMAS["Capabilities"]["properties"]
    caps = commonpurse.Commonpurse.caps
    assert caps.key_lasts is not None

    assert told["key_lasts_seconds"]["minimum"] == caps.key_lasts.total_seconds()
    assert told["settles_seconds"]["maximum"] == caps.settles.total_seconds()


@pytest.mark.parametrize(
    "address",
    ["", "shop.example", "ftp://shop.example", "https://u:p@shop.example", "https://x/?a=b"],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        commonpurse.Settings(address)
