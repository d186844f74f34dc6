"""Where files were mapped, from perf's mmap events: runtime addresses to offsets in files."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field

MAPS_LIMIT = 20_000
MARK = b"PERF_RECORD_MMAP"
_MAP = re.compile(
    rb"PERF_RECORD_MMAP2? (?P<pid>-?\d+)/-?\d+: \[(?P<start>0x[0-9a-f]+)\((?P<size>0x[0-9a-f]+)\)"
    rb" @ (?P<offset>0x[0-9a-f]+|0)[^\]]*\]: \S*x\S* (?P<path>.+)$"
)


@dataclass
class Maps:
    """Executable mappings by their start. Of two at one start the newest counts."""

    starts: list[int] = field(default_factory=list)
    maps: dict[int, tuple[int, int, str]] = field(default_factory=dict)

    def take(self, line: bytes) -> None:
        """A line of ``perf script --show-mmap-events``; others are passed over."""
        match = _MAP.search(line)
        if match is None:
            return
        path = match["path"].decode("utf-8", "replace")
        numbers = [int(match[name], 16) for name in ("start", "size", "offset")]
        self.add(numbers[0], numbers[1], numbers[2], path)

    def add(self, start: int, size: int, offset: int, path: str) -> None:
        """A file's bytes from ``offset`` on are at ``start``."""
        if start not in self.maps:
            if len(self.starts) >= MAPS_LIMIT:
                return
            bisect.insort(self.starts, start)
        self.maps[start] = (size, offset, path)

    def find(self, address: int) -> tuple[str, int] | None:
        """The file and the offset in it of an address."""
        at = bisect.bisect_right(self.starts, address) - 1
        if at < 0:
            return None
        size, offset, path = self.maps[self.starts[at]]
        into = address - self.starts[at]
        return (path, into + offset) if into < size else None
