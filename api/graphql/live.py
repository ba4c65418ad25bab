"""Live updates for members: every change of their wallet, from the last one they know of.

A stream first reads from the books what its caller has missed, then waits for the next change and
reads that from the books too. There is one way to read, so nothing falls between replay and
following, and every change comes once, in the order of its version. While it waits, a stream holds
no connection and no transaction.
"""

import uuid
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from api.graphql import context, failures, loaders, permissions, scalars, shapes, wallets
from wallet import changes, money, programme, statements


@strawberry.type(description="One change of a wallet.")
class WalletChange:
    """A movement, and the wallet as that movement left it."""

    cursor: scalars.Cursor = strawberry.field(
        description="Send it as `after` when you connect again."
    )
    wallet: wallets.Wallet = strawberry.field(
        description="Balances and version after this change; lists below it are read now."
    )
    movement: wallets.Movement = strawberry.field(description="What was booked.")


After = Annotated[
    scalars.Cursor | None,
    strawberry.argument(
        description="The last cursor seen, of a change or of the wallet; null begins now."
    ),
]


@strawberry.type
class Subscription:
    """Root fields for members."""

    @permissions.root(
        "Subscription.walletChanged",
        "Every change of the asker's wallet, in order; `after` replays what a lost connection"
        " missed.",
    )
    async def wallet_changed(
        self, info: context.Info, after: After = None
    ) -> AsyncGenerator[WalletChange, None]:
        """Refuse before the first change what must be refused; the stream itself then lasts."""
        member = info.context.principal.member
        if member is None:
            raise failures.Failure("FORBIDDEN", "This token is not that of a member with a wallet.")
        house = await programme.of(info.context.db)
        now = await changes.version(info.context.db, member.wallet_id, asset=house.asset)
        return _follow(info, member.wallet_id, house.asset, _known(after, member.wallet_id, now))


def _known(after: str | None, wallet_id: uuid.UUID, now: int) -> int:
    """Return the version up to which the caller knows the wallet."""
    place = shapes.place_of(after, int)
    if place is None:
        return now
    known, whose = place
    if whose != wallet_id or known > now:
        raise failures.Failure(
            "BAD_USER_INPUT",
            "This cursor is not of this wallet: read the wallet and begin at its cursor.",
        )
    return known


async def _follow(
    info: context.Info, wallet_id: uuid.UUID, asset: money.Asset, known: int
) -> AsyncGenerator[WalletChange, None]:
    while True:
        page = await changes.page(info.context.db, wallet_id, asset=asset, after=known)
        for movement in page:
            # What an earlier change has loaded may be old by now.
            info.context.loaders = loaders.Loaders(info.context.db)
            yield _change(movement)
            known = movement.version
        if len(page) < changes.PAGE_MAX:
            await info.context.hub.moved(wallet_id, known)


def _change(row: statements.Movement) -> WalletChange:
    wallet = wallets.after(row)
    return WalletChange(cursor=wallet.cursor, wallet=wallet, movement=wallets.movement(row))
