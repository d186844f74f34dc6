"""The programs in this process: any parameters come to what the catalogue says, on any runtime."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litbench.catalogue import WorkloadDefinition, workload
from litbench_actors.draws import Xorshift, work
from litbench_actors.kernel import Book
from litbench_actors.table import PATTERNS
from litbench_adapter import Job
from tests.adapters.driver import HOST, job_for
from tests.adapters.python.runtimes import Opened, every_runtime

BY_NAME = {pattern.name: pattern for pattern in PATTERNS}
LARGEST = {"levels": 2, "burn_us": 50, "milliseconds": 3, "stall_ms": 1}


def make(
    opened: Opened, definition: WorkloadDefinition, values: dict[str, int], *, timed: bool
) -> None:
    """One iteration; its ledger, checks and samples are as defined."""
    job = Job(job_for(definition, values=values))
    if definition.declares_messages:
        job.parameters["messages"] = 40
    book = Book(timed=timed, probe=lambda _: None)
    pattern = BY_NAME[definition.name]
    with opened() as runtime:
        outcome = runtime.run(lambda: pattern.program(runtime, job, book))
    expected, demand = definition.expected(job.parameters), definition.demand(job.parameters)
    assert outcome.ledger._asdict() == {
        "sent": expected.ledger.sent,
        "handled": expected.ledger.handled,
        "dropped": 0,
        "errored": expected.ledger.errored,
        "pending": 0,
    }
    assert outcome.checks == expected.checks
    assert outcome.start < outcome.end
    assert pattern.actors(job.parameters) == demand.actors
    assert pattern.messages(job.parameters) == demand.messages
    assert pattern.in_flight(job.parameters) == demand.in_flight
    assert set(job.histograms) == _histograms(definition)
    if timed and pattern.histogram and "latency" in pattern.measures:
        assert len(book.samples) == definition.samples_of(job.parameters)


def _histograms(definition: WorkloadDefinition) -> set[str]:
    """Those that the program itself leaves in the job."""
    own = {"corrected"} if definition.declares_messages else set()
    return own | set(definition.other_histograms)


@every_runtime
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ping-pong", {"rounds": 1, "mailbox": 1}),
        ("counting", {"messages": 1, "mailbox": 1}),
        ("counting", {"messages": 99, "batch": 8, "mailbox": 3}),
        ("fan-in", {"senders": 1, "messages": 1, "mailbox": 1}),
        ("fan-in", {"senders": 3, "messages": 30, "batch": 8, "mailbox": 16}),
        ("fan-out", {"receivers": 1, "messages": 1, "mailbox": 1}),
        ("thread-ring", {"actors": 1, "hops": 1, "mailbox": 1}),
        ("thread-ring", {"actors": 9, "hops": 4, "mailbox": 1}),
        ("skynet", {"levels": 1, "mailbox": 1}),
        ("mass-spawn", {"actors": 1, "mailbox": 1}),
        ("mailbox-fill", {"messages": 1}),
        ("isolated-latency", {"rounds": 1, "mailbox": 1}),
        ("pipelined-ping-pong", {"pairs": 1, "rounds": 1, "window": 1, "mailbox": 1}),
        ("pipelined-ping-pong", {"pairs": 3, "rounds": 5, "window": 9, "mailbox": 9}),
        ("fork-join-throughput", {"actors": 1, "messages": 1, "work": 0, "mailbox": 1}),
        ("fork-join-create", {"actors": 1, "mailbox": 1}),
        ("star", {"spokes": 1, "rounds": 1, "mailbox": 1}),
        ("pipeline", {"stages": 1, "messages": 1, "mailbox": 1}),
        ("pipeline", {"stages": 7, "messages": 30, "mailbox": 1}),
        ("big", {"actors": 2, "pings": 1, "mailbox": 2}),
        ("big", {"actors": 9, "pings": 30, "mailbox": 9}),
        ("chameneos", {"creatures": 2, "meetings": 1, "mailbox": 2}),
        ("bounded-buffer", {"producers": 1, "consumers": 1, "items": 1, "buffer": 1}),
        ("bounded-buffer", {"producers": 4, "consumers": 3, "items": 25, "buffer": 1}),
        ("dictionary", {"workers": 5, "requests": 20, "writes": 50, "mailbox": 1}),
        ("banking", {"accounts": 2, "transfers": 50, "window": 9, "mailbox": 9}),
        ("isolation", {"actors": 1, "messages": 1, "burns": 1, "burn_us": 1, "mailbox": 1}),
        ("supervision", {"crashes": 1, "children": 1, "mailbox": 1}),
        ("supervision", {"crashes": 10, "children": 4, "strategy": 1, "mailbox": 1}),
        ("supervision", {"crashes": 10, "children": 4, "strategy": 2, "mailbox": 1}),
        ("failure-injection", {"messages": 1, "failures": 100, "mailbox": 1}),
        ("failure-injection", {"messages": 99, "failures": 50, "burst": 7, "mailbox": 2}),
        ("churn", {"actors": 3, "messages": 1, "keep": 1, "mailbox": 1}),
        ("soak", {"senders": 1, "messages": 1, "mailbox": 1}),
    ],
)
def test_the_edges(opened: Opened, name: str, values: dict[str, int]) -> None:
    for timed in (False, True):
        make(opened, workload(name), values, timed=timed)


@every_runtime
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_parameters(opened: Opened, data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(HOST))
    values = {
        p.name: data.draw(st.integers(p.least, min(p.most, LARGEST.get(p.name, 12))), p.name)
        for p in definition.parameters
    }
    for larger, smaller in definition.at_least:
        values[larger] = max(values[larger], values[smaller])
    make(opened, definition, values, timed=data.draw(st.booleans(), "timed"))


def test_the_programs_are_those_of_the_catalogue() -> None:
    assert list(BY_NAME) == [definition.name for definition in HOST]
    for definition in HOST:
        assert BY_NAME[definition.name].measures == tuple(map(str, definition.measures))


def test_draws_and_work_are_those_of_the_protocol() -> None:
    x = 3 * 0x9E3779B97F4A7C15 % 2**64
    draws = Xorshift(2)
    for _ in range(100):
        x ^= x << 13 & (2**64 - 1)
        x ^= x >> 7
        x ^= x << 17 & (2**64 - 1)
        assert draws.draw() == x
    assert work(5, 0) == 5
    assert work(5, 2) == work(work(5, 1), 1)
    assert work(1, 1) == (6364136223846793005 + 1442695040888963407) % 2**64
