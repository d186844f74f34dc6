"""Suites: named selections of workloads, measures and parameters."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from litbench.catalogue.definition import Values
from litbench.errors import UsageError
from litbench.record import Measure

_ALL_MEASURES = tuple(Measure)


@dataclass(frozen=True)
class Entry:
    """One workload of a suite; ``sizes`` replaces the sizes that memory is a slope over."""

    workload: str
    measures: tuple[Measure, ...] = _ALL_MEASURES
    values: Values = field(default_factory=dict)
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Suite:
    """A named selection."""

    name: str
    summary: str
    entries: tuple[Entry, ...]


DEFAULT = Suite(
    name="default",
    summary="throughput and latency of the basic patterns, memory per actor and per message",
    entries=(
        Entry("ping-pong", (Measure.THROUGHPUT,)),
        Entry("counting"),
        Entry("fan-in"),
        Entry("fan-out"),
        Entry("thread-ring"),
        Entry("skynet", (Measure.THROUGHPUT,)),
        Entry("mass-spawn", sizes=(2_000, 5_000, 10_000, 20_000, 40_000)),
        Entry("mailbox-fill", sizes=(5_000, 10_000, 20_000, 50_000, 100_000)),
        Entry("isolated-latency"),
    ),
)

ALL = (DEFAULT,)


def suite(name: str) -> Suite:
    """The suite of that name. Raises UsageError when there is none."""
    by_name = {each.name: each for each in ALL}
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(by_name)}"
    raise UsageError(f"no suite {name!r}: {hint}")
