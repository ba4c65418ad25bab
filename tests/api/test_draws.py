"""Draws through the door: members play, the staff draws, and an outsider checks all of it."""

import enum
import io
import json
import re
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import httpx2
import pytest
import rich.console

from api import draws as door
from api.graphql import tickets as shown_tickets
from tests.api import client
from tests.api.test_staff import acts
from tests.conftest import ROOT, Connection
from tests.wallet import drawing
from tests.wallet.factories import Coalition
from wallet import ids, members
from wallet.draws import raffles, tickets
from wallet.rules.schemes import kinds

ERRORS = "errors { __typename ... on UserError { code message path } }"
SPIN = f"""mutation S($input: WheelSpinInput!) {{ wheelSpin(input: $input) {{
  replayed spin {{ id prize epoch number note ticket {{ id usedAt }} scheme {{ name }} }}
  {ERRORS} }} }}"""
ENTER = f"""mutation E($input: RaffleEnterInput!) {{ raffleEnter(input: $input) {{
  replayed entry {{ id publishName place }} {ERRORS} }} }}"""
CLAIM = f"""mutation C($input: TicketClaimInput!) {{ ticketClaim(input: $input) {{
  replayed tickets {{ id source }} {ERRORS} }} }}"""
LIMITS = f"""mutation L($input: PlayLimitsSetInput!) {{ playLimitsSet(input: $input) {{
  responsiblePlay {{ limits {{ day week }} later {{ day }} laterAt }} {ERRORS} }} }}"""
EXCLUDE = f"""mutation X($input: SelfExcludeInput!) {{ selfExclude(input: $input) {{
  responsiblePlay {{ excluded excludedUntil }} {ERRORS} }} }}"""
GRANT = f"""mutation G($input: TicketGrantInput!) {{ ticketGrant(input: $input) {{
  granted replayed {ERRORS} }} }}"""
FREEZE = f"""mutation F($input: RaffleFreezeInput!) {{ raffleFreeze(input: $input) {{
  frozen {{ count sha256 drawnAt }} replayed {ERRORS} }} }}"""
DRAW = f"""mutation D($input: RaffleDrawInput!) {{ raffleDraw(input: $input) {{
  frozen {{ count drawnAt }} replayed {ERRORS} }} }}"""
DRAWS = """{ draws { scheme { id name } opensAt closesAt drawAt ageMin countries freeEntry
  myTickets consolation prizes { name odds stock } frozen { count }
  commitments { epoch sha256 openedAt } } }"""
MINE = """{ viewer { tickets { edges { node { id source usedAt } } }
  spins { edges { node { prize } } } raffleEntries { edges { node { place prize } } }
  responsiblePlay { excluded limits { day } } } }"""
EXPORT = "query E($id: ID!) { drawExport(id: $id) }"
FAR = "2126-01-01T00:00:00Z"
SCRIPT = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page() -> str:
    return (ROOT / "docs/draws.md").read_text(encoding="utf-8")


async def wheel(coalition: Coalition, **changes: Any) -> str:
    """A wheel that is open today."""
    free = {"tickets": {"free_entry": {"tickets": 2, "per": "day"}}, "closes_at": FAR}
    return ids.show("sch", await drawing.wheel(coalition, **{**free, **changes}))


async def spin(caller: client.Client, draw: str, ticket: str, **told: Any) -> Any:
    plain = {"idempotencyKey": client.key(), "drawId": draw, "ticketId": ticket}
    asked = {**plain, "clientSeed": "mine", **told}
    return (await caller.ask(SPIN, {"input": asked})).data["wheelSpin"]


async def claim(caller: client.Client, draw: str) -> Any:
    return (await caller.ask(CLAIM, {"input": {"drawId": draw}})).data["ticketClaim"]


async def over(coalition: Coalition, people: int = 9, **changes: Any) -> Any:
    """A wheel and a raffle that were played, and are over."""
    prizes = [{"name": "Coffee", "weight": 30, "stock": 3}, {"name": "Thank you", "weight": 70}]
    one = await drawing.wheel(
        coalition, prizes=prizes, consolation="Thank you", epochs={"spins": 9}
    )
    two = await drawing.raffle(
        coalition, prizes=[{"name": "Basket"}, {"name": "Soap", "winners": 2}], **changes
    )
    for n in range(people):
        who = await coalition.member()
        await drawing.enter(coalition, who, two)
        for turn in range(3):
            await drawing.spin(coalition, who, one, client_seed=f"s{n}-{turn}")
    for at in (drawing.FROZEN, drawing.DRAWN, drawing.CLOSED):
        await drawing.tend(coalition, at)
    return one, two


async def test_a_member_claims_spins_and_finds_it_again(
    coalition: Coalition, ana: client.Client
) -> None:
    it, key = await wheel(coalition), client.key()
    claimed, again = await claim(ana, it), await claim(ana, it)
    first = claimed["tickets"][0]["id"]
    spun = await spin(ana, it, first, idempotencyKey=key)
    replayed = await spin(ana, it, first, idempotencyKey=key)

    used = await spin(ana, it, first)

    mine = (await ana.ask(MINE)).data["viewer"]
    assert (["FREE", "FREE"], True) == (
        [one["source"] for one in claimed["tickets"]],
        again["replayed"],
    )
    assert ((1, 1), "Spring wheel") == (
        (spun["spin"]["epoch"], spun["spin"]["number"]),
        spun["spin"]["scheme"]["name"],
    )
    assert {**spun, "replayed": True} == replayed
    assert ["TICKET_USED"] == [one["code"] for one in used["errors"]]
    assert [spun["spin"]["prize"]] == [one["node"]["prize"] for one in mine["spins"]["edges"]]
    assert 2 == len(mine["tickets"]["edges"])


async def test_what_can_be_played_is_shown_with_its_odds_and_its_commitment(
    coalition: Coalition, ana: client.Client, rosa: client.Client
) -> None:
    it = await wheel(coalition, gates={"age_min": 18, "countries": ["PT"]})
    raffle = await drawing.raffle(coalition, closes_at=FAR, draw_at="2126-02-01T00:00:00Z")
    await drawing.ticket(coalition, await members.find(coalition.db, ana.principal_id), raffle)

    first, second = (await ana.ask(DRAWS)).data["draws"]

    assert ("30/100", "70/100") == tuple(one["odds"] for one in first["prizes"])
    assert (18, ["PT"], True, 0) == (
        first["ageMin"],
        first["countries"],
        first["freeEntry"],
        first["myTickets"],
    )
    assert [1, 2] == [one["epoch"] for one in first["commitments"]]
    assert it == first["scheme"]["id"]
    assert (1, None) == (second["myTickets"], second["frozen"])
    assert [None, None] == [one["myTickets"] for one in (await rosa.ask(DRAWS)).data["draws"]]


async def test_the_gates_open_with_what_the_profile_says(
    coalition: Coalition, ana: client.Client
) -> None:
    it = await wheel(coalition, gates={"age_min": 18, "countries": ["PT"]})
    profile = """mutation P($input: ProfileUpdateInput!) { profileUpdate(input: $input) {
      profile { country } errors { ... on UserError { code path } } } }"""
    young = await claim(ana, it)
    await ana.ask(profile, {"input": {"birthDate": "2000-01-01"}})
    abroad = await claim(ana, it)
    wrong = await ana.ask(profile, {"input": {"country": "Portugal"}})
    await ana.ask(profile, {"input": {"country": "PT"}})

    home = await claim(ana, it)

    assert ["AGE_GATE", "JURISDICTION_GATE"] == [
        one["errors"][0]["code"] for one in (young, abroad)
    ]
    assert [{"code": "PROFILE_INVALID", "path": ["country"]}] == (
        wrong.data["profileUpdate"]["errors"]
    )
    assert 2 == len(home["tickets"])


async def test_a_member_limits_their_own_games_and_shuts_themselves_out(
    coalition: Coalition, ana: client.Client
) -> None:
    it = await wheel(coalition)
    one, two = [one["id"] for one in (await claim(ana, it))["tickets"]]
    await ana.ask(LIMITS, {"input": {"day": 1}})
    looser = (await ana.ask(LIMITS, {"input": {"day": 5}})).data["playLimitsSet"]
    await spin(ana, it, one)
    limited = await spin(ana, it, two)
    out = (await ana.ask(EXCLUDE, {"input": {"until": None}})).data["selfExclude"]
    shorter = (await ana.ask(EXCLUDE, {"input": {"until": FAR}})).data["selfExclude"]

    excluded = await spin(ana, it, two)

    said = looser["responsiblePlay"]
    assert (1, 5) == (said["limits"]["day"], said["later"]["day"])
    assert {"excluded": True, "excludedUntil": None} == out["responsiblePlay"]
    assert ["PLAY_LIMIT", "SELF_EXCLUDED", "SELF_EXCLUDED"] == [
        one["errors"][0]["code"] for one in (limited, shorter, excluded)
    ]
    assert (await ana.ask(MINE)).data["viewer"]["responsiblePlay"]["excluded"]


async def test_a_member_enters_a_raffle_that_the_staff_gave_a_ticket_for(
    coalition: Coalition, ana: client.Client, operator: client.Client, owner: Connection
) -> None:
    it = await drawing.raffle(coalition, closes_at=FAR, draw_at="2126-02-01T00:00:00Z")
    told = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", ana.principal_id),
        "drawId": ids.show("sch", it),
        "number": 2,
        "reason": "the app was away",
    }
    given, again = [
        (await operator.ask(GRANT, {"input": told})).data["ticketGrant"] for _ in range(2)
    ]
    (ticket, _) = (await ana.ask(MINE)).data["viewer"]["tickets"]["edges"]
    entry = {
        "idempotencyKey": client.key(),
        "drawId": ids.show("sch", it),
        "ticketId": ticket["node"]["id"],
        "publishName": True,
    }

    entered = (await ana.ask(ENTER, {"input": entry})).data["raffleEnter"]

    assert (2, False, True) == (given["granted"], given["replayed"], again["replayed"])
    assert (True, None) == (entered["entry"]["publishName"], entered["entry"]["place"])
    assert "ticket.grant" in await acts(owner, operator)


async def test_the_operator_brings_the_value_of_public_randomness(
    coalition: Coalition, operator: client.Client
) -> None:
    it = await drawing.raffle(coalition, randomness={"source": "drand quicknet", "round": "4711"})
    await drawing.enter(coalition, await coalition.member(), it)
    plain = {"drawId": ids.show("sch", it), "reason": "due"}

    def told(**more: Any) -> dict[str, Any]:
        return {"input": {"idempotencyKey": client.key(), **plain, **more}}

    early = (await operator.ask(DRAW, told(randomness="b"))).data["raffleDraw"]
    frozen = (await operator.ask(FREEZE, told())).data["raffleFreeze"]
    missing = (await operator.ask(DRAW, told())).data["raffleDraw"]
    waiting = (await operator.ask(DRAWS)).data["draws"]
    drawn = (await operator.ask(DRAW, told(randomness="b"))).data["raffleDraw"]

    again = (await operator.ask(DRAW, told(randomness="b"))).data["raffleDraw"]

    assert [plain["drawId"]] == [one["scheme"]["id"] for one in waiting]
    assert [] == (await operator.ask(DRAWS)).data["draws"]
    assert ["DRAW_CLOSED", "PLAY_INVALID"] == [one["errors"][0]["code"] for one in (early, missing)]
    assert (1, None) == (frozen["frozen"]["count"], frozen["frozen"]["drawnAt"])
    assert drawn["frozen"]["drawnAt"]
    assert [False, True] == [drawn["replayed"], again["replayed"]]
    standing = await raffles.frozen(coalition.db, it)
    assert standing is not None
    assert "b" == standing.randomness


async def test_an_export_is_there_for_everybody_without_a_token(
    coalition: Coalition, http: httpx2.AsyncClient, ana: client.Client
) -> None:
    one, two = await over(coalition, people=2)
    for draw in (one, two):
        shown = ids.show("sch", draw)

        answer = await http.get(f"/draws/{shown}.json")

        assert (200, "*") == (answer.status_code, answer.headers["access-control-allow-origin"])
        assert answer.json() == (await ana.ask(EXPORT, {"id": shown})).data["drawExport"]


async def test_a_crowd_of_readers_costs_one_export(
    coalition: Coalition, http: httpx2.AsyncClient
) -> None:
    it = await drawing.wheel(coalition)
    first = await http.get(f"/draws/{ids.show('sch', it)}.json")
    await drawing.spin(coalition, await coalition.member(), it)

    second = await http.get(f"/draws/{ids.show('sch', it)}.json")

    assert "public, max-age=10" == second.headers["cache-control"]
    assert first.content == second.content


@pytest.mark.parametrize("draw", ["sch_nonsense", "sch_00000000000000000000000000", "x", "%2e%2e"])
async def test_what_is_no_draw_has_no_export(http: httpx2.AsyncClient, draw: str) -> None:
    assert 404 == (await http.get(f"/draws/{draw}.json")).status_code


def checked(document: Any, folder: Path) -> tuple[bool, bool]:
    """What the command says of an export, and what the script printed in the docs says."""
    (script,) = SCRIPT.findall(page())
    file, program = folder / "export.json", folder / "check.py"
    file.write_text(json.dumps(document), encoding="utf-8")
    program.write_text(script, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-I", str(program), str(file)], capture_output=True, check=False
    )
    assert ran.returncode in (0, 1), ran.stderr.decode()
    assert not ran.stderr, ran.stderr.decode()
    return door.check(file, rich.console.Console(quiet=True)), ran.returncode == 0


def change(document: Any, path: str, value: Any) -> Any:
    changed = json.loads(json.dumps(document))
    *steps, last = [int(one) if one.isdigit() else one for one in path.split(".")]
    place = changed
    for step in steps:
        place = place[step]
    place[last] = value
    return changed


async def test_the_command_and_the_script_of_the_docs_agree_on_real_draws(
    coalition: Coalition, http: httpx2.AsyncClient, tmp_path: Path
) -> None:
    spun, entered = [
        (await http.get(f"/draws/{ids.show('sch', one)}.json")).json()
        for one in await over(coalition)
    ]
    first = spun["epochs"][0]["turns"]
    other = {"Coffee": "Thank you", "Thank you": "Coffee"}
    version = next(iter(spun["definitions"]))
    tampered = {
        "a drawn prize": change(spun, "epochs.0.turns.0.drawn", other[first[0]["drawn"]]),
        "a given prize": change(spun, "epochs.0.turns.0.given", other[first[0]["given"]]),
        "a weight": change(spun, f"definitions.{version}.prizes.0.weight", 31),
        "a stock": change(spun, f"definitions.{version}.prizes.0.stock", 9),
        "a missing spin": change(spun, "epochs.0.turns", first[:3] + first[4:]),
        "a missing epoch": change(spun, "epochs", spun["epochs"][1:]),
        "a seed": change(spun, "epochs.1.seed", spun["epochs"][0]["seed"]),
        "a late commitment": change(spun, "epochs.0.committed_at", FAR),
        "a ticket": change(spun, "epochs.0.turns.1.ticket", first[0]["ticket"]),
        "a listed ticket": change(entered, "frozen.tickets.2", entered["frozen"]["tickets"][1]),
        "the hash": change(entered, "frozen.sha256", "0" * 64),
        "a count": change(entered, "frozen.count", 8),
        "a winner": change(entered, "places.0.ticket", entered["places"][4]["ticket"]),
        "a prize": change(entered, "places.0.prize", "Soap"),
        "the seed": change(entered, "seed", spun["epochs"][0]["seed"]),
        "one place less": change(entered, "places", entered["places"][:4]),
    }

    found = {name: checked(document, tmp_path) for name, document in tampered.items()}

    assert (True, True) == checked(spun, tmp_path)
    assert (True, True) == checked(entered, tmp_path)
    assert {} == {name: said for name, said in found.items() if said != (False, False)}


async def test_a_draw_that_runs_still_checks_out(
    coalition: Coalition, http: httpx2.AsyncClient, tmp_path: Path
) -> None:
    it = await drawing.wheel(coalition)
    await drawing.spin(coalition, await coalition.member(), it)
    other = await drawing.raffle(coalition)

    for one in (it, other):
        export = (await http.get(f"/draws/{ids.show('sch', one)}.json")).json()
        assert (True, True) == checked(export, tmp_path)


async def test_the_script_checks_public_randomness_too(
    coalition: Coalition, http: httpx2.AsyncClient, tmp_path: Path
) -> None:
    it = await drawing.raffle(coalition, randomness={"source": "drand", "round": "1"})
    for _ in range(12):
        await drawing.enter(coalition, await coalition.member(), it)
    await raffles.freeze(coalition.db, draw_id=it, now=drawing.FROZEN)
    await raffles.draw(coalition.db, draw_id=it, randomness="beac0n", now=drawing.DRAWN)
    export = (await http.get(f"/draws/{ids.show('sch', it)}.json")).json()

    assert (True, True) == checked(export, tmp_path)
    assert (False, False) == checked(change(export, "randomness.value", "x"), tmp_path)
    assert (False, False) == checked(change(export, "randomness.round", "2"), tmp_path)


def test_the_command_says_what_it_cannot_read(tmp_path: Path) -> None:
    out = rich.console.Console(record=True, file=io.StringIO())
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")

    assert not door.check(tmp_path / "x.json", out)
    assert not door.check(tmp_path / "none.json", out)
    assert "x.json cannot be checked" in out.export_text()


def test_every_draw_that_is_shown_can_be_published() -> None:
    shown = re.findall(r"^```json\n(.*?)^```$", page(), re.MULTILINE | re.DOTALL)

    assert ["wheel", "raffle"] == [kinds.kind_of(kinds.read(json.loads(one))) for one in shown]


def test_the_words_of_tickets_are_those_of_the_wallet() -> None:
    sources: type[enum.Enum] = shown_tickets.TicketSource

    assert set(typing.get_args(tickets.Source)) == {one.value for one in sources}
