"""Run by the profiled program's own Python, which has memray: prints a capture as JSON.

One object: totals, and every stack with its count and bytes. Frames are [function, file, line],
the innermost first. It must not import litbench, which that Python may not have.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from memray import AllocatorType, FileReader

STACK_LIMIT = 20_000
Frames = tuple[tuple[str, str, int], ...]


def main() -> None:
    """Add up the capture named on the command line."""
    with FileReader(sys.argv[1]) as reader:
        sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        sizes: dict[int, int] = defaultdict(int)
        frees = _free_types()
        stacks = {}
        for record in reader.get_allocation_records():
            if record.allocator in frees:
                continue
            key = record.stack_id
            if key not in stacks:
                stacks[key] = record
            sums[key][0] += record.n_allocations
            sums[key][1] += record.size
            sizes[record.size] += record.n_allocations
        frames = {key: _frames(record) for key, record in stacks.items()}
        merged: dict[Frames, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for key, numbers in sums.items():
            for at in (0, 1):
                merged[frames[key]][at] += numbers[at]
        for record in reader.get_leaked_allocation_records(merge_threads=True):
            merged[_frames(record)][2] += record.n_allocations
            merged[_frames(record)][3] += record.size
        snapshots = [(s.time, s.heap, s.rss) for s in reader.get_memory_snapshots()]
    ordered = sorted(merged.items(), key=lambda item: -item[1][0])[:STACK_LIMIT]
    json.dump(
        {
            "peak": reader.metadata.peak_memory,
            "count": sum(n[0] for n in sums.values()),
            "bytes": sum(n[1] for n in sums.values()),
            "sizes": sorted(sizes.items()),
            "snapshots": snapshots[:: max(1, len(snapshots) // 2000)],
            "stacks": [[list(frames), *numbers] for frames, numbers in ordered],
        },
        sys.stdout,
    )


def _frames(record: Any) -> Frames:
    return tuple((f, Path(p).name, n) for f, p, n in record.stack_trace(max_stacks=128))


def _free_types() -> set[int]:
    names = ("FREE", "MUNMAP", "PYMALLOC_FREE")
    return {int(getattr(AllocatorType, name)) for name in names if hasattr(AllocatorType, name)}


if __name__ == "__main__":
    main()
