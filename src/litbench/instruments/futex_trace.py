"""futex calls of every thread, by perf's tracepoints or by strace: also of Go, Java, Erlang and of
static programs, which the lock shim cannot see."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from litbench.instruments.base import (
    Answer,
    Effort,
    Instrument,
    Obstacle,
    Program,
    Region,
    Watched,
)
from litbench.instruments.flight_recorder import FlightRecorder
from litbench.instruments.futexes import Futexes, fill
from litbench.instruments.lock_shim import UNSEEN, LockShim
from litbench.instruments.perf import perf_obstacle
from litbench.instruments.perf_file import PerfFile
from litbench.instruments.perf_script import Counter, Frames, head_of
from litbench.instruments.shims import is_static, language_of
from litbench.instruments.symbolise import base_of, symbol_at
from litbench.instruments.tools import bounded_lines, installed, lines_of, program_path, version_of
from litbench.instruments.watch import SizeWatch

ENTER, EXIT = "syscalls:sys_enter_futex", "syscalls:sys_exit_futex"
LIMIT_MIB = 1024
COST = "no futex traffic of the whole program"
_ENTER = re.compile(
    rb"^syscalls:sys_enter_futex: +uaddr: 0x([0-9a-f]+), op: 0x([0-9a-f]+), val: 0x([0-9a-f]+)"
)
_EXIT = re.compile(rb"^syscalls:sys_exit_futex: +(-?)0x([0-9a-f]+)")


class FutexTrace(PerfFile):
    """Every futex call with its stack, from the kernel's tracepoints."""

    tool: ClassVar[str] = "futex-trace"
    effort: ClassVar[Effort] = Effort(iterations=100_000, time_limit_s=1.0)
    file: ClassVar[str] = "futexes.data"
    slows: ClassVar[float] = 1.5

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """perf missing, or tracepoints not allowed, which mostly take root."""
        return perf_obstacle(COST, (ENTER, EXIT))

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Record the calls with stacks and the returns without."""
        events = f"{ENTER}/call-graph={_stacks(self.program)}/,{EXIT}/call-graph=no/"
        return self.record(["-e", events], command)

    def collect(self, watched: Watched) -> Answer:
        """Read the calls as they stream."""
        answer, readable = self.begun(watched)
        if not readable:
            return answer
        command = ["perf", "script", "-i", str(self._data), "--ns", "--no-inline"]
        command += ["-F", "comm,pid,tid,time,event,trace,ip,sym,dso"]
        counter = Counter()
        with lines_of(command, self.folder / "perf-script.txt") as lines:
            futexes = read_trace(lines, counter)
        finish(answer, futexes, counter, self.program, watched)
        return answer


def read_trace(lines: Iterable[bytes], counter: Counter) -> Futexes:
    """What ``perf script`` prints of the two tracepoints; frames follow a call, innermost first."""
    futexes, frames = Futexes(), Frames(None)
    call: tuple[str, int, int, int, int, int] | None = None
    stack: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] == b"\t" and call is not None and (places := frames.places(line, leaf=False)):
            stack += places if len(stack) < 64 else []
            continue
        if call is not None:
            futexes.call(*call, stack)
            call, stack = None, []
        head = head_of(line)
        if head is None:
            counter.malformed += bool(line.strip()) and not line.startswith(b"#")
        elif match := _ENTER.match(head.rest):
            address, operation, value = (int(word, 16) for word in match.groups())
            call = (head.thread, head.tid, head.time, address, operation, value)
        elif match := _EXIT.match(head.rest):
            futexes.result(head.tid, head.time, _signed(int(match[2], 16), minus=bool(match[1])))
        else:
            counter.malformed += 1
    if call is not None:
        futexes.call(*call, stack)
    futexes.finish()
    return futexes


def _signed(value: int, *, minus: bool = False) -> int:
    return -value if minus else value - (1 << 64) if value >> 63 else value


def _stacks(program: Program) -> str:
    """Frame pointers are cheap, and Go has them. What the lock shim cannot tell needs the bytes."""
    language = language_of(program)
    if language == "go":
        return "fp"
    unseen = language in UNSEEN or is_static(program_path(program.command))
    return "dwarf,stack-size=4096" if unseen else "fp"


class Strace(Instrument):
    """Every futex call, from strace: no root, no stacks, and much slower."""

    tool: ClassVar[str] = "strace"
    effort: ClassVar[Effort] = Effort(iterations=100_000, time_limit_s=1.0)
    grace_s: ClassVar[float] = 60.0
    slows: ClassVar[float] = 10.0

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._output = self.folder / "strace.txt"
        self._region: list[int] = []
        self._size = SizeWatch(self._output, LIMIT_MIB)

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """strace missing."""
        return installed("strace", "strace", COST)

    @property
    def version(self) -> str:
        """strace's version."""
        return version_of("strace", "-V")

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Trace all threads and children; -Y names them."""
        own = ["-f", "-Y", "-q", "--absolute-timestamps=format:unix,precision:ns"]
        own += ["-e", "trace=futex", "--raw=futex", "-T", "-o", str(self._output)]
        return ["strace", *own, "--", *command]

    def started(self, pid: int) -> None:
        """Watch the size of its file."""
        self._size.start(pid)

    def on(self) -> None:
        """It cannot be switched: its time stamps cut the region out."""
        self._region = [time.time_ns()]

    def off(self) -> None:
        """The region's end."""
        self._region.append(time.time_ns())

    def stopped(self) -> None:
        """The file grows no more."""
        self._size.stop()

    def collect(self, watched: Watched) -> Answer:
        """Read the lines within the region."""
        cut = len(self._region) == 2
        answer = Answer(region=Region.MEASURED if cut else Region.WHOLE)
        if not self._output.is_file() or self._output.stat().st_size == 0:
            answer.caution("no-data", "strace wrote nothing: it may not trace here")
            return answer
        counter = Counter()
        with self._output.open("rb") as file:
            begin, end = self._region if cut else (0, 1 << 63)
            futexes = read_strace(bounded_lines(file), counter, begin, end)
        self._size.caution(answer)
        finish(answer, futexes, counter, self.program, watched)
        return answer


_STRACE = re.compile(rb"^(\d+)(?:<(.*)>)? +(\d+)\.(\d{9}) (.*)$")
_CALL = re.compile(rb"^futex\(0x([0-9a-f]+), (0x[0-9a-f]+|0), (0x[0-9a-f]+|\d+)")
_RESULT = re.compile(rb"= (?:-1 E(\w+).*?|(-?0x[0-9a-f]+|-?\d+))(?: <(\d+\.\d+)>)?$")
_ERRORS = {b"AGAIN": -11, b"TIMEDOUT": -110}


def read_strace(lines: Iterable[bytes], counter: Counter, begin: int, end: int) -> Futexes:
    """What ``strace -f -Y --raw=futex`` prints, with ns since the epoch, within a region.

    A call that others interrupt is two lines: ``futex(... <unfinished ...>`` and ``<... futex
    resumed>) = 0``; -T adds what it took, ``<0.000012>``, to the line with the result.
    """
    futexes = Futexes()
    for line in lines:
        head = _STRACE.match(line)
        if head is None:
            counter.malformed += bool(line.strip())
            continue
        tid, moment, rest = int(head[1]), int(head[3]) * 1_000_000_000 + int(head[4]), head[5]
        if not begin <= moment <= end or rest.startswith((b"---", b"+++")):
            continue
        call, result = _CALL.match(rest), _RESULT.search(rest)
        if call is not None:
            name = (head[2] or b"").decode("utf-8", "replace")
            operation, value = int(call[2], 16), int(call[3], 0)
            futexes.call(name, tid, moment, int(call[1], 16), operation, value)
        elif not rest.startswith(b"<... futex resumed>"):
            counter.malformed += 1
            continue
        if result is not None:
            word = _ERRORS.get(result[1], -1) if result[1] else int(result[2], 0)
            took = float(result[3] or 0) if call is not None else 0.0
            futexes.result(tid, moment + round(took * 1e9), word)
    futexes.finish()
    return futexes


def finish(
    answer: Answer, futexes: Futexes, counter: Counter, program: Program, watched: Watched
) -> None:
    """The answer's figures and cautions, whichever tool traced."""
    if watched.killed:
        answer.caution("partial", "the process was killed: the answer ends there")
    if counter.malformed:
        message = f"{counter.malformed:,} lines of the trace made no sense"
        answer.caution("partial", message)
    for named in (LockShim, FlightRecorder):
        if named.obstacle(program) is None:
            answer.settings["locks_named_by"] = named.tool
    fill(answer, futexes, _names(futexes, program_path(program.command)))


def _names(futexes: Futexes, program: Path) -> dict[int, str]:
    """Variables at fixed addresses; elsewhere an address is all there is."""
    if not base_of(str(program)):
        return {}
    found = {a: symbol_at(str(program), a, "STT_OBJECT") for a in futexes.addresses}
    return {address: name for address, name in found.items() if name}
