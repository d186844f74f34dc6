"""How many actors this machine has room for; what does not fit is scaled down and says so."""

from __future__ import annotations

import os
import resource

MOST_THREADS = 2000
HEADROOM = 1.3


def memory() -> int | None:
    """Bytes of memory that this process may have: the machine's or its control group's."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    sizes = (pages if pages > 0 else None, _number("/sys/fs/cgroup/memory.max"))
    return min((size for size in sizes if size is not None), default=None)


def holds(needed: int) -> bool:
    """Whether the machine has room for ``needed`` bytes, as far as can be told."""
    there = memory()
    return there is None or there > needed * HEADROOM


def threads() -> int:
    """How many threads to ask for at most: half of what the system allows, and no more than 2,000.

    Every one takes a stack and a kernel task; a default Linux holds that many.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    allowed = [
        None if soft == resource.RLIM_INFINITY else soft,
        _number("/sys/fs/cgroup/pids.max"),
        _number("/proc/sys/kernel/threads-max"),
    ]
    return min(MOST_THREADS, *(number // 2 for number in allowed if number is not None))


def _number(path: str) -> int | None:
    """The number in a file of the kernel's; None when there is none, or it says ``max``."""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 (pathlib takes 3 ms to import)
            text = file.read().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
