"""The report as JSON: every number as it was computed, with its unit, nothing rounded.

What is undetermined is ``{"undetermined": reason}`` in place of the figures.
"""

from __future__ import annotations

from typing import Any

import msgspec

from litbench.report.parts import Report

FORMAT = 1


def to_builtins(report: Report) -> dict[str, Any]:
    """The report as plain dictionaries, lists and scalars.

    Runs and boards are without their details in words, and what stands side by side in words is in
    the rankings: ``litbench dump`` has the records themselves.
    """
    runs = tuple(msgspec.structs.replace(run, sections=()) for run in report.runs)
    boards = tuple(msgspec.structs.replace(board, sheets=()) for board in report.boards)
    plain = msgspec.to_builtins(msgspec.structs.replace(report, runs=runs, boards=boards))
    for run in plain["runs"]:
        del run["sections"]
    del plain["beside"]
    for board in plain["boards"]:
        del board["sheets"]
    return {"litbench_report": FORMAT, **plain}


def render(report: Report) -> str:
    """The report as one JSON document on one line."""
    return msgspec.json.encode(to_builtins(report)).decode() + "\n"
