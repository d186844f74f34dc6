"""The kernel's own accounts of every thread, from /proc: exact, and at no cost.

``/proc/PID/task/TID/schedstat`` has ns on a processor, ns waiting for one, and how often it got
one; ``status`` has voluntary and involuntary switches; ``sched`` migrations, where it exists.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from litbench.instruments.base import (
    SAMPLED,
    Answer,
    Effort,
    Instrument,
    Obstacle,
    Program,
    Region,
    Watched,
)
from litbench.record import Table
from litbench.units import Unit

POLL_S = 0.02
TREE_LIMIT = 64


@dataclass(frozen=True)
class Account:
    """One thread so far: ns run, ns waited, times it got a processor, switches, migrations."""

    name: str
    run: int = 0
    wait: int = 0
    slices: int = 0
    voluntary: int = 0
    involuntary: int = 0
    migrations: int | None = None

    def since(self, before: Account) -> Account:
        """What has been added since an earlier reading."""
        moved = None
        if self.migrations is not None:
            moved = self.migrations - (before.migrations or 0)
        return Account(
            self.name,
            self.run - before.run,
            self.wait - before.wait,
            self.slices - before.slices,
            self.voluntary - before.voluntary,
            self.involuntary - before.involuntary,
            moved,
        )


def processes(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    found = [pid]
    for each in found:
        yield each
        for task in _tasks(each):
            with contextlib.suppress(OSError, ValueError):
                found += [int(word) for word in (task / "children").read_text().split()]
        if len(found) > TREE_LIMIT:
            return


def read_accounts(pid: int) -> dict[int, Account]:
    """Every thread of a process and its descendants, by thread number."""
    accounts = {}
    for process in processes(pid):
        for task in _tasks(process):
            with contextlib.suppress(OSError, ValueError, IndexError):
                accounts[int(task.name)] = account_of(task)
    return accounts


def account_of(task: Path) -> Account:
    """One thread's account. Raises OSError, ValueError, IndexError where it cannot be read."""
    run, wait, slices = (int(word) for word in (task / "schedstat").read_text().split()[:3])
    status = dict(
        line.split(":", 1) for line in (task / "status").read_text().splitlines() if ":" in line
    )
    return Account(
        (task / "comm").read_text().strip(),
        run,
        wait,
        slices,
        int(status.get("voluntary_ctxt_switches", "0")),
        int(status.get("nonvoluntary_ctxt_switches", "0")),
        _migrations(task),
    )


def _migrations(task: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        for line in (task / "sched").read_text().splitlines():
            if line.startswith("se.nr_migrations"):
                return int(line.rpartition(":")[2])
    return None


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


class Schedstat(Instrument):
    """Run and wait time and switches of every thread, as the kernel counts them."""

    tool: ClassVar[str] = "schedstat"
    effort: ClassVar[Effort] = SAMPLED
    slows: ClassVar[float] = 1.0

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._pid = 0
        self._before: dict[int, Account] = {}
        self._after: dict[int, Account] = {}
        self._done = threading.Event()
        self._poller: threading.Thread | None = None
        self._region = False

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """Only Linux has it."""
        if Path("/proc/self/schedstat").exists():
            return None
        cost = "no run and wait time of threads"
        return Obstacle("no /proc/PID/schedstat", cost, "It takes a Linux kernel with SCHED_INFO.")

    def environment(self) -> dict[str, str]:
        """An adapter whose runtime counts its workers' time sends those counts too."""
        return {"LITBENCH_RUNTIME_METRICS": "1"} if self.program.has_region else {}

    def started(self, pid: int) -> None:
        """Watch a command by polling: its threads take their accounts with them."""
        self._pid = pid
        if not self.program.has_region:
            self._poller = threading.Thread(target=self._poll, daemon=True)
            self._poller.start()

    def _poll(self) -> None:
        while not self._done.is_set():
            self._after |= read_accounts(self._pid)
            self._done.wait(POLL_S)

    def on(self) -> None:
        """The accounts before."""
        self._before = read_accounts(self._pid)

    def off(self) -> None:
        """The accounts after."""
        self._after = read_accounts(self._pid)
        self._region = True

    def stopped(self) -> None:
        """End the polling."""
        self._done.set()
        if self._poller is not None:
            self._poller.join()

    def collect(self, watched: Watched) -> Answer:
        """After, less before."""
        answer = Answer(region=Region.MEASURED if self._region else Region.WHOLE)
        if not self._after:
            answer.caution("no-data", "the process was over before its accounts were read")
            return answer
        if not self._region:
            message = f"read every {POLL_S * 1000:g} ms: what a thread did last is missing"
            answer.caution("partial", message)
            answer.settings["poll_ms"] = POLL_S * 1000
        nothing = Account("")
        gone = len(set(self._before) - set(self._after)) if self._region else 0
        if gone:
            answer.caution("partial", f"{gone} threads ended in the region with their accounts")
        fill(answer, {t: a.since(self._before.get(t, nothing)) for t, a in self._after.items()})
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        return answer


def fill(answer: Answer, accounts: dict[int, Account]) -> None:
    """Totals, and one row a thread."""
    threads = sorted(accounts.items(), key=lambda item: (-item[1].run, item[0]))
    answer.totals["run"] = (Unit.NS, sum(a.run for _, a in threads))
    answer.totals["wait"] = (Unit.NS, sum(a.wait for _, a in threads))
    voluntary = sum(a.voluntary for _, a in threads)
    involuntary = sum(a.involuntary for _, a in threads)
    answer.totals["context-switches"] = (Unit.COUNT, voluntary + involuntary)
    answer.totals["involuntary-switches"] = (Unit.COUNT, involuntary)
    if all(a.migrations is not None for _, a in threads):
        answer.totals["migrations"] = (Unit.COUNT, sum(a.migrations or 0 for _, a in threads))
    rows = tuple(
        (a.name, tid, a.run, a.wait, a.slices, a.voluntary, a.involuntary, a.migrations)
        for tid, a in threads[:200]
    )
    answer.tables.append(
        Table(
            name="threads",
            columns=("thread", "tid", "run", "wait", "slices", "voluntary switches",
                     "involuntary switches", "migrations"),
            units=(None, None, Unit.NS, Unit.NS, Unit.COUNT, Unit.COUNT, Unit.COUNT,
                   Unit.COUNT),
            rows=rows,
        )
    )  # fmt: skip
