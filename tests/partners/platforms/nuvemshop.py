"""A Nuvemshop store, played: coupons by code, 404 for empty lists, links to the next page."""

import itertools
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.partners.platforms import loopback

TOKEN: Final = "61181d08b7e328d256736hdcb671c3ce50b8af5"
STORE: Final = 123456
VALUE_MAX: Final = 10_000_00


class Shop:
    """A store and its coupons."""

    def __init__(self) -> None:
        self.coupons: dict[int, dict[str, Any]] = {}
        self.is_unique = False
        self.is_suspended = False
        self._numbers = itertools.count(32965)

    def add(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """A new coupon; when it was made is not shown."""
        number = next(self._numbers)
        coupon = {"id": number, "valid": True, "used": 0, **wanted, "made": loopback.now()}
        self.coupons[number] = coupon
        return _shown(coupon)

    def by_code(self, code: str) -> list[dict[str, Any]]:
        """All coupons with a code: the documentation does not say that there is only one."""
        return [one for one in self.coupons.values() if one["code"] == code]


def create(shop: Shop) -> Starlette:
    """The application."""

    async def coupons(request: Request) -> JSONResponse:
        if "(" not in request.headers["user-agent"]:
            return _no(400, "Bad Request", "Missing User-Agent header")
        if shop.is_suspended:
            return _no(402, "Payment Required", "The store has not paid for its plan")
        if request.method == "POST":
            wanted = await request.json()
            assert isinstance(wanted["value"], str), "a value is a string"
            if shop.is_unique and shop.by_code(wanted["code"]):
                return JSONResponse({"code": ["has already been taken"]}, 422)
            if int(wanted["value"].replace(".", "")) > VALUE_MAX:
                return JSONResponse({"value": ["is too high"]}, 422)
            return JSONResponse(shop.add(wanted), 201)
        asked = request.query_params
        found = [
            _shown(one)
            for one in shop.coupons.values()
            if asked.get("q", "") in one["code"]
            and asked.get("created_at_min", "") <= one["made"] <= asked.get("created_at_max", "9")
        ]
        # Small pages, so that every list has several.
        size, number = min(2, int(asked["per_page"])), int(asked.get("page", "1"))
        page = found[(number - 1) * size : number * size]
        if not page:
            return _no(404, "Not Found", f"Last page is {-(-len(found) // size)}")
        links = f'<{request.url}>; rel="next"' if number * size < len(found) else ""
        return JSONResponse(page, headers={"Link": links} if links else {})

    async def coupon(request: Request) -> JSONResponse:
        found = shop.coupons.get(int(request.path_params["number"]))
        if found is None:
            return _no(404, "Not Found", "Coupon with such id does not exist")
        found |= await request.json()
        return JSONResponse(_shown(found))

    told = {"header": "authentication", "says": f"bearer {TOKEN}"}
    base = f"/2025-03/{STORE}/coupons"
    return Starlette(
        routes=[
            loopback.route(base, coupons, "GET", "POST", **told),
            loopback.route(f"{base}/{{number:int}}", coupon, "PUT", **told),
        ]
    )


def _shown(coupon: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in coupon.items() if name != "made"}


def _no(status: int, message: str, description: str) -> JSONResponse:
    told = {"code": status, "message": message, "description": description}
    return JSONResponse(told, status)
