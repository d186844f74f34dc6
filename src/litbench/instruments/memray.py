"""memray: Python's own stacks of every allocation, objects included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from litbench.errors import InputError
from litbench.instruments import memray_dump_path
from litbench.instruments.base import EXACT, Answer, Effort, Instrument, Obstacle, Program, Watched
from litbench.instruments.frames import Frame
from litbench.instruments.python_command import interpreter_options, module_version
from litbench.instruments.sites import (
    Allocations,
    histogram,
    sites_table,
    stacks_table,
    weights_of,
)
from litbench.instruments.tools import output_of
from litbench.instruments.watch import SizeWatch
from litbench.record import Table
from litbench.units import Unit

COST = "no Python stacks of allocations"
LIMIT_MIB = 4096


class Capture(msgspec.Struct):
    """What ``memray_dump`` prints: stacks have (frames, count, bytes, alive, alive bytes)."""

    peak: int
    count: int
    bytes: int
    sizes: list[tuple[int, int]]
    snapshots: list[tuple[int, int, int]]
    stacks: list[tuple[list[tuple[str, str, int]], int, int, int, int]]


class Memray(Instrument):
    """Allocations of Python programs by Python stack, over the whole process."""

    tool: ClassVar[str] = "memray"
    effort: ClassVar[Effort] = EXACT
    grace_s: ClassVar[float] = 60.0
    slows: ClassVar[float] = 6.0

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._size = SizeWatch(self._output, LIMIT_MIB)

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """Only for Python, and only where that Python has memray."""
        if not program.is_python:
            return Obstacle("not a Python program", COST, "", irrelevant=True)
        if not module_version(program.command[0], "memray"):
            cure = f"Try `{program.command[0]} -m pip install memray`."
            return Obstacle("memray is not installed in that Python", COST, cure)
        return None

    @property
    def version(self) -> str:
        """memray's version in the profiled Python."""
        return module_version(self.program.command[0], "memray")

    @property
    def _output(self) -> Path:
        return self.folder / "memray.bin"

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Put ``-m memray run`` between the interpreter and the script."""
        at = interpreter_options(command)
        own = ["-m", "memray", "run", "-q", "--trace-python-allocators", "-o", str(self._output)]
        return [*command[:at], *own, *command[at:]]

    def started(self, pid: int) -> None:
        """The program is ended when memray's file is too big."""
        self._size.start(pid)

    def stopped(self) -> None:
        """The file grows no more."""
        self._size.stop()

    def collect(self, watched: Watched) -> Answer:
        """Let that Python's memray read its own file."""
        answer = Answer()
        if not self._output.is_file():
            said = watched.stderr.decode("utf-8", "replace").strip()[-200:]
            answer.caution("no-data", f"memray wrote nothing: {said}")
            return answer
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        self._size.caution(answer)
        command = [self.program.command[0], str(memray_dump_path()), str(self._output)]
        data = output_of(command)
        try:
            capture = msgspec.json.decode(data, type=Capture)
        except msgspec.MsgspecError as error:
            raise InputError(self._output, f"memray's answer is malformed: {error}") from error
        found = [
            Allocations([Frame(*f) for f in frames], count, size, alive=alive, alive_bytes=kept)
            for frames, count, size, alive, kept in capture.stacks
        ]
        answer.totals["allocations"] = (Unit.COUNT, capture.count)
        answer.totals["allocated"] = (Unit.BYTES, capture.bytes)
        answer.one("heap-peak", Unit.BYTES, capture.peak)
        answer.histograms.append(histogram("allocation-size", Unit.BYTES, dict(capture.sizes)))
        answer.tables += [
            sites_table(found),
            stacks_table("stacks", weights_of(found, "count"), Unit.COUNT),
            _timeline(capture),
        ]
        return answer


def _timeline(capture: Capture) -> Table:
    start = capture.snapshots[0][0] if capture.snapshots else 0
    rows = tuple(((t - start) * 1_000_000, heap, rss) for t, heap, rss in capture.snapshots)
    return Table(
        name="heap over time", columns=("time", "live", "resident"),
        units=(Unit.NS, Unit.BYTES, Unit.BYTES), rows=rows,
    )  # fmt: skip
