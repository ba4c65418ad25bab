"""Store credit of a Shopify customer (see `shopify`), which has no field for a reference of ours.

Shopify credits again whatever it is asked again, so an order must be told apart among the credits
of its customer. What tells it is the second at which its credit expires, years from now: it is
worked out of the order, and no two orders of one customer have the same. A credit of the same
amount that expires at another time may be ours all the same, should Shopify have changed the time,
or somebody else's: then we do not know, and a person looks. A debit has nothing of the kind. It
counts as the reversal where there is one credit and one debit of the amount; else a person looks.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter, faults
from partners.adapters import dialect, shopify

LASTS: Final = timedelta(days=5 * 365 + 2)
"""Five years at least, as laws on gift cards ask in many places."""
SPREAD: Final = 2**24
"""Seconds, 194 days, over which orders are spread: among a thousand no two are likely to meet."""
EARLIER: Final = timedelta(hours=1)
"""How far Shopify's clock may be behind ours when we look for an order from its beginning."""
PAGE: Final = 100
PREFIX: Final = "gid://shopify/Customer/"
FIELDS: Final = "__typename createdAt event amount { amount currencyCode }"
CREDIT_FIELDS: Final = f"{FIELDS} id expiresAt remainingAmount {{ amount currencyCode }}"
CREDIT: Final = f"""
mutation Credit($id: ID!, $input: StoreCreditAccountCreditInput!) {{
  storeCreditAccountCredit(id: $id, creditInput: $input) {{
    storeCreditAccountTransaction {{ {CREDIT_FIELDS} }}
    userErrors {{ code message }}
  }}
}}
"""
DEBIT: Final = f"""
mutation Debit($id: ID!, $input: StoreCreditAccountDebitInput!) {{
  storeCreditAccountDebit(id: $id, debitInput: $input) {{
    storeCreditAccountTransaction {{ {FIELDS} }}
    userErrors {{ code message }}
  }}
}}
"""
LOOK: Final = f"""
query Look($id: ID!, $first: Int!) {{
  customer(id: $id) {{
    storeCreditAccounts(first: 10) {{
      nodes {{
        balance {{ amount currencyCode }}
        transactions(first: $first, reverse: true) {{
          nodes {{ {FIELDS} ... on StoreCreditAccountCreditTransaction {{ {CREDIT_FIELDS} }} }}
          pageInfo {{ hasNextPage }}
        }}
      }}
    }}
  }}
}}
"""


class ShopifyStoreCredit(adapter.Adapter):
    """Credit onto the account of a customer."""

    name: ClassVar[str] = "shopify-store-credit"
    about: ClassVar[str] = "Store credit of a Shopify store's customer."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("store_credit",), idempotency=adapter.Idempotency.NONE, linked=("store_credit",)
    )
    credential: ClassVar[adapter.Credential] = shopify.CREDENTIAL
    Config: ClassVar[type[Any]] = shopify.Settings

    def __init__(self, config: shopify.Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._config = config

    @staticmethod
    def hosts(config: shopify.Settings) -> frozenset[str]:
        """The store's host."""
        return dialect.hosts(config.address)

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """One mutation; Shopify does it again if it is asked again."""
        if order.money.asset.code != self._config.currency:
            told = f"the store is in {self._config.currency}"
            return adapter.Refused(told, code="currency")
        if order.subject is None:
            return adapter.Refused("no customer of the store is linked", code="not_linked")
        wanted = {
            "creditAmount": shopify.money_input(order.money),
            "expiresAt": expires_at(order).isoformat(),
            "notify": False,
        }
        data = await self._ask(CREDIT, id=_customer(order), input=wanted)
        if isinstance(data, adapter.NotSent | adapter.Unknown):
            return data
        said = dialect.converted(data.get("storeCreditAccountCredit"), _Moved)
        if said is not None and said.errors:
            return shopify.refused(said.errors)
        made = None if said is None else said.transaction
        if made is None or made.amount.worth != order.money or made.id is None:
            return adapter.Unknown("the answer is not the credit that was ordered")
        if made.expires_at != expires_at(order):
            return adapter.Unknown("the credit expires at another time than was asked")
        return adapter.Issued(_receipt(made.id, order, "live", made.created_at))

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The credit that expires when the order's does, and what became of it."""
        found = await self._since(order)
        if not isinstance(found, list):
            return found
        alike = [one for one in found if one.is_credit and one.amount.worth == order.money]
        ours = next((one for one in alike if one.expires_at == expires_at(order)), None)
        if ours is None or ours.id is None:
            if any(one.is_adjustment for one in alike):
                return adapter.Unknown("a credit of this amount may be it, or another's")
            return adapter.Absent()
        state = _state(found, alike, ours)
        if state is None:
            return adapter.Unknown("a debit of this amount may be its reversal, or another's")
        return _receipt(ours.id, order, state, ours.created_at)

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """A debit of the amount, unless there may be one already."""
        found = await self.find(order)
        if isinstance(found, adapter.Absent):
            return adapter.Unknown("the credit is not found")
        if not isinstance(found, adapter.Receipt):
            return found
        if found.state == "void":
            return adapter.Issued(found, replayed=True)
        if found.state == "spent":
            reply = faults.Reply(200, None, {})
            return faults.refused(reply, "the credit was used", code="spent")
        wanted = {"debitAmount": shopify.money_input(receipt.money)}
        data = await self._ask(DEBIT, id=_customer(order), input=wanted)
        if isinstance(data, adapter.NotSent | adapter.Unknown):
            return data
        said = dialect.converted(data.get("storeCreditAccountDebit"), _Moved)
        if said is not None and said.errors:
            return shopify.refused(said.errors)
        if said is None or said.transaction is None or said.transaction.is_credit:
            return adapter.Unknown("the answer is no debit")
        if said.transaction.amount.worth != receipt.money:
            return adapter.Unknown("the answer is not the debit that was asked")
        return adapter.Issued(_receipt(found.ref, order, "void", found.issued_at))

    async def _since(
        self, order: adapter.Order
    ) -> "list[_Transaction] | adapter.NotSent | adapter.Unknown":
        """What happened to the customer's account in the currency since the order, newest first."""
        data = await self._ask(LOOK, id=_customer(order), first=PAGE)
        if isinstance(data, adapter.NotSent | adapter.Unknown):
            return data
        if "customer" in data and data["customer"] is None:
            return []
        customer = dialect.converted(data.get("customer"), _Customer)
        if customer is None:
            return adapter.Unknown("the answer is no customer")
        currency = order.money.asset.code
        accounts = [one for one in customer.accounts.nodes if one.balance.currency == currency]
        if not accounts:
            return []
        nodes, began = accounts[0].transactions.nodes, order.created_at - EARLIER
        times = [one.created_at for one in nodes]
        if times != sorted(times, reverse=True):
            return adapter.Unknown("the transactions are not the newest first")
        if accounts[0].transactions.info.has_next and times[-1] >= began:
            return adapter.Unknown(f"more than {PAGE} transactions since the order")
        return [one for one in nodes if one.created_at >= began]

    async def _ask(self, query: str, **variables: object) -> Any:
        return await shopify.ask(self._http, self._config, query, **variables)


def expires_at(order: adapter.Order) -> datetime:
    """The second at which an order's credit expires, by which it is known again."""
    spread = timedelta(seconds=int(order.key, 16) % SPREAD)
    return order.created_at.replace(microsecond=0) + LASTS + spread


class _Transaction(msgspec.Struct):
    kind: str = msgspec.field(name="__typename")
    created_at: datetime = msgspec.field(name="createdAt")
    event: str
    amount: shopify.Money
    id: dialect.Ref | None = None
    expires_at: datetime | None = msgspec.field(name="expiresAt", default=None)
    remaining: shopify.Money | None = msgspec.field(name="remainingAmount", default=None)

    @property
    def is_credit(self) -> bool:
        """True for what raised the balance on somebody's behalf."""
        return self.kind == "StoreCreditAccountCreditTransaction"

    @property
    def is_adjustment(self) -> bool:
        """True for what was done by an app or by the store's people, as far as we know events."""
        return not self.event.startswith(("ORDER_", "PAYMENT_", "TAX_"))


class _Info(msgspec.Struct):
    has_next: bool = msgspec.field(name="hasNextPage")


class _Transactions(msgspec.Struct):
    nodes: list[_Transaction]
    info: _Info = msgspec.field(name="pageInfo")


class _Account(msgspec.Struct):
    balance: shopify.Money
    transactions: _Transactions


class _Accounts(msgspec.Struct):
    nodes: list[_Account]


class _Customer(msgspec.Struct):
    accounts: _Accounts = msgspec.field(name="storeCreditAccounts")


class _Moved(msgspec.Struct):
    transaction: _Transaction | None = msgspec.field(name="storeCreditAccountTransaction")
    errors: list[shopify.UserError] = msgspec.field(name="userErrors")


def _customer(order: adapter.Order) -> str:
    """The linked account as Shopify names its customers, whichever way it was told."""
    return f"{PREFIX}{(order.subject or '0').removeprefix(PREFIX)}"


def _receipt(
    ref: str, order: adapter.Order, state: adapter.State, at: datetime | None
) -> adapter.Receipt:
    return adapter.Receipt(ref, order.money, state, order.key, issued_at=at)


def _state(
    found: list[_Transaction], alike: list[_Transaction], ours: _Transaction
) -> adapter.State | None:
    """What became of a credit; None where a debit may be its reversal, or another's."""
    debits = [
        one
        for one in found
        if one.kind == "StoreCreditAccountDebitTransaction"
        and one.is_adjustment
        and one.amount.worth == ours.amount.worth
        and one.created_at >= ours.created_at
    ]
    if debits:
        alone = len(debits) == 1 and sum(one.is_adjustment for one in alike) == 1
        return "void" if alone else None
    left = None if ours.remaining is None else ours.remaining.worth
    return "live" if left == ours.amount.worth else "spent"
