"""Refusals: what a person may cause and can put right, each with a code that never changes.

A refusal is data. A single verb raises it, a bulk answer carries it, the API shows its code,
message, path and data. Its message says what to do next. A bug is never one of these: it is an
assertion.

    Refusal
    |  what was sent
    |-- AmountInvalid             AMOUNT_INVALID
    |-- CurrencyMismatch          CURRENCY_MISMATCH
    |-- PurchaseInvalid           PURCHASE_INVALID
    |-- EventInvalid              EVENT_INVALID
    |-- TermsInvalid              TERMS_INVALID
    |-- TextInvalid               TEXT_INVALID
    |-- ClientInvalid             CLIENT_INVALID
    |-- ReasonMissing             REASON_MISSING
    |-- TooMany                   TOO_MANY
    |  which key, reference or name
    |-- IdempotencyKeyReused      IDEMPOTENCY_KEY_REUSED      first_used_at
    |-- IdempotencyInProgress     IDEMPOTENCY_IN_PROGRESS
    |-- ReferenceUsed             REFERENCE_USED
    |-- EmailTaken                EMAIL_TAKEN
    |-- SlugTaken                 SLUG_TAKEN
    |-- SecretLimit               SECRET_LIMIT
    |  who and with whom
    |-- NotFound                  NOT_FOUND
    |-- MemberSuspended           MEMBER_SUSPENDED
    |-- MerchantSuspended         MERCHANT_SUSPENDED
    |-- ContractMissing           CONTRACT_MISSING
    |-- StepUpRequired            STEP_UP_REQUIRED
    |-- ApprovalOwn               APPROVAL_OWN
    |  how much
    |-- InsufficientFunds         INSUFFICIENT_FUNDS          available_minor, asset
    |-- GoodwillLimit             GOODWILL_LIMIT
    |-- ReturnExceedsPurchase     RETURN_EXCEEDS_PURCHASE
    |-- CaptureExceedsHold        CAPTURE_EXCEEDS_HOLD
    |-- RefundExceedsCapture      REFUND_EXCEEDS_CAPTURE
    |  in which state
    |-- RedemptionCodeInvalid     REDEMPTION_CODE_INVALID
    |-- RedemptionCodeUsed        REDEMPTION_CODE_USED
    |-- RedemptionCodeExpired     REDEMPTION_CODE_EXPIRED
    |-- RedemptionExpired         REDEMPTION_EXPIRED
    |-- RedemptionClosed          REDEMPTION_CLOSED
    `-- ApprovalClosed            APPROVAL_CLOSED             status

    Unavailable                   not a refusal: the database is away, send the same key again
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from wallet import money


class Refusal(Exception):
    """A request that was understood and refused; nothing of it has happened.

    `code` is stable. `message` is for a person. `path` names the input at fault by its field names
    and positions, such as ("lines", "3", "amount"), empty for the request as a whole. `data` holds
    what helps to do better; amounts are in minor units beside their asset code.
    """

    code: ClassVar[str]
    advice: ClassVar[str]

    message: str
    path: tuple[str, ...]
    data: dict[str, object]

    def __init__(
        self, message: str | None = None, *, path: Sequence[str] = (), **data: object
    ) -> None:
        self.path = tuple(path)
        self.data = data
        self.message = self.say() if message is None else message
        super().__init__(self.message)

    def say(self) -> str:
        """Say in one or two sentences what is wrong and what to do next."""
        return self.advice

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, Refusal)
        return (self.message, self.path, self.data) == (other.message, other.path, other.data)

    def __hash__(self) -> int:
        return hash((self.code, self.message, self.path))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, path={self.path!r}, **{self.data!r})"


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


class TextInvalid(Refusal):
    """A text is empty, too long, or holds characters that cannot be stored: shorten or clean it."""

    code = "TEXT_INVALID"
    advice = "This text cannot be stored. Shorten it or remove the characters that do not print."


class ClientInvalid(Refusal):
    """A client's registration contradicts itself or is unsafe: correct the field at the path."""

    code = "CLIENT_INVALID"
    advice = "This client cannot be registered so. Correct the field at the path."


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


class IdempotencyKeyReused(Refusal):
    """The key was used before with other contents: make a new key for a new intent."""

    code = "IDEMPOTENCY_KEY_REUSED"
    advice = "This key was used before with other contents. Make a new key for a new request."


class IdempotencyInProgress(Refusal):
    """The same key is being worked on: wait a second and send the very same request again."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    advice = "This request is being worked on. Send the same one again in a second."


class ReferenceUsed(Refusal):
    """The merchant's own reference already names another thing: use the reference of this one."""

    code = "REFERENCE_USED"
    advice = "This reference already belongs to another record. Send the reference of this one."


class EmailTaken(Refusal):
    """Another member has this e-mail address: find that member, or enrol with another address."""

    code = "EMAIL_TAKEN"
    advice = "A member with this e-mail address exists. Find that member or use another address."


class SlugTaken(Refusal):
    """Another merchant has this short name: choose another."""

    code = "SLUG_TAKEN"
    advice = "Another merchant has this short name. Choose another."


class SecretLimit(Refusal):
    """A client has two live secrets already: wait for the old one's end, or end both at once."""

    code = "SECRET_LIMIT"
    advice = "This client has two live secrets. Wait for the end of one, or rotate with 0 hours."


class NotFound(Refusal):
    """It is not there, or not the caller's to see (the answer is the same): check the id."""

    code = "NOT_FOUND"
    advice = "There is nothing here with this id that you may use. Check the id."


class MemberSuspended(Refusal):
    """Support has suspended the member: nothing is spent until support reinstates them."""

    code = "MEMBER_SUSPENDED"
    advice = "This membership is suspended. Ask support to reinstate it."


class MerchantSuspended(Refusal):
    """The operator has suspended the merchant: its requests wait until it is reinstated."""

    code = "MERCHANT_SUSPENDED"
    advice = "This merchant is suspended. Ask the operator to reinstate it."


class ContractMissing(Refusal):
    """The merchant has no contract for that time: publish one, then report again."""

    code = "CONTRACT_MISSING"
    advice = "The merchant has no contract for this time. Publish one, then send this again."


class StepUpRequired(Refusal):
    """The sign-in is too old for a merchant where nothing was spent before: sign in again."""

    code = "STEP_UP_REQUIRED"
    advice = (
        "This is the first time at this merchant. Sign in again with max_age=300, then send this"
        " again."
    )


class ApprovalOwn(Refusal):
    """Whoever proposes an act may not approve it: ask a colleague."""

    code = "APPROVAL_OWN"
    advice = "You proposed this yourself. Ask a colleague to decide."


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


class RedemptionCodeInvalid(Refusal):
    """No such code, or not for this merchant: ask the member to show a new one."""

    code = "REDEMPTION_CODE_INVALID"
    advice = "This code is not valid here. Ask the member to show a new one."


class RedemptionCodeUsed(Refusal):
    """A code works once: ask the member to show a new one."""

    code = "REDEMPTION_CODE_USED"
    advice = "This code was used before. Ask the member to show a new one."


class RedemptionCodeExpired(Refusal):
    """A code lives for minutes: ask the member to show a new one."""

    code = "REDEMPTION_CODE_EXPIRED"
    advice = "This code is too old. Ask the member to show a new one."


class RedemptionExpired(Refusal):
    """The hold has run out and its value is back in the wallet: authorize again with a new code."""

    code = "REDEMPTION_EXPIRED"
    advice = "The hold has run out and the money is back in the wallet. Authorize again."


class RedemptionClosed(Refusal):
    """The redemption is settled and this step is no longer possible: look at its state."""

    code = "REDEMPTION_CLOSED"
    advice = "This redemption is settled and cannot take this step. Look at its state first."


class ApprovalClosed(Refusal):
    """The approval is decided or too old: look at its status, then propose the act again."""

    code = "APPROVAL_CLOSED"
    advice = "This is decided or too old. Look at its status before you propose it again."


class Unavailable(Exception):
    """The database is away. Nothing is known to have happened: send the same key again later."""


CODES: Final[dict[str, type[Refusal]]] = {one.code: one for one in Refusal.__subclasses__()}


def of(
    code: str, message: str | None = None, *, path: Sequence[str] = (), **data: object
) -> Refusal:
    """Build the refusal that a code names, such as a code that SQL answered. Unknown: KeyError."""
    return CODES[code](message, path=path, **data)


def _amount(data: dict[str, object], name: str) -> str | None:
    # Data may come back from storage, so it is looked at before it is trusted.
    minor, code = data.get(name), data.get("asset")
    if not isinstance(minor, int) or not isinstance(code, str):
        return None
    return money.phrase(minor, money.asset(code))
