"""Nesting against every order in which handlers can interrupt each other, and the RAM there is."""

from __future__ import annotations

import re
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.errors import UsageError
from litbench.firmware import elf, nesting, tasks
from litbench.firmware.annotations import Annotations, Task, read
from litbench.firmware.callgraph import CallGraph
from litbench.firmware.stack import EntryBound, StackAnalysis, Verdict
from litbench.firmware.vectors import INTERRUPT, TASK, THREAD, Entry
from tests.firmware.fixtures import analysis, graph, load, path


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


def tasks_of(file: Path) -> dict[str, EntryBound]:
    found = StackAnalysis(CallGraph(elf.load(file)))
    return {e.name: found.entry(e) for e in tasks.find(found) if e.kind == TASK}


def test_tasks_of_rtic_are_found_by_name() -> None:
    found = tasks_of(path("rtic-m3-Os"))
    image = graph("rtic-m3-Os")
    handlers = {e.name: e.start for e in image.vectors.entries}
    assert {name: b.entry.start for name, b in found.items()} == {
        "blink": handlers["SSI0"],
        "report": handlers["QEI0"],
    }


@pytest.mark.parametrize("name", ["embassy-m3", "embassy-rv32"])
def test_tasks_of_embassy_are_found_by_name(name: str) -> None:
    sources = Path("firmware/embassy/src").rglob("*.rs")
    wanted = {
        match
        for source in sources
        if "heap" not in source.name
        for match in re.findall(
            r"#\[embassy_executor::task.*\n(?:\s*#.*\n)*\s*(?:pub(?:\(.*\))? )?async fn (\w+)",
            source.read_text(),
        )
    }
    analysis = StackAnalysis(CallGraph(elf.load(Path("adapters/boards") / f"{name}.elf")))
    found = [e for e in tasks.find(analysis) if e.kind == TASK]
    merged = tasks.merged(analysis, found)
    assert len(found) > 10
    assert len(merged) <= 1
    assert {e.name for e in found} | {*merged} == wanted
    assert all(analysis.entry(e).total > 0 for e in found)


def test_a_thread_with_a_stack_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "litbench.toml"
    file.write_text(
        "[firmware.stack]\nexception_frame = 76\n[firmware.stack.tasks]\n"
        'a = { entry = "with_array", stack = "240B", context = 36 }\nb = "leaf"\n'
    )
    notes = read(file)
    found = StackAnalysis(graph("calls-m3-O0"), notes)
    bounds = [found.entry(e) for e in tasks.find(found)]
    stacks = {s.bound.entry.name: s for s in nesting.task_stacks(found, bounds)}
    assert stacks["a"].needs == stacks["a"].bound.total + 76 + 36
    assert stacks["a"].left == 240 - stacks["a"].needs
    assert stacks["b"].left is None
    missing = StackAnalysis(graph("calls-m3-O0"), Annotations(tasks={"c": Task("nobody")}))
    with pytest.raises(UsageError, match="nobody"):
        tasks.find(missing)
