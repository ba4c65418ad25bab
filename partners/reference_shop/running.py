"""For whoever runs the shop: what it has issued, the switch for faults, and what it knows of us."""

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from partners.reference_shop import callers, faults, problems, protocol, reading, shop


def routes(at: shop.Shop, switch: faults.Switch) -> list[BaseRoute]:
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
        return JSONResponse({**setting, "struck": dict(switch.struck)})

    async def partner(request: Request) -> Response:
        callers.admin(at, request)
        body = await reading.body(request)
        at.partner = problems.decode(body, shop.Partner)
        return JSONResponse(msgspec.to_builtins(at.partner))

    return [
        Route("/ledger", ledger),
        Route("/faults", turn, methods=["GET", "POST"]),
        Route("/partner", partner, methods=["POST"]),
    ]
