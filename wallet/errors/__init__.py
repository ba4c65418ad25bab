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
    |-- CampaignInvalid           CAMPAIGN_INVALID
    |-- SchemeInvalid             SCHEME_INVALID
    |-- TierOverrideInvalid       TIER_OVERRIDE_INVALID
    |-- GameScoreInvalid          GAME_SCORE_INVALID
    |-- ActivityInvalid           ACTIVITY_INVALID
    |-- ProfileInvalid            PROFILE_INVALID
    |-- ExperimentInvalid         EXPERIMENT_INVALID
    |-- PlayInvalid               PLAY_INVALID
    |-- MembershipInvalid         MEMBERSHIP_INVALID
    |-- SubscriptionInvalid       SUBSCRIPTION_INVALID
    |-- CharityInvalid            CHARITY_INVALID
    |-- PartnerInvalid            PARTNER_INVALID
    |-- PledgeInvalid             PLEDGE_INVALID              why
    |-- CardInvalid               CARD_INVALID
    |-- TextInvalid               TEXT_INVALID
    |-- ClientInvalid             CLIENT_INVALID
    |-- EndpointInvalid           ENDPOINT_INVALID
    |-- ReasonMissing             REASON_MISSING
    |-- TooMany                   TOO_MANY
    |  which key, reference or name
    |-- IdempotencyKeyReused      IDEMPOTENCY_KEY_REUSED      first_used_at
    |-- IdempotencyInProgress     IDEMPOTENCY_IN_PROGRESS
    |-- ReferenceUsed             REFERENCE_USED
    |-- EmailTaken                EMAIL_TAKEN
    |-- SlugTaken                 SLUG_TAKEN
    |-- SecretLimit               SECRET_LIMIT
    |-- EndpointLimit             ENDPOINT_LIMIT              limit
    |  who and with whom
    |-- NotFound                  NOT_FOUND
    |-- MemberSuspended           MEMBER_SUSPENDED
    |-- MerchantSuspended         MERCHANT_SUSPENDED
    |-- PartnerClosed             PARTNER_CLOSED
    |-- LinkRequired              LINK_REQUIRED
    |-- MerchantNotAccepted       MERCHANT_NOT_ACCEPTED
    |-- ContractMissing           CONTRACT_MISSING
    |-- StepUpRequired            STEP_UP_REQUIRED
    |-- ApprovalOwn               APPROVAL_OWN
    |-- CharityUnknown            CHARITY_UNKNOWN
    |-- CharityUnverified         CHARITY_UNVERIFIED          status
    |-- AgreementMissing          AGREEMENT_MISSING           funder, charity, since
    |-- AdapterUnavailable        ADAPTER_UNAVAILABLE
    |-- LinkUnavailable           LINK_UNAVAILABLE
    |-- CouponInvalid             COUPON_INVALID
    |-- BadgeExpired              BADGE_EXPIRED
    |-- NotEligible               NOT_ELIGIBLE
    |-- ReferralInvalid           REFERRAL_INVALID
    |  how much
    |-- InsufficientFunds         INSUFFICIENT_FUNDS          available_minor, asset
    |-- GoodwillLimit             GOODWILL_LIMIT
    |-- TicketLimit               TICKET_LIMIT
    |-- BudgetTooSmall            BUDGET_TOO_SMALL
    |-- ActivityLimit             ACTIVITY_LIMIT
    |-- NothingDue                NOTHING_DUE
    |-- ReturnExceedsPurchase     RETURN_EXCEEDS_PURCHASE
    |-- CaptureExceedsHold        CAPTURE_EXCEEDS_HOLD
    |-- RefundExceedsCapture      REFUND_EXCEEDS_CAPTURE
    |-- CancellationExceedsRest   CANCELLATION_EXCEEDS_REST
    |-- CardLimit                 CARD_LIMIT
    |  in which state
    |-- RedemptionCodeInvalid     REDEMPTION_CODE_INVALID
    |-- RedemptionCodeUsed        REDEMPTION_CODE_USED
    |-- RedemptionCodeExpired     REDEMPTION_CODE_EXPIRED
    |-- CardEnded                 CARD_ENDED
    |-- RedemptionExpired         REDEMPTION_EXPIRED
    |-- RedemptionClosed          REDEMPTION_CLOSED
    |-- SpendLocked               SPEND_LOCKED
    |-- SpendingReview            SPENDING_REVIEW             limit
    |-- RedemptionAtPartner       REDEMPTION_AT_PARTNER
    |-- OrderClosed               ORDER_CLOSED                state
    |-- OrderFinal                ORDER_FINAL
    |-- ApprovalClosed            APPROVAL_CLOSED             status
    |-- CampaignClosed            CAMPAIGN_CLOSED             status
    |-- CharityClosed             CHARITY_CLOSED              status
    |-- RemittanceClosed          REMITTANCE_CLOSED           state
    |-- RemittanceOpen            REMITTANCE_OPEN
    |-- PledgeClosed              PLEDGE_CLOSED
    |-- ExperimentClosed          EXPERIMENT_CLOSED
    |-- EndpointClosed            ENDPOINT_CLOSED
    |-- ReferralClosed            REFERRAL_CLOSED
    |  games and draws
    |-- SelfExcluded              SELF_EXCLUDED
    |-- PlayLimit                 PLAY_LIMIT
    |-- AgeGate                   AGE_GATE
    |-- JurisdictionGate          JURISDICTION_GATE
    |-- TicketUsed                TICKET_USED
    |-- TicketExpired             TICKET_EXPIRED
    `-- DrawClosed                DRAW_CLOSED
    |-- MembershipClosed          MEMBERSHIP_CLOSED           state
    |-- SubscriptionClosed        SUBSCRIPTION_CLOSED
    |-- ContestClosed             CONTEST_CLOSED
    |-- QuizClosed                QUIZ_CLOSED
    `-- ReferralClosed            REFERRAL_CLOSED

    Unavailable                   not a refusal: the database is away, send the same key again
"""

from collections.abc import Sequence
from typing import Final

from wallet.errors.amounts import (
    ActivityLimit,
    BudgetTooSmall,
    CancellationExceedsRest,
    CaptureExceedsHold,
    CardLimit,
    GoodwillLimit,
    InsufficientFunds,
    NothingDue,
    RefundExceedsCapture,
    ReturnExceedsPurchase,
    TicketLimit,
)
from wallet.errors.names import (
    EmailTaken,
    EndpointLimit,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    ReferenceUsed,
    SecretLimit,
    SlugTaken,
)
from wallet.errors.people import (
    AdapterUnavailable,
    AgreementMissing,
    ApprovalOwn,
    BadgeExpired,
    CharityUnknown,
    CharityUnverified,
    ContractMissing,
    CouponInvalid,
    LinkRequired,
    LinkUnavailable,
    MemberSuspended,
    MerchantNotAccepted,
    MerchantSuspended,
    NotEligible,
    NotFound,
    PartnerClosed,
    ReferralInvalid,
    StepUpRequired,
)
from wallet.errors.play import (
    AgeGate,
    DrawClosed,
    JurisdictionGate,
    PlayInvalid,
    PlayLimit,
    SelfExcluded,
    TicketExpired,
    TicketUsed,
)
from wallet.errors.root import Refusal, Unavailable
from wallet.errors.sent import (
    ActivityInvalid,
    AmountInvalid,
    CampaignInvalid,
    CardInvalid,
    CharityInvalid,
    ClientInvalid,
    CurrencyMismatch,
    EndpointInvalid,
    EventInvalid,
    ExperimentInvalid,
    GameScoreInvalid,
    MembershipInvalid,
    PartnerInvalid,
    PledgeInvalid,
    ProfileInvalid,
    PurchaseInvalid,
    ReasonMissing,
    SchemeInvalid,
    SubscriptionInvalid,
    TermsInvalid,
    TextInvalid,
    TierOverrideInvalid,
    TooMany,
)
from wallet.errors.states import (
    ApprovalClosed,
    CampaignClosed,
    CardEnded,
    CharityClosed,
    ContestClosed,
    EndpointClosed,
    ExperimentClosed,
    MembershipClosed,
    OrderClosed,
    OrderFinal,
    PledgeClosed,
    QuizClosed,
    RedemptionAtPartner,
    RedemptionClosed,
    RedemptionCodeExpired,
    RedemptionCodeInvalid,
    RedemptionCodeUsed,
    RedemptionExpired,
    ReferralClosed,
    RemittanceClosed,
    RemittanceOpen,
    SpendingReview,
    SpendLocked,
    SubscriptionClosed,
)

CODES: Final[dict[str, type[Refusal]]] = {one.code: one for one in Refusal.__subclasses__()}


def of(
    code: str, message: str | None = None, *, path: Sequence[str] = (), **data: object
) -> Refusal:
    """Build the refusal that a code names, such as a code that SQL answered. Unknown: KeyError."""
    return CODES[code](message, path=path, **data)


__all__ = [
    "CODES",
    "ActivityInvalid",
    "ActivityLimit",
    "AdapterUnavailable",
    "AgeGate",
    "AgreementMissing",
    "AmountInvalid",
    "ApprovalClosed",
    "ApprovalOwn",
    "BadgeExpired",
    "BudgetTooSmall",
    "CampaignClosed",
    "CampaignInvalid",
    "CancellationExceedsRest",
    "CaptureExceedsHold",
    "CardEnded",
    "CardInvalid",
    "CardLimit",
    "CharityClosed",
    "CharityInvalid",
    "CharityUnknown",
    "CharityUnverified",
    "ClientInvalid",
    "ContestClosed",
    "ContractMissing",
    "CouponInvalid",
    "CurrencyMismatch",
    "DrawClosed",
    "EmailTaken",
    "EndpointClosed",
    "EndpointInvalid",
    "EndpointLimit",
    "EventInvalid",
    "ExperimentClosed",
    "ExperimentInvalid",
    "GameScoreInvalid",
    "GoodwillLimit",
    "IdempotencyInProgress",
    "IdempotencyKeyReused",
    "InsufficientFunds",
    "JurisdictionGate",
    "LinkRequired",
    "LinkUnavailable",
    "MemberSuspended",
    "MembershipClosed",
    "MembershipInvalid",
    "MerchantNotAccepted",
    "MerchantSuspended",
    "NotEligible",
    "NotFound",
    "NothingDue",
    "OrderClosed",
    "OrderFinal",
    "PartnerClosed",
    "PartnerInvalid",
    "PlayInvalid",
    "PlayLimit",
    "PledgeClosed",
    "PledgeInvalid",
    "ProfileInvalid",
    "PurchaseInvalid",
    "QuizClosed",
    "ReasonMissing",
    "RedemptionAtPartner",
    "RedemptionClosed",
    "RedemptionCodeExpired",
    "RedemptionCodeInvalid",
    "RedemptionCodeUsed",
    "RedemptionExpired",
    "ReferenceUsed",
    "ReferralClosed",
    "ReferralInvalid",
    "RefundExceedsCapture",
    "Refusal",
    "RemittanceClosed",
    "RemittanceOpen",
    "ReturnExceedsPurchase",
    "SchemeInvalid",
    "SecretLimit",
    "SelfExcluded",
    "SlugTaken",
    "SpendLocked",
    "SpendingReview",
    "StepUpRequired",
    "SubscriptionClosed",
    "SubscriptionInvalid",
    "TermsInvalid",
    "TextInvalid",
    "TicketExpired",
    "TicketLimit",
    "TicketUsed",
    "TierOverrideInvalid",
    "TooMany",
    "Unavailable",
    "of",
]
