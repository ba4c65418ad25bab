"""Refusals of how much: more than there is, or than is allowed."""

from wallet import money
from wallet.errors.root import Refusal


class InsufficientFunds(Refusal):
    """The wallet holds less than was asked: ask for at most what is available."""

    code = "INSUFFICIENT_FUNDS"
    advice = "There is not enough in the wallet. Ask for less."

    def say(self) -> str:
        """Name what there is, where it is known."""
        available = _amount(self.data, "available_minor")
        if available is None:
            return self.advice
        return f"There is {available} to spend, less than was asked. Ask for at most that."


class GoodwillLimit(Refusal):
    """The credit passes a limit of the role: give at most `allowed`, or propose it to a lead."""

    code = "GOODWILL_LIMIT"
    advice = (
        "This credit passes a limit. Give less, or propose it with goodwillCreditPropose for a"
        " supervisor to approve."
    )

    def say(self) -> str:
        """Name what may still be given, where it is known."""
        allowed = _amount(self.data, "allowed_minor")
        if allowed is None:
            return self.advice
        return f"{self.advice} What may still be given is {allowed}."


class TicketLimit(Refusal):
    """So many tickets pass what one colleague may give in a day: give fewer, or ask a lead."""

    code = "TICKET_LIMIT"
    advice = "These tickets pass what you may give in a day. Give fewer, or ask a supervisor."


class BudgetTooSmall(Refusal):
    """The budget is below what is already given or promised of it: set a higher one."""

    code = "BUDGET_TOO_SMALL"
    advice = "This budget is below what has already been given. Set a higher one."


class ActivityLimit(Refusal):
    """The member has had all that is given for such activities: wait for the next period."""

    code = "ACTIVITY_LIMIT"
    advice = "The limit for this activity is reached. Send the next one in the next period."


class ReturnExceedsPurchase(Refusal):
    """More comes back than was bought and not yet returned: return at most what is left."""

    code = "RETURN_EXCEEDS_PURCHASE"
    advice = "This is more than was bought and not yet returned. Return at most what is left."


class CaptureExceedsHold(Refusal):
    """The capture is larger than the hold: capture at most what is held."""

    code = "CAPTURE_EXCEEDS_HOLD"
    advice = "This is more than the hold. Capture at most what is held."

    def say(self) -> str:
        """Name what is held, where it is known."""
        held = _amount(self.data, "held_minor")
        return self.advice if held is None else f"This is more than the {held} held. Capture less."


class RefundExceedsCapture(Refusal):
    """More is refunded than was captured and not yet refunded: refund at most what is left."""

    code = "REFUND_EXCEEDS_CAPTURE"
    advice = "This is more than was captured and not yet refunded. Refund at most what is left."

    def say(self) -> str:
        """Name what is left to refund, where it is known."""
        left = _amount(self.data, "left_minor")
        return self.advice if left is None else f"Only {left} is left to refund. Refund less."


class CancellationExceedsRest(Refusal):
    """More is cancelled than was held and not yet cancelled: cancel at most what is left."""

    code = "CANCELLATION_EXCEEDS_REST"
    advice = "This is more than is left to cancel. Cancel at most what is left."

    def say(self) -> str:
        """Name what is left to cancel, where it is known."""
        left = _amount(self.data, "left_minor")
        return self.advice if left is None else f"Only {left} is left to cancel. Cancel less."


class CardLimit(Refusal):
    """The member lets this card spend less than was asked: ask for at most what is left of it."""

    code = "CARD_LIMIT"
    advice = "This is more than the gift card may still spend. Ask for less."

    def say(self) -> str:
        """Name what the card may still spend, where it is known."""
        left = _amount(self.data, "left_minor")
        return self.advice if left is None else f"This card may still spend {left}. Ask for less."


def _amount(data: dict[str, object], name: str) -> str | None:
    # Data may come back from storage, so it is looked at before it is trusted.
    minor, code = data.get(name), data.get("asset")
    if not isinstance(minor, int) or not isinstance(code, str):
        return None
    return money.phrase(minor, money.asset(code))


class NothingDue(Refusal):
    """Nothing is due to the charity now: wait for its next gifts."""

    code = "NOTHING_DUE"
    advice = "Nothing is due to this charity now. Make a batch when it was given something."
