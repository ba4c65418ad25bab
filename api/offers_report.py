"""How well offers foresee what members buy: a scorer measured on the real year, beside two rivals.

The year is split by time: at each cut day a scorer sees each household's purchases before it, as it
would see a member's, and is judged by what the household bought in the days after it. The rivals
are what most members like, the same for all, and what the household bought most often. This is a
measure of foresight: whether an offer makes anybody buy more cannot be read off old purchases.
"""

import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import rich.console
import rich.progress
import rich.table

from api.journey import coalition, source
from wallet.rules import favourites, offers

CUTS: Final = (date(2017, 5, 1), date(2017, 7, 1), date(2017, 9, 1), date(2017, 11, 1))
"""Through the year, each with four months of history or more."""
HORIZON_DAYS: Final = 14
SIZES: Final = (1, 3, 5)
"""How many of the first offers are judged; a member gets at most five."""
_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Popularity:
    """The first rival: for everybody the same, what most members like first."""

    name: str = "popularity"
    version: int = 1

    def score(
        self,
        history: offers.History,  # noqa: ARG002 - for everybody the same
        candidates: Sequence[str],
        today: date,  # noqa: ARG002 - whatever the day
    ) -> Sequence[offers.Scored]:
        """Propose the candidates in their order."""
        reason = {"sentence": "Many members like it."}
        return [offers.Scored(one, offers.BPS_MAX, "stated", reason) for one in candidates]


@dataclass(frozen=True, slots=True)
class Frequency:
    """The second rival: what the household bought most often, whenever it was."""

    name: str = "frequency"
    version: int = 1

    def score(
        self,
        history: offers.History,
        candidates: Sequence[str],
        today: date,  # noqa: ARG002 - whatever the day
    ) -> Sequence[offers.Scored]:
        """Propose by plain counts; of equal ones, what more members like comes first."""
        place = {category: number for number, category in enumerate(candidates)}
        known = [one for one in history.bought if one.category in place]
        known.sort(key=lambda one: (-len(one.days), place[one.category]))
        reason = {"sentence": "You buy it often."}
        return [offers.Scored(one.category, offers.BPS_MAX, "stated", reason) for one in known]


RIVALS: Final[tuple[offers.Scorer, ...]] = (Popularity(), Frequency())


@dataclass(slots=True)
class Score:
    """What one scorer came to: by size, households with a hit, and offers that were bought."""

    name: str
    hits: Counter[int] = field(default_factory=Counter)
    found: Counter[int] = field(default_factory=Counter)
    hits_by_cut: Counter[date] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Report:
    """The scores, over so many pairs of a household and a cut day (by cut day).

    `alone` counts at the largest size where the scorer hit and frequency did not, and the reverse.
    """

    asked: Counter[date]
    scores: list[Score]
    alone: tuple[int, int]


@dataclass(slots=True)
class _Shelf:
    """One household's purchases of one category, in order of time."""

    days: list[date] = field(default_factory=list)
    kept_minor: list[int] = field(default_factory=list)


Shopping = dict[int, dict[str, _Shelf]]


def run(scorer: offers.Scorer, *, households: int | None, console: rich.console.Console) -> Report:
    """Measure a scorer and print what came of it.

    Raises ModuleNotFoundError with what to install.
    """
    with console.status("Reading a year of shopping"):
        year = source.read()
        if households is not None:
            year = year.of(year.households(households))
        bought = shopping(year)
    bar = rich.progress.Progress(
        rich.progress.TextColumn("Asking {task.description}"),
        rich.progress.BarColumn(),
        rich.progress.TaskProgressColumn(),
        rich.progress.TimeElapsedColumn(),
        rich.progress.TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task(scorer.name, total=len(bought) * len(CUTS))
        report = evaluate(bought, scorer, progress=lambda: bar.advance(task))
    _tell(report, console)
    return report


def shopping(year: source.Source) -> Shopping:
    """Gather what each household bought, by category: one entry for each purchase.

    As in a replay, a merchant's part of a basket is a purchase. Lines without units are left out:
    most of them are items that were taken back.
    """
    rows = year.rows.filter(pc.greater(year.rows["quantity_milli"], 0))
    names = sorted({product.shelf.category for product in year.products})
    places = {name: place for place, name in enumerate(names)}
    of = pa.array([places[product.shelf.category] for product in year.products], pa.int16())
    columns = {
        "household": rows["household"],
        "day": _local_days(rows["second"]),
        "basket": rows["basket"],
        "merchant": rows["merchant"],
        "category": of.take(rows["product"].combine_chunks()),
        "amount_minor": rows["amount_minor"],
    }
    keys = [name for name in columns if name != "amount_minor"]
    grouped = pa.table(columns).group_by(keys, use_threads=False)
    purchases = grouped.aggregate([("amount_minor", "sum")])
    purchases = purchases.take(pc.sort_indices(purchases, [(key, "ascending") for key in keys]))
    found: Shopping = {}
    dates = {number: date.fromordinal(_EPOCH + number) for number in _values(purchases, "day")}
    for household, number, category, amount_minor in zip(
        *(_values(purchases, name) for name in ("household", "day", "category")),
        _values(purchases, "amount_minor_sum"),
        strict=True,
    ):
        shelf = found.setdefault(household, {}).setdefault(names[category], _Shelf())
        shelf.days.append(dates[number])
        shelf.kept_minor.append(amount_minor)
    return found


def evaluate(
    bought: Shopping,
    scorer: offers.Scorer,
    *,
    cuts: Sequence[date] = CUTS,
    progress: Callable[[], None] = lambda: None,
) -> Report:
    """Measure a scorer and its rivals at each cut day.

    Only households are judged that bought something both before the day and in the days after it.
    """
    scorers = (scorer, *RIVALS)
    scores = [Score(one.name) for one in scorers]
    asked: Counter[date] = Counter()
    alone = [0, 0]
    for cut in cuts:
        histories = {household: _before(shelves, cut) for household, shelves in bought.items()}
        candidates = _liked(histories.values(), cut)
        for household, shelves in bought.items():
            progress()
            history, after = histories[household], _after(shelves, cut)
            if not history.bought or not after:
                continue
            asked[cut] += 1
            hits = [
                _judge(one, score, history, candidates, cut, after)
                for one, score in zip(scorers, scores, strict=True)
            ]
            alone[0] += hits[0] and not hits[-1]
            alone[1] += hits[-1] and not hits[0]
    return Report(asked, scores, (alone[0], alone[1]))


def _judge(
    scorer: offers.Scorer,
    score: Score,
    history: offers.History,
    candidates: Sequence[str],
    cut: date,
    after: frozenset[str],
) -> bool:
    """Ask as a sweep would, count what was bought, and say whether any of the offers was."""
    # The day before the cut is the last one that the scorer may know.
    today = cut - timedelta(days=1)
    outcome = offers.ask(scorer, history, candidates, today, bps_max=offers.BPS_MAX)
    if outcome.failure is not None:
        score.failures[outcome.failure] += 1
    right = [one.category in after for one in outcome.offers]
    for size in SIZES:
        score.found[size] += sum(right[:size])
        score.hits[size] += any(right[:size])
    hit = any(right[: SIZES[-1]])
    score.hits_by_cut[cut] += hit
    return hit


def _before(shelves: Mapping[str, _Shelf], cut: date) -> offers.History:
    since = cut - timedelta(days=offers.HISTORY_DAYS)
    bought = []
    for category in sorted(shelves):
        shelf = shelves[category]
        first, last = bisect.bisect_left(shelf.days, since), bisect.bisect_left(shelf.days, cut)
        if first < last:
            kept_minor = sum(shelf.kept_minor[first:last])
            bought.append(favourites.Bought(category, tuple(shelf.days[first:last]), kept_minor))
    return offers.History(tuple(bought))


def _after(shelves: Mapping[str, _Shelf], cut: date) -> frozenset[str]:
    until = cut + timedelta(days=HORIZON_DAYS)
    return frozenset(
        category
        for category, shelf in shelves.items()
        if bisect.bisect_left(shelf.days, cut) < bisect.bisect_left(shelf.days, until)
    )


def _liked(histories: Iterable[offers.History], cut: date) -> list[str]:
    """Put the categories in order as the books do: by the members whose favourite each is."""
    today = cut - timedelta(days=1)
    count = Counter(
        one.category
        for history in histories
        for one in favourites.choose(history.bought, today=today)
    )
    return sorted(count, key=lambda category: (-count[category], category))


def _local_days(seconds: Any) -> Any:
    instants = seconds.cast(pa.timestamp("s")).cast(pa.timestamp("s", coalition.TIME_ZONE))
    days = pc.floor_temporal(pc.local_timestamp(instants), unit="day")
    return days.cast(pa.date32()).cast(pa.int32())


def _values(table: Any, name: str) -> Any:
    return table[name].to_pylist()


def _tell(report: Report, console: rich.console.Console) -> None:
    console.print(_table(report))
    console.print(_by_cut(report))
    first, rivals = report.scores[0], report.scores[1:]
    size = SIZES[-1]
    console.print(
        f"{sum(report.asked.values()):,} pairs of a household and a day. With {size} offers"
        f" {first.name} hit {report.alone[0]:,} that {rivals[-1].name} missed, and missed"
        f" {report.alone[1]:,} that it hit.",
        soft_wrap=True,
    )
    worse = [one.name for one in rivals if one.hits[size] > first.hits[size]]
    if worse:
        console.print(f"[red]{first.name} loses to {' and '.join(worse)}.[/red]")
    for failure, times in sorted(first.failures.items()):
        console.print(f"[red]{first.name} was ignored {times:,} times: {failure}[/red]")


def _table(report: Report) -> rich.table.Table:
    table = _empty(f"Bought within {HORIZON_DAYS} days, in per cent")
    for size in SIZES:
        table.add_column(f"Hit@{size}", justify="right")
    for size in SIZES:
        table.add_column(f"Precision@{size}", justify="right")
    asked = sum(report.asked.values())
    for score in report.scores:
        hits = [_percent(score.hits[size], asked) for size in SIZES]
        found = [_percent(score.found[size], asked * size) for size in SIZES]
        table.add_row(score.name, *hits, *found)
    return table


def _by_cut(report: Report) -> rich.table.Table:
    table = _empty(f"Hit@{SIZES[-1]} by the day, in per cent")
    for cut in report.asked:
        table.add_column(f"{cut.day} {cut:%B}", justify="right")
    table.add_row("households", *(f"{asked:,}" for asked in report.asked.values()))
    for score in report.scores:
        shown = (_percent(score.hits_by_cut[cut], asked) for cut, asked in report.asked.items())
        table.add_row(score.name, *shown)
    return table


def _empty(title: str) -> rich.table.Table:
    table = rich.table.Table(
        title=title,
        title_justify="left",
        header_style="dim",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("Scorer", no_wrap=True)
    return table


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"
