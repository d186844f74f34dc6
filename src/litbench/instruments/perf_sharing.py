"""False sharing: threads that write to different words of one cache line."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from litbench.instruments.base import (
    SAMPLED,
    Answer,
    Effort,
    Obstacle,
    Program,
    Watched,
)
from litbench.instruments.perf import perf_obstacle
from litbench.instruments.perf_file import PerfFile
from litbench.instruments.symbolise import frames_in_file
from litbench.instruments.tools import lines_of
from litbench.instruments.writes import Write, read_writes
from litbench.record import Table
from litbench.units import Unit

HERTZ = 3999
LINE = 64
LINES_LIMIT = 100_000
# A line counts when two threads were each seen writing to it this often.
FEWEST = 10
_REGISTERS = "ax,bx,cx,dx,si,di,bp,sp,ip,r8,r9,r10,r11,r12,r13,r14,r15"


@dataclass
class Line:
    """What was seen of one cache line: writes by (tid, offset), and where they came from."""

    writes: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    threads: dict[int, str] = field(default_factory=dict)
    places: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    def by_thread(self) -> dict[int, int]:
        """Writes by tid."""
        sums: dict[int, int] = defaultdict(int)
        for (tid, _), count in self.writes.items():
            sums[tid] += count
        return sums

    @property
    def kind(self) -> str:
        """``false sharing``: no word is written by two threads; else ``true sharing``."""
        busy = {tid for tid, count in self.by_thread().items() if count >= FEWEST}
        writers: dict[int, set[int]] = defaultdict(set)
        for tid, offset in self.writes:
            if tid in busy:
                writers[offset].add(tid)
        shared = any(len(tids) > 1 for tids in writers.values())
        return "true sharing" if shared else "false sharing"


@dataclass
class Sharing:
    """All lines that were written to, and how many samples there were and could be decoded."""

    lines: dict[int, Line] = field(default_factory=dict)
    samples: int = 0
    writes: int = 0

    def suspects(self) -> list[tuple[int, Line]]:
        """Lines that two threads write to often, most writes first."""
        found = [
            (number, line)
            for number, line in self.lines.items()
            if sum(count >= FEWEST for count in line.by_thread().values()) > 1
        ]
        return sorted(found, key=lambda item: (-sum(item[1].writes.values()), item[0]))


def add_up(writes: Iterable[Write | None]) -> Sharing:
    """Stores by cache line."""
    sharing = Sharing()
    for write in writes:
        sharing.samples += 1
        if write is None:
            continue
        sharing.writes += 1
        number = write.address // LINE
        line = sharing.lines.get(number)
        if line is None:
            if len(sharing.lines) >= LINES_LIMIT:
                continue
            line = sharing.lines[number] = Line()
        line.writes[write.tid, write.address % LINE] += 1
        line.threads[write.tid] = write.thread
        line.places[write.path, write.offset] += 1
    return sharing


class PerfSharing(PerfFile):
    """Suspects from sampled registers: for machines without memory sampling."""

    tool: ClassVar[str] = "perf-registers"
    effort: ClassVar[Effort] = SAMPLED
    file: ClassVar[str] = "perf-registers.data"
    limit_mib: ClassVar[int] = 512

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """perf missing or not allowed, or another processor than x86-64."""
        cost = "no suspects of false sharing"
        if platform.machine() != "x86_64":
            cure = "Try `perf c2c` by hand where the processor samples memory."
            return Obstacle("only x86-64 instructions are decoded", cost, cure)
        if program.is_python:
            return Obstacle("Python's interpreter writes everywhere", cost, "", irrelevant=True)
        return perf_obstacle(cost, ("cpu-clock",))

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Sample user registers."""
        own = ["-F", str(HERTZ), "-e", "cpu-clock", f"--user-regs={_REGISTERS}"]
        return self.record(own, command)

    def collect(self, watched: Watched) -> Answer:
        """Decode the samples as they stream."""
        answer, readable = self.begun(watched)
        if not readable:
            return answer
        command = ["perf", "script", "-i", str(self._data), "--show-mmap-events"]
        command += ["-F", "comm,pid,tid,time,event,ip,uregs"]
        with lines_of(command, self.folder / "perf-script.txt") as lines:
            sharing = add_up(read_writes(lines))
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        message = "addresses are computed from sampled registers: a suspect is not yet a proof"
        answer.caution("suspects", message)
        fill(answer, sharing)
        return answer


def fill(answer: Answer, sharing: Sharing) -> None:
    """Suspects with their threads, words and the code that writes them."""
    answer.one("samples", Unit.COUNT, sharing.samples)
    answer.one("decoded-writes", Unit.COUNT, sharing.writes)
    if not sharing.samples:
        answer.caution("no-samples", "no sample was taken: the region is too short, or it slept")
        return
    suspects = sharing.suspects()
    answer.one("shared-lines", Unit.COUNT, len(suspects))
    rows = []
    for number, line in suspects[:100]:
        counts = line.by_thread()
        busiest = sorted(counts, key=lambda tid: (-counts[tid], tid))[:4]
        path, offset = max(line.places, key=lambda place: (line.places[place], place))
        frame = frames_in_file(path, offset)[0]
        words = sorted({offset for _, offset in line.writes})[:8]
        rows.append(
            (f"{number * LINE:#x}", line.kind, sum(counts.values()),
             sum(counts.values()) / sharing.samples,
             ", ".join(f"{line.threads[tid]} ({tid})" for tid in busiest),
             ", ".join(f"+{word}" for word in words),
             frame.function if frame else None, frame.where if frame else path)
        )  # fmt: skip
    answer.tables.append(
        Table(
            name="shared lines",
            columns=("line", "kind", "writes", "share of samples", "threads", "offsets", "site",
                     "where"),
            units=(None, None, Unit.COUNT, Unit.RATIO, None, None, None, None),
            rows=tuple(rows),
        )
    )  # fmt: skip
