"""A small coalition to test with, built and moved through the public verbs only.

Value is made as it is made in life: a merchant reports a purchase and it matures. The merchant
`mint` gives everything back at once, so that a test can put a round sum into a wallet.
"""

import itertools
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from wallet import (
    audit,
    credit,
    donate,
    earn,
    errors,
    ids,
    members,
    merchants,
    money,
    programme,
    redeem,
)
from wallet.database import Database
from wallet.rules import purchases, returns

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EUR = money.EUR
STAFF = credit.Staff(ids.new(), "operator")

TERMS: dict[str, Any] = {
    "asset": "EUR",
    "rates": {"default_bps": 500, "by_category": {"beauty": 1000}},
    "minimum": None,
    "base": {
        "discounts": "net",
        "tax": "with",
        "shipping": False,
        "cashback_part_earns": False,
        "excluded_categories": ["tobacco"],
    },
    "rounding": "half_even",
    "pending": {"event": "paid", "days": 14, "wait_days_max": 60, "on_wait_end": "cancel"},
    "expiry": {"days": 365, "grace_days": 30, "notice_days": 0},
    "deficit": {"policy": "member_owes", "max_minor": 5000},
    "breakage": "operator",
    "hold_minutes": 15,
}
AT_ONCE = {"event": "reported", "days": 0, "wait_days_max": 60, "on_wait_end": "mature"}
ALL_BACK = {"default_bps": 10_000, "by_category": {}}
numbers = itertools.count(1)


def terms(**changes: Any) -> dict[str, Any]:
    """Terms of a contract, but for what is given; a nested part is changed field by field."""
    changed = {
        name: {**TERMS[name], **value} if isinstance(TERMS.get(name), dict) else value
        for name, value in changes.items()
    }
    return {**TERMS, **changed}


def line(number: int = 1, amount_minor: int = 10_000, **facts: Any) -> purchases.Line:
    """One item of food for 100.00, but for what is given."""
    plain: dict[str, Any] = {
        "external_id": None,
        "product": None,
        "description": None,
        "kind": "item",
        "category": "food",
        "labels": (),
        "quantity_milli": 1000,
        "discount_minor": 0,
        "tax_minor": 0,
    }
    return purchases.Line(number=number, amount_minor=amount_minor, **{**plain, **facts})


def purchase(*amounts_minor: int, **facts: Any) -> purchases.Purchase:
    """A purchase in a shop at noon, paid at once, one line of food for each amount."""
    plain: dict[str, Any] = {
        "reference": f"till-1/{next(numbers)}",
        "asset": "EUR",
        "channel": "shop",
        "store": None,
        "purchased_at": NOON,
        "lines": tuple(line(place, amount) for place, amount in enumerate(amounts_minor, 1)),
        "paid_with_cashback_minor": 0,
        "events": (purchases.Event("paid", facts.get("purchased_at", NOON)),),
    }
    return purchases.Purchase(**{**plain, **facts})


def unpaid(*amounts_minor: int, **facts: Any) -> purchases.Purchase:
    """A purchase of which nothing has happened yet but that it was made."""
    return purchase(*amounts_minor, events=(), **facts)


async def refused(attempt: Awaitable[object]) -> errors.Refusal:
    """The refusal that a verb raises; anything else fails the test."""
    with pytest.raises(errors.Refusal) as caught:
        await attempt
    return caught.value


@dataclass(frozen=True, slots=True)
class Faces:
    """A wallet's three faces and its version."""

    pending: int
    available: int
    held: int
    version: int


@dataclass(frozen=True, slots=True)
class Coalition:
    """A programme with its database, and the verbs with what a test does not care about."""

    db: Database
    operator_id: UUID
    mint: UUID
    asset: money.Asset = EUR

    async def merchant(self, **changes: Any) -> UUID:
        """Register a merchant whose first contract has these changes."""
        merchant_id = ids.new()
        await merchants.register(
            self.db,
            merchant_id=merchant_id,
            slug=f"merchant-{next(numbers)}",
            name="Rosa",
            industry="drugstore",
        )
        await self.publish(merchant_id, **changes)
        return merchant_id

    async def publish(
        self, merchant_id: UUID, valid_from: datetime = NOON - 900 * DAY, **changes: Any
    ) -> UUID:
        """Publish a contract version and give its id."""
        published = await merchants.contract_publish(
            self.db,
            contract_id=ids.new(),
            merchant_id=merchant_id,
            terms=terms(**{"asset": self.asset.code, **changes}),
            valid_from=valid_from,
            actor=audit.SYSTEM,
            note="as agreed",
        )
        return published.version.contract_id

    async def member(self, *, bucket: int | None = None) -> members.Member:
        """Enrol a member, in a bucket if one is given (wallet ids keep their member's)."""
        member_id = ids.new() if bucket is None else ids.placed(ids.new(), bucket)
        enrolled = await members.enrol(
            self.db,
            member_id=member_id,
            email=f"member-{next(numbers)}@example.org",
            display_name="Ana",
            actor=audit.SYSTEM,
        )
        return enrolled.member

    async def report(
        self,
        merchant_id: UUID,
        member: members.Member,
        bought: purchases.Purchase,
        *,
        key: UUID | None = None,
        now: datetime = NOON,
    ) -> earn.Reported:
        """Report one purchase; a refusal is raised."""
        item = earn.Report(key or ids.new(), member.member_id, bought)
        (answer,) = await earn.report(self.db, merchant_id=merchant_id, items=[item], now=now)
        if isinstance(answer, errors.Refusal):
            raise answer
        return answer

    async def earned(
        self, merchant_id: UUID, member: members.Member, *amounts_minor: int, now: datetime = NOON
    ) -> UUID:
        """Report a purchase and let everything due at `now` mature; gives the purchase's id."""
        bought = purchase(*amounts_minor, purchased_at=now, asset=self.asset.code)
        reported = await self.report(merchant_id, member, bought, now=now)
        await earn.mature(self.db, now=now)
        return reported.purchase_id

    async def fill(self, member: members.Member, minor: int, *, now: datetime = NOON) -> UUID:
        """Make `minor` available to a member, out of the mint; gives the purchase's id."""
        return await self.earned(self.mint, member, minor, now=now)

    async def hold(
        self,
        member: members.Member,
        merchant_id: UUID,
        minor: int,
        *,
        key: UUID | None = None,
        now: datetime = NOON,
    ) -> redeem.Redemption:
        """Hold value with a fresh code."""
        code = await redeem.code_issue(
            self.db, member_id=member.member_id, merchant_id=merchant_id, now=now
        )
        outcome = await redeem.hold(
            self.db,
            merchant_id=merchant_id,
            request_id=key or ids.new(),
            code=code.text,
            amount_minor=minor,
            asset=self.asset,
            order_reference="order-1",
            now=now,
        )
        return outcome.redemption

    async def capture(
        self,
        held: redeem.Redemption,
        minor: int | None = None,
        *,
        key: UUID | None = None,
        now: datetime = NOON,
    ) -> redeem.Redemption:
        """Capture a hold at its own merchant."""
        outcome = await redeem.capture(
            self.db,
            merchant_id=held.merchant_id,
            request_id=key or ids.new(),
            redemption_id=held.redemption_id,
            amount_minor=minor,
            now=now,
        )
        return outcome.redemption

    async def spend(
        self, member: members.Member, merchant_id: UUID, minor: int, *, now: datetime = NOON
    ) -> redeem.Redemption:
        """Hold and capture."""
        return await self.capture(await self.hold(member, merchant_id, minor, now=now), now=now)

    async def release(
        self, held: redeem.Redemption, *, key: UUID | None = None, now: datetime = NOON
    ) -> redeem.Redemption:
        """Release a hold at its own merchant."""
        outcome = await redeem.release(
            self.db,
            merchant_id=held.merchant_id,
            request_id=key or ids.new(),
            redemption_id=held.redemption_id,
            now=now,
        )
        return outcome.redemption

    async def refund(
        self,
        spent: redeem.Redemption,
        minor: int | None = None,
        *,
        key: UUID | None = None,
        now: datetime = NOON,
    ) -> redeem.Redemption:
        """Refund a capture at its own merchant."""
        outcome = await redeem.refund(
            self.db,
            merchant_id=spent.merchant_id,
            request_id=key or ids.new(),
            redemption_id=spent.redemption_id,
            amount_minor=minor,
            now=now,
        )
        return outcome.redemption

    async def give_back(
        self,
        merchant_id: UUID,
        purchase_id: UUID,
        *lines: returns.ReturnLine,
        key: UUID | None = None,
        now: datetime = NOON,
    ) -> earn.Returned:
        """Return lines of a purchase; none means all that is left."""
        return await earn.return_lines(
            self.db,
            merchant_id=merchant_id,
            request_id=key or ids.new(),
            purchase_id=purchase_id,
            lines=lines,
            reason="did not fit",
            now=now,
        )

    async def goodwill(
        self,
        member: members.Member,
        minor: int,
        *,
        key: UUID | None = None,
        staff: credit.Staff = STAFF,
        now: datetime = NOON,
    ) -> credit.Credited:
        """Credit a member out of the operator's pocket."""
        return await credit.credit_goodwill(
            self.db,
            staff=staff,
            actor=audit.Actor("staff", staff.staff_id),
            request_id=key or ids.new(),
            member_id=member.member_id,
            amount_minor=minor,
            asset=self.asset,
            reason="sorry for the long wait",
            now=now,
        )

    async def give(
        self,
        member: members.Member,
        charity_id: UUID,
        minor: int | None,
        *,
        key: UUID | None = None,
        lot_id: UUID | None = None,
        now: datetime = NOON,
    ) -> bool:
        """Give to a charity; True for a replay."""
        return await donate.give(
            self.db,
            member_id=member.member_id,
            request_id=key or ids.new(),
            charity_id=charity_id,
            amount_minor=minor,
            asset=self.asset,
            lot_id=lot_id,
            now=now,
        )

    async def faces(self, member: members.Member) -> Faces:
        """What a member's wallet shows in the programme's own asset."""
        row = await self.db.fetchrow(
            "select pending, credited - debited - held as available, held, version"
            " from ledger.wallet where wallet_id = $1 and asset = $2",
            member.wallet_id,
            self.asset.number,
        )
        assert row is not None
        return Faces(**dict(row))

    async def lots(self, member: members.Member) -> list[tuple[int, int, datetime | None]]:
        """Pending, remaining and expiry of each lot, in the order in which they were earned."""
        rows: Sequence[Any] = await self.db.fetch(
            "select pending, remaining, expires_at from ledger.lot where wallet_id = $1"
            " order by earned_at, lot_id",
            member.wallet_id,
        )
        return [(row["pending"], row["remaining"], row["expires_at"]) for row in rows]

    async def position(self, owner_id: UUID, kind: str) -> int:
        """What a position has counted, credits less debits, over all buckets."""
        return int(
            await self.db.fetchval(
                "select coalesce(sum(credited - debited), 0) from ledger.position"
                " where owner_id = $1 and kind = $2",
                owner_id,
                kind,
            )
        )


async def open_coalition(
    db: Database, *, zone: str = "Europe/Lisbon", asset: money.Asset = EUR
) -> Coalition:
    """Create the programme and its mint: all comes back, at once, and the member owes returns."""
    operator_id = ids.new()
    await programme.create(
        db, operator_id=operator_id, name="Common purse", time_zone=zone, asset=asset.code
    )
    empty = Coalition(db, operator_id, operator_id, asset)
    mint = await empty.merchant(rates=ALL_BACK, pending=AT_ONCE)
    return Coalition(db, operator_id, mint, asset)
