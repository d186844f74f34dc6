"""A mailbox that takes the memory of all its room at once: bytes of a message, not of the room."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from litbench.record import Measure, Metric, Record
from litbench.stats.memory import Memory, memory
from litbench.stats.slope import Slope
from litbench.units import Unit
from tests.records import run

SIZES = (20_000, 40_000, 60_000, 80_000, 100_000)
ROOMS = (65_536, 65_536, 65_536, 262_144, 262_144)


def fill(size: int, room: int, used: int) -> Record:
    """A run of mailbox-fill that used so many bytes more than before."""
    values = {"live-before": 9_000, "live-loaded": 9_000 + used, "live-after": 9_000}
    return run(
        "embassy",
        "mailbox-fill",
        Measure.MEMORY,
        parameters={"messages": size},
        metrics=[Metric(name, Unit.BYTES, (value,)) for name, value in values.items()],
        turn=size,
        mailbox=room,
    )


def fitted(records: Sequence[Record]) -> tuple[Memory, Slope]:
    (found,) = memory(records)
    assert isinstance(found.slope, Slope)
    return found, found.slope


def test_bytes_each_are_of_the_part_that_messages_fill() -> None:
    found, slope = fitted([fill(s, r, 24 * r + 700) for s, r in zip(SIZES, ROOMS, strict=True)])
    assert found.by_room
    assert slope.slope == pytest.approx(24, abs=0.1)
    assert slope.excludes_zero
    assert found.points[-1].used == 24 * 262_144 + 700, "what was in use is shown as it was read"


def test_a_bound_that_is_not_taken_at_once_changes_nothing() -> None:
    """Large bounds, and memory that grows with the messages all the same."""
    found, slope = fitted([fill(s, r, 32 * s) for s, r in zip(SIZES, ROOMS, strict=True)])
    assert not found.by_room
    assert slope.slope == pytest.approx(32)


def test_a_mailbox_of_just_the_size_is_a_plain_slope() -> None:
    found, slope = fitted([fill(s, s, 25 * s) for s in SIZES])
    assert not found.by_room
    assert slope.slope == pytest.approx(25)
