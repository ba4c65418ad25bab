"""What belongs to campaigns in the world: one of Vera's at Rosa's, and what Ana got of it."""

import uuid

from tests.rules import test_experiments
from tests.wallet import factories, promotions
from wallet import audit, database, ids, members, money
from wallet.campaigns import activities, budgets, experiments, lives, segments, terms
from wallet.rules import activities as activity_rules


async def build(
    coalition: factories.Coalition, rosa: uuid.UUID, ana: members.Member, vera: uuid.UUID
) -> dict[str, uuid.UUID]:
    """What belongs to campaigns: Vera's at Rosa's, and what Ana got of it."""
    db = coalition.db
    campaign = await _campaign(coalition, rosa, vera)
    visited = await _visited(coalition, rosa, ana)
    segment = await segments.create(
        db, segment_id=ids.new(), name="lapsed", about="x", reason="x", actor=audit.SYSTEM
    )
    (document,) = terms.documents(campaign.campaign.campaign_id, campaign.version.definition)
    return {
        "Award": visited.awards[0].award_id,
        "Benefit": visited.benefits[0].benefit_id,
        "Budget": await _budget(db, campaign.campaign.campaign_id),
        "Campaign": campaign.campaign.campaign_id,
        "CampaignVersion": campaign.version.version_id,
        "Experiment": await _experiment(coalition, vera),
        "Segment": segment.segment.segment_id,
        "TermsDocument": document.document_id,
    }


async def _experiment(coalition: factories.Coalition, staff_id: uuid.UUID) -> uuid.UUID:
    begins = await coalition.db.fetchval("select clock_timestamp() + interval '1 hour'")
    registered = await experiments.register(
        coalition.db,
        experiment_id=ids.new(),
        plan={**test_experiments.PLAN, "starts_at": begins, "ends_at": begins + 90 * factories.DAY},
        reason="to know whether it pays",
        actor=audit.Actor("staff", staff_id),
    )
    return registered.experiment.experiment_id


async def _campaign(
    coalition: factories.Coalition, merchant_id: uuid.UUID, person: uuid.UUID
) -> lives.Saved:
    db, actor = coalition.db, audit.Actor("staff", person)
    saved = await lives.save_draft(
        db,
        request_id=ids.new(),
        campaign_id=None,
        merchant_id=merchant_id,
        raw={
            "name": "Rosa gives more",
            "asset": "EUR",
            "starts_at": (await db.fetchval("select clock_timestamp()")).isoformat(),
            "merchants": [str(merchant_id)],
            "give": {"give": "rate", "bps": 100},
            "stack": {"group": "bonus", "priority": 1},
            "funding": [{"funder": "operator", "bps": 10_000}],
            "terms": {"text": {"en": "One per cent more."}},
        },
        note="as agreed",
        actor=actor,
    )
    await lives.publish(
        db,
        request_id=ids.new(),
        campaign_id=saved.campaign.campaign_id,
        version_id=saved.version.version_id,
        from_at=None,
        reason="as agreed",
        actor=actor,
    )
    return saved


async def _visited(
    coalition: factories.Coalition, merchant_id: uuid.UUID, ana: members.Member
) -> activities.Reported:
    """A visit of Ana's, for which a campaign of Rosa's gives a pot of tea."""
    await promotions.promote(
        coalition,
        on={"on": "activity", "kind": "visit"},
        give={"give": "benefit", "name": "Tea", "about": "A pot of tea.", "days": 3650},
        merchants=[str(merchant_id)],
    )
    return await activities.report(
        coalition.db,
        merchant_id=merchant_id,
        request_id=ids.new(),
        member_id=ana.member_id,
        activity=activity_rules.Activity(
            kind="visit", reference="door-1", happened_at=factories.NOON
        ),
        now=factories.NOON,
    )


async def _budget(db: database.Database, campaign_id: uuid.UUID) -> uuid.UUID:
    return await budgets.set_cap(
        db, kind="campaign", subject_id=campaign_id, asset=money.EUR, cap_minor=100_000
    )
