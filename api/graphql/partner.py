"""What a merchant may ask and do about purchases; its tills are in till.py.

The merchant is always the one of the token: no argument names it, so none can be forged. A purchase
of another merchant is answered like one that does not exist.
"""

import uuid
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import strawberry

from api.graphql import (
    context,
    cost,
    permissions,
    purchases,
    refusals,
    reports,
    scalars,
    shapes,
)
from wallet import earn, errors, ids, previews, programme
from wallet.rules import purchases as purchase_rules
from wallet.rules import returns

PurchaseError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("PurchaseError", description="Why a purchase, event or return was refused."),
]


@strawberry.type(description="Outcome of a report, an event or a return.")
class PurchasePayload:
    """The purchase is read when it is asked for, as it stands now."""

    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[PurchaseError] = shapes.refused()
    key: strawberry.Private[uuid.UUID | None] = None

    @shapes.resolved("purchaseId", "The id of the purchase; null if refused.")
    def purchase_id(self) -> strawberry.ID | None:
        """All that a till needs to keep."""
        return strawberry.ID(ids.show("pur", self.key)) if self.key is not None else None

    @shapes.resolved("purchase", "The purchase with its decisions; null if refused.")
    async def purchase(self, info: context.Info) -> purchases.Purchase | None:
        """One round trip, and only when it is asked for."""
        return await purchases.load(info, self.key) if self.key is not None else None


@strawberry.type(description="Outcome of one purchase of a bulk report.")
class PurchaseReportResult:
    """Without the purchase itself: a thousand of them are asked for another day."""

    purchase_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the purchase; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[PurchaseError] = shapes.refused()


@strawberry.type(description="Outcome of a bulk report.")
class PurchaseReportBulkPayload:
    """One result for each purchase, in the order of the told."""

    results: list[PurchaseReportResult] = strawberry.field(
        default_factory=list,
        description="One for each purchase, in order; one that is refused leaves the rest alone.",
        directives=[cost.ListSize(assumed_size=100)],
    )
    errors: list[PurchaseError] = strawberry.field(
        default_factory=list,
        description="Why the whole request was refused; empty otherwise.",
        directives=[cost.ListSize(assumed_size=1)],
    )


@strawberry.type(description="Outcome of a preview.")
class PurchasePreviewPayload:
    """A preview can be refused like a report."""

    preview: purchases.PurchasePreview | None = strawberry.field(
        default=None, description="What it would earn; null if it would be refused."
    )
    errors: list[PurchaseError] = strawberry.field(
        default_factory=list,
        description="Why it would be refused; empty otherwise.",
        directives=[cost.ListSize(assumed_size=1)],
    )


@strawberry.input(description="Up to a thousand purchases.")
class PurchaseReportBulkInput:
    """Each purchase carries its own key."""

    purchases: list[reports.PurchaseReportInput] = strawberry.field(
        description="1 to 1000 purchases, each with its own idempotency key."
    )


@strawberry.input(description="A business event of a purchase that was reported before.")
class PurchaseEventRecordInput:
    """May start the clock of its pending cashback."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    purchase_id: strawberry.ID = strawberry.field(description="Which purchase.")
    event: reports.PurchaseEventInput = strawberry.field(description="What happened, and when.")


@strawberry.input(description="What comes back of one line; with neither, all that is left of it.")
class PurchaseReturnLineInput:
    """Becomes a returns.ReturnLine."""

    number: int = strawberry.field(description="Your number of the line.")
    quantity: scalars.Decimal | None = strawberry.field(
        default=None, description="How many come back."
    )
    amount: scalars.Decimal | None = strawberry.field(
        default=None, description="How much of the price is given back, in the purchase's currency."
    )


@strawberry.input(description="Goods that come back.")
class PurchaseReturnInput:
    """Reversed by the decision that paid, to the smallest unit."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    purchase_id: strawberry.ID = strawberry.field(description="Which purchase.")
    reason: str = strawberry.field(description="Why, for the records; at most 500 characters.")
    lines: list[PurchaseReturnLineInput] = strawberry.field(
        default_factory=list, description="Which lines; none means all that is left of all lines."
    )


@strawberry.type
class Query:
    """Root fields for merchants."""

    @permissions.root(
        "Query.purchase",
        "A purchase that you reported, by its id or by your reference; null if none.",
    )
    async def purchase(
        self,
        info: context.Info,
        shown: Annotated[
            strawberry.ID | None, strawberry.argument(name="id", description="The purchase's id.")
        ] = None,
        reference: Annotated[
            str | None, strawberry.argument(description="Your own number of it.")
        ] = None,
    ) -> purchases.Purchase | None:
        """Exactly one of the two names it."""
        return await purchases.own(info, shown, reference)

    @permissions.root(
        "Query.purchasePreview",
        "Exactly what `purchaseReport` would credit for this basket; stores nothing.",
    )
    @refusals.answered(PurchasePreviewPayload)
    async def purchase_preview(
        self,
        info: context.Info,
        told: Annotated[
            reports.PurchasePreviewInput,
            strawberry.argument(name="input", description="The basket."),
        ],
    ) -> PurchasePreviewPayload | None:
        """The rule that pays is the rule that promises."""
        # One clock for all: that of the books.
        at = told.purchased_at or await info.context.db.fetchval("select clock_timestamp()")
        bought = reports.facts(told, at)
        member_id = None
        if told.member_id is not None:
            member_id = shapes.key("mem", told.member_id, path=("member_id",))
        seen = await previews.preview(
            info.context.db,
            merchant_id=context.merchant(info),
            purchase=bought,
            member_id=member_id,
        )
        return PurchasePreviewPayload(preview=await purchases.preview(info, seen, bought))


@strawberry.type
class Mutation:
    """Root fields for merchants."""

    @permissions.root(
        "Mutation.purchaseReport",
        "Report a purchase; each line's cashback is decided and explained.",
    )
    @refusals.answered(PurchasePayload)
    async def purchase_report(
        self,
        info: context.Info,
        told: Annotated[
            reports.PurchaseReportInput,
            strawberry.argument(name="input", description="The purchase."),
        ],
    ) -> PurchasePayload | None:
        """A bulk of one."""
        (outcome,) = await _report(info, [told])
        if isinstance(outcome, errors.Refusal):
            raise outcome
        return PurchasePayload(key=outcome.purchase_id, replayed=outcome.replayed)

    @permissions.root(
        "Mutation.purchaseReportBulk",
        "Report up to a thousand purchases; each has its own outcome.",
        # A fifth of what as many single reports cost at a hundred, a fiftieth at a thousand.
        cost.Cost(weight="250"),
    )
    @refusals.answered(PurchaseReportBulkPayload)
    async def purchase_report_bulk(
        self,
        info: context.Info,
        told: Annotated[
            PurchaseReportBulkInput, strawberry.argument(name="input", description="The purchases.")
        ],
    ) -> PurchaseReportBulkPayload | None:
        """Set-based: one write for all of them."""
        outcomes = await _report(info, told.purchases)
        return PurchaseReportBulkPayload(results=[_result(outcome) for outcome in outcomes])

    @permissions.root(
        "Mutation.purchaseEventRecord",
        "Tell what happened to a purchase: paid, shipped, delivered, stay ended.",
    )
    @refusals.answered(PurchasePayload)
    async def purchase_event_record(
        self,
        info: context.Info,
        told: Annotated[
            PurchaseEventRecordInput, strawberry.argument(name="input", description="The event.")
        ],
    ) -> PurchasePayload | None:
        """The event that the contract waits for starts the clock."""
        recorded = await earn.event(
            info.context.db,
            merchant_id=context.merchant(info),
            request_id=context.request(info, "purchaseEventRecord", told.idempotency_key),
            purchase_id=shapes.key("pur", told.purchase_id, path=("purchase_id",)),
            event=reports.event(told.event),
        )
        return PurchasePayload(key=recorded.purchase_id, replayed=recorded.replayed)

    @permissions.root(
        "Mutation.purchaseReturn",
        "Take goods back, whole or in part: their cashback goes back too.",
    )
    @refusals.answered(PurchasePayload)
    async def purchase_return(
        self,
        info: context.Info,
        told: Annotated[
            PurchaseReturnInput, strawberry.argument(name="input", description="The return.")
        ],
    ) -> PurchasePayload | None:
        """By the decision that paid, not by today's rates."""
        purchase_id = shapes.key("pur", told.purchase_id, path=("purchase_id",))
        asset = (await programme.of(info.context.db)).asset
        returned = await earn.return_lines(
            info.context.db,
            merchant_id=context.merchant(info),
            request_id=context.request(info, "purchaseReturn", told.idempotency_key),
            purchase_id=purchase_id,
            lines=[
                returns.ReturnLine(
                    line.number,
                    reports.milli_or_none(line.quantity, path=("lines", str(place), "quantity")),
                    shapes.minor_or_none(line.amount, asset, path=("lines", str(place), "amount")),
                )
                for place, line in enumerate(told.lines)
            ],
            reason=told.reason,
        )
        return PurchasePayload(key=returned.purchase_id, replayed=returned.replayed)


async def _report(
    info: context.Info, told: Sequence[reports.PurchaseReportInput]
) -> list[earn.Reported | errors.Refusal]:
    """Report what can be read of the input, and put each outcome at its place."""
    if len(told) > purchase_rules.PURCHASES_MAX:
        raise errors.TooMany(path=("purchases",), limit=purchase_rules.PURCHASES_MAX)
    outcomes: dict[int, earn.Reported | errors.Refusal] = {}
    items: dict[int, earn.Report] = {}
    for place, one in enumerate(told):
        try:
            items[place] = earn.Report(
                request_id=context.request(info, "purchaseReport", one.idempotency_key),
                member_id=shapes.key("mem", one.member_id, path=("member_id",)),
                purchase=reports.facts(one, one.purchased_at),
            )
        except errors.Refusal as refusal:
            outcomes[place] = refusal
    reported = await earn.report(
        info.context.db, merchant_id=context.merchant(info), items=list(items.values())
    )
    outcomes.update(zip(items, reported, strict=True))
    return [outcomes[place] for place in range(len(told))]


def _result(outcome: earn.Reported | errors.Refusal) -> PurchaseReportResult:
    if isinstance(outcome, errors.Refusal):
        return PurchaseReportResult(errors=[refusals.show(outcome)])
    return PurchaseReportResult(
        purchase_id=strawberry.ID(ids.show("pur", outcome.purchase_id)), replayed=outcome.replayed
    )
