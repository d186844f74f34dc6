"""Memory readings. They are only taken in ``measure: memory``, where elapsed time is not used."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable

_STATM = "/proc/self/statm"


def rss() -> int | None:
    """Resident set of this process in bytes, or None where the system has no /proc."""
    try:
        with open(_STATM, "rb", buffering=0) as file:  # noqa: PTH123 (no buffer to allocate)
            pages = int(file.read(256).split()[1])
    except FileNotFoundError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def settle() -> None:
    """Collect cyclic garbage, so that a reading sees what is live and nothing else."""
    gc.collect()


class Tracer:
    """Live bytes of Python's allocators, by tracemalloc, while it is entered.

    Tracing keeps a table of every live block, which is memory of its own: never read the resident
    set in a pass that is traced, or in one that follows it in the same process.
    """

    def __enter__(self) -> Callable[[], int]:
        import tracemalloc

        tracemalloc.start(1)
        return lambda: tracemalloc.get_traced_memory()[0]

    def __exit__(self, *_: object) -> None:
        import tracemalloc

        tracemalloc.stop()


def trace() -> Callable[[], int]:
    """Trace live bytes from now (or the first call) on; returns what reads them."""
    import tracemalloc

    if not tracemalloc.is_tracing():
        tracemalloc.start(1)
    return lambda: tracemalloc.get_traced_memory()[0]
