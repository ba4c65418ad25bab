"""Refusals that are about who asks, and with whom."""

from wallet.errors.root import Refusal


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


class PartnerClosed(Refusal):
    """The partner takes no orders now: choose another one, or come back later."""

    code = "PARTNER_CLOSED"
    advice = "This partner takes no orders now. Choose another one, or come back later."


class LinkRequired(Refusal):
    """The member has no account connected at this partner: connect one, then redeem."""

    code = "LINK_REQUIRED"
    advice = "Connect your account at this partner first. Begin with partnerLinkBegin."


class MerchantNotAccepted(Refusal):
    """The coalition's rules let no value be spent at this merchant: choose another one."""

    code = "MERCHANT_NOT_ACCEPTED"
    advice = "Value of this coalition cannot be spent at this merchant. Choose another one."


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


class CharityUnknown(Refusal):
    """There is no such charity: choose one of the directory."""

    code = "CHARITY_UNKNOWN"
    advice = "There is no such charity. Choose one of the directory."


class CharityUnverified(Refusal):
    """The charity is not verified, so it receives nothing new: choose another, or wait for it."""

    code = "CHARITY_UNVERIFIED"
    advice = "This charity is not verified and receives nothing now. Choose another one."


class AgreementMissing(Refusal):
    """Who pays has no written agreement with the charity for that time: record it, then go on."""

    code = "AGREEMENT_MISSING"
    advice = "The agreement with this charity is missing. Record it, then send this again."

    def say(self) -> str:
        """Name who lacks which agreement since when, where it is known."""
        if not {"funder", "charity", "since"} <= self.data.keys():
            return self.advice
        return (
            f"{self.data['funder']} has no agreement with {self.data['charity']} that covers"
            f" {self.data['since']}. Record it, then send this again."
        )


class AdapterUnavailable(Refusal):
    """No adapter of this name can be used, the message says why: mend that, or name another."""

    code = "ADAPTER_UNAVAILABLE"
    advice = "This adapter cannot be used here. Ask the operator to allow it, or name another."


class LinkUnavailable(Refusal):
    """The partner connects no accounts, or none at the moment: choose another, or come back."""

    code = "LINK_UNAVAILABLE"
    advice = "No account can be connected at this shop now. Choose another one, or try again later."


class CouponInvalid(Refusal):
    """The coupon is not this member's, is used, or is over: leave it out or show another."""

    code = "COUPON_INVALID"
    advice = "This coupon is not valid here. Leave it out, or ask the member for another one."


class BadgeExpired(Refusal):
    """The badge was good until a day that is over: leave it out or show another."""

    code = "BADGE_EXPIRED"
    advice = "This badge is over. Leave it out, or ask the member for another one."


class NotEligible(Refusal):
    """The contest is not for this member, as known now: the message says why, and what to do."""

    code = "NOT_ELIGIBLE"
    advice = "This is not open to you. Look for one that is."


class ReferralInvalid(Refusal):
    """No such invitation, or not for this member: ask the friend for their own link."""

    code = "REFERRAL_INVALID"
    advice = "This invitation cannot be used. Ask the friend who invited you for their link."
