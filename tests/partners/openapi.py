"""The partner protocol's document as a judge: each exchange is what it says, or the test fails."""

import json
import re
import urllib.parse
from typing import Any, Final

import httpx2
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from partners import protocol
from partners.reference_shop import shop

SPEC: Final[dict[str, Any]] = protocol.document()
URI: Final = "urn:commonpurse-partner-protocol"
_REGISTRY: Final[Any] = Registry().with_resource(URI, DRAFT202012.create_resource(SPEC))


async def checked(answer: httpx2.Response) -> None:
    """Check one exchange with the reference shop: a hook for a client."""
    await answer.aread()
    path = answer.request.url.path.removeprefix(shop.PROTOCOL)
    template, item = _path(path)
    operation = item[answer.request.method.lower()]
    if answer.status_code < 400:
        _check_request(answer.request, operation)
    answered = _answered(operation, answer.status_code)
    for name, header in answered.get("headers", {}).items():
        assert name in answer.headers or not header["required"], f"{template}: no {name}"
        check(header["schema"], answer.headers[name])
    media, content = next(iter(answered["content"].items()))
    assert media == answer.headers["content-type"], f"{template}: {answer.headers['content-type']}"
    check(content["schema"], answer.json())


def check(schema: dict[str, Any], value: Any) -> None:
    """Check a value against a schema of the document."""
    validator = OAS31Validator(
        _rooted(schema), registry=_REGISTRY, format_checker=oas31_format_checker
    )
    wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
    assert [] == wrong, f"{value}"


def message(headers: dict[str, str], body: bytes) -> None:
    """Check a webhook."""
    operation = SPEC["webhooks"]["redemption"]["post"]
    for one in operation["parameters"]:
        check(one["schema"], headers[one["name"]])
    check(operation["requestBody"]["content"]["application/json"]["schema"], json.loads(body))


def _path(path: str) -> tuple[str, dict[str, Any]]:
    for template, item in SPEC["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return template, item
    raise AssertionError(f"the document has no {path}")


def _check_request(request: httpx2.Request, operation: dict[str, Any]) -> None:
    query = dict(urllib.parse.parse_qsl(request.url.query.decode()))
    for one in operation.get("parameters", []):
        told: Any = query if one["in"] == "query" else request.headers
        if one["name"] in told:
            check(one["schema"], told[one["name"]])
        else:
            assert not one["required"], f"the request has no {one['name']}"
    known = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    assert set(query) <= known
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = json.loads(request.content)
        check(schema, body)
        properties = SPEC["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
        assert set(body) <= set(properties), "the request says what the document does not know"


def _answered(operation: dict[str, Any], status: int) -> dict[str, Any]:
    answers = operation["responses"]
    found = answers.get(str(status)) or answers.get(f"{str(status)[0]}XX")
    assert found is not None, f"{operation['operationId']} never answers {status}"
    if "$ref" in found:
        return dict(SPEC["components"]["responses"][found["$ref"].rpartition("/")[2]])
    return dict(found)


def _rooted(schema: Any) -> Any:
    """Let the references of a part begin at the document that it was taken from."""
    if isinstance(schema, dict):
        return {
            name: f"{URI}{value}" if name == "$ref" else _rooted(value)
            for name, value in schema.items()
        }
    return [_rooted(one) for one in schema] if isinstance(schema, list) else schema
