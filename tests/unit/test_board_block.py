"""The probe's block: what is read, and that malformed bytes raise an InputError and no more."""

from __future__ import annotations

import contextlib
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.boards import block, readings
from litbench.boards.block import decode, lowest
from litbench.errors import InputError
from litbench.units import Unit
from tests.boards import clock_entry, make_block


def test_a_block_that_was_never_started_says_so() -> None:
    assert decode(bytes(4096)).state == "not started"


def test_every_section_is_read() -> None:
    head = struct.pack("<12s4IQ", b"latency", 5, 3, 7, 900, (1 << 32) + 5)
    buckets = [0] * 896
    buckets[7], buckets[100] = 2, 1
    data = make_block(
        {
            1: (40, [clock_entry(unit=3, hertz=25_000_000)]),
            2: (44, [struct.pack("<8I12s", 1, 2, 2000, 12, 1, 16, 1, 1, b"total")]),
            3: (56, [struct.pack("<8I3Q", 10, 20, 5, 3, 1, 1, 0, 0, 1 << 40, 7, 9)]),
            4: (32, [struct.pack("<12s5I", b"held", 16, 40, 40, 24, 16), bytes(32)]),
            5: (32, [struct.pack("<8I", 65536, 1, 800, 896, 8, 7, 2, 60000)]),
            6: (24, [struct.pack("<12s3I", b"main", 0x1000, 0x2000, 0x1F00)]),
            7: (36, [head]),
            8: (896 * 4, [struct.pack("<896I", *buckets)]),
            9: (8, [struct.pack("<2I", t, 3 << 24 | 1 << 16 | t) for t in (4, 1, 2, 3)]),
            10: (28, [struct.pack("<12sIQI", b"hog", 3, 1 << 33, 77)]),
            11: (28, [struct.pack("<20s2I", b"wake-ups", 0, 12)]),
        },
        made=5,
    )
    found = decode(data)
    assert found.state == "finished"
    assert found.run is not None
    assert (found.run.extra, found.run.mailbox) == ("total", 16)
    assert found.iterations[0].order == 1 << 40
    assert [m.name for m in found.mailboxes] == ["held"]
    assert found.heap is not None
    assert found.heap.largest_free == 60000
    assert found.stacks[0].used == 0x100
    assert found.histograms[0].counts == ((7, 2), (lowest(100, 5), 1))
    assert found.histograms[0].sum == (1 << 32) + 5
    assert [event.time for event in found.events] == [1, 2, 3, 4], "the ring's oldest comes first"
    assert found.tasks[0].total == 1 << 33
    assert found.metrics[0].value == 12


def test_a_longer_entry_of_a_newer_probe_is_read_as_far_as_it_is_known() -> None:
    data = make_block({6: (40, [struct.pack("<12s3I", b"main", 1, 9, 4)]), 99: (4, [b"????"])})
    assert decode(data).stacks[0].used == 5


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"LITBENCH", 0),
        (b"NOTPROBE" + bytes(100), 0),
        (struct.pack("<8s6I", b"LITBENCH", 2, 32, 2, 0, 0, 0), 8),
        (struct.pack("<8s6I", b"LITBENCH", 1, 33, 2, 0, 0, 0), 12),
        (struct.pack("<8s6I", b"LITBENCH", 1, 8, 2, 0, 0, 0), 12),
        (struct.pack("<8s6I", b"LITBENCH", 1, 32, 2, 0, 0, 1), 28),
        (struct.pack("<8s10I", b"LITBENCH", 1, 48, 2, 0, 0, 1, 1, 0, 1 << 31, 9), 32),
        (struct.pack("<8s10I", b"LITBENCH", 1, 48, 2, 0, 0, 1, 1, 0, 4, 1), 32),
    ],
)
def test_malformed_blocks_name_the_offset(data: bytes, offset: int) -> None:
    with pytest.raises(InputError) as caught:
        decode(data, "fw.elf")
    assert caught.value.offset == offset


@given(st.data())
def test_a_mutated_block_never_does_more_than_raise(data: st.DataObject) -> None:
    entries = struct.pack("<8I3Q", *range(8), 1, 2, 3)
    good = bytearray(make_block({1: (40, [clock_entry()]), 3: (56, [entries] * 3), 7: (36, [])}))
    for _ in range(data.draw(st.integers(1, 8))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(good)))
    try:
        decoded = decode(bytes(good[:cut]))
    except InputError:
        return
    readings.metrics_of(decoded)
    readings.iterations_of(decoded, {"order"})


@given(st.binary(max_size=300))
def test_any_bytes_after_the_magic(tail: bytes) -> None:
    with contextlib.suppress(InputError):
        decode(block.MAGIC + tail)


@given(st.integers(0, 2**32 - 1), st.integers(1, 10))
def test_a_bucket_holds_its_lowest_value_and_is_as_fine_as_it_says(value: int, bits: int) -> None:
    """The firmware's rule (block.rs, litbench.h) against the reader's."""
    shift = max(value.bit_length() - (bits + 1), 0)
    bucket = (shift << bits) + (value >> shift)
    assert bucket < (33 - bits) << bits
    assert lowest(bucket, bits) == value >> shift << shift


def test_ticks_become_ns_and_other_units_stay() -> None:
    ticks = decode(make_block({1: (40, [clock_entry(unit=3, hertz=25_000_000)])})).clock
    cycles = decode(make_block({1: (40, [clock_entry(unit=1, hertz=25_000_000)])})).clock
    assert ticks is not None
    assert cycles is not None
    assert readings.Times(ticks).unit is Unit.NS
    assert readings.Times(ticks).duration(100) == 4_000
    assert readings.Times(cycles).unit is Unit.CYCLES
    assert readings.Times(cycles).duration(100) == 100


@given(st.lists(st.integers(0, 1 << 23), min_size=1, max_size=10), st.integers(0, 1 << 24))
def test_iterations_keep_their_length_over_a_wrap_of_the_counter(
    lengths: list[int], start: int
) -> None:
    """A 24-bit counter (SysTick) that wraps within or between iterations."""
    rows, now = [], start
    for length in lengths:
        first, now = now, now + length
        rows.append(struct.pack("<8I3Q", first % (1 << 24), now % (1 << 24), *[0] * 6, 0, 0, 0))
    run = struct.pack("<8I12s", 1, 2, 2, 12, 1, 16, 1, len(rows), b"")
    data = make_block({1: (40, [clock_entry(mask=(1 << 24) - 1)]), 2: (44, [run]), 3: (56, rows)})
    made = readings.iterations_of(decode(data), set())
    assert [iteration.elapsed for iteration in made] == lengths
    assert all(a.end <= b.start for a, b in pairwise(made))


def test_a_probe_without_a_clock_gives_no_times() -> None:
    data = make_block({1: (40, [clock_entry(source=0)])})
    assert readings.clock_of(decode(data), "board") is None
    assert readings.iterations_of(decode(data), set()) == ()


def test_idle_times_are_left_out_where_idle_is_miscounted() -> None:
    idle = struct.pack("<20s2I", b"idle-time", 2, 100)
    run = struct.pack("<8I12s", 21, 1, 1, 12, 1, 16, 2, 1, b"")
    iteration = struct.pack("<8I3Q", 0, 200, *[0] * 6, 0, 0, 0)
    data = make_block(
        {1: (40, [clock_entry()]), 2: (44, [run]), 3: (56, [iteration]), 11: (28, [idle])}
    )
    shown = {m.name: m.values[0] for m in readings.metrics_of(decode(data))}
    hidden = {m.name for m in readings.metrics_of(decode(data), idle_trusted=False)}
    assert shown["idle-share"] == 0.5
    assert not {"idle-share", "idle-time"} & hidden


def test_the_extremes_of_a_histogram_are_exact_in_the_clock_s_unit() -> None:
    head = struct.pack("<12s4IQ", b"wait", 1, 4, 5, 21, 40)
    buckets = struct.pack("<4I", 0, 0, 0, 4)
    data = make_block(
        {1: (40, [clock_entry(unit=3, hertz=25_000_000)]), 7: (36, [head]), 8: (16, [buckets])}
    )
    found = {m.name: (m.unit, m.values[0]) for m in readings.metrics_of(decode(data))}
    assert found["wait-least"] == (Unit.NS, 200)
    assert found["wait-mean"] == (Unit.NS, 400)
    assert found["wait-most"] == (Unit.NS, 840)
