"""A subscription while it runs: its answers one by one, ready to send, whatever carries them.

What is wrong before the first answer is a refusal of the request and raised or returned as such.
What goes wrong later is the last part of the stream, with a code and the request id like any
failure. When the process stops, hub.Closed passes through: that is no failure, and no end either.
"""

import asyncio
import dataclasses
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Final

import graphql
import structlog

from api.graphql import context, failures, gate, hub
from wallet import errors

log: Final = structlog.get_logger("api.graphql")

BEGIN_SECONDS: Final = 5.0  # it is two look-ups
POOR_SECONDS: Final = 1.0  # a replay that is too dear goes on as the points come back

Pay = Callable[[], Awaitable[None]]
"""Pays for one more answer; raises failures.Failure if the caller has too few points left."""


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One answer; after a `failed` one nothing follows."""

    body: dict[str, Any]
    failed: bool = False


def request_id() -> str:
    """Return a new id for one request, by whatever it came."""
    return "req_" + secrets.token_hex(8)


def part(result: graphql.ExecutionResult, request_id: str) -> Part:
    """Return an execution's result as it is sent."""
    if not result.errors:
        return Part({"data": result.data})
    shown = failures.of_execution(result.errors, request_id)
    if shown.fatal is not None:
        return failure(shown.fatal, request_id)
    if result.data is None and result.errors[0].path is None:
        return Part({"errors": shown.errors}, failed=True)  # nothing was executed
    return Part({"data": result.data, "errors": shown.errors})


def failure(failed: failures.Failure, request_id: str) -> Part:
    """Return a failure as the last part of a stream."""
    return Part({"errors": failed.shown(request_id)}, failed=True)


class Single:
    """The answer of a query, as a stream of one."""

    def __init__(self, answer: Part) -> None:
        self._left: Part | None = answer

    async def next(self) -> Part | None:
        """Return the answer, then None."""
        answer, self._left = self._left, None
        return answer

    async def aclose(self) -> None:
        """Hold nothing."""


class Stream:
    """An open subscription; whoever opened it closes it."""

    def __init__(
        self,
        results: AsyncGenerator[graphql.ExecutionResult, None],
        caller: context.Context,
        pay: Pay,
    ) -> None:
        self._results = results
        self._caller = caller
        self._pay = pay
        self._began = time.monotonic()
        self._sent = 0
        self._over = False

    async def next(self) -> Part | None:
        """Return the next answer, None after the last. Raises hub.Closed when the process stops."""
        if self._sent:
            await self._afford()
        found = None if self._over else await self._next()
        self._over = found is None or found.failed
        self._sent += found is not None
        return found

    async def _afford(self) -> None:
        """Wait until the caller has the points for one more answer; the first was paid before."""
        while True:
            try:
                return await self._pay()
            except failures.Failure:
                await asyncio.sleep(POOR_SECONDS)

    async def _next(self) -> Part | None:
        request_id = self._caller.request_id
        try:
            return part(await anext(self._results), request_id)
        except StopAsyncIteration:
            return None
        except hub.Closed:
            raise
        except failures.Failure as failed:
            return failure(failed, request_id)
        except errors.Unavailable:
            return failure(failures.unavailable(), request_id)
        except Exception as error:
            message = failures.bug(error, request_id)
            return failure(failures.Failure("INTERNAL", message), request_id)

    async def aclose(self) -> None:
        """End it, and let go of all that it holds."""
        await self._results.aclose()
        log.info(
            "subscription",
            request_id=self._caller.request_id,
            caller=self._caller.principal.kind,
            token=str(self._caller.principal.token_id),
            document=self._caller.document,
            sent=self._sent,
            seconds=round(time.monotonic() - self._began, 1),
        )


async def begin(
    schema: graphql.GraphQLSchema,
    admitted: gate.Admitted,
    variables: Mapping[str, Any],
    caller: context.Context,
    *,
    executor: Any,
    pay: Pay,
) -> Stream:
    """Open a subscription. Raises failures.Failure for what is wrong with it."""
    try:
        async with asyncio.timeout(BEGIN_SECONDS):
            begun = graphql.subscribe(
                schema,
                admitted.prepared.node,
                context_value=caller,
                variable_values=dict(variables),
                operation_name=admitted.name,
                max_coercion_errors=failures.ERRORS_MAX,
                executor_class=executor,
                hide_suggestions=True,
            )
            found = await begun if isinstance(begun, Awaitable) else begun
    except TimeoutError:
        raise failures.Failure("TIMEOUT", "This took too long. Connect again.") from None
    if isinstance(found, graphql.ExecutionResult):
        raise _refused(found, caller.request_id)
    assert isinstance(found, AsyncGenerator)
    return Stream(found, caller, pay)


def _refused(result: graphql.ExecutionResult, request_id: str) -> failures.Failure:
    shown = failures.of_execution(result.errors or (), request_id)
    if shown.fatal is not None:
        return shown.fatal
    return failures.Failure(shown.errors[0]["extensions"]["code"], "", errors=shown.errors)


async def stop(*running: "asyncio.Task[Any]") -> None:
    """Stop tasks and wait until they have let go of what they hold."""
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
