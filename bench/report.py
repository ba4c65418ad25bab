"""What a run leaves: tables on the screen, a markdown table to paste, and a JSON file to keep."""

from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from bench.findings import Figure, Finding, Ratio

FOLDER = Path(__file__).resolve().parent / "results"


def number(value: float, unit: str) -> str:
    """A figure with as many digits as it deserves."""
    if unit in ("x", "ms"):
        return f"{value:,.2f} {unit}"
    if unit == "%":
        return f"{value:,.1f} %"
    return f"{value:,.0f} {unit}".replace(" /s", "/s")


def verdict(ratio: Ratio) -> str:
    """Whether a ratio passes, in words."""
    if ratio.bar is None:
        return ""
    bar = f"{ratio.sense} {number(ratio.bar, ratio.unit)}"
    return f"{'met' if ratio.met else 'MISSED'} ({bar})"


def show(console: Console, finding: Finding) -> None:
    """Print one finding."""
    table = Table(title=finding.title, title_justify="left", caption_justify="left")
    table.add_column("side")
    table.add_column("median", justify="right")
    table.add_column("slowest and fastest turn", justify="right")
    table.add_column("server's processor time", justify="right")
    for figure in finding.figures:
        median = number(figure.median, figure.unit)
        table.add_row(figure.side, median, _spread(figure), _work(figure))
    console.print(table)
    for ratio in finding.ratios:
        style = {True: "green", False: "bold red", None: ""}[ratio.met]
        console.print(f"  {ratio.claim}: {number(ratio.value, ratio.unit)}", style=style, end="")
        console.print(f"  {verdict(ratio)}", style=style)
    for note in finding.notes:
        console.print(f"  {note}", style="dim")
    console.print(f"  load average meanwhile: {finding.load}\n", style="dim")


def markdown(machine: dict[str, Any], findings: list[Finding]) -> str:
    """The run as a page of markdown: the machine first, then every ratio and every figure."""
    where = (
        f"`{machine['command']}` on {machine['date']}: {machine['cores']} cores of"
        f" {machine['cpu']}, {machine['memory_gib']} GiB, PostgreSQL {machine['postgresql']},"
        f" Python {machine['python']}, load average at the start {machine['load_at_start']}."
    )
    lines = [
        where,
        "",
        "| Ratio | Found | Bar |",
        "| --- | ---: | --- |",
    ]
    for finding in findings:
        for ratio in finding.ratios:
            found = number(ratio.value, ratio.unit)
            lines.append(f"| {finding.title}: {ratio.claim} | {found} | {verdict(ratio)} |")
    lines += [
        "",
        "| Side | Median | Slowest and fastest turn | Server's processor time | Load |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for finding in findings:
        for figure in finding.figures:
            what = f"{finding.title}: {figure.side}"
            median = number(figure.median, figure.unit)
            spread, work = _spread(figure), _work(figure)
            lines.append(f"| {what} | {median} | {spread} | {work} | {finding.load} |")
    return "\n".join(lines) + "\n"


def keep(machine: dict[str, Any], findings: list[Finding], folder: Path = FOLDER) -> Path:
    """Write the run down as JSON; returns where."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{machine['date'].replace(':', '')[:15]}.json"
    facts = {"machine": machine, "findings": [finding.plain() for finding in findings]}
    path.write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    return path


def _work(figure: Figure) -> str:
    return "" if figure.cpu_us is None else number(figure.cpu_us, "µs")


def _spread(figure: Figure) -> str:
    if figure.low == figure.high:
        return ""
    return f"{number(figure.low, figure.unit)} to {number(figure.high, figure.unit)}"
