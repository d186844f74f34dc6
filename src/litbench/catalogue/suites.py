"""Suites: named selections of workloads, measures and parameters."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from litbench.catalogue.definition import Values
from litbench.errors import UsageError
from litbench.record import Measure

_ALL_MEASURES = tuple(Measure)
_THROUGHPUT = (Measure.THROUGHPUT,)
_LATENCY = (Measure.LATENCY,)
_MEMORY = (Measure.MEMORY,)
_TIMED = (Measure.THROUGHPUT, Measure.LATENCY)
# More than a slope needs: a target that is too slow for the largest has a slope all the same.
_TO_A_MILLION = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)


@dataclass(frozen=True)
class Entry:
    """One workload of a suite.

    ``sizes`` replaces the sizes that memory is a slope over; ``sweep`` runs the workload with each
    value of a parameter; ``scale`` runs it with 1, 2, 4, ... worker threads up to all processors.
    """

    workload: str
    measures: tuple[Measure, ...] = _ALL_MEASURES
    values: Values = field(default_factory=dict)
    sizes: tuple[int, ...] = ()
    sweep: tuple[str, tuple[int, ...]] | None = None
    scale: bool = False

    def each_values(self) -> tuple[Values, ...]:
        """The values of this entry, once for every value that is swept."""
        if self.sweep is None:
            return (self.values,)
        name, swept = self.sweep
        return tuple({**self.values, name: value} for value in swept)


@dataclass(frozen=True)
class Suite:
    """A named selection; ``targets`` are measured when the user names none (empty: all)."""

    name: str
    summary: str
    entries: tuple[Entry, ...]
    targets: tuple[str, ...] = ()


ALL = (
    Suite(
        "default",
        "throughput and latency of the basic patterns, memory per actor and per message",
        (
            Entry("ping-pong", _THROUGHPUT),
            Entry("counting"),
            Entry("fan-in"),
            Entry("fan-out"),
            Entry("thread-ring"),
            Entry("skynet", _THROUGHPUT),
            Entry("mass-spawn", sizes=(2_000, 5_000, 10_000, 20_000, 40_000)),
            Entry("mailbox-fill", sizes=(5_000, 10_000, 20_000, 50_000, 100_000)),
            Entry("isolated-latency"),
        ),
    ),
    Suite(
        "akka-erlang",
        "what Akka and Erlang are compared by: ping-pong, flood, broadcast, skynet; both measures",
        (
            Entry("ping-pong", _TIMED),
            Entry("fan-in", _TIMED),
            Entry("fan-out", _TIMED),
            Entry("skynet", _TIMED),
        ),
    ),
    Suite(
        "memory",
        "bytes of an actor, of a queued message, of a crash; and whether memory comes back",
        (
            Entry("mass-spawn", _MEMORY, sizes=_TO_A_MILLION,
                  values={"actors": 1_000_000}),
            Entry("mailbox-fill", _MEMORY, sizes=_TO_A_MILLION,
                  values={"messages": 1_000_000}),
            Entry("supervision", _MEMORY, sizes=(500, 1_000, 2_000, 5_000, 10_000)),
            Entry("churn", _MEMORY),
            Entry("soak", _MEMORY),
        ),
    ),
    Suite(
        "scaling",
        "worker threads swept: speed-up and efficiency, measured",
        (
            Entry("pipelined-ping-pong", _THROUGHPUT, values={"pairs": 8}, scale=True),
            Entry("fork-join-throughput", _THROUGHPUT, scale=True),
            Entry("fan-in", _THROUGHPUT, scale=True),
            Entry("big", _THROUGHPUT, scale=True),
            Entry("skynet", _THROUGHPUT, scale=True),
            Entry("isolation", _THROUGHPUT, scale=True),
        ),
    ),
    Suite(
        "latency",
        "one message at a time, then open loop at shares of the measured capacity",
        (
            Entry("isolated-latency", _LATENCY),
            Entry("loaded-latency", _LATENCY, sweep=("load", (10, 30, 50, 70, 80, 90))),
        ),
    ),
    Suite(
        "savina",
        "the patterns of the Savina suite (Imam and Sarkar, 2014) that the catalogue has",
        tuple(
            Entry(name, _THROUGHPUT)
            for name in (
                "ping-pong", "counting", "fork-join-throughput", "fork-join-create",
                "thread-ring", "chameneos", "big", "bounded-buffer", "dictionary", "banking",
                "star", "pipeline",
            )
        ),
    ),
    Suite(
        "policies",
        "what back-pressure, failing fast and batching cost",
        (
            Entry("fan-in", _THROUGHPUT, sweep=("fail_fast", (0, 1))),
            Entry("counting", _THROUGHPUT, sweep=("batch", (1, 4, 16, 64, 256))),
        ),
    ),
    Suite(
        "failures",
        "crashes, restarts and their cost",
        (
            Entry("supervision", _TIMED, sweep=("strategy", (0, 1, 2))),
            Entry("failure-injection", _TIMED, sweep=("failures", (0, 1, 5, 10, 20))),
            Entry("failure-injection", _TIMED, values={"burst": 50}, sweep=("failures", (5, 20))),
        ),
    ),
    Suite(
        "lit-bit",
        "lit-bit's own targets: round trips, messages, actors and their memory, batches, restarts",
        (
            Entry("isolated-latency", _LATENCY),
            Entry("ping-pong", _THROUGHPUT),
            Entry("counting", _THROUGHPUT, sweep=("batch", (1, 32))),
            Entry("fan-in", _THROUGHPUT, sweep=("fail_fast", (0, 1))),
            Entry("mass-spawn", (Measure.THROUGHPUT, Measure.MEMORY),
                  sizes=(2_000, 5_000, 10_000, 20_000, 40_000)),
            Entry("supervision", _TIMED, values={"crashes": 2_000}),
        ),
        targets=("lit-bit", "lit-bit-ct", "lit-bit-statechart"),
    ),
)  # fmt: skip


def suite(name: str) -> Suite:
    """The suite of that name. Raises UsageError when there is none."""
    by_name = {each.name: each for each in ALL}
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(by_name)}"
    raise UsageError(f"no suite {name!r}: {hint}")
