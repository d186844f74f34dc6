"""perf's outputs: samples, counts, switches; and stacks added up in bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.instruments import perf_stat
from litbench.instruments.base import Answer
from litbench.instruments.perf import read_counts
from litbench.instruments.perf_script import Counter, Sample, head_of, read_samples
from litbench.instruments.stacks import Stacks
from litbench.instruments.switches import read_schedule
from litbench.units import Unit

SCRIPT = b"""a 18917/18917  1860.222044686:    1001001 cpu-clock: 
\t           96289 _int_free (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t            1185 handle+0x1c (/tmp/pf/a b)
\t            11a6 main (/tmp/pf/a b)

tokio-runtime w 18917/18920  1860.223:    1001001 cpu-clock:u: 
\t            1169 [unknown] ([kernel.kallsyms])
\t            2169 core::ops::function::FnOnce::call_once{{vtable.shim}} (/tmp/pf/a b)

"""  # noqa: W291


def samples_of(text: bytes) -> tuple[list[Sample], int]:
    counter = Counter()
    return list(read_samples(text.splitlines(), counter)), counter.malformed


def test_samples() -> None:
    (first, second), malformed = samples_of(SCRIPT)
    assert malformed == 0
    assert (first.thread, first.tid, first.time) == ("a", 18917, 1_860_222_044_686)
    assert (first.period, first.event) == (1_001_001, "cpu-clock")
    assert first.stack == [("_int_free", "libc.so.6"), ("handle", "a b"), ("main", "a b")]
    assert (second.thread, second.tid) == ("tokio-runtime w", 18920)
    assert second.stack[0] == ("[unknown]", "[kernel.kallsyms]")


def test_a_script_that_is_cut_off_keeps_what_was_before() -> None:
    found, _ = samples_of(SCRIPT[:180])
    assert len(found) == 1
    assert len(found[0].stack) >= 1


@given(st.binary(max_size=400))
def test_anything_can_be_read_as_samples(data: bytes) -> None:
    found, malformed = samples_of(data)
    assert malformed >= 0
    assert all(sample.period >= 0 for sample in found)


@given(data=st.binary(max_size=60), at=st.integers(0, len(SCRIPT)))
def test_damage_costs_at_most_what_it_touches(data: bytes, at: int) -> None:
    found, malformed = samples_of(SCRIPT[:at] + data + SCRIPT[at:])
    assert len(found) + malformed >= 1


names = st.sampled_from(["main", "send", "recv", "poll", "malloc"])


@given(st.lists(st.tuples(st.integers(1, 3), st.lists(names, max_size=6), st.integers(0, 99))))
def test_weights_are_conserved(given_samples: list[tuple[int, list[str], int]]) -> None:
    stacks = Stacks()
    for tid, stack, weight in given_samples:
        stacks.add(f"t{tid}", tid, [(name, "m") for name in stack], weight)
    whole = sum(weight for _, _, weight in given_samples)
    assert stacks.weight == whole == sum(each.weight for each in stacks)
    assert sum(each.samples for each in stacks) == len(given_samples)
    assert sum(weight for _, _, weight, _ in stacks.by_thread()) == whole
    functions = stacks.by_function()
    assert sum(own for _, own, _ in functions) == sum(w for _, s, w in given_samples if s)
    assert all(own <= total <= whole for _, own, total in functions)


def endless(distinct: int) -> Iterator[tuple[str, str]]:
    for number in range(distinct):
        yield f"function_{number}", "module"


def test_no_trace_can_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litbench.instruments.stacks.STACKS_LIMIT", 500)
    monkeypatch.setattr("litbench.instruments.stacks.FRAMES_LIMIT", 1000)
    stacks = Stacks()
    tracemalloc.start()
    for place in endless(50_000):
        stacks.add("t", 1, [place, ("main", "")], 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert stacks.truncated
    assert stacks.weight == 50_000 == sum(each.weight for each in stacks)
    assert peak < 2_000_000


COUNTS = b"""{"counter-value" : "0.840472", "unit" : "msec", "event" : "task-clock", "event-runtime" : 840472, "pcnt-running" : 100.00}
{"counter-value" : "3.000000", "unit" : "", "event" : "context-switches", "pcnt-running" : 100.00}
{"counter-value" : "<not supported>", "unit" : "", "event" : "cycles", "pcnt-running" : 100.00}
{"counter-value" : "<not counted>", "unit" : "", "event" : "page-faults:u", "pcnt-running" : 0.00}
# started on
{"counter-value" :
"""  # noqa: E501


def test_what_is_not_supported_is_never_a_zero() -> None:
    answer = Answer()
    perf_stat.fill(answer, COUNTS, perf_stat.Counters.events)
    unit, amount = answer.totals["cpu"]
    assert (unit, round(amount)) == (Unit.NS, 840_472)
    assert answer.totals["context-switches"] == (Unit.COUNT, 3)
    assert not {"cycles", "page-faults", "instructions"} & set(answer.totals)
    (note,) = (n for n in answer.cautions if n.code == "not-supported")
    assert "cycles" in note.message
    assert "page-faults" in note.message


def test_counts_of_a_machine_with_counters() -> None:
    text = b"""{"counter-value" : "1000", "event" : "instructions:u", "pcnt-running" : 50.00}
{"counter-value" : "2000", "event" : "cycles:u", "pcnt-running" : 100.00}
{"counter-value" : "0", "event" : "context-switches:u", "pcnt-running" : 100.00}"""
    answer = Answer()
    perf_stat.fill(answer, text, perf_stat.Counters.events)
    assert answer.totals["instructions"] == (Unit.INSTRUCTIONS, 1000)
    (ratio,) = (m for m in answer.metrics if m.name == "instructions-per-cycle")
    assert ratio.values == (0.5,)
    assert {note.code for note in answer.cautions} == {"multiplexed", "not-supported"}
    # in user mode the kernel never switches: a 0 that is no measurement
    assert "context-switches" not in answer.totals


@given(st.binary(max_size=300))
def test_any_counts(data: bytes) -> None:
    list(read_counts(data + COUNTS))


SWITCHES = b"""
 hog 10/11 [000]  1.000000000: PERF_RECORD_SWITCH IN
 hog 10/11 [000]  1.000500000: sched:sched_wakeup: comm=po li pid=12 prio=120 target_cpu=000
 hog 10/11 [000]  1.001000000: PERF_RECORD_SWITCH OUT preempt
 po li 10/12 [000]  1.001000000: PERF_RECORD_SWITCH IN
 po li 10/12 [000]  1.001200000: PERF_RECORD_SWITCH OUT
 hog 10/11 [001]  1.003000000: PERF_RECORD_SWITCH IN
 hog 10/11 [001]  1.003000000: sched:sched_wakeup: comm=po li pid=12 prio=120 target_cpu=000
 po li 10/12 [000]  1.003400000: PERF_RECORD_SWITCH IN
 po li 10/12 [000]  1.004000000: PERF_RECORD_SWITCH OUT
 hog 10/11 [001]  1.005000000: PERF_RECORD_SWITCH OUT
"""


def test_switches() -> None:
    schedule = read_schedule(SWITCHES.splitlines())
    hog, polite = schedule.threads[11], schedule.threads[12]
    assert (hog.run, hog.wait, hog.sleep) == (3_000_000, 2_000_000, 0)
    assert (hog.switches, hog.preempted, hog.migrations) == (2, 1, 1)
    assert hog.longest_run == 3_000_000  # it never slept in between
    assert (polite.run, polite.wait, polite.sleep) == (800_000, 400_000, 2_800_000)
    assert dict(schedule.latencies) == {400_000: 1}
    assert dict(schedule.cores) == {0: 1_800_000, 1: 2_000_000}
    assert polite.name == "po li"
    # it was woken 0.5 ms before hog was preempted, and waited while hog ran again, on another core
    assert hog.others_waited == 400_000
    assert polite.others_waited == 200_000


def test_a_thread_that_ended_runs_no_more() -> None:
    lines = [
        b" a 9/1 [000]  1.000000000: PERF_RECORD_SWITCH IN",
        b" a 9/1 [000]  1.000000100: PERF_RECORD_EXIT(9:1):(8:8)",
        b" b 9/2 [000]  1.000000200: PERF_RECORD_SWITCH IN",
        b" b 9/2 [000]  1.000001000: PERF_RECORD_SWITCH OUT",
    ]
    schedule = read_schedule(lines)
    assert (schedule.threads[1].run, schedule.threads[2].run) == (100, 800)
    assert schedule.cores[0] <= schedule.span


moves = st.lists(
    st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from(["IN", "OUT", "OUT preempt", "wake"]),
              st.integers(1, 1000)),
    min_size=1, max_size=80,
)  # fmt: skip


@given(moves)
def test_every_moment_of_a_thread_is_in_one_state(given_moves: list[tuple[int, str, int]]) -> None:
    """Run, wait and sleep of a thread add up to the time since it was first seen."""
    now, lines = 1_000_000_000, []
    first: dict[int, int] = {}
    for tid, what, pause in given_moves:
        now += pause
        seconds = f"{now // 10**9}.{now % 10**9:09d}"
        if what == "wake":
            rest = f"sched:sched_wakeup: comm=x pid={tid} prio=120 target_cpu=000"
        else:
            first.setdefault(tid, now)
            rest = f"PERF_RECORD_SWITCH {what}"
        lines.append(f" t 9/{tid} [000]  {seconds}: {rest}".encode())
    schedule = read_schedule(lines)
    for tid, thread in schedule.threads.items():
        assert thread.run + thread.wait + thread.sleep == schedule.end - first[tid]
        assert thread.longest_run <= thread.run


@given(st.lists(st.binary(max_size=80), max_size=30))
def test_anything_can_be_read_as_switches(lines: list[bytes]) -> None:
    read_schedule([*SWITCHES.splitlines(), *lines])


def test_heads() -> None:
    head = head_of(b"  a b 1/2 [003]  5.25: rest of it")
    assert head is not None
    assert (head.thread, head.pid, head.tid, head.cpu) == ("a b", 1, 2, 3)
    assert head.time == 5_250_000_000
    assert head_of(b"nothing") is None
