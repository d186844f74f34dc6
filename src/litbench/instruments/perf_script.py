"""What ``perf script`` prints, read as it streams.

A sample is a line ``comm pid/tid [cpu] seconds: period event:`` followed by frames, the innermost
first, ``address symbol (module)``, and an empty line. A context switch is a line with
``PERF_RECORD_SWITCH IN`` or ``OUT`` (``OUT preempt`` when the thread could have gone on).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from litbench.instruments.frames import UNKNOWN, readable
from litbench.instruments.inlining import Inliner
from litbench.instruments.maps import MARK
from litbench.instruments.stacks import DEPTH_LIMIT, Place

# -F comm,pid,tid,cpu,time,period,event,ip,sym,dso; the command may have spaces in it.
FIELDS = "comm,pid,tid,time,period,event,ip,sym,dso"
_HEAD = re.compile(
    rb"^\s*(?P<comm>.+?)\s+(?:(?P<pid>-?\d+)/)?(?P<tid>-?\d+)\s+(?:\[(?P<cpu>-?\d+)\]\s+)?"
    rb"(?P<seconds>\d+)\.(?P<fraction>\d+):\s+(?P<rest>.*)$"
)
_PERIOD = re.compile(rb"^(\d+)\s+(.*?):\s*$")
_FRAME = re.compile(rb"^\s+([0-9a-f]+) (.*?)(?:\+0x[0-9a-f]+)? \((.*)\)\s*$")
KNOWN_LIMIT = 100_000


@dataclass
class Sample:
    """One sample. ``time`` is in ns, ``stack`` innermost first."""

    thread: str
    pid: int
    tid: int
    time: int
    period: int
    event: str
    stack: list[Place] = field(default_factory=list)


@dataclass
class Counter:
    """How many lines made no sense."""

    malformed: int = 0


@dataclass(frozen=True)
class Head:
    """The first line of any event: who, when, where, and what follows."""

    thread: str
    pid: int
    tid: int
    cpu: int | None
    time: int
    rest: bytes


def head_of(line: bytes) -> Head | None:
    """The parts that all events begin with, or None."""
    match = _HEAD.match(line)
    if match is None:
        return None
    fraction = match["fraction"][:9]
    time = int(match["seconds"]) * 1_000_000_000 + int(fraction) * 10 ** (9 - len(fraction))
    tid = int(match["tid"])
    return Head(
        match["comm"].decode("utf-8", "replace")[:64],
        int(match["pid"] or tid),
        tid,
        int(match["cpu"]) if match["cpu"] else None,
        time,
        match["rest"],
    )


def read_samples(
    lines: Iterable[bytes], counter: Counter, inliner: Inliner | None = None
) -> Iterator[Sample]:
    """The samples in a script, one at a time. Lines that make no sense are counted.

    With an ``inliner``, which needs the script's mmap events, inlined functions are frames too.
    """
    sample: Sample | None = None
    frames = Frames(inliner)
    for line in lines:
        if not line.strip():
            if sample is not None:
                yield sample
            sample = None
        elif (
            line[:1] in b"\t "
            and sample is not None
            and (places := frames.places(line, leaf=not sample.stack))
        ):
            if len(sample.stack) < DEPTH_LIMIT:
                sample.stack += places
        elif MARK in line:
            frames.mapped(line)
        elif (began := _sample(line)) is not None:
            if sample is not None:
                yield sample
            sample = began
        elif not line.startswith(b"#"):
            counter.malformed += 1
    if sample is not None:
        yield sample


class Frames:
    """Lines of frames to functions and modules; the same line is parsed once."""

    def __init__(self, inliner: Inliner | None) -> None:
        self._inliner = inliner
        self._known: dict[tuple[bytes, bool], list[Place]] = {}

    def mapped(self, line: bytes) -> None:
        """A file was mapped."""
        if self._inliner is not None:
            self._inliner.maps.take(line)

    def places(self, line: bytes, *, leaf: bool) -> list[Place]:
        """The functions of a frame, inlined ones first; empty when the line is no frame."""
        key = (line, leaf)
        found = self._known.get(key)
        if found is None:
            found = self._parse(line, leaf=leaf)
            if found and len(self._known) < KNOWN_LIMIT:
                self._known[key] = found
        return found

    def _parse(self, line: bytes, *, leaf: bool) -> list[Place]:
        match = _FRAME.match(line)
        if match is None:
            return []
        name = match[2].decode("utf-8", "replace")
        path = match[3].decode("utf-8", "replace")
        if self._inliner is not None and path.startswith("/"):
            # a caller's address is where it goes on: the call is just before
            inlined = self._inliner.places(int(match[1], 16) - (not leaf))
            if inlined:
                return inlined
        known = name not in {"[unknown]", ""}
        return [(readable(name) if known else UNKNOWN, path.rpartition("/")[2])]


def _sample(line: bytes) -> Sample | None:
    head = head_of(line)
    match = _PERIOD.match(head.rest) if head else None
    if head is None or match is None:
        return None
    event = match[2].decode("utf-8", "replace")
    return Sample(head.thread, head.pid, head.tid, head.time, int(match[1]), event)
