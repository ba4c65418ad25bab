"""Charities that are given something and paid out, for tests: all of it through the verbs."""

from typing import Any
from uuid import UUID

from tests.wallet import factories, giving, promotions
from tests.wallet.factories import AT_ONCE, NOON, Coalition
from wallet import audit, earn, ids
from wallet.charities import remittances, tracing

VERA = audit.Actor("staff", ids.new())
PROOF: dict[str, Any] = {
    "bank_reference": "SEPA 4711",
    "proof_reference": "statement of March, page 3",
    "proof_sha256": "ab" * 32,
    "value_date": "2026-03-10",
}


async def prepare(
    coalition: Coalition,
    charity_id: UUID,
    key: UUID | None = None,
    *,
    actor: audit.Actor = VERA,
) -> Any:
    """A batch of all that is due."""
    done = await remittances.prepare(
        coalition.db,
        request_id=key or ids.new(),
        charity_id=charity_id,
        asset=coalition.asset,
        note="the payment of March",
        actor=actor,
        now=NOON,
    )
    return done.remittance


async def cancel(coalition: Coalition, remittance_id: UUID) -> Any:
    """A batch that is not sent after all."""
    done = await remittances.cancel(
        coalition.db, remittance_id=remittance_id, reason="wrong account", actor=VERA, now=NOON
    )
    return done.remittance


async def send(
    coalition: Coalition,
    remittance_id: UUID,
    *,
    maker_id: UUID | None = None,
    checker_id: UUID | None = None,
) -> dict[str, Any]:
    """What an approval does once a second person agrees."""
    call = remittances.sending(
        remittance_id,
        maker_id=maker_id or ids.new(),
        checker_id=checker_id or ids.new(),
        detail=PROOF,
        now=NOON,
    )
    answer = await coalition.db.call(f"select {call.text()}", *call.arguments)
    assert isinstance(answer, dict)
    return answer


async def due(coalition: Coalition, charity_id: UUID) -> int:
    """What is due to a charity."""
    return await remittances.due_minor(coalition.db, charity_id, coalition.asset)


async def traced(coalition: Coalition, remittance_id: UUID) -> list[tuple[str, int]]:
    """What a batch is made of."""
    found = await tracing.entries(coalition.db, remittance_id, first=1000)
    return [(one.source, one.amount_minor) for one in found]


async def donors(coalition: Coalition, charity_id: UUID, *amounts: int) -> None:
    """Members who gave, each of another bucket."""
    for place, amount in enumerate(amounts):
        member = await coalition.member(bucket=place * 7)
        await coalition.fill(member, amount)
        await coalition.give(member, charity_id, amount)


async def promised(
    coalition: Coalition, charity_id: UUID, bucket: int = 9, **changes: Any
) -> tuple[UUID, UUID]:
    """A merchant that gave 6.00 to a charity, and the purchase for which it did."""
    rosa = await coalition.merchant(pending=AT_ONCE)
    await giving.agree(coalition, charity_id, rosa)
    give = {"give": "donation", "charity_id": str(charity_id), "minor": 600}
    await promotions.promote(
        coalition, merchants=[str(rosa)], give={**give, **changes.pop("give", {})}, **changes
    )
    ana = await coalition.member(bucket=bucket)
    reported = await coalition.report(rosa, ana, factories.purchase(3000))
    await earn.mature(coalition.db, now=NOON)
    return rosa, reported.purchase_id
