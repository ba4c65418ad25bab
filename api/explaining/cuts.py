"""What caps and budgets took away of a grant, in sentences."""

from api.explaining import reading, reasons, tongue
from wallet import money


def said(grant: reading.Part, told: tongue.Tongue) -> list[str]:
    """Say each limit that took something away, in the order in which they were asked."""
    found = []
    for one in grant.parts("cuts"):
        try:
            asset = grant.asset()
            cut = told.say(
                "Cut from {before} to {after}",
                before=told.amount(one.whole("from_minor"), asset),
                after=told.amount(one.whole("to_minor"), asset),
            )
            found.append(tongue.bounded(f"{cut}{_limit(one, told, asset)}"))
        except reading.Unreadable:
            continue
    return found


def _limit(cut: reading.Part, told: tongue.Tongue, asset: money.Asset) -> str:
    match cut.text_or_none("by"):
        case "purchase_cap":
            return told.say(": the most of one purchase.")
        case "programme_cap":
            return told.say(": the most of one purchase from all campaigns together.")
        case "member_cap":
            return _member_limit(cut, told, asset)
        case "budget":
            return told.say(": nothing more is left of the campaign's budget.")
        case "merchant_budget":
            return told.say(": nothing more is left of the merchant's budget.")
        case "funder_budget":
            return told.say(": nothing more is left of the budget of who pays for it.")
        case "tops_up":
            return told.say(": the rest is in the cashback that you get anyway.")
        case _:
            return "."


def _member_limit(cut: reading.Part, told: tongue.Tongue, asset: money.Asset) -> str:
    try:
        return told.say(
            ": a member gets at most {limit} {period}.",
            limit=told.amount(cut.whole("limit_minor"), asset),
            period=reasons.period(told, cut.text("per")),
        )
    except reading.Unreadable:
        return told.say(": the most that a member gets.")
