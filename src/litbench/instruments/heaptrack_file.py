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
    heap = Heap()
    live: dict[int, tuple[int, int, int]] = {}
    now = live_bytes = allocations = resident = 0
    inside = begin_ms <= 0
    peaks: dict[int, int] = {}
    live_by_trace: dict[int, int] = defaultdict(int)
    peak_at_snapshot = -1
    for line in lines:
        try:
            match line[:2]:
                case b"+ ":
                    size, trace, pointer = (int(word, 16) for word in line[2:].split())
                    if size == POOL_BYTES and allocations == 0:
                        continue
                    allocations += 1
                    if len(live) < LIVE_LIMIT:
                        live[pointer] = (size, trace if inside else 0, allocations)
                        live_bytes += size
                        live_by_trace[trace] += size
                    else:
                        heap.complete = False
                    if inside:
                        site = heap.sites[trace]
                        site.count += 1
                        site.bytes += size
                        heap.sizes[size] += 1
                        if live_bytes > heap.peak:
                            heap.peak, heap.peak_ms = live_bytes, now
                case b"- ":
                    known = live.pop(int(line[2:], 16), None)
                    if known is None:
                        continue
                    size, trace, born = known
                    live_bytes -= size
                    live_by_trace[trace] -= size
                    if inside:
                        heap.frees += 1
                        if trace:
                            heap.lives[allocations - born] += 1
                            heap.sites[trace].brief += allocations == born
                case b"c ":
                    now = int(line[2:], 16)
                    if inside and now >= end_ms:
                        break
                    if not inside and now >= begin_ms:
                        inside = True
                        heap.live_start = heap.peak = live_bytes
                        heap.peak_ms = now
                    if inside:
                        _note(heap.timeline, (now, live_bytes, resident))
                        if live_bytes > peak_at_snapshot:
                            peak_at_snapshot = live_bytes
                            peaks = dict(live_by_trace)
                case b"R ":
                    resident = int(line[2:], 16) * 4096
        except (ValueError, TypeError):
            heap.malformed += 1
    _close(heap, live, peaks, live_bytes)
    return heap


def _close(
    heap: Heap,
    live: dict[int, tuple[int, int, int]],
    peaks: dict[int, int],
    live_bytes: int,
) -> None:
    heap.live_end = live_bytes
    heap.count = sum(site.count for site in heap.sites.values())
    heap.bytes = sum(site.bytes for site in heap.sites.values())
    for size, trace, _ in live.values():
        if trace:
            heap.sites[trace].alive += 1
            heap.sites[trace].alive_bytes += size
    for trace, size in peaks.items():
        if size > 0 and trace in heap.sites:
            heap.sites[trace].peak_bytes = size


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
