"""Why nothing can be redeemed at a partner, in sentences: each says what would change it."""

from typing import assert_never

from api.explaining import tongue
from wallet import money
from wallet.rules import eligibility, orders


def reason(
    why: eligibility.Reason, offer: orders.Offer, told: tongue.Tongue, *, asset: money.Asset
) -> str:
    """Say one reason in the reader's language."""
    match why:
        case "member_suspended":
            said = told.say("Your membership is suspended. Ask support.")
        case "spend_locked":
            said = told.say("Your wallet is locked for spending. Unlock it first.")
        case "partner_closed":
            said = told.say("This partner takes no orders at the moment.")
        case "not_accepted":
            said = told.say("Value of this coalition cannot be spent at this partner.")
        case "territory":
            said = told.say("This partner is not for members of your country.")
        case "country_unknown":
            said = told.say(
                "This partner is for some countries only. Say in your profile where you live."
            )
        case "link_needed":
            said = told.say("Connect your account at this partner first.")
        case "link_again":
            said = told.say("This partner no longer accepts us. Connect your account again.")
        case "too_little":
            least = told.amount(offer.minimum_minor, asset)
            said = told.say("You need at least {least} to redeem here.", least=least)
        case "limit":
            least = told.amount(offer.minimum_minor, asset)
            said = told.say(
                "{least}, the least of this partner, is more than may be spent at once.",
                least=least,
            )
        case _:
            assert_never(why)
    return tongue.bounded(said)
