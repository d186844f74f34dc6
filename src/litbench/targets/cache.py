"""Where builds are kept, what names them, and that only one is made at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

SKIPPED = {"target", "__pycache__", ".venv", ".git", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def cache_folder() -> Path:
    """Where builds are kept: ``$LITBENCH_CACHE``, else ``litbench`` in the user's cache folder."""
    if own := os.environ.get("LITBENCH_CACHE"):
        return Path(own).resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "litbench"


def digest_of(folder: Path) -> str:
    """A digest of the names and bytes of all source files below ``folder``."""
    digest = hashlib.sha256()
    for path in _files(folder):
        relative = path.relative_to(folder).as_posix()
        data = path.read_bytes()
        digest.update(f"{len(relative)}:{relative}{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in SKIPPED or path.suffix == ".pyc":
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One build at a time in a folder of the cache, over all processes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
