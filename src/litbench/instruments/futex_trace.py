"""bpftrace on futex system calls: waits of any program, however it is linked; needs root."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import msgspec

from litbench.instruments import data_folder
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
from litbench.instruments.frames import Frame
from litbench.instruments.lock_shim import futex_kind, site_of_lock
from litbench.instruments.maps import Maps, maps_of
from litbench.instruments.symbolise import frames_in_file
from litbench.instruments.tools import bounded_lines, installed, version_of
from litbench.record import Table
from litbench.units import Unit

COST = "no futex waits of programs into which nothing can be preloaded"
START_TIMEOUT_S = 20.0
_TRACEPOINT = Path("/sys/kernel/tracing/events/syscalls/sys_enter_futex")
_FRAME = re.compile(r"^\s*([0-9a-f]+) ")
MAPS_POLL_S = 0.05


class _Map(msgspec.Struct):
    """A line of ``bpftrace -f json``: a map's name and its values by key."""

    data: dict[str, object]
    type: str = ""


@dataclass
class Waiter:
    """One thread's waits for one futex, ns."""

    thread: str = ""
    count: int = 0
    wait: int = 0
    longest: int = 0


@dataclass
class Waits:
    """Waiters by (futex, tid), and by futex the addresses of the stack that waited most often.

    ``calls`` counts the futex calls of all processes: 0 means that nothing was traced.
    """

    waiters: dict[tuple[str, int], Waiter] = field(default_factory=lambda: defaultdict(Waiter))
    stacks: dict[str, list[int]] = field(default_factory=dict)
    calls: int = 0
    malformed: int = 0


def read_waits(lines: Iterable[bytes]) -> Waits:
    """What the script prints at its end, as JSON lines."""
    waits = Waits()
    seen: dict[str, int] = defaultdict(int)
    for line in lines:
        if not line.startswith(b'{"type": "map"'):
            continue
        try:
            found = msgspec.json.decode(line, type=_Map).data
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            waits.malformed += 1
            continue
        calls = found.get("@all")
        waits.calls += calls if isinstance(calls, int) else 0
        for name, values in found.items():
            for key, value in values.items() if isinstance(values, dict) else ():
                if not isinstance(value, int) or not isinstance(key, str):
                    waits.malformed += 1
                elif name == "@stack":
                    word, _, text = key.partition(",")
                    if value > seen[word]:
                        seen[word] = value
                        waits.stacks[word] = _stack(text)
                else:
                    _take(waits, name, key, value)
    return waits


def _take(waits: Waits, name: str, key: str, value: int) -> None:
    word, _, rest = key.partition(",")
    tid, _, thread = rest.partition(",")
    if not (tid.isascii() and tid.isdigit()):
        waits.malformed += 1
        return
    waiter = waits.waiters[word, int(tid)]
    waiter.thread = thread
    match name:
        case "@count":
            waiter.count = value
        case "@wait":
            waiter.wait = value
        case "@longest":
            waiter.longest = value


def _stack(text: str) -> list[int]:
    """Addresses only: bpftrace can name them only while the process lives."""
    matches = (_FRAME.match(line) for line in text.splitlines())
    return [int(match[1], 16) for match in matches if match]


def named(addresses: Sequence[int], maps: Maps) -> list[Frame]:
    """The functions at addresses, the innermost first."""
    frames: list[Frame] = []
    for number, address in enumerate(addresses):
        # a caller's address is where it goes on: the call is just before
        found = maps.find(address - bool(number))
        if found is not None and found[0].startswith("/"):
            frames += frames_in_file(*found)
    return frames


class FutexTrace(Instrument):
    """Futex waits of any program, with their stacks."""

    tool: ClassVar[str] = "bpftrace"
    effort: ClassVar[Effort] = SAMPLED
    slows: ClassVar[float] = 2.0

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._output = self.folder / "bpftrace.json"
        self._errors = self.folder / "bpftrace.txt"
        self._pid = 0
        self._tracer: subprocess.Popen[bytes] | None = None
        self._times: list[int] = []
        self._maps = Maps()
        self._over = threading.Event()
        self._poller: threading.Thread | None = None

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:  # noqa: ARG003
        """bpftrace or its tracepoint missing, or not root."""
        if obstacle := installed("bpftrace", "bpftrace", COST):
            return obstacle
        if os.geteuid() != 0:
            return Obstacle("bpftrace needs root", COST, "Run litbench as root for this.")
        if not _TRACEPOINT.exists():
            cure = "Try `mount -t tracefs nodev /sys/kernel/tracing`."
            return Obstacle("the kernel shows no futex tracepoint", COST, cure)
        return None

    @property
    def version(self) -> str:
        """bpftrace's version."""
        return version_of("bpftrace")

    def started(self, pid: int) -> None:
        """A command is held until it is traced."""
        self._pid = pid
        if not self.program.has_region:
            os.kill(pid, signal.SIGSTOP)
            try:
                self._attach()
            finally:
                os.kill(pid, signal.SIGCONT)
            self._poller = threading.Thread(target=self._poll, daemon=True)
            self._poller.start()

    def _poll(self) -> None:
        """A command takes its mappings with it when it ends."""
        while not self._over.wait(MAPS_POLL_S):
            found = maps_of(self._pid)
            self._maps = found if found.starts else self._maps

    def on(self) -> None:
        """Attach."""
        self._attach()

    def off(self) -> None:
        """Detach."""
        self._maps = maps_of(self._pid)
        self.stopped()

    def _attach(self) -> None:
        script = str(data_folder() / "futex.bt")
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self._tracer = subprocess.Popen(
                ["bpftrace", "-B", "line", "-f", "json", script, str(self._pid), str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._tracer.poll() is None:
            # waiting for nothing is a futex call, which the probes see once they are attached
            threading.Event().wait(0.005)
            seen = self._output.read_bytes()
            if b"enter-ready" in seen and b"exit-ready" in seen:
                self._times.append(time.monotonic_ns())
                return

    def stopped(self) -> None:
        """bpftrace prints its maps when it is interrupted."""
        self._over.set()
        if self._poller is not None:
            self._poller.join()
        tracer, self._tracer = self._tracer, None
        if tracer is None:
            return
        self._times.append(time.monotonic_ns())
        with contextlib.suppress(ProcessLookupError):
            tracer.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            tracer.wait(30)
        tracer.kill()
        tracer.wait()

    def collect(self, watched: Watched) -> Answer:
        """Read the maps."""
        answer = Answer(region=Region.MEASURED if self.program.has_region else Region.WHOLE)
        if len(self._times) != 2:
            said = self._errors.read_text("utf-8", "replace").strip()[-200:]
            answer.caution("no-data", f"bpftrace did not attach: {said}")
            return answer
        with self._output.open("rb") as file:
            waits = read_waits(bounded_lines(file))
        if not waits.calls:
            answer.caution("no-data", "bpftrace saw no futex call of any process: it did not trace")
            return answer
        if watched.killed or waits.malformed:
            why = "the process was killed" if watched.killed else "bpftrace's output makes no sense"
            answer.caution("partial", f"{why}: waits may be missing")
        message = "holders are not known, and uncontended locks never reach the kernel"
        answer.caution("waits-only", message)
        stacks = {word: named(found, self._maps) for word, found in waits.stacks.items()}
        fill(answer, waits, stacks, self._times[1] - self._times[0])
        return answer


def fill(answer: Answer, waits: Waits, stacks: dict[str, list[Frame]], span: int) -> None:
    """Totals and one row a futex."""
    groups: dict[str, list[tuple[int, Waiter]]] = defaultdict(list)
    for (word, tid), waiter in waits.waiters.items():
        groups[word].append((tid, waiter))
    kinds = {word: futex_kind(stacks.get(word, [])) for word in groups}
    locks = [w for word in groups if kinds[word] != "parking" for _, w in groups[word]]
    answer.totals["futex-waits"] = (Unit.COUNT, sum(w.count for w in waits.waiters.values()))
    answer.totals["lock-wait"] = (Unit.NS, sum(w.wait for w in locks))
    answer.one("span", Unit.NS, span)
    rows = []
    for word in sorted(groups, key=lambda w: -sum(each.wait for _, each in groups[w]))[:200]:
        waiters = [waiter for _, waiter in groups[word]]
        site = site_of_lock(stacks.get(word, []))
        rows.append(
            (word, kinds[word], sum(w.count for w in waiters),
             1.0 if kinds[word] == "futex mutex" else None, sum(w.wait for w in waiters),
             max(w.longest for w in waiters), len(waiters), site.function, site.where)
        )  # fmt: skip
    answer.tables.append(
        Table(
            name="locks",
            columns=("lock", "kind", "contended", "contended share", "wait", "longest wait",
                     "threads", "site", "where"),
            units=(None, None, Unit.COUNT, Unit.RATIO, Unit.NS, Unit.NS, Unit.COUNT, None, None),
            rows=tuple(rows),
        )
    )  # fmt: skip
