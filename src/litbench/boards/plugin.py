"""The TCG plugin: built on demand where there is a C compiler, and its answer.

Its output is lines: ``litbench-plugin 1``, ``total N``, ``pc ADDRESS N``, ``hit ADDRESS INDEX``,
``end``. An index counts the instructions before the one at the address.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from litbench.errors import InputError, MissingToolError

SOURCE = Path(__file__).with_name("plugin.c")
MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class Profile:
    """Executed instructions: in all, by address, and at which index each mark was reached."""

    total: int
    counts: dict[int, int]
    hits: dict[int, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Watch:
    """What the plugin shall do: addresses to mark, where to freeze, after how many instructions."""

    library: Path
    marks: tuple[int, ...] = ()
    stop: int | None = None

    def argument(self, output: Path, limit: int) -> str:
        """QEMU's ``-plugin`` argument."""
        words = [str(self.library), f"out={output}"]
        words += [f"mark={address:#x}" for address in self.marks]
        if self.stop is not None:
            words.append(f"stop={self.stop:#x}")
        if limit:
            words.append(f"limit={limit}")
        return ",".join(words)


def build(cache: Path) -> Path:
    """The plugin as a shared library in ``cache``, compiled if it is not there.

    Raises MissingToolError without a C compiler, or when it fails.
    """
    key = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    library = cache / "plugin" / f"litbench-{key}.so"
    if library.exists():
        return library
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    cost = "instructions cannot be counted by function"
    if compiler is None:
        raise MissingToolError("a C compiler", cost=cost, cure="apt install gcc")
    library.parent.mkdir(parents=True, exist_ok=True)
    fresh = library.with_suffix(f".{os.getpid()}")
    command = [
        compiler,
        "-O2",
        "-shared",
        "-fPIC",
        "-fvisibility=hidden",
        "-o",
        str(fresh),
        str(SOURCE),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if result.returncode != 0:
        raise MissingToolError("a working C compiler", cost=cost, cure=result.stderr.strip()[-500:])
    fresh.replace(library)
    return library


def read(path: Path) -> Profile | None:
    """The plugin's answer; None when QEMU wrote none. Raises InputError when it is cut or odd."""
    if not path.exists():
        return None
    if path.stat().st_size > MOST_BYTES:
        raise InputError(path, "the instruction profile is too large")
    return parse(path.read_text(encoding="ascii", errors="replace"), str(path))


def parse(text: str, source: str) -> Profile:
    """The profile in the plugin's output."""
    lines = text.splitlines()
    if not lines or lines[0] != "litbench-plugin 1" or lines[-1] != "end":
        raise InputError(source, "not a whole instruction profile")
    total, counts, hits = 0, {}, dict[int, list[int]]()
    try:
        for line in lines[1:-1]:
            kind, *rest = line.split()
            if kind == "total":
                total = int(rest[0])
            elif kind == "pc":
                counts[int(rest[0], 16)] = int(rest[1])
            else:
                hits.setdefault(int(rest[0], 16), []).append(int(rest[1]))
    except (ValueError, IndexError) as error:
        raise InputError(source, f"an odd line in the instruction profile: {error}") from error
    return Profile(total, counts, {address: tuple(found) for address, found in hits.items()})
