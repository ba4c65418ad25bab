"""What a measure found: figures of its sides, and ratios with the bar that each should pass."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bench import rounds


@dataclass(frozen=True, slots=True)
class Figure:
    """One side's figure: the median of its turns, and the slowest and fastest."""

    side: str
    median: float
    low: float
    high: float
    unit: str
    cpu_us: float | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """One claim. `bar` None means that it is told, not judged."""

    claim: str
    value: float
    unit: Literal["x", "%", "B"]
    bar: float | None = None
    sense: Literal["at least", "at most"] = "at least"

    @property
    def met(self) -> bool | None:
        """Whether it passes its bar; None without one."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.sense == "at least" else self.value <= self.bar


@dataclass(slots=True)
class Finding:
    """One measure: what was counted, what came out, at which load of the machine."""

    title: str
    about: str
    figures: list[Figure] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    load: float = 0.0

    def add(self, result: rounds.Result, unit: str = "/s") -> float:
        """Take in the turns of one side; returns its median."""
        self.figures.append(
            Figure(result.name, result.median, result.low, result.high, unit, result.cpu)
        )
        return result.median

    def less_work(self, claim: str, one: rounds.Result, other: rounds.Result) -> None:
        """Tell how much less the server works for `one` than for `other`, where that is known."""
        if one.cpu and other.cpu:
            self.ratios.append(Ratio(f"{claim}, by processor time", other.cpu / one.cpu, "x"))

    def plain(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        facts = asdict(self)
        facts["ratios"] = [{**asdict(one), "met": one.met} for one in self.ratios]
        return facts
