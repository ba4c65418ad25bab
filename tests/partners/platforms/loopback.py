"""Serving the double of a platform on a free port, from a thread, for as long as a module runs."""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from partners import adapter
from partners.conformance import subject

SECONDS_TO_START: Final = 10
PLAIN: Final = ssl.create_default_context()  # made once: it takes longer than all the rest
MILLISECONDS: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


class Platform(subject.Subject):
    """An adapter, and the double that plays its platform. `address` is there while it is served."""

    address = ""

    def __init__(self, app: Starlette, **settings: object) -> None:
        self.app = app
        self.settings = settings

    @property
    def config(self) -> Mapping[str, object]:  # type: ignore[override]
        return {"address": self.address, **self.settings}

    def delivery(
        self, body: bytes, headers: Mapping[str, str] | None = None, *, secret: str | None = None
    ) -> adapter.Delivery:
        """A message of the platform's, signed by it unless other headers are given."""
        now = datetime.now(UTC)
        if headers is None:
            headers = self.signed(body, secret=secret or self.webhook_secret, now=now)
        return adapter.Delivery(
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            url=self.webhook_url,
            secrets=(self.webhook_secret,),
            now=now,
        )


@contextlib.contextmanager
def serving(platform: Platform) -> Iterator[None]:
    """Serve a platform until the block ends."""
    config = uvicorn.Config(platform.app, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + SECONDS_TO_START
    while not server.started:
        assert thread.is_alive(), "the double did not start"
        assert time.monotonic() < until, "the double did not start in time"
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    platform.address = f"http://127.0.0.1:{port}"
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def route(path: str, door: Callable[..., Any], *methods: str, header: str, says: str) -> Route:
    """A door that opens for a credential alone; the platform's own words for others are beside."""

    async def answer(request: Request) -> Response:
        if request.headers.get(header) != says:
            return JSONResponse({"errors": [{"code": "UNAUTHORIZED"}], "message": "who?"}, 401)
        done: Response = await door(request)
        return done

    return Route(path, answer, methods=[*methods])


def now() -> str:
    """The instant as most platforms write it."""
    return datetime.now(UTC).strftime(MILLISECONDS)


def client() -> httpx2.AsyncClient:
    """A client for whoever plays a customer of the shop."""
    return httpx2.AsyncClient(
        transport=httpx2.AsyncHTTPTransport(verify=PLAIN), timeout=30, trust_env=False
    )
