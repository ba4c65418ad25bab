"""A served installation with a small world in it, and the console in a real browser."""

import asyncio
import contextlib
import datetime
import json
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright import async_api
from starlette.requests import Request

from api.console import door
from api.identity import sessions
from tests import browser, serving
from tests.wallet import factories
from wallet import audit, database, ids, members, redeem, staff

SECONDS_MAX = 20
NAMES = {"support": "Sofia Almeida", "supervisor": "Sergio Prado", "operator": "Olga Ramos"}


def need() -> None:
    """Skip the test without a built console; in CI nothing is skipped."""
    if door.load() is None:
        message = "the console is not built: run `make console`"
        assert "CI" not in os.environ, message
        pytest.skip(message)


@dataclass(frozen=True, slots=True)
class World:
    """Ana with 20.00 EUR, a purchase with two lines and an open hold; Rosa sold to her."""

    coalition: factories.Coalition
    ana: members.Member
    merchant_id: uuid.UUID
    purchase_id: uuid.UUID
    held: redeem.Redemption


async def world(db: database.Database) -> World:
    """Make it through the verbs of the wallet, today: the server knows no other day."""
    now = datetime.datetime.now(datetime.UTC)
    coalition = await factories.open_coalition(db)
    rosa = await coalition.merchant()
    ana = await coalition.member()
    await coalition.fill(ana, 2_000, now=now)
    purchase_id = await coalition.earned(rosa, ana, 4_000, 2_550, now=now)
    held = await coalition.hold(ana, rosa, 500, now=now)
    return World(coalition, ana, rosa, purchase_id, held)


async def employ(db: database.Database, role: str) -> uuid.UUID:
    """Add a person of the staff with a role."""
    staff_id = ids.new()
    await staff.add(
        db,
        staff_id=staff_id,
        name=NAMES[role],
        email=f"{role}@example.org",
        role=role,
        actor=audit.SYSTEM,
    )
    return staff_id


async def secret_of(db: database.Database, staff_id: uuid.UUID) -> str:
    """Sign a person in, and return what their browser's cookie holds."""
    opened = await sessions.sign_in(
        db,
        Request({"type": "http", "headers": []}),
        before=None,
        kind="staff",
        principal_id=staff_id,
        amr=["pwd"],
    )
    return opened.secret


@dataclass(frozen=True, slots=True)
class Desk:
    """The console in a tab, and what a person does at it."""

    tab: browser.Tab

    @property
    def page(self) -> async_api.Page:
        """The page of the tab."""
        return self.tab.page

    async def open(self, origin: str) -> None:
        """Go to the console and wait until it can be worked with."""
        await self.page.goto(f"{origin}/console")
        await self.ready()

    async def ready(self) -> None:
        """Wait for the editors and for the schema."""
        await self.page.locator(".tasks button:enabled").first.wait_for()
        await self.page.get_by_role("button", name="Execute query").wait_for()

    async def task(self, title: str) -> None:
        """Open a task in a tab of its own."""
        await (
            self.page.locator(".tasks button")
            .filter(has=self.page.get_by_text(title, exact=True))
            .click()
        )
        await self.page.wait_for_function(
            "title => globalThis.__MONACO.editor.getModels()"
            ".some(model => model.getValue().startsWith('# ' + title + '\\n'))",
            arg=title,
        )

    async def variables(self) -> Any:
        """What stands in the editor of variables."""
        return json.loads(await self._model("variables.json", "model => model.getValue()"))

    async def fill(self, *path: str, **values: Any) -> None:
        """Replace some of the variables, at the top or below a path."""
        told = await self.variables()
        place = told
        for step in path:
            place = place[step]
        assert set(values) <= set(place), place
        place.update(values)
        # As if pasted: typing would meet the editor's own closing brackets.
        text = json.dumps(told, indent=2)
        await self._model("variables.json", f"model => model.setValue({json.dumps(text)})")

    async def run(self) -> Any:
        """Run a query, or what needs no question, and return the answer."""
        await self.page.get_by_role("button", name="Execute query").click()
        return await self.answer()

    async def send(self, *, sure: bool = True) -> Any:
        """Run a mutation, answer the question, and return the answer."""
        await self.page.get_by_role("button", name="Execute query").click()
        choice = "Run it" if sure else "Do not run"
        await self.page.get_by_role("button", name=choice).click()
        return await self.answer()

    async def answer(self) -> Any:
        """Wait for the answer and return it."""
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                text = await self._model("response.json", "model => model.getValue()")
                if text:
                    return json.loads(text)
                await asyncio.sleep(0.05)

    async def _model(self, name: str, act: str) -> Any:
        return await self.page.evaluate(
            "([name]) => (" + act + ")(globalThis.__MONACO.editor.getModels()"
            ".find(model => model.uri.path.endsWith(name)))",
            [name],
        )


@contextlib.asynccontextmanager
async def desk(
    db: database.Database, house: serving.House, role: str
) -> AsyncIterator[tuple[Desk, uuid.UUID]]:
    """Open a browser in which somebody with a role has signed in, at the console."""
    staff_id = await employ(db, role)
    secret = await secret_of(db, staff_id)
    async with browser.open_tab() as tab:
        cookie = sessions.cookie_name(house.settings)
        await tab.page.context.add_cookies([{"name": cookie, "value": secret, "url": house.origin}])
        opened = Desk(tab)
        await opened.open(house.origin)
        yield opened, staff_id


def data(answer: Any) -> Any:
    """The data of an answer without errors."""
    assert "errors" not in answer, answer
    return answer["data"]
