"""What the operator may do with campaigns, and with how they stand together.

Every act is in the audit log with who did it and why, and in the campaign's own changes.
"""

import enum
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import strawberry

from api.graphql import campaigns, context, cost, permissions, refusals, scalars, shapes, staff
from wallet import money, programme
from wallet.campaigns import live, lives, rules
from wallet.rules.campaigns import programme as programme_rules

NOTE: Final = "What it is for or what changed, for the records and the audit log."


@strawberry.enum(description="Which campaigns of one group pay on one line.")
class GroupMode(enum.Enum):
    """As programme.Mode; a test compares both."""

    ALL = strawberry.enum_value("all", description="All of them.")
    BEST = strawberry.enum_value("best", description="The one that gives most.")
    FIRST = strawberry.enum_value("first", description="The first one, by priority.")


@strawberry.type(description="Campaigns that stand together.")
class StackingGroup:
    """As programme.Group."""

    name: str = strawberry.field(description="Its name, which campaigns go by.")
    mode: GroupMode = strawberry.field(description="Which of them pay on one line.")


@strawberry.type(description="How campaigns stand together.")
class ProgrammeRules:
    """As programme.Rules, at an instant."""

    version: int | None = strawberry.field(
        description="Its number, 1 for the first; null for what holds without one."
    )
    groups: list[StackingGroup] = strawberry.field(
        description="The groups, in the order in which they are counted; at most 20.",
        directives=[cost.ListSize(assumed_size=5)],
    )
    purchase_cap: shapes.Money | None = strawberry.field(
        description="The most that all campaigns give for one purchase; null for no cap."
    )
    valid_from: scalars.DateTime | None = strawberry.field(
        description="From when they hold; null for what holds without a version."
    )


@strawberry.type(description="Outcome of saving a version of a campaign.")
class CampaignDraftPayload:
    """Nothing that runs is changed by it."""

    campaign: campaigns.Campaign | None = strawberry.field(
        default=None, description="The campaign; null if refused."
    )
    version: campaigns.CampaignVersion | None = strawberry.field(
        default=None, description="The version that was saved; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type(description="Outcome of a step in the life of a campaign.")
class CampaignPayload:
    """The campaign as it stands after it."""

    campaign: campaigns.Campaign | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type(description="Outcome of publishing the programme's rules.")
class ProgrammeRulesPayload:
    """A version never changes once it is published."""

    rules: ProgrammeRules | None = strawberry.field(
        default=None, description="The rules that were published; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="The next version of a campaign, or the first of a new one.")
class CampaignDraftSaveInput:
    """It gives nothing until it is published."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    campaign_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose next version it is; null for a new campaign."
    )
    merchant_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose campaign it is; null for the operator's."
    )
    definition: scalars.Json = strawberry.field(description="All of it, as `campaignSchema` says.")
    note: str = strawberry.field(description=NOTE)


@strawberry.input(description="A version that is to decide.")
class CampaignPublishInput:
    """What runs goes on until then."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    campaign_id: strawberry.ID = strawberry.field(description="Which campaign.")
    version_id: strawberry.ID = strawberry.field(description="Which of its versions.")
    from_at: scalars.DateTime | None = strawberry.field(
        default=None, description="From when, if not from its start; never in the past."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A step in the life of a campaign, at once.")
class CampaignStepInput:
    """Which step is the mutation's to say."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    campaign_id: strawberry.ID = strawberry.field(description="Which campaign.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="Campaigns that stand together.")
class StackingGroupInput:
    """As programme.Group."""

    name: str = strawberry.field(description="Its name, which campaigns go by.")
    mode: GroupMode = strawberry.field(description="Which of them pay on one line.")


@strawberry.input(description="How campaigns stand together from an instant on.")
class ProgrammeRulesPublishInput:
    """Decisions of earlier rules stay as they were."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    groups: list[StackingGroupInput] = strawberry.field(
        description="The groups, in the order in which they are counted; at most 20."
    )
    purchase_cap: scalars.Decimal | None = strawberry.field(
        default=None,
        description="The most that all campaigns give for one purchase, in the house's currency.",
    )
    valid_from: scalars.DateTime = strawberry.field(description="From when; never in the past.")
    note: str = strawberry.field(description=NOTE)


Step = Annotated[
    CampaignStepInput, strawberry.argument(name="input", description="Which, and why.")
]


@strawberry.type
class Query:
    """Root fields for the staff."""

    @permissions.root(
        "Query.programmeRules",
        "How campaigns stand together now.",
        shapes.SemanticNonNull(),
    )
    async def programme_rules(self, info: context.Info) -> ProgrammeRules | None:
        """From memory."""
        moment = await live.moment(info.context.db)
        asset = (await programme.of(info.context.db)).asset
        versions = [one for one in moment.book.rules if one.valid_from <= moment.at]
        return _show(versions[-1], asset) if versions else _show(None, asset)


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root(
        "Mutation.campaignDraftSave",
        "Save the next version of a campaign, or a new campaign; it gives nothing until published.",
    )
    @refusals.answered(CampaignDraftPayload)
    async def campaign_draft_save(
        self,
        info: context.Info,
        told: Annotated[
            CampaignDraftSaveInput, strawberry.argument(name="input", description="The version.")
        ],
    ) -> CampaignDraftPayload | None:
        """Logged as campaign.save."""
        db = info.context.db
        saved = await lives.save_draft(
            db,
            request_id=context.request(info, "campaignDraftSave", told.idempotency_key),
            campaign_id=_key("cam", told.campaign_id, "campaign_id"),
            merchant_id=_key("mer", told.merchant_id, "merchant_id"),
            raw=told.definition,
            note=told.note,
            actor=context.actor(info),
        )
        return CampaignDraftPayload(
            campaign=campaigns.show(saved.campaign, await live.moment(db)),
            version=campaigns.show_version(saved.version),
            replayed=saved.replayed,
        )

    @permissions.root(
        "Mutation.campaignPublish",
        "Let a version of a campaign decide from its start on; until then what runs goes on.",
    )
    @refusals.answered(CampaignPayload)
    async def campaign_publish(
        self,
        info: context.Info,
        told: Annotated[
            CampaignPublishInput, strawberry.argument(name="input", description="Which version.")
        ],
    ) -> CampaignPayload | None:
        """Logged as campaign.publish."""
        changed = await lives.publish(
            info.context.db,
            request_id=context.request(info, "campaignPublish", told.idempotency_key),
            campaign_id=shapes.key("cam", told.campaign_id, path=("campaign_id",)),
            version_id=shapes.key("ver", told.version_id, path=("version_id",)),
            from_at=told.from_at,
            reason=told.reason,
            actor=context.actor(info),
        )
        return await _changed(info, changed)

    @permissions.root("Mutation.campaignPause", "Stop a campaign at once, until it is resumed.")
    @refusals.answered(CampaignPayload)
    async def campaign_pause(self, info: context.Info, told: Step) -> CampaignPayload | None:
        """Logged as campaign.pause."""
        return await _step(info, "campaignPause", lives.pause, told)

    @permissions.root("Mutation.campaignResume", "Let a paused campaign go on.")
    @refusals.answered(CampaignPayload)
    async def campaign_resume(self, info: context.Info, told: Step) -> CampaignPayload | None:
        """Logged as campaign.resume."""
        return await _step(info, "campaignResume", lives.resume, told)

    @permissions.root(
        "Mutation.campaignEnd", "End a campaign at once and for ever; what it gave stays given."
    )
    @refusals.answered(CampaignPayload)
    async def campaign_end(self, info: context.Info, told: Step) -> CampaignPayload | None:
        """Logged as campaign.end."""
        return await _step(info, "campaignEnd", lives.end, told)

    @permissions.root("Mutation.campaignArchive", "Put away a draft, or what has ended.")
    @refusals.answered(CampaignPayload)
    async def campaign_archive(self, info: context.Info, told: Step) -> CampaignPayload | None:
        """Logged as campaign.archive."""
        return await _step(info, "campaignArchive", lives.archive, told)

    @permissions.root(
        "Mutation.programmeRulesPublish",
        "Say how campaigns stand together from an instant on.",
    )
    @refusals.answered(ProgrammeRulesPayload)
    async def programme_rules_publish(
        self,
        info: context.Info,
        told: Annotated[
            ProgrammeRulesPublishInput, strawberry.argument(name="input", description="The rules.")
        ],
    ) -> ProgrammeRulesPayload | None:
        """Logged as programme.rules."""
        asset = (await programme.of(info.context.db)).asset
        published = await rules.publish(
            info.context.db,
            request_id=context.request(info, "programmeRulesPublish", told.idempotency_key),
            raw={
                "groups": [
                    {"name": one.name, "mode": shapes.value(one.mode)} for one in told.groups
                ],
                "purchase_cap_minor": shapes.minor_or_none(
                    told.purchase_cap, asset, path=("purchase_cap",)
                ),
            },
            valid_from=told.valid_from,
            note=told.note,
            actor=context.actor(info),
        )
        return ProgrammeRulesPayload(
            rules=_show(published.version, asset), replayed=published.replayed
        )


async def _step(
    info: context.Info,
    name: str,
    verb: Callable[..., Awaitable[lives.Changed]],
    told: CampaignStepInput,
) -> CampaignPayload:
    changed = await verb(
        info.context.db,
        request_id=context.request(info, name, told.idempotency_key),
        campaign_id=shapes.key("cam", told.campaign_id, path=("campaign_id",)),
        reason=told.reason,
        actor=context.actor(info),
    )
    return await _changed(info, changed)


async def _changed(info: context.Info, changed: lives.Changed) -> CampaignPayload:
    moment = await live.moment(info.context.db)
    return CampaignPayload(
        campaign=campaigns.show(changed.campaign, moment), replayed=changed.replayed
    )


def _key(prefix: str, text: str | None, name: str) -> uuid.UUID | None:
    return None if text is None else shapes.key(prefix, text, path=(name,))


def _show(version: live.RulesVersion | None, asset: money.Asset) -> ProgrammeRules:
    said = programme_rules.DEFAULT if version is None else version.rules
    cap = said.purchase_cap_minor
    return ProgrammeRules(
        version=None if version is None else version.version,
        groups=[StackingGroup(name=one.name, mode=GroupMode(one.mode)) for one in said.groups],
        purchase_cap=None if cap is None else shapes.show(cap, asset),
        valid_from=None if version is None else scalars.DateTime(version.valid_from),
    )
