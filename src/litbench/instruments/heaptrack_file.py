"""heaptrack's data files: the raw events of a run, and the names of its stacks.

Raw file (heaptrack 1.x, file version 3), one record a line, numbers in hexadecimal:

    t ip parent          a stack frame; its number is the count of t lines so far, 0 is no frame
    + size trace ptr     an allocation         - ptr      a free
    c ms                 milliseconds since start, every 10 ms at most
    R pages              resident set

The interpreted file repeats the t lines in the same order and adds ``s length text`` (a string) and
``i ip module [function file line]...`` (an address; strings by number from 1, inlined ones last).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from litbench.instruments.frames import UNKNOWN, Frame, readable

# The emergency pool of libstdc++, which heaptrack's own library brings into every process.
POOL_BYTES = 0x11C00
LIVE_LIMIT = 3_000_000
TIMELINE_LIMIT = 2_000
DEPTH_LIMIT = 256


@dataclass
class Site:
    """What one stack allocated in the region. ``brief`` were freed before the next allocation."""

    count: int = 0
    bytes: int = 0
    brief: int = 0
    alive: int = 0
    alive_bytes: int = 0
    peak_bytes: int = 0


@dataclass
class Heap:
    """The events of a region, added up.

    ``sizes`` maps a size to its count, ``lives`` a lifetime (in allocations by the process until
    the free) to its count. ``timeline`` has (ms, live bytes, resident bytes). ``live_start`` and
    ``live_end`` are live bytes at the ends of the region.
    """

    sites: dict[int, Site] = field(default_factory=lambda: defaultdict(Site))
    sizes: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    lives: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    timeline: list[tuple[int, int, int]] = field(default_factory=list)
    count: int = 0
    bytes: int = 0
    frees: int = 0
    peak: int = 0
    peak_ms: int = 0
    live_start: int = 0
    live_end: int = 0
    malformed: int = 0
    complete: bool = True


def read_heap(lines: Iterable[bytes], begin_ms: float = 0, end_ms: float = float("inf")) -> Heap:
    """Add up the raw events between two moments.

    Malformed lines are counted and left out. ``complete`` is false when more objects were alive
    at once than can be followed.
    """
    reader = _Reader(begin_ms, end_ms)
    takers = {b"+ ": reader.allocated, b"- ": reader.freed, b"c ": reader.moment, b"R ": reader.set}
    for line in lines:
        take = takers.get(line[:2])
        if take is None:
            continue
        try:
            take(line)
        except (ValueError, TypeError, IndexError):
            reader.heap.malformed += 1
        if reader.over:
            break
    return reader.close()


class _Reader:
    """Follows live objects from the first event on, and adds up those of the region."""

    def __init__(self, begin_ms: float, end_ms: float) -> None:
        self.heap = Heap()
        self.over = False
        self._begin_ms, self._end_ms = begin_ms, end_ms
        self._inside = begin_ms <= 0
        self._live: dict[int, tuple[int, int, int]] = {}
        self._live_by_trace: dict[int, int] = defaultdict(int)
        self._live_bytes = self._allocations = self._now = self._resident = 0
        self._peaks: dict[int, int] = {}
        self._peak_of_snapshot = -1

    def allocated(self, line: bytes) -> None:
        """``+ size trace pointer``"""
        size, trace, pointer = (int(word, 16) for word in line[2:].split())
        if size == POOL_BYTES and self._allocations == 0:
            return
        self._allocations += 1
        if len(self._live) < LIVE_LIMIT:
            # trace 0: allocated before the region, so its end says nothing about a site
            self._live[pointer] = (size, trace if self._inside else 0, self._allocations)
            self._live_bytes += size
            self._live_by_trace[trace] += size
        else:
            self.heap.complete = False
        if self._inside:
            heap = self.heap
            site = heap.sites[trace]
            site.count += 1
            site.bytes += size
            heap.sizes[size] += 1
            if self._live_bytes > heap.peak:
                heap.peak, heap.peak_ms = self._live_bytes, self._now

    def freed(self, line: bytes) -> None:
        """``- pointer``"""
        known = self._live.pop(_hexadecimal(line), None)
        if known is None:
            return
        size, trace, born = known
        self._live_bytes -= size
        self._live_by_trace[trace] -= size
        if self._inside:
            self.heap.frees += 1
            if trace:
                self.heap.lives[self._allocations - born] += 1
                self.heap.sites[trace].brief += self._allocations == born

    def moment(self, line: bytes) -> None:
        """``c ms``"""
        self._now = _hexadecimal(line)
        heap = self.heap
        if self._inside and self._now >= self._end_ms:
            self.over = True
            return
        if not self._inside and self._now >= self._begin_ms:
            self._inside = True
            heap.live_start = heap.peak = self._live_bytes
            heap.peak_ms = self._now
        if self._inside:
            _note(heap.timeline, (self._now, self._live_bytes, self._resident))
            if self._live_bytes > self._peak_of_snapshot:
                self._peak_of_snapshot = self._live_bytes
                self._peaks = dict(self._live_by_trace)

    def set(self, line: bytes) -> None:
        """``R pages``: the resident set."""
        self._resident = _hexadecimal(line) * 4096

    def close(self) -> Heap:
        """What is alive at the end belongs to the sites that allocated it."""
        heap = self.heap
        heap.live_end = self._live_bytes
        heap.count = sum(site.count for site in heap.sites.values())
        heap.bytes = sum(site.bytes for site in heap.sites.values())
        for size, trace, _ in self._live.values():
            if trace:
                heap.sites[trace].alive += 1
                heap.sites[trace].alive_bytes += size
        for trace, size in self._peaks.items():
            if size > 0 and trace in heap.sites:
                heap.sites[trace].peak_bytes = size
        return heap


def _hexadecimal(line: bytes) -> int:
    """The only number of a line, after its letter."""
    return int(line.split()[1], 16)


def _note(timeline: list[tuple[int, int, int]], point: tuple[int, int, int]) -> None:
    """Keep a bounded time line: when it is full, every second point goes."""
    if len(timeline) >= TIMELINE_LIMIT:
        del timeline[1::2]
    timeline.append(point)


class Names:
    """Stacks by their number, from the interpreted file."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._strings: list[str] = [""]
        self._addresses: list[tuple[int, ...]] = [()]
        self._traces: list[tuple[int, int]] = [(0, 0)]
        for line in lines:
            try:
                self._take(line)
            except (ValueError, IndexError):
                continue

    def _take(self, line: bytes) -> None:
        match line[:2]:
            case b"s ":
                text = line[2:].split(b" ", 1)
                self._strings.append(text[1].decode("utf-8", "replace") if len(text) > 1 else "")
            case b"i ":
                self._addresses.append(tuple(int(word, 16) for word in line[2:].split()[1:]))
            case b"t ":
                words = line[2:].split()
                self._traces.append((int(words[0], 16), int(words[1], 16)))

    def stack(self, trace: int) -> list[Frame]:
        """The frames of a stack, the innermost first. An unknown number is an empty stack."""
        frames: list[Frame] = []
        while 0 < trace < len(self._traces) and len(frames) < DEPTH_LIMIT:
            ip, parent = self._traces[trace]
            frames += self._frames_at(ip)
            if parent >= trace:
                break
            trace = parent
        return frames

    def _frames_at(self, number: int) -> list[Frame]:
        address = self._addresses[number] if 0 < number < len(self._addresses) else ()
        if not address:
            return [Frame(UNKNOWN)]
        module, names = self._string(address[0]), address[1:]
        found = []
        for at in range(0, len(names), 3):
            function, file, line = (*names[at : at + 3], 0, 0)[:3]
            name = readable(self._string(function))
            found.append(Frame(name, self._string(file), line, module))
        return found or [Frame(UNKNOWN, module=module)]

    def _string(self, number: int) -> str:
        return self._strings[number] if 0 < number < len(self._strings) else ""
