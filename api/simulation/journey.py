"""The campaigns of the replayed year, all together, beside what its households redeemed."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import rich.console
import rich.table

from api.journey import coalition, keys, people, promotions, source, span, terms, walk
from api.replay import promotions as replayed
from api.simulation import command, deadline, tables
from wallet import merchants, money
from wallet.campaigns import simulate
from wallet.database import Database
from wallet.rules.campaigns import drafts, facts


async def run(db: Database, *, seconds: int, console: rich.console.Console) -> bool:
    """Play the year with all of its campaigns; true if it came to its end.

    Raises ModuleNotFoundError with what to install, or NOT_FOUND before a replay.
    """
    shift_days = await shift_of(db)
    with console.status("Reading the campaigns of the year"):
        parts = promotions.parts(promotions.read(source.read()), shift_days)
    versions = [facts.Version(one.key, one.key, drafts.read(one.definition)) for one in parts]
    shift = timedelta(days=shift_days)
    with command.bar(console, "Simulating") as progress:
        found = await simulate.together(
            db,
            drafts=versions,
            since=walk.midnight(span.FIRST_DAY + shift),
            until=walk.midnight(span.LAST_DAY + shift + timedelta(days=1)),
            segments=segments_of(parts),
            progress=progress,
            late=deadline.after(seconds),
        )
    reached = {
        key: replayed.Reach(one.reached, one.result.reached, one.result.granted_minor)
        for key, one in found.items()
    }
    console.print(compared(replayed.compare(parts, reached)))
    complete = all(one.period.complete for one in found.values())
    if not complete:
        console.print(f"[yellow]Ended early after {seconds} seconds.[/yellow]")
    return complete


async def shift_of(db: Database) -> int:
    """Say by how many days this installation's year was moved; NOT_FOUND before a replay."""
    slug = next(iter(terms.BY_MERCHANT))
    first = await merchants.contract(db, keys.named("contract", f"{slug}/1"))
    return (first.valid_from.astimezone(walk.ZONE).date() - span.FIRST_DAY).days


def segments_of(parts: Iterable[promotions.Part]) -> dict[UUID, frozenset[str]]:
    """Say which households belong to which campaign, as segments that are not in the books."""
    found: dict[UUID, set[str]] = {}
    for part in parts:
        for household in part.promotion.households:
            found.setdefault(people.member_id(household), set()).add(part.promotion.segment)
    return {member_id: frozenset(names) for member_id, names in found.items()}


def compared(rows: Iterable[replayed.Compared]) -> rich.table.Table:
    """Print campaigns beside what the engine did with them."""
    asset = money.asset(coalition.ASSET)
    made = tables.table(
        "The year's own campaigns", "Campaign", "Sent", "Redeemed", "Reached", "Purchases", "Hit"
    )
    made.add_column("Rate", justify="right", no_wrap=True)
    made.add_column(f"Cost {asset.code}", justify="right", no_wrap=True)
    rows = list(rows)
    for one in rows:
        promotion = one.promotion
        made.add_row(
            f"{promotion.number} ({promotion.kind})",
            *_numbers(len(promotion.households), len(promotion.redeemers), one.reached),
            *_numbers(one.purchases, one.hits),
            tables.percent(one.hits, len(promotion.redeemers)),
            money.show(one.granted_minor, asset),
        )
    sent = sum(len(one.promotion.households) for one in rows)
    redeemed = sum(len(one.promotion.redeemers) for one in rows)
    hits = sum(one.hits for one in rows)
    made.add_row(
        "All",
        *_numbers(sent, redeemed, sum(one.reached for one in rows)),
        *_numbers(sum(one.purchases for one in rows), hits),
        tables.percent(hits, redeemed),
        money.show(sum(one.granted_minor for one in rows), asset),
        style="bold",
    )
    return made


def _numbers(*counts: int) -> list[str]:
    return [f"{count:,}" for count in counts]
