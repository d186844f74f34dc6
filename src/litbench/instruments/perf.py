"""perf: what this machine lets it do, and how it is switched on and off.

perf says 0 and prints ``<not supported>`` for events that the machine lacks, so what it can count
is found out by counting.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from litbench.instruments.base import Obstacle
from litbench.instruments.tools import ToolError, installed, output_of

ACK_TIMEOUT_S = 10.0


class Count(msgspec.Struct):
    """One line of ``perf stat -j``; the fields that litbench reads."""

    event: str = ""
    value: str = msgspec.field(default="", name="counter-value")
    unit: str = ""
    running: float = msgspec.field(default=100.0, name="pcnt-running")


def read_counts(data: bytes) -> Iterator[tuple[str, float | None, float]]:
    """(event, its count, percent of the time it was counted) of perf's JSON lines.

    The count is None where the machine does not support it or never got to count it. Lines that
    make no sense are left out.
    """
    for line in data.splitlines():
        try:
            count = msgspec.json.decode(line, type=Count)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if not count.event:
            continue
        try:
            value: float | None = float(count.value)
        except ValueError:
            value = None
        yield count.event, value, count.running


@functools.cache
def supported(events: tuple[str, ...]) -> frozenset[str]:
    """Which of these events can be counted here, for this user."""
    command = ["perf", "stat", "-j", "--log-fd", "1", "-e", ",".join(events), "--", "true"]
    try:
        result = output_of(command, timeout=30)
    except ToolError:
        return frozenset()
    return frozenset(
        re.sub(":[ukh]+$", "", name) for name, value, _ in read_counts(result) if value is not None
    )


def has_pmu() -> bool:
    """Whether this machine counts instructions in hardware."""
    return "instructions" in supported(("instructions",))


def perf_obstacle(cost: str, events: tuple[str, ...] = ("task-clock",)) -> Obstacle | None:
    """Why perf cannot count these events here."""
    if obstacle := installed("perf", "linux-perf", cost):
        return obstacle
    if missing := set(events) - supported(events):
        names = ", ".join(sorted(missing))
        if events == ("task-clock",):
            level = _paranoid()
            return Obstacle(
                f"perf may not measure here (perf_event_paranoid is {level})", cost,
                "Try `sysctl kernel.perf_event_paranoid=1`, or run as root.",
            )  # fmt: skip
        cure = "A virtual machine often has no hardware counters: use another machine."
        return Obstacle(f"this machine does not count {names}", cost, cure)
    return None


def _paranoid() -> str:
    try:
        return Path("/proc/sys/kernel/perf_event_paranoid").read_text().strip()
    except OSError:
        return "unknown"


def killed_by(stderr: bytes, program: str) -> str:
    """The signal that ended a program under ``perf stat``, which itself exits with 0 then.

    perf prints it as psignal(3) does; empty where it does not.
    """
    known = {f"{program}: {signal.strsignal(number)}": number for number in signal.Signals}
    for line in stderr.decode("utf-8", "replace").splitlines()[-5:]:
        if line.strip() in known:
            return known[line.strip()].name
    return ""


class Control:
    """perf's control fifos: events are off until the region begins, and off after it."""

    def __init__(self, folder: Path) -> None:
        self._paths = (folder / "perf-control", folder / "perf-ack")
        self._files: list[int] = []
        self._answers: list[bool] = []

    @property
    def switched(self) -> bool:
        """Whether perf was switched on and off, and confirmed both."""
        return len(self._answers) >= 2 and all(self._answers)

    def options(self) -> list[str]:
        """What perf must be told; the fifos are made."""
        for path in self._paths:
            with contextlib.suppress(FileExistsError):
                os.mkfifo(path)
        # Both ends are held open here, so that neither side ever waits for the other to open.
        self._files = [os.open(path, os.O_RDWR | os.O_NONBLOCK) for path in self._paths]
        return ["--delay=-1", f"--control=fifo:{self._paths[0]},{self._paths[1]}"]

    def say(self, word: str) -> None:
        """``enable`` or ``disable``; waits for perf's answer."""
        os.write(self._files[0], word.encode() + b"\n")
        deadline = time.monotonic() + ACK_TIMEOUT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                if b"ack" in os.read(self._files[1], 100):
                    self._answers.append(True)
                    return
            time.sleep(0.001)
        self._answers.append(False)

    def disable(self) -> None:
        """Switch the events off before the region's end."""
        self.say("disable")

    def close(self) -> None:
        """Let go of the fifos."""
        for number in self._files:
            os.close(number)
        self._files = []
