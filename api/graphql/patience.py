"""How long streams wait, in one value: the product has one, and a test a shorter one."""

import dataclasses
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class Patience:
    """Each is in seconds."""

    init: float = 10.0  # a phone on a bad line has said who it is by then
    keep_alive: float = 12.0  # proxies cut off what is silent for 15 to 60 seconds
    send: float = 20.0  # a reader that takes nothing for so long has gone
    close: float = 2.0  # for the last word to somebody who may have gone
    check: float = 30.0  # whoever is signed out everywhere is really out within half a minute


PATIENCE: Final = Patience()
