"""The one HTTP client under every call to a partner, to whoever may have chosen the address.

It speaks https to the hosts it was made for and to nobody else, so a secret of one partner never
reaches another. A name is resolved once and the connection goes to the address that was looked at
(`partners.addresses`), redirects are not followed, no proxy and no cookie is used, and an answer
has a most in bytes and in seconds. What is refused is refused before a byte leaves: `Forbidden`.
No database transaction is open meanwhile: a slow partner would hold its locks.
"""

import asyncio
import contextlib
import contextvars
import functools
import http.cookiejar
import logging
import re
import ssl
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpcore2
import httpx2
import structlog

from partners import addresses
from wallet import database

log: Final = structlog.get_logger("partners.http")

PORTS: Final = frozenset({443, 8443})
"""Where shops serve https. Any other port is somebody else's service: mail, databases, caches."""
BODY_BYTES_MAX: Final = 1024 * 1024
"""The longest answer: a page of a partner's list is a tenth of it."""
HEADER_BYTES_MAX: Final = 32 * 1024
"""The longest headers, as servers limit those of a request."""
CONNECT_SECONDS_MAX: Final = 5.0
"""For finding, connecting and TLS; whoever is slower than that is away."""
ADDRESSES_MAX: Final = 4
"""Addresses of one name that are tried, because one family may not be routed here."""
LIMITS: Final = httpx2.Limits(max_connections=16, max_keepalive_connections=4, keepalive_expiry=5.0)
"""Of one client. An idle connection is closed before most servers do, which looks like a loss."""
AGENT: Final = "Commonpurse"

# They print URLs, headers or tokens at lower levels, whatever a program that uses us logs.
for _name in ("authlib", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# What names an operation is a short lower-case word or a version. All else in a path may be a code,
# a customer or a secret of the receiver's.
_PLAIN: Final = re.compile(r"[a-z][a-z_.-]{0,30}|v?\d{1,4}(-\d{2})?(\.json)?", re.ASCII)


class Forbidden(httpx2.TransportError):
    """A request that must not leave this machine; nothing of it was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooLarge(httpx2.TransportError):
    """An answer that is longer than any partner has to say. The request may have had its effect."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is kept of one exchange: never a header, a query, a body or what may be a secret.

    `sent` is False if provably no byte of the request left. `failure` names why no answer came.
    """

    method: str
    host: str
    path: str
    status: int | None
    failure: str | None
    sent: bool
    milliseconds: int


_calls: Final[contextvars.ContextVar[list[Call] | None]] = contextvars.ContextVar(
    "calls", default=None
)


def client(
    *,
    hosts: Collection[str],
    private: Collection[str] = (),
    timeout_seconds: float = 10.0,
    auth: httpx2.Auth | None = None,
    base_url: str = "",
    body_bytes_max: int = BODY_BYTES_MAX,
    discard: bool = False,
    resolver: addresses.Resolver = addresses.system,
    trust: ssl.SSLContext | None = None,
) -> httpx2.AsyncClient:
    """Return a client that reaches `hosts` (`name`, or `name:port`) and nothing else.

    A host that `private` names too may be at any address and port, and may speak plain http: only
    the operator's settings may say so. `timeout_seconds` is for one exchange as a whole. With
    `discard` an answer is its status and headers; what it says is not read.
    """
    return httpx2.AsyncClient(
        transport=Guarded(
            hosts=hosts,
            private=private,
            timeout_seconds=timeout_seconds,
            body_bytes_max=body_bytes_max,
            discard=discard,
            resolver=resolver,
            trust=trust,
        ),
        auth=auth,
        base_url=base_url,
        headers={"User-Agent": AGENT},
        # The transport counts the seconds, all of them together.
        timeout=httpx2.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS_MAX, timeout_seconds)),
        # A partner's cookie of one member would go along with the call for the next one.
        cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )


@contextlib.contextmanager
def transcript() -> Iterator[list[Call]]:
    """Collect the calls that are made within the block, by whichever client."""
    calls: list[Call] = []
    token = _calls.set(calls)
    try:
        yield calls
    finally:
        _calls.reset(token)


def check(url: str, *, private: Collection[str] = ()) -> None:
    """Refuse an address that may never be called, before anything is resolved: Forbidden."""
    try:
        parsed = httpx2.URL(url)
        addresses.parse(addresses.authority(parsed))
    except (httpx2.InvalidURL, ValueError):
        raise Forbidden("this is no address") from None
    if not parsed.host or parsed.fragment:
        raise Forbidden("an address without a host, or with a fragment")
    named = frozenset(map(addresses.parse, private))
    _check(parsed, named)
    host = addresses.of(parsed)
    if host not in named and addresses.is_number(host[0]) and not addresses.is_public(host[0]):
        raise Forbidden("an address that is not public")


class Guarded(httpx2.AsyncHTTPTransport):
    """The transport of `client`; also for a client of another library, such as Authlib's."""

    def __init__(
        self,
        *,
        hosts: Collection[str],
        private: Collection[str] = (),
        timeout_seconds: float = 10.0,
        body_bytes_max: int = BODY_BYTES_MAX,
        discard: bool = False,
        resolver: addresses.Resolver = addresses.system,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        context = trust or _trust()
        super().__init__(verify=context, trust_env=False)
        # Should the library keep its pool elsewhere one day, ours must not be left unused.
        assert isinstance(self._pool, httpcore2.AsyncConnectionPool)
        self._hosts = frozenset(map(addresses.parse, hosts))
        self._private = frozenset(map(addresses.parse, private))
        self._seconds = timeout_seconds
        self._bytes_max = body_bytes_max
        self._discard = discard
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            network_backend=_Network(self._private, resolver),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and read its answer whole, within the limits."""
        assert not database.in_transaction(), "a partner is called while a transaction is open"
        began = time.monotonic()
        sent = _Sent()
        status, failure = None, None
        try:
            if addresses.of(request.url) not in self._hosts:
                raise Forbidden(f"{addresses.authority(request.url)} is not a host of this partner")
            _check(request.url, self._private)
            request.headers["Accept-Encoding"] = "identity"
            request.extensions = {**request.extensions, "trace": sent.see}
            answer = await self._exchange(request, sent)
            status = answer.status_code
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            _keep(
                Call(
                    method=request.method,
                    host=addresses.authority(request.url),
                    path=_scrubbed(request.url.path),
                    status=status,
                    failure=failure,
                    sent=bool(sent),
                    milliseconds=round((time.monotonic() - began) * 1000),
                )
            )
        return answer

    async def _exchange(self, request: httpx2.Request, sent: "_Sent") -> httpx2.Response:
        try:
            # A partner that sends a byte a second would never run into a limit on one read.
            async with asyncio.timeout(self._seconds):
                answer = await super().handle_async_request(request)
                try:
                    body = await self._body(answer)
                finally:
                    await answer.aclose()
        except TimeoutError:
            late = httpx2.ReadTimeout if sent else httpx2.ConnectTimeout
            raise late("the exchange took too long") from None
        if self._discard:
            answer.headers.pop("Content-Encoding", None)  # There is nothing to unpack.
        return httpx2.Response(
            answer.status_code, headers=answer.headers, stream=httpx2.ByteStream(body)
        )

    async def _body(self, answer: httpx2.Response) -> bytes:
        if sum(len(name) + len(value) for name, value in answer.headers.raw) > HEADER_BYTES_MAX:
            raise TooLarge("the headers are too long")
        if self._discard:
            return b""
        # We asked for none, and a small one may become a gigabyte.
        if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise httpx2.DecodingError("the answer is compressed")
        said = answer.headers.get("Content-Length", "")
        if said.isdecimal() and int(said[:20]) > self._bytes_max:
            raise TooLarge(f"the answer is longer than {self._bytes_max} bytes")
        body = bytearray()
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        async for part in answer.stream:
            body += part
            if len(body) > self._bytes_max:
                raise TooLarge(f"the answer is longer than {self._bytes_max} bytes")
        return bytes(body)


def _check(url: httpx2.URL, private: frozenset[addresses.Host]) -> None:
    """What holds for every address, whoever is called."""
    host = addresses.of(url)
    if url.userinfo:
        raise Forbidden("an address with a user in it")
    if host in private and url.scheme in addresses.PORTS:
        return
    if url.scheme != "https":
        raise Forbidden("an address without https")
    if host[1] not in PORTS:
        raise Forbidden(f"port {host[1]}")


class _Sent:
    """Whether the first byte of a request has left, as the connection tells it."""

    def __init__(self) -> None:
        self._left = False

    def __bool__(self) -> bool:
        return self._left

    async def see(self, event: str, _info: dict[str, Any]) -> None:
        if event == "http11.send_request_headers.started":
            self._left = True


class _Network(httpcore2.AsyncNetworkBackend):
    """Connects to an address that was looked at; TLS and the Host header still name the name."""

    def __init__(self, private: frozenset[addresses.Host], resolver: addresses.Resolver) -> None:
        self._private = private
        self._resolver = resolver
        self._real = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                found = await self._resolver(host, port)
        except TimeoutError:
            raise httpcore2.ConnectTimeout("the name was not resolved in time") from None
        except OSError:
            raise httpcore2.ConnectError("the name does not resolve") from None
        if not found:
            raise httpcore2.ConnectError("the name has no address")
        if (host, port) not in self._private and not all(map(addresses.is_public, found)):
            # The address is not told: whoever gave us the name would learn our network by it.
            raise Forbidden("an address that is not public")
        tried = found[:ADDRESSES_MAX]
        for address in tried:
            with contextlib.suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return _Stream(
                    await self._real.connect_tcp(
                        address,
                        port,
                        timeout=None if timeout is None else timeout / len(tried),
                        local_address=local_address,
                        socket_options=socket_options,
                    )
                )
        raise httpcore2.ConnectError("nobody answers there")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that is closed when it is given up on within the handshake of TLS.

    The library's own closes it on failures only, and we leave by cancellation.
    """

    def __init__(self, real: httpcore2.AsyncNetworkStream) -> None:
        self._real = real

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
    ) -> bytes:
        return await self._real.read(max_bytes, timeout)

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> None:
        await self._real.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._real.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._real.get_extra_info(info)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return await self._real.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._real.aclose()
            raise


@functools.cache
def _trust() -> ssl.SSLContext:
    """The authorities that the system trusts, read once: it takes some hundredths of a second."""
    return httpx2.create_ssl_context(trust_env=False)


def _scrubbed(path: str) -> str:
    return "/".join(part if not part or _PLAIN.fullmatch(part) else "*" for part in path.split("/"))


def _keep(call: Call) -> None:
    kept = _calls.get()
    if kept is not None:
        kept.append(call)
    log.info(
        "partner.call",
        method=call.method,
        host=call.host,
        path=call.path,
        status=call.status,
        failure=call.failure,
        sent=call.sent,
        milliseconds=call.milliseconds,
    )
