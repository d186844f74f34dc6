"""perf c2c: cache lines that go back and forth between cores, where the hardware samples memory.

A load that found its line modified in another core's cache is a ``HitM``. What ``perf script``
prints of such samples is read: address of the data, ``|OP LOAD|LVL ...|SNP HitM|...``, function.
The words are those of perf's tools/perf/util/mem-events.c; no machine with such hardware was at
hand when this was written.
"""

from __future__ import annotations

import functools
import re
import subprocess
from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from litbench.instruments.base import SAMPLED, Answer, Effort, Obstacle, Program, Watched
from litbench.instruments.frames import readable
from litbench.instruments.perf_file import PerfFile
from litbench.instruments.perf_script import Counter, head_of
from litbench.instruments.tools import installed, lines_of
from litbench.record import Table
from litbench.units import Unit

LINE = 64
LINES_LIMIT = 100_000
FEWEST = 10  # HitM loads of a line
ROWS = 100
COST = "false sharing is a suspect, computed from sampled registers"
_ACCESS = re.compile(
    rb"(?P<address>[0-9a-f]+)\s+[0-9a-f]+\s+\|OP (?P<op>[^|]*)\|(?P<rest>.*\|)?.*?"
    rb"\s(?P<ip>[0-9a-f]+) (?P<symbol>.*?)(?:\+0x[0-9a-f]+)? \((?P<module>.*)\)\s*$"
)
_HITM = re.compile(rb"\|?SNP [^|]*HitM")


@dataclass
class Line:
    """Accesses of one cache line: by (tid, offset), and which of these were stores."""

    accesses: Tally[tuple[int, int]] = field(default_factory=Tally)
    stores: set[int] = field(default_factory=set)
    threads: dict[int, str] = field(default_factory=dict)
    hitm: int = 0
    sites: Tally[tuple[str, str]] = field(default_factory=Tally)

    @property
    def kind(self) -> str:
        """``true sharing`` when a word that is written is touched by two threads, else false."""
        users: dict[int, set[int]] = {}
        for tid, offset in self.accesses:
            users.setdefault(offset, set()).add(tid)
        shared = any(len(users[offset]) > 1 for offset in self.stores)
        return "true sharing" if shared else "false sharing"


@dataclass
class Lines:
    """All lines, and how many samples and HitM loads there were."""

    lines: dict[int, Line] = field(default_factory=dict)
    samples: int = 0
    hitm: int = 0


class PerfC2c(PerfFile):
    """False sharing, measured: needs a processor that samples memory accesses."""

    tool: ClassVar[str] = "perf-c2c"
    effort: ClassVar[Effort] = SAMPLED
    file: ClassVar[str] = "perf-c2c.data"
    limit_mib: ClassVar[int] = 512

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """perf missing, or a machine that does not sample memory, as most virtual ones."""
        if obstacle := installed("perf", "linux-perf", COST):
            return obstacle
        if samples_memory():
            return None
        cure = "It takes a processor with memory sampling, mostly not a virtual one."
        return Obstacle("perf c2c has no memory events on this machine", COST, cure)

    def wrap(self, command: Sequence[str]) -> list[str]:
        """perf c2c gives perf record the right events; its own options come after a ``--``."""
        _, _, *rest = self.record([], command)
        own = [word for word in rest if word != "--no-bpf-event"]
        return ["perf", "c2c", "record", "--", *own]

    def collect(self, watched: Watched) -> Answer:
        """Read the samples as they stream."""
        answer, is_readable = self.begun(watched)
        if not is_readable:
            return answer
        counter = Counter()
        command = ["perf", "script", "-i", str(self._data), "-F"]
        command.append("comm,pid,tid,time,event,addr,data_src,ip,sym,dso")
        with lines_of(command, self.folder / "perf-script.txt") as lines:
            found = read_accesses(lines, counter)
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        if counter.malformed:
            message = f"{counter.malformed:,} lines of perf's output made no sense"
            answer.caution("partial", message)
        fill(answer, found)
        return answer


@functools.cache
def samples_memory() -> bool:
    """Whether ``perf c2c record -e list`` names an event that is available; it may exit with 0."""
    command = ["perf", "c2c", "record", "-e", "list"]
    try:
        said = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    listed = (said.stdout + said.stderr).decode("utf-8", "replace").splitlines()
    return said.returncode == 0 and any(line.rstrip().endswith("available") for line in listed)


def read_accesses(lines: Iterable[bytes], counter: Counter) -> Lines:
    """Memory samples by cache line."""
    found = Lines()
    for text in lines:
        head = head_of(text)
        match = _ACCESS.search(head.rest) if head else None
        if head is None or match is None:
            counter.malformed += bool(text.strip()) and not text.startswith(b"#")
            continue
        found.samples += 1
        address = int(match["address"], 16)
        line = found.lines.get(address // LINE)
        if line is None:
            if len(found.lines) >= LINES_LIMIT:
                continue
            line = found.lines[address // LINE] = Line()
        offset, is_hitm = address % LINE, bool(_HITM.search(match["rest"] or b""))
        line.accesses[head.tid, offset] += 1
        line.threads[head.tid] = head.thread
        line.hitm += is_hitm
        found.hitm += is_hitm
        if b"STORE" in match["op"]:
            line.stores.add(offset)
        names = (match[name].decode("utf-8", "replace") for name in ("symbol", "module"))
        symbol, module = names
        line.sites[readable(symbol), module.rpartition("/")[2]] += 1
    return found


def fill(answer: Answer, found: Lines) -> None:
    """One row a line that was found modified elsewhere, most often first."""
    answer.one("samples", Unit.COUNT, found.samples)
    if not found.samples:
        answer.caution("no-samples", "no sample was taken: the region is too short, or it slept")
        return
    answer.totals["hitm-loads"] = (Unit.COUNT, found.hitm)
    shared = [
        (number, line) for number, line in found.lines.items()
        if line.hitm >= FEWEST and len(line.threads) > 1
    ]  # fmt: skip
    shared.sort(key=lambda item: (-item[1].hitm, item[0]))
    rows = []
    for number, line in shared[:ROWS]:
        (function, module), _ = line.sites.most_common(1)[0]
        threads = ", ".join(f"{name} ({tid})" for tid, name in sorted(line.threads.items())[:4])
        offsets = ", ".join(f"+{at}" for at in sorted({at for _, at in line.accesses})[:8])
        share = line.hitm / found.samples
        rows.append(
            (f"{number * LINE:#x}", line.kind, line.hitm, share, threads, offsets, function, module)
        )
    answer.one("shared-lines", Unit.COUNT, len(shared))
    answer.tables.append(
        Table(
            name="shared lines",
            columns=("line", "kind", "HitM loads", "share of samples", "threads", "offsets",
                     "site", "where"),
            units=(None, None, Unit.COUNT, Unit.RATIO, None, None, None, None),
            rows=tuple(rows),
        )
    )  # fmt: skip
