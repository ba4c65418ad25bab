"""What a payment for a membership came to, in words: for the seller who reports it.

The act is given as plain values; amounts are minor units of `asset`, days are local ones.
"""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from api.explaining import tongue
from wallet import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """An act of a membership: `until` is the last day of what is paid for, or of the end."""

    kind: str
    asset: money.Asset
    until: date
    price_minor: int = 0
    paid_minor: int = 0
    credit_minor: int = 0
    refund_minor: int = 0
    why: str | None = None


def paid(one: Paid, *, language: str) -> str:
    """Say what was bought, what is due or goes back, and until when it lasts."""
    told = tongue.of(language)
    until = format_date(one.until, "long", locale=language)
    match one.kind:
        case "changed" if one.refund_minor:
            return told.say(
                "Pay back {refund}: {credit} was left of the old plan, and the new one costs"
                " {price}. It is paid until {until}.",
                refund=told.amount(one.refund_minor, one.asset),
                credit=told.amount(one.credit_minor, one.asset),
                price=told.amount(one.price_minor, one.asset),
                until=until,
            )
        case "changed":
            return told.say(
                "{due} is due: {price} less {credit} that was left of the old plan. It is paid"
                " until {until}.",
                due=told.amount(one.paid_minor, one.asset),
                credit=told.amount(one.credit_minor, one.asset),
                price=told.amount(one.price_minor, one.asset),
                until=until,
            )
        case "cancelled":
            ends = told.say("It ends after {until}.", until=until)
            return f"{_back(one, told)} {ends}"
        case _:
            return told.say("It is paid until {until}.", until=until)


def left(asset: money.Asset, left_minor: int, *, language: str) -> str:
    """Say what is left of a prepaid subscription that was cancelled."""
    told = tongue.of(language)
    if left_minor == 0:
        return told.say("Everything was delivered: there is nothing to pay back.")
    return told.say(
        "Pay back {refund}, which was paid for what was not delivered.",
        refund=told.amount(left_minor, asset),
    )


def _back(one: Paid, told: tongue.Tongue) -> str:
    refund = told.amount(one.refund_minor, one.asset)
    match one.why:
        case "days_left":
            return told.say("Pay back {refund} for the days that are left.", refund=refund)
        case "whole":
            return told.say(
                "Pay back {refund}: it was cancelled in time, or had not begun.", refund=refund
            )
        case "used_up":
            return told.say("There is nothing left to pay back.")
        case _:
            return told.say("This plan pays nothing back.")
