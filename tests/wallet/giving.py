"""Charities for tests: proposed and verified through the verbs, and agreed with who pays."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tests.wallet.factories import DAY, NOON, Coalition, numbers
from wallet import audit, ids, members, money
from wallet.charities import agreements, directory, pledges
from wallet.rules import charities as rules
from wallet.rules import pledges as pledge_rules

AGES_AGO = NOON - 400 * DAY
"""When the charities and agreements of tests were made, unless said otherwise."""
STATEMENT: dict[rules.Language, str] = {"en": "A part of what you get back goes to a charity."}
PLAIN: dict[str, Any] = {
    "about": "Clean rivers, from the spring to the sea.",
    "category": "environment",
    "country": "PT",
    "registrar": "Registo de IPSS",
    "website": "https://river.example",
}


def facts(**changes: Any) -> rules.Facts:
    """A charity for rivers with a number of its own, but for what is given."""
    number = next(numbers)
    return rules.Facts(
        **{**PLAIN, "name": f"River Fund {number}", "registration": f"PT-{number}", **changes}
    )


async def proposed(coalition: Coalition, *, now: datetime = AGES_AGO, **changes: Any) -> UUID:
    """A charity that nobody has made sure of."""
    saved = await directory.save(
        coalition.db,
        request_id=ids.new(),
        charity_id=None,
        facts=facts(**changes),
        reason="a member asked for it",
        actor=audit.SYSTEM,
        now=now,
    )
    return saved.charity.charity_id


async def verify(coalition: Coalition, charity_id: UUID, *, now: datetime = AGES_AGO) -> None:
    """Make sure of a charity."""
    await directory.verify(
        coalition.db,
        request_id=ids.new(),
        charity_id=charity_id,
        evidence="the register's page of today",
        reason="it is in the register",
        actor=audit.SYSTEM,
        now=now,
    )


async def charity(coalition: Coalition, **changes: Any) -> UUID:
    """A charity that is verified."""
    charity_id = await proposed(coalition, **changes)
    await verify(coalition, charity_id)
    return charity_id


async def suspend(coalition: Coalition, charity_id: UUID, *, now: datetime = NOON) -> None:
    """Let a charity receive nothing new."""
    await directory.suspend(
        coalition.db,
        request_id=ids.new(),
        charity_id=charity_id,
        reason="its register asks questions",
        actor=audit.SYSTEM,
        now=now,
    )


async def agree(
    coalition: Coalition,
    charity_id: UUID,
    *funder_ids: UUID,
    since: datetime = AGES_AGO,
    until: datetime | None = None,
    statement: dict[rules.Language, str] = STATEMENT,
) -> None:
    """Put on record what each of these has agreed with a charity."""
    for funder_id in funder_ids:
        await agreements.record(
            coalition.db,
            agreement_id=ids.new(),
            charity_id=charity_id,
            funder_id=funder_id,
            reference=f"contract {next(numbers)}",
            statement=statement,
            valid_from=since,
            valid_until=until,
            reason="signed today",
            actor=audit.SYSTEM,
        )


async def agree_all(coalition: Coalition, charity_id: UUID) -> None:
    """Put agreements with everybody on record: the operator, and each merchant there is."""
    rows = await coalition.db.fetch("select merchant_id from coalition.merchant")
    everybody = [coalition.operator_id, *(row["merchant_id"] for row in rows)]
    await agree(coalition, charity_id, *everybody)


async def pledge(
    coalition: Coalition,
    member: members.Member,
    charity_id: UUID,
    *,
    kind: pledge_rules.Kind = "share",
    bps: int | None = None,
    multiple_minor: int | None = None,
    key: UUID | None = None,
    asset: money.Asset | None = None,
    now: datetime = NOON,
) -> pledges.Pledge:
    """Let a member pledge; a tenth of every cashback unless something else is said."""
    outcome = await pledges.set_up(
        coalition.db,
        member_id=member.member_id,
        request_id=key or ids.new(),
        charity_id=charity_id,
        kind=kind,
        asset=asset or coalition.asset,
        share_bps=1_000 if kind == "share" and bps is None else bps,
        multiple_minor=multiple_minor,
        now=now,
    )
    return outcome.pledge


async def gifts(coalition: Coalition, member: members.Member) -> list[tuple[str, int]]:
    """The kind and amount of each gift of a member, in their order."""
    rows = await coalition.db.fetch(
        "select d.kind, d.amount from ledger.donation d"
        " join ledger.transfer t on t.bucket = d.bucket and t.transfer_id = d.donation_id"
        " where d.wallet_id = $1 order by t.wallet_version",
        member.wallet_id,
    )
    return [(row["kind"], row["amount"]) for row in rows]


async def rename(coalition: Coalition, charity_id: UUID, *, name: str) -> None:
    """Give a charity another name, after which somebody has to look at it again."""
    await directory.save(
        coalition.db,
        request_id=ids.new(),
        charity_id=charity_id,
        facts=facts(name=name),
        reason="they wrote to us",
        actor=audit.SYSTEM,
        now=NOON + DAY,
    )
