"""Draws for whoever wants to check them: the public export, and the command that verifies one.

The export has nothing personal in it, so it needs no token. Checking needs neither this server nor
its database: an export, and this command or the script in docs/draws.md.
"""

import json
import pathlib

import rich.console
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from wallet import database, errors, ids
from wallet.draws import exports
from wallet.rules.draws import record, verify

NOT_THERE = {"Cache-Control": "no-store"}
PUBLIC = {"Cache-Control": "public, max-age=10", "Access-Control-Allow-Origin": "*"}
"""Ten seconds: behind a cache, a crowd of readers costs one export in that time."""


def routes(db: database.Database) -> list[BaseRoute]:
    """Return the address of the exports."""

    async def export(request: Request) -> Response:
        try:
            key = ids.parse("sch", request.path_params["draw"])
            exported = await exports.export(db, key)
        except (ValueError, errors.NotFound):
            return JSONResponse({"error": "no such draw"}, status_code=404, headers=NOT_THERE)
        except errors.TooMany as refusal:
            return JSONResponse({"error": refusal.message}, status_code=507, headers=NOT_THERE)
        except errors.Unavailable:
            return JSONResponse({"error": "come back later"}, status_code=503, headers=NOT_THERE)
        return JSONResponse(record.dump(exported), headers=PUBLIC)

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
