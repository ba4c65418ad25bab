"""The lock of a wallet as GraphQL: whether anything can be spent, and who can change that."""

import enum
import uuid

import strawberry

from api.graphql import context, scalars
from wallet import spending


@strawberry.enum(description="Who locked a wallet.")
class SpendLockBy(enum.Enum):
    """As wallet.spending.By; a test compares both."""

    MEMBER = strawberry.enum_value("member", description="The member, who can unlock it.")
    STAFF = strawberry.enum_value("staff", description="Our support, who alone can unlock it.")


@strawberry.type(description="Whether a wallet is locked: nothing is spent, earning goes on.")
class SpendLock:
    """One member's."""

    locked: bool = strawberry.field(description="True while nothing can be spent or given.")
    by: SpendLockBy | None = strawberry.field(
        description="Who locked or unlocked it last; null if nobody ever did."
    )
    changed_at: scalars.DateTime | None = strawberry.field(description="When that was.")


async def lock_of(info: context.Info, wallet_id: uuid.UUID) -> SpendLock:
    """Return whether a wallet is locked, to whoever may see its member."""
    return show(await spending.lock_of(info.context.page, wallet_id))


def show(lock: spending.Lock) -> SpendLock:
    """Return a lock as its member and the staff see it."""
    return SpendLock(
        locked=lock.locked,
        by=None if lock.by is None else SpendLockBy(lock.by),
        changed_at=scalars.instant(lock.changed_at),
    )
