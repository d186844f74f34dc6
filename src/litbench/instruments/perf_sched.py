"""perf's switch events: who ran when, who waited, who was woken, on which processor.

Only the program's own threads are recorded, which needs no root. Wake-ups need tracepoints, which
mostly do; without them a wait after a wake-up counts as sleep.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from litbench.instruments.base import (
    Answer,
    Effort,
    File,
    Obstacle,
    Program,
    Watched,
)
from litbench.instruments.perf import perf_obstacle, supported
from litbench.instruments.perf_file import PerfFile
from litbench.instruments.sites import histogram
from litbench.instruments.switches import Schedule, read_schedule
from litbench.instruments.tools import lines_of
from litbench.record import Table
from litbench.units import Unit

WAKEUP = "sched:sched_wakeup"
TIMELINE_ROWS = 4_000


class PerfSched(PerfFile):
    """Run and wait time per thread, wake-up latency, balance over processors, a time line."""

    tool: ClassVar[str] = "perf-sched"
    effort: ClassVar[Effort] = Effort(iterations=100_000, time_limit_s=1.0)
    file: ClassVar[str] = "perf-sched.data"

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._wakeups = WAKEUP in supported((WAKEUP,))

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """perf missing, or not allowed."""
        return perf_obstacle("no time line of the scheduler")

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Record switches of the command's threads."""
        own = ["--switch-events", "--sample-cpu", "-e", "dummy"]
        return self.record(own + (["-e", WAKEUP] if self._wakeups else []), command)

    def collect(self, watched: Watched) -> Answer:
        """Read the switches as they stream."""
        answer, readable = self.begun(watched)
        answer.settings["wake_ups"] = self._wakeups
        if not readable:
            return answer
        command = ["perf", "script", "-i", str(self._data), "--ns", "--show-switch-events"]
        command += ["--show-task-events", "-F", "comm,pid,tid,cpu,time,event,trace"]
        with lines_of(command, self.folder / "perf-script.txt") as lines:
            schedule = read_schedule(lines)
        if schedule.malformed or schedule.truncated or watched.killed:
            answer.caution("partial", _why_partial(schedule, watched))
        if not self._wakeups:
            message = "no wake-ups without root: a wait after a wake-up counts as sleep"
            answer.caution("no-wake-ups", message)
        fill(answer, schedule)
        if schedule.intervals:
            answer.files.append(self._trace(schedule))
        return answer

    def _trace(self, schedule: Schedule) -> File:
        """The time line in the trace event format, which ui.perfetto.dev opens."""
        path = self.folder / "schedule.perfetto.json"
        events: list[dict[str, object]] = [
            {"ph": "M", "name": "thread_name", "pid": 1, "tid": t.tid, "args": {"name": t.name}}
            for t in schedule.threads.values()
        ]
        events += [
            {
                "ph": "X", "name": i.state, "pid": 1, "tid": i.tid,
                "ts": (i.start - schedule.start) / 1000, "dur": (i.end - i.start) / 1000,
                "args": {"cpu": i.cpu},
            }
            for i in schedule.intervals
        ]  # fmt: skip
        path.write_bytes(msgspec.json.encode({"traceEvents": events, "displayTimeUnit": "ns"}))
        return File("perfetto", path, "application/json")


def fill(answer: Answer, schedule: Schedule) -> None:
    """The numbers and tables of a schedule."""
    threads = sorted(schedule.threads.values(), key=lambda t: (-t.run, t.tid))
    if not threads:
        answer.caution("no-data", "no context switch happened in the region")
        return
    answer.totals["switches"] = (Unit.COUNT, sum(t.switches for t in threads))
    answer.totals["preemptions"] = (Unit.COUNT, sum(t.preempted for t in threads))
    answer.totals["migrations"] = (Unit.COUNT, sum(t.migrations for t in threads))
    answer.totals["run"] = (Unit.NS, sum(t.run for t in threads))
    answer.totals["wait"] = (Unit.NS, sum(t.wait for t in threads))
    answer.one("span", Unit.NS, schedule.span)
    if schedule.latencies:
        answer.histograms.append(histogram("wake-up-latency", Unit.NS, schedule.latencies))
    answer.tables += [_threads(schedule), _cores(schedule), _timeline(schedule)]


def _threads(schedule: Schedule) -> Table:
    columns: tuple[tuple[str, Unit | None], ...] = (
        ("thread", None), ("tid", None), ("run", Unit.NS), ("wait", Unit.NS),
        ("sleep", Unit.NS), ("run share", Unit.RATIO), ("switches", Unit.COUNT),
        ("preempted", Unit.COUNT), ("migrations", Unit.COUNT), ("longest run", Unit.NS),
        ("ousted", Unit.COUNT), ("longest wait", Unit.NS), ("others waited", Unit.NS),
    )  # fmt: skip
    span = schedule.span or 1
    rows = tuple(
        (t.name, t.tid, t.run, t.wait, t.sleep, t.run / span, t.switches, t.preempted,
         t.migrations, t.longest_run, t.ousted, t.longest_wait, t.others_waited)
        for t in sorted(schedule.threads.values(), key=lambda t: (-t.run, t.tid))[:200]
    )  # fmt: skip
    return Table(
        name="threads",
        columns=tuple(name for name, _ in columns),
        units=tuple(unit for _, unit in columns),
        rows=rows,
    )


def _cores(schedule: Schedule) -> Table:
    span = schedule.span or 1
    return Table(
        name="cores",
        columns=("core", "run", "share"),
        units=(None, Unit.NS, Unit.RATIO),
        rows=tuple((cpu, run, run / span) for cpu, run in sorted(schedule.cores.items())),
    )


def _timeline(schedule: Schedule) -> Table:
    rows = tuple(
        (schedule.threads[i.tid].name, i.tid, i.state, i.start - schedule.start, i.end - i.start,
         i.cpu)
        for i in schedule.intervals[:TIMELINE_ROWS]
    )  # fmt: skip
    return Table(
        name="timeline",
        columns=("thread", "tid", "state", "start", "duration", "core"),
        units=(None, None, None, Unit.NS, Unit.NS, None),
        rows=rows,
    )


def _why_partial(schedule: Schedule, watched: Watched) -> str:
    if watched.killed:
        return "the process was killed: the answer ends there"
    if schedule.malformed:
        return f"{schedule.malformed:,} lines of perf's output made no sense"
    return "more switches than are kept: the time line shows the first of them"
