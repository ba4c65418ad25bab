"""What the two adapters of Medusa share: the admin API of a shop with the loyalty plugin.

Run against Medusa 2.21.1 with @medusajs/loyalty-plugin 2.21.1, both from npm (`make e2e`); what the
double in the tests answers was written down there. A gift card stands on a store credit account of
its own, so both are taken back by a debit with our key in the note. Codes of cards are unique.
Credit is done again if it is asked again, so an order is looked for among the notes. Medusa sends
no messages by itself.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

import httpx2
import msgspec

from partners import adapter, faults
from partners.adapters import dialect
from wallet import money

PAGE: Final = 100
EARLIER: Final = timedelta(hours=1)
"""How far the shop's clock may be behind ours when we look for an order from its beginning."""
_JSON: Final = msgspec.json.Encoder(decimal_format="number")
Failed: TypeAlias = adapter.NotSent | adapter.Unknown


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the shop's server is; `oauth` is where members link their account of a customer."""

    address: dialect.Origin
    oauth: dict[str, Any] | None = None


class Account(msgspec.Struct):
    """A store credit account; `debits` is what was taken from it in all."""

    id: dialect.Ref
    currency_code: str
    balance: Decimal
    debits: Decimal
    customer: dict[str, Any] | None = None


class AccountSaid(msgspec.Struct):
    store_credit_account: Account


class Accounts(msgspec.Struct):
    store_credit_accounts: list[Account]


class Transaction(msgspec.Struct):
    type: str
    amount: Decimal
    created_at: datetime
    note: str | None = None


class Transactions(msgspec.Struct):
    transactions: list[Transaction]
    count: int


class _No(msgspec.Struct):
    type: str
    message: str


class Shop:
    """The admin API of one shop, as far as both adapters use it."""

    def __init__(self, config: Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._address = f"{config.address}/admin"

    async def get(self, path: str, asked: Mapping[str, str]) -> faults.Reply | Failed:
        """Ask for something."""
        return await faults.ask(self._http, "GET", f"{self._address}{path}", params=asked)

    async def post(self, path: str, wanted: Mapping[str, object]) -> faults.Reply | Failed:
        """Have something done; amounts are numbers here, written exactly."""
        headers = {"Content-Type": "application/json"}
        content = _JSON.encode(wanted)
        address = f"{self._address}{path}"
        return await faults.ask(self._http, "POST", address, content=content, headers=headers)

    async def every(
        self, path: str, asked: Mapping[str, str], kind: type[Any], name: str
    ) -> list[Any] | Failed:
        """A list to its end, the oldest first."""
        found: list[Any] = []
        for _ in range(dialect.PAGES_MAX):
            part = {"limit": str(PAGE), "offset": str(len(found)), "order": "created_at"}
            reply = await self.get(path, {**asked, **part})
            if not isinstance(reply, faults.Reply):
                return reply
            page = reply.read(kind) if reply.ok else None
            if page is None:
                return adapter.Unknown(f"answered {reply.status} without a list")
            found += getattr(page, name)
            if len(found) >= page.count or not getattr(page, name):
                return found
        return adapter.Unknown("the list has no end")

    async def moved(self, account: Account, order: adapter.Order) -> list[Transaction] | Failed:
        """What was moved on an account under an order's key."""
        path = f"/store-credit-accounts/{account.id}/transactions"
        asked = {"created_at[$gte]": at(order.created_at - EARLIER)}
        moved = await self.every(path, asked, Transactions, "transactions")
        if not isinstance(moved, list):
            return moved
        return [one for one in moved if dialect.key_in(one.note) == order.key]

    async def back(self, account: Account, order: adapter.Order) -> int | Failed:
        """How much was taken back of an order, in minor units."""
        moved = await self.moved(account, order)
        return returned(moved, account) if isinstance(moved, list) else moved

    async def take(
        self, account: Account, order: adapter.Order, void: adapter.Receipt
    ) -> adapter.Result:
        """Take an amount back, which Medusa refuses where less is left, unless it was done."""
        back = await self.back(account, order)
        if not isinstance(back, int):
            return back
        if back:
            same = back == void.money.amount_minor
            told = adapter.Unknown("another amount was taken back already")
            return adapter.Issued(void, replayed=True) if same else told
        wanted = {"amount": number(void.money), "note": dialect.note(order)}
        reply = await self.post(f"/store-credit-accounts/{account.id}/debit", wanted)
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return refused(reply)
        said = reply.read(AccountSaid)
        if said is None or said.store_credit_account.id != account.id:
            return adapter.Unknown("the answer is not the account that was debited")
        return adapter.Issued(void)


def number(of: adapter.Money) -> Decimal:
    return Decimal(money.show(of.amount_minor, of.asset))


def returned(moved: list[Transaction], account: Account) -> int:
    """The debits among an order's transactions, in minor units."""
    taken = [one.amount for one in moved if one.type == "debit"]
    told = [dialect.worth(one, account.currency_code) for one in taken]
    return sum(one.amount_minor for one in told if one is not None)


def standing(amount_minor: int, back: int, account: Account) -> adapter.State:
    if back >= amount_minor:
        return "void"
    return "live" if account.balance > 0 else "spent"


def at(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def message(reply: faults.Reply) -> str:
    no = reply.read(_No)
    return "" if no is None else no.message


def refused(reply: faults.Reply) -> adapter.Refused | adapter.NotSent | adapter.Unknown:
    """Medusa's no has a type for the protocol, and a sentence for everything else."""
    if reply.status == 403:
        return adapter.NotSent("the credentials do not allow it", reauthorize=True)
    told = message(reply)
    if not told:
        return adapter.Unknown(f"answered {reply.status} without a reason")
    code: adapter.RefusedCode = "rejected"
    if told == "Insufficient balance":
        code = "spent"
    elif "'value'" in told or "'amount'" in told:
        code = "amount"
    return faults.refused(reply, told, code=code)
