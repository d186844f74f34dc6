"""The numbers behind the interactive charts, as plain data for the page's script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from litbench.report.parts import MemoryTable, Ranking, Report, Row, Sweep
from litbench.stats import histogram as hdr
from litbench.stats.slope import Slope
from litbench.stats.steady import State
from litbench.stats.summary import Latency, Throughput

PER_DECADE = 16  # points of a percentile curve for each further nine
LINE_POINTS = 24
NOT_LATENCIES = {"pacing", "gap"}  # of the driver, and of whoever had to wait for a turn


def charts(report: Report, colours: dict[str, int]) -> dict[str, Any]:
    """Every chart's data, by the anchor of its section."""
    return {
        "latency": {r.anchor: _curves(r, colours) for r in report.rankings},
        "traces": {r.anchor: _traces(r, colours) for r in report.rankings},
        "sweep": {s.anchor: _sweep(s, colours) for s in report.sweeps},
        "memory": {m.anchor: _slopes(m, colours) for m in report.memory},
    }


def _curves(ranking: Ranking, colours: dict[str, int]) -> dict[str, Any] | None:
    """Percentile curves on one shared grid: x is log10(1 / (1 - p)), as HdrHistogram plots it."""
    curves = [
        (row, latency, index)
        for row in ranking.rows
        if isinstance(row.latencies, tuple)
        for index, latency in enumerate(row.latencies)
        if latency.unit is row.latencies[0].unit and latency.name not in NOT_LATENCIES
    ]
    if not curves:
        return None
    ends = {math.log10(latency.count) for _, latency, _ in curves}
    longest = max(ends)
    grid = {step / PER_DECADE for step in range(math.floor(longest * PER_DECADE) + 1)}
    x = sorted(grid | ends)
    return {
        "unit": curves[0][1].unit,
        "x": [round(value, 5) for value in x],
        "series": [_curve(row, latency, index, x, colours) for row, latency, index in curves],
    }


def _curve(
    row: Row, latency: Latency, index: int, x: Sequence[float], colours: dict[str, int]
) -> dict[str, Any]:
    own = [value for value in x if value <= math.log10(latency.count) + 1e-12]
    fractions = [min(1 - Fraction(10**-value), Fraction(1)) for value in own]
    values: list[int | None] = list(hdr.percentiles(latency.counts, fractions))
    values[-1] = latency.max
    return {
        "label": f"{row.label}, {latency.name}" if _several(row) else row.label,
        "colour": colours[row.target],
        "dash": index > 0,
        "y": values + [None] * (len(x) - len(own)),
    }


def _several(row: Row) -> bool:
    """Whether a row has latencies of several kinds, so that each needs its name."""
    found = row.latencies if isinstance(row.latencies, tuple) else ()
    return sum(one.name not in NOT_LATENCIES for one in found) > 1


def _sweep(sweep: Sweep, colours: dict[str, int]) -> dict[str, Any]:
    """Values with their intervals, by what is swept."""
    x = sorted({point.at for row in sweep.rows for point in row.points})
    series = []
    for row in sweep.rows:
        points = {point.at: point for point in row.points}
        found = [points.get(at) for at in x]
        series.append(
            {
                "label": row.label,
                "colour": colours[row.target],
                "y": [point and point.value for point in found],
                "low": [point and point.low for point in found],
                "high": [point and point.high for point in found],
            }
        )
    claims = [{"label": claim.label, "value": claim.value} for claim in sweep.claims]
    return {"over": sweep.over, "unit": sweep.unit, "x": x, "series": series, "claims": claims}


def _traces(ranking: Ranking, colours: dict[str, int]) -> dict[str, Any] | None:
    """Every iteration of every fork, and from where each fork was steady."""
    rows = [
        {
            "label": row.label,
            "colour": colours[row.target],
            "forks": [list(fork) for fork in found.times],
            "starts": [state.start for state in found.states],
            "state": _state(found),
        }
        for row in ranking.rows
        if (found := traced(row)) is not None
    ]
    return {"unit": ranking.per, "rows": rows} if rows else None


def traced(row: Row) -> Throughput | Latency | None:
    """What a row's iterations are shown of: its throughput runs, else its latency runs."""
    if isinstance(row.throughput, Throughput):
        return row.throughput
    return row.latency if isinstance(row.latency, Latency) and row.latency.times else None


def _state(found: Throughput | Latency) -> str:
    """What the forks did, in words: one class, or each with its count."""
    states = [fork.state for fork in found.states]
    counts = {state: states.count(state) for state in State if state in states}
    if len(counts) == 1:
        return str(states[0])
    return ", ".join(f"{count}: {state}" for state, count in counts.items())


def _slopes(memory: MemoryTable, colours: dict[str, int]) -> list[dict[str, Any]]:
    """One chart for each reading: points, and the fitted line where there is one."""
    readings = dict.fromkeys(row.memory.reading for row in memory.rows)
    return [
        {
            "reading": reading,
            "unit": memory.rows[0].memory.counted,
            "rows": [
                {
                    "label": row.label,
                    "colour": colours[row.target],
                    "points": [[point.size, point.used] for point in row.memory.points],
                    "line": _line(row.memory.slope, [point.size for point in row.memory.points]),
                }
                for row in memory.rows
                if row.memory.reading is reading
            ],
        }
        for reading in readings
    ]


def _line(slope: object, sizes: Sequence[int]) -> list[list[float]]:
    """Points of the fitted line, close enough to be a curve on logarithmic axes."""
    if not isinstance(slope, Slope):
        return []
    low, high = max(min(sizes), 1), max(sizes)
    at = [low * (high / low) ** (i / (LINE_POINTS - 1)) for i in range(LINE_POINTS)]
    return [[round(size, 3), round(slope.intercept + slope.slope * size, 3)] for size in at]
