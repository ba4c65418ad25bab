"""The first look: a demo coalition of real purchases, credentials to try it with, and the server.

The demo is loaded once, by the same replay that reads the whole year; the days are moved so that
the last of them was yesterday. A database that already has a programme of its own is left alone.
"""

import contextlib
import datetime
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import orjson
import rich.console

from api import demo_shop, serving, settings, showcase
from api.console import door as console
from api.identity import bearer
from api.journey import coalition, keys, span, walk
from api.replay import command as replay
from api.signin import recovery
from wallet import audit, database, ids, migrate, staff

TOKEN_LIFE: Final = datetime.timedelta(days=1)
"""The demo's credentials live for a day; each start makes new ones."""

SUPPORT_ID: Final = keys.named("staff", "robin")
SUPERVISOR_ID: Final = keys.named("staff", "casey")
OPERATOR_ID: Final = keys.named("staff", "jordan")
GROCER: Final = "harvest-row"
LOADED: Final = "demo.loaded"
BEGUN: Final = "demo.begun"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays in the three requests."""

    member_id: uuid.UUID
    member_name: str
    email: str
    merchant_id: uuid.UUID
    merchant_name: str


async def run(house: settings.Settings, dsn: str, out: rich.console.Console) -> None:
    """Migrate, load the demo if it is not there, print what to try, and serve until stopped."""
    with out.status("Bringing the database up to date"):
        await migrate.upgrade(dsn)
    if await _wanted(dsn):
        await _load(house, dsn, out)
    async with contextlib.AsyncExitStack() as stack:
        db = await database.Database.connect(dsn, size=2)
        try:
            cast = await _cast(db)
            if cast is not None:
                house = await stack.enter_async_context(demo_shop.beside(house, db))
            guide = await _guide(house, db, cast)
        finally:
            await db.close()
        await serving.serve(
            house,
            dsn,
            work_too=True,
            development=True,
            # Never folded: what is printed is there to be copied.
            started=lambda: out.print(guide, soft_wrap=True),
        )


async def _wanted(dsn: str) -> bool:
    """True if this database holds no coalition yet, or a demo that was not loaded to its end."""
    connection = await asyncpg.connect(dsn)
    try:
        acts = await connection.fetch(
            "select distinct act from coalition.audit where act = any($1)", [LOADED, BEGUN]
        )
        owned = await connection.fetchval("select exists (select 1 from coalition.programme)")
    finally:
        await connection.close()
    seen = {row["act"] for row in acts}
    return LOADED not in seen and (BEGUN in seen or not owned)


async def _load(house: settings.Settings, dsn: str, out: rich.console.Console) -> None:
    out.print("Loading a demo coalition from a year of real purchases (once).")
    db = await database.Database.connect(dsn, size=2)
    try:
        shift_days = await _shift(db)
        sound = await replay.run(
            dsn,
            since=span.FIRST_DAY,
            until=span.LAST_DAY,
            households=house.demo_households,
            shift_days=shift_days,
            console=out,
        )
        assert sound, "the demo broke a law"
        await _employ(db)
        await audit.write(db, actor=audit.SYSTEM, act=LOADED)
    finally:
        await db.close()


async def _employ(db: database.Database) -> None:
    """Add two people for a credit above a limit, and one for campaigns. Repeating is harmless."""
    for staff_id, name, role in (
        (SUPPORT_ID, "Robin Ferreira", "support"),
        (SUPERVISOR_ID, "Casey Moreau", "supervisor"),
        (OPERATOR_ID, "Jordan Weiss", "operator"),
    ):
        email = f"{name.split()[0].lower()}@support.example.org"
        await staff.add(
            db, staff_id=staff_id, name=name, email=email, role=role, actor=audit.SYSTEM
        )


async def _shift(db: database.Database) -> int:
    """By how many days the year is moved; a load that was cut off goes on with its own number."""
    detail = await db.fetchval("select detail from coalition.audit where act = $1", BEGUN)
    if detail is not None:
        return int(orjson.loads(detail)["shift_days"])
    yesterday = datetime.datetime.now(walk.ZONE).date() - datetime.timedelta(days=1)
    shift_days = (yesterday - span.LAST_DAY).days
    await audit.write(db, actor=audit.SYSTEM, act=BEGUN, detail={"shift_days": shift_days})
    return shift_days


async def _guide(house: settings.Settings, db: database.Database, cast: Cast | None) -> str:
    """Make credentials for the three audiences, and the text that says what to do with them."""
    address = f"http://{house.host}:{house.port}/graphql"
    if cast is None:
        return f"Serving on {address}. Make tokens with `commonpurse token`."
    tokens = {
        "MEMBER": await _token(db, "member", cast.member_id),
        "MERCHANT": await _token(db, "merchant", cast.merchant_id),
        "SUPPORT": await _token(db, "staff", SUPPORT_ID),
    }
    keep = house.data_dir / "demo.env"
    _write(keep, address, tokens, cast)
    await _employ(db)
    await showcase.run(db)
    links = {
        "console": f"{house.origin}/console",
        "member": await recovery.invite(db, house, kind="member", principal_id=cast.member_id),
        "support": await recovery.invite(db, house, kind="staff", principal_id=SUPPORT_ID),
        "supervisor": await recovery.invite(db, house, kind="staff", principal_id=SUPERVISOR_ID),
        "operator": await recovery.invite(db, house, kind="staff", principal_id=OPERATOR_ID),
        "shop": await demo_shop.address(db) or "",
    }
    return _text(address, keep, tokens, cast, links)


async def _cast(db: database.Database) -> Cast | None:
    """A member with something to spend, something pending and a history; and the grocer."""
    row = await db.fetchrow(
        "select m.member_id, m.display_name as member_name, m.email, t.merchant_id,"
        " t.name as merchant_name from coalition.member m join ledger.wallet w"
        " on w.wallet_id = m.wallet_id join coalition.merchant t on t.merchant_id = $1"
        " where w.credited - w.debited - w.held > 0 and exists (select 1 from coalition.staff"
        " where staff_id = $2) order by (w.credited - w.debited - w.held > 500) desc,"
        " (w.pending > 0) desc, w.version desc limit 1",
        coalition.merchant_id(GROCER),
        SUPPORT_ID,
    )
    return None if row is None else Cast(**dict(row))


async def _token(db: database.Database, kind: bearer.Kind, principal_id: uuid.UUID) -> str:
    made = await bearer.mint(
        db, kind=kind, principal_id=principal_id, life=TOKEN_LIFE, label="demo"
    )
    return made.text


def _write(keep: Path, address: str, tokens: dict[str, str], cast: Cast) -> None:
    """Keep the credentials where a shell can read them, for this user only."""
    lines = [f"{name}={text}" for name, text in tokens.items()]
    lines += [
        f"API={address}",
        f"MEMBER_ID={ids.show('mem', cast.member_id)}",
        f"MEMBER_EMAIL={cast.email}",
        f"MERCHANT_ID={ids.show('mer', cast.merchant_id)}",
    ]
    keep.parent.mkdir(parents=True, exist_ok=True)
    opened = os.open(keep, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _text(
    address: str, keep: Path, tokens: dict[str, str], cast: Cast, links: dict[str, str]
) -> str:
    missing = "" if console.load() else f"\n[yellow]{console.MISSING}[/yellow]"
    return f"""
[bold green]Commonpurse is running.[/bold green]  GraphQL: {address}

[bold]Credentials[/bold] for a day, also in {keep}
  member    {tokens["MEMBER"]}  {cast.member_name}
  merchant  {tokens["MERCHANT"]}  {cast.merchant_name}
  support   {tokens["SUPPORT"]}  Robin Ferreira

[yellow]Open, for development:[/yellow] members' apps may send any document here, and every token
may introspect. `commonpurse serve` takes registered documents only.

[bold]In a browser[/bold], by links that work once, for a day
  member      {links["member"]}
  support     {links["support"]}
  supervisor  {links["supervisor"]}
  operator    {links["operator"]}
The staff then work at {links["console"]}, where Robin Ferreira (support) credits, Casey Moreau
(supervisor) approves what is above a limit, and Jordan Weiss (operator) runs campaigns.{missing}
A partner's shop, with shoppers, a till and pages of its own, is at {links["shop"]}.

[bold]Three requests to try[/bold], in another terminal, in this folder
  . {keep}

  # What does the member see?
  curl -s $API -H "Authorization: Bearer $MEMBER" \\
    -H "Content-Type: application/json" -d @docs/requests/wallet.json

  # What would this basket earn at {cast.merchant_name}?
  curl -s $API -H "Authorization: Bearer $MERCHANT" \\
    -H "Content-Type: application/json" -d @docs/requests/preview.json

  # Why did that purchase earn what it did? (support, by e-mail)
  sed "s/EMAIL/$MEMBER_EMAIL/" docs/requests/explain.json |
    curl -s $API -H "Authorization: Bearer $SUPPORT" \\
      -H "Content-Type: application/json" -d @-

Stop with Ctrl-C. The data stays in {keep.parent}; the next start goes on with it."""
