"""Impact as GraphQL: what charities were given, by whom, and how much of it has reached them.

Public figures, for every caller with a token; nothing here tells of a member but to that member.
"""

import uuid
from typing import Annotated

import strawberry

from api.graphql import charities, context, cost, failures, permissions, shapes
from wallet import ids
from wallet.charities import impact


@strawberry.type(description="Whole units of something that were paid for.")
class InKind:
    """As impact.InKind."""

    name: str = strawberry.field(description="What, such as `pair of shoes`.")
    units: int = strawberry.field(description="How many.")


@strawberry.type(description="What one charity was given in one currency, and where it is now.")
class CharityImpact:
    """`given` is `due`, `prepared`, `sent` and `confirmed` together, at every instant."""

    given: shapes.Money = strawberry.field(description="All of it, less what went back.")
    by_members: shapes.Money = strawberry.field(description="Members gave it out of their wallets.")
    by_shares: shapes.Money = strawberry.field(
        description="The part of members' cashback that its campaign gives."
    )
    by_merchants: shapes.Money = strawberry.field(
        description="Merchants gave it, for purchases, activities and members' gifts."
    )
    by_operator: shapes.Money = strawberry.field(description="The operator gave it, for the same.")
    matched: shapes.Money = strawberry.field(
        description="What of `byMerchants` and `byOperator` was given on top of members' gifts."
    )
    from_expired: shapes.Money = strawberry.field(
        description="It expired in wallets and fell to the charity."
    )
    due: shapes.Money = strawberry.field(
        description="To be paid out; below zero if more came back since the last batch."
    )
    prepared: shapes.Money = strawberry.field(description="In a batch that is to be sent.")
    sent: shapes.Money = strawberry.field(description="Sent, and not yet confirmed.")
    confirmed: shapes.Money = strawberry.field(description="The charity says that it has it.")
    in_kind: list[InKind] = strawberry.field(
        description="What it stands for in things; at most 100.",
        directives=[cost.ListSize(assumed_size=2)],
    )
    charity_id: strawberry.Private[uuid.UUID]

    @shapes.resolved("charity", "Which charity; null for one that never was in the directory.")
    async def charity(self, info: context.Info) -> charities.Charity | None:
        """Read by the loader, so that all of them ask once."""
        return await charities.load(info, self.charity_id)


@strawberry.type(description="What a member gave to one charity, and what was given because of it.")
class OwnImpact:
    """Shown to the member and to support."""

    charity_name: str | None = strawberry.field(
        description="To whom; null for a charity that never was in the directory."
    )
    gave: shapes.Money = strawberry.field(description="Out of the wallet.")
    shared: shapes.Money = strawberry.field(description="The part of cashback that went there.")
    caused: shapes.Money = strawberry.field(
        description="What others gave for what the member bought or did."
    )
    promised: shapes.Money = strawberry.field(
        description="The same, once nothing can come back any more."
    )
    matched: shapes.Money = strawberry.field(
        description="What others gave on top of the member's gifts."
    )
    charity_id: strawberry.Private[uuid.UUID]

    @shapes.resolved("charity", "Which charity; null for one that never was in the directory.")
    async def charity(self, info: context.Info) -> charities.Charity | None:
        """Read by the loader, so that all of them ask once."""
        return await charities.load(info, self.charity_id)


@strawberry.type
class Query:
    """A root field for everyone."""

    @permissions.root(
        "Query.impact",
        "What charities were given and where it is, by name; at most 500. One of them if told.",
        shapes.SemanticNonNull(),
        cost.ListSize(assumed_size=20),
        cost.Cost(weight="20"),
    )
    async def impact(
        self,
        info: context.Info,
        charity_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this one; null for all.")
        ] = None,
    ) -> list[CharityImpact] | None:
        """A sum over the books; empty for a charity that there is not."""
        return [show(one) for one in await impact.of(info.context.db, charity(charity_id))]


def show(one: impact.Impact) -> CharityImpact:
    """Return a counter as GraphQL."""
    return CharityImpact(
        charity_id=one.charity_id,
        given=shapes.show(one.given_minor, one.asset),
        by_members=shapes.show(one.members_minor, one.asset),
        by_shares=shapes.show(one.shares_minor, one.asset),
        by_merchants=shapes.show(one.merchants_minor, one.asset),
        by_operator=shapes.show(one.operator_minor, one.asset),
        matched=shapes.show(one.matched_minor, one.asset),
        from_expired=shapes.show(one.expired_minor, one.asset),
        due=shapes.show(one.due_minor, one.asset),
        prepared=shapes.show(one.prepared_minor, one.asset),
        sent=shapes.show(one.sent_minor, one.asset),
        confirmed=shapes.show(one.confirmed_minor, one.asset),
        in_kind=[InKind(name=kind.name, units=kind.units) for kind in one.in_kind],
    )


async def of_member(info: context.Info, wallet_id: uuid.UUID) -> list[OwnImpact]:
    """Return what one member gave and caused, by charity."""
    return [
        OwnImpact(
            charity_id=one.charity_id,
            charity_name=one.name,
            gave=shapes.show(one.gave_minor, one.asset),
            shared=shapes.show(one.shared_minor, one.asset),
            caused=shapes.show(one.caused_minor, one.asset),
            promised=shapes.show(one.promised_minor, one.asset),
            matched=shapes.show(one.matched_minor, one.asset),
        )
        for one in await impact.of_member(info.context.page, wallet_id)
    ]


def charity(text: str | None) -> uuid.UUID | None:
    """Return the UUID of a charity that a query names; raises BAD_USER_INPUT for another id."""
    try:
        return None if text is None else ids.parse("cha", text)
    except ValueError:
        raise failures.Failure("BAD_USER_INPUT", "`charityId` is the id of a charity.") from None
