"""GraphQL over HTTP (the September 2026 text): one request, one operation, one answer.

The order is fixed: how the request speaks, who sends it, how large it is, what it says, and only
then GraphQL. Callers that ask for `application/graphql-response+json` get a status that tells the
outcome (200, 294 with errors beside data, 4xx, 5xx); callers that ask only for `application/json`
get 200 for every well-formed request, as that media type demands. With the older statuses, 422 is
400 and 294 is 200, and whoever does not mind the media type gets the older one. A GET runs queries
only: registered ones, and any of the staff. No answer is ever cached.
"""

import asyncio
import contextlib
import dataclasses
import datetime
import functools
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

import graphql
import orjson
import strawberry
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from strawberry.execution import optimized_is_awaitable

from api import settings, speaking
from api.graphql import (
    context,
    failures,
    gate,
    hub,
    loaders,
    sse,
    streams,
    transport,
    welcome,
    wording,
)
from api.identity import bearer
from wallet import database, errors

log: Final = structlog.get_logger("api.graphql")

BULK_PATIENCE: Final = 6  # a large body may take this many times the ordinary time
IS_AWAITABLE: Final[Any] = optimized_is_awaitable  # twice as fast as the library's own
# Whose requests may be long: a thousand purchases, a definition, ten thousand members.
BULK_SCOPES: Final = frozenset({"purchases:report", "campaigns:write"})
OPEN_HEADER: Final = "Commonpurse-Documents"  # so that nobody takes a test house for a real one

# In the media type that has only one status for a well-formed request, these get it.
WELL_FORMED: Final = frozenset(
    {
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_RESOLUTION_FAILURE",
        "TRUSTED_DOCUMENT_REQUIRED",
        "COST_EXCEEDED",
        "BAD_USER_INPUT",
    }
)
PARTIAL: Final = 294
OLDER: Final = {422: 400, PARTIAL: 200}


class Endpoint:
    """The ASGI application behind /graphql."""

    def __init__(
        self,
        schema: strawberry.Schema,
        db: database.Database,
        settings: settings.Settings,
        hub: hub.Hub,
        speaking: speaking.Speaking,
        *,
        development: bool,
    ) -> None:
        self._schema = schema._schema
        self._executor = schema.execution_context_class
        self._db = db
        self._settings = settings
        self._hub = hub
        self._development = development
        self._speaking = speaking
        self._older = settings.statuses == "older"
        self.gate = gate.Gate(self._schema, db, settings, development=development)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        request_id = "req_" + secrets.token_hex(8)
        wording.answer_in(request.headers.get("accept-language"))
        reply = _Reply(transport.RESPONSE, request_id, older=self._older, open=self.gate.open)
        try:
            if self._development and request.method == "GET" and transport.wants_html(request):
                server = request.scope.get("server") or (self._settings.host, self._settings.port)
                headers = transport.headers(request_id) | welcome.HEADERS
                return HTMLResponse(welcome.page(server), headers=headers)
            transport.check_method(request)
            preferred = transport.JSON if self._older else transport.RESPONSE
            reply.media = sse.otherwise(request, preferred=preferred)
            return await self._answer(request, reply)
        except failures.Failure as failure:
            return reply.failed(failure)
        except errors.Unavailable:
            return reply.failed(failures.unavailable())
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            message = failures.bug(error, request_id)
            return reply.failed(failures.Failure("INTERNAL", message))

    async def _answer(self, request: Request, reply: "_Reply") -> Response:
        if request.method != "GET":
            transport.check_content_type(request)
        principal = await self.gate.authenticate(request)
        await self.gate.arrive(principal)
        call, patience_s = await self._read(request, principal)
        admitted = await self.gate.admit(call, principal)
        _check_safe(request, principal, admitted)
        if sse.wanted(request, admitted.operation.kind):
            with contextlib.ExitStack() as held:
                held.enter_context(self._hub.place(principal.principal_id))
                stream = await self.stream(call.variables, admitted, principal, reply.request_id)
                again = functools.partial(self.gate.authenticate, request)
                return sse.EventStream(
                    stream,
                    reply.request_id,
                    principal,
                    again=again,
                    held=held.pop_all(),
                    waits=self._hub.waits,
                )
        caller = self.caller(principal, admitted, reply.request_id)
        started = time.perf_counter()
        result = await self._execute(admitted, call.variables, caller, patience_s)
        response = reply.executed(result, self._told(principal, admitted))
        _log(admitted, caller, result, started, status=response.status_code)
        return response

    async def stream(
        self,
        variables: Mapping[str, Any],
        admitted: gate.Admitted,
        principal: bearer.Principal,
        request_id: str,
    ) -> streams.Stream | streams.Single:
        """Begin what is answered part by part. Raises failures.Failure, before the first part."""
        caller = self.caller(principal, admitted, request_id)
        if admitted.operation.kind is graphql.OperationType.SUBSCRIPTION:
            pay = functools.partial(self.gate.pay, principal, admitted.points)
            return await streams.begin(
                self._schema, admitted, variables, caller, executor=self._executor, pay=pay
            )
        started = time.perf_counter()
        patience_s = float(self._settings.request_seconds_max)
        result = await self._execute(admitted, variables, caller, patience_s)
        _log(admitted, caller, result, started, status=200)
        return streams.Single(streams.part(result, request_id))

    async def _read(
        self, request: Request, principal: bearer.Principal
    ) -> tuple[transport.Call, float]:
        """Return what a request says, and how long it may take."""
        bounds = self._settings
        patience_s = float(bounds.request_seconds_max)
        if request.method == "GET":
            return transport.parse_address(request.query_params), patience_s
        bulk = not BULK_SCOPES.isdisjoint(principal.scopes)
        body = await transport.read_body(
            request, bounds.bulk_body_bytes_max if bulk else bounds.body_bytes_max
        )
        if len(body) > bounds.body_bytes_max:
            patience_s *= BULK_PATIENCE
        return transport.parse(body), patience_s

    def caller(
        self, principal: bearer.Principal, admitted: gate.Admitted, request_id: str
    ) -> context.Context:
        """Return what the resolvers of one request know."""
        caller = context.Context(
            db=self._db,
            principal=principal,
            request_id=request_id,
            document=admitted.prepared.digest,
            loaders=loaders.Loaders(self._db),
            hub=self._hub,
            origin=self._settings.origin,
            vault=self._speaking.ring,
            adapters=self._speaking.adapters,
            saga=self._speaking.saga,
            webhook_hosts=self._settings.webhook_hosts,
        )
        if admitted.operation.kind is graphql.OperationType.QUERY:
            caller.begin()
        return caller

    def _told(
        self, principal: bearer.Principal, admitted: gate.Admitted
    ) -> Mapping[str, Any] | None:
        """Return the cost for whoever writes documents as they go; an app's are registered."""
        if admitted.trusted or principal.kind not in gate.INTROSPECTING:
            return None
        return admitted.told(datetime.datetime.now(datetime.UTC))

    async def _execute(
        self,
        admitted: gate.Admitted,
        variables: Mapping[str, Any],
        caller: context.Context,
        patience_s: float,
    ) -> graphql.ExecutionResult:
        try:
            async with asyncio.timeout(patience_s):
                result = graphql.execute(
                    self._schema,
                    admitted.prepared.node,
                    context_value=caller,
                    variable_values=dict(variables),
                    operation_name=admitted.name,
                    max_coercion_errors=failures.ERRORS_MAX,
                    executor_class=self._executor,
                    is_awaitable=IS_AWAITABLE,
                    hide_suggestions=True,
                )
                if isinstance(result, graphql.ExecutionResult):
                    return result
                return await result
        except TimeoutError:
            raise failures.Failure(
                "TIMEOUT",
                "This took too long and was stopped. Retry with the same idempotency key.",
            ) from None


def _log(
    admitted: gate.Admitted,
    caller: context.Context,
    result: graphql.ExecutionResult,
    started: float,
    *,
    status: int,
) -> None:
    log.info(
        "operation",
        request_id=caller.request_id,
        caller=caller.principal.kind,
        token=str(caller.principal.token_id),
        name=admitted.name,
        document=admitted.prepared.digest,
        cost=admitted.points,
        errors=len(result.errors or ()),
        refused=caller.refused,
        status=status,
        ms=round((time.perf_counter() - started) * 1000, 2),
    )


def _check_safe(request: Request, principal: bearer.Principal, admitted: gate.Admitted) -> None:
    """Let a GET, or a QUERY, change nothing, and a GET send only what is known or the staff's."""
    if request.method == "POST":
        return
    if admitted.operation.kind is graphql.OperationType.MUTATION:
        raise failures.Failure(
            "METHOD_NOT_ALLOWED", "Send a mutation by POST.", headers={"Allow": "POST"}
        )
    if request.method == "GET" and not admitted.trusted and principal.kind != "staff":
        raise failures.Failure(
            "METHOD_NOT_ALLOWED",
            "By GET only registered documents are answered. Send this one by POST.",
            headers={"Allow": "POST, QUERY"},
        )


@dataclasses.dataclass(slots=True)
class _Reply:
    """How one request is answered: its media type, its id, and what the statuses are."""

    media: str
    request_id: str
    older: bool
    open: bool

    def executed(self, result: graphql.ExecutionResult, cost: Mapping[str, Any] | None) -> Response:
        """Answer with what execution gave."""
        more = {} if cost is None else {"extensions": {"cost": cost}}
        if not result.errors:
            return self._json(200, {"data": result.data, **more})
        shown = failures.of_execution(result.errors, self.request_id)
        if shown.fatal is not None:
            return self.failed(shown.fatal)
        if result.data is None and result.errors[0].path is None:
            # A variable did not fit its type: nothing was executed, so there is no data entry.
            status = 422 if self.media == transport.RESPONSE else 200
            return self._json(status, {"errors": shown.errors, **more})
        status = PARTIAL if self.media == transport.RESPONSE else 200
        return self._json(status, {"data": result.data, "errors": shown.errors, **more})

    def failed(self, failure: failures.Failure) -> Response:
        """Answer that the request was not executed, and why."""
        log.info("failed", request_id=self.request_id, code=failure.code, status=failure.status)
        well_formed = self.media == transport.JSON and failure.code in WELL_FORMED
        status = 200 if well_formed else failure.status
        return self._json(status, {"errors": failure.shown(self.request_id)}, failure.headers)

    def _json(
        self, status: int, body: Mapping[str, Any], more: Mapping[str, str] | None = None
    ) -> Response:
        headers = {**transport.headers(self.request_id), **(more or {})}
        if self.open:
            headers[OPEN_HEADER] = "open"
        return Response(
            orjson.dumps(body),
            status_code=OLDER.get(status, status) if self.older else status,
            media_type=f"{self.media}; charset=utf-8",
            headers=headers,
        )
