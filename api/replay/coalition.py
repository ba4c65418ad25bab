"""The demo's programme, merchants and members, put into the wallet; repeating it is harmless."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api.journey import coalition, keys, people, source, span, walk
from api.replay import run as runs
from wallet import audit, errors, members, merchants, programme
from wallet.database import Database

OPERATOR: Final = keys.named("operator", "1")


async def found(db: Database) -> programme.Programme:
    """Found the programme, unless there is one. CURRENCY_MISMATCH when it is not in US dollars."""
    await programme.create(
        db,
        operator_id=OPERATOR,
        name="The High Street Coalition",
        time_zone=coalition.TIME_ZONE,
        asset=coalition.ASSET,
    )
    house = await programme.of(db)
    if house.asset.code != coalition.ASSET:
        raise errors.CurrencyMismatch(
            f"The shopping is in {coalition.ASSET}, and this coalition keeps {house.asset.code}. "
            "Replay it into a database of its own."
        )
    return house


async def open_shops(db: Database, year: source.Source, shift_days: int) -> int:
    """Register merchants, stores and contracts, and say which shift this installation has."""
    planned = year.merchants()
    try:
        first = await merchants.contract(db, planned[0].contract_id)
        shift_days = (first.valid_from.astimezone(walk.ZONE).date() - span.FIRST_DAY).days
    except errors.NotFound:
        pass
    valid_from = walk.midnight(span.FIRST_DAY + timedelta(days=shift_days))
    for merchant in planned:
        await merchants.register(
            db,
            merchant_id=merchant.merchant_id,
            slug=merchant.slug,
            name=merchant.name,
            industry=merchant.industry,
        )
        await _publish(db, merchant, valid_from)
    stores = [(merchant.merchant_id, store) for merchant in planned for store in merchant.stores]
    await runs.each(stores, lambda one: _store(db, *one))
    return shift_days


async def _publish(db: Database, merchant: coalition.MerchantPlan, valid_from: datetime) -> None:
    try:
        await merchants.contract(db, merchant.contract_id)
    except errors.NotFound:
        await merchants.contract_publish(
            db,
            contract_id=merchant.contract_id,
            merchant_id=merchant.merchant_id,
            terms=merchant.terms,
            valid_from=valid_from,
            actor=audit.SYSTEM,
            note="The first contract.",
        )


async def _store(db: Database, merchant_id: UUID, store: coalition.StorePlan) -> None:
    await merchants.store_add(
        db,
        store_id=store.store_id,
        merchant_id=merchant_id,
        external_id=store.external_id,
        name=store.name,
        channel=store.channel,
    )


async def enrol(run: runs.Run, member: people.MemberPlan) -> None:
    """Enrol one household and remember its wallet."""
    enrolled = await members.enrol(
        run.db,
        member_id=member.member_id,
        email=member.email,
        display_name=member.display_name,
        actor=audit.SYSTEM,
    )
    run.wallets[member.member_id] = enrolled.member.wallet_id
