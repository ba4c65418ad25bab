"""What a basket would earn: asked before the customer pays, by the rules that pay afterwards.

What is promised here is what is credited for the same facts. Nothing is written but who was shown
an arm of an experiment: an offer that was seen has been met.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from wallet import drafts, errors, subscriptions
from wallet.campaigns import additions, gather
from wallet.database import Database
from wallet.rules import cashback, contracts, purchases
from wallet.rules.campaigns import better
from wallet.rules.campaigns import outcome as outcomes


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a basket would earn: by its contract, by campaigns, and with a little more."""

    merchant_name: str
    terms: contracts.Terms
    contract: cashback.Decision
    campaigns: outcomes.Outcome
    next: better.Next | None

    @property
    def credited_minor(self) -> int:
        """What would be credited in the purchase's asset."""
        asset = self.contract.asset
        return self.contract.credited_minor + self.campaigns.total_minor(asset)


async def preview(
    db: Database,
    *,
    merchant_id: UUID,
    purchase: purchases.Purchase,
    member_id: UUID | None = None,
    now: datetime | None = None,
) -> Previewed:
    """What `report` would credit for this purchase; nothing of it is written.

    For a member, or for somebody unknown, who gets nothing of what is only for members.
    """
    items = [] if member_id is None else [drafts.Report(gather.NOBODY, member_id, purchase)]
    facts = await drafts.gather(db, merchant_id, [purchase], items, now)
    if facts.suspended:
        raise errors.MerchantSuspended()
    purchases.check(purchase, known_at=facts.at)
    drafts.store_of(facts, purchase)
    contract = await drafts.contract_of(db, facts, purchase.purchased_at)
    decision = cashback.decide(purchase, contract, reported_at=facts.at, tz=facts.zone)
    member = None
    if member_id is not None:
        member = (member_id, drafts.wallet_of(facts, member_id))
        await subscriptions.check_basket(db, facts, member[1], purchase)
    given = await additions.preview(db, facts, purchase, contract, decision, member=member)
    return Previewed(facts.merchant_name, contract.terms, decision, given.outcome, given.next)


def explained(seen: Previewed) -> dict[str, Any]:
    """What campaigns say of a preview: the document that would be stored, and the next option."""
    return outcomes.document(seen.campaigns) | {
        "next": None if seen.next is None else better.document(seen.next)
    }
