"""A walk through every door of an installation, which remembers each secret that it sees."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx2

from api.identity import sessions
from tests import serving
from tests.api import client as api
from tests.api import hooks
from tests.conftest import Connection
from tests.identity import relying
from tests.wallet import factories
from wallet import database, ids

PASSWORD: Final = "seven-plain-words-that-nobody-else-has"
WRONG_PASSWORD: Final = "almost-seven-plain-words-that-nobody"


class Walk:
    """A walk through an installation, with each secret that it saw and each failure it was told."""

    def __init__(self, http: httpx2.AsyncClient, house: serving.House, owner: Connection) -> None:
        self.http = http
        self.house = house
        self.owner = owner
        self.secrets: dict[str, str] = {}
        self.failures: list[str] = []

    def keep(self, name: str, secret: str) -> str:
        """Remember a secret under a name for the reader of a failed test."""
        assert len(secret) >= 8, name
        self.secrets[f"{name} {len(self.secrets)}"] = secret
        return secret

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form of one of our pages."""
        own = {"Origin": self.house.origin, "Sec-Fetch-Site": "same-origin"}
        response = await self.http.post(f"{self.house.origin}{path}", data=fields, headers=own)
        session = self.http.cookies.get(sessions.cookie_name(self.house.settings))
        if session:
            self.keep("cookie", session)
        return self.told(response)

    def told(self, response: httpx2.Response) -> httpx2.Response:
        """Keep what a failure says; a page may repeat what was typed, but never a secret."""
        if response.status_code >= 400 or "errors" in response.text:
            self.failures.append(response.text)
        return response

    async def ask(self, token: str, query: str, **variables: Any) -> Any:
        """Send one GraphQL request."""
        response = await self.http.post(
            f"{self.house.origin}/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {token}", "Accept": api.GRAPHQL},
        )
        return self.told(response).json()

    @contextlib.asynccontextmanager
    async def without(self, table: str) -> AsyncIterator[None]:
        """Take a table away for a while: whatever needs it meets a bug."""
        schema, _, name = table.partition(".")
        await self.owner.execute(f"alter table {table} rename to away")
        try:
            yield
        finally:
            await self.owner.execute(f"alter table {schema}.away rename to {name}")


async def recover(walk: Walk, email: str) -> None:
    """Ask for a letter, choose a password, and sign in with a wrong one and the right one."""
    await walk.post("/recover", email=email)
    folder = walk.house.settings.data_dir / "letters"
    async with asyncio.timeout(20):
        while not (letters := list(folder.glob("*.txt"))):  # noqa: ASYNC110 - a file says nothing
            await asyncio.sleep(0.05)
    found = re.search(r"/verify\?key=([\w-]{43})", letters[0].read_text(encoding="utf-8"))
    assert found is not None
    key = walk.keep("letter", found[1])
    await walk.http.get(f"{walk.house.origin}/verify", params={"key": key})
    saved = await walk.post("/verify", key=key, password=walk.keep("password", PASSWORD))
    assert saved.status_code == 303, saved.text
    await walk.post("/verify", key=key, password=PASSWORD)
    await walk.post("/signout")
    walk.keep("password", WRONG_PASSWORD)
    await walk.post("/signin", email=email, password=WRONG_PASSWORD)
    async with walk.without("identity.account"):
        bug = await walk.post("/signin", email=email, password=PASSWORD)
        assert bug.status_code >= 500
    # A password in the wrong field: the page shows it to whoever typed it, and to nobody else.
    await walk.http.post(
        f"{walk.house.origin}/signin",
        data={"email": PASSWORD, "password": email},
        headers={"Origin": walk.house.origin},
    )
    entered = await walk.post("/signin", email=email, password=PASSWORD)
    assert entered.status_code == 303, entered.text


async def connect(walk: Walk, db: database.Database) -> str:
    """Let an app in, renew its tokens, and try what a thief would; return an access token."""
    given = await relying.register(db)
    app = relying.Party(walk.http, walk.house, given.client.client_id)
    browser = relying.Browser(walk.http, walk.house)
    walk.keep("verifier", app.verifier)

    async def code() -> str:
        return walk.keep("code", await app.code(browser))

    def keep(response: httpx2.Response) -> dict[str, Any]:
        tokens: dict[str, Any] = walk.told(response).json()
        for name in ("access_token", "refresh_token", "id_token"):
            if name in tokens:
                walk.keep(name, tokens[name])
        return tokens

    other = walk.keep("verifier", "w" * 43)
    keep(await app.redeem(await code(), code_verifier=other))
    used = await code()
    first = keep(await app.redeem(used))
    keep(await app.redeem(used))
    tokens = keep(await app.redeem(await code()))
    second = keep(await app.refresh(tokens))
    keep(await app.refresh(second, scope="openid purchases:report"))
    async with walk.without("identity.refresh_token"):
        bug = walk.told(await app.refresh(second))
        assert bug.status_code >= 500, bug.text
    keep(await app.refresh(first))
    walk.told(await app.ask("introspect", token=second["access_token"]))
    walk.told(await app.ask("revoke", token=first["refresh_token"]))
    # A token in the address is refused, and not written down either.
    walk.told(
        await walk.http.get(
            f"{walk.house.origin}/oauth/userinfo", params={"access_token": second["access_token"]}
        )
    )
    return str(second["access_token"])


async def connect_merchant(walk: Walk, db: database.Database, merchant_id: Any) -> str:
    """Get a merchant's token with the secret, and fail with another one."""
    given = await relying.register(
        db,
        "merchant",
        "Till",
        merchant_id=merchant_id,
        scopes=["purchases:report", "redemptions:write", "redemptions:read", "webhooks:manage"],
    )
    assert given.secret is not None
    walk.keep("client secret", given.secret)
    till = relying.Party(walk.http, walk.house, given.client.client_id, secret=given.secret)
    wrong = walk.keep("client secret", "cp_cs_" + "x" * 43)
    thief = relying.Party(walk.http, walk.house, given.client.client_id, secret=wrong)
    walk.told(await thief.ask("token", grant_type="client_credentials"))
    async with walk.without("identity.client_secret"):
        walk.told(await till.ask("token", grant_type="client_credentials"))
    response = walk.told(await till.ask("token", grant_type="client_credentials"))
    token = walk.keep("access_token", response.json()["access_token"])
    await hooks.walk(walk, token)
    return token


async def spend(walk: Walk, *, member: str, merchant: str, member_id: str, shop: str) -> None:
    """Report a purchase, make a code, hold and capture; then all that a till can do wrong."""
    reported = await walk.ask(
        merchant,
        "mutation R($input: PurchaseReportInput!) { purchaseReport(input: $input) { purchaseId } }",
        input={
            "idempotencyKey": api.key(),
            "memberId": member_id,
            "reference": "H-1",
            "currency": "EUR",
            "channel": "SHOP",
            "purchasedAt": "2026-03-02T12:00:00Z",
            "lines": [{"number": 1, "category": "food", "amount": "10.00"}],
        },
    )
    assert reported["data"]["purchaseReport"]["purchaseId"], reported
    make = "mutation C($m: ID!) { redemptionCodeCreate(merchantId: $m) { code { code } } }"
    made = await walk.ask(member, make, m=shop)
    code = walk.keep("redemption code", made["data"]["redemptionCodeCreate"]["code"]["code"])
    hold = (
        "mutation H($input: RedemptionAuthorizeInput!) { redemptionAuthorize(input: $input)"
        " { redemption { id } errors { ... on UserError { code message path } } } }"
    )
    given = {
        "idempotencyKey": api.key(),
        "code": code,
        "orderReference": "order-1",
        "amount": {"amount": "5.00", "currency": "EUR"},
    }
    await walk.ask(merchant, hold, input={**given, "amount": {"amount": "1e9", "currency": "EUR"}})
    await walk.ask(merchant, hold, input={**given, "unknown": True})
    await walk.ask(merchant, hold, input={**given, "amount": code})
    await walk.ask(merchant, hold, input=code)
    await walk.ask(merchant, hold.replace("$input)", f'$input, x: "{code}")'), input=given)
    async with walk.without("ledger.redemption_code"):
        await walk.ask(merchant, hold, input=given)
    much = {**given, "idempotencyKey": api.key(), "amount": {"amount": "900", "currency": "EUR"}}
    await walk.ask(merchant, hold, input=much)
    held = await walk.ask(merchant, hold, input=given)
    redemption = held["data"]["redemptionAuthorize"]["redemption"]["id"]
    await walk.ask(merchant, hold, input={**given, "idempotencyKey": api.key()})
    await walk.ask(
        merchant,
        "mutation K($input: RedemptionCaptureInput!) { redemptionCapture(input: $input)"
        " { redemption { status } errors { ... on UserError { code } } } }",
        input={"idempotencyKey": api.key(), "redemptionId": redemption},
    )
    # A token where a document or an id belongs, and one that is nearly right.
    await walk.ask(member, f'{{ node(id: "{member}") {{ id }} }}')
    await walk.ask(member, member)
    await walk.ask(member[:-1] + ("A" if member[-1] != "A" else "B"), "{ viewer { id } }")


async def shop_online(
    walk: Walk, db: database.Database, *, member: str, merchant_id: Any, shop: str
) -> None:
    """Make a gift card, and let a store find it, hold by it, and do what a store can do wrong."""
    make = "mutation C($input: GiftCardCreateInput!) { made: giftCardCreate(input: $input)"
    make += " { number card { id } } }"
    made = (await walk.ask(member, make, input={"merchantId": shop}))["data"]["made"]
    number = walk.keep("card number", made["number"])
    walk.keep("card number", number.replace("-", ""))
    given = await relying.register(db, "store", "Shop", merchant_id=merchant_id, scopes=())
    key, token = given.client.client_id, walk.keep("client secret", given.secret or "")
    door = f"{walk.house.origin}/giftcards"

    async def ask(address: str, body: Any, shown: str = token) -> int:
        told = {"X-PROVIDER-API-AppKey": key, "X-PROVIDER-API-AppToken": shown}
        return walk.told(await walk.http.post(address, json=body, headers=told)).status_code

    search = {"client": {}, "cart": {"redemptionCode": number}}
    debit = {"operation": "Debit", "value": 1, "redemptionCode": number, "requestId": "r-1"}
    assert await ask(f"{door}/_search", search) == 200
    assert await ask(f"{door}/_search", search, token[:-1]) == 401
    async with walk.without("ledger.gift_card"):
        assert await ask(f"{door}/_search", search) >= 500
    card = f"{door}/{made['card']['id']}/transactions"
    for field in ("value", "operation"):
        assert await ask(card, {**debit, field: number}) == 400
    assert await ask(card, debit) == 200


async def go(walk: Walk, db: database.Database) -> None:
    """Walk all the way."""
    coalition = await factories.open_coalition(db)
    member, merchant_id = await coalition.member(), await coalition.merchant()
    await coalition.fill(member, 2_000)
    await recover(walk, member.email)
    token, shop = await connect(walk, db), ids.show("mer", merchant_id)
    till, who = await connect_merchant(walk, db, merchant_id), ids.show("mem", member.member_id)
    await spend(walk, member=token, merchant=till, member_id=who, shop=shop)
    await shop_online(walk, db, member=token, merchant_id=merchant_id, shop=shop)
