"""The console in a browser: boards, contests, games and quizzes, as support looks at them."""

from tests import serving
from tests.console import workplace
from wallet import database


async def test_support_looks_at_a_board_that_is_there_and_at_one_that_is_not(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "support") as (desk, _):
        await desk.task("Look at a board")
        found = workplace.data(await desk.run())

        await desk.task("A member's boards and games")
        await desk.fill(email=world.ana.email)
        games = workplace.data(await desk.run())["memberByEmail"]

        assert {"leaderboard": None} == found
        assert ({"name": None, "present": True, "ranks": []}, []) == (
            games["boards"],
            games["plays"],
        )
        assert [] == desk.tab.complaints
