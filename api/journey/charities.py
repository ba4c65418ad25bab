"""The charities of the demo: the one that the florist's contract names, and one for the members.

Both are invented. They are verified since the first day, and with the operator there is an
agreement. Repeating it is harmless.
"""

import uuid
from datetime import datetime
from typing import Final

from api.journey import keys, terms
from wallet import audit, database, programme
from wallet.charities import agreements, directory
from wallet.rules import charities

NOTE: Final = "For a first look."
RIVER_FUND: Final = keys.named("charity", "river-fund")
FACTS: Final[dict[uuid.UUID, charities.Facts]] = {
    terms.MEALS_ON_WHEELS: charities.Facts(
        name="Meals for Neighbours",
        about="Warm meals, brought to people who cannot leave their homes.",
        category="poverty",
        country="US",
        registrar="Register of the demo",
        registration="DEMO-1",
        website="https://meals.example",
    ),
    RIVER_FUND: charities.Facts(
        name="River Fund",
        about="Clean rivers, from the spring to the sea.",
        category="environment",
        country="US",
        registrar="Register of the demo",
        registration="DEMO-2",
        website="https://river.example",
    ),
}
STATEMENT: Final[dict[charities.Language, str]] = {
    "en": "What you give goes to the charity in full.",
    "pt": "O que você doa vai inteiro para a instituição.",
    "es": "Lo que donas va íntegro a la entidad.",
}


async def run(db: database.Database, begun: datetime) -> None:
    """Put the charities into the directory, unless they are there."""
    house = await programme.of(db)
    for place, (charity_id, facts) in enumerate(FACTS.items()):
        await directory.save(
            db,
            request_id=keys.named("charity save", str(place)),
            charity_id=None,
            new_id=charity_id,
            facts=facts,
            reason=NOTE,
            actor=audit.SYSTEM,
            now=begun,
        )
        await directory.verify(
            db,
            request_id=keys.named("charity verification", str(place)),
            charity_id=charity_id,
            evidence="Nothing: it is invented, like the rest of the demo.",
            reason=NOTE,
            actor=audit.SYSTEM,
            now=begun,
        )
        await agreements.record(
            db,
            agreement_id=keys.named("charity agreement", str(place)),
            charity_id=charity_id,
            funder_id=house.operator_id,
            reference=f"DEMO-{place + 1}",
            statement=STATEMENT,
            valid_from=begun,
            valid_until=None,
            reason=NOTE,
            actor=audit.SYSTEM,
        )
