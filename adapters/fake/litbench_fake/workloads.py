"""All workloads: their patterns, measures, and the samples that each of them has."""

from __future__ import annotations

from litbench_fake import basic, patterns, pressure
from litbench_fake.arithmetic import Parameters, Pattern

PATTERNS = {**basic.PATTERNS, **patterns.PATTERNS, **pressure.PATTERNS}

TIMED = ("throughput", "latency")
SIZED = ("throughput", "memory")
MEASURES = dict.fromkeys(PATTERNS, TIMED) | {
    "mass-spawn": SIZED,
    "mailbox-fill": SIZED,
    "isolated-latency": ("latency",),
    "fork-join-throughput": ("throughput",),
    "fork-join-create": ("throughput",),
    "chameneos": ("throughput",),
    "bounded-buffer": ("throughput",),
    "loaded-latency": ("latency",),
    "isolation": ("throughput",),
    "supervision": ("throughput", "latency", "memory"),
    "churn": SIZED,
    "soak": ("memory",),
}

# In measure latency; `message` where nothing is said.
HISTOGRAMS = {
    "ping-pong": "round-trip",
    "isolated-latency": "round-trip",
    "skynet": "node",
    "pipelined-ping-pong": "round-trip",
    "star": "round",
    "big": "round-trip",
    "dictionary": "round-trip",
    "banking": "transfer",
    "loaded-latency": "corrected",
    "supervision": "restart",
}

VERSIONS = {"supervision": 2}  # 1 where nothing is said


def pattern(name: str, parameters: Parameters) -> Pattern:
    """The workload of that name. Raises KeyError for an unknown one or a missing parameter."""
    return PATTERNS[name](parameters)
