"""The committed images, and what several tests read from them."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from litbench.firmware import elf as elf_file
from litbench.firmware.annotations import Annotations
from litbench.firmware.callgraph import CallGraph
from litbench.firmware.elf import Elf
from litbench.firmware.stack import StackAnalysis

FOLDER = Path(__file__).parents[1] / "data" / "firmware"
ELVES = sorted((FOLDER / "elf").glob("*.elf"))
NAMES = [path.stem for path in ELVES]
RECURSION = {"factorial": 6, "even": 3, "odd": 3}


def path(name: str) -> Path:
    """The file of a fixture."""
    return FOLDER / "elf" / f"{name}.elf"


@cache
def load(name: str) -> Elf:
    """A fixture, read once."""
    return elf_file.load(path(name))


@cache
def graph(name: str) -> CallGraph:
    """A fixture's call graph, made once."""
    return CallGraph(load(name))


@cache
def analysis(name: str) -> StackAnalysis:
    """A fixture's bounds, with the recursion of its program annotated."""
    return StackAnalysis(graph(name), Annotations(recursion=dict(RECURSION)))


def declared(name: str) -> dict[str, tuple[int, str]]:
    """(bytes, qualifier) by function, as the compiler wrote them to the ``.su`` file."""
    file = path(name).with_suffix(".su")
    rows = (line.split("\t") for line in file.read_text().splitlines()) if file.exists() else ()
    return {name: (int(size), how) for name, size, how in rows}


def tool(name: str) -> str:
    """A program that the tests compare with; the test is skipped where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def binutils(name: str, program: str) -> str:
    """The binutils program for a fixture's machine."""
    prefix = "arm-none-eabi-" if load(name).machine == "arm" else "riscv64-unknown-elf-"
    return tool(prefix + program)
