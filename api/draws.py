"""Draws for whoever wants to check them: the public export, and the command that verifies one.

The export has nothing personal in it, so it needs no token. Checking needs neither this server nor
its database: an export, and this command or the script in docs/draws.md.
"""

import asyncio
import json
import pathlib
import time
import uuid
from typing import Final

import rich.console
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from wallet import database, errors, ids
from wallet.draws import exports
from wallet.rules.draws import record, verify

NOT_THERE: Final = {"Cache-Control": "no-store"}
KEPT_SECONDS: Final = 10.0
"""How old an export may be: a crowd of readers, who need no token, costs one in that time."""
KEPT_MAX: Final = 20
"""Exports that a process keeps; each may have some megabytes."""
PUBLIC: Final = {
    "Cache-Control": f"public, max-age={KEPT_SECONDS:.0f}",
    "Access-Control-Allow-Origin": "*",
}


class Exports:
    """The exports of a process: made one at a time, and kept for some seconds."""

    def __init__(self, db: database.Database) -> None:
        self._db = db
        self._kept: dict[uuid.UUID, tuple[float, bytes]] = {}
        self._lock = asyncio.Lock()

    async def of(self, draw_id: uuid.UUID) -> bytes:
        """The export of a draw as JSON; refuses as exports.export does."""
        async with self._lock:
            until, kept = self._kept.get(draw_id, (0.0, b""))
            if time.monotonic() < until:
                return kept
            made = record.encode(await exports.export(self._db, draw_id))
            self._kept.pop(draw_id, None)
            while len(self._kept) >= KEPT_MAX:
                del self._kept[next(iter(self._kept))]
            self._kept[draw_id] = (time.monotonic() + KEPT_SECONDS, made)
            return made


def kept_by(db: database.Database) -> Exports:
    """Return the exports of this process: every door shows the same ones."""
    kept = db.known.setdefault("exports", Exports(db))
    assert isinstance(kept, Exports)
    return kept


def routes(db: database.Database) -> list[BaseRoute]:
    """Return the address of the exports."""
    kept = kept_by(db)

    async def export(request: Request) -> Response:
        try:
            made = await kept.of(ids.parse("sch", request.path_params["draw"]))
        except (ValueError, errors.NotFound):
            return JSONResponse({"error": "no such draw"}, status_code=404, headers=NOT_THERE)
        except errors.TooMany as refusal:
            return JSONResponse({"error": refusal.message}, status_code=507, headers=NOT_THERE)
        except errors.Unavailable:
            return JSONResponse({"error": "come back later"}, status_code=503, headers=NOT_THERE)
        return Response(made, media_type="application/json", headers=PUBLIC)

    return [Route("/draws/{draw}.json", export, methods=["GET"])]


def check(file: pathlib.Path, out: rich.console.Console) -> bool:
    """Print what holds of an export and what does not; True if nothing is wrong."""
    try:
        found = verify.verify(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as problem:
        out.print(f"{file.name} cannot be checked: {problem}", style="red", markup=False)
        return False
    for one in found:
        mark = {True: "[green]holds[/green]", False: "[red]WRONG[/red]", None: "not yet"}[one.holds]
        out.print(f"{mark}  {one.says}")
        for what in one.wrong:
            out.print(f"       {what}", markup=False)
    fine = verify.holds(found)
    out.print("Nothing is wrong." if fine else "[red]This draw is not what it says it is.[/red]")
    return fine
