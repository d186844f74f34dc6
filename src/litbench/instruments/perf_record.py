"""perf record: CPU samples with stacks of any native program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from litbench.instruments import hot
from litbench.instruments.base import (
    SAMPLED,
    Answer,
    Effort,
    Obstacle,
    Program,
    Watched,
)
from litbench.instruments.inlining import Inliner
from litbench.instruments.perf import has_pmu, perf_obstacle
from litbench.instruments.perf_file import PerfFile
from litbench.instruments.perf_script import FIELDS, Counter, Sample, read_samples
from litbench.instruments.stacks import Stacks
from litbench.instruments.tools import lines_of
from litbench.units import Unit

HERTZ = 999  # not 1000, so that samples do not march in step with timers


class PerfRecord(PerfFile):
    """Samples of the CPU's time, 999 a second and thread."""

    tool: ClassVar[str] = "perf"
    effort: ClassVar[Effort] = SAMPLED
    limit_mib: ClassVar[int] = 2048

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._event = "cycles" if has_pmu() else "cpu-clock"

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """perf missing, or not allowed."""
        return perf_obstacle("no CPU samples of native code", ("cpu-clock",))

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Record the command with the bytes of its stacks."""
        own = ["-F", str(HERTZ), "-e", self._event, "--call-graph", "dwarf,16384"]
        return self.record(own, command)

    def collect(self, watched: Watched) -> Answer:
        """Read what perf script makes of the samples, as it streams."""
        answer, readable = self.begun(watched)
        answer.settings |= {"event": self._event, "hertz": HERTZ}
        if not readable:
            return answer
        stacks, counter = Stacks(), Counter()
        with Inliner() as inliner:
            for sample in self._samples(counter, inliner):
                if sample.event.partition(":")[0] == self._event:
                    stacks.add(sample.thread, sample.tid, sample.stack, sample.period)
        if inliner.exhausted:
            message = "too many addresses to look up: some inlined functions count for their caller"
            answer.caution("inlining", message)
        self._caution(answer, counter, watched)
        unit = Unit.CYCLES if self._event == "cycles" else Unit.NS
        if stacks.samples:
            answer.totals["sampled-cpu"] = (unit, stacks.weight)
        hot.fill(answer, stacks, self.program, unit)
        return answer

    def _samples(self, counter: Counter, inliner: Inliner) -> Iterator[Sample]:
        # --no-inline: perf would start addr2line once an address, which takes minutes
        command = ["perf", "script", "-i", str(self._data), "--no-inline", "--show-mmap-events"]
        with lines_of([*command, "-F", FIELDS, "--ns"], self.folder / "perf-script.txt") as lines:
            yield from read_samples(lines, counter, inliner)

    def _caution(self, answer: Answer, counter: Counter, watched: Watched) -> None:
        errors = self.folder / "perf-script.txt"
        said = errors.read_text("utf-8", "replace").strip() if errors.is_file() else ""
        if counter.malformed:
            message = f"{counter.malformed:,} lines of perf's output made no sense"
            answer.caution("partial", message)
        if "truncated" in said or "incompatible" in said or "zero-sized" in said:
            answer.caution("partial", f"perf's file is cut off: {said.splitlines()[0][:200]}")
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
