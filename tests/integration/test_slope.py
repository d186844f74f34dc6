"""An actor of 1,024 bytes: the slope of live bytes over the number of actors recovers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from litbench.record import Measure, Record
from litbench.stats.slope import Slope, fit
from tests.integration.rust_target import built, run

BYTES = 1024
SIZES = (500, 1000, 2000, 3000, 4000)


def _live(record: Record) -> list[int | float]:
    before, loaded = record.metric("live-before"), record.metric("live-loaded")
    assert before is not None
    assert loaded is not None
    return [high - low for low, high in zip(before.values, loaded.values, strict=True)]


def _slope(folder: Path, state: int) -> Slope:
    sizes = [{"actors": size, "state": state} for size in SIZES]
    records = run(built("tokio-ct"), folder, "mass-spawn", Measure.MEMORY, *sizes, iterations=3)
    points = [
        (float(size), float(value))
        for size, record in zip(SIZES, records, strict=True)
        for value in _live(record)
    ]
    slope = fit(points)
    assert isinstance(slope, Slope)
    return slope


def test_a_synthetic_actor_is_recovered(tmp_path: Path) -> None:
    # Both have a pointer to their state: Tokio rounds a task's size up to 128 bytes.
    bare, laden = _slope(tmp_path, 1), _slope(tmp_path, 1 + BYTES)
    assert laden.slope - bare.slope == pytest.approx(BYTES, rel=0.05)
    assert laden.excludes_zero
    assert bare.low > 0, "an actor with hardly any state still is a task and a mailbox"
    assert laden.high - laden.low < 0.1 * BYTES
