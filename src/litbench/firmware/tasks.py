"""Tasks of the frameworks that can be told from their symbols: Embassy's, RTIC's, the user's own.

Embassy polls each task through ``TaskStorage<F>::poll``, whose type argument names the task; RTIC's
hardware tasks are interrupt handlers already, its asynchronous ones are futures of the app module.
"""

from __future__ import annotations

import re

from litbench.firmware.stack import StackAnalysis
from litbench.firmware.vectors import TASK, THREAD, Entry

_TASKS = (
    # v0 mangling: embassy_executor::raw::TaskStorage<app::____blink_task::{closure#0}>::poll
    re.compile(r".*embassy_executor::raw::TaskStorage<.*?(\w+)_task::.*>::poll$"),
    # legacy mangling loses the type argument; the task's own future still has its name
    re.compile(r"(?:\w+::)*_{2,4}(\w+?)_task::(?:_{2,4}\w+::)?\{\{closure\}\}$"),
    re.compile(r"(?:\w+::)*_{2,4}(\w+)_task_inner_function::\{"),
    # RTIC 2: app::rtic_ext or <app>::task::{closure}
    re.compile(r"(?:\w+::)*__rtic_internal_async_(\w+)"),
)


def find(analysis: StackAnalysis) -> list[Entry]:
    """Entries for tasks, and for ``main`` where start-up code leads to it."""
    taken = {entry.start for entry in analysis.graph.vectors.entries}
    found: dict[str, Entry] = {}
    for start in analysis.graph.summaries:
        if start in taken:
            continue
        names = analysis.names(start)
        if "main" in names:
            found.setdefault("main", Entry("main", THREAD, start))
            continue
        name = _task_name(names)
        if name is not None:
            found.setdefault(name, Entry(name, TASK, start))
    for name, function in analysis.annotations.tasks.items():
        for start in analysis.graph.summaries:
            if function in analysis.names(start):
                found[name] = Entry(name, TASK, start)
    return list(found.values())


def _task_name(names: tuple[str, ...]) -> str | None:
    for pattern in _TASKS:
        for name in names:
            match = pattern.match(name)
            if match is not None:
                return match[1].strip("_")
    return None
