"""A Vendure shop, played as Vendure 3.7.3 was seen to answer: promotions, orders, permissions.

What is asked of it here is asked of a real one by `tests/e2e`, with the same subject.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from graphql import GraphQLUnionType, build_schema, graphql_sync
from graphql.error import GraphQLError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from partners import adapter
from partners.adapters import vendure
from tests.partners.platforms import loopback
from wallet import money

KEY: Final = "9c4d723152a11adfb77ac98a:of-a-double-that-is-thrown-away"
SCHEMA: Final = """
scalar DateTime scalar LanguageCode
enum SortOrder { ASC DESC }
interface ErrorResult { errorCode: String! message: String! }
type MissingConditionsError implements ErrorResult { errorCode: String! message: String! }
type ConfigArg { name: String! value: String! }
type ConfigurableOperation { code: String! args: [ConfigArg!]! }
type Promotion { id: ID! createdAt: DateTime! couponCode: String enabled: Boolean! name: String!
  description: String! usageLimit: Int endsAt: DateTime actions: [ConfigurableOperation!]! }
type PromotionList { items: [Promotion!]! totalItems: Int! }
type Order { couponCodes: [String!]! orderPlacedAt: DateTime }
type OrderList { items: [Order!]! totalItems: Int! }
union CreatePromotionResult = Promotion | MissingConditionsError
union UpdatePromotionResult = Promotion | MissingConditionsError
input ConfigArgInput { name: String! value: String! }
input ConfigurableOperationInput { code: String! arguments: [ConfigArgInput!]! }
input PromotionTranslationInput { languageCode: LanguageCode! name: String description: String }
input CreatePromotionInput { enabled: Boolean! endsAt: DateTime couponCode: String usageLimit: Int
  conditions: [ConfigurableOperationInput!]! actions: [ConfigurableOperationInput!]!
  translations: [PromotionTranslationInput!]! }
input UpdatePromotionInput { id: ID! enabled: Boolean }
input DateRange { start: DateTime! end: DateTime! }
input DateOperators { after: DateTime between: DateRange }
input StringOperators { eq: String }
input PromotionFilter { couponCode: StringOperators createdAt: DateOperators }
input PromotionSort { createdAt: SortOrder }
input PromotionListOptions { skip: Int take: Int sort: PromotionSort filter: PromotionFilter }
input OrderFilter { orderPlacedAt: DateOperators }
input OrderSort { orderPlacedAt: SortOrder }
input OrderListOptions { skip: Int take: Int sort: OrderSort filter: OrderFilter }
type Query { promotions(options: PromotionListOptions): PromotionList!
  orders(options: OrderListOptions): OrderList! }
type Mutation { createPromotion(input: CreatePromotionInput!): CreatePromotionResult!
  updatePromotion(input: UpdatePromotionInput!): UpdatePromotionResult! }
"""


class Shop:
    """A shop: its promotions, and the orders that were placed."""

    def __init__(self) -> None:
        self.promotions: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []
        self.numbers = itertools.count(1)

    def use(self, code: str) -> None:
        """A customer places an order with a coupon."""
        self.orders.append({"couponCodes": [code], "orderPlacedAt": _now()})


class _Roots:
    """What answers the schema's fields; names and arguments are the schema's."""

    def __init__(self, shop: Shop, allowed: bool) -> None:
        self.shop = shop
        self.allowed = allowed

    def promotions(self, info: Any, options: dict[str, Any]) -> Any:
        self._check(info)
        wanted = options["filter"]
        code = wanted.get("couponCode", {}).get("eq")
        span = wanted.get("createdAt", {}).get("between", {"start": "", "end": "9"})
        found = [
            one
            for one in self.shop.promotions
            if code in (None, one["couponCode"])
            and span["start"] <= one["createdAt"] <= span["end"]
        ]
        # Small pages, so that every list has several.
        begin = options.get("skip", 0)
        return {"items": found[begin : begin + min(2, options["take"])], "totalItems": len(found)}

    def orders(self, info: Any, options: dict[str, Any]) -> Any:
        self._check(info)
        after = options["filter"]["orderPlacedAt"]["after"]
        found = [one for one in self.shop.orders if one["orderPlacedAt"] > after]
        begin = options["skip"]
        return {"items": found[begin : begin + options["take"]], "totalItems": len(found)}

    def createPromotion(self, info: Any, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        self._check(info)
        if not input.get("couponCode"):
            told = "A PromotionCondition must be set"
            return {
                "__typename": "MissingConditionsError",
                "errorCode": "MISSING_CONDITIONS_ERROR",
                "message": told,
            }
        made = {
            "__typename": "Promotion",
            "id": str(next(self.shop.numbers)),
            "createdAt": _now(),
            "couponCode": input["couponCode"],
            "enabled": input["enabled"],
            "usageLimit": input["usageLimit"],
            "description": input["translations"][0]["description"],
            "name": input["translations"][0]["name"],
            "actions": [{"code": o["code"], "args": o["arguments"]} for o in input["actions"]],
        }
        self.shop.promotions.append(made)
        return made

    def updatePromotion(self, info: Any, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        self._check(info)
        found = next((one for one in self.shop.promotions if one["id"] == input["id"]), None)
        if found is None:
            raise GraphQLError("error.entity-with-id-not-found", extensions={"code": "ENTITY"})
        found["enabled"] = input["enabled"]
        return found

    def _check(self, info: Any) -> None:
        if not self.allowed:
            told = "You are not currently authorized to perform this action"
            assert info.path.key
            raise GraphQLError(told, extensions={"code": "FORBIDDEN"})


def create(shop: Shop) -> Starlette:
    """The application; whoever has no key is told so by each field, with 200."""
    schema = build_schema(SCHEMA)
    for name in ("CreatePromotionResult", "UpdatePromotionResult"):
        union = schema.type_map[name]
        assert isinstance(union, GraphQLUnionType)
        union.resolve_type = lambda value, _info, _type: value["__typename"]

    async def admin(request: Request) -> JSONResponse:
        asked = await request.json()
        roots = _Roots(shop, request.headers.get("vendure-api-key") == KEY)
        done = graphql_sync(schema, asked["query"], roots, variable_values=asked["variables"])
        return JSONResponse(done.formatted)

    return Starlette(routes=[Route("/admin-api", admin, methods=["POST"])])


class Coupons(loopback.Platform):
    """A subject whose truth is asked of the shop itself, so a real one can stand in its place."""

    adapter_class = vendure.Vendure
    secret = KEY
    asset: ClassVar[money.Asset] = money.USD  # type: ignore[misc]

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        return [int(one["actions"][0]["args"][0]["value"]) for one in await self._of(order)]

    async def live(self, order: adapter.Order) -> int:
        good = [one for one in await self._of(order) if one["enabled"]]
        return sum(int(one["actions"][0]["args"][0]["value"]) for one in good)

    async def _of(self, order: adapter.Order) -> list[dict[str, Any]]:
        query = """query($code: String!) { promotions(options: {
          filter: { couponCode: { eq: $code } }, take: 100 }) {
            items { enabled actions { args { value } } } } }"""
        asked = {"query": query, "variables": {"code": order.code}}
        async with loopback.client() as client:
            headers = {"vendure-api-key": self.secret}
            answer = await client.post(f"{self.address}/admin-api", json=asked, headers=headers)
        found: list[dict[str, Any]] = answer.json()["data"]["promotions"]["items"]
        return found


def _now() -> str:
    """The instant as Vendure keeps it on SQLite, which the real run has: whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
