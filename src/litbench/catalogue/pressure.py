"""Under load, beside a hog, through failures, and over time."""

from __future__ import annotations

from functools import lru_cache

from litbench.catalogue.definition import Demand, Parameter, Values, WorkloadDefinition
from litbench.catalogue.expectation import (
    MASK,
    TIMED,
    Xorshift,
    cached_fold,
    expect,
    mailbox,
    streams,
    triangle,
)
from litbench.record import Expected, Measure

PROBE_EVERY = 10
KNUTH = 2654435761


def _loaded(values: Values) -> Expected:
    n = values["messages"]
    return expect(n, order=_loaded_order(n), sum=triangle(n))


@lru_cache(maxsize=64)
def _loaded_order(messages: int) -> int:
    """h of the probe, which gets every tenth value, and of the bulk actor, which gets the rest."""
    probe = bulk = 0
    for value in range(messages):
        if value % PROBE_EVERY == PROBE_EVERY - 1:
            probe = (probe * 31 + value + 1) & MASK
        else:
            bulk = (bulk * 31 + value + 1) & MASK
    return probe + bulk


def _isolation(values: Values) -> Expected:
    actors, n, burns = values["actors"], values["messages"], values["burns"]
    return expect(
        actors * n + burns,
        order=actors * cached_fold(n) + cached_fold(burns),
        sum=actors * triangle(n) + triangle(burns),
    )


@lru_cache(maxsize=16)
def _supervised(crashes: int, children: int, strategy: int) -> tuple[int, int]:
    """(restarts, states): what PROTOCOL.md's words come to, step by step."""
    state = [0] * children
    restarts = states = 0
    for crash in range(crashes):
        child = crash % children
        first = 0 if strategy == 1 else child
        last = child + 1 if strategy == 0 else children
        for reborn in range(first, last):
            state[reborn] = 0
        restarts += last - first
        state = [held + crash + 1 for held in state]
        states += sum((i + 1) * held for i, held in enumerate(state))
    return restarts, states


def _supervision(values: Values) -> Expected:
    crashes, children = values["crashes"], values["children"]
    restarts, states = _supervised(crashes, children, values["strategy"])
    messages = crashes * (1 + 2 * children)
    return expect(messages, errored=crashes, restarts=restarts, states=states)


@lru_cache(maxsize=16)
def _failures(messages: int, failures: int, burst: int) -> tuple[int, int, int]:
    """(failures, h, sum) over the values of failure-injection."""
    failed = h = total = 0
    for value in range(messages):
        if (value // burst * KNUTH % 2**32) % 100 < failures:
            failed += 1
        else:
            h = (h * 31 + value + 1) & MASK
            total += value + 1
    return failed, h, total


def _failure_injection(values: Values) -> Expected:
    n = values["messages"]
    failed, h, total = _failures(n, values["failures"], values["burst"])
    return expect(n, errored=failed, order=h, sum=total, restarts=failed)


@lru_cache(maxsize=16)
def _churned(actors: int, messages: int) -> int:
    """All bytes that churn's actors allocate."""
    total = 0
    for actor in range(actors):
        random = Xorshift(actor)
        for _ in range(actor, messages, actors):
            total += 16 << ((random.draw() >> 33) % 10)
    return total


def _churn(values: Values) -> Expected:
    actors, n = values["actors"], values["messages"]
    order = sum(
        cached_fold((n - first + actors - 1) // actors, first, actors)
        for first in range(min(actors, n))
    )
    return expect(n, order=order, sum=triangle(n), bytes=_churned(actors, n))


PRESSURE = (
    WorkloadDefinition(
        name="loaded-latency",
        version=1,
        summary="a probe beside bulk traffic at a share of the capacity, open loop",
        parameters=(
            Parameter("load", 50, "offered load, in percent of the measured capacity", most=200),
            Parameter("milliseconds", 300, "length of an iteration", most=600_000),
            Parameter("stall_ms", 0, "a stall of the probe in the middle", 0, 60_000, option=True),
            mailbox(1024),
        ),
        measures=(Measure.LATENCY,),
        demand=lambda v: Demand(actors=2, messages=v.get("messages", 0)),
        expected=_loaded,
        histogram="corrected",
        samples=lambda v: v["messages"] // PROBE_EVERY,
        other_histograms=("naive", "pacing"),
        other_samples=lambda v: {
            "naive": v["messages"] // PROBE_EVERY,
            "pacing": v["messages"],
        },
        declares_messages=True,
        spins=True,
    ),
    WorkloadDefinition(
        name="isolation",
        version=1,
        summary="one actor burns the processor, the others must progress",
        parameters=(
            Parameter("actors", 8, "actors that must progress", most=10_000),
            Parameter("messages", 20_000, "messages of each of them"),
            Parameter("burns", 10, "times the hog burns", most=100_000),
            Parameter("burn_us", 20_000, "length of one burn", most=10_000_000),
            mailbox(16),
        ),
        measures=(Measure.THROUGHPUT,),
        demand=lambda v: Demand(v["actors"] + 1, v["actors"] * v["messages"] + v["burns"]),
        expected=_isolation,
        other_histograms=("gap",),
        other_samples=lambda v: {"gap": v["actors"] * (v["messages"] - 1)},
        ratios=("share",),
    ),
    WorkloadDefinition(
        name="supervision",
        version=2,
        summary="children crash and are restarted by their supervisor",
        parameters=(
            Parameter("crashes", 10_000, "crashes"),
            Parameter("children", 4, "children of the supervisor", most=10_000),
            Parameter(
                "strategy", 0, "0 one for one, 1 one for all, 2 rest for one", 0, 2, choice=True
            ),
            mailbox(16),
        ),
        measures=(Measure.THROUGHPUT, Measure.LATENCY, Measure.MEMORY),
        demand=lambda v: Demand(
            v["children"] + 1, v["crashes"] * (1 + 2 * v["children"]), in_flight=1
        ),
        expected=_supervision,
        histogram="restart",
        samples=lambda v: v["crashes"],
        size="crashes",
        work=lambda v: v["crashes"],
    ),
    WorkloadDefinition(
        name="failure-injection",
        version=1,
        summary="a share of messages makes their handler fail, evenly or in bursts",
        parameters=(
            Parameter("messages", 100_000, "messages"),
            Parameter("failures", 10, "share that fails, in percent", least=0, most=100),
            Parameter("burst", 1, "neighbours that fail together"),
            mailbox(1024),
        ),
        measures=TIMED,
        demand=lambda v: Demand(actors=2, messages=v["messages"]),
        expected=_failure_injection,
        histogram="message",
        samples=lambda v: _failure_injection(v).ledger.handled,
        other_histograms=("recovery",),
    ),
    WorkloadDefinition(
        name="churn",
        version=1,
        summary="buffers of many sizes come and go, to fragment the heap",
        parameters=(
            Parameter("actors", 50, "actors that hold buffers", most=10_000),
            Parameter("messages", 200_000, "buffers allocated"),
            Parameter("keep", 64, "buffers that an actor holds", most=1_000_000),
            mailbox(1024),
        ),
        measures=(Measure.THROUGHPUT, Measure.MEMORY),
        demand=lambda v: Demand(v["actors"], v["messages"]),
        expected=_churn,
    ),
    WorkloadDefinition(
        name="soak",
        version=1,
        summary="long steady traffic; memory must not grow",
        parameters=(
            Parameter("senders", 10, "sending actors", most=100_000),
            Parameter("messages", 10_000, "messages from each sender, an iteration"),
            mailbox(1024),
        ),
        measures=(Measure.MEMORY,),
        demand=lambda v: Demand(v["senders"] + 1, v["senders"] * v["messages"]),
        expected=lambda v: streams(v["senders"], v["messages"]),
        repeats=True,
    ),
)
