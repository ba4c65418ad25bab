"""Milestones: a target that a member works towards, and what they get for reaching it."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from wallet import money
from wallet.rules import activities
from wallet.rules.campaigns import conditions
from wallet.rules.draws import definition
from wallet.rules.schemes.definition import Scheme, refuse

Metric: TypeAlias = Literal[
    "amount", "purchases", "units", "merchants", "categories", "weeks", "events", "deeds"
]
Per: TypeAlias = Literal["ever", "day", "week", "month", "quarter", "year", "rolling"]
OnReturn: TypeAlias = Literal["keep", "take_back"]
LineFilter: TypeAlias = (
    conditions.OfCategory | conditions.OfProduct | conditions.OfLabel | conditions.OfBrand
)

TIMES_MAX: Final = 1_000
"""How often in a period: a reward oftener than that is a rate, which campaigns give."""
TICKETS_MAX: Final = 100
"""Tickets of one completion, as of any other source."""
DEEDS_MAX: Final = 20
"""Deeds of one milestone: more could no longer be told in a sentence."""
SEGMENTS_MAX: Final = 20
"""Segments that may reach it; a longer list is a segment of its own."""
ACCUMULATED: Final = frozenset({"amount", "purchases", "units", "events"})
"""Metrics that add up, so that something may be left over."""
DONE: Final = frozenset({"events", "deeds"})
"""Metrics of activities; all others are of purchases."""


class Deed(conditions.Part, frozen=True):
    """A kind of activity that counts; with a name, only those of that name."""

    kind: activities.Kind
    name: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=activities.NAME_CHARS_MAX)] | None
    ) = None


class Tickets(conditions.Part, frozen=True):
    """So many tickets for a draw."""

    draw: uuid.UUID
    number: Annotated[int, msgspec.Meta(ge=1, le=TICKETS_MAX)] = 1


class Milestone(Scheme, frozen=True, kw_only=True, tag="milestone"):
    """So much of a metric in a period; `reward` is the campaign that pays, None for the honour.

    Of purchases: `amount` is what was bought and kept, in minor units; `purchases` those of which
    something was kept; `units` whole units; `merchants` and `categories` how many different ones;
    `weeks` how many in a row, from Monday on. `lines` says which lines count, all that it names at
    once, and `at_least_minor` how much of a purchase has to, for `weeks` how much of a week. Of
    activities: `events` are those in `deeds`, or all; `deeds` how many different ones of them.

    What was done before the milestone was published counts only from `since` on. It is reached
    `times` in each period; with `surplus` what is over counts for the next time. `after` names
    the milestone that must be reached before anything counts here, `segments` who may reach it.
    `tickets` are given besides the reward.
    """

    metric: Metric
    target: Annotated[int, msgspec.Meta(ge=1, le=money.AMOUNT_MAX_MINOR)]
    lines: Annotated[
        tuple[LineFilter, ...], msgspec.Meta(max_length=conditions.CONDITIONS_MAX)
    ] = ()
    at_least_minor: conditions.Minor | None = None
    deeds: Annotated[tuple[Deed, ...], msgspec.Meta(max_length=DEEDS_MAX)] = ()
    per: Per = "ever"
    days: conditions.Days | None = None
    since: datetime | None = None
    until: datetime | None = None
    times: Annotated[int, msgspec.Meta(ge=1, le=TIMES_MAX)] = 1
    surplus: bool = False
    after: uuid.UUID | None = None
    segments: Annotated[tuple[conditions.Name, ...], msgspec.Meta(max_length=SEGMENTS_MAX)] = ()
    reward: uuid.UUID | None = None
    tickets: Tickets | None = None
    on_return: OnReturn = "keep"

    def check(self) -> None:
        """Refuse what could never be reached, or would not say what counts."""
        self._check_deeds()
        self._check_time()
        if self.surplus and self.metric not in ACCUMULATED:
            refuse("nothing is left over of this metric", "surplus")
        if self.surplus and self.per == "rolling":
            refuse("what is over would count in two windows at once", "surplus")
        if self.surplus and self.times == 1:
            refuse("what is over counts for nothing where it is reached once", "surplus")

    def rewards(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The one that pays, where there is one."""
        return {} if self.reward is None else {("reward",): self.reward}

    def schemes(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The one that comes before it, and the draw that its tickets are for."""
        found: dict[tuple[str, ...], uuid.UUID] = {}
        if self.after is not None:
            found["after",] = self.after
        if self.tickets is not None:
            found["tickets", "draw"] = self.tickets.draw
        return found

    def check_named(self, others: Mapping[uuid.UUID, Scheme]) -> None:
        """Only another milestone can come first, and tickets are for draws that are no lottery."""
        if self.after is not None and not isinstance(others[self.after], Milestone):
            refuse("this is no milestone", "after")
        if self.tickets is not None and not free(others[self.tickets.draw]):
            refuse("this is no draw that can be entered without a purchase", "tickets", "draw")

    def _check_deeds(self) -> None:
        if self.metric in DONE:
            if self.lines:
                refuse("an activity has no lines", "lines")
            if self.at_least_minor is not None:
                refuse("an activity has no amount", "at_least_minor")
        elif self.deeds:
            refuse("only `events` and `deeds` count activities", "deeds")
        if len(set(self.deeds)) < len(self.deeds):
            refuse("each deed is named once", "deeds")
        if self.metric == "deeds" and self.target > len(self.deeds):
            refuse("there are fewer different deeds than that", "target")

    def _check_time(self) -> None:
        if (self.days is not None) != (self.per == "rolling"):
            refuse("a rolling period has days, and no other has", "days")
        if self.metric == "weeks" and self.per != "ever":
            refuse("weeks in a row are counted across periods", "per")
        for name, instant in (("since", self.since), ("until", self.until)):
            if instant is not None and instant.tzinfo is None:
                refuse("this time has no time zone, add one such as Z", name)
        if self.since is not None and self.until is not None and self.since >= self.until:
            refuse("it ends before it begins", "until")


def free(scheme: Scheme) -> bool:
    """Whether it is a draw that nobody has to buy for: only such a one may be won tickets for."""
    return isinstance(scheme, definition.Draw) and scheme.tickets.free_entry is not None
