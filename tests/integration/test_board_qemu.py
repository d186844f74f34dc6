"""Firmware in QEMU: known answers found again exactly, in Rust and in C, on both cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from litbench.boards import idle, machines, plugin
from litbench.boards.timeline import perfetto, timeline
from litbench.record import Kind
from litbench.units import Unit
from tests.boards import (
    ARCHITECTURES,
    EVERY,
    codes,
    needs_compiler,
    needs_qemu,
    run,
    table,
    value,
)
from tests.trace_events import violations

pytestmark = needs_qemu

SMALL = {
    "ping-pong": {"rounds": 300},
    "counting": {"messages": 500},
    "fan-in": {"senders": 20, "messages": 30},
    "fan-out": {"receivers": 20, "messages": 30},
    "thread-ring": {"actors": 30, "hops": 205},
    "mass-spawn": {"actors": 300},
    "mailbox-fill": {"messages": 1000},
    "isolated-latency": {"rounds": 100},
    "mailbox-full": {"messages": 205, "burst": 30},
    "restart": {"crashes": 20, "messages": 7},
    "interrupt-latency": {"samples": 10},
    "task-time": {"samples": 10},
    "heap-flood": {"messages": 200},
    "idle": {"samples": 10},
    "known-answers": {"ticks": 10},
}


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TCG plugin."""
    return plugin.build(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("workload", SMALL)
@pytest.mark.parametrize("name", EVERY)
def test_every_workload_keeps_its_ledger_and_checksums(name: str, workload: str) -> None:
    """The expected values come from the catalogue alone; the firmware never sees them."""
    record = run(name, workload, latency="latency" in workload, values=SMALL[workload]).record
    assert record.reasons == ()
    assert record.kind is Kind.BOARD
    assert len(record.iterations) == 2
    assert record.clock is not None
    assert record.clock.unit is Unit.INSTRUCTIONS


@pytest.mark.parametrize("workload", ["ping-pong", "fan-in", "thread-ring", "counting"])
@pytest.mark.parametrize("name", EVERY)
def test_latency_counts_each_message_once(name: str, workload: str) -> None:
    record = run(name, workload, latency=True, values=SMALL[workload]).record
    assert record.valid
    (histogram,) = record.histograms
    handled = sum(i.ledger.handled for i in record.iterations)
    each = 2 if workload == "ping-pong" else 1
    assert sum(count for _, count in histogram.counts) * each == handled


@pytest.mark.parametrize("name", EVERY)
def test_elapsed_time_is_the_number_of_instructions(name: str, library: Path) -> None:
    """From the start of the first iteration to the end of the last, by the probe and by the plugin.

    Nothing idles in a ping-pong, so the time is what was executed: two runs that differ only in
    their rounds differ as much in both.
    """
    seen = []
    for rounds in (100, 300):
        watch = plugin.Watch(library)
        record = run(name, "ping-pong", iterations=1, watch=watch, rounds=rounds).record
        seen.append((record.iterations[0].elapsed, value(record, "instructions")))
    (short, few), (long, many) = seen
    assert abs((long - short) - (many - few)) <= 1


@pytest.mark.parametrize("name", ["embassy-m3", "embassy-rv32", "c-m3", "c-rv32"])
def test_an_event_costs_at_most_twenty_instructions(name: str) -> None:
    record = run(name, "ping-pong", rounds=10).record
    assert 0 < value(record, "probe-event-cost") <= 20


@pytest.fixture
def loaded_cores() -> Iterator[None]:
    """Every core of this machine kept busy."""
    loop = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(loop) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.mark.usefixtures("loaded_cores")
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_twenty_runs_are_byte_identical_with_all_cores_loaded(arch: str) -> None:
    """Interrupts, idle and messages: the whole block, not only its summary."""
    blocks = set()
    for _ in range(20):
        result = run(f"embassy-{arch}-trace", "interrupt-latency", samples=10, load=1, latency=True)
        assert result.record.valid
        blocks.add(result.block)
    assert len(blocks) == 1


def test_the_idle_check_finds_what_this_qemu_does() -> None:
    """Either the ticks are where they belong, or they seem twice as far apart: the known defect."""
    for machine in machines.MACHINES.values():
        found = idle.check(machine)
        assert found.seen is not None
        ratio = found.seen / found.period
        assert abs(ratio - (1 if found.trusted else 2)) < 0.02


def test_sleeping_and_polling_differ_in_idle_and_wake_ups() -> None:
    for name in EVERY:
        asleep = run(name, "idle", latency=True, samples=20).record
        polling = run(name, "idle", latency=True, samples=20, mode=1).record
        assert value(asleep, "idle-share") > 0.9
        assert value(polling, "idle-share") == 0
        assert value(asleep, "wake-ups") >= 40
        assert value(polling, "wake-ups") == 0


@pytest.mark.parametrize("name", EVERY)
def test_a_hog_that_never_yields_delays_others_and_one_that_does_less(name: str) -> None:
    worst = {}
    for hog in (0, 1, 2):
        values = {"samples": 20, "hog": hog, "rounds": 15_000, "slices": 5}
        record = run(name, "task-time", iterations=1, values=values).record
        histogram = record.histogram("irq-to-task")
        assert histogram is not None
        worst[hog] = max(value for value, _ in histogram.counts)
    slice_ = 2 * 15_000
    assert worst[0] < 1_000
    # Embassy polls what was woken in one batch: a task woken within a slice may wait for a second
    # one.
    turns = 1 if name.startswith("c-") else 2
    assert slice_ - 20_000 < worst[2] <= turns * slice_ + 1_000
    # The first tick comes a period after the start; the hog began with the timer and holds on for
    # five slices.
    assert 5 * slice_ - 22_000 <= worst[1] <= 5 * slice_


@pytest.mark.parametrize("name", EVERY)
def test_a_task_in_interrupt_mode_does_not_wait_for_a_hog(name: str) -> None:
    values = {"samples": 20, "hog": 1, "rounds": 15_000, "slices": 5, "mode": 1}
    record = run(name, "task-time", iterations=1, values=values).record
    assert record.reasons == ()
    assert value(record, "irq-to-task-most") < 1_000
    assert table(record, "tasks")["hog"][0] == 1
    assert record.metric("ticks-coalesced") is None, "each tick had a wake-up of its own"


@pytest.mark.parametrize("name", EVERY)
def test_a_queued_message_costs_its_own_bytes(name: str) -> None:
    """Room for 4,096 messages of three words, whatever the channel has besides."""
    record = run(name, "mailbox-fill", iterations=1, messages=100).record
    assert value(record, "queued-bytes-each") == 12
    assert 4_096 * 12 <= value(record, "mailbox-bytes") < 4_096 * 12 + 100


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_interrupt_mode_is_nearer_to_the_interrupt_than_thread_mode_under_load(arch: str) -> None:
    def p100(mode: int) -> int:
        values = {"samples": 30, "load": 3, "mode": mode}
        record = run(f"embassy-{arch}", "interrupt-latency", latency=True, values=values).record
        histogram = record.histogram("irq-to-task")
        assert record.valid
        assert histogram is not None
        return max(value for value, _ in histogram.counts)

    assert p100(mode=1) < p100(mode=0)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_time_line_has_every_interrupt_and_its_idle_agrees_with_the_counter(arch: str) -> None:
    result = run(f"embassy-{arch}-trace", "idle", iterations=1, latency=True, samples=20)
    assert result.block is not None
    line = timeline(result.block)
    assert line is not None
    assert line.lost == 0
    assert sum(span.track == "interrupt" for span in line.spans) == 20
    assert violations(json.loads(json.dumps(perfetto(line, "board")))) == []
    counted = value(result.record, "idle-time")
    assert abs(line.total("idle") - counted) <= 0.01 * counted


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("workload", ["ping-pong", "fan-in", "interrupt-latency", "task-time"])
def test_time_lines_keep_the_rules_of_their_format(workload: str, arch: str) -> None:
    """Interrupts within tasks, mailboxes that fill and drain, a ring that lost its oldest."""
    values = {**SMALL[workload], **({"load": 2} if workload == "interrupt-latency" else {})}
    result = run(f"embassy-{arch}-trace", workload, values=values)
    assert result.block is not None
    line = timeline(result.block)
    assert line is not None
    trace = json.loads(json.dumps(perfetto(line, "board")))
    assert violations(trace) == []
    phases = {event["ph"] for event in trace["traceEvents"]}
    assert phases >= {"M", "X"}


@needs_compiler
@pytest.mark.parametrize("name", EVERY)
def test_the_true_minimum_of_the_stack_pointer_is_never_above_the_paint(name: str) -> None:
    record = run(name, "fan-in", iterations=1, stack=True, senders=3, messages=3).record
    size, painted, measured, bound, verdict = table(record, "stacks")["main"]
    assert isinstance(painted, int)
    assert isinstance(measured, int)
    assert isinstance(size, int)
    assert 0 < painted <= measured < size
    assert verdict in {"proven", "conditional"}
    assert isinstance(bound, int)
    assert measured <= bound


def test_heap_and_no_heap_do_the_same_work() -> None:
    with_heap = run("embassy-m3-alloc", "heap-flood", messages=200, payload=64).record
    without = run("embassy-m3", "heap-flood", messages=200).record
    assert with_heap.valid
    assert without.valid
    assert with_heap.iterations[0].checks == without.iterations[0].checks
    assert value(with_heap, "heap-allocations") == 2 * 200
    assert value(with_heap, "heap-peak-requested") == 17 * 64
    assert without.metric("heap-allocations") is None


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_actors_until_the_memory_is_full(arch: str) -> None:
    """Without a heap the pool's size; with one, the heap's, and one allocation that failed."""
    pool = run(f"embassy-{arch}", "spawn-limit", iterations=1).record
    assert pool.reasons == ()
    assert pool.workload.parameters["actors"] == 1024
    heap = run(f"embassy-{arch}-alloc", "spawn-limit", iterations=1).record
    assert heap.reasons == ()
    actors = heap.workload.parameters["actors"]
    assert isinstance(actors, int)
    assert 100 < actors < 1024
    assert value(heap, "heap-allocations") == actors
    assert value(heap, "heap-failures") == 1
    each = value(heap, "heap-peak-allocated") / actors
    left = value(heap, "heap-capacity") - value(heap, "heap-peak-allocated")
    assert left < 2 * each, "it stopped when no further actor fitted"


def test_a_limit_of_the_firmware_is_a_reason() -> None:
    assert codes(run("embassy-m3", "fan-in", senders=500, messages=1).record) == {"limit"}
    assert codes(run("c-rv32", "fan-in", senders=500, messages=1).record) == {"limit"}
