"""heaptrack: every allocation and free of a process, with stacks.

Its library is preloaded and writes raw events; they are read afterwards. The region is cut out by
the events' time stamps: the program is idle for ``SETTLE_S`` before `go` and after `finish`.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import ClassVar

from litbench.instruments.base import (
    EXACT,
    Answer,
    Effort,
    Instrument,
    Obstacle,
    Program,
    Region,
    Watched,
)
from litbench.instruments.heaptrack_file import Heap, Names, read_heap
from litbench.instruments.shims import preload_obstacle
from litbench.instruments.sites import (
    Allocations,
    histogram,
    sites_table,
    stacks_table,
    weights_of,
)
from litbench.instruments.tools import (
    bounded_lines,
    installed,
    is_elf,
    lines_of,
    program_path,
    version_of,
)
from litbench.instruments.watch import SizeWatch
from litbench.record import Table
from litbench.units import Unit

SETTLE_S = 0.06
LIMIT_MIB = 4096  # a million allocations take about 35
COST = "no allocation sites with exact counts"


class Heaptrack(Instrument):
    """Allocations, frees, sizes, lifetimes, sites and the peak, exactly."""

    tool: ClassVar[str] = "heaptrack"
    effort: ClassVar[Effort] = EXACT
    grace_s: ClassVar[float] = 60.0
    slows: ClassVar[float] = 5.0

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._raw = self.folder / "heaptrack.raw"
        self._size = SizeWatch(self._raw, LIMIT_MIB)
        self._started_ns = 0
        self._begin_ms = 0.0
        self._end_ms = float("inf")

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """Missing where its command or one of its two parts is, or nothing can be preloaded."""
        if obstacle := installed("heaptrack", "heaptrack", COST) or preload_obstacle(program, COST):
            return obstacle
        if not _preload().is_file() or not _interpreter().is_file():
            return Obstacle("heaptrack's library is missing", COST, "Reinstall heaptrack.")
        return None

    @property
    def version(self) -> str:
        """heaptrack's version."""
        return version_of("heaptrack")

    def environment(self) -> dict[str, str]:
        """Preload the library; Python's objects go through malloc to be seen."""
        variables = {"LD_PRELOAD": str(_preload()), "DUMP_HEAPTRACK_OUTPUT": str(self._raw)}
        return variables | ({"PYTHONMALLOC": "malloc"} if self.program.is_python else {})

    def started(self, pid: int) -> None:
        """heaptrack's clock starts with the process, which is ended when its file is too big."""
        self._started_ns = time.monotonic_ns()
        self._size.start(pid)

    def stopped(self) -> None:
        """The file grows no more."""
        self._size.stop()

    def on(self) -> None:
        """Leave a gap in the events in which the region begins."""
        self._begin_ms = self._gap_ms()

    def off(self) -> None:
        """Leave a gap in which it ends."""
        self._end_ms = self._gap_ms()

    def _gap_ms(self) -> float:
        time.sleep(SETTLE_S)
        middle = time.monotonic_ns()
        time.sleep(SETTLE_S)
        return (middle - self._started_ns) / 1e6

    def collect(self, watched: Watched) -> Answer:
        """Read the events, then the names of the stacks that occur in them."""
        answer = Answer(region=Region.WHOLE if self._begin_ms == 0 else Region.MEASURED)
        if not self._raw.is_file():
            answer.caution("no-data", f"heaptrack wrote nothing: {_why_nothing(self.program)}")
            return answer
        with self._raw.open("rb") as file:
            heap = read_heap(bounded_lines(file), self._begin_ms, self._end_ms)
        self._caution(answer, heap, watched)
        self._size.caution(answer)
        errors = self.folder / "heaptrack_interpret.txt"
        with lines_of([str(_interpreter())], errors, source=self._raw) as lines:
            names = Names(lines)
        self._raw.unlink()
        found = [
            Allocations(
                names.stack(trace), site.count, site.bytes,
                site.brief, site.alive, site.alive_bytes, site.peak_bytes,
            )
            for trace, site in heap.sites.items()
        ]  # fmt: skip
        fill(answer, heap)
        answer.tables.append(sites_table(found))
        weights = weights_of(found, "count")
        answer.tables.append(stacks_table("stacks", weights, Unit.COUNT))
        alive = weights_of(found, "alive_bytes")
        answer.tables.append(stacks_table("stacks alive", alive, Unit.BYTES))
        return answer

    def _caution(self, answer: Answer, heap: Heap, watched: Watched) -> None:
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        if heap.malformed:
            message = f"{heap.malformed:,} lines of heaptrack's output made no sense"
            answer.caution("partial", message)
        if not heap.complete:
            message = "too many live objects to follow: live bytes and lifetimes are incomplete"
            answer.caution("partial", message)
        if not is_elf(program_path(self.program.command)):
            message = "the command is a script: only its interpreter's own process was watched"
            answer.caution("script", message)
        if self.program.is_python:
            message = "Python's small objects went through malloc (PYTHONMALLOC=malloc) to be seen"
            answer.caution("python-malloc", message)


def fill(answer: Answer, heap: Heap) -> None:
    """The numbers of a heap's events."""
    answer.totals["allocations"] = (Unit.COUNT, heap.count)
    answer.totals["allocated"] = (Unit.BYTES, heap.bytes)
    answer.totals["frees"] = (Unit.COUNT, heap.frees)
    answer.totals["freed-at-once"] = (Unit.COUNT, sum(s.brief for s in heap.sites.values()))
    if heap.complete:
        answer.one("heap-peak", Unit.BYTES, heap.peak)
        answer.one("heap-peak-at", Unit.NS, heap.peak_ms * 1_000_000)
        answer.one("live-start", Unit.BYTES, heap.live_start)
        answer.one("live-end", Unit.BYTES, heap.live_end)
    answer.histograms.append(histogram("allocation-size", Unit.BYTES, heap.sizes))
    answer.histograms.append(histogram("allocation-lifetime", Unit.COUNT, heap.lives))
    answer.tables.append(
        Table(
            name="heap over time",
            columns=("time", "live", "resident"),
            units=(Unit.NS, Unit.BYTES, Unit.BYTES),
            rows=tuple((ms * 1_000_000, live, rss or None) for ms, live, rss in heap.timeline),
        )
    )


def _why_nothing(program: Program) -> str:
    path = program_path(program.command)
    if is_elf(path):
        return f"{path.name} may be statically linked or set-user-id, so nothing can be preloaded"
    return f"{path.name} did not start"


def _root() -> Path:
    """Where heaptrack keeps its parts: beside its command, as its own script looks them up."""
    command = Path(shutil.which("heaptrack") or "heaptrack").resolve()
    return command.parent.parent / "lib" / "heaptrack"


def _preload() -> Path:
    return _root() / "libheaptrack_preload.so"


def _interpreter() -> Path:
    return _root() / "libexec" / "heaptrack_interpret"
