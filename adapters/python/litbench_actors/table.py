"""The workloads of every target: their programs, and what their parameters come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from litbench_actors.kernel import Runtime, Workload
from litbench_actors.workloads import basic, failures, loaded, patterns, pressure, stores
from litbench_adapter import Job, Parameters

TIMED = ("throughput", "latency")
SIZED = ("throughput", "memory")
UNTIMED = ("throughput",)

Count = Callable[[Parameters], int]


class Pattern(NamedTuple):
    """A workload: its program, and how many actors and messages its parameters come to.

    ``crowd`` are the parameters that the number of actors grows with, and how many shares of the
    room for actors one takes; ``prepare`` runs in set-up; ``repeats``: memory is read over many
    iterations of one process.
    """

    name: str
    program: Workload
    actors: Count
    messages: Count
    measures: Sequence[str] = TIMED
    in_flight: Count = lambda _: 0
    histogram: str = "message"
    crowd: Parameters = {}  # noqa: RUF012 (read only)
    prepare: Callable[[Runtime, Job], None] | None = None
    repeats: bool = False
    version: int = 1
    differences: Sequence[str] = ()


def _nodes(parameters: Parameters) -> int:
    return sum(10**level for level in range(parameters["levels"] + 1))


def _pair(_: Parameters) -> int:
    return 2


def _one(_: Parameters) -> int:
    return 1


def _rounds(parameters: Parameters) -> int:
    return 2 * parameters["rounds"]


def _senders(parameters: Parameters) -> int:
    return parameters["senders"] * parameters["messages"]


BASIC = (
    Pattern("ping-pong", basic.ping_pong, _pair, _rounds, in_flight=_one, histogram="round-trip"),
    Pattern("counting", basic.counting, _pair, lambda p: p["messages"]),
    Pattern("fan-in", basic.fan_in, lambda p: p["senders"] + 1, _senders, crowd={"senders": 1}),
    Pattern(
        "fan-out",
        basic.fan_out,
        lambda p: p["receivers"] + 1,
        lambda p: p["receivers"] * p["messages"],
        crowd={"receivers": 1},
    ),
    Pattern(
        "thread-ring",
        basic.thread_ring,
        lambda p: p["actors"],
        lambda p: p["hops"],
        in_flight=_one,
        crowd={"actors": 1},
    ),
    Pattern("skynet", basic.skynet, _nodes, _nodes, histogram="node", crowd={"levels": 1}),
    Pattern(
        "mass-spawn",
        basic.mass_spawn,
        lambda p: p["actors"],
        lambda p: 2 * p["actors"],
        SIZED,
        crowd={"actors": 1},
    ),
    Pattern("mailbox-fill", basic.mailbox_fill, _one, lambda p: p["messages"], SIZED),
    Pattern(
        "isolated-latency",
        basic.ping_pong,
        _pair,
        _rounds,
        ("latency",),
        in_flight=_one,
        histogram="round-trip",
    ),
)

PAIRS_TREES_AND_STORES = (
    Pattern(
        "pipelined-ping-pong",
        patterns.pipelined_ping_pong,
        lambda p: 2 * p["pairs"],
        lambda p: 2 * p["pairs"] * p["rounds"],
        in_flight=lambda p: p["pairs"] * p["window"],
        histogram="round-trip",
        crowd={"pairs": 2},
    ),
    Pattern(
        "fork-join-throughput",
        patterns.fork_join_throughput,
        lambda p: p["actors"] + 1,
        lambda p: p["actors"] * p["messages"],
        UNTIMED,
        crowd={"actors": 1},
    ),
    Pattern(
        "fork-join-create",
        patterns.fork_join_create,
        lambda p: p["actors"],
        lambda p: p["actors"],
        UNTIMED,
    ),
    Pattern(
        "star",
        patterns.star,
        lambda p: p["spokes"] + 1,
        lambda p: 2 * p["spokes"] * p["rounds"],
        in_flight=lambda p: p["spokes"],
        histogram="round",
        crowd={"spokes": 1},
    ),
    Pattern(
        "pipeline",
        patterns.pipeline,
        lambda p: p["stages"],
        lambda p: p["stages"] * p["messages"],
        crowd={"stages": 1},
    ),
    Pattern(
        "big",
        patterns.big,
        lambda p: p["actors"],
        lambda p: 2 * p["actors"] * p["pings"],
        in_flight=lambda p: p["actors"],
        histogram="round-trip",
        crowd={"actors": 1},
    ),
    Pattern(
        "chameneos",
        stores.chameneos,
        lambda p: p["creatures"] + 1,
        lambda p: 4 * p["meetings"] + p["creatures"],
        UNTIMED,
        crowd={"creatures": 1},
    ),
    Pattern(
        "bounded-buffer",
        stores.bounded_buffer,
        lambda p: p["producers"] + p["consumers"] + 1,
        lambda p: 2 * p["producers"] * p["items"],
        UNTIMED,
        crowd={"producers": 2, "consumers": 2},
    ),
    Pattern(
        "dictionary",
        stores.dictionary,
        lambda p: p["workers"] + 1,
        lambda p: 2 * p["workers"] * p["requests"],
        in_flight=lambda p: p["workers"],
        histogram="round-trip",
        crowd={"workers": 1},
    ),
    Pattern(
        "banking",
        stores.banking,
        lambda p: p["accounts"] + 1,
        lambda p: 4 * p["transfers"],
        in_flight=lambda p: p["window"],
        histogram="transfer",
        crowd={"accounts": 1},
    ),
)

PRESSURE = (
    Pattern(
        "loaded-latency",
        loaded.loaded_latency,
        _pair,
        lambda p: p["messages"],
        ("latency",),
        histogram="",  # it has three of its own
        prepare=loaded.measure_capacity,
    ),
    Pattern(
        "isolation",
        pressure.isolation,
        lambda p: p["actors"] + 1,
        lambda p: p["actors"] * p["messages"] + p["burns"],
        UNTIMED,
        crowd={"actors": 1},
    ),
    Pattern(
        "supervision",
        failures.supervision,
        lambda p: p["children"] + 1,
        lambda p: p["crashes"] * (1 + 2 * p["children"]),
        ("throughput", "latency", "memory"),
        in_flight=_one,
        histogram="restart",
        crowd={"children": 1},
        version=2,
    ),
    Pattern("failure-injection", failures.failure_injection, _pair, lambda p: p["messages"]),
    Pattern(
        "churn",
        pressure.churn,
        lambda p: p["actors"],
        lambda p: p["messages"],
        SIZED,
        crowd={"actors": 1},
    ),
    Pattern(
        "soak",
        basic.soak,
        lambda p: p["senders"] + 1,
        _senders,
        ("memory",),
        crowd={"senders": 1},
        repeats=True,
        differences=(
            "live bytes are traced all the time, so the resident set holds the tracer's tables too",
        ),
    ),
)

PATTERNS = (*BASIC, *PAIRS_TREES_AND_STORES, *PRESSURE)
