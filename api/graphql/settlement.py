"""What a merchant may read of its account with the coalition: what it owes and is owed, by month.

The merchant is always the one of the token. The figures are sums over the books, so they are true
of the instant at which they are asked; a period that is over changes no more.
"""

import datetime
from typing import Annotated, Final

import strawberry

from api.graphql import context, cost, failures, permissions, scalars, shapes
from wallet import money, programme, reports

PERIOD_MAX: Final = datetime.timedelta(days=366)  # a year; more is a job for an export


@strawberry.type(description="What one merchant's account did in one month.")
class MerchantStatementMonth:
    """As reports.MerchantMonth."""

    month: str = strawberry.field(
        description="Such as `2026-03`, in the programme's time zone; cut where the period is."
    )
    promised: shapes.Money = strawberry.field(description="Cashback earned at your tills.")
    cancelled: shapes.Money = strawberry.field(
        description="Promised before, and given up: goods came back, or it did not become due."
    )
    issued: shapes.Money = strawberry.field(
        description="Promised before, and now free to spend: you owe it."
    )
    taken_back: shapes.Money = strawberry.field(
        description="Issued before, and given back with goods: you owe it no more."
    )
    honoured: shapes.Money = strawberry.field(
        description="What members paid with cashback at your tills: you are owed it."
    )
    refunded: shapes.Money = strawberry.field(
        description="Honoured before, and given back to members."
    )
    breakage: shapes.Money = strawberry.field(
        description="Issued before, expired unspent, and back with you by your contract."
    )
    given: shapes.Money = strawberry.field(
        description="Given to charities by your campaigns and matches, less what went back."
    )
    net: shapes.Money = strawberry.field(
        description=(
            "What you are owed: honoured - refunded + breakage - issued + takenBack - given; below"
            " zero if you owe."
        )
    )


@strawberry.type(description="What a merchant's account did in a period.")
class MerchantStatement:
    """Only of the merchant who asks."""

    since: scalars.DateTime = strawberry.field(description="The beginning, included.")
    until: scalars.DateTime = strawberry.field(description="The end, not included.")
    net: shapes.Money = strawberry.field(
        description="What you are owed for all of it; below zero if you owe."
    )
    months: list[MerchantStatementMonth] = strawberry.field(
        description="By month, the oldest first; one without any movement is left out.",
        directives=[cost.ListSize(assumed_size=13)],
    )


@strawberry.type
class Query:
    """Root fields for a merchant's bookkeeping."""

    @permissions.root(
        "Query.merchantStatement",
        "Your account with the coalition in a period of at most 366 days, by month.",
        cost.Cost(weight="50"),
    )
    async def merchant_statement(
        self,
        info: context.Info,
        since: Annotated[
            scalars.DateTime, strawberry.argument(name="from", description="From when, included.")
        ],
        until: Annotated[
            scalars.DateTime, strawberry.argument(name="to", description="Until when, excluded.")
        ],
    ) -> MerchantStatement | None:
        """A sum over the books: for bookkeeping, not for a till."""
        if not datetime.timedelta(0) < until - since <= PERIOD_MAX:
            raise failures.Failure(
                "BAD_USER_INPUT", f"`to` is after `from`, by at most {PERIOD_MAX.days} days."
            )
        db = info.context.db
        asset = (await programme.of(db)).asset
        found = await reports.months(db, context.merchant(info), since=since, until=until)
        return MerchantStatement(
            since=since,
            until=until,
            net=shapes.show(sum(month.net_minor for month in found), asset),
            months=[_show(month, asset) for month in found],
        )


def _show(month: reports.MerchantMonth, asset: money.Asset) -> MerchantStatementMonth:
    return MerchantStatementMonth(
        month=month.month,
        promised=shapes.show(month.promised_minor, asset),
        cancelled=shapes.show(month.cancelled_minor, asset),
        issued=shapes.show(month.issued_minor, asset),
        taken_back=shapes.show(month.taken_back_minor, asset),
        honoured=shapes.show(month.honoured_minor, asset),
        refunded=shapes.show(month.refunded_minor, asset),
        breakage=shapes.show(month.breakage_minor, asset),
        given=shapes.show(month.given_minor, asset),
        net=shapes.show(month.net_minor, asset),
    )
