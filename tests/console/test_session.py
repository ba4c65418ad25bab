"""The session of the console in a real browser: whose it is, what it leaves, who cannot use it."""

import json
from pathlib import Path

import pytest
import structlog

from api.identity import sessions
from tests import browser, serving
from tests.console import certificate, workplace
from tests.identity import visitor
from wallet import database, ids

pytestmark = pytest.mark.slow


async def test_when_the_session_is_over_the_tabs_are_kept_for_the_same_person(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "support") as (desk, staff_id):
        await desk.task("Freeze a wallet")
        await desk.fill("input", reason="Half written")
        await desk.page.wait_for_timeout(700)  # the editor keeps its tabs half a second later
        await sessions.end_all(db, kind="staff", principal_id=staff_id)
        await desk.page.get_by_role("button", name="Execute query").click()
        await desk.page.get_by_role("button", name="Run it").click()
        await desk.page.wait_for_url("**/staff/signin?next=/console")
        secret = await workplace.secret_of(db, staff_id)
        await _carry(desk, house, secret)
        await desk.open(house.origin)
        kept = await desk.variables()
        other = await workplace.employ(db, "supervisor")
        await _carry(desk, house, await workplace.secret_of(db, other))
        await desk.open(house.origin)
        begun = await desk.variables()

        assert "Half written" == kept["input"]["reason"]
        assert {"email"} == set(begun)  # somebody else begins with none of them


async def test_nothing_about_a_member_outlives_the_browser_tab(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("Find a member")
        await desk.fill(email=world.ana.email)
        workplace.data(await desk.run())
        await desk.page.wait_for_timeout(700)
        lasting = await desk.page.evaluate("JSON.stringify({...localStorage})")
        passing = await desk.page.evaluate("JSON.stringify({...sessionStorage})")
        await desk.page.get_by_role("button", name="Sign out").click()
        await desk.page.wait_for_url("**/staff/signin**")
        left = await desk.page.evaluate("JSON.stringify({...sessionStorage})")

        assert world.ana.email not in lasting
        assert world.ana.email in passing
        # The answer is kept nowhere, not even there.
        assert ids.show("mem", world.ana.member_id) not in lasting + passing
        assert {} == json.loads(left)
        assert await db.fetchval("select bool_and(revoked_at is not null) from identity.session")


async def test_what_the_policy_stops_is_reported(
    db: database.Database, world: workplace.World, tmp_path: Path
) -> None:
    # So that the empty reports of the tests above mean something.
    with structlog.testing.capture_logs() as logs:
        async with (
            serving.serve(db, data_dir=tmp_path) as house,
            workplace.desk(db, house, "support") as (desk, _),
        ):
            async with desk.page.expect_request("**/csp"):
                await desk.page.evaluate(
                    "document.body.append(Object.assign(document.createElement('script'),"
                    " {src: 'https://evil.example/x.js?secret'}))"
                )
            await desk.page.wait_for_timeout(200)

            assert any("Content Security Policy" in one for one in desk.tab.complaints)
    (report,) = [one for one in logs if one["event"] == "csp.violation"]
    assert "https://evil.example/x.js" == report["blocked"]


async def test_staff_sign_in_by_tls_and_the_cookie_is_bound_to_this_host(
    db: database.Database, world: workplace.World, tmp_path: Path
) -> None:
    staff_id = await workplace.employ(db, "support")
    person = await visitor.give_password(db, "staff", staff_id)
    made = certificate.make(tmp_path)
    with structlog.testing.capture_logs() as logs:
        async with (
            serving.serve(db, certificate=made, data_dir=tmp_path) as house,
            browser.open_tab() as tab,
        ):
            desk = workplace.Desk(tab)
            await tab.page.goto(f"{house.origin}/console")
            await tab.page.get_by_label("E-mail address").fill(person.email)
            await tab.page.get_by_label("Password").fill(visitor.PASSWORD)
            await tab.page.get_by_role("button", name="Sign in", exact=True).click()
            await tab.page.wait_for_url(f"{house.origin}/console")
            await desk.ready()
            await desk.task("Find a member")
            await desk.fill(email=world.ana.email)
            found = workplace.data(await desk.run())["memberByEmail"]
            (cookie,) = [
                one for one in await tab.page.context.cookies() if "commonpurse" in one["name"]
            ]

            assert "Ana" == found["displayName"]
            assert "__Host-commonpurse" == cookie["name"]
            assert (True, True, "Lax", "/", "localhost") == (
                cookie["secure"],
                cookie["httpOnly"],
                cookie["sameSite"],
                cookie["path"],
                cookie["domain"],
            )
            assert "commonpurse" not in await tab.page.evaluate("document.cookie")
            assert [] == tab.complaints
    assert [] == [one for one in logs if one["event"] == "csp.violation"]


async def test_a_page_of_another_origin_cannot_use_the_session(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    document = {"query": "{ merchants { edges { node { id } } } }"}
    async with workplace.desk(db, house, "support") as (desk, _):
        ours = await desk.page.evaluate(SEND, [f"{house.origin}/graphql", document, True])
        bare = await desk.page.evaluate(SEND, [f"{house.origin}/graphql", document, False])
        # The same server by another name is another origin, to which the browser asks first.
        await desk.page.goto(f"{house.origin.replace('localhost', '127.0.0.1')}/healthz")
        theirs = await desk.page.evaluate(SEND, [f"{house.origin}/graphql", document, True])

        assert 200 == ours
        assert 401 == bare
        assert "TypeError" == theirs


SEND = """async ([address, document, preflight]) => {
  try {
    const response = await fetch(address, {
      method: "POST",
      credentials: "include",
      headers: {
        "Content-Type": "application/json",
        ...(preflight ? { "GraphQL-Require-Preflight": "1" } : {}),
      },
      body: JSON.stringify(document),
    });
    return response.status;
  } catch (error) {
    return error.name;
  }
}"""


async def _carry(desk: workplace.Desk, house: serving.House, secret: str) -> None:
    name = sessions.cookie_name(house.settings)
    await desk.page.context.add_cookies([{"name": name, "value": secret, "url": house.origin}])
