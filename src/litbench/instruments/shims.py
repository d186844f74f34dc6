"""Shims: small C libraries that are preloaded into a program, compiled when they are needed."""

from __future__ import annotations

import shutil
from pathlib import Path

from litbench.instruments import data_folder
from litbench.instruments.base import Obstacle, Program
from litbench.instruments.sanitizers import sanitizer_of
from litbench.instruments.tools import is_elf, output_of, program_path

COMPILERS = ("cc", "gcc", "clang")


def compiler() -> str | None:
    """A C compiler."""
    return next((path for name in COMPILERS if (path := shutil.which(name))), None)


def compile_shim(name: str, folder: Path) -> Path:
    """The library made of ``data/NAME.c``, in ``folder``. Raises ToolError when it fails."""
    target = folder / f"{name}.so"
    source = data_folder() / f"{name}.c"
    own = ["-O2", "-fPIC", "-shared", "-pthread", "-o", str(target), str(source), "-ldl"]
    output_of([compiler() or "cc", *own], timeout=60)
    return target


def shim_obstacle(program: Program, cost: str) -> Obstacle | None:
    """Why a shim cannot be compiled or preloaded."""
    if compiler() is None:
        return Obstacle("no C compiler to build the shim", cost, "Try `apt install gcc`.")
    return preload_obstacle(program, cost)


def preload_obstacle(program: Program, cost: str) -> Obstacle | None:
    """Why nothing can be preloaded into a program."""
    path = program_path(program.command)
    if is_elf(path) and is_static(path):
        return Obstacle(
            f"{path.name} is linked statically: nothing can be preloaded", cost,
            "Link it dynamically.",
        )  # fmt: skip
    if sanitizer_of(path):
        cure = "Build it without one for this question."
        return Obstacle(f"{path.name} is built with a sanitizer", cost, cure, irrelevant=True)
    return None


def is_static(path: Path) -> bool:
    """Whether an ELF has no interpreter, so that no loader ever reads LD_PRELOAD."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            return not any(s["p_type"] == "PT_INTERP" for s in elf.iter_segments())
    except (OSError, ELFError):
        return False


def language_of(program: Program) -> str:
    """``go``, ``java`` or ``erlang`` where the file or the name shows it, else what is declared."""
    path = program_path(program.command)
    if path.name in {"java", "erl", "beam.smp"}:
        return "java" if path.name == "java" else "erlang"
    return "go" if is_elf(path) and has_section(path, ".go.buildinfo") else program.language


def has_section(path: Path, name: str) -> bool:
    """Whether an ELF has a section of that name."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as file:
            return ELFFile(file).get_section_by_name(name) is not None
    except (OSError, ELFError):
        return False
