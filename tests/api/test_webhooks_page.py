"""The page about webhooks: its tables say what the code does, its examples verify what we send."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from partners import signatures
from partners.webhooks import endpoints, outbound
from tests import node, test_docs
from wallet import ids

PAGE = "docs/webhooks.md"
SECRET = endpoints.new_secret()
CHECK = """
import { verify } from "./verify.mjs";
let text = "";
for await (const part of process.stdin) text += part;
const told = JSON.parse(text);
console.log(JSON.stringify(told.map((one) => verify(one.secret, one.headers, one.body))));
"""


def message(
    *, secret: str = SECRET, at: int | None = None, also: str = ""
) -> tuple[dict[str, str], bytes]:
    """What a receiver gets."""
    body = outbound.body("redemption.captured", ids.show("red", ids.new()), datetime.now(UTC))
    at = at or int(datetime.now(UTC).timestamp())
    signed = signatures.standard(secret, message_id="dlv_1", timestamp=at, body=body)
    return {
        "webhook-id": "dlv_1",
        "webhook-timestamp": str(at),
        "webhook-signature": f"{also} {signed}".strip(),
    }, body


@pytest.fixture
def told() -> list[tuple[bool, str, dict[str, str], bytes]]:
    """Messages, and whether a receiver with that secret must take each."""
    headers, body = message()
    old, old_body = message(at=1_700_000_000)
    both, both_body = message(also="v1,c29tZWJvZHkgZWxzZQ==")
    return [
        (True, SECRET, headers, body),
        (True, SECRET, both, both_body),
        (False, SECRET, headers, body + b" "),
        (False, SECRET, headers | {"webhook-id": "dlv_2"}, body),
        (False, SECRET, old, old_body),
        (False, endpoints.new_secret(), headers, body),
    ]


def test_the_python_on_the_page_verifies_what_we_send_and_nothing_else(
    told: list[tuple[bool, str, dict[str, str], bytes]],
) -> None:
    (code,) = test_docs.fences(PAGE, "python")
    names: dict[str, Any] = {}
    exec(code, names)

    said = [names["verify"](secret, headers, body) for _, secret, headers, body in told]

    assert [right for right, *_ in told] == said
    assert len(code.strip().splitlines()) <= 12


async def test_the_node_on_the_page_verifies_what_we_send_and_nothing_else(
    told: list[tuple[bool, str, dict[str, str], bytes]], tmp_path: Path
) -> None:
    (code,) = test_docs.fences(PAGE, "js")
    (tmp_path / "verify.mjs").write_text(code)
    (tmp_path / "check.mjs").write_text(CHECK)
    asked = [
        {"secret": secret, "headers": headers, "body": body.decode()}
        for _, secret, headers, body in told
    ]
    process = await asyncio.create_subprocess_exec(
        *(node.need(), str(tmp_path / "check.mjs")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate(json.dumps(asked).encode())

    assert [right for right, *_ in told] == json.loads(out)


def test_the_page_names_every_topic_with_what_it_means() -> None:
    said = [row[:2] for row in test_docs.rows(PAGE, "## What you are told")]

    assert list(endpoints.TOPICS.items()) == said


def test_the_page_shows_the_schedule_as_it_is() -> None:
    units = {"at once": 0, "s": 1, "min": 60, "h": 3600}

    def seconds(said: str) -> int:
        number, _, unit = said.partition(" ")
        return 0 if said == "at once" else int(number) * units[unit]

    said = [seconds(row[1]) for row in test_docs.rows(PAGE, "## When you do not answer")]

    assert [int(wait.total_seconds()) for wait in outbound.SCHEDULE] == said


def test_the_message_on_the_page_is_one_of_ours() -> None:
    shown = json.loads(test_docs.fences(PAGE, "json")[0])
    at = datetime.fromisoformat(shown["timestamp"])

    sent = json.loads(outbound.body(shown["type"], shown["data"]["id"], at))

    assert shown == sent
