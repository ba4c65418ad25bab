"""The console in a browser: what members take part in, and how the operator looks after it."""

from tests import serving
from tests.console import workplace
from wallet import database


async def test_operators_publish_what_members_take_part_in(
    db: database.Database, house: serving.House, world: workplace.World
) -> None:
    async with workplace.desk(db, house, "operator") as (desk, _):
        await desk.task("Publish a scheme")
        await desk.fill("input", note="Agreed in March.")
        published = workplace.data(await desk.send())["schemePublish"]["scheme"]
        await desk.task("What members take part in")
        listed = workplace.data(await desk.run())["schemes"]
        await desk.task("End a scheme")
        await desk.fill("input", schemeId=published["id"], note="The summer is over.")
        ended = workplace.data(await desk.send())["schemeEnd"]

        assert [published["id"]] == [one["id"] for one in listed]
        assert (published["id"], None) == (ended["scheme"]["id"], ended["scheme"]["validFrom"])
        assert [] == desk.tab.complaints
