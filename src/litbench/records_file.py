"""Records in a file: one JSON document a line, in and out of the store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from litbench.errors import InputError
from litbench.record import Record, decode, encode

LINE_LIMIT = 64 << 20


def read_records(path: Path) -> list[Record]:
    """The records in a file of JSON lines. Raises InputError naming the file and the offset."""
    records, offset = [], 0
    try:
        with path.open("rb") as file:
            while line := file.readline(LINE_LIMIT):
                if len(line) == LINE_LIMIT:
                    raise InputError(path, "a line longer than any record", offset=offset)
                if line.strip():
                    records.append(decode(line, source=f"{path}: offset {offset:#x}"))
                offset += len(line)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    return records


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write records as JSON lines, whole or not at all."""
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        for record in records:
            file.write(encode(record) + b"\n")
    partial.replace(path)
