"""Campaigns for tests that move value: saved and published through the verbs, at an instant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.wallet import giving
from tests.wallet.factories import DAY, NOON, Coalition, numbers
from wallet import audit, ids, ledger
from wallet.campaigns import lives, rules
from wallet.rules.campaigns import programme

SIMPLE: dict[str, Any] = {
    "asset": "EUR",
    "give": {"give": "rate", "bps": 1000},
    "funding": [{"funder": "merchant", "bps": 10_000}],
    "terms": {"text": {"en": "As agreed."}},
}
BEGUN = NOON - 100 * DAY
"""When the campaigns of tests were made, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """A campaign that runs."""

    campaign_id: UUID
    version_id: UUID


async def promote(
    coalition: Coalition,
    *,
    at: datetime = BEGUN,
    campaign_id: UUID | None = None,
    agreed: bool = True,
    **changes: Any,
) -> Promotion:
    """Publish a campaign that gives 10 % on everything from `at` on, but for what is given.

    Where a part goes to a charity, everybody has `agreed` with it.
    """
    if agreed and changes.get("charity"):
        await giving.agree_all(coalition, UUID(changes["charity"]["charity_id"]))
    number = next(numbers)
    stack = {"group": "bonus", "priority": number % 9_000, **changes.pop("stack", {})}
    raw = {
        **SIMPLE,
        "name": f"Campaign {number}",
        "starts_at": at.isoformat(),
        "stack": stack,
        **changes,
    }
    saved = await lives.save_draft(
        coalition.db,
        request_id=ids.new(),
        campaign_id=campaign_id,
        merchant_id=None,
        raw=raw,
        note="as planned",
        actor=audit.SYSTEM,
        now=at,
    )
    await lives.publish(
        coalition.db,
        request_id=ids.new(),
        campaign_id=saved.campaign.campaign_id,
        version_id=saved.version.version_id,
        from_at=None,
        reason="as planned",
        actor=audit.SYSTEM,
        now=at,
    )
    return Promotion(saved.campaign.campaign_id, saved.version.version_id)


async def govern(
    coalition: Coalition, *groups: tuple[str, programme.Mode], cap_minor: int | None = None
) -> None:
    """Publish the programme's rules."""
    await rules.publish(
        coalition.db,
        request_id=ids.new(),
        raw={
            "groups": [{"name": name, "mode": mode} for name, mode in groups],
            "purchase_cap_minor": cap_minor,
        },
        valid_from=BEGUN,
        note="as agreed",
        actor=audit.SYSTEM,
        now=BEGUN,
    )


async def granted(coalition: Coalition, purchase_id: UUID) -> dict[UUID, tuple[int, int]]:
    """What each campaign version desired and granted for a purchase."""
    rows = await coalition.db.fetch(
        "select version_id, sum(desired_minor)::bigint as desired, sum(granted_minor)::bigint"
        " as granted from ledger.grant where bucket = $1 and cause_id = $2 group by version_id",
        ledger.bucket(purchase_id),
        purchase_id,
    )
    return {row["version_id"]: (row["desired"], row["granted"]) for row in rows}


async def given(coalition: Coalition, campaign_id: UUID) -> int:
    """What a campaign has given so far, net of returns."""
    return int(
        await coalition.db.fetchval(
            "select coalesce(sum(granted_minor), 0) from ledger.usage where campaign_id = $1",
            campaign_id,
        )
    )


async def funded(coalition: Coalition, purchase_id: UUID) -> dict[tuple[UUID, UUID], int]:
    """What each rule and funder gave for a purchase."""
    rows = await coalition.db.fetch(
        "select rule_id, funder_id, amount from ledger.lot where bucket = $1 and cause_id = $2",
        ledger.bucket(purchase_id),
        purchase_id,
    )
    return {(row["rule_id"], row["funder_id"]): row["amount"] for row in rows}
