"""Who ran when: context switches and wake-ups of a program's threads, added up.

IN                  the thread got a processor
OUT preempt         it lost it, and could have gone on: it waits for a processor
OUT                 it gave it up: it sleeps
wake-up             it could go on again: it waits for a processor
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from litbench.instruments.perf_script import Head, head_of

INTERVALS_LIMIT = 50_000
THREADS_LIMIT = 20_000
_WAKEUP = re.compile(rb"sched:sched_wakeup(?:_new)?: +comm=.* pid=(\d+) prio=")


@dataclass
class Thread:
    """One thread's time in ns.

    ``longest_run`` is CPU time without giving the processor up, and ``ousted`` how often the
    scheduler took the processor away meanwhile and let another thread of the program have it;
    ``others_waited`` is how long the others waited for a processor while this one ran, added up.
    """

    tid: int
    name: str = ""
    run: int = 0
    wait: int = 0
    sleep: int = 0
    switches: int = 0
    preempted: int = 0
    migrations: int = 0
    wakeups: int = 0
    longest_run: int = 0
    longest_wait: int = 0
    ousted: int = 0
    state: str = ""
    since: int = 0
    cpu: int | None = None
    unyielded: int = 0
    ousted_now: int = 0
    others_waited: int = 0
    waited_before: int = 0


@dataclass(frozen=True)
class Interval:
    """A thread was in a state (``run`` or ``wait``) from ``start`` to ``end`` ns."""

    tid: int
    state: str
    start: int
    end: int
    cpu: int | None


@dataclass
class Schedule:
    """All threads, every latency from wake-up to running, and a bounded time line.

    ``ousted_from`` is who was last driven from a processor and has not come back to one;
    ``waiting`` threads wait for a processor at ``clock``; ``waited`` is their time until then.
    """

    threads: dict[int, Thread] = field(default_factory=dict)
    latencies: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    intervals: list[Interval] = field(default_factory=list)
    cores: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    start: int = 0
    end: int = 0
    malformed: int = 0
    truncated: bool = False
    wakeups_seen: bool = False
    ousted_from: dict[int, int] = field(default_factory=dict)
    waiting: int = 0
    waited: int = 0
    clock: int = 0

    @property
    def span(self) -> int:
        """ns from the first event to the last."""
        return self.end - self.start


def read_schedule(lines: Iterable[bytes]) -> Schedule:
    """Add up what ``perf script --show-switch-events`` prints."""
    schedule = Schedule()
    for line in lines:
        head = head_of(line)
        if head is None:
            schedule.malformed += bool(line.strip()) and not line.startswith(b"#")
            continue
        _take(schedule, head)
    for thread in schedule.threads.values():
        _leave(schedule, thread, schedule.end)
    return schedule


def _take(schedule: Schedule, head: Head) -> None:
    rest = head.rest.strip()
    if rest.startswith(b"PERF_RECORD_SWITCH"):
        thread = _thread(schedule, head.tid)
        if thread is None:
            return
        thread.name = head.thread
        if rest.endswith(b"IN"):
            _switch_in(schedule, thread, head)
        else:
            _switch_out(schedule, thread, head, preempted=rest.endswith(b"preempt"))
    elif rest.startswith(b"PERF_RECORD_EXIT("):
        _end(schedule, head)
    elif match := _WAKEUP.search(rest):
        woken = schedule.threads.get(int(match[1]))
        schedule.wakeups_seen = True
        if woken is not None and woken.state == "sleep":
            _change(schedule, woken, head.time, "woken")
            woken.wakeups += 1
    else:
        return
    schedule.start = schedule.start or head.time
    schedule.end = max(schedule.end, head.time)


def _thread(schedule: Schedule, tid: int) -> Thread | None:
    found = schedule.threads.get(tid)
    if found is None:
        if len(schedule.threads) >= THREADS_LIMIT:
            schedule.truncated = True
            return None
        found = schedule.threads[tid] = Thread(tid)
    return found


def _end(schedule: Schedule, head: Head) -> None:
    """A thread that ends is never switched out."""
    thread = schedule.threads.get(head.tid)
    if thread is not None:
        _change(schedule, thread, head.time, "ended")


def _switch_in(schedule: Schedule, thread: Thread, head: Head) -> None:
    if thread.state == "woken":
        schedule.latencies[max(head.time - thread.since, 0)] += 1
    _change(schedule, thread, head.time, "run")
    if thread.cpu is not None and head.cpu is not None and thread.cpu != head.cpu:
        thread.migrations += 1
    thread.cpu = head.cpu if head.cpu is not None and head.cpu >= 0 else None
    thread.switches += 1
    ousted = schedule.ousted_from.pop(thread.cpu, None) if thread.cpu is not None else None
    if ousted is not None and ousted != thread.tid:
        schedule.threads[ousted].ousted_now += 1


def _switch_out(schedule: Schedule, thread: Thread, head: Head, *, preempted: bool) -> None:
    _change(schedule, thread, head.time, "wait" if preempted else "sleep")
    if preempted:
        thread.preempted += 1
        if thread.cpu is not None:
            schedule.ousted_from[thread.cpu] = thread.tid
    else:
        thread.unyielded = thread.ousted_now = 0


_WAITING = {"wait", "woken"}


def _change(schedule: Schedule, thread: Thread, time: int, state: str) -> None:
    """A thread's state from now on."""
    _leave(schedule, thread, time)
    schedule.waiting += (state in _WAITING) - (thread.state in _WAITING)
    thread.state = state
    if state == "run":
        thread.waited_before = schedule.waited


def _leave(schedule: Schedule, thread: Thread, time: int) -> None:
    """Add the time since the last change to the state that a thread is about to leave."""
    schedule.waited += schedule.waiting * max(time - schedule.clock, 0) if schedule.clock else 0
    schedule.clock = max(time, schedule.clock)
    spent = max(time - thread.since, 0) if thread.state else 0
    match thread.state:
        case "run":
            thread.run += spent
            thread.unyielded += spent
            thread.others_waited += schedule.waited - thread.waited_before
            if thread.unyielded > thread.longest_run:
                thread.longest_run, thread.ousted = thread.unyielded, thread.ousted_now
            if thread.cpu is not None:
                schedule.cores[thread.cpu] += spent
        case "wait" | "woken":
            thread.wait += spent
            thread.longest_wait = max(thread.longest_wait, spent)
        case "sleep":
            thread.sleep += spent
    if thread.state in {"run", "wait", "woken"} and spent:
        if len(schedule.intervals) < INTERVALS_LIMIT:
            state = "run" if thread.state == "run" else "wait"
            schedule.intervals.append(Interval(thread.tid, state, thread.since, time, thread.cpu))
        else:
            schedule.truncated = True
    thread.since = time
