"""Stacks in speedscope's file format (https://www.speedscope.app/file-format-schema.json)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from litbench.instruments.base import File
from litbench.instruments.stacks import Place, Weighed
from litbench.units import Unit

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_UNITS = {Unit.NS: "nanoseconds", Unit.BYTES: "bytes"}


def write(path: Path, name: str, stacks: Iterable[Weighed], unit: Unit) -> File:
    """One profile a thread."""
    frames: dict[Place, int] = {}
    threads: dict[tuple[str, int], tuple[list[list[int]], list[int]]] = {}
    for each in stacks:
        numbers = [frames.setdefault(place, len(frames)) for place in reversed(each.stack)]
        samples, weights = threads.setdefault((each.thread, each.tid), ([], []))
        samples.append(numbers)
        weights.append(each.weight)
    document = {
        "$schema": SCHEMA,
        "name": name,
        "exporter": "litbench",
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": f, "file": m} if m else {"name": f} for f, m in frames]},
        "profiles": [
            {
                "type": "sampled", "name": f"{thread} ({tid})", "unit": _UNITS.get(unit, "none"),
                "startValue": 0, "endValue": sum(weights), "samples": samples, "weights": weights,
            }
            for (thread, tid), (samples, weights) in threads.items()
        ],
    }  # fmt: skip
    path.write_bytes(msgspec.json.encode(document))
    return File("speedscope", path, "application/json")
