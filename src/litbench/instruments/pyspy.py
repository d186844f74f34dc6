"""py-spy: samples of Python's own stacks, from outside the process."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from litbench.instruments import hot
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
from litbench.instruments.stacks import Place, Stacks
from litbench.instruments.tools import bounded_lines, version_of
from litbench.units import Unit

HERTZ = 200
START_TIMEOUT_S = 20.0
_FRAME = re.compile(r"^(?P<name>.*?) \((?P<file>.*?)(?::(?P<line>\d+))?\)$")
_THREAD = re.compile(r"^(?:thread|process) \(?(?P<id>[^)]*)\)?:?(?P<name>.*)$")


def py_spy() -> str | None:
    """Where py-spy is: on the path, or beside the Python that runs litbench."""
    return shutil.which("py-spy") or shutil.which("py-spy", path=str(Path(sys.executable).parent))


class PySpy(Instrument):
    """Samples of Python stacks, 200 a second."""

    tool: ClassVar[str] = "py-spy"
    effort: ClassVar[Effort] = SAMPLED
    grace_s: ClassVar[float] = 30.0

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._output = self.folder / "py-spy.txt"
        self._log = self.folder / "py-spy.log"
        self._pid = 0
        self._spy: subprocess.Popen[bytes] | None = None
        self._region = False

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """Only for Python, and only where py-spy is."""
        cost = "no Python functions in CPU samples"
        if not program.is_python:
            return Obstacle("not a Python program", cost, "", irrelevant=True)
        if py_spy() is None:
            return Obstacle("py-spy is not installed", cost, "Try `pip install py-spy`.")
        return None

    @property
    def version(self) -> str:
        """py-spy's version."""
        return version_of(py_spy() or "py-spy")

    def _options(self) -> list[str]:
        own = ["-r", str(HERTZ), "-f", "raw", "-o", str(self._output), "-t", "--nonblocking"]
        return [py_spy() or "py-spy", "record", *own]

    def wrap(self, command: Sequence[str]) -> list[str]:
        """A command is sampled from its start; a target is attached to at its region."""
        if self.program.has_region:
            return list(command)
        return [*self._options(), "--", *command]

    def started(self, pid: int) -> None:
        """py-spy attaches by pid."""
        self._pid = pid

    def on(self) -> None:
        """Attach, and wait until it samples."""
        command = [*self._options(), "-d", "100000", "--pid", str(self._pid)]
        with self._log.open("wb") as log:
            self._spy = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._spy.poll() is None:
            if b"ampling process" in self._log.read_bytes():
                self._region = True
                return
            time.sleep(0.01)

    def off(self) -> None:
        """Detach: py-spy writes what it has."""
        self.stopped()

    def stopped(self) -> None:
        """End py-spy, if it runs beside the program."""
        spy, self._spy = self._spy, None
        if spy is None:
            return
        with contextlib.suppress(ProcessLookupError):
            spy.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            spy.wait(self.grace_s)
        spy.kill()
        spy.wait()

    def collect(self, watched: Watched) -> Answer:
        """Read the folded stacks."""
        answer = Answer(region=Region.MEASURED if self._region else Region.WHOLE)
        answer.settings |= {"hertz": HERTZ, "idle": False}
        if not self.program.has_region:
            message = "py-spy does not tell how the program ended"
            answer.caution("status-unknown", message)
        if not self._output.is_file():
            log = self._log.read_bytes() if self._log.is_file() else watched.stderr
            said = log.decode("utf-8", "replace").strip()[-200:]
            answer.caution("no-data", f"py-spy wrote nothing: {said}")
            return answer
        stacks = Stacks()
        with self._output.open("rb") as file:
            for thread, tid, stack, count in read_raw(bounded_lines(file)):
                stacks.add(thread, tid, stack, count * 1_000_000_000 // HERTZ, count)
        if stacks.samples:
            answer.totals["sampled-cpu"] = (Unit.NS, stacks.weight)
        hot.fill(answer, stacks, self.program, Unit.NS)
        return answer


def read_raw(lines: Iterable[bytes]) -> Iterator[tuple[str, int, list[Place], int]]:
    """(thread, number, stack with the innermost first, samples) of py-spy's raw format.

    A line is ``frame;frame;... count``, the outermost first, a frame ``name (file:line)``. Lines
    that make no sense are left out.
    """
    threads: dict[str, int] = {}
    for raw in lines:
        text, _, count = raw.decode("utf-8", "replace").rpartition(" ")
        if not text or not count.isascii() or not count.isdigit():
            continue
        frames = text.split(";")
        thread = "main"
        if (match := _THREAD.match(frames[0])) is not None:
            thread = match["name"].strip() or match["id"]
            frames = frames[1:]
        number = threads.setdefault(thread, len(threads) + 1)
        yield thread[:64], number, [_place(frame) for frame in reversed(frames)], int(count)


def _place(text: str) -> Place:
    match = _FRAME.match(text)
    return (match["name"], match["file"]) if match else (text, "")
