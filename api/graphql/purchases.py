"""Purchases as GraphQL: what was bought, how each line was decided, and what came back.

The decision is printed as it was stored on the day; nothing is decided again here.
"""

import uuid
from collections.abc import Callable

import strawberry

from api import explaining, texts
from api.graphql import (
    charities,
    context,
    cost,
    explanations,
    failures,
    merchants,
    reports,
    scalars,
    shapes,
    wording,
)
from wallet import audit, errors, ids, money, previews, statements
from wallet import merchants as merchant_verbs
from wallet.rules import cashback
from wallet.rules import purchases as purchase_rules
from wallet.rules import text as text_rules


@strawberry.type(description="How one line was decided, by the contract version of its day.")
class LineDecision:
    """Stored with the line; a return is reversed by exactly this."""

    rule: str = strawberry.field(
        description="`default`, `category:…`, `excluded:…`, `below_minimum` or `shipping`."
    )
    base: shapes.Money = strawberry.field(description="The part of the line that counted.")
    percent: scalars.Decimal = strawberry.field(description="The rate, 5.00 is 5 %.")
    rounding: reports.Rounding = strawberry.field(description="How the result was rounded.")
    credited: shapes.Money = strawberry.field(description="The cashback of the line.")
    sentence: str = strawberry.field(description="The decision, for the member to read.")


@strawberry.type(description="What campaigns gave in another unit than the purchase's currency.")
class OtherCredit:
    """Such as points."""

    credited: shapes.Money = strawberry.field(description="What was credited.")
    reversed: shapes.Money = strawberry.field(description="What was taken back of it.")


@strawberry.type(description="One line of a purchase, with its decision.")
class PurchaseLine:
    """As reported, and what has come back of it."""

    number: int = strawberry.field(description="The merchant's number of the line.")
    external_id: str | None = strawberry.field(description="The merchant's id of the line.")
    product: str | None = strawberry.field(description="The merchant's product number.")
    description: str | None = strawberry.field(description="What the receipt says.")
    brand: str | None = strawberry.field(description="The brand of the goods.")
    kind: reports.PurchaseLineKind = strawberry.field(description="Goods, or their delivery.")
    category: str = strawberry.field(description="The merchant's category.")
    labels: list[str] = strawberry.field(description="The merchant's labels; at most 20.")
    quantity: scalars.Decimal = strawberry.field(description="How many.")
    amount: shapes.Money = strawberry.field(description="Paid for the whole line.")
    discount: shapes.Money = strawberry.field(description="Taken off the line before `amount`.")
    tax: shapes.Money = strawberry.field(description="The tax inside `amount`.")
    decision: LineDecision = strawberry.field(description="How its cashback was decided.")
    returned_quantity: scalars.Decimal = strawberry.field(description="How many came back so far.")
    returned_amount: shapes.Money = strawberry.field(description="What was paid for those.")
    reversed: shapes.Money = strawberry.field(description="The cashback taken back for them.")


@strawberry.type(description="Something that happened to a purchase.")
class PurchaseEvent:
    """What starts clocks."""

    kind: reports.PurchaseEventKind = strawberry.field(description="What happened.")
    at: scalars.DateTime = strawberry.field(description="When it happened.")


@strawberry.type(description="Goods that came back, and where their cashback was taken from.")
class PurchaseReturn:
    """The parts add up to what was reversed."""

    id: strawberry.ID = strawberry.field(description="Opaque and permanent.")
    reason: str = strawberry.field(description="What the merchant said.")
    reversed: shapes.Money = strawberry.field(description="All that was taken back.")
    from_pending: shapes.Money = strawberry.field(description="What was not yet free to spend.")
    from_purchase: shapes.Money = strawberry.field(
        description="What was free and unspent of this very purchase."
    )
    from_expired: shapes.Money = strawberry.field(
        description="What had expired, taken back from whom it fell to."
    )
    lapsed: shapes.Money = strawberry.field(
        description="What the member never got, because its event never came."
    )
    from_other: shapes.Money = strawberry.field(
        description="What was free of other purchases, because this one's was spent."
    )
    owed: shapes.Money = strawberry.field(description="What later credits of the member fill.")
    lost: shapes.Money = strawberry.field(description="What nobody could give back.")
    returned_at: scalars.DateTime = strawberry.field(description="When it was booked.")


@strawberry.type(description="A purchase at a merchant, and the cashback it earned.")
class Purchase(shapes.Node):
    """Loaded by someone who may see it; what explains it is read when it is asked for."""

    reference: str = strawberry.field(description="The merchant's own number.")
    channel: reports.PurchaseChannel = strawberry.field(description="Where it was bought.")
    purchased_at: scalars.DateTime = strawberry.field(description="When it was bought.")
    reported_at: scalars.DateTime = strawberry.field(description="When the merchant told us.")
    total: shapes.Money = strawberry.field(description="What was paid for all lines.")
    paid_with_cashback: shapes.Money = strawberry.field(description="The part paid with cashback.")
    credited: shapes.Money = strawberry.field(description="The cashback it earned.")
    reversed: shapes.Money = strawberry.field(description="What was taken back of it.")
    merchant: merchants.Merchant | None = strawberry.field(description="Where it was bought.")
    facts: strawberry.Private[statements.Purchase]

    @shapes.listed("lines", "Its lines, each with its decision; at most 500.", size=10)
    async def lines(self, info: context.Info) -> list[PurchaseLine] | None:
        """One round trip for all that explains a purchase."""
        detail = await self._detail(info)
        say = await self._sentences(info, detail)
        return [_line(row, self.facts.asset, say(row)) for row in detail.lines]

    @shapes.resolved(
        "campaigns", "What campaigns gave on top of the contract, what not, and why; null if none."
    )
    async def campaigns(self, info: context.Info) -> explanations.Explanation | None:
        """Stored with the decision; only the sentences are made now."""
        detail = await self._detail(info)
        if detail.explanation is None:
            return None
        document = context.told(info, detail.explanation)
        names = await charities.names(info, document)
        return explanations.show(document, names, asset=self.facts.asset)

    @shapes.listed("others", "What it earned in other units, such as points.", size=1)
    async def others(self, info: context.Info) -> list[OtherCredit] | None:
        """With the lines."""
        return [
            OtherCredit(
                credited=shapes.show(one.credited_minor, one.asset),
                reversed=shapes.show(one.reversed_minor, one.asset),
            )
            for one in (await self._detail(info)).others
        ]

    @shapes.listed("events", "What happened to it; each kind once.", size=2)
    async def events(self, info: context.Info) -> list[PurchaseEvent] | None:
        """With the lines."""
        detail = await self._detail(info)
        return [
            PurchaseEvent(kind=reports.PurchaseEventKind(row.kind), at=scalars.DateTime(row.at))
            for row in detail.events
        ]

    @shapes.listed("returns", "What came back.", size=2)
    async def returns(self, info: context.Info) -> list[PurchaseReturn] | None:
        """With the lines."""
        detail = await self._detail(info)
        return [_return(row, self.facts.asset) for row in detail.returns]

    @shapes.resolved("dueAt", "When its pending cashback is decided; null if it has been.")
    async def due_at(self, info: context.Info) -> scalars.DateTime | None:
        """With the lines."""
        return scalars.instant((await self._detail(info)).due_at)

    @shapes.resolved("availableAt", "When its cashback became free to spend; null while pending.")
    async def available_at(self, info: context.Info) -> scalars.DateTime | None:
        """With the lines."""
        return scalars.instant((await self._detail(info)).available_at)

    @shapes.resolved("expiresAt", "When its cashback expires; null if never.")
    async def expires_at(self, info: context.Info) -> scalars.DateTime | None:
        """With the lines."""
        return scalars.instant((await self._detail(info)).expires_at)

    @shapes.relation("contractVersion", "The version of the contract that decided it.")
    async def contract_version(self, info: context.Info) -> int | None:
        """A version never changes, so a process reads it once."""
        return await info.context.loaders.contract_versions.load(self.facts.contract_id)

    async def _sentences(
        self, info: context.Info, detail: statements.Detail
    ) -> Callable[[statements.Line], str]:
        """In English as it was stored; else said from what was stored, by the terms of its day."""
        language = wording.language()
        if language == texts.SOURCE:
            return lambda row: row.sentence
        version = await merchant_verbs.contract(info.context.db, self.facts.contract_id)
        bought = explaining.Bought(
            lines=detail.lines,
            asset=self.facts.asset,
            merchant=self.facts.merchant_name,
            paid_with_cashback_minor=self.facts.cashback_paid_minor,
            terms=version.terms,
        )
        return lambda row: explaining.line(row, bought, language=language)

    async def _detail(self, info: context.Info) -> statements.Detail:
        if self.facts.detail is None:
            self.facts = await info.context.loaders.purchases.load(self.facts.purchase_id)
        assert self.facts.detail is not None
        return self.facts.detail


@strawberry.type(description="How one line of a basket would be decided.")
class LinePreview:
    """A line is known by its number."""

    number: int = strawberry.field(description="The number of the line.")
    decision: LineDecision = strawberry.field(description="How its cashback would be decided.")


@strawberry.type(description="What a basket would earn, decided by the rule that pays.")
class PurchasePreview:
    """Nothing of it is stored."""

    credited: shapes.Money = strawberry.field(
        description="What would be credited in all, by the contract and by campaigns."
    )
    others: list[shapes.Money] = strawberry.field(
        description="What would be credited in other units, such as points.",
        directives=[cost.ListSize(assumed_size=1)],
    )
    lines: list[LinePreview] = strawberry.field(
        description="What the contract would give on each line.",
        directives=[cost.ListSize(assumed_size=10)],
    )
    campaigns: explanations.Explanation = strawberry.field(
        description="What campaigns would give, what not and why, and what a little more would."
    )


def show(row: statements.Purchase) -> Purchase:
    """Return a purchase as GraphQL."""
    return Purchase(
        id=strawberry.ID(ids.show("pur", row.purchase_id)),
        reference=row.reference,
        channel=reports.PurchaseChannel(row.channel),
        purchased_at=scalars.DateTime(row.purchased_at),
        reported_at=scalars.DateTime(row.reported_at),
        total=shapes.show(row.total_minor, row.asset),
        paid_with_cashback=shapes.show(row.cashback_paid_minor, row.asset),
        credited=shapes.show(row.credited_minor, row.asset),
        reversed=shapes.show(row.reversed_minor, row.asset),
        merchant=merchants.named(row.merchant_id, row.merchant_name),
        facts=row,
    )


async def preview(
    info: context.Info, seen: previews.Previewed, bought: purchase_rules.Purchase
) -> PurchasePreview:
    """Return what a basket would earn, for a merchant's eyes; nothing of it was stored."""
    asset = money.asset(seen.contract.asset)
    totals = seen.campaigns.totals()
    totals.pop(asset.code, None)
    document = explaining.discreet(previews.explained(seen))
    names = await charities.names(info, document)
    return PurchasePreview(
        credited=shapes.show(seen.credited_minor, asset),
        others=[shapes.show(minor, money.asset(code)) for code, minor in sorted(totals.items())],
        lines=[
            LinePreview(number=line.number, decision=_decision(line, asset, says))
            for line, says in zip(seen.contract.lines, _said(seen, bought), strict=True)
        ],
        campaigns=explanations.show(document, names, asset=asset),
    )


def _said(seen: previews.Previewed, bought: purchase_rules.Purchase) -> list[str]:
    """The sentence of each line of a preview, in the language of the request."""
    language = wording.language()
    if language == texts.SOURCE:
        return [line.sentence for line in seen.contract.lines]
    lines = [
        explaining.Judged(line, decided)
        for line, decided in zip(bought.lines, seen.contract.lines, strict=True)
    ]
    of = explaining.Bought(
        lines=lines,
        asset=money.asset(seen.contract.asset),
        merchant=seen.merchant_name,
        paid_with_cashback_minor=bought.paid_with_cashback_minor,
        terms=seen.terms,
    )
    return [explaining.line(one, of, language=language) for one in lines]


async def load(info: context.Info, purchase_id: uuid.UUID) -> Purchase:
    """Return a purchase that the caller has just written."""
    return show(await info.context.loaders.purchases.load(purchase_id))


async def own(info: context.Info, text: str | None, reference: str | None) -> Purchase | None:
    """Return a purchase of the merchant who calls, by id or by reference, or None."""
    db, merchant_id = info.context.db, context.merchant(info)
    if (text is None) == (reference is None):
        raise failures.Failure("BAD_USER_INPUT", "Name the purchase by `id` or by `reference`.")
    try:
        if reference is None:
            row = await statements.purchase(db, ids.parse("pur", text or ""))
        else:
            text_rules.check(reference, chars_max=purchase_rules.REFERENCE_CHARS_MAX)
            row = await statements.purchase_by_reference(db, merchant_id, reference)
    except (ValueError, errors.NotFound, errors.TextInvalid):
        return None
    return show(row) if row.merchant_id == merchant_id else None


async def explained(info: context.Info, text: str) -> Purchase | None:
    """Return a purchase to support; the look-up is in the audit log."""
    try:
        row = await statements.purchase(info.context.db, ids.parse("pur", text))
    except (ValueError, errors.NotFound):
        return None
    await audit.write(
        info.context.db, actor=context.actor(info), act="purchase.find", subject=row.purchase_id
    )
    return show(row)


async def node(info: context.Info, purchase_id: uuid.UUID) -> Purchase | None:
    """Return a purchase to its merchant, its member or support."""
    row = await statements.purchase(info.context.db, purchase_id)
    visible = context.may_see(
        info, wallet_id=row.wallet_id, merchant_id=row.merchant_id, scope="purchases:read"
    )
    return show(row) if visible else None


def _decision(
    line: statements.Line | cashback.LineDecision, asset: money.Asset, says: str
) -> LineDecision:
    return LineDecision(
        rule=line.rule,
        base=shapes.show(line.base_minor, asset),
        percent=merchants.percent(line.rate_bps),
        rounding=reports.Rounding(line.rounding),
        credited=shapes.show(line.credited_minor, asset),
        sentence=says,
    )


def _line(row: statements.Line, asset: money.Asset, says: str) -> PurchaseLine:
    return PurchaseLine(
        number=row.number,
        external_id=row.external_id,
        product=row.product,
        description=row.description,
        brand=row.brand,
        kind=reports.PurchaseLineKind(row.kind),
        category=row.category,
        labels=list(row.labels),
        quantity=reports.quantity(row.quantity_milli),
        amount=shapes.show(row.amount_minor, asset),
        discount=shapes.show(row.discount_minor, asset),
        tax=shapes.show(row.tax_minor, asset),
        decision=_decision(row, asset, says),
        returned_quantity=reports.quantity(row.returned_quantity_milli),
        returned_amount=shapes.show(row.returned_amount_minor, asset),
        reversed=shapes.show(row.reversed_minor, asset),
    )


def _return(row: statements.Return, asset: money.Asset) -> PurchaseReturn:
    return PurchaseReturn(
        id=strawberry.ID(ids.show("ret", row.return_id)),
        reason=row.reason,
        reversed=shapes.show(row.reversed_minor, asset),
        from_pending=shapes.show(row.from_pending_minor, asset),
        from_purchase=shapes.show(row.from_lot_minor, asset),
        from_expired=shapes.show(row.from_expired_minor, asset),
        lapsed=shapes.show(row.lapsed_minor, asset),
        from_other=shapes.show(row.from_other_minor, asset),
        owed=shapes.show(row.deficit_minor, asset),
        lost=shapes.show(row.loss_minor, asset),
        returned_at=scalars.DateTime(row.returned_at),
    )
