"""The manifests that other tools write, and those that cannot be taken."""

import hashlib
import json

import pytest

from api.graphql import documents, manifests

TEXT = "query A { __typename }"
DIGEST = documents.digest(TEXT)


def read(found: object) -> list[manifests.Entry]:
    return manifests.read(json.dumps(found).encode())


def test_each_tools_manifest_is_taken_as_it_comes() -> None:
    expected = [manifests.Entry(known_as=DIGEST, body=TEXT)]

    assert expected == read({DIGEST: TEXT})
    assert expected == read({f"sha256:{DIGEST}": TEXT})
    assert expected == read(
        {"format": "x", "operations": [{"id": DIGEST, "body": TEXT, "name": 1}]}
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({hashlib.md5(TEXT.encode()).hexdigest(): TEXT}, '"algorithm": "SHA256"'),
        ({hashlib.sha1(TEXT.encode()).hexdigest(): TEXT}, 'hashAlgorithm: "sha256"'),
        ({DIGEST: TEXT + " "}, "make the manifest again"),
        ({DIGEST.upper(): TEXT}, "64 lower-case hexadecimal digits"),
        ({"GetWallet": TEXT}, "64 lower-case hexadecimal digits"),
        ({"operations": [{"id": DIGEST}]}, "a hash and a text"),
        ({"operations": ["x"]}, "a list of objects"),
        ({"operations": []}, "1 to 5000"),
        ({DIGEST: {"text": TEXT}}, "a hash and a text"),
        ({DIGEST: "\x00"}, "NUL"),
        ({}, "1 to 5000"),
        ([], "JSON object"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_what_to_do(found: object, said: str) -> None:
    with pytest.raises(manifests.Unreadable, match=said):
        read(found)


def test_what_is_no_json_or_too_large_is_refused() -> None:
    with pytest.raises(manifests.Unreadable, match="not JSON"):
        manifests.read(b"nonsense")
    with pytest.raises(manifests.Unreadable, match="16 MiB"):
        manifests.read(b" " * (manifests.BYTES_MAX + 1))
