"""An OpenID provider as a real server: it publishes its discovery document and keys, and signs.

It counts what it was asked, and can be told to answer wrongly.
"""

import asyncio
import contextlib
import dataclasses
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn
from joserfc import jwk, jws, jwt
from joserfc.registry import HeaderParameter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

UNHEARD = {"unheard": HeaderParameter("A header that only this provider knows", "int")}

Answer = Callable[[], Response]


@dataclasses.dataclass
class Provider:
    """The running provider. `answers` replaces what a path answers."""

    issuer: str
    key: jwk.Key
    published: list[jwk.Key]
    asked: list[str] = dataclasses.field(default_factory=list)
    answers: dict[str, Answer] = dataclasses.field(default_factory=dict)

    def sign(
        self,
        claims: dict[str, Any],
        *,
        key: jwk.Key | None = None,
        **header: Any,
    ) -> str:
        """Sign claims over the usual ones; None removes one."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": "wallet",
            "sub": "somebody",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
        }
        key = key or self.key
        said = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid} | header
        return jwt.encode(
            {name: value for name, value in said.items() if value is not None},
            {name: value for name, value in (usual | claims).items() if value is not None},
            key,
            registry=jws.JWSRegistry(UNHEARD, [said["alg"]], strict_check_header=False),
        )

    def discovery(self, **changed: Any) -> dict[str, Any]:
        """The discovery document."""
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"} | changed


def new_key(kind: str = "EC", size: str | int = "P-256") -> jwk.Key:
    """Make a pair with an id."""
    made = jwk.generate_key(kind, size)  # type: ignore[call-overload]
    assert isinstance(made, jwk.ECKey | jwk.RSAKey | jwk.OKPKey)
    made.ensure_kid()
    return made


@contextlib.asynccontextmanager
async def serve(path: str = "") -> AsyncIterator[Provider]:
    """Serve a provider on a free port of loopback until the block ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        key = new_key()
        issuer = f"http://127.0.0.1:{listening.getsockname()[1]}{path}"
        provider = Provider(issuer, key, [key])

        async def answer(request: Request) -> Response:
            asked = request.url.path.removeprefix(path)
            provider.asked.append(asked)
            if asked in provider.answers:
                return provider.answers[asked]()
            if asked == "/keys":
                return JSONResponse(
                    {"keys": [one.as_dict(private=False) for one in provider.published]}
                )
            return JSONResponse(provider.discovery())

        server = uvicorn.Server(
            uvicorn.Config(
                Starlette(
                    routes=[
                        Route(f"{path}/.well-known/openid-configuration", answer),
                        Route(f"{path}/keys", answer),
                    ]
                ),
                lifespan="off",
                log_level="warning",
            )
        )
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - the server tells by this flag only
            await asyncio.sleep(0.01)
        try:
            yield provider
        finally:
            server.should_exit = True
            await task
