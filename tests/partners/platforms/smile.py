"""Smile, played: customers' points, transactions newest first, cursors, no idempotency."""

import itertools
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.partners.platforms import loopback

KEY: Final = "sk_smile_private_key"
POINTS_MAX: Final = 1_000_000


class Programme:
    """A programme: its customers' points, and each change of them."""

    def __init__(self) -> None:
        self.points: dict[int, int] = {}
        self.transactions: list[dict[str, Any]] = []
        self.may_write = True
        self._numbers = itertools.count(825673452)

    def customer(self) -> int:
        """A new customer, without points."""
        number = next(self._numbers)
        self.points[number] = 0
        return number

    def change(self, customer: int, change: int, note: str = "", description: str = "") -> Any:
        """A new transaction; a sentence why not instead."""
        if self.points[customer] + change < 0:
            return "Points balance cannot be negative"
        if abs(change) > POINTS_MAX:
            return "Points change is too large"
        self.points[customer] += change
        made = {
            "id": next(self._numbers),
            "customer_id": customer,
            "points_change": change,
            "description": description,
            "internal_note": note,
            "created_at": loopback.now(),
        }
        self.transactions.insert(0, {**made, "updated_at": made["created_at"]})
        return self.transactions[0]

    def of(self, key: str) -> list[dict[str, Any]]:
        """The transactions whose note has a key."""
        return [one for one in self.transactions if key in one["internal_note"]]


def create(programme: Programme) -> Starlette:
    """The application."""

    async def transactions(request: Request) -> JSONResponse:
        if request.method == "POST":
            if not programme.may_write:
                return _no("This action requires the points_transaction:write scope", 403)
            wanted = (await request.json())["points_transaction"]
            if wanted["customer_id"] not in programme.points:
                return _no("Customer not found", 404)
            made = programme.change(
                wanted["customer_id"],
                wanted["points_change"],
                wanted["internal_note"],
                wanted["description"],
            )
            if isinstance(made, str):
                return _no(made, 422)
            return JSONResponse({"points_transaction": made}, 201)
        asked = request.query_params
        found = [
            one
            for one in programme.transactions
            if asked.get("customer_id", str(one["customer_id"])) == str(one["customer_id"])
            and asked.get("updated_at_min", "") <= one["updated_at"]
        ]
        # Small pages, so that every list has several.
        size = 2 if "customer_id" in asked else min(20, int(asked["limit"]))
        begin = int(asked.get("cursor", "0"))
        after = str(begin + size) if begin + size < len(found) else ""
        told = {"next_cursor": after, "previous_cursor": ""}
        return JSONResponse({"points_transactions": found[begin : begin + size], "metadata": told})

    told = {"header": "authorization", "says": f"Bearer {KEY}"}
    path = "/v1/points_transactions"
    return Starlette(routes=[loopback.route(path, transactions, "GET", "POST", **told)])


def _no(message: str, status: int) -> JSONResponse:
    return JSONResponse({"error": {"message": message}}, status)
