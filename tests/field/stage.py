"""A coalition as its people use it: staff, merchants and members, each through the API.

Only time is not theirs: what must have begun long ago is published by the verbs, and the worker's
jobs are run by hand.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx2

from api.identity import bearer
from tests.api import client, conftest
from tests.wallet import factories, promotions
from wallet import database, earn, ids, money, notices

EXPLAINED: Final = """
fragment Explained on Explanation {
  matched { campaignName granted { amount currency } desired { amount } base { amount }
    charity { amount } lines { number granted { amount } }
    cuts { by from { amount } to { amount } limit { amount } } because { kind sentence } sentence }
  missed { campaignName sentence reasons { kind missing { amount } sentence } }
  next { campaignName missing { amount } gain { amount } sentence }
}
"""
BOUGHT: Final = (
    EXPLAINED
    + """
fragment Bought on Purchase {
  id credited { amount currency } reversed { amount }
  others { credited { amount currency } reversed { amount } }
  lines { number decision { credited { amount } sentence } }
  returns { reversed { amount } }
  campaigns { ...Explained }
}
"""
)
REPORT: Final = (
    BOUGHT
    + """
mutation Report($input: PurchaseReportInput!) { purchaseReport(input: $input) {
  replayed purchaseId purchase { ...Bought } errors { ... on UserError { code path } } } }
"""
)
RETURN: Final = (
    BOUGHT
    + """
mutation Return($input: PurchaseReturnInput!) { purchaseReturn(input: $input) {
  purchase { ...Bought } errors { ... on UserError { code path } } } }
"""
)
PREVIEW: Final = (
    EXPLAINED
    + """
query Preview($input: PurchasePreviewInput!) { purchasePreview(input: $input) {
  preview { credited { amount currency } others { amount currency }
    lines { number decision { credited { amount } sentence } } campaigns { ...Explained } }
  errors { ... on UserError { code path } } } }
"""
)
NODE: Final = BOUGHT + "query Node($id: ID!) { node(id: $id) { ...Bought } }"
WALLET: Final = """query Mine { viewer { wallet { available { amount } pending { amount } }
  notices { edges { node { sentence } } } } }"""
SAVE: Final = """mutation Save($input: CampaignDraftSaveInput!) { campaignDraftSave(input: $input) {
  campaign { id } version { id } errors { ... on UserError { code path message } } } }"""
PUBLISH: Final = """mutation Publish($input: CampaignPublishInput!) {
  campaignPublish(input: $input) { campaign { id status }
    errors { ... on UserError { code path message } } } }"""
STEP: Final = """mutation Step($input: CampaignStepInput!) {{ campaign{act}(input: $input) {{
  campaign {{ status }} errors {{ ... on UserError {{ code path }} }} }} }}"""

NOTHING: Final = {"default_bps": 0, "by_category": {}}
OPERATOR: Final = [{"funder": "operator", "bps": 10_000}]


def line(number: int = 1, amount: str = "10.00", category: str = "Food", **more: Any) -> Any:
    """A line of a receipt."""
    return {"number": number, "category": category, "amount": amount, **more}


@dataclass(frozen=True, slots=True)
class Stage:
    """A coalition and the one of its people who runs campaigns."""

    coalition: factories.Coalition
    http: httpx2.AsyncClient
    operator: client.Client

    @property
    def db(self) -> database.Database:
        """Its books."""
        return self.coalition.db

    async def merchant(self, **terms: Any) -> client.Client:
        """A merchant whose own contract gives nothing, at once, but for what is given."""
        plain = {"rates": NOTHING, "pending": factories.AT_ONCE}
        merchant_id = await self.coalition.merchant(**{**plain, **terms})
        return await self.caller("merchant", merchant_id)

    async def member(self) -> client.Client:
        """A member with an empty wallet."""
        member = await self.coalition.member()
        return await self.caller("member", member.member_id)

    async def caller(self, kind: bearer.Kind, principal_id: UUID) -> client.Client:
        """Somebody of the coalition, with a token."""
        token = await bearer.mint(self.db, kind=kind, principal_id=principal_id)
        return client.Client(self.http, token.text, principal_id)

    async def now(self) -> datetime:
        """The clock of the books."""
        at: datetime = await self.db.fetchval("select clock_timestamp()")
        return at

    async def campaign(
        self,
        name: str = "Ten",
        *,
        campaign_id: str | None = None,
        note: str = "as planned",
        **changes: Any,
    ) -> str:
        """Let the operator save and publish a campaign that gives 10 % from now on; its id."""
        raw = self.definition(name, starts_at=(await self.now()).isoformat(), **changes)
        told = {"idempotencyKey": client.key(), "definition": raw, "note": note}
        answer = await self.operator.ask(SAVE, {"input": told | {"campaignId": campaign_id}})
        saved = answer.data["campaignDraftSave"]
        assert saved["errors"] == []
        step = {
            "idempotencyKey": client.key(),
            "campaignId": saved["campaign"]["id"],
            "versionId": saved["version"]["id"],
            "reason": "as planned",
        }
        published = (await self.operator.ask(PUBLISH, {"input": step})).data["campaignPublish"]
        assert (published["errors"], published["campaign"]["status"]) == ([], "LIVE")
        return str(saved["campaign"]["id"])

    async def refused_campaign(self, **changes: Any) -> Any:
        """The refusal of a campaign that the operator tries to save."""
        raw = self.definition("Refused", starts_at=(await self.now()).isoformat(), **changes)
        told = {"idempotencyKey": client.key(), "definition": raw, "note": "as planned"}
        answer = (await self.operator.ask(SAVE, {"input": told})).data["campaignDraftSave"]
        (refusal,) = answer["errors"]
        return refusal

    async def began(
        self, name: str = "Ten", *, at: datetime = promotions.BEGUN, **changes: Any
    ) -> str:
        """The same campaign as if it had been published in the past; its id."""
        raw = self.definition(name, **{"starts_at": at.isoformat(), **changes})
        promoted = await promotions.promote(self.coalition, at=at, **raw)
        return ids.show("cam", promoted.campaign_id)

    def definition(self, name: str, **changes: Any) -> dict[str, Any]:
        """What a campaign says, but for what is given."""
        number = next(factories.numbers)
        stack = {"group": "bonus", "priority": number % 9_000} | changes.pop("stack", {})
        plain = {
            "name": name,
            "asset": self.coalition.asset.code,
            "give": {"give": "rate", "bps": 1000},
            "funding": OPERATOR,
            "stack": stack,
            "terms": {"text": {"en": "As agreed."}},
        }
        return plain | changes

    async def step(self, act: str, campaign_id: str) -> str:
        """Pause, Resume, End or Archive a campaign; where it stands then."""
        told = {"idempotencyKey": client.key(), "campaignId": campaign_id, "reason": "as planned"}
        answer = await self.operator.ask(STEP.format(act=act), {"input": told})
        done = answer.data[f"campaign{act}"]
        assert done["errors"] == []
        return str(done["campaign"]["status"])

    async def basket(self, *lines: Any, at: datetime | str | None = None, **more: Any) -> Any:
        """What a preview and a report have in common; now and online, but for what is given."""
        instant = await self.now() if at is None else at
        return {
            "purchasedAt": instant if isinstance(instant, str) else instant.isoformat(),
            "channel": "ONLINE",
            "currency": self.coalition.asset.code,
            "lines": list(lines) or [line()],
            **more,
        }

    async def preview(
        self, merchant: client.Client, buyer: client.Client | None, *lines: Any, **more: Any
    ) -> Any:
        """What a basket would earn."""
        headers = more.pop("headers", {})
        told = await self.basket(*lines, **more)
        told["memberId"] = None if buyer is None else ids.show("mem", buyer.principal_id)
        answer = await merchant.ask(PREVIEW, {"input": told}, headers=headers)
        seen = answer.data["purchasePreview"]
        assert seen["errors"] == []
        return seen["preview"]

    async def report(
        self, merchant: client.Client, buyer: client.Client, *lines: Any, **more: Any
    ) -> Any:
        """The purchase that a merchant reports."""
        answer = await self.send(merchant, buyer, *lines, **more)
        assert answer["errors"] == []
        return answer["purchase"]

    async def send(
        self, merchant: client.Client, buyer: client.Client, *lines: Any, **more: Any
    ) -> Any:
        """The answer to a report, which may be a refusal."""
        headers, key = more.pop("headers", {}), client.key()
        told = await self.basket(*lines, **more)
        told |= {
            "idempotencyKey": key,
            "reference": f"order-{key}",
            "memberId": ids.show("mem", buyer.principal_id),
        }
        return (await merchant.ask(REPORT, {"input": told}, headers=headers)).data["purchaseReport"]

    async def give_back(self, merchant: client.Client, purchase: Any, *lines: Any) -> Any:
        """The purchase after these lines (none: all of it) came back."""
        told = {
            "idempotencyKey": client.key(),
            "purchaseId": purchase["id"],
            "reason": "did not fit",
            "lines": list(lines),
        }
        answer = (await merchant.ask(RETURN, {"input": told})).data["purchaseReturn"]
        assert answer["errors"] == []
        return answer["purchase"]

    async def seen(self, caller: client.Client, purchase: Any, language: str = "en") -> Any:
        """A purchase as it is read later, in a language."""
        headers = {"Accept-Language": language}
        return (await caller.ask(NODE, {"id": purchase["id"]}, headers=headers)).data["node"]

    async def mature(self, later: timedelta = timedelta()) -> None:
        """Let the worker free what is due, and tell members what happened."""
        await earn.mature(self.db, now=await self.now() + later)
        while await notices.drain(self.db):
            pass

    async def wallet(self, buyer: client.Client) -> tuple[str, str]:
        """What a member may spend now, and what is pending."""
        found = (await buyer.ask(WALLET)).data["viewer"]["wallet"]
        return found["available"]["amount"], found["pending"]["amount"]

    async def notices(self, buyer: client.Client) -> list[str]:
        """What a member was told, newest first."""
        while await notices.drain(self.db):
            pass
        edges = (await buyer.ask(WALLET)).data["viewer"]["notices"]["edges"]
        return [edge["node"]["sentence"] for edge in edges]


def credited(purchase: Any) -> str:
    """What was credited in the house's currency; a preview answers the same."""
    return str(purchase["credited"]["amount"])


def granted(bought: Any) -> dict[str, str]:
    """What each campaign gave."""
    return {one["campaignName"]: one["granted"]["amount"] for one in bought["campaigns"]["matched"]}


def missed(bought: Any, name: str) -> list[str]:
    """The kinds of reasons for which a campaign gave nothing."""
    (found,) = [one for one in bought["campaigns"]["missed"] if one["campaignName"] == name]
    return [reason["kind"] for reason in found["reasons"]]


async def build(
    db: database.Database,
    http: httpx2.AsyncClient,
    *,
    asset: money.Asset = money.EUR,
    zone: str = "Europe/Lisbon",
) -> Stage:
    """Open a coalition with an operator."""
    coalition = await factories.open_coalition(db, asset=asset, zone=zone)
    operator = await conftest.colleague(db, http, name="Oscar", role="operator")
    return Stage(coalition, http, operator)
