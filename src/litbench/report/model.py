"""Records to a report: the only thing that formats are fed.

records -> rankings (one table each), memory, images, goals, environment, runs -> Report
"""

from __future__ import annotations

from collections.abc import Sequence

from litbench.record import Kind, Record
from litbench.report import boards, clocks, goals, images, machine, memories, rankings, runs, sweeps
from litbench.report.goals import GoalSet
from litbench.report.parts import Report

__all__ = ["Report", "build"]


def build(
    records: Sequence[Record],
    title: str = "litbench report",
    goal_sets: Sequence[GoalSet] | None = None,
) -> Report:
    """The report of these records, in an order that does not depend on theirs.

    ``goal_sets`` are held against them, by default those that come with litbench.
    """
    ordered = sorted(records, key=lambda record: (record.started, record.id))
    facts = machine.facts(ordered)
    ranked = rankings.build(ordered)
    held = goals.build(ordered, goals.shipped() if goal_sets is None else goal_sets)
    return Report(
        title=title,
        first=ordered[0].started if ordered else "",
        last=ordered[-1].started if ordered else "",
        sessions=tuple(dict.fromkeys(record.session for record in ordered)),
        targets=tuple(dict.fromkeys(sorted(record.subject.name for record in ordered))),
        valid=sum(record.valid for record in ordered),
        invalid=sum(not record.valid for record in ordered),
        warnings=machine.warnings(ordered, facts),
        rankings=ranked,
        sweeps=sweeps.build(ranked, ordered, held),
        memory=memories.build(ordered),
        images=images.build(ordered),
        goals=held,
        boards=boards.build(ordered),
        environment=facts,
        runs=tuple(runs.build(record) for record in ordered),
        beside=clocks.build(ordered, ranked),
        profiles=tuple(record for record in ordered if record.kind is Kind.PROFILE),
    )
