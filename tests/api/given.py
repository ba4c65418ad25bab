"""What belongs to giving in the world: a charity of Rosa's, and what Ana gave and pledged."""

import uuid

from tests.wallet import factories, giving, promotions
from wallet import audit, donate, ids, members
from wallet.charities import agreements, directory


async def build(
    coalition: factories.Coalition, rosa: uuid.UUID, ana: members.Member, vera: uuid.UUID
) -> dict[str, uuid.UUID]:
    """Make the one thing of each type, by the type's name; Vera looks after the directory."""
    db, actor = coalition.db, audit.Actor("staff", vera)
    saved = await directory.save(
        db,
        request_id=ids.new(),
        charity_id=None,
        facts=giving.facts(name="River Fund"),
        reason="a member asked for it",
        actor=actor,
    )
    charity_id = saved.charity.charity_id
    await giving.verify(coalition, charity_id)
    agreement = await agreements.record(
        db,
        agreement_id=ids.new(),
        charity_id=charity_id,
        funder_id=rosa,
        reference="R-1",
        statement=giving.STATEMENT,
        valid_from=giving.AGES_AGO,
        valid_until=None,
        reason="signed today",
        actor=actor,
    )
    request_id = ids.new()
    await coalition.give(ana, charity_id, 100, key=request_id)
    pledge = await giving.pledge(coalition, ana, charity_id)
    await promotions.promote(
        coalition,
        merchants=[str(rosa)],
        charity={"charity_id": str(charity_id), "bps": 5_000},
        when=[{"if": "minimum", "amount_minor": 1_000_000}],  # nobody here buys for so much
        agreed=False,
    )
    return {
        "Charity": charity_id,
        "CharityAgreement": agreement.agreement.agreement_id,
        "Donation": donate.donation_id(request_id, ana.wallet_id),
        "Pledge": pledge.pledge_id,
    }
