"""What the two adapters of Shopify share: the GraphQL Admin API 2026-01 of one store.

Not run against Shopify. It follows the reference of the GraphQL Admin API, "API limits", "Client
credentials grant" and "Verify webhooks" of shopify.dev as they stood in November 2026. A store's
own app gives its client id and secret for a token of a day, so nothing rotates here. Apps for other
people's stores have refresh tokens that do; they are the matter of whoever publishes such an app.
"""

from collections.abc import Mapping
from typing import Any, Final

import httpx2
import msgspec

from partners import adapter, faults, signatures
from partners.adapters import dialect, graphql
from wallet import money

VERSION: Final = "2026-01"
CREDENTIAL: Final = adapter.Credential(
    header="X-Shopify-Access-Token", prefix="", exchange="/admin/oauth/access_token"
)
REFUSALS: Final[Mapping[str, adapter.RefusedCode]] = {
    "ACCOUNT_NOT_FOUND": "not_linked",
    "OWNER_NOT_FOUND": "not_linked",
    "CUSTOMER_NOT_FOUND": "not_linked",
    "CREDIT_LIMIT_EXCEEDED": "amount",
    "GIFT_CARD_LIMIT_EXCEEDED": "amount",
    "MAX_INITIAL_VALUE_EXCEEDED": "amount",
    "MAX_INITIAL_VALUE_EXCEEDED_IN_USD": "amount",
    "GREATER_THAN": "amount",
    "NEGATIVE_OR_ZERO_AMOUNT": "amount",
    "MISMATCHING_CURRENCY": "currency",
    "UNSUPPORTED_CURRENCY": "currency",
    "INSUFFICIENT_FUNDS": "spent",
    "GIFT_CARD_NOT_FOUND": "unavailable",
}
"""Our words for theirs; every other code of a no is just a no."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The store, https://name.myshopify.com, and its currency.

    `oauth` is where members link the account whose name, at the store, is the customer's id.
    """

    address: dialect.Origin
    currency: str
    oauth: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        money.asset(self.currency)  # ValueError for one that we do not keep.


class Money(msgspec.Struct):
    """Shopify's MoneyV2: a decimal string, which may be `4.0`."""

    amount: str
    currency: str = msgspec.field(name="currencyCode")

    @property
    def worth(self) -> adapter.Money | None:
        """The same in our words; a debit's amount may be told as negative."""
        return dialect.worth(self.amount.removeprefix("-"), self.currency)


class UserError(msgspec.Struct):
    """One reason of a no."""

    message: str
    code: str | None = None


async def ask(
    client: httpx2.AsyncClient, config: Settings, query: str, **variables: object
) -> Mapping[str, Any] | adapter.NotSent | adapter.Unknown:
    """Ask the Admin API one thing."""
    url = f"{config.address}/admin/api/{VERSION}/graphql.json"
    return await graphql.ask(client, url, query, variables)


def refused(errors: list[UserError]) -> adapter.Refused | adapter.Unknown:
    """The store's no; an error of its own is no no."""
    first = errors[0]
    if first.code == "INTERNAL_ERROR":
        return adapter.Unknown("answered INTERNAL_ERROR")
    told = f"{first.code or ''} {first.message}".strip()
    reply = faults.Reply(200, None, {})
    return faults.refused(reply, told, code=REFUSALS.get(first.code or "", "rejected"))


def verify(delivery: adapter.Delivery) -> None:
    """Raise SignatureInvalid unless the store's app has signed this body."""
    if not signatures.matches(
        delivery.headers.get("x-shopify-hmac-sha256", ""),
        message=delivery.body,
        secrets=delivery.secrets,
    ):
        raise adapter.SignatureInvalid


def money_input(of: adapter.Money) -> dict[str, str]:
    """Shopify's MoneyInput."""
    return {"amount": money.show(of.amount_minor, of.asset), "currencyCode": of.asset.code}
