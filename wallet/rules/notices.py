"""What members are told, in one sentence each: only what changes what they have or may do.

A notice says how much, who, why, and what follows. Topics without a sentence are told by the wallet
page alone, such as a hold at a till that the member is standing at.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wallet import money
from wallet.rules import local

LOST_MAX: Final = 3
"""Campaigns that one notice names: nobody reads a list of ten in a sentence."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What a return took back of a campaign; `whole` if what is kept no longer meets its terms."""

    campaign: str
    amount_minor: int
    asset: money.Asset
    whole: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence may need; amounts in minor units of `asset`.

    `desired_minor` is what a campaign would have given without its limits, `amount_minor` what it
    gave. `award` is the kind of an activity, or `referral`; `benefit` the name of what was granted
    and `about` its own words. `lost` is what a return took back of campaigns, `gift` the kind of a
    gift to a `charity`. `prize` is what was won, `draw` the raffle it was won in. `milestone` is
    the name of one, `taken_back` whether returns take back what it gave.
    """

    topic: str
    asset: money.Asset
    zone: str
    merchant: str | None = None
    amount_minor: int = 0
    deficit_minor: int = 0
    extended_minor: int = 0
    expires_at: datetime | None = None
    reason: str | None = None
    campaign: str | None = None
    desired_minor: int = 0
    award: str | None = None
    benefit: str | None = None
    about: str | None = None
    charity: str | None = None
    funder: str | None = None
    gift: str | None = None
    lost: tuple[Lost, ...] = ()
    draw: str | None = None
    prize: str | None = None
    milestone: str | None = None
    taken_back: bool = False


def sentence(facts: Facts) -> str | None:
    """The sentence for one event, or None where nobody needs to be told."""
    amount = money.phrase(facts.amount_minor, facts.asset)
    where = facts.merchant or "the coalition"
    match facts.topic:
        case "lot.matured":
            if facts.amount_minor == 0:
                return None  # All of it went to a charity, which is told by itself.
            until = f" until {_day(facts)}" if facts.expires_at else ""
            return f"{amount} from {where} is yours to spend at any partner{until}."
        case "lot.lapsed":
            return f"{amount} from {where} was cancelled: the purchase was never confirmed."
        case "lot.expiring":
            return f"{amount} from {where} expires after {_day(facts)}. Spend it before then."
        case "lot.expired":
            return f"{amount} from {where} has expired."
        case "purchase.returned":
            return _returned(facts, amount, where)
        case "card.made":
            return (
                f"{where} can now be paid with a gift card from your wallet, until {_day(facts)}."
                " If you did not make it, end it in your app."
            )
        case "redemption.captured":
            return f"You spent {amount} at {where}."
        case "order.released":
            return f"{amount} held for {where} is free again: nothing was issued there."
        case "redemption.expired":
            return f"{amount} held for {where} is free again: the purchase was not completed."
        case "redemption.refunded":
            return _refunded(facts, amount, where)
        case "credit.posted":
            return f"Our support credited you {amount}: {facts.reason}"
        case "award.posted":
            return _awarded(facts, amount, where)
        case "award.reversed":
            return _taken(facts, amount)
        case "milestone.completed":
            return _completed(facts)
        case "milestone.taken_back":
            return (
                f"{facts.milestone} is no longer reached, because goods went back."
                " What it gave is taken back."
            )
        case "lot.shared":
            return _shared(facts, amount, where)
        case "gift.given":
            return _gift(facts, amount)
        case "donation.matched":
            return _matched(facts, amount)
        case "donation.posted":
            return _gave(facts, amount)
        case "benefit.granted":
            return _granted(facts, where)
        case "campaign.capped":
            return _capped(facts, amount, where)
        case "spin.settled":
            return f"Your spin won {facts.prize}."
        case "raffle.won":
            return f"You have won {facts.prize} in {facts.draw}."
        case _:
            return _safety(facts.topic, amount)


def _safety(topic: str, amount: str) -> str | None:
    match topic:
        case "spending.locked":
            return "Your wallet is locked: nothing can be spent until it is unlocked."
        case "spending.unlocked":
            return "Your wallet is unlocked: you can spend again."
        case "spending.review":
            return f"A spend of {amount} was stopped, because it is more than usual. We look at it."
        case "spending.allowed":
            return f"You may spend up to {amount} there within a day. Try again."
        case "spending.denied":
            return f"The spend of {amount} stays stopped. If it was you, write to our support."
        case _:
            return None


def _returned(facts: Facts, amount: str, where: str) -> str | None:
    taken = [f"{amount} of cashback"] if facts.amount_minor else []
    for asset in {one.asset.code: one.asset for one in facts.lost}.values():
        if asset != facts.asset:
            minor = sum(one.amount_minor for one in facts.lost if one.asset == asset)
            taken.append(money.phrase(minor, asset))
    if not taken:
        return None
    was = "was" if facts.amount_minor and len(taken) == 1 else "were"
    told = f"{' and '.join(taken)} {was} taken back because goods went back to {where}"
    told = f"{told} ({facts.reason})." if facts.reason else f"{told}."
    told += _owed(facts)
    for one in [one for one in facts.lost if one.whole][:LOST_MAX]:
        whole = money.phrase(one.amount_minor, one.asset)
        told = (
            f"{told} What you kept is not enough for {one.campaign}: all of its {whole} went back."
        )
    return told


def _owed(facts: Facts) -> str:
    if not facts.deficit_minor:
        return ""
    owed = money.phrase(facts.deficit_minor, facts.asset)
    return f" {owed} of it was already spent; your next cashback makes up for it first."


def _refunded(facts: Facts, amount: str, where: str) -> str:
    told = f"{where} gave you {amount} back, with its original last day."
    if facts.extended_minor:
        extended = money.phrase(facts.extended_minor, facts.asset)
        told = f"{told} {extended} of it had expired meanwhile and got some extra days."
    return told


_DEEDS: Final = {
    "review": "a review",
    "share": "a recommendation",
    "visit": "a visit",
    "quiz": "a quiz",
    "referral": "an invitation",
    "milestone": "a milestone",
    "contest": "a contest",
    "draw": "a draw",
    "game": "a game",
    "membership": "joining",
}


def _awarded(facts: Facts, amount: str, where: str) -> str | None:
    if facts.amount_minor == 0:
        return None
    deed = _DEEDS.get(facts.award or "")
    told = f"You earned {amount} at {where}"
    told = f"{told} for {deed}" if deed else told
    return f"{told}, with {facts.campaign}." if facts.campaign else f"{told}."


def _taken(facts: Facts, amount: str) -> str | None:
    if facts.amount_minor == 0:
        return None
    deed = _DEEDS.get(facts.award or "")
    told = f"{amount} that you earned for {deed} was" if deed else f"{amount} that you earned was"
    why = f" ({facts.reason.removesuffix('.')})" if facts.reason else ""
    return f"{told} taken back{why}.{_owed(facts)}"


def _completed(facts: Facts) -> str:
    told = f"You reached {facts.milestone}."
    if not facts.taken_back:
        return told
    return f"{told} If goods go back and too little is left, what it gave is taken back."


def _shared(facts: Facts, amount: str, where: str) -> str | None:
    if facts.amount_minor == 0:
        return None
    promised = facts.campaign or "its campaign"
    return (
        f"{amount} of your cashback from {where} went to {facts.charity or 'a charity'},"
        f" as {promised} promised."
    )


def _gift(facts: Facts, amount: str) -> str | None:
    if facts.amount_minor == 0:
        return None
    who = facts.funder or "The coalition"
    return f"{who} gave {amount} to {facts.charity or 'a charity'}, thanks to you."


def _matched(facts: Facts, amount: str) -> str | None:
    if facts.desired_minor == 0:
        return None  # Less than the smallest unit: nobody was promised anything.
    who, charity = facts.funder or "The coalition", facts.charity or "a charity"
    if facts.amount_minor == facts.desired_minor:
        return f"{who} gave {amount} to {charity} on top of your gift."
    given = amount if facts.amount_minor else "nothing"
    promised = money.phrase(facts.desired_minor, facts.asset)
    return (
        f"{who} gave {given} to {charity} on top of your gift, not {promised}:"
        " the most that was promised is reached."
    )


_BY_PLEDGE: Final = {
    "share": ", as you pledged",
    "round_up": " by rounding up, as you pledged",
    "expiring": " before it expired",
}


def _gave(facts: Facts, amount: str) -> str:
    how = _BY_PLEDGE.get(facts.gift or "", "")
    return f"You gave {amount} to {facts.charity or 'a charity'}{how}."


def _granted(facts: Facts, where: str) -> str:
    told = f"{where} gives you {facts.benefit or 'something'}"
    told = f"{told}: {facts.about.removesuffix('.')}." if facts.about else f"{told}."
    return f"{told} It is yours to use until {_day(facts)}." if facts.expires_at else told


def _capped(facts: Facts, amount: str, where: str) -> str | None:
    if facts.amount_minor >= facts.desired_minor:
        return None
    wanted = money.phrase(facts.desired_minor, facts.asset)
    return (
        f"{facts.campaign or 'A campaign'} gave {amount} instead of {wanted} at {where}:"
        " a limit of it is reached."
    )


def _day(facts: Facts) -> str:
    assert facts.expires_at is not None
    # The instant is the start of the day after the last day.
    day = local.day(facts.expires_at, facts.zone) - timedelta(days=1)
    return f"{day.day} {day:%B %Y}"
