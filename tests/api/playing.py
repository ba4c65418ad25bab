"""What of draws there is in the world: a wheel that is open, raffles that are over, Ana's plays."""

import dataclasses
import uuid
from typing import Final

from tests.wallet import drawing, factories, taking_part
from wallet import ids, members
from wallet.draws import raffles, tending

FAR: Final = "2126-01-01T00:00:00Z"


@dataclasses.dataclass(frozen=True, slots=True)
class Played:
    """The one thing of each type, by the type's name, and what there is of a type besides."""

    ids: dict[str, uuid.UUID]
    wheel: uuid.UUID
    raffle: uuid.UUID
    also: dict[str, tuple[uuid.UUID, ...]]

    def draw(self, name: str) -> str:
        """The id of the draw that a mutation plays."""
        return ids.show("sch", self.raffle if name == "raffleEnter" else self.wheel)


async def build(coalition: factories.Coalition, ana: members.Member) -> Played:
    """Ana has spun a wheel and entered a raffle, and has a ticket left for the wheel."""
    wheel = await drawing.wheel(
        coalition,
        closes_at=FAR,
        tickets={"free_entry": {"tickets": 1, "per": "day"}},
        prizes=[
            {
                "name": "Five",
                "weight": 1,
                "campaign_id": str((await taking_part.reward(coalition)).campaign_id),
            }
        ],
    )
    raffle = await drawing.raffle(coalition)
    spun = await drawing.spin(coalition, ana, wheel)
    entered = await drawing.enter(coalition, ana, raffle)
    await tending.tend(coalition.db)  # as the worker does today
    award_id = spun.spin.award_id
    assert award_id is not None
    return Played(
        ids={
            "Ticket": await drawing.ticket(coalition, ana, wheel),
            "Spin": spun.spin.spin_id,
            "RaffleEntry": entered.entry.entry_id,
        },
        wheel=wheel,
        raffle=raffle,
        also={
            "Award": (award_id,),
            "Scheme": (wheel, raffle),
            "Ticket": (spun.spin.ticket_id, entered.entry.ticket_id),
        },
    )


async def over(coalition: factories.Coalition, *, frozen: bool) -> uuid.UUID:
    """A raffle that has closed, and is due; its list is frozen or not."""
    raffle = await drawing.raffle(coalition)
    await drawing.enter(coalition, await coalition.member(), raffle)
    if frozen:
        await raffles.freeze(coalition.db, draw_id=raffle)
    return raffle
