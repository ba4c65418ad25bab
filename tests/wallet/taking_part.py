"""Schemes for tests, and the campaigns that pay for them: published through the verbs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tests.wallet import promotions
from tests.wallet.factories import Coalition
from wallet import audit, ids
from wallet.progress import publishing

TEN: dict[str, Any] = {
    "kind": "milestone",
    "name": "Ten purchases",
    "metric": "purchases",
    "target": 10,
}


async def scheme(
    coalition: Coalition,
    *,
    now: datetime = promotions.BEGUN,
    scheme_id: UUID | None = None,
    from_at: datetime | None = None,
    request_id: UUID | None = None,
    plain: dict[str, Any] = TEN,
    **changes: Any,
) -> publishing.Changed:
    """Publish a scheme: ten purchases, but for what is given."""
    return await publishing.publish(
        coalition.db,
        request_id=request_id or ids.new(),
        scheme_id=scheme_id,
        raw={**plain, **changes},
        from_at=from_at,
        note="as planned",
        actor=audit.SYSTEM,
        now=now,
    )


async def reward(coalition: Coalition, **changes: Any) -> promotions.Promotion:
    """A campaign that gives 5.00 EUR of the operator's to whoever wins it."""
    plain: dict[str, Any] = {
        "on": {"on": "reward"},
        "give": {"give": "amount", "minor": 500},
        "funding": [{"funder": "operator", "bps": 10_000}],
    }
    return await promotions.promote(coalition, **{**plain, **changes})
