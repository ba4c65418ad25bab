"""The benchmarks run: the smallest sizes, only to prove the machinery. Nothing here is timed."""

import asyncio

import orjson
import pytest
from rich.console import Console

from bench import __main__ as bench
from bench import findings, plan, report
from bench import server as servers

MEASURES = ["movement", "hot-merchant", "bulk", "weight", "growth", "boards"]


@pytest.mark.slow
def test_every_measure_ends_with_figures_and_the_rows_agree_with_the_load(server: str) -> None:
    facts, found = _run(server, MEASURES)

    assert len(MEASURES) == len(found)
    for finding in found:
        assert finding.figures
        assert finding.ratios
        assert all(figure.median > 0 for figure in finding.figures)
    text = report.markdown(facts, found)
    assert str(facts["postgresql"]) in text
    assert "three rows" in text
    assert orjson.dumps([finding.plain() for finding in found])


def test_a_bar_is_met_or_missed_and_a_ratio_without_one_is_only_told() -> None:
    assert findings.Ratio("faster", 2.1, "x", 2.0).met is True
    assert findings.Ratio("faster", 1.9, "x", 2.0).met is False
    assert findings.Ratio("lighter", 901, "B", 900, "at most").met is False
    assert findings.Ratio("told", 1.0, "x").met is None


def _run(dsn: str, chosen: list[str]) -> tuple[dict[str, object], list[findings.Finding]]:
    with servers.start(dsn) as on:
        return asyncio.run(bench.run(on, plan.TINY, chosen, "test", Console(quiet=True)))
