"""Anybody reads the open partner protocol from an installation, without signing in."""

import httpx2

from partners import protocol


async def test_the_partner_protocol_is_published(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/partner-protocol.json")

    assert (200, "application/json") == (answer.status_code, answer.headers["content-type"])
    assert "public, max-age=3600" == answer.headers["cache-control"]
    assert "*" == answer.headers["access-control-allow-origin"]
    assert protocol.document() == answer.json()
    assert "set-cookie" not in answer.headers
