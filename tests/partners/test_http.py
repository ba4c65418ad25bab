"""The client under every outbound call: what it refuses, what it outlives, and what it keeps."""

import asyncio
import gzip
import logging
import socket
import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog

from partners import addresses, http
from tests.console import certificate
from tests.partners import peers
from wallet import database

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1")
NOT_PUBLIC = (
    *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1"),
    *("192.0.2.1", "192.88.99.1", "168.63.129.16", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1"),
    *("64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:20::1", "2001:db8::1", "3fff::1"),
    *("fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "5f00::1"),
    *("2130706433", "0x7f.1", "localhost", ""),
)
# Names that mean a machine of ours, each with the client made for it: only the address refuses.
OURS = (
    *("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "017700000001"),
    *("0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
    *("169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "[fe80::1]"),
)
# Routed nowhere since 2006, so that nothing of a test is ever delivered to anybody.
NOBODY = "3ffe::1"


def answering(*answers: Sequence[str]) -> addresses.Resolver:
    """A resolver that gives one answer after another, as rebinding does."""
    left = list(answers)

    async def resolve(_name: str, _port: int) -> Sequence[str]:
        return left.pop(0)

    return resolve


def to(peer: peers.Peer, **chosen: Any) -> httpx2.AsyncClient:
    return http.client(hosts={peer.host}, private={peer.host}, **chosen)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_partner_may_be_at_a_public_address(address: str) -> None:
    assert addresses.is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_partner_may_be_nowhere_else(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("name", OURS)
async def test_a_name_of_our_own_network_is_refused_however_it_is_written(name: str) -> None:
    with http.transcript() as calls:
        async with http.client(hosts={name}) as client:
            with pytest.raises(httpx2.TransportError) as refused:
                await client.get(f"https://{name}/latest/meta-data")

    # A resolver that does not know an old way to write an address refuses it too.
    assert isinstance(refused.value, http.Forbidden | httpx2.ConnectError)
    assert [False] == [one.sent for one in calls]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://other.example/", "other.example:443 is not a host of this partner"),
        ("https://shop.example:444/", "shop.example:444 is not a host of this partner"),
        ("https://shop.example.evil.example/", "shop.example.evil.example:443 is not a host"),
        ("https://shop.example@evil.example/", "evil.example:443 is not a host of this partner"),
        ("https://user:password@shop.example/", "an address with a user in it"),
        ("http://shop.example/", "shop.example:80 is not a host of this partner"),
        ("http://shop.example:443/", "an address without https"),
        ("https://shop.example:25/", "port 25"),
    ],
)
async def test_a_client_speaks_https_to_its_own_hosts_alone(url: str, why: str) -> None:
    hosts = {"shop.example", "shop.example:25"}
    async with http.client(hosts=hosts, resolver=answering([NOBODY])) as client:
        with pytest.raises(http.Forbidden) as refused:
            await client.get(url, headers={"Authorization": "Bearer secret"})

    assert refused.value.reason.startswith(why)


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    resolver = answering([PUBLIC[0], "127.0.0.1"])
    async with http.client(hosts={"shop.example"}, resolver=resolver) as client:
        with pytest.raises(http.Forbidden, match="an address that is not public"):
            await client.get("https://shop.example/")


async def test_a_name_that_is_bound_anew_never_leads_to_us() -> None:
    async with peers.serve() as peer:
        # Public when it is looked at; whoever asked again before connecting would meet our peer.
        resolver = answering([NOBODY], ["127.0.0.1"], ["127.0.0.1"])
        host = "shop.example:8443"
        async with http.client(hosts={host}, resolver=resolver, timeout_seconds=0.5) as client:
            with pytest.raises((httpx2.ConnectError, httpx2.ConnectTimeout)):
                await client.get(f"https://{host}/")
            with pytest.raises(http.Forbidden):
                await client.get(f"https://{host}/")

    assert 0 == peer.connections


async def test_the_settings_may_name_a_host_of_our_own_network() -> None:
    async with peers.serve() as peer, to(peer) as client:
        answer = await client.get(peer.url("/orders"))

    assert (200, {}) == (answer.status_code, answer.json())


async def test_tls_and_the_host_header_name_the_partner_not_its_address(tmp_path: Path) -> None:
    public, secret = certificate.make(tmp_path)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(public, secret)
    asked: list[str | None] = []
    serving.sni_callback = lambda _socket, name, _context: asked.append(name)
    trust = ssl.create_default_context(cafile=public)
    async with peers.serve(tls=serving) as peer:
        right, wrong = f"localhost:{peer.port}", f"shop.example:{peer.port}"
        async with http.client(
            hosts={right, wrong},
            private={right, wrong},
            trust=trust,
            resolver=answering(["127.0.0.1"], ["127.0.0.1"]),
        ) as client:
            answer = await client.get(f"https://{right}/")
            with pytest.raises(httpx2.ConnectError, match="certificate"):
                await client.get(f"https://{wrong}/", headers={"Authorization": "Bearer secret"})

    assert 200 == answer.status_code
    assert ["localhost", "shop.example"] == asked
    assert [f"host: {right}"] == [
        line.lower() for line in peer.heads[0].splitlines() if line.lower().startswith("host:")
    ]
    assert 1 == len(peer.heads)


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    metadata = "http://169.254.169.254/latest/meta-data"
    away = f"HTTP/1.1 302 Found\r\nLocation: {metadata}\r\nContent-Length: 0\r\n\r\n".encode()
    async with peers.serve(peers.saying(away)) as peer, to(peer) as client:
        answer = await client.get(peer.url())
        with pytest.raises(http.Forbidden):
            await client.get(peer.url(), follow_redirects=True)

    assert 302 == answer.status_code


@pytest.mark.parametrize("told", [True, False], ids=["announced", "unannounced"])
async def test_an_answer_of_ten_megabytes_is_not_read_to_its_end(told: bool) -> None:
    written = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        length = b"Content-Length: 10485760\r\n" if told else b"Connection: close\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        for _ in range(160):
            writer.write(b"x" * 65_536)
            await writer.drain()
            written += 65_536

    async with peers.serve(flood) as peer, to(peer) as client:
        with pytest.raises(http.TooLarge):
            await client.get(peer.url())

    assert written < 10 * 1024 * 1024


async def test_a_compressed_answer_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    async with peers.serve(peers.saying(head.encode() + bomb)) as peer, to(peer) as client:
        with pytest.raises(httpx2.DecodingError):
            await client.get(peer.url(), headers={"Accept-Encoding": "gzip"})

    assert "accept-encoding: identity\r\n" in peer.heads[0].lower()


@pytest.mark.parametrize("lines", [1, 2_000], ids=["one long", "many"])
async def test_headers_without_end_are_refused(lines: int) -> None:
    value = "x" * (60_000 // lines)
    head = "".join(f"X-{number}: {value}\r\n" for number in range(lines))
    answer = f"HTTP/1.1 200 OK\r\n{head}Content-Length: 0\r\n\r\n".encode()
    async with peers.serve(peers.saying(answer)) as peer, to(peer) as client:
        with pytest.raises(http.TooLarge):
            await client.get(peer.url())


async def test_a_peer_that_sends_a_byte_now_and_then_is_left_in_time() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    began = time.monotonic()
    async with peers.serve(drip) as peer, to(peer, timeout_seconds=0.2) as client:
        with http.transcript() as calls, pytest.raises(httpx2.ReadTimeout):
            await client.get(peer.url())

    assert time.monotonic() - began < 2
    # What was sent may have had its effect.
    assert [("ReadTimeout", True)] == [(one.failure, one.sent) for one in calls]


async def test_a_peer_that_never_finishes_the_handshake_was_sent_nothing() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        async with http.client(hosts={host}, private={host}, timeout_seconds=0.2) as client:
            with http.transcript() as calls, pytest.raises(httpx2.ConnectTimeout):
                await client.post(f"https://{host}/orders", json={})

    assert [False] == [one.sent for one in calls]


async def test_the_environment_names_no_proxy_and_a_cookie_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cookie = peers.OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: session=of-a-member\r\n\r\n", 1)
    async with peers.serve() as proxy, peers.serve(peers.saying(cookie)) as peer:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        async with to(peer) as client:
            await client.get(peer.url())
            await client.get(peer.url())

    assert 0 == proxy.connections
    assert 2 == len(peer.heads)
    assert "cookie" not in peer.heads[1].lower()


async def test_no_partner_is_called_while_a_transaction_is_open(db: database.Database) -> None:
    async with peers.serve() as peer, to(peer) as client:
        async with db.transaction():
            with pytest.raises(AssertionError, match="while a transaction is open"):
                await client.get(peer.url())
        answer = await client.get(peer.url())

    assert 200 == answer.status_code
    assert 1 == len(peer.heads)


async def test_what_is_kept_of_a_call_holds_no_secret() -> None:
    path = "/admin/2025-01/gift_cards/K7XQ2M4P/orders/0198f2a0-1c5e?code=AbC123"
    with structlog.testing.capture_logs() as logs:
        async with peers.serve() as peer, to(peer) as client:
            with http.transcript() as calls:
                await client.post(
                    peer.url(path), headers={"Authorization": "Bearer T0KEN"}, json={"code": "K7"}
                )

    (call,) = calls
    assert ("POST", peer.host, 200, None, True) == (
        *(call.method, call.host, call.status, call.failure, call.sent),
    )
    assert "/admin/2025-01/gift_cards/*/orders/*" == call.path
    told = f"{logs} {calls}"
    assert ["partner.call"] == [one["event"] for one in logs]
    assert not any(secret in told for secret in ("K7XQ", "0198f2a0", "AbC123", "T0KEN", "K7"))


def test_libraries_that_would_print_addresses_and_tokens_are_told_to_be_quiet() -> None:
    for name in ("httpx2", "httpcore2", "authlib"):
        assert logging.WARNING == logging.getLogger(name).level
        assert not logging.getLogger(f"{name}.deeper").isEnabledFor(logging.INFO)


@pytest.mark.parametrize(
    "entry", ["https://shop.example", "shop.example/path", "user@shop.example", "", "a b", "a?b"]
)
def test_a_setting_that_is_no_host_is_noticed(entry: str) -> None:
    with pytest.raises(ValueError, match="host"):
        addresses.parse(entry)
