"""A WooCommerce shop, played: coupons by code, WordPress' errors, pages of two, signed messages."""

import base64
import hmac
import itertools
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.partners.platforms import loopback

KEY: Final = "ck_a1b2c3d4e5f6:cs_f6e5d4c3b2a1"
GMT: Final = "%Y-%m-%dT%H:%M:%S"


class Shop:
    """A shop and its coupons."""

    def __init__(self) -> None:
        self.coupons: dict[int, dict[str, Any]] = {}
        self.may_write = True
        self._numbers = itertools.count(700)

    def add(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """A new coupon, as it is shown from now on."""
        number, made = next(self._numbers), datetime.now(UTC).strftime(GMT)
        coupon = {
            "id": number,
            "amount": wanted["amount"],
            "date_created": made,
            "date_created_gmt": made,
            "date_modified_gmt": made,
            "discount_type": wanted.get("discount_type", "fixed_cart"),
            "description": wanted.get("description", ""),
            "date_expires": wanted.get("date_expires"),
            "usage_count": 0,
            "usage_limit": wanted.get("usage_limit"),
            "meta_data": [],
            "code": wanted["code"].lower(),
        }
        self.coupons[number] = coupon
        return coupon

    def by_code(self, code: str) -> list[dict[str, Any]]:
        """The coupon with a code, as the look-up by code finds it."""
        return [one for one in self.coupons.values() if one["code"] == code.lower()]


def create(shop: Shop) -> Starlette:
    """The application."""

    async def coupons(request: Request) -> JSONResponse:
        if request.method == "POST":
            if not shop.may_write:
                return _no("woocommerce_rest_cannot_create", "Sorry, you cannot.", 403)
            wanted = await request.json()
            assert isinstance(wanted["amount"], str), "an amount is a string"
            if shop.by_code(wanted["code"]):
                told = "The coupon code already exists"
                return _no("woocommerce_rest_coupon_code_already_exists", told)
            if len(wanted["code"]) > 64:
                return _no("rest_invalid_param", "Invalid parameter(s): code")
            return JSONResponse(shop.add(wanted), 201)
        asked = request.query_params
        if "code" in asked:
            return JSONResponse(shop.by_code(asked["code"]))
        assert asked["dates_are_gmt"] == "true"
        found = [
            one
            for one in shop.coupons.values()
            if asked["after"] < one["date_created_gmt"] < asked["before"]
        ]
        # Small pages, so that every list has several.
        size = min(2, int(asked["per_page"]))
        begin, pages = (int(asked["page"]) - 1) * size, -(-len(found) // size)
        return JSONResponse(found[begin : begin + size], headers={"X-WP-TotalPages": str(pages)})

    async def coupon(request: Request) -> JSONResponse:
        found = shop.coupons.get(int(request.path_params["number"]))
        if found is None:
            return _no("woocommerce_rest_shop_coupon_invalid_id", "Invalid ID.", 404)
        found |= await request.json()
        found["date_modified_gmt"] = datetime.now(UTC).strftime(GMT)
        return JSONResponse(found)

    says = "Basic " + base64.b64encode(KEY.encode()).decode()
    told = {"header": "authorization", "says": says}
    base = "/wp-json/wc/v3/coupons"
    return Starlette(
        routes=[
            loopback.route(base, coupons, "GET", "POST", **told),
            loopback.route(f"{base}/{{number:int}}", coupon, "PUT", **told),
        ]
    )


def signed(body: bytes, secret: str) -> dict[str, str]:
    """As WooCommerce signs what it sends."""
    digest = hmac.digest(secret.encode(), body, "sha256")
    return {
        "X-WC-Webhook-Topic": "coupon.updated",
        "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
    }


def message(coupon: dict[str, Any]) -> bytes:
    """A message about a coupon: the coupon as it is now."""
    return msgspec.json.encode(coupon)


def _no(code: str, message: str, status: int = 400) -> JSONResponse:
    told = {"code": code, "message": message, "data": {"status": status}}
    return JSONResponse(told, status)
