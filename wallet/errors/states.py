"""Refusals of a step that the state of the thing does not allow."""

from wallet.errors.root import Refusal


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


class CardEnded(Refusal):
    """The member or time has ended this gift card: ask the member to make a new one."""

    code = "CARD_ENDED"
    advice = "This gift card has ended. Ask the member to make a new one in their app."


class RedemptionExpired(Refusal):
    """The hold has run out and its value is back in the wallet: authorize again with a new code."""

    code = "REDEMPTION_EXPIRED"
    advice = "The hold has run out and the money is back in the wallet. Authorize again."


class RedemptionClosed(Refusal):
    """The redemption is settled and this step is no longer possible: look at its state."""

    code = "REDEMPTION_CLOSED"
    advice = "This redemption is settled and cannot take this step. Look at its state first."


class SpendLocked(Refusal):
    """The wallet is locked for spending: whoever locked it, member or support, unlocks it."""

    code = "SPEND_LOCKED"
    advice = "This wallet is locked for spending. Unlock it first; if you cannot, ask support."


class SpendingReview(Refusal):
    """The spend passes a limit, and a person looks at it: try again when they have allowed it."""

    code = "SPENDING_REVIEW"
    advice = (
        "This is more than usual, so a person looks at it first. Pay another way, or try again"
        " when it is allowed."
    )


class RedemptionAtPartner(Refusal):
    """A partner's order decides about this value: resolve or reverse the order instead."""

    code = "REDEMPTION_AT_PARTNER"
    advice = "A partner's order decides about this value. Resolve or reverse the order instead."


class OrderClosed(Refusal):
    """The order is in a state that does not allow this step: look at its state first."""

    code = "ORDER_CLOSED"
    advice = "This order cannot take this step in its present state. Look at its state first."


class OrderFinal(Refusal):
    """This partner takes nothing back: ask its people instead."""

    code = "ORDER_FINAL"
    advice = "This partner takes nothing back by itself. Ask its people instead."


class ApprovalClosed(Refusal):
    """The approval is decided or too old: look at its status, then propose the act again."""

    code = "APPROVAL_CLOSED"
    advice = "This is decided or too old. Look at its status before you propose it again."


class CampaignClosed(Refusal):
    """The campaign is in a state that does not allow this step: look at its status first."""

    code = "CAMPAIGN_CLOSED"
    advice = "This campaign cannot take this step in its present state. Look at its status first."


class CharityClosed(Refusal):
    """The charity is in a state that does not allow this step: look at its state first."""

    code = "CHARITY_CLOSED"
    advice = "This charity cannot take this step in its present state. Look at its state first."


class RemittanceClosed(Refusal):
    """The batch is in a state that does not allow this step: look at its state first."""

    code = "REMITTANCE_CLOSED"
    advice = "This batch cannot take this step in its present state. Look at its state first."


class RemittanceOpen(Refusal):
    """The charity has a batch that is not sent yet: send it or cancel it first."""

    code = "REMITTANCE_OPEN"
    advice = "This charity has a batch that is not sent yet. Send it or cancel it first."


class PledgeClosed(Refusal):
    """The pledge was replaced by another one: end the one that stands."""

    code = "PLEDGE_CLOSED"
    advice = "This pledge was replaced by another one. End the one that stands now."


class ExperimentClosed(Refusal):
    """The experiment has begun or is over, and is never changed: register another."""

    code = "EXPERIMENT_CLOSED"
    advice = "This experiment has begun and is never changed. Register another one."


class ContestClosed(Refusal):
    """The contest has not begun, is over, or has ended: look at when the next one begins."""

    code = "CONTEST_CLOSED"
    advice = "This contest is not open now. Look at when the next one begins."


class QuizClosed(Refusal):
    """The time of this try is over, or it was answered before: begin another, if one is left."""

    code = "QUIZ_CLOSED"
    advice = "This try is over. Begin another one, if you have one left."


class ReferralClosed(Refusal):
    """The member has a referrer already, or is no newcomer: nothing more can be claimed."""

    code = "REFERRAL_CLOSED"
    advice = "An invitation counts once, for newcomers. Nothing more can be claimed here."


class MembershipClosed(Refusal):
    """The membership was cancelled or has run out: start a new one."""

    code = "MEMBERSHIP_CLOSED"
    advice = "This membership has ended. Start a new one with its first payment."


class SubscriptionClosed(Refusal):
    """The subscription was cancelled before: look at it first."""

    code = "SUBSCRIPTION_CLOSED"
    advice = "This subscription was cancelled before. Look at what is left of it first."


class EndpointClosed(Refusal):
    """The endpoint is disabled, or was just sent to: look at its status, then try again."""

    code = "ENDPOINT_CLOSED"
    advice = "This endpoint cannot take this step now. Look at its status, then try again."
