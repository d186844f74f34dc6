"""The table that the lock shim leaves, as data/lock_shim.c lays it out (little-endian)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from litbench.errors import InputError

MAGIC = b"LBLOCKS\0"
HEADER = struct.Struct("<8s6I2Q")
MODULE = struct.Struct("<Q240s")
FRAMES = 12
ENTRY = struct.Struct(f"<QII8Q2QI{FRAMES}I4x{FRAMES}Q16s")
FILE_LIMIT = 64 << 20
ENABLED_OFFSET = 24
KINDS = {1: "mutex", 2: "rwlock (read)", 3: "rwlock (write)", 4: "futex", 5: "futex waker"}


@dataclass(frozen=True)
class Entry:
    """One thread's dealings with one lock; times in ns.

    ``lock_place`` and ``frames`` (innermost first) are (module path, offset), where known.
    """

    lock: int
    tid: int
    kind: str
    thread: str
    acquired: int
    contended: int
    wait: int
    wait_max: int
    held: int
    held_max: int
    woken: int
    lock_place: tuple[str, int] | None
    frames: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class LockTable:
    """All entries; ``span`` is from the program's start to its end in ns, None if it was killed."""

    entries: tuple[Entry, ...]
    span: int | None
    overflow: int


def read_table(path: Path) -> LockTable:
    """Raises InputError when the file is not a lock shim's."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        raise InputError(path, "not a lock shim's table", offset=0)
    _, version, size, entries, modules, _, overflow, began, ended = HEADER.unpack_from(data)
    start = HEADER.size + modules * MODULE.size
    if version != 1 or size != ENTRY.size or modules > 4096:
        raise InputError(path, f"a lock table of version {version} that is not known", offset=8)
    if len(data) < start + entries * size:
        raise InputError(path, "cut off", offset=len(data))
    names = [
        text.partition(b"\0")[0].decode("utf-8", "replace")
        for _, text in MODULE.iter_unpack(data[HEADER.size : start])
    ]
    found = tuple(
        _entry(row, names)
        for row in ENTRY.iter_unpack(data[start : start + entries * size])
        if row[1] and row[2] in KINDS
    )
    return LockTable(found, ended - began if ended > began else None, overflow)


def _entry(row: tuple[int | bytes, ...], modules: list[str]) -> Entry:
    numbers = [value for value in row if isinstance(value, int)]
    name = row[-1] if isinstance(row[-1], bytes) else b""
    lock, tid, kind, acquired, contended, wait, wait_max, held, held_max, _, woken = numbers[:11]
    lock_module, lock_offset, count = numbers[11:14]
    which, offsets = numbers[14 : 14 + FRAMES], numbers[14 + FRAMES : 14 + 2 * FRAMES]
    places = [
        (modules[module - 1], offset)
        for module, offset in list(zip(which, offsets, strict=True))[: min(count, FRAMES)]
        if 0 < module <= len(modules)
    ]
    known = 0 < lock_module <= len(modules)
    return Entry(
        lock, tid, KINDS[kind], name.partition(b"\0")[0].decode("utf-8", "replace"),
        acquired, contended, wait, wait_max, held, held_max, woken,
        (modules[lock_module - 1], lock_offset) if known else None, tuple(places),
    )  # fmt: skip
