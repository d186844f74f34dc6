"""Instruments: what watches a run. One file a tool; ``choose`` knows which answers what."""

from __future__ import annotations

from pathlib import Path


def data_folder() -> Path:
    """Where the data files of instruments are: rules, sources built on demand."""
    return Path(__file__).parent / "data"


def memray_dump_path() -> Path:
    """The script that a profiled Python runs to read memray's file."""
    return data_folder() / "memray_dump.py"
