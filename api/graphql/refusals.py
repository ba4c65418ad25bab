"""Refusals as data: the tree in wallet/errors.py, shown as GraphQL types.

Every refusal implements `UserError`, so an old app can read a new one; those that carry what helps
(what there is, when a key was first used) have a type of their own. The enum of codes is made from
the tree itself, so a code cannot exist in one place only.
"""

import datetime
import enum
import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar

import strawberry
from strawberry.utils import str_converters

from api.graphql import scalars, shapes, wording
from wallet import errors, money

# Below this field there is a JSON document, whose names are shown as they were sent.
DOCUMENT: Final = "definition"
NAMES: Final = {"asset": "currency", "line_no": "lineNumber", "store": "storeExternalId"}

Payload = TypeVar("Payload")
Asked = ParamSpec("Asked")
Act: TypeAlias = Callable[Asked, Awaitable[Payload | None]]

# A dynamic enum cannot be an annotation, so the fields below say `str` and name it as graphql_type.
_enum: Final[Any] = enum.Enum  # the type checker reads literal members only
_CODES: Final = _enum(
    "ErrorCode",
    {
        code: strawberry.enum_value(code, description=" ".join((one.__doc__ or "").split()))
        for code, one in sorted(errors.CODES.items())
    },
)
ERROR_CODE: Final = strawberry.enum(
    _CODES,
    name="ErrorCode",
    description="Every refusal there is; a new one may come, so keep a branch for the unknown.",
)


@strawberry.interface(description="A refusal that the caller can act on; nothing has happened.")
class UserError:
    """What every refusal has."""

    code: str = strawberry.field(
        graphql_type=ERROR_CODE, description="Stable; decide by this, not by the message."
    )
    message: str = strawberry.field(
        description="For a person, in the request's language: what is wrong and what to do next."
    )
    path: list[str] = strawberry.field(
        description="Field names and positions down to the input at fault; empty for all of it."
    )


@strawberry.type(description="Any refusal without data of its own; `code` says which.")
class Refusal(UserError):
    """The plain form."""


@strawberry.type(description="The wallet holds less than was asked.")
class InsufficientFunds(UserError):
    """INSUFFICIENT_FUNDS."""

    available: shapes.Money = strawberry.field(description="What there is: ask for at most this.")


@strawberry.type(description="The key was used before with other contents.")
class IdempotencyKeyReused(UserError):
    """IDEMPOTENCY_KEY_REUSED."""

    first_used_at: scalars.DateTime = strawberry.field(description="When the key was first used.")


@strawberry.type(description="The credit passes a limit of the agent's role.")
class GoodwillLimit(UserError):
    """GOODWILL_LIMIT."""

    allowed: shapes.Money = strawberry.field(description="What may still be given.")


@strawberry.type(description="The budget is below what was given of it already.")
class BudgetTooSmall(UserError):
    """BUDGET_TOO_SMALL."""

    given: shapes.Money = strawberry.field(description="What was given: set at least this.")


@strawberry.type(description="The capture is larger than the hold.")
class CaptureExceedsHold(UserError):
    """CAPTURE_EXCEEDS_HOLD."""

    held: shapes.Money = strawberry.field(description="What is held: capture at most this.")


@strawberry.type(description="More would be refunded than was captured and not yet refunded.")
class RefundExceedsCapture(UserError):
    """REFUND_EXCEEDS_CAPTURE."""

    left: shapes.Money = strawberry.field(description="What is left: refund at most this.")


def show(refusal: errors.Refusal) -> Any:
    """Return the GraphQL object of a refusal; one whose data is missing is shown as plain."""
    said: dict[str, Any] = {
        "code": refusal.code,
        "message": wording.say(refusal.message, rather=refusal.advice),
        "path": _path(refusal),
    }
    match refusal:
        case errors.InsufficientFunds():
            return _with_money(InsufficientFunds, "available", refusal, said)
        case errors.GoodwillLimit():
            return _with_money(GoodwillLimit, "allowed", refusal, said)
        case errors.BudgetTooSmall():
            return _with_money(BudgetTooSmall, "given", refusal, said)
        case errors.CaptureExceedsHold():
            return _with_money(CaptureExceedsHold, "held", refusal, said)
        case errors.RefundExceedsCapture():
            return _with_money(RefundExceedsCapture, "left", refusal, said)
        case errors.IdempotencyKeyReused():
            first = _instant(refusal.data.get("first_used_at"))
            if first is not None:
                return IdempotencyKeyReused(first_used_at=scalars.DateTime(first), **said)
    return Refusal(**said)


def _path(refusal: errors.Refusal) -> list[str]:
    # The rules name fields as Python does; a caller knows them by their GraphQL names.
    path = list(refusal.path)
    until = path.index(DOCUMENT) if DOCUMENT in path else len(path)
    ours = [NAMES.get(step) or str_converters.to_camel_case(step) for step in path[:until]]
    return ours + path[until:]


def _with_money(shape: Callable[..., Any], name: str, refusal: errors.Refusal, said: Any) -> Any:
    # Data may come back from storage, so it is looked at before it is trusted.
    minor, code = refusal.data.get(f"{name}_minor"), refusal.data.get("asset")
    if not isinstance(minor, int) or not isinstance(code, str):
        return Refusal(**said)
    return shape(**{name: shapes.show(minor, money.asset(code))}, **said)


def _instant(value: object) -> datetime.datetime | None:
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    return value if isinstance(value, datetime.datetime) and value.tzinfo else None


def answered(
    payload: Callable[..., Payload],
) -> Callable[[Act[Asked, Payload]], Act[Asked, Payload]]:
    """Let a mutation answer with its payload when the wallet refuses."""

    def around(act: Act[Asked, Payload]) -> Act[Asked, Payload]:
        @functools.wraps(act)
        async def answering(*args: Asked.args, **kwargs: Asked.kwargs) -> Payload | None:
            try:
                return await act(*args, **kwargs)
            except errors.Refusal as refusal:
                info: Any = kwargs.get("info")
                info.context.refused.append(refusal.code)  # for the log of the operation
                return payload(errors=[show(refusal)])

        return answering

    return around
