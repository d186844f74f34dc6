"""A stall of 100 ms in a real Tokio run: the corrected percentile sees it, the naive does not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from litbench.record import Measure, Record
from litbench.runner.run import Prepared
from litbench.stats.histogram import percentiles
from tests.integration.rust_target import built, run

STALL_NS = 100_000_000
P99 = Fraction(99, 100)
ATTEMPTS = 6
# A run without a stall whose probe is this late shows a machine that others use.
QUIET_NS = 2_000_000
# Few messages wait in the probe's mailbox while it stalls: the driver waits for room, and what it
# sends late is what the naive histogram hides.
VALUES = {"load": 10, "milliseconds": 1000, "mailbox": 16}


def _p99(record: Record, name: str) -> int:
    counts = next(h.counts for h in record.histograms if h.name == name)
    return percentiles(counts, [P99])[0]


def _by_hand(record: Record) -> float:
    """The probe's 99th percentile that follows from the schedule of the run and the stall alone."""
    assert record.specification is not None
    messages = record.specification.messages
    (offered,) = next(m.values for m in record.metrics if m.name == "offered")
    due = [i * 1e9 / offered for i in range(9, messages, 10)]
    stalled = due[len(due) // 2]
    late = [stalled + STALL_NS - time if 0 <= time - stalled < STALL_NS else 0.0 for time in due]
    return sorted(late)[-(-99 * len(late) // 100) - 1]


def _stalled_on_a_quiet_machine(target: Prepared, folder: Path) -> Record:
    """A run with the stall between two without, in which nothing else held the probe up."""
    stalled = {**VALUES, "stall_ms": STALL_NS // 1_000_000}
    for _ in range(ATTEMPTS):
        records = run(target, folder, "loaded-latency", Measure.LATENCY, VALUES, stalled, VALUES)
        if all(_p99(records[control], "corrected") < QUIET_NS for control in (0, 2)):
            return records[1]
    pytest.skip("other programs use this machine's processors: a stall cannot be told from theirs")


def test_the_corrected_percentile_sees_a_stall(tmp_path: Path) -> None:
    record = _stalled_on_a_quiet_machine(built("tokio-mt"), tmp_path)
    by_hand = _by_hand(record)
    assert 0.85 * STALL_NS < by_hand < 0.95 * STALL_NS  # 1 % of a second below the whole stall
    assert _p99(record, "corrected") == pytest.approx(by_hand, rel=0.1)
    assert _p99(record, "naive") < by_hand / 2
