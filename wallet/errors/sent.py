"""Refusals of what was sent: it contradicts itself, or passes a limit."""

from wallet.errors.root import Refusal


class AmountInvalid(Refusal):
    """An amount is zero, negative, too large, or finer than its currency: correct the amount."""

    code = "AMOUNT_INVALID"
    advice = "This amount is not valid. Send an amount above zero, with the currency's decimals."


class CurrencyMismatch(Refusal):
    """The amount is in another currency than the thing it belongs to: send that currency."""

    code = "CURRENCY_MISMATCH"
    advice = "The currency does not match. Send the amount in the currency of the contract."


class PurchaseInvalid(Refusal):
    """A purchase contradicts itself or passes a limit: correct it and report it again."""

    code = "PURCHASE_INVALID"
    advice = "The purchase is not valid. Correct the field at the path and report it again."


class EventInvalid(Refusal):
    """A purchase event is unknown, repeated with another time, or out of place: correct it."""

    code = "EVENT_INVALID"
    advice = "This event does not fit the purchase. Check its kind and time, then send it again."


class TermsInvalid(Refusal):
    """Contract terms that cannot be run: correct the field at the path and publish again."""

    code = "TERMS_INVALID"
    advice = "The contract terms are not valid. Correct the field at the path and publish again."


class CampaignInvalid(Refusal):
    """A campaign contradicts itself or cannot be run: correct the field at the path, save again."""

    code = "CAMPAIGN_INVALID"
    advice = "The campaign is not valid. Correct the field at the path and save it again."


class SchemeInvalid(Refusal):
    """A scheme contradicts itself or cannot be run: correct the field at the path, publish again.

    A scheme is a ladder, a milestone, a board, a contest, a draw: what members take part in.
    """

    code = "SCHEME_INVALID"
    advice = "The scheme is not valid. Correct the field at the path and publish it again."


class TierOverrideInvalid(Refusal):
    """No such tier, or an end that has passed or lies over a year away: correct it and propose."""

    code = "TIER_OVERRIDE_INVALID"
    advice = "This tier cannot be given so. Name a tier of the ladder, and an end within a year."


class GameScoreInvalid(Refusal):
    """No game gives this score, or not so soon: correct it, or look at what the game allows."""

    code = "GAME_SCORE_INVALID"
    advice = "This score cannot have been reached. Look at what the game allows and correct it."


class ActivityInvalid(Refusal):
    """An activity has no proof or names what is not there: correct it and send it again."""

    code = "ACTIVITY_INVALID"
    advice = "This activity is not valid. Correct the field at the path and send it again."


class ProfileInvalid(Refusal):
    """A fact about a member cannot be true, such as a birth date ahead: correct it."""

    code = "PROFILE_INVALID"
    advice = "This cannot be true of a person. Correct the field at the path and send it again."


class ExperimentInvalid(Refusal):
    """An experiment contradicts itself: correct the field at the path and register it again."""

    code = "EXPERIMENT_INVALID"
    advice = "The experiment is not valid. Correct the field at the path and register it again."


class MembershipInvalid(Refusal):
    """A payment does not fit its plan or its membership: correct the field at the path."""

    code = "MEMBERSHIP_INVALID"
    advice = "This does not fit the membership. Look at how it stands, then correct it."


class SubscriptionInvalid(Refusal):
    """A delivery, or its subscription, contradicts what was paid for: correct it."""

    code = "SUBSCRIPTION_INVALID"
    advice = "This does not fit the subscription. Look at what was paid for, then correct it."


class CharityInvalid(Refusal):
    """A charity or its agreement contradicts itself: correct the field at the path and send it."""

    code = "CHARITY_INVALID"
    advice = "This charity or agreement is not valid. Correct the field at the path."


class PartnerInvalid(Refusal):
    """A partner's configuration, offers or secrets do not fit: correct the field at the path."""

    code = "PARTNER_INVALID"
    advice = "This partner cannot be set up so. Correct the field at the path and send it again."


class PledgeInvalid(Refusal):
    """A pledge contradicts itself or another one that stands: correct the field at the path."""

    code = "PLEDGE_INVALID"
    advice = "This pledge is not valid. Correct the field at the path, or end another one first."

    def say(self) -> str:
        """Name which other pledge is in the way, where it is known."""
        match self.data.get("why"):
            case "shares":
                return "Your pledges come to more than all of your cashback. Make one smaller."
            case "expiring":
                return "What expires goes to one charity. End your other pledge of it first."
        return self.advice


class CardInvalid(Refusal):
    """A gift card cannot be like this: correct what the path names."""

    code = "CARD_INVALID"
    advice = "A gift card cannot be like this. Correct what the path names."


class TextInvalid(Refusal):
    """A text is empty, too long, or holds characters that cannot be stored: shorten or clean it."""

    code = "TEXT_INVALID"
    advice = "This text cannot be stored. Shorten it or remove the characters that do not print."


class ClientInvalid(Refusal):
    """A client's registration contradicts itself or is unsafe: correct the field at the path."""

    code = "CLIENT_INVALID"
    advice = "This client cannot be registered so. Correct the field at the path."


class EndpointInvalid(Refusal):
    """An endpoint for webhooks cannot be told so: correct the field at the path."""

    code = "ENDPOINT_INVALID"
    advice = "This endpoint cannot be sent to. Correct the field at the path."


class ReasonMissing(Refusal):
    """An act of support without its reason: write one, it goes into the audit log."""

    code = "REASON_MISSING"
    advice = "A reason is needed. Write in a few words why, then send it again."


class TooMany(Refusal):
    """More things in one request than its limit: send them in several requests."""

    code = "TOO_MANY"
    advice = "There is too much in one request. Send it in smaller parts."

    def say(self) -> str:
        """Name the limit where it is known."""
        limit = self.data.get("limit")
        return self.advice if limit is None else f"{self.advice} The limit is {limit}."
