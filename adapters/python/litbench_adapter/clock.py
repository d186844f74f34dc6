"""The monotonic clock that regions are timed with, and its calibration."""

from __future__ import annotations

import math
import time
from itertools import repeat

now = time.perf_counter_ns  # CLOCK_MONOTONIC on Linux; the same clock in every thread

_BATCH = 256
_BATCHES = 16


def calibrate() -> dict[str, str | float]:
    """What ``ready`` says about the clock: name, unit, cost of a reading and resolution in ns.

    The cost is the cheapest of several batches, loop included: what a reading costs a Python
    program. The resolution is the greatest step that divides every observed difference; where the
    tick is no whole number of ns (41.67 on some machines) that is 1.
    """
    cost = float("inf")
    step = 0
    for _ in range(_BATCHES):
        start = now()
        for _ in repeat(None, _BATCH):
            now()
        elapsed = now() - start
        cost = min(cost, elapsed / (_BATCH + 1))
        step = math.gcd(step, elapsed)
    return {"name": _name(), "unit": "ns", "cost": round(cost, 2), "resolution": max(step, 1)}


def _name() -> str:
    """``clock_gettime(CLOCK_MONOTONIC)`` without the system call's name."""
    implementation = time.get_clock_info("perf_counter").implementation
    return implementation.partition("(")[2].rstrip(")") or implementation
