"""Who may ask what: one table from root field to scope, enforced in one place.

`SCOPES` is the law; the `@auth` directive in the schema repeats it for readers, and a test
compares the two. `enforce` wraps the resolver of every root field once, when the schema is built,
so a field cannot be added without its row: a root field that the table does not know stops the
start. What an object may show to whom is decided where the object is loaded, by caller and owner.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import graphql
import strawberry
from strawberry.schema_directive import Location

from api.graphql import context, cost, failures

ANYONE: Final = "any"
WRITE: Final = cost.Cost(weight="10")  # locks, checks, rows and an outbox; a read is one or two

SCOPES: Final[dict[str, str]] = {
    "Query.node": ANYONE,
    "Query.nodes": ANYONE,
    "Query.merchants": ANYONE,
    "Query.charities": ANYONE,
    "Query.partners": ANYONE,
    "Query.viewer": "member",
    "Query.purchase": "purchases:read",
    "Query.purchasePreview": "purchases:report",
    "Query.redemption": "redemptions:read",
    "Query.merchantStatement": "statements:read",
    "Query.membershipQuote": "purchases:report",
    "Query.membershipCounts": "campaigns:read",
    "Query.member": "support:read",
    "Query.memberByEmail": "support:read",
    "Query.purchaseExplanation": "support:read",
    "Query.approvals": "support:approve",
    "Query.referrals": "support:approve",
    "Query.spendingReviews": "support:approve",
    "Query.spendingRules": "support:read",
    "Query.auditTrail": "support:audit",
    "Query.merchantClients": "merchants:write",
    "Query.adapters": "merchants:write",
    "Query.partnerSettings": "merchants:write",
    "Query.webhookEndpoints": "webhooks:manage",
    "Query.merchantWebhooks": "merchants:write",
    "Query.runningCampaigns": ANYONE,
    "Query.draws": ANYONE,
    "Query.drawExport": ANYONE,
    "Query.schemes": ANYONE,
    "Query.leaderboard": ANYONE,
    "Query.contest": ANYONE,
    "Query.contests": ANYONE,
    "Query.schemeSchema": "campaigns:read",
    "Query.schemeVersions": "campaigns:read",
    "Query.ladderImpact": "campaigns:read",
    "Query.entitlements": "purchases:report",
    "Query.programmeTerms": ANYONE,
    "Query.campaigns": "campaigns:read",
    "Query.campaignSchema": "campaigns:read",
    "Query.charityAgreements": "campaigns:read",
    "Query.charitySteps": "campaigns:read",
    "Query.programmeRules": "campaigns:read",
    "Query.segments": "campaigns:read",
    "Query.experiments": "campaigns:read",
    "Query.budgets": "campaigns:read",
    "Query.impact": ANYONE,
    "Query.partnerOrders": "support:read",
    "Query.remittances": "campaigns:read",
    "Query.merchantBudget": "statements:read",
    "Mutation.redemptionCodeCreate": "member",
    "Mutation.redemptionCreate": "member",
    "Mutation.redemptionReverse": "member",
    "Mutation.spendLock": "member",
    "Mutation.spendUnlock": "member",
    "Mutation.giftCardCreate": "member",
    "Mutation.giftCardEnd": "member",
    "Mutation.donationCreate": "member",
    "Mutation.pledgeSet": "member",
    "Mutation.pledgeEnd": "member",
    "Mutation.boardNameSet": "member",
    "Mutation.boardPresenceSet": "member",
    "Mutation.contestEnter": "member",
    "Mutation.quizStart": "member",
    "Mutation.quizAnswer": "member",
    "Mutation.profileUpdate": "member",
    "Mutation.termsAccept": "member",
    "Mutation.referralAccept": "member",
    "Mutation.wheelSpin": "member",
    "Mutation.raffleEnter": "member",
    "Mutation.ticketClaim": "member",
    "Mutation.playLimitsSet": "member",
    "Mutation.selfExclude": "member",
    "Mutation.partnerLinkBegin": "member",
    "Mutation.partnerUnlink": "member",
    "Mutation.purchaseReport": "purchases:report",
    "Mutation.purchaseReportBulk": "purchases:report",
    "Mutation.purchaseEventRecord": "purchases:report",
    "Mutation.purchaseReturn": "purchases:report",
    "Mutation.activityReport": "purchases:report",
    "Mutation.gameScoreReport": "purchases:report",
    "Mutation.membershipStart": "purchases:report",
    "Mutation.membershipRenew": "purchases:report",
    "Mutation.membershipChange": "purchases:report",
    "Mutation.membershipCancel": "purchases:report",
    "Mutation.membershipRecord": "campaigns:write",
    "Mutation.subscriptionOpen": "purchases:report",
    "Mutation.subscriptionCancel": "purchases:report",
    "Mutation.benefitUse": "redemptions:write",
    "Mutation.redemptionAuthorize": "redemptions:write",
    "Mutation.redemptionCapture": "redemptions:write",
    "Mutation.redemptionRelease": "redemptions:write",
    "Mutation.redemptionRefund": "redemptions:write",
    "Mutation.goodwillCredit": "support:credit",
    "Mutation.goodwillCreditPropose": "support:credit",
    "Mutation.redemptionResolve": "support:credit",
    "Mutation.memberTierPropose": "support:credit",
    "Mutation.approvalDecide": "support:approve",
    "Mutation.referralReview": "support:approve",
    "Mutation.spendingReviewDecide": "support:approve",
    "Mutation.memberEnrol": "support:suspend",
    "Mutation.memberSuspend": "support:suspend",
    "Mutation.memberReinstate": "support:suspend",
    "Mutation.memberSpendLock": "support:suspend",
    "Mutation.memberSpendUnlock": "support:suspend",
    "Mutation.merchantRegister": "merchants:write",
    "Mutation.merchantSuspend": "merchants:write",
    "Mutation.merchantReinstate": "merchants:write",
    "Mutation.storeAdd": "merchants:write",
    "Mutation.contractPublish": "merchants:write",
    "Mutation.spendingRulesPublish": "merchants:write",
    "Mutation.termsPublish": "merchants:write",
    "Mutation.ticketGrant": "support:credit",
    "Mutation.raffleFreeze": "campaigns:write",
    "Mutation.raffleDraw": "campaigns:write",
    "Mutation.campaignDraftSave": "campaigns:write",
    "Mutation.campaignSimulate": "campaigns:read",
    "Mutation.campaignPublish": "campaigns:write",
    "Mutation.campaignPause": "campaigns:write",
    "Mutation.campaignResume": "campaigns:write",
    "Mutation.campaignEnd": "campaigns:write",
    "Mutation.campaignArchive": "campaigns:write",
    "Mutation.programmeRulesPublish": "campaigns:write",
    "Mutation.schemePublish": "campaigns:write",
    "Mutation.schemeEnd": "campaigns:write",
    "Mutation.segmentSave": "campaigns:write",
    "Mutation.segmentMembersAdd": "campaigns:write",
    "Mutation.segmentMembersRemove": "campaigns:write",
    "Mutation.labelEvidenceRecord": "campaigns:write",
    "Mutation.memberProfileSet": "campaigns:write",
    "Mutation.charitySave": "campaigns:write",
    "Mutation.charityVerify": "campaigns:write",
    "Mutation.charitySuspend": "campaigns:write",
    "Mutation.charityClose": "campaigns:write",
    "Mutation.charityAgreementRecord": "campaigns:write",
    "Mutation.merchantClientRegister": "merchants:write",
    "Mutation.merchantClientRotate": "merchants:write",
    "Mutation.giftCardStoreRegister": "merchants:write",
    "Mutation.merchantClientSuspend": "merchants:write",
    "Mutation.merchantClientReinstate": "merchants:write",
    "Mutation.partnerRegister": "merchants:write",
    "Mutation.partnerChange": "merchants:write",
    "Mutation.partnerSuspend": "merchants:write",
    "Mutation.partnerReinstate": "merchants:write",
    "Mutation.partnerSecretSet": "merchants:write",
    "Mutation.partnerSecretDrop": "merchants:write",
    "Mutation.webhookEndpointCreate": "webhooks:manage",
    "Mutation.webhookEndpointRotate": "webhooks:manage",
    "Mutation.webhookEndpointDisable": "webhooks:manage",
    "Mutation.webhookEndpointEnable": "webhooks:manage",
    "Mutation.webhookEndpointDelete": "webhooks:manage",
    "Mutation.webhookPing": "webhooks:manage",
    "Mutation.webhookReplay": "webhooks:manage",
    "Mutation.merchantWebhookDisable": "merchants:write",
    "Mutation.merchantWebhookEnable": "merchants:write",
    "Mutation.budgetSet": "campaigns:write",
    "Mutation.partnerOrderResolvePropose": "support:credit",
    "Mutation.remittancePrepare": "campaigns:write",
    "Mutation.remittanceSend": "campaigns:write",
    "Mutation.remittanceConfirm": "campaigns:write",
    "Mutation.remittanceCancel": "campaigns:write",
    "Mutation.experimentRegister": "campaigns:write",
    "Mutation.experimentEnd": "campaigns:write",
    "Subscription.walletChanged": "member",
    "Subscription.campaignSimulated": "campaigns:read",
}

Resolver = Callable[..., Any]
Method = TypeVar("Method", bound=Callable[..., Any])


@strawberry.schema_directive(
    name="auth",
    locations=[Location.FIELD_DEFINITION],
    description="The scope a caller's token needs; `any` asks for a valid token only.",
)
class Auth:
    """Printed beside each root field; the table above is what is enforced."""

    scope: str = strawberry.field(description="Name of the scope.")


def root(place: str, description: str, *more: object) -> Callable[[Method], Method]:
    """Make a method the root field of a place such as `Query.viewer`, with its scope printed.

    `more` are further directives to print. A mutation costs WRITE besides what it returns, unless
    they say otherwise.
    """
    if place.startswith("Mutation.") and not any(isinstance(one, cost.Cost) for one in more):
        more = (*more, WRITE)
    kind = strawberry.subscription if place.startswith("Subscription.") else strawberry.field
    made: Callable[[Method], Method] = kind(
        name=place.partition(".")[2],
        description=description,
        directives=[Auth(scope=SCOPES[place]), *more],
    )
    return made


def enforce(schema: graphql.GraphQLSchema) -> None:
    """Put the scope check in front of every root field of the schema."""
    for root in (schema.query_type, schema.mutation_type):
        assert root is not None
        for name, field in root.fields.items():
            assert field.resolve is not None
            field.resolve = _guarded(SCOPES[f"{root.name}.{name}"], field.resolve)
    assert schema.subscription_type is not None
    for name, field in schema.subscription_type.fields.items():
        assert field.subscribe is not None
        field.subscribe = _guarded(SCOPES[f"Subscription.{name}"], field.subscribe)


def needed(root: str, names: Iterable[str]) -> frozenset[str]:
    """Return the scopes that an operation needs which asks these fields of a root type."""
    asked = {SCOPES[f"{root}.{name}"] for name in names if not name.startswith("__")}
    return frozenset(asked - {ANYONE})


def _guarded(scope: str, resolve: Resolver) -> Resolver:
    def guarded(
        source: Any, info: graphql.GraphQLResolveInfo[context.Context], **arguments: Any
    ) -> Any:
        if scope != ANYONE and scope not in info.context.principal.scopes:
            raise failures.Failure("FORBIDDEN", f"This needs a token with the scope {scope}.")
        return resolve(source, info, **arguments)

    return guarded
