"""Which instruments answer a question, best first, and which of them can be used here."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from litbench.errors import MissingToolError, UsageError
from litbench.instruments.base import Instrument, Obstacle, Program, Question

# A question has one or more parts; each part is answered by the first instrument that can be
# used, in a run of its own. Named as module and class, so that only what is used is imported.
PARTS: dict[Question, tuple[tuple[str, ...], ...]] = {
    Question.HEAP: (
        ("heaptrack:Heaptrack", "dhat:DhatInstrument"),
        ("memray:Memray",),
        ("memory_by_size:MemoryBySize",),
    ),
    Question.LEAKS: (
        ("sanitizers:LeakSanitizer", "memcheck:Memcheck", "growth:Growth"),
        ("growth:Growth",),
    ),
    Question.CPU: (
        ("pyspy:PySpy", "perf_record:PerfRecord"),
        ("perf_stat:Counters",),
        ("callgrind:Callgrind",),
    ),
    Question.FRAGMENTATION: (
        ("memory_shim:OwnAllocator",),
        ("memory_shim:OnJemalloc",),
        ("memory_shim:OnMimalloc",),
    ),
    Question.LOCKS: (
        ("lock_shim:LockShim",),
        ("flight_recorder:FlightRecorder",),
        ("futex_trace:FutexTrace", "futex_trace:Strace"),
        ("perf_c2c:PerfC2c", "perf_sharing:PerfSharing"),
    ),
    Question.RACES: (("races:ThreadSanitizer", "races:Helgrind"),),
    Question.SCHED: (("perf_sched:PerfSched",), ("schedstat:Schedstat",)),
    Question.CACHE: (("perf_stat:CacheCounters",), ("cachegrind:Cachegrind",)),
}


@dataclass(frozen=True)
class Choice:
    """An instrument for a part of a question, and the better ones that cannot be used."""

    instrument: type[Instrument]
    passed_over: tuple[tuple[str, Obstacle], ...] = ()


def choices(question: Question, program: Program, tool: str | None = None) -> Iterator[Choice]:
    """The best usable instrument of every part, or the named ``tool`` alone.

    Raises MissingToolError when a question has no part that can be answered here, UsageError when
    it has no such tool. A later part that cannot be answered is left out.
    """
    if tool is not None:
        yield Choice(_named(question, program, tool))
        return
    found = 0
    obstacles: list[tuple[str, Obstacle]] = []
    for part in PARTS[question]:
        passed: list[tuple[str, Obstacle]] = []
        for kind in map(_load, part):
            obstacle = kind.obstacle(program)
            if obstacle is None:
                found += 1
                yield Choice(kind, tuple(passed))
                break
            if not obstacle.irrelevant:
                passed.append((kind.tool, obstacle))
        else:
            obstacles += passed
    if not found:
        raise _none(question, obstacles)


def tools_for(question: Question) -> tuple[type[Instrument], ...]:
    """Every instrument that can answer something of a question, best first."""
    return tuple(_load(name) for part in PARTS[question] for name in part)


def unanswered(question: Question, program: Program) -> Iterator[Obstacle]:
    """The parts of a question that no instrument can answer here: the best one's obstacle."""
    for part in PARTS[question]:
        obstacles = [kind.obstacle(program) for kind in map(_load, part)]
        if all(obstacle is not None for obstacle in obstacles):
            yield from [o for o in obstacles if o is not None and not o.irrelevant][:1]


def _named(question: Question, program: Program, tool: str) -> type[Instrument]:
    kinds = tools_for(question)
    for kind in kinds:
        if kind.tool == tool:
            obstacle = kind.obstacle(program)
            if obstacle is not None:
                raise _missing(tool, obstacle)
            return kind
    names = ", ".join(dict.fromkeys(kind.tool for kind in kinds))
    raise UsageError(f"no tool {tool!r} answers {question}: there are {names}")


def _load(name: str) -> type[Instrument]:
    module, _, kind = name.partition(":")
    loaded: type[Instrument] = getattr(
        importlib.import_module(f"litbench.instruments.{module}"), kind
    )
    return loaded


def _none(question: Question, obstacles: list[tuple[str, Obstacle]]) -> MissingToolError:
    told = "; ".join(f"{tool}: {obstacle.missing}" for tool, obstacle in obstacles)
    cure = next((o.cure for _, o in obstacles if o.cure), "See `litbench doctor`.")
    return MissingToolError(
        f"a tool for {question}", cost=f"it cannot be answered here ({told})", cure=cure
    )


def _missing(tool: str, obstacle: Obstacle) -> MissingToolError:
    error = MissingToolError(tool, cost=obstacle.cost, cure=obstacle.cure)
    error.args = (f"{obstacle.missing}: {obstacle.cost}. {obstacle.cure}",)
    return error
