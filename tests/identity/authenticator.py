"""An authenticator in software, which can also do what no good one does.

It speaks for a browser too: it makes the client data, so a test may lie about the origin, the
address it is bound to, the person's presence or the counter.
"""

import dataclasses
import hashlib
import json
import secrets
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn import helpers

ORIGIN = "http://localhost:8000"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
AAGUID = bytes(16)


@dataclasses.dataclass
class Authenticator:
    """One passkey and its counter."""

    key: ec.EllipticCurvePrivateKey = dataclasses.field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = dataclasses.field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0
    user_id: bytes = b""

    def make(self, options: dict[str, Any], **lies: Any) -> str:
        """Answer a challenge to make a passkey."""
        self.user_id = helpers.base64url_to_bytes(options["user"]["id"])
        client = _client("webauthn.create", options["challenge"], lies)
        point = self.key.public_key().public_numbers()
        public = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        )
        data = self._data(options["rp"]["id"], ATTESTED, lies)
        data += AAGUID + struct.pack(">H", len(self.credential_id)) + self.credential_id + public
        return self._answer(
            clientDataJSON=client,
            attestationObject=cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}),
        )

    def sign(self, options: dict[str, Any], **lies: Any) -> str:
        """Answer a challenge to sign in."""
        client = _client("webauthn.get", options["challenge"], lies)
        data = self._data(options["rpId"], 0, lies)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=client,
            authenticatorData=data,
            signature=lies.get("signature", signature),
            userHandle=lies.get("user_id", self.user_id),
        )

    def _data(self, host: str, flags: int, lies: dict[str, Any]) -> bytes:
        self.count = lies.get("count", self.count + 1)
        flags |= lies.get("flags", PRESENT | VERIFIED)
        bound = hashlib.sha256(lies.get("host", host).encode()).digest()
        return bound + bytes([flags]) + struct.pack(">I", self.count)

    def _answer(self, **response: bytes) -> str:
        shown = helpers.bytes_to_base64url(self.credential_id)
        packed = {name: helpers.bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": shown, "rawId": shown, "type": "public-key", "response": packed})


def _client(kind: str, challenge: str, lies: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "type": lies.get("type", kind),
            "challenge": lies.get("challenge", challenge),
            "origin": lies.get("origin", ORIGIN),
        }
    ).encode()
