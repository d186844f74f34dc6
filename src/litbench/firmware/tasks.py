"""Tasks of the frameworks that can be told from their symbols: Embassy's, RTIC's, the user's own.

Embassy polls each task through ``TaskStorage<F>::poll``, whose type argument names the task. RTIC's
hardware tasks are interrupt handlers already; each software task has an executor of its own
(``__rtic_internal_NAME_EXEC``), and the handler that refers to it runs the task.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from litbench.errors import UsageError
from litbench.firmware.demangle import demangle
from litbench.firmware.indirect import constants
from litbench.firmware.stack import StackAnalysis
from litbench.firmware.vectors import TASK, THREAD, Entry

_TASKS = (
    # v0 mangling: embassy_executor::raw::TaskStorage<app::____blink_task::{closure#0}>::poll
    re.compile(r".*embassy_executor::raw::TaskStorage<.*?(\w+)_task::.*>::poll$"),
    # legacy mangling loses the type argument; the task's own future still has its name
    re.compile(r"(?:\w+::)*_{2,4}(\w+?)_task::(?:_{2,4}\w+::)?\{\{closure\}\}$"),
    re.compile(r"(?:\w+::)*_{2,4}(\w+)_task_inner_function::\{"),
)
_POOL = re.compile(r"(?:\w+::)*(\w+)::POOL$")
_PENDS_INTERRUPTS = frozenset(range(0xE000E200, 0xE000E240, 4))  # NVIC_ISPR
_RTIC = re.compile(r"(?:\w+::)*__rtic_internal_(\w+)_EXEC$")


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
    for entry in _of_rtic(analysis):
        found.setdefault(entry.name, entry)
    for name, task in analysis.annotations.tasks.items():
        found[name] = Entry(name, TASK, _function(analysis, name, task.entry))
    return list(found.values())


def merged(analysis: StackAnalysis, found: Iterable[Entry]) -> list[str]:
    """Embassy's tasks that have a pool but no poll function: one with the same code has it."""
    known = {entry.name for entry in found}
    symbols = analysis.graph.elf.symbols
    if not any("embassy_executor" in s.name for s in symbols):
        return []
    pools = (_POOL.match(demangle(s.name)) for s in symbols if "POOL" in s.name)
    return sorted({match[1] for match in pools if match is not None} - known)


def _of_rtic(analysis: StackAnalysis) -> Iterator[Entry]:
    """RTIC's software tasks, at the handlers that run them.

    A handler that spawns a task refers to its executor too, but also to the register that makes an
    interrupt pending. Where several are left, the deepest one counts.
    """
    graph = analysis.graph
    executors = []
    for symbol in graph.elf.symbols:
        match = _RTIC.match(demangle(symbol.name)) if "__rtic_internal_" in symbol.name else None
        if match is not None:
            executors.append((symbol, match[1]))
    if not executors:
        return
    named = {
        entry.start: constants(graph.program, graph.program[entry.start])
        for entry in graph.vectors.entries
        if entry.start in graph.program and entry.kind != THREAD
    }
    for symbol, name in executors:
        users = [
            start
            for start, addresses in named.items()
            if any(symbol.value <= address < symbol.end for address in addresses)
        ]
        runners = [u for u in users if not named[u] & _PENDS_INTERRUPTS] or users
        if runners:
            yield Entry(name, TASK, max(runners, key=lambda u: analysis.bounds[u].total))


def _function(analysis: StackAnalysis, name: str, wanted: str) -> int:
    for start in analysis.graph.summaries:
        if wanted in analysis.names(start):
            return start
    raise UsageError(f"firmware.stack.tasks: {name} enters {wanted!r}, which is no function here")


def _task_name(names: tuple[str, ...]) -> str | None:
    for pattern in _TASKS:
        for name in names:
            match = pattern.match(name)
            if match is not None:
                return match[1].strip("_")
    return None
