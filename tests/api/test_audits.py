"""The audits that others wrote for GraphQL over HTTP, run by their own program."""

import json
from typing import Any

from tests import node, serving
from tests.api import client
from wallet import database

# Where the text of 2026, our default, asks for other than the audits, which are older: the GraphQL
# media type for whoever does not mind, and 422 for a well-formed request that does not fit.
SHOULD_OTHERWISE = {
    "47DE SHOULD accept */* and use application/json for the content-type",
    "80D8 SHOULD assume application/json content-type when accept is missing",
    (
        "86EE SHOULD use a status code of 400 on variable coercion failure when accepting"
        " application/graphql-response+json"
    ),
}
MAY_OTHERWISE = {
    "3E3A MAY use 400 status code if parameters are invalid",
    "423L MAY use 400 status code on missing {query} parameter",
    *(
        f"{known_as}{number} MAY use 400 status code on {kind} {{{parameter}}} parameter"
        for known_as, parameter, first in (
            ("LKJ", "query", "object"),
            ("6C0", "operationName", "object"),
            ("476", "variables", "string"),
            ("58B", "extensions", "string"),
        )
        for number, kind in enumerate((first, "number", "boolean", "array"))
    ),
}


async def audited(db: database.Database, caller: client.Client, **chosen: Any) -> dict[str, str]:
    async with serving.serve(db, **chosen) as house:
        found = await node.run("audits.mjs", f"{house.origin}/graphql", caller.token)
    return {f"{one['id']} {one['name']}": one["status"] for one in json.loads(found)}


async def test_all_audits_pass_with_the_older_statuses(
    db: database.Database, support: client.Client
) -> None:
    found = await audited(db, support, statuses="older")

    assert 61 == len(found)
    assert {} == {name: status for name, status in found.items() if status != "ok"}


async def test_by_default_no_must_fails_and_what_differs_is_what_the_text_changed(
    db: database.Database, support: client.Client
) -> None:
    found = await audited(db, support)

    def those(status: str) -> set[str]:
        return {name for name, of in found.items() if of == status}

    assert 61 == len(found)
    assert set() == those("error")  # the audits' word for a MUST that fails
    assert SHOULD_OTHERWISE == those("warn")
    assert MAY_OTHERWISE == those("notice")
