"""Files that a profile leaves, in the store's folder of artifacts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from litbench.record import Artifact, Record

Pictures = Callable[[Record], Sequence[tuple[str, str, str]]]
"""Draws a record: (file name, media type, text) for each picture."""


@contextmanager
def work_folder(artifacts: Path) -> Iterator[Path]:
    """A folder for a tool's raw files, on the disk of the artifacts, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=".work-", dir=artifacts))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def with_files(record: Record, files: Sequence[tuple[str, Path, str]], artifacts: Path) -> Record:
    """The record with the instrument's files moved to the store."""
    kept = []
    for name, path, media_type in files:
        if path.is_file():
            target = artifacts / record.id / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            kept.append(_artifact(name, target, media_type, artifacts))
    return msgspec.structs.replace(record, artifacts=(*record.artifacts, *kept))


def with_pictures(record: Record, pictures: Pictures, artifacts: Path) -> Record:
    """The record with its pictures as files in the store."""
    kept = []
    for name, media_type, text in pictures(record):
        target = artifacts / record.id / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        kept.append(_artifact(name, target, media_type, artifacts))
    return msgspec.structs.replace(record, artifacts=(*record.artifacts, *kept))


def _artifact(name: str, path: Path, media_type: str, artifacts: Path) -> Artifact:
    return Artifact(
        name=name,
        path=path.relative_to(artifacts).as_posix(),
        media_type=media_type,
        bytes=path.stat().st_size,
    )
