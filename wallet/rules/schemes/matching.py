"""Matching: what a funder gives on top of what members give to charities."""

import uuid
from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec

from wallet.rules.campaigns.conditions import NAMES_MAX, Minor
from wallet.rules.campaigns.definition import Cap
from wallet.rules.schemes.definition import Scheme, refuse

Bps: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
"""Up to ten times what the member gives."""


class Match(Scheme, frozen=True, kw_only=True, tag="match"):
    """So many basis points of each gift, up to a cap of each member and a budget of all.

    `funder` is the merchant who pays, or None for the operator; no `charities` means every charity
    that has an agreement with who pays. It holds from the version's start until `ends_at`.
    """

    funder: uuid.UUID | None = None
    charities: Annotated[tuple[uuid.UUID, ...], msgspec.Meta(max_length=NAMES_MAX)] = ()
    bps: Bps
    cap: Cap | None = None
    budget_minor: Minor
    ends_at: datetime | None = None

    def check(self) -> None:
        """A charity is named once; a match is no matter of where something is bought."""
        if self.merchants:
            refuse("a gift is made nowhere; a match holds for all of them", "merchants", "0")
        for place, one in enumerate(self.charities):
            if one in self.charities[:place]:
                refuse("this is named twice", "charities", str(place))
        if self.cap is not None and self.cap.minor > self.budget_minor:
            refuse("this cap is larger than the whole budget", "cap", "minor")
        if self.ends_at is not None and self.ends_at.tzinfo is None:
            refuse("add a time zone, such as Z", "ends_at")
