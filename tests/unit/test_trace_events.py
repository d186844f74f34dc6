"""The checker of traces finds each seeded fault, and nothing in a good trace."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.trace_events import violations

Trace = dict[str, Any]

GOOD: Trace = {
    "traceEvents": [
        {"ph": "M", "pid": 1, "name": "process_name", "args": {"name": "board"}},
        {"ph": "M", "pid": 1, "tid": 1, "name": "thread_name", "args": {"name": "task"}},
        {"ph": "X", "pid": 1, "tid": 1, "name": "outer", "ts": 1, "dur": 8},
        {"ph": "X", "pid": 1, "tid": 1, "name": "inner", "ts": 2, "dur": 3},
        {"ph": "B", "pid": 1, "tid": 1, "name": "b", "ts": 10},
        {"ph": "E", "pid": 1, "tid": 1, "name": "b", "ts": 11},
        {"ph": "i", "pid": 1, "tid": 1, "name": "mark", "ts": 12, "s": "p"},
        {"ph": "C", "pid": 1, "name": "depth", "ts": 1, "args": {"messages": 2}},
        {"ph": "C", "pid": 1, "name": "depth", "ts": 3, "args": {"messages": 0}},
    ],
    "displayTimeUnit": "ns",
}

FAULTS: dict[str, Callable[[list[dict[str, Any]]], object]] = {
    "no phase": lambda e: e[2].update(ph="?"),
    "no name": lambda e: e[2].pop("name"),
    "no pid": lambda e: e[2].update(pid="1"),
    "no tid": lambda e: e[2].pop("tid"),
    "no time": lambda e: e[3].update(ts=float("nan")),
    "no duration": lambda e: e[2].update(dur=-1),
    "no scope": lambda e: e[6].update(s="x"),
    "a counter without numbers": lambda e: e[7].update(args={"messages": "2"}),
    "unknown metadata": lambda e: e[0].update(name="process_nam"),
    "time goes back on": lambda e: e[8].update(ts=0.5),
    "an end without its begin": lambda e: e.pop(4),
    "begins without an end": lambda e: e.pop(5),
    "slices overlap": lambda e: e[3].update(dur=30),
    "named more than once": lambda e: e.insert(0, dict(e[1])),
    "a process without a name": lambda e: e.pop(0),
    "a thread without a name": lambda e: e.pop(1),
}


def test_a_good_trace_has_no_violations() -> None:
    assert violations(GOOD) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str) -> None:
    trace = copy.deepcopy(GOOD)
    FAULTS[fault](trace["traceEvents"])
    assert any(text.startswith(fault) for text in violations(trace)), violations(trace)


@pytest.mark.parametrize("trace", [None, [], {}, {"traceEvents": {}}, {"traceEvents": [3]}])
def test_what_is_no_trace_is_told(trace: object) -> None:
    assert violations(trace)


def test_units_of_display_are_two() -> None:
    assert violations({**GOOD, "displayTimeUnit": "s"})
