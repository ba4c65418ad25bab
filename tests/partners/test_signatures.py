"""Signatures of webhooks, as partners make them and as strangers would like to."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from partners import signatures

BODY = b'{"id":1}'
SECRET = "shpss_of_a_shop"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OURS = "whsec_" + base64.b64encode(b"k" * 32).decode()


def signed(secret: str = SECRET, body: bytes = BODY) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def test_base64_and_hex_and_a_prefix_are_read() -> None:
    right = {
        "base64": signatures.matches(
            base64.b64encode(signed()).decode(), message=BODY, secrets=[SECRET]
        ),
        "hex": signatures.matches(signed().hex(), message=BODY, secrets=[SECRET], encoding="hex"),
        "prefix": signatures.matches(
            f"sha256={signed().hex()}",
            message=BODY,
            secrets=[SECRET],
            encoding="hex",
            prefix="sha256=",
        ),
    }

    assert {"base64": True, "hex": True, "prefix": True} == right


def test_either_of_two_secrets_may_have_signed_while_one_is_replaced() -> None:
    told = signed("old").hex()

    assert signatures.matches(told, message=BODY, secrets=["new", "old"], encoding="hex")
    assert not signatures.matches(told, message=BODY, secrets=["new"], encoding="hex")
    assert not signatures.matches(told, message=BODY, secrets=[], encoding="hex")


@pytest.mark.parametrize(
    "told",
    [
        "",
        "é",
        "zz",
        "=" * 5000,
        signed().hex()[:-2],
        signed().hex() + "00",
        signed("another secret").hex(),
        signed(body=BODY + b" ").hex(),
        hmac.new(b"", BODY, hashlib.sha256).hexdigest(),
        base64.b64encode(signed()).decode(),
    ],
    ids=range(10),
)
def test_what_was_not_signed_is_refused_and_never_an_error(told: str) -> None:
    for secrets in ([SECRET], [SECRET, ""], [""]):
        assert not signatures.matches(told, message=BODY, secrets=secrets, encoding="hex")


@pytest.mark.parametrize(
    ("told", "fresh"),
    [
        (str(int(NOW.timestamp())), True),
        (str(int((NOW - timedelta(minutes=4)).timestamp())), True),
        (str(int((NOW - timedelta(minutes=6)).timestamp())), False),
        (str(int((NOW + timedelta(minutes=6)).timestamp())), False),
        ("", False),
        ("-1", False),
        ("1e9", False),
        ("9" * 30, False),
        ("١٢٣", False),
    ],
)
def test_a_recording_is_refused_by_its_time(told: str, fresh: bool) -> None:
    assert fresh is signatures.is_fresh(told, now=NOW)


def test_a_standard_webhook_is_verified_with_one_signature_of_several() -> None:
    at = int(NOW.timestamp())
    told = signatures.standard(OURS, message_id="msg_1", timestamp=at, body=BODY)

    def right(told: str = told, body: bytes = BODY, message_id: str = "msg_1") -> bool:
        return signatures.standard_matches(
            message_id=message_id,
            timestamp=str(at),
            told=told,
            body=body,
            secrets=[OURS],
            now=NOW,
        )

    assert right()
    assert right(f"v1,bm8= v1a,x {told}")
    assert not right(told.replace("v1,", "v2,"))
    assert not right(body=BODY + b" ")
    assert not right(message_id="msg_2")
    assert not right("nonsense " * 1000)


def test_a_secret_that_is_no_key_signs_nothing() -> None:
    at = int(NOW.timestamp())
    told = signatures.standard("whsec_", message_id="msg_1", timestamp=at, body=BODY)

    assert not signatures.standard_matches(
        message_id="msg_1",
        timestamp=str(at),
        told=told,
        body=BODY,
        secrets=["another", "whsec_", ""],
        now=NOW,
    )
