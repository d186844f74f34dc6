"""Nesting against every order in which handlers can interrupt each other, and the RAM there is."""

from __future__ import annotations

from itertools import pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from litbench.firmware import nesting
from litbench.firmware.annotations import Annotations
from litbench.firmware.stack import EntryBound, StackAnalysis, Verdict
from litbench.firmware.vectors import INTERRUPT, THREAD, Entry
from tests.firmware.fixtures import analysis, graph, load


def bound(name: str, kind: str, total: int) -> EntryBound:
    return EntryBound(Entry(name, kind, 0), total, Verdict.PROVEN, (), ())


def worst(thread: int, handlers: list[tuple[int, int]], frame: int) -> int:
    """The deepest stack of all orders: a handler is interrupted only by a higher priority."""
    best = thread
    for size in range(len(handlers) + 1):
        for order in permutations(handlers, size):
            priorities = [priority for priority, _ in order]
            if all(b < a for a, b in pairwise(priorities)):
                best = max(best, thread + sum(frame + total for _, total in order))
    return best


@given(st.integers(0, 500), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 300)), max_size=5))
def test_the_total_is_that_of_the_worst_order(thread: int, handlers: list[tuple[int, int]]) -> None:
    priorities = {f"h{i}": priority for i, (priority, _) in enumerate(handlers)}
    found = StackAnalysis(graph("calls-m3-Os"), Annotations(priorities=priorities))
    bounds = [bound("main", THREAD, thread)]
    bounds += [bound(f"h{i}", INTERRUPT, total) for i, (_, total) in enumerate(handlers)]
    frame = nesting.exception_frame(load("calls-m3-Os"))
    assert nesting.total(found, bounds).total == worst(thread, handlers, frame)


def test_without_priorities_all_nest() -> None:
    found = analysis("calls-m3-Os")
    bounds = [bound("main", THREAD, 100), *(bound(f"h{i}", INTERRUPT, 10) for i in range(4))]
    assert nesting.total(found, bounds).total == 100 + 4 * (10 + 36)


def test_exception_frames_depend_on_the_floating_point_unit() -> None:
    assert nesting.exception_frame(load("calls-m0-Os")) == 36
    assert nesting.exception_frame(load("calls-m33-Os")) == 36
    assert nesting.exception_frame(load("calls-m4f-Os")) == 108
    assert nesting.exception_frame(load("calls-rv32-Os")) == 0


def test_the_room_is_what_statics_leave() -> None:
    space = nesting.space(analysis("calls-m3-Os"))
    assert space is not None
    assert space.top == 0x2000_8000
    assert space.bottom == load("calls-m3-Os").section(".heap").end  # type: ignore[union-attr]
    riscv = nesting.space(analysis("calls-rv32-Os"))
    assert riscv is not None
    assert riscv.top == 0x8000_8000


def test_one_unbounded_handler_makes_the_total_unbounded() -> None:
    found = StackAnalysis(graph("recursion-m3-Os"))
    bounds = [found.entry(e) for e in found.graph.vectors.entries]
    assert nesting.total(found, bounds).verdict is Verdict.UNBOUNDED
