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
    |-- ActivityInvalid           ACTIVITY_INVALID
    |-- ProfileInvalid            PROFILE_INVALID
    |-- ExperimentInvalid         EXPERIMENT_INVALID
    |-- PlayInvalid               PLAY_INVALID
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
    |-- CouponInvalid             COUPON_INVALID
    |-- BadgeExpired              BADGE_EXPIRED
    |-- ReferralInvalid           REFERRAL_INVALID
    |  how much
    |-- InsufficientFunds         INSUFFICIENT_FUNDS          available_minor, asset
    |-- GoodwillLimit             GOODWILL_LIMIT
    |-- BudgetTooSmall            BUDGET_TOO_SMALL
    |-- ActivityLimit             ACTIVITY_LIMIT
    |-- ReturnExceedsPurchase     RETURN_EXCEEDS_PURCHASE
    |-- CaptureExceedsHold        CAPTURE_EXCEEDS_HOLD
    |-- RefundExceedsCapture      REFUND_EXCEEDS_CAPTURE
    |  in which state
    |-- RedemptionCodeInvalid     REDEMPTION_CODE_INVALID
    |-- RedemptionCodeUsed        REDEMPTION_CODE_USED
    |-- RedemptionCodeExpired     REDEMPTION_CODE_EXPIRED
    |-- RedemptionExpired         REDEMPTION_EXPIRED
    |-- RedemptionClosed          REDEMPTION_CLOSED
    |-- ApprovalClosed            APPROVAL_CLOSED             status
    |-- CampaignClosed            CAMPAIGN_CLOSED             status
    |-- ExperimentClosed          EXPERIMENT_CLOSED
    |-- ReferralClosed            REFERRAL_CLOSED
    |  games and draws
    |-- SelfExcluded              SELF_EXCLUDED
    |-- PlayLimit                 PLAY_LIMIT
    |-- AgeGate                   AGE_GATE
    |-- JurisdictionGate          JURISDICTION_GATE
    |-- TicketUsed                TICKET_USED
    |-- TicketExpired             TICKET_EXPIRED
    `-- DrawClosed                DRAW_CLOSED

    Unavailable                   not a refusal: the database is away, send the same key again
"""

from collections.abc import Sequence
from typing import Final

from wallet.errors.amounts import (
    ActivityLimit,
    BudgetTooSmall,
    CaptureExceedsHold,
    GoodwillLimit,
    InsufficientFunds,
    RefundExceedsCapture,
    ReturnExceedsPurchase,
)
from wallet.errors.names import (
    EmailTaken,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    ReferenceUsed,
    SecretLimit,
    SlugTaken,
)
from wallet.errors.people import (
    ApprovalOwn,
    BadgeExpired,
    ContractMissing,
    CouponInvalid,
    MemberSuspended,
    MerchantSuspended,
    NotFound,
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
    ClientInvalid,
    CurrencyMismatch,
    EventInvalid,
    ExperimentInvalid,
    ProfileInvalid,
    PurchaseInvalid,
    ReasonMissing,
    SchemeInvalid,
    TermsInvalid,
    TextInvalid,
    TooMany,
)
from wallet.errors.states import (
    ApprovalClosed,
    CampaignClosed,
    ExperimentClosed,
    RedemptionClosed,
    RedemptionCodeExpired,
    RedemptionCodeInvalid,
    RedemptionCodeUsed,
    RedemptionExpired,
    ReferralClosed,
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
    "AgeGate",
    "AmountInvalid",
    "ApprovalClosed",
    "ApprovalOwn",
    "BadgeExpired",
    "BudgetTooSmall",
    "CampaignClosed",
    "CampaignInvalid",
    "CaptureExceedsHold",
    "ClientInvalid",
    "ContractMissing",
    "CouponInvalid",
    "CurrencyMismatch",
    "DrawClosed",
    "EmailTaken",
    "EventInvalid",
    "ExperimentClosed",
    "ExperimentInvalid",
    "GoodwillLimit",
    "IdempotencyInProgress",
    "IdempotencyKeyReused",
    "InsufficientFunds",
    "JurisdictionGate",
    "MemberSuspended",
    "MerchantSuspended",
    "NotFound",
    "PlayInvalid",
    "PlayLimit",
    "ProfileInvalid",
    "PurchaseInvalid",
    "ReasonMissing",
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
    "ReturnExceedsPurchase",
    "SchemeInvalid",
    "SecretLimit",
    "SelfExcluded",
    "SlugTaken",
    "StepUpRequired",
    "TermsInvalid",
    "TextInvalid",
    "TicketExpired",
    "TicketUsed",
    "TooMany",
    "Unavailable",
    "of",
]
