"""A wheel that was closed turns again when it is published again, with seeds of its own."""

import asyncio
from datetime import timedelta

from tests.wallet import drawing, taking_part
from tests.wallet.drawing import spin, tend, verified, wheel
from tests.wallet.factories import NOON, Coalition
from wallet import audit, ids
from wallet.progress import publishing

HOUR = timedelta(hours=1)


async def test_a_wheel_that_was_closed_and_is_published_again_goes_on_with_a_new_epoch(
    coalition: Coalition,
) -> None:
    ana, it = await coalition.member(), await wheel(coalition)
    await spin(coalition, ana, it)
    await publishing.end(
        coalition.db,
        request_id=ids.new(),
        scheme_id=it,
        note="enough",
        actor=audit.SYSTEM,
        now=NOON + HOUR,
    )
    await tend(coalition, NOON + 2 * HOUR)
    again = NOON + 3 * HOUR
    await taking_part.scheme(coalition, plain=drawing.WHEEL, scheme_id=it, now=again)
    await asyncio.gather(*(tend(coalition, again) for _ in range(3)))

    found = (await spin(coalition, ana, it, now=again + HOUR)).spin
    epochs = (await verified(coalition, it))["epochs"]

    assert (3, 4) == (found.epoch, len(epochs))
    assert [True, True, False, False] == [one["seed"] is not None for one in epochs]
