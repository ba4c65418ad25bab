"""The rules of safe spending as GraphQL: what may leave a wallet without a person's look."""

from typing import Annotated, TypeAlias

import strawberry

from api.graphql import context, permissions, refusals, scalars, shapes
from wallet import ids, money, programme
from wallet import spending as verbs
from wallet.rules import spending as rules


@strawberry.type(description="What may leave a wallet without a person's look.")
class SpendingRules:
    """One version; the newest holds."""

    version: int | None = strawberry.field(description="Its number; null before the first.")
    one: shapes.Money | None = strawberry.field(
        description="The most of one spend; null for no limit."
    )
    day: shapes.Money | None = strawberry.field(
        description="The most of 24 hours together; null for no limit."
    )
    hour_most: int | None = strawberry.field(
        description="The most spends of an hour; null before the first version."
    )
    day_most: int | None = strawberry.field(
        description="The most spends of 24 hours; null before the first version."
    )
    merchant_ids: list[strawberry.ID] | None = strawberry.field(
        description="The only merchants where value may be spent, at most 1000; null for all."
    )
    territories: list[str] = strawberry.field(
        description="The countries whose members may redeem at partners, two letters each, at most"
        " 250; none for everywhere."
    )
    published_at: scalars.DateTime | None = strawberry.field(
        description="Since when they hold; null before the first version."
    )


SpendingError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("SpendingError", description="Why nothing was changed."),
]


@strawberry.type(description="Outcome of publishing rules.")
class SpendingRulesPayload:
    """The rules that hold."""

    rules: SpendingRules | None = strawberry.field(
        default=None, description="As published; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[SpendingError] = shapes.refused()


@strawberry.input(description="What may leave a wallet without a person's look.")
class SpendingRulesPublishInput:
    """They hold at once, for every way of spending."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    one: scalars.Decimal | None = strawberry.field(
        default=None,
        description="The most of one spend, in the programme's currency; null for no limit.",
    )
    day: scalars.Decimal | None = strawberry.field(
        default=None, description="The most of 24 hours together; null for no limit."
    )
    hour_most: int = strawberry.field(default=10, description="The most spends of an hour.")
    day_most: int = strawberry.field(default=50, description="The most spends of 24 hours.")
    merchant_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The only merchants where value may be spent, at most 1000; null for all.",
    )
    territories: list[str] = strawberry.field(
        default_factory=list,
        description="The countries whose members may redeem at partners, by ISO 3166, such as PT;"
        " none for everywhere. At most 250.",
    )
    note: str = strawberry.field(description="Why, for the audit log.")


@strawberry.type
class Query:
    """Root fields for the staff."""

    @permissions.root(
        "Query.spendingRules",
        "What may leave a wallet now without a person's look.",
        shapes.SemanticNonNull(),
    )
    async def spending_rules(self, info: context.Info) -> SpendingRules | None:
        """One round trip."""
        db = info.context.db
        return _rules(await verbs.current(db), (await programme.of(db)).asset)


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root(
        "Mutation.spendingRulesPublish",
        "Say what may leave a wallet without a person's look. It holds at once.",
    )
    @refusals.answered(SpendingRulesPayload)
    async def spending_rules_publish(
        self,
        info: context.Info,
        told: Annotated[
            SpendingRulesPublishInput, strawberry.argument(name="input", description="The rules.")
        ],
    ) -> SpendingRulesPayload | None:
        """Logged as spending.rules."""
        db = info.context.db
        asset = (await programme.of(db)).asset
        named = told.merchant_ids
        published = await verbs.publish(
            db,
            request_id=context.request(info, "spendingRulesPublish", told.idempotency_key),
            told=rules.Rules(
                one_minor=shapes.minor_or_none(told.one, asset, path=("one",)),
                day_minor=shapes.minor_or_none(told.day, asset, path=("day",)),
                hour_most=told.hour_most,
                day_most=told.day_most,
                merchants=None
                if named is None
                else tuple(
                    shapes.key("mer", one, path=("merchant_ids", str(place)))
                    for place, one in enumerate(named[: rules.MERCHANTS_MAX + 1])
                ),
                territories=tuple(told.territories),
            ),
            note=told.note,
            actor=context.actor(info),
        )
        return SpendingRulesPayload(
            rules=_rules(published.version, asset), replayed=published.replayed
        )


def _rules(version: verbs.Version | None, asset: money.Asset) -> SpendingRules:
    held = None if version is None else version.rules
    return SpendingRules(
        version=None if version is None else version.version,
        one=_money(None if held is None else held.one_minor, asset),
        day=_money(None if held is None else held.day_minor, asset),
        hour_most=None if held is None else held.hour_most,
        day_most=None if held is None else held.day_most,
        merchant_ids=None
        if held is None or held.merchants is None
        else [strawberry.ID(ids.show("mer", one)) for one in held.merchants],
        territories=[] if held is None else list(held.territories),
        published_at=None if version is None else scalars.DateTime(version.published_at),
    )


def _money(minor: int | None, asset: money.Asset) -> shapes.Money | None:
    return None if minor is None else shapes.show(minor, asset)
