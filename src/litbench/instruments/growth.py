"""Growth: how live bytes develop over a run, from heaptrack's events.

It finds what a leak checker cannot: memory that something still points to, and nobody needs.
"""

from __future__ import annotations

from typing import ClassVar

from litbench.instruments.base import Answer, Effort, Watched
from litbench.instruments.heaptrack import Heaptrack
from litbench.units import Unit


class Growth(Heaptrack):
    """Live bytes at the end of the region over those at its beginning."""

    tool: ClassVar[str] = "heaptrack"
    effort: ClassVar[Effort] = Effort(iterations=10, time_limit_s=5.0)

    def collect(self, watched: Watched) -> Answer:
        """As heaptrack, with the growth instead of the costs."""
        answer = super().collect(watched)
        live = {m.name: m.values[0] for m in answer.metrics if m.name.startswith("live-")}
        answer.totals = {}
        answer.histograms = []
        if len(live) == 2 and not watched.killed:
            grown = live["live-end"] - live["live-start"]
            answer.totals["growth"] = (Unit.BYTES, grown)
            late = _late_growth(answer)
            if late is not None:
                answer.one("growth-second-half", Unit.BYTES, late)
        return answer


def _late_growth(answer: Answer) -> float | None:
    """Live bytes gained in the second half of the time line; what warm-up brings is in the first.

    None where the time line is too short to tell.
    """
    table = next((t for t in answer.tables if t.name == "heap over time"), None)
    if table is None or len(table.rows) < 8:
        return None
    live = [float(row[1] or 0) for row in table.rows]
    return live[-1] - live[len(live) // 2]
