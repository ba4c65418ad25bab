"""The demo's partner: a reference shop beside the server, in the directory, and spoken to."""

from pathlib import Path

import pytest

from api import demo_shop, settings
from partners import directory, opening, registry, vault
from tests.wallet import factories
from wallet import database, money


@pytest.mark.slow
async def test_the_demo_has_a_partner_that_answers_and_stays_the_same_at_every_start(
    db: database.Database, tmp_path: Path
) -> None:
    await factories.open_coalition(db, asset=money.USD)
    house = settings.Settings(_env_file=None, data_dir=tmp_path)
    adapters = registry.discover(allowed={"commonpurse"})
    seen = []
    for _ in range(2):
        async with demo_shop.beside(house, db) as reached:
            partner = await directory.of_slug(db, "juniper")
            opener = opening.Opener(
                db, adapters, vault.Vault(house.partner_keyring), private=reached.private_hosts
            )
            seen.append(await opening.check(opener, partner))
            await opener.close()

    assert [opening.Checked(True, "It answers, and takes our credentials.")] * 2 == seen
    assert frozenset() == house.private_hosts
    # A second start repeats nothing; only its port may be another, if somebody else has the usual.
    acts = await db.fetch(
        "select act from coalition.audit where act like 'partner.%' and act <> 'partner.change'"
    )
    assert ["partner.register"] + ["partner.secret.set"] * 3 == sorted(row["act"] for row in acts)
