"""The one schema, put together from the audiences, and its text.

`python -m api.graphql.schema` prints what schema.graphql must hold; a test compares them. The text
is sorted here, on the printed document, because the library's own sorting loses the Python side of
enums. No operation directives, no permission classes and no extensions: each would be paid for on
every field of every request.
"""

import dataclasses
import functools
import sys
from typing import Any, Final

import graphql
import strawberry
from graphql.language import ast
from strawberry.schema.config import StrawberryConfig

from api.graphql import (
    activities,
    agreement_acts,
    approvals,
    benefits,
    boards,
    budgets,
    campaign_acts,
    campaigns,
    charities,
    charity_acts,
    clients,
    contests,
    cost,
    draw_acts,
    draws,
    experiments,
    games,
    gift_cards,
    giving,
    impact,
    ladder_impact,
    links,
    live,
    member,
    membership_acts,
    membership_staff,
    operator,
    partner,
    partner_acts,
    partner_orders,
    partners,
    permissions,
    play_limits,
    prepaid,
    profile_acts,
    public,
    quizzes,
    redeeming,
    referrals,
    remittances,
    scalars,
    scheme_acts,
    schemes,
    segments,
    settlement,
    simulations,
    spending,
    spending_rules,
    staff,
    tiers,
    till,
    trail,
    webhook_acts,
    webhooks,
)


@strawberry.type(description="Reads.")
class Query(
    public.Query,
    member.Query,
    partner.Query,
    till.Query,
    settlement.Query,
    staff.Query,
    approvals.Query,
    referrals.Query,
    spending.Query,
    spending_rules.Query,
    trail.Query,
    clients.Query,
    campaigns.Query,
    charities.Query,
    partners.Query,
    campaign_acts.Query,
    agreement_acts.Query,
    segments.Query,
    schemes.Query,
    impact.Query,
    tiers.Query,
    boards.Query,
    contests.Query,
    experiments.Query,
    draws.Query,
    budgets.Query,
    membership_acts.Query,
    membership_staff.Query,
    ladder_impact.Query,
    partner_orders.Query,
    remittances.Query,
    webhooks.Query,
):
    """Every root field to read by."""


@strawberry.type(description="Writes. Each has one outcome per key, so each is safe to retry.")
class Mutation(
    member.Mutation,
    redeeming.Mutation,
    gift_cards.Mutation,
    giving.Mutation,
    partner.Mutation,
    till.Mutation,
    staff.Mutation,
    approvals.Mutation,
    referrals.Mutation,
    spending.Mutation,
    spending_rules.Mutation,
    operator.Mutation,
    agreement_acts.Mutation,
    clients.Mutation,
    campaign_acts.Mutation,
    charity_acts.Mutation,
    partner_acts.Mutation,
    simulations.Mutation,
    segments.Mutation,
    tiers.Mutation,
    scheme_acts.Mutation,
    boards.Mutation,
    contests.Mutation,
    profile_acts.Mutation,
    experiments.Mutation,
    activities.Mutation,
    games.Mutation,
    quizzes.Mutation,
    benefits.Mutation,
    play_limits.Mutation,
    links.Mutation,
    draw_acts.Mutation,
    budgets.Mutation,
    membership_acts.Mutation,
    membership_staff.Mutation,
    prepaid.Mutation,
    partner_orders.Mutation,
    remittances.Mutation,
    webhook_acts.Mutation,
):
    """Every root field to write by."""


@strawberry.type(description="Live: a stream of changes. Follow it by SSE or WebSocket.")
class Subscription(live.Subscription, simulations.Subscription):
    """Every root field to follow."""


@functools.cache
def build() -> strawberry.Schema:
    """Return the schema with its scope checks in place; a process has one."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=public.NODES,
        config=StrawberryConfig(scalar_map=scalars.SCALARS, disable_field_suggestions=True),
    )
    permissions.enforce(schema._schema)
    cost.check(schema._schema)
    return schema


def text(schema: strawberry.Schema) -> str:
    """Return the schema in the schema definition language, sorted, with a newline at the end."""
    document = graphql.parse(schema.as_str(), no_location=True)
    definitions = sorted(document.definitions, key=_place)
    sorted_document = ast.DocumentNode(definitions=tuple(_sorted(node) for node in definitions))
    return graphql.print_ast(sorted_document) + "\n"


ORDER: Final = ("schema_definition", "directive_definition", "scalar_type_definition")
PARTS: Final = ("fields", "arguments", "values", "types", "interfaces")


def _place(node: Any) -> tuple[int, str]:
    rank = ORDER.index(node.kind) if node.kind in ORDER else len(ORDER)
    return rank, node.name.value if getattr(node, "name", None) else ""


def _sorted(node: Any) -> Any:
    changes: dict[str, Any] = {}
    for part in PARTS:
        members = getattr(node, part, None)
        if members:
            ordered = sorted(members, key=lambda one: str(one.name.value))
            changes[part] = tuple(_sorted(one) for one in ordered)
    return dataclasses.replace(node, **changes)


def main() -> None:
    """Print the text of the schema."""
    sys.stdout.write(text(build()))


if __name__ == "__main__":
    main()
