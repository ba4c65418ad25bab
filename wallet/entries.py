"""What a decision puts into the books beside its purchase or award, as the rows that travel there.

`Given` holds all that campaigns gave for one cause; the contract's own lot is one more `Lot`. The
rows are the composites of `wallet/sql/functions/00_types.sql`, field by field and in their order.
"""

import dataclasses
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from wallet import ids, ledger

Row: TypeAlias = tuple[object, ...]
BenefitKind: TypeAlias = Literal["coupon", "benefit", "badge", "badge_once"]
"""A badge lasts; one that is used once is shown like a coupon, or marked used like a benefit."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Value that one funder gives by one rule (a contract, a campaign version); see `lot_in`.

    `gives_minor` of it goes to `gives_to` when it matures.
    """

    lot_id: UUID
    rule_id: UUID
    funder_id: UUID
    asset: int
    amount: int
    due_at: datetime | None
    due_as: str | None
    expires_at: datetime | None
    notice_days: int
    grace_days: int
    breakage: str
    breakage_owner: UUID
    gives_to: UUID | None = None
    gives_minor: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a campaign version gave on one line (0 for an award): before caps, after; `grant_in`."""

    line_no: int
    version_id: UUID
    campaign_id: UUID
    asset: int
    base_minor: int
    desired_minor: int
    granted_minor: int
    day: date


@dataclass(frozen=True, slots=True)
class Draw:
    """What is taken out of a budget, once for each budget; see `draw_in`."""

    budget_id: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class Gift:
    """What one funder gives to a charity for the cause, beside the member's wallet; `gift_in`."""

    gift_id: UUID
    rule_id: UUID
    charity_id: UUID
    funder_id: UUID
    asset: int
    amount: int
    due_at: datetime | None
    due_as: str | None
    in_kind: str | None
    unit_minor: int


@dataclass(frozen=True, slots=True)
class Benefit:
    """A coupon or another thing that is no money; see `benefit_in`."""

    benefit_id: UUID
    version_id: UUID
    campaign_id: UUID
    kind: BenefitKind
    name: str
    about: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Given:
    """What campaigns gave for one purchase or award, on which facts it rests, and why.

    `facts_version` is None where the decision asked nothing about the member. `coupons` are the
    benefits that are used up. `explanation` and `facts` are JSON; None where no campaign was asked.
    """

    lots: tuple[Lot, ...] = ()
    grants: tuple[Grant, ...] = ()
    draws: tuple[Draw, ...] = ()
    gifts: tuple[Gift, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    coupons: tuple[UUID, ...] = ()
    facts_version: int | None = None
    explanation: str | None = None
    facts: str | None = None


NOTHING: Final = Given()
"""What is given where no campaign has anything to say."""


_FIELDS: Final = {
    kind: operator.attrgetter(*(field.name for field in dataclasses.fields(kind)))
    for kind in (Lot, Grant, Draw, Gift, Benefit)
}


def rows(cause_id: UUID, entries: Iterable[Lot | Grant | Draw | Gift | Benefit]) -> list[Row]:
    """The entries of one cause as rows: its bucket, its id, and then their fields."""
    bucket = ledger.bucket(cause_id)
    # Not `dataclasses.astuple`, which copies each value: a batch has thousands of them.
    return [(bucket, cause_id, *_FIELDS[type(one)](one)) for one in entries]


def contract_lot_id(purchase_id: UUID) -> UUID:
    """The id of the lot that the contract of a purchase opens."""
    return ledger.derived(purchase_id, "earn")


def lot_id(cause_id: UUID, version_id: UUID, funder_id: UUID) -> UUID:
    """The id of the lot of one campaign version and one funder: the same for ever."""
    return ids.derived(cause_id, f"lot {version_id} {funder_id}")


def gift_id(cause_id: UUID, version_id: UUID, funder_id: UUID) -> UUID:
    """The id of the gift of one campaign version and one funder: the same for ever."""
    return ids.derived(cause_id, f"gift {version_id} {funder_id}")


def totals(lots: Iterable[Lot]) -> dict[int, int]:
    """What some lots add up to, by the number of their asset."""
    sums: dict[int, int] = {}
    for one in lots:
        sums[one.asset] = sums.get(one.asset, 0) + one.amount
    return sums
