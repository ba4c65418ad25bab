"""GraphQL over HTTP (the September 2026 text): one POST, one operation, one answer.

The order is fixed: how the request speaks, who sends it, how large it is, what it says, and only
then GraphQL. Callers that ask for `application/graphql-response+json` get a status that tells the
outcome (200, 294 with errors beside data, 4xx, 5xx); callers that ask only for `application/json`
get 200 for every well-formed request, as that media type demands. No answer is ever cached.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

import graphql
import orjson
import strawberry
import structlog
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from strawberry.execution import optimized_is_awaitable

from api import settings
from api.graphql import callers, context, documents, failures, hub, loaders, transport, welcome
from api.identity import bearer
from wallet import database, errors

log: Final = structlog.get_logger("api.graphql")

BULK_PATIENCE: Final = 6  # a large body may take this many times the ordinary time
IS_AWAITABLE: Final[Any] = optimized_is_awaitable  # twice as fast as the library's own
BULK_SCOPE: Final = "purchases:report"

# What each status says in the media type that has only one status for a well-formed request.
WELL_FORMED: Final = frozenset(
    {
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_RESOLUTION_FAILURE",
        "BAD_USER_INPUT",
    }
)


class Endpoint:
    """The ASGI application behind /graphql."""

    def __init__(
        self,
        schema: strawberry.Schema,
        db: database.Database,
        settings: settings.Settings,
        hub: hub.Hub,
        *,
        development: bool,
    ) -> None:
        self._schema = schema._schema
        self._executor = schema.execution_context_class
        self._db = db
        self._settings = settings
        self._hub = hub
        self._development = development
        self.documents = documents.Documents(self._schema)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        request_id = "req_" + secrets.token_hex(8)
        media = transport.RESPONSE
        try:
            if request.method == "GET" and self._development and transport.wants_html(request):
                server = request.scope.get("server") or (self._settings.host, self._settings.port)
                return HTMLResponse(welcome.page(server), headers=transport.headers(request_id))
            transport.check_method(request)
            media = transport.media_type(request)
            return await self._answer(request, media, request_id)
        except failures.Failure as failure:
            return _failed(failure, media, request_id)
        except errors.Unavailable:
            return _failed(failures.unavailable(), media, request_id)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            message = failures.bug(error, request_id)
            return _failed(failures.Failure("INTERNAL", message), media, request_id)

    async def _answer(self, request: Request, media: str, request_id: str) -> Response:
        transport.check_content_type(request)
        principal = await self.authenticate(request)
        bounds = self._settings
        bulk = BULK_SCOPE in principal.scopes
        body = await transport.read_body(
            request, bounds.bulk_body_bytes_max if bulk else bounds.body_bytes_max
        )
        call = transport.parse(body)
        introspection = self._development or principal.kind in {"merchant", "staff"}
        prepared = self.documents.prepare(call.query, introspection=introspection)
        if isinstance(prepared, documents.Refused):
            return _refused(prepared, media, request_id)
        name = documents.operation_name(prepared, call.operation_name)
        caller = context.Context(
            db=self._db,
            principal=principal,
            request_id=request_id,
            document=prepared.digest,
            loaders=loaders.Loaders(self._db),
            hub=self._hub,
        )
        started = time.perf_counter()
        patience = bounds.request_seconds_max * (
            BULK_PATIENCE if len(body) > bounds.body_bytes_max else 1
        )
        result = await self._execute(prepared, name, call.variables, caller, patience)
        response = _executed(result, media, request_id)
        log.info(
            "operation",
            request_id=request_id,
            caller=principal.kind,
            token=str(principal.token_id),
            name=name,
            document=prepared.digest,
            errors=len(result.errors or ()),
            refused=caller.refused,
            status=response.status_code,
            ms=round((time.perf_counter() - started) * 1000, 2),
        )
        return response

    async def authenticate(self, connection: HTTPConnection) -> bearer.Principal:
        """Return who sends a request. Raises failures.Failure UNAUTHENTICATED."""
        return await callers.of(self._db, self._settings, connection)

    async def _execute(
        self,
        prepared: documents.Prepared,
        name: str | None,
        variables: Mapping[str, Any],
        caller: context.Context,
        patience_s: float,
    ) -> graphql.ExecutionResult:
        try:
            async with asyncio.timeout(patience_s):
                result = graphql.execute(
                    self._schema,
                    prepared.node,
                    context_value=caller,
                    variable_values=dict(variables),
                    operation_name=name,
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


def _executed(result: graphql.ExecutionResult, media: str, request_id: str) -> Response:
    if not result.errors:
        return _json(200, {"data": result.data}, media, request_id)
    shown = failures.of_execution(result.errors, request_id)
    if shown.fatal is not None:
        return _failed(shown.fatal, media, request_id)
    if result.data is None and result.errors[0].path is None:
        # A variable did not fit its type: nothing was executed, so there is no data entry.
        status = 422 if media == transport.RESPONSE else 200
        return _json(status, {"errors": shown.errors}, media, request_id)
    status = 294 if media == transport.RESPONSE else 200
    return _json(status, {"data": result.data, "errors": shown.errors}, media, request_id)


def _refused(refused: documents.Refused, media: str, request_id: str) -> Response:
    shown = [
        {**error, "extensions": {**error["extensions"], "requestId": request_id}}
        for error in refused.errors
    ]
    status = failures.CODES[refused.code][0] if media == transport.RESPONSE else 200
    return _json(status, {"errors": shown}, media, request_id)


def _failed(failure: failures.Failure, media: str, request_id: str) -> Response:
    log.info("failed", request_id=request_id, code=failure.code, status=failure.status)
    legacy = media == transport.JSON and failure.code in WELL_FORMED
    error = failures.plain(failure.code, failure.message, request_id)
    return _json(
        200 if legacy else failure.status, {"errors": [error]}, media, request_id, failure.headers
    )


def _json(
    status: int,
    body: Mapping[str, Any],
    media: str,
    request_id: str,
    more: Mapping[str, str] | None = None,
) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=f"{media}; charset=utf-8",
        headers={**transport.headers(request_id), **(more or {})},
    )
