"""The wallet as GraphQL: balances, movements, lots, and what is about to expire.

Rows become plain attributes once, here; no leaf has a resolver of its own. Whoever holds a `Wallet`
object was allowed to load it, so what hangs below is read by its id and nothing else.
"""

import datetime
import enum
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Final

import graphql
import strawberry

from api.graphql import context, cost, failures, merchants, scalars, shapes
from wallet import balances, changes, errors, ids, money, programme, statements

EXPIRIES_DEFAULT: Final = 3
EXPIRIES_MAX: Final = 30
# What "never expires" is in a cursor, and what the driver sends as infinity.
NEVER: Final = datetime.datetime.max.replace(tzinfo=datetime.UTC)


@strawberry.enum(description="Why a balance moved.")
class MovementKind(enum.Enum):
    """The movements of the chart of accounts that touch a member; a test compares both."""

    EARN = strawberry.enum_value("earn", description="Cashback earned, not yet free to spend.")
    MATURE = strawberry.enum_value("mature", description="Cashback became free to spend.")
    LAPSE = strawberry.enum_value("lapse", description="Cashback did not become due.")
    RETURN_PENDING = strawberry.enum_value(
        "return_pending", description="Goods came back before their cashback was free."
    )
    RETURN = strawberry.enum_value(
        "return", description="Goods came back; their cashback went back too."
    )
    HOLD = strawberry.enum_value("hold", description="Set aside for a purchase being paid.")
    RELEASE = strawberry.enum_value("release", description="Set free again, unspent.")
    CAPTURE = strawberry.enum_value("capture", description="Spent at a merchant.")
    REFUND = strawberry.enum_value("refund", description="Given back by the merchant.")
    SHARE = strawberry.enum_value(
        "share", description="A part of cashback that its campaign gives to a charity."
    )
    DONATE = strawberry.enum_value("donate", description="Given to a charity.")
    GOODWILL = strawberry.enum_value("goodwill", description="A credit from support.")
    EXPIRE = strawberry.enum_value("expire", description="Expired.")
    EXPIRE_MERCHANT = strawberry.enum_value(
        "expire_merchant", description="Expired; back to the merchant that gave it."
    )
    EXPIRE_CHARITY = strawberry.enum_value(
        "expire_charity", description="Expired; given to a charity."
    )


KIND_OF: Final = {shapes.value(kind): kind for kind in MovementKind}


@strawberry.type(description="An amount that will expire if it is not spent.")
class Expiry:
    """One step of what is ahead."""

    amount: shapes.Money = strawberry.field(description="How much.")
    expires_at: scalars.DateTime = strawberry.field(
        description="The first instant at which it can no longer be spent."
    )


@strawberry.type(description="What a member's wallet holds of one currency, or of points.")
class Balance:
    """As balances.Balance."""

    available: shapes.Money = strawberry.field(description="Free to spend now.")
    pending: shapes.Money = strawberry.field(description="Earned, not yet free to spend.")
    held: shapes.Money = strawberry.field(description="Set aside for a purchase being paid.")


@strawberry.type(description="One line of the ledger; it never changes.")
class Movement(shapes.Node):
    """One transfer, seen from the member."""

    kind: MovementKind = strawberry.field(description="Why.")
    reason: str = strawberry.field(description="Why, as a sentence for the member.")
    amount: shapes.Money = strawberry.field(
        description="Plus what came or was set free, minus what left or was set aside."
    )
    balance_after: shapes.Money = strawberry.field(description="Free to spend after it.")
    pending_after: shapes.Money = strawberry.field(description="Not yet free after it.")
    held_after: shapes.Money = strawberry.field(description="Set aside after it.")
    booked_at: scalars.DateTime = strawberry.field(description="When it was booked.")
    effective_at: scalars.DateTime = strawberry.field(description="When it counts from.")
    merchant: merchants.Merchant | None = strawberry.field(
        description="Where; null if no merchant took part."
    )
    version: strawberry.Private[int]
    key: strawberry.Private[uuid.UUID]


@strawberry.type(description="The value of one decision: who funded it, and how long it lives.")
class Lot(shapes.Node):
    """What is spent soonest-expiring first."""

    funder: merchants.Merchant | None = strawberry.field(
        description="The merchant that funds it; null for the coalition itself."
    )
    amount: shapes.Money = strawberry.field(description="What it began with.")
    pending: shapes.Money = strawberry.field(description="Not yet free to spend.")
    remaining: shapes.Money = strawberry.field(description="Free and not yet spent.")
    earned_at: scalars.DateTime = strawberry.field(description="When it was earned.")
    due_at: scalars.DateTime | None = strawberry.field(
        description="When the pending part is decided; null if nothing is pending."
    )
    available_at: scalars.DateTime | None = strawberry.field(
        description="When it became free to spend; null while it is pending."
    )
    expires_at: scalars.DateTime | None = strawberry.field(
        description="The first instant at which it can no longer be spent; null if never."
    )
    place: strawberry.Private[scalars.Key]
    key: strawberry.Private[uuid.UUID]


Kinds = Annotated[
    list[MovementKind] | None, strawberry.argument(description="Only these; null for all.")
]


Currency = Annotated[
    scalars.CurrencyCode | None,
    strawberry.argument(description="Of this currency, or PTS; null for the programme's own."),
]


@strawberry.type(description="What a member may spend at any merchant.")
class Wallet(shapes.Node):
    """One wallet, loaded by someone who may."""

    version: int = strawberry.field(
        description="Grows with every movement: drop an update whose version is not newer."
    )
    cursor: scalars.Cursor = strawberry.field(
        description="Where it stands: send it as `after` of `walletChanged` to miss nothing."
    )
    available: shapes.Money = strawberry.field(description="Free to spend now.")
    pending: shapes.Money = strawberry.field(description="Earned, not yet free to spend.")
    held: shapes.Money = strawberry.field(description="Set aside for a purchase being paid.")
    key: strawberry.Private[uuid.UUID]
    asset: strawberry.Private[money.Asset]
    page: strawberry.Private[statements.Page | None]
    first_read: strawberry.Private[int]

    @shapes.relation(
        "nextExpiries",
        "What expires next, soonest first.",
        cost.ListSize(slicing_arguments=["first"]),
    )
    async def next_expiries(
        self,
        info: context.Info,
        first: Annotated[
            int, strawberry.argument(description="How many; 1 to 30.")
        ] = EXPIRIES_DEFAULT,
    ) -> list[Expiry] | None:
        """One round trip."""
        shapes.first_of(first, EXPIRIES_MAX)
        rows = await statements.next_expiries(
            info.context.db, self.key, asset=self.asset, first=first
        )
        return [
            Expiry(
                amount=shapes.show(row.amount_minor, self.asset),
                expires_at=scalars.DateTime(row.expires_at),
            )
            for row in rows
        ]

    @shapes.paged("movements", "What happened, newest first.")
    async def movements(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        kinds: Kinds = None,
        currency: Currency = None,
    ) -> shapes.Connection[Movement] | None:
        """No round trip of its own when the wallet was read along with this page."""
        shapes.first_of(first)
        place = shapes.place_of(after, int)
        page, asset = self.page, _asset(currency, self.asset)
        plain = place is None and kinds is None and asset == self.asset
        if page is None or first != self.first_read or not plain:
            page = await _page(
                info,
                self.key,
                asset=asset,
                first=first + 1,
                before=place[0] if place is not None else None,
                codes=None if kinds is None else [shapes.value(kind) for kind in kinds],
            )
        return shapes.page(
            [movement(row) for row in page.movements] if page is not None else [],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.version, row.key),
        )

    @shapes.paged("lots", "Open and pending lots, in the order in which they are spent.")
    async def lots(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        currency: Currency = None,
    ) -> shapes.Connection[Lot] | None:
        """One round trip."""
        shapes.first_of(first)
        place = shapes.place_of(after, tuple)
        rows = await statements.lots(
            info.context.db,
            self.key,
            asset=_asset(currency, self.asset),
            first=first + 1,
            after=(*place[0], place[1]) if place is not None else None,
        )
        return shapes.page(
            [lot(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.place, row.key),
        )


def _asset(currency: str | None, own: money.Asset) -> money.Asset:
    try:
        return own if currency is None else money.asset(currency)
    except ValueError as error:
        raise failures.Failure(
            "BAD_USER_INPUT", f"This currency is not kept here: {error}."
        ) from None


async def _page(info: context.Info, wallet_id: uuid.UUID, **asked: Any) -> statements.Page | None:
    """Return a page of movements; None where the wallet never had anything of the currency."""
    try:
        return await statements.page(info.context.db, wallet_id, **asked)
    except errors.NotFound:
        return None


async def load(info: context.Info, wallet_id: uuid.UUID) -> Wallet | None:
    """Return a wallet that the caller may see, with its first movements if they are asked for."""
    house = await programme.of(info.context.page)
    first = _first_ahead(info)
    page = await statements.page(
        info.context.page, wallet_id, asset=house.asset, first=first + 1 if first else 0
    )
    happenings = page.wallet.happenings
    return _show(page.wallet, happenings=happenings, page=page, first_read=first)


def after(row: statements.Movement, *, happenings: int) -> Wallet:
    """Return the wallet as a movement left it; the lists below it are read when asked for."""
    return _show(row, happenings=happenings, page=None, first_read=0)


def _show(
    row: statements.Wallet | statements.Movement,
    *,
    happenings: int,
    page: statements.Page | None,
    first_read: int,
) -> Wallet:
    return Wallet(
        id=strawberry.ID(ids.show("wal", row.wallet_id)),
        version=row.version,
        cursor=scalars.cursor(changes.Known(row.version, happenings), row.wallet_id),
        available=shapes.show(row.available_minor, row.asset),
        pending=shapes.show(row.pending_minor, row.asset),
        held=shapes.show(row.held_minor, row.asset),
        key=row.wallet_id,
        asset=row.asset,
        page=page,
        first_read=first_read,
    )


def _first_ahead(info: context.Info) -> int:
    """Return how many movements the query asks for below this wallet, 0 if that is not plain.

    The balances and the newest movements are one row of the database, so the most frequent page of
    all needs one round trip. Anything but one unconditional `movements` at its start is read later.
    """
    raw = info._raw_info
    below = [
        node
        for field in raw.field_nodes
        for node in (field.selection_set.selections if field.selection_set else ())
        if isinstance(node, graphql.FieldNode) and node.name.value == "movements"
    ]
    if len(below) != 1 or below[0].directives:
        return 0
    first: object = shapes.FIRST_DEFAULT
    for argument in below[0].arguments or ():
        value = _plain(argument.value, info.variable_values)
        if argument.name.value == "first":
            first = value
        elif value is not None:
            return 0
    return first if isinstance(first, int) and 1 <= first <= shapes.FIRST_MAX else 0


def _plain(node: graphql.ValueNode, variables: Mapping[str, Any]) -> object:
    match node:
        case graphql.VariableNode():
            return variables.get(node.name.value)
        case graphql.IntValueNode():
            return int(node.value)
        case graphql.NullValueNode():
            return None
        case _:
            return node


def movement(row: statements.Movement) -> Movement:
    """Return a movement as GraphQL."""
    is_gift = row.code in ("donate", "share")  # then the partner is a charity: the reason names it
    return Movement(
        id=strawberry.ID(ids.show("mov", row.movement_id)),
        kind=KIND_OF[row.code],
        reason=row.reason,
        amount=shapes.show(row.amount_minor, row.asset),
        balance_after=shapes.show(row.available_minor, row.asset),
        pending_after=shapes.show(row.pending_minor, row.asset),
        held_after=shapes.show(row.held_minor, row.asset),
        booked_at=scalars.DateTime(row.posted_at),
        effective_at=scalars.DateTime(row.effective_at),
        merchant=None if is_gift else merchants.named(row.partner_id, row.partner_name),
        version=row.version,
        key=row.movement_id,
    )


def lot(row: statements.Lot) -> Lot:
    """Return a lot as GraphQL."""
    ready_at = row.available_at or row.due_at or row.earned_at
    return Lot(
        id=strawberry.ID(ids.show("lot", row.lot_id)),
        funder=merchants.named(row.funder_id, row.funder_name),
        amount=shapes.show(row.amount_minor, row.asset),
        pending=shapes.show(row.pending_minor, row.asset),
        remaining=shapes.show(row.remaining_minor, row.asset),
        earned_at=scalars.DateTime(row.earned_at),
        due_at=scalars.instant(row.due_at),
        available_at=scalars.instant(row.available_at),
        expires_at=scalars.instant(row.expires_at),
        place=(row.expires_at or NEVER, ready_at),
        key=row.lot_id,
    )


def balance(row: balances.Balance) -> Balance:
    """Return a balance as GraphQL."""
    return Balance(
        available=shapes.show(row.available_minor, row.asset),
        pending=shapes.show(row.pending_minor, row.asset),
        held=shapes.show(row.held_minor, row.asset),
    )


async def node(info: context.Info, wallet_id: uuid.UUID) -> Wallet | None:
    """Return a wallet to its member or support."""
    if not context.may_see(info, wallet_id=wallet_id):
        return None
    return await load(info, wallet_id)


async def movement_node(info: context.Info, movement_id: uuid.UUID) -> Movement | None:
    """Return a movement to its member or support."""
    row = await statements.movement(info.context.db, movement_id)
    return movement(row) if context.may_see(info, wallet_id=row.wallet_id) else None


async def lot_node(info: context.Info, lot_id: uuid.UUID) -> Lot | None:
    """Return a lot to its member or support."""
    row = await statements.lot(info.context.db, lot_id)
    return lot(row) if context.may_see(info, wallet_id=row.wallet_id) else None
