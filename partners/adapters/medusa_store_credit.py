"""Store credit of a Medusa shop's customer, known again by our key in its note (see `medusa`)."""

from typing import Any, ClassVar

import httpx2

from partners import adapter, faults
from partners.adapters import dialect, medusa


class MedusaStoreCredit(adapter.Adapter):
    """Credit onto the account of a customer; the account is made when it is the first."""

    name: ClassVar[str] = "medusa-store-credit"
    about: ClassVar[str] = "Store credit of a Medusa shop's customer, with the loyalty plugin."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("store_credit",),
        idempotency=adapter.Idempotency.NONE,
        reverses_in_part=True,
        linked=("store_credit",),
    )
    credential: ClassVar[adapter.Credential] = adapter.Credential(basic=True)
    Config: ClassVar[type[Any]] = medusa.Settings

    def __init__(self, config: medusa.Settings, http: httpx2.AsyncClient) -> None:
        self._shop = medusa.Shop(config, http)

    @staticmethod
    def hosts(config: medusa.Settings) -> frozenset[str]:
        """The shop's host."""
        return dialect.hosts(config.address)

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """Find the account, make it if there is none, and credit it."""
        account = await self._account(order)
        if isinstance(account, adapter.Absent):
            opened = await self._opened(order)
            if not isinstance(opened, medusa.Account):
                return opened
            account = opened
        if not isinstance(account, medusa.Account):
            return account
        if account.customer is None:
            return adapter.Refused("the account is of no customer", code="not_linked")
        wanted = {"amount": medusa.number(order.money), "note": dialect.note(order)}
        reply = await self._shop.post(f"/store-credit-accounts/{account.id}/credit", wanted)
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return medusa.refused(reply)
        said = reply.read(medusa.AccountSaid)
        if said is None or said.store_credit_account.id != account.id:
            return adapter.Unknown("the answer is not the account that was credited")
        # Medusa answers with the account: what we have there is known by our own key.
        return adapter.Issued(adapter.Receipt(order.key, order.money, key=order.key))

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The credit whose note has our key, and what was debited under it."""
        account = await self._account(order)
        if not isinstance(account, medusa.Account):
            return account
        moved = await self._shop.moved(account, order)
        if not isinstance(moved, list):
            return moved
        given = next((one for one in moved if one.type == "credit"), None)
        if given is None:
            return adapter.Absent()
        worth = dialect.worth(given.amount, account.currency_code)
        if worth is None:
            return adapter.Unknown("the credit is in no currency of ours")
        back = medusa.returned(moved, account)
        return adapter.Receipt(
            order.key,
            worth,
            medusa.standing(worth.amount_minor, back, account),
            order.key,
            issued_at=given.created_at,
        )

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """A debit of the account, unless there is one of ours already."""
        account = await self._account(order)
        if isinstance(account, adapter.Absent):
            return adapter.Unknown("the account is not found")
        if not isinstance(account, medusa.Account):
            return account
        void = adapter.Receipt(receipt.ref, receipt.money, "void", order.key)
        return await self._shop.take(account, order, void)

    async def _account(
        self, order: adapter.Order
    ) -> "medusa.Account | adapter.Absent | medusa.Failed":
        asked = {
            "customer_id": order.subject or "nobody",
            "currency_code": order.money.asset.code.lower(),
        }
        reply = await self._shop.get("/store-credit-accounts", asked)
        if not isinstance(reply, faults.Reply):
            return reply
        page = reply.read(medusa.Accounts) if reply.ok else None
        if page is None:
            return adapter.Unknown(f"answered {reply.status} without a list")
        found = page.store_credit_accounts
        return found[0] if found else adapter.Absent()

    async def _opened(
        self, order: adapter.Order
    ) -> "medusa.Account | adapter.Refused | medusa.Failed":
        """A new account. Medusa would make one for a customer that is none, so that is asked."""
        reply = await self._shop.get(f"/customers/{order.subject or 'nobody'}", {})
        if not isinstance(reply, faults.Reply):
            return reply
        if reply.status == 404:
            return adapter.Refused("the linked account is no customer", code="not_linked")
        if not reply.ok:
            return medusa.refused(reply)
        wanted = {"customer_id": order.subject, "currency_code": order.money.asset.code.lower()}
        reply = await self._shop.post("/store-credit-accounts", wanted)
        if not isinstance(reply, faults.Reply):
            return reply
        if not reply.ok:
            return medusa.refused(reply)
        said = reply.read(medusa.AccountSaid)
        return (
            adapter.Unknown("the answer is no account")
            if said is None
            else (said.store_credit_account)
        )
