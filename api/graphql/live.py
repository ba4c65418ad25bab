"""Live updates for members: every change of their wallet, from the last one they know of.

A stream first reads from the books what its caller has missed, then waits for the next change and
reads that from the books too. There is one way to read, so nothing falls between replay and
following, and every change comes once, in the order of its version. While it waits, a stream holds
no connection and no transaction. What happens besides movements, such as a milestone, is read and
told likewise.
"""

import enum
import uuid
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Annotated, Final

import strawberry

from api.graphql import (
    context,
    failures,
    loaders,
    milestones,
    permissions,
    scalars,
    shapes,
    wallets,
)
from wallet import changes, money, programme, statements
from wallet.progress import completions


@strawberry.enum(description="What happened besides movements.")
class HappeningKind(enum.Enum):
    """Topics of ledger.happening that a follower is told of."""

    MILESTONE_COMPLETED = strawberry.enum_value(
        "milestone.completed", description="A milestone was reached."
    )
    MILESTONE_TAKEN_BACK = strawberry.enum_value(
        "milestone.taken_back", description="A milestone is no longer reached: goods went back."
    )


KINDS: Final = {shapes.value(kind): kind for kind in HappeningKind}


@strawberry.type(description="Something that happened to the member besides movements.")
class Happening:
    """As changes.Happening."""

    kind: HappeningKind = strawberry.field(description="What.")
    happened_at: scalars.DateTime = strawberry.field(description="When.")
    completion: milestones.Completion | None = strawberry.field(
        description="The milestone that it is about, as it stands now."
    )


@strawberry.type(description="One change of a wallet.")
class WalletChange:
    """A movement, and the wallet as that movement left it; or something that happened besides."""

    cursor: scalars.Cursor = strawberry.field(
        description="Send it as `after` when you connect again."
    )
    wallet: wallets.Wallet = strawberry.field(
        description="Balances and version after this change; lists below it are read now."
    )
    movement: wallets.Movement = strawberry.field(
        description="What was booked. With a `happening` it is the last one, which came before."
    )
    happening: Happening | None = strawberry.field(
        description="What happened besides, such as a milestone; null for a movement."
    )


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
        now = await changes.known(info.context.db, member.wallet_id, asset=house.asset)
        return _follow(info, member.wallet_id, house.asset, _known(after, member.wallet_id, now))


def _known(after: str | None, wallet_id: uuid.UUID, now: changes.Known) -> changes.Known:
    """Return how far the caller knows the wallet."""
    if after is None:
        return now
    key, whose = scalars.place(after)
    # Cursors from before there were happenings know of none.
    known = changes.Known(key) if isinstance(key, int) else key
    if not isinstance(known, changes.Known):
        raise failures.Failure("BAD_USER_INPUT", "This cursor belongs to another list.")
    if whose != wallet_id or known.version > now.version or known.happenings > now.happenings:
        raise failures.Failure(
            "BAD_USER_INPUT",
            "This cursor is not of this wallet: read the wallet and begin at its cursor.",
        )
    return known


async def _follow(
    info: context.Info, wallet_id: uuid.UUID, asset: money.Asset, known: changes.Known
) -> AsyncGenerator[WalletChange, None]:
    db = info.context.db
    while True:
        page = await changes.page(db, wallet_id, asset=asset, after=known.version)
        for movement in page:
            # What an earlier change has loaded may be old by now.
            info.context.loaders = loaders.Loaders(db)
            known = replace(known, version=movement.version)
            yield _change(movement, known)
        news = await changes.happenings(db, wallet_id, after=known.happenings)
        if news and known.version:
            # Each repeats the last movement, which clients that know of no happenings drop.
            last, *_ = page[-1:] or await changes.page(
                db, wallet_id, asset=asset, after=known.version - 1, first=1
            )
            for one in news:
                info.context.loaders = loaders.Loaders(db)
                known = replace(known, happenings=one.n)
                if one.topic in KINDS:
                    yield _change(last, known, await _happened(info, one))
        if not known.version:
            # In a wallet that has never moved they wait for its first movement.
            now = await changes.known(db, wallet_id, asset=asset)
            await info.context.hub.moved(wallet_id, now.happenings)
        elif max(len(page), len(news)) < changes.PAGE_MAX:
            await info.context.hub.moved(wallet_id, known.mark)


def _change(
    row: statements.Movement, known: changes.Known, happening: Happening | None = None
) -> WalletChange:
    wallet = wallets.after(row, happenings=known.happenings)
    return WalletChange(
        cursor=wallet.cursor, wallet=wallet, movement=wallets.movement(row), happening=happening
    )


async def _happened(info: context.Info, row: changes.Happening) -> Happening:
    found = await completions.find(info.context.db, row.subject_id)
    (completion,) = await milestones.shown_all(info, [found])
    return Happening(
        kind=KINDS[row.topic],
        happened_at=scalars.DateTime(row.happened_at),
        completion=completion,
    )
