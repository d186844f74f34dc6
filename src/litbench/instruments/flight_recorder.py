"""Java's flight recorder: which monitors and locks threads waited for, how long, and where.

It is part of the JDK. The text of ``jfr print`` is read: one event is ``NAME {``, lines ``key =
value``, a list of frames ``Class.method(types) line: N``, and ``}``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from litbench.instruments.base import (
    SAMPLED,
    Answer,
    Effort,
    Instrument,
    Obstacle,
    Program,
    Watched,
)
from litbench.instruments.shims import language_of
from litbench.instruments.tools import installed, lines_of, version_of
from litbench.record import Table
from litbench.units import Unit

EVENTS = ("jdk.JavaMonitorEnter", "jdk.ThreadPark")
ROWS = 200
STACK_DEPTH = 16
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<configuration version="2.0">{}</configuration>
"""
_EVENT = (
    '<event name="{}"><setting name="enabled">true</setting>'
    '<setting name="threshold">0 ms</setting><setting name="stackTrace">true</setting></event>'
)
_PAIR = re.compile(rb"^  (\w+) = (.*)$")
_FRAME = re.compile(rb"^    (\S.*?)\(.*\) +line: (\d+)")
_DURATION = re.compile(r"^([\d.,]+) (ns|us|ms|s)$")
_NS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
# What a thread is parked on when it waits for a lock, and not for something to do.
_LOCK_CLASS = re.compile(r"^java\.util\.concurrent\.locks\.(Reentrant|Stamped)")
_LOCKING = re.compile(r"^(java\.util\.concurrent\.locks|jdk\.internal|sun\.misc)\.")


@dataclass
class Waits:
    """Waits for locks of one class at one place, in ns."""

    count: int = 0
    total: int = 0
    longest: int = 0
    threads: set[str] = field(default_factory=set)
    owners: dict[str, int] = field(default_factory=lambda: defaultdict(int))


Key = tuple[str, str, str]


class FlightRecorder(Instrument):
    """Contended monitors and java.util.concurrent locks of a Java program, with their places."""

    tool: ClassVar[str] = "jfr"
    effort: ClassVar[Effort] = SAMPLED
    grace_s: ClassVar[float] = 20.0

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._output = self.folder / "recording.jfr"

    @classmethod
    def obstacle(cls, program: Program) -> Obstacle | None:
        """Not a Java program, or a runtime without the JDK's tools."""
        cost = "no names and places of Java's locks"
        if language_of(program) != "java":
            return Obstacle("not a Java program", cost, "", irrelevant=True)
        return installed("jfr", "default-jdk-headless", cost)

    @property
    def version(self) -> str:
        """The JDK's version."""
        return version_of("jfr", "version")

    def environment(self) -> dict[str, str]:
        """The JVM reads its options from a variable; every wait counts, however short."""
        settings = self.folder / "locks.jfc"
        settings.write_text(_SETTINGS.format("".join(map(_EVENT.format, EVENTS))), "utf-8")
        recording = f"filename={self._output},settings={settings},maxsize=256M"
        return {"JAVA_TOOL_OPTIONS": f"-XX:StartFlightRecording={recording} -Xlog:jfr+startup=off"}

    def collect(self, watched: Watched) -> Answer:
        """Read the recording's events as they stream."""
        answer = Answer()
        if not self._output.is_file() or self._output.stat().st_size == 0:
            answer.caution("no-data", "the JVM wrote no recording: it was killed, or is too old")
            return answer
        command = ["jfr", "-J-Duser.language=en", "print", "--stack-depth", str(STACK_DEPTH)]
        command += ["--events", ",".join(EVENTS), str(self._output)]
        with lines_of(command, self.folder / "jfr.txt") as lines:
            found = add_up(read_events(lines))
        fill(answer, found)
        if watched.killed:
            answer.caution("partial", "the process was killed: the answer ends there")
        return answer


def read_events(lines: Iterable[bytes]) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """(event, its fields, its frames ``method:line`` innermost first); other lines are left out."""
    name, values, frames = "", dict[str, str](), list[str]()
    for line in lines:
        if line.startswith(b"jdk.") and line.rstrip().endswith(b"{"):
            name, values, frames = line.split(b" ", 1)[0].decode("utf-8", "replace"), {}, []
        elif line.startswith(b"}") and name:
            yield name, values, frames
            name = ""
        elif pair := _PAIR.match(line):
            values[pair[1].decode()] = pair[2].decode("utf-8", "replace").strip()
        elif (frame := _FRAME.match(line)) and len(frames) < STACK_DEPTH:
            frames.append(f"{frame[1].decode('utf-8', 'replace')}:{int(frame[2])}")


def add_up(events: Iterable[tuple[str, dict[str, str], list[str]]]) -> dict[Key, Waits]:
    """Waits by (class of the lock, function, line); idle threads that are parked are left out."""
    found: dict[Key, Waits] = defaultdict(Waits)
    for name, values, frames in events:
        kind = values.get("monitorClass", values.get("parkedClass", "")).partition(" (")[0]
        duration = _duration(values.get("duration", ""))
        if name not in EVENTS or duration is None:
            continue
        if name == "jdk.ThreadPark" and not _LOCK_CLASS.search(kind):
            continue
        waits = found[(kind, *_place(frames))]
        waits.count += 1
        waits.total += duration
        waits.longest = max(waits.longest, duration)
        waits.threads.add(_thread(values.get("eventThread", "")))
        if owner := _thread(values.get("previousOwner", "")):
            waits.owners[owner] += duration
    return found


def _duration(text: str) -> int | None:
    match = _DURATION.match(text)
    try:
        return round(float(match[1].replace(",", "")) * _NS[match[2]]) if match else None
    except ValueError:
        return None


def _place(frames: Sequence[str]) -> tuple[str, str]:
    own = next((f for f in frames if not _LOCKING.search(f)), frames[0] if frames else "")
    function, _, line = own.rpartition(":")
    return function, f"line {line}" if function else ""


def _thread(text: str) -> str:
    name = text.partition(" (")[0].strip('"')
    return "" if name in {"N/A", "null"} else name


def fill(answer: Answer, found: dict[Key, Waits]) -> None:
    """Totals, and one row a class and place."""
    answer.totals["lock-waits"] = (Unit.COUNT, sum(w.count for w in found.values()))
    answer.totals["lock-wait"] = (Unit.NS, sum(w.total for w in found.values()))
    ordered = sorted(found.items(), key=lambda item: (-item[1].total, item[0]))[:ROWS]
    answer.tables.append(
        Table(
            name="java locks",
            columns=("lock", "waits", "wait", "longest wait", "threads", "top holder", "site",
                     "where"),
            units=(None, Unit.COUNT, Unit.NS, Unit.NS, Unit.COUNT, None, None, None),
            rows=tuple(
                (kind, w.count, w.total, w.longest, len(w.threads),
                 max(w.owners, key=lambda o: w.owners[o], default=None), function, where)
                for (kind, function, where), w in ordered
            ),
        )
    )  # fmt: skip
