"""For whoever runs the shop: what it has issued, the switch for faults, what it knows of us, and
its clock, which stands where it is told by whoever replays another time.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from partners.reference_shop import callers, faults, problems, protocol, reading, shop, telling

QUIET_SECONDS_MAX: Final = 30
"""For what is under way when the clock is told: longer than a slow fault and a message."""
LOOK_SECONDS: Final = 0.005


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the clock is to stand; null lets it go with everybody's."""

    now: Annotated[datetime, msgspec.Meta(tz=True)] | None


def routes(at: shop.Shop, switch: faults.Switch, teller: telling.Teller) -> list[BaseRoute]:
    """Return the addresses that only the secret of whoever runs the shop opens."""

    async def ledger(request: Request) -> Response:
        callers.admin(at, request)
        lines = [{**protocol.document(one), "memo": one.fact.memo} for one in at.book.all()]
        return JSONResponse({"redemptions": lines})

    async def turn(request: Request) -> Response:
        callers.admin(at, request)
        if request.method == "POST":
            body = await reading.body(request)
            switch.turn(problems.decode(body, faults.Setting))
        setting = msgspec.to_builtins(switch.setting)
        return JSONResponse({**setting, "struck": dict(switch.struck), "of": switch.drawn})

    async def partner(request: Request) -> Response:
        callers.admin(at, request)
        body = await reading.body(request)
        at.partner = problems.decode(body, shop.Partner)
        return JSONResponse(msgspec.to_builtins(at.partner))

    async def clock(request: Request) -> Response:
        callers.admin(at, request)
        told = problems.decode(await reading.body(request), Clock)
        try:
            # What has begun ends in the time in which it began: time does not leap over it.
            async with asyncio.timeout(QUIET_SECONDS_MAX):
                while switch.under_way or teller.untold:  # noqa: ASYNC110 - a look is enough
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise problems.Problem("unavailable", "Something does not come to its end.") from None
        at.set_clock(told.now)
        return JSONResponse({"now": at.now().isoformat()})

    return [
        Route("/ledger", ledger),
        Route("/clock", clock, methods=["POST"]),
        Route("/faults", turn, methods=["GET", "POST"]),
        Route("/partner", partner, methods=["POST"]),
    ]
