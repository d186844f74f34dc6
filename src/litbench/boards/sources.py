"""Firmware that is built from a checkout given on the command line: ``--source lit-bit=PATH``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from litbench.errors import MissingToolError

SECONDS = 1800


def build(source: str, name: str, folder: Path) -> Path:
    """The firmware ``name``, built by ``firmware/build.py`` into ``folder``.

    Raises MissingToolError when the recipe, a toolchain or a registry is not here.
    """
    recipe = Path(__file__).resolve().parents[3] / "firmware" / "build.py"
    cost = f"{name} cannot be built from {source}"
    if not recipe.is_file():
        raise MissingToolError(
            "firmware/build.py", cost=cost, cure="Run this from a checkout of litbench."
        )
    command = [sys.executable, str(recipe), "--source", source, "--output", str(folder), name]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    made = folder / f"{name}.elf"
    if result.returncode != 0 or not made.exists():
        lines = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
        telling = [line for line in lines if line.startswith("error")] or lines[-1:] or ["nothing"]
        raise MissingToolError(f"a build of {name}", cost=f"{cost}: {telling[0]}", cure=CURE)
    return made


CURE = "It needs a Rust for bare metal (`rustup target add thumbv7m-none-eabi`) and a registry."
