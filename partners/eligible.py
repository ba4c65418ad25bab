"""What a member can redeem where, and why not: the facts for the rule, in one look at the books.

It is asked for a list, and once more before an order is taken; the books check again, under the
wallet's lock, whatever of it may have changed in between.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

import asyncpg
import orjson

from partners import registry
from wallet import errors, ledger, money, sql
from wallet.database import Database
from wallet.rules import eligibility, orders

PARTNERS_MAX: Final = 200
"""Partners of one list: more is a directory, which is read page by page."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who wants to redeem."""

    member_id: uuid.UUID
    wallet_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Option:
    """One kind at one partner, as one member stands to it; `largest_minor` is what they ever spent.

    `subject` names the linked account, if there is one; `met` is whether value of this wallet was
    ever spent at the partner's merchant.
    """

    partner_id: uuid.UUID
    merchant_id: uuid.UUID
    name: str
    asset: money.Asset
    offer: orders.Offer
    found: eligibility.Eligible
    available_minor: int
    link_id: uuid.UUID | None
    subject: str | None
    met: bool
    largest_minor: int
    needs_link: bool = False


async def of(
    db: Database,
    adapters: registry.Registry,
    who: Who,
    *,
    partner_id: uuid.UUID | None = None,
) -> list[Option]:
    """All that a member could redeem, by the partner's name; at one partner, if one is named.

    Of all partners those that take orders; of one that is named also why it takes none.
    """
    rows = await db.fetch(
        sql.load("queries/redemption_options"),
        ledger.bucket(who.wallet_id),
        who.wallet_id,
        who.member_id,
        partner_id,
        PARTNERS_MAX,
    )
    return [one for row in rows for one in _options(row, adapters)]


async def at(
    db: Database,
    adapters: registry.Registry,
    who: Who,
    partner_id: uuid.UUID,
    kind: orders.Kind,
) -> Option:
    """One kind at one partner; NOT_FOUND for no such partner, or one that gives no such kind."""
    options = await of(db, adapters, who, partner_id=partner_id)
    if not options:
        raise errors.NotFound(path=("partner_id",))
    found = next((one for one in options if one.offer.kind == kind), None)
    if found is None:
        raise errors.NotFound("This partner gives no such thing.", path=("kind",))
    return found


def check(option: Option, amount_minor: int) -> None:
    """Refuse what is not open to the member by its first reason, and an amount that does not fit.

    MEMBER_SUSPENDED, SPEND_LOCKED, PARTNER_CLOSED, MERCHANT_NOT_ACCEPTED, NOT_ELIGIBLE,
    LINK_REQUIRED, INSUFFICIENT_FUNDS or AMOUNT_INVALID. What only passes a limit is for the books.
    """
    reasons = [one for one in option.found.reasons if one != "limit"]
    if reasons:
        _refuse(reasons[0], option)
    if not orders.fits(option.offer, amount_minor):
        offer, asset = option.offer, option.asset
        raise errors.AmountInvalid(
            f"Redeem {money.phrase(offer.minimum_minor, asset)} to"
            f" {money.phrase(offer.maximum_minor, asset)} here, in steps of"
            f" {money.phrase(offer.step_minor, asset)}. Correct the amount.",
            path=("amount",),
        )
    if amount_minor > option.available_minor:
        _refuse("too_little", option)


def _refuse(reason: eligibility.Reason, option: Option) -> NoReturn:
    at_partner = ("partner_id",)
    match reason:
        case "member_suspended":
            raise errors.MemberSuspended()
        case "spend_locked":
            raise errors.SpendLocked()
        case "not_accepted":
            raise errors.MerchantNotAccepted(path=at_partner)
        case "territory":
            raise errors.NotEligible(NOT_HERE, path=at_partner)
        case "country_unknown":
            raise errors.NotEligible(WHERE, path=at_partner)
        case "link_needed" | "link_again":
            raise errors.LinkRequired(path=at_partner)
        case "too_little":
            raise errors.InsufficientFunds(
                path=("amount",),
                available_minor=max(0, option.available_minor),
                asset=option.asset.code,
            )
        case _:
            raise errors.PartnerClosed(path=at_partner)


NOT_HERE: Final = "This partner is not for members of your country. Choose another one."
WHERE: Final = "This partner is for some countries only. Say in your profile where you live."


def _options(row: asyncpg.Record, adapters: registry.Registry) -> Sequence[Option]:
    kind = adapters.look(row["adapter"]).kind
    who = eligibility.Member(
        available_minor=row["available"],
        active=row["wallet_state"] == "open",
        locked=row["locked"],
        country=row["country"],
        one_most_minor=row["one_minor"],
    )
    linked = () if kind is None else kind.caps.linked
    where = eligibility.Partner(
        open=kind is not None and row["open"],
        accepted=row["accepted"],
        link=row["link_status"] or "none",
        territories=row["territories"],
        coalition=row["coalition"],
    )
    offers: list[dict[str, Any]] = orjson.loads(row["offers"])
    return [
        Option(
            partner_id=row["partner_id"],
            merchant_id=row["merchant_id"],
            name=row["name"],
            asset=money.asset_by_number(row["asset"]),
            offer=offer,
            found=eligibility.judge(who, replace(where, needs_link=offer.kind in linked), offer),
            available_minor=row["available"],
            link_id=row["link_id"],
            subject=row["subject"],
            met=row["met"],
            largest_minor=row["largest_minor"],
            needs_link=offer.kind in linked,
        )
        for offer in (orders.Offer(**one) for one in offers)
    ]
