from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.errors import UsageError
from litbench.units import Unit, format_bytes, format_count, format_quantity, parse_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [("512", 512), ("32KiB", 32768), ("4kB", 4000), ("1.5M", 1572864), ("2 k", 2048), ("7B", 7)],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "x", "-1", "1TiB", "1..2", "0x10"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, Unit.NS, "0 ns"),
        (23.5, Unit.NS, "23.5 ns"),
        (999.96, Unit.NS, "1.00 µs"),
        (1_234_567, Unit.NS, "1.23 ms"),
        (2048, Unit.BYTES, "2.00 KiB"),
        (72, Unit.BYTES, "72 B"),
        (1_000_000, Unit.INSTRUCTIONS, "1.00 M instructions"),
        (0.0123, Unit.RATIO, "0.0123"),
    ],
)
def test_quantities_are_written(value: float, unit: Unit, text: str) -> None:
    assert format_quantity(value, unit) == text


@given(st.floats(1, 1e14))
def test_a_count_never_needs_more_than_three_digits_before_its_prefix(value: float) -> None:
    number = format_count(value).split()[0].replace(",", "")
    assert float(number) <= 1000 or value >= 1e15


@given(st.integers(0, 1023))
def test_small_sizes_are_exact(value: int) -> None:
    assert format_bytes(value) == f"{value} B"
