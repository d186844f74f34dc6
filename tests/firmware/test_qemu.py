"""Interrupts that really nest: images run in QEMU, the stack pointer read at every instruction."""

from __future__ import annotations

import re
import statistics
import subprocess
from pathlib import Path

import pytest

from litbench.firmware import nesting
from litbench.firmware.annotations import Annotations
from litbench.firmware.nesting import Total
from litbench.firmware.stack import StackAnalysis, Verdict
from tests.firmware.fixtures import graph, load, path, tool

MACHINES = {
    "m3": ("qemu-system-arm", "-M", "mps2-an385"),
    "m4f": ("qemu-system-arm", "-M", "mps2-an386"),
    "rv32": ("qemu-system-riscv32", "-M", "virt", "-bios", "none"),
}
NAMES = [f"nesting-{chip}-{level}" for chip in MACHINES for level in ("Os", "O2")]
TOPS = {"m3": 0x2000_8000, "m4f": 0x2000_8000, "rv32": 0x8004_8000}
PRIORITIES = {"SysTick": 0xA0, "IRQ0": 0xA0, "IRQ1": 0x20, "Default_Handler": 0xFF}
_POINTER = re.compile(rb"(?:R13=|x2/sp +)([0-9a-f]{8})")


def used(name: str, folder: Path) -> int:
    """Bytes of stack that a run really used: the least value that the stack pointer had."""
    chip = name.split("-")[1]
    command, *machine = MACHINES[chip]
    log = folder / "log"
    subprocess.run(
        [tool(command), *machine, "-display", "none", "-monitor", "none", "-serial", "none",
         "-semihosting", "-icount", "shift=0,sleep=off", "-singlestep", "-d", "cpu,nochain",
         "-D", log, "-kernel", path(name)],
        check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    top = TOPS[chip]
    pointers = [int(text, 16) for text in _POINTER.findall(log.read_bytes())]
    assert len(pointers) > 500
    return top - min(p for p in pointers if top - 0x4000 < p <= top)


def bound(name: str, notes: Annotations) -> Total:
    found = StackAnalysis(graph(name), notes)
    return nesting.total(found, [found.entry(e) for e in found.graph.vectors.entries])


def known(name: str) -> Annotations:
    """What the author of the program knows: priorities, or how often the trap nests."""
    if "rv32" in name:
        return Annotations(recursion={"trap_entry": 2})
    return Annotations(priorities=dict(PRIORITIES))


@pytest.mark.parametrize("name", NAMES)
def test_the_total_covers_interrupts_that_nest(name: str, tmp_path: Path) -> None:
    seen = used(name, tmp_path)
    with_priorities = bound(name, known(name))
    assert with_priorities.verdict is Verdict.PROVEN
    assert seen <= with_priorities.total
    if "rv32" not in name:
        assert with_priorities.total < bound(name, Annotations()).total
    # they did nest: no single handler explains what was seen, and an edge dropped would be missed
    assert with_priorities.thread is not None
    one = max(level.frame + level.handler.total for level in with_priorities.levels)
    assert with_priorities.thread.total + one < seen


def test_the_totals_are_tight(tmp_path: Path) -> None:
    ratios = [bound(name, known(name)).total / used(name, tmp_path) for name in NAMES]
    assert min(ratios) >= 1
    assert statistics.median(ratios) <= 1.25


def test_a_trap_that_enables_interrupts_is_not_counted_once(tmp_path: Path) -> None:
    once = bound("nesting-rv32-O2", Annotations())
    assert once.verdict is Verdict.UNBOUNDED
    assert once.total < used("nesting-rv32-O2", tmp_path)
    assert "enables interrupts" in once.conditions[0].message


def test_vectors_of_one_handler_nest_at_their_own_priorities() -> None:
    same = bound("nesting-m3-O2", known("nesting-m3-O2"))
    apart = Annotations(priorities={**PRIORITIES, "PendSV": 0x40, "SVCall": 0x60})
    frame = nesting.exception_frame(load("nesting-m3-O2"))
    assert bound("nesting-m3-O2", apart).total == same.total + 2 * frame


def test_vectors_of_one_handler_and_unknown_priorities_are_a_condition() -> None:
    found = bound("nesting-m3-O2", Annotations())
    assert found.verdict is Verdict.CONDITIONAL
    assert [c.code for c in found.conditions] == ["shared"]
