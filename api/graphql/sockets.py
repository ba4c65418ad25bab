"""GraphQL over a WebSocket, by the protocol graphql-transport-ws and no older one.

A socket is opened by a page of our own or by what is no browser, never by a foreign page. It names
its caller once, by a token in `connection_init` and never by a cookie, and is closed when that
token ends. What it may then send is judged as over HTTP: the same documents, limits, costs and
codes. Mutations are refused here: whoever loses a socket would not know what became of them.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import Coroutine
from typing import Any, Final

import graphql
import orjson
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from api import settings
from api.graphql import endpoint, failures, hub, lease, streams, transport, wording
from api.identity import bearer
from wallet import errors

PROTOCOL: Final = "graphql-transport-ws"
FRAME_BYTES_MAX: Final = 64 * 1024  # as the body of a member's request
OPERATIONS_MAX: Final = 5  # at once on one socket; an app follows one wallet
ID_CHARS_MAX: Final = 64  # a UUID has 36
REASON_BYTES_MAX: Final = 123  # of a close frame, by the protocol


@dataclasses.dataclass(frozen=True, slots=True)
class Farewell:
    """Why a socket is closed: a code that clients know, and a word for their developer."""

    code: int
    reason: str


class Over(Exception):
    """The socket is to be closed."""

    def __init__(self, farewell: Farewell) -> None:
        super().__init__(farewell.reason)
        self.farewell = farewell


GONE: Final = Farewell(1005, "")
TOO_LARGE: Final = Farewell(1009, f"A message has at most {FRAME_BYTES_MAX} bytes.")
BROKEN: Final = Farewell(1011, "Something went wrong on our side.")
RESTART: Final = Farewell(1012, "The server restarts; connect again.")
AWAY: Final = Farewell(1013, "The database is away for a moment; connect again.")
CROWDED: Final = Farewell(1013, "Too many connections of one caller; close one.")
SLOW: Final = Farewell(1013, "Nothing was read for too long; connect again.")
EARLY: Final = Farewell(4401, "Unauthorized")
FORBIDDEN: Final = Farewell(4403, "Forbidden")
PROTOCOL_UNKNOWN: Final = Farewell(4406, "Subprotocol not acceptable")
INIT_LATE: Final = Farewell(4408, "Connection initialisation timeout")
INIT_TWICE: Final = Farewell(4429, "Too many initialisation requests")

TOO_MANY: Final = failures.Failure(
    "RATE_LIMITED", f"At most {OPERATIONS_MAX} operations at once on one socket. Complete one."
)


class Sockets:
    """The ASGI application behind /graphql for WebSockets."""

    def __init__(
        self,
        door: endpoint.Endpoint,
        house: settings.Settings,
        live: hub.Hub,
    ) -> None:
        self.door = door
        self.gate = door.gate
        self.hub = live
        self._origin = house.web_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold one socket from its first to its last word."""
        socket = WebSocket(scope, receive, send)
        wording.answer_in(socket.headers.get("accept-language"))
        if socket.headers.get("origin", self._origin) != self._origin:
            await socket.close()  # before it is accepted, this is a plain 403
            return
        spoken = PROTOCOL in scope["subprotocols"]
        try:
            await socket.accept(PROTOCOL if spoken else None)
            if spoken:
                await _Conversation(self, socket).hold()
            else:
                await socket.close(PROTOCOL_UNKNOWN.code, PROTOCOL_UNKNOWN.reason)
        except (WebSocketDisconnect, OSError):
            pass


class _Conversation:
    """One socket: its caller, and the operations that run on it."""

    def __init__(self, house: Sockets, socket: WebSocket) -> None:
        self._house = house
        self._waits = house.hub.waits
        self._socket = socket
        self._token = ""
        self._principal: bearer.Principal | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._beside: set[asyncio.Task[Any]] = set()
        self._held = contextlib.ExitStack()
        self._farewell: asyncio.Future[Farewell] = asyncio.get_running_loop().create_future()

    async def hold(self) -> None:
        """Listen, answer and watch the clock, until something ends it; then say why."""
        self._start(self._listen())
        self._start(self._await_init())
        try:
            farewell = await self._farewell
        finally:
            await streams.stop(*self._beside)
            self._held.close()
        if farewell is not GONE:
            reason = farewell.reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._waits.close):
                    await self._socket.close(farewell.code, reason)

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Do something beside; whatever it raises ends the socket."""
        task = asyncio.create_task(self._guard(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Over as over:
            self._end(over.farewell)
        except hub.Closed:
            self._end(RESTART)
        except errors.Unavailable:
            self._end(AWAY)
        except (WebSocketDisconnect, OSError):
            self._end(GONE)
        except Exception as error:
            failures.bug(error, streams.request_id())
            self._end(BROKEN)

    def _end(self, farewell: Farewell) -> None:
        if not self._farewell.done():
            self._farewell.set_result(farewell)

    async def _await_init(self) -> None:
        await asyncio.sleep(self._waits.init)
        if self._principal is None:
            raise Over(INIT_LATE)

    async def _listen(self) -> None:
        while True:
            message = _read(await self._socket.receive())
            match message.get("type"):
                case "connection_init":
                    await self._init(message.get("payload"))
                case "ping":
                    await self._send({"type": "pong"})
                case "pong":
                    pass
                case "subscribe":
                    await self._subscribe(message.get("id"), message.get("payload"))
                case "complete":
                    await self._complete(message.get("id"))
                case _:
                    raise _malformed("The type of a message is none of this protocol.")

    async def _init(self, payload: object) -> None:
        if self._principal is not None:
            raise Over(INIT_TWICE)
        self._token = _token(payload)
        self._principal = await self._authenticate()
        try:
            self._held.enter_context(self._house.hub.place(self._principal.principal_id))
        except failures.Failure:
            raise Over(CROWDED) from None
        self._start(self._leave(self._principal))
        await self._send({"type": "connection_ack"})

    async def _authenticate(self) -> bearer.Principal:
        try:
            return await self._house.gate.authenticate_token(self._token)
        except failures.Failure:
            raise Over(FORBIDDEN) from None

    async def _leave(self, principal: bearer.Principal) -> None:
        await lease.end(
            principal,
            lambda: self._house.gate.authenticate_token(self._token),
            check_seconds=self._waits.check,
        )
        raise Over(FORBIDDEN)

    async def _subscribe(self, key: object, payload: object) -> None:
        if self._principal is None:
            raise Over(EARLY)
        if not isinstance(key, str) or not 1 <= len(key) <= ID_CHARS_MAX:
            raise _malformed(f"The id of an operation has 1 to {ID_CHARS_MAX} characters.")
        if not isinstance(payload, dict):
            raise _malformed("The payload of subscribe is an object.")
        if key in self._operations:
            raise Over(Farewell(4409, f"Subscriber for {key} already exists"))
        if len(self._operations) >= OPERATIONS_MAX:
            await self._fail(key, TOO_MANY, streams.request_id())
            return
        self._operations[key] = self._start(self._operate(key, payload))

    async def _complete(self, key: object) -> None:
        if not isinstance(key, str):
            raise _malformed("complete names the id of an operation.")
        task = self._operations.pop(key, None)
        if task is not None:
            await streams.stop(task)

    async def _operate(self, key: str, payload: dict[str, Any]) -> None:
        request_id = streams.request_id()
        try:
            stream = await self._open(payload, request_id)
        except failures.Failure as failure:
            await self._fail(key, failure, request_id)
            return
        except errors.Unavailable:
            await self._fail(key, failures.unavailable(), request_id)
            return
        try:
            while (part := await stream.next()) is not None:
                if part.failed:
                    self._operations.pop(key, None)
                    await self._send({"type": "error", "id": key, "payload": part.body["errors"]})
                    return
                await self._send({"type": "next", "id": key, "payload": part.body})
                await asyncio.sleep(0)  # a replay lets others, and `complete`, have their turn
        finally:
            await stream.aclose()
        self._operations.pop(key, None)
        await self._send({"type": "complete", "id": key})

    async def _open(
        self, payload: dict[str, Any], request_id: str
    ) -> streams.Stream | streams.Single:
        # Its own look-up, as for a request over HTTP: a minute-old answer is too old to begin with.
        principal = await self._authenticate()
        await self._house.gate.arrive(principal)
        call = transport.parse(orjson.dumps(payload))
        admitted = await self._house.gate.admit(call, principal)
        if admitted.operation.kind is graphql.OperationType.MUTATION:
            raise failures.Failure(
                "METHOD_NOT_ALLOWED",
                "Send a mutation by POST: there a lost answer is asked for again by its key.",
            )
        return await self._house.door.stream(call.variables, admitted, principal, request_id)

    async def _fail(self, key: str, failure: failures.Failure, request_id: str) -> None:
        self._operations.pop(key, None)
        await self._send({"type": "error", "id": key, "payload": failure.shown(request_id)})

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._waits.send):
                await self._socket.send_text(orjson.dumps(message).decode())
        except TimeoutError:
            raise Over(SLOW) from None


def _read(received: Message) -> dict[str, Any]:
    if received["type"] == "websocket.disconnect":
        raise Over(GONE)
    text = received.get("text")
    if text is None:
        raise _malformed("Messages are text.")
    if len(text) > FRAME_BYTES_MAX:
        raise Over(TOO_LARGE)
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _malformed("A message is JSON.") from None
    if not isinstance(message, dict):
        raise _malformed("A message is a JSON object.")
    return message


def _malformed(reason: str) -> Over:
    return Over(Farewell(4400, reason))


def _token(payload: object) -> str:
    """The token in the payload of connection_init: as the header would have it, or by itself."""
    if not isinstance(payload, dict):
        return ""
    for name, value in payload.items():
        if name.lower() == "authorization" and isinstance(value, str):
            scheme, _, token = value.partition(" ")
            return token.strip() if scheme.lower() == "bearer" else ""
    found = payload.get("token")
    return found if isinstance(found, str) else ""
