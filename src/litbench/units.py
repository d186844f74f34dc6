"""Units as types, and how quantities are read and written.

A number never travels without its unit. Quantities of different units are never compared: an
emulator's ``instructions`` are not ``cycles``, and neither is a nanosecond.
"""

from __future__ import annotations

import math
import re
from enum import StrEnum

from litbench.errors import UsageError


class Unit(StrEnum):
    """The unit of a quantity in a record."""

    NS = "ns"
    CYCLES = "cycles"
    INSTRUCTIONS = "instructions"
    BYTES = "bytes"
    MESSAGES = "messages"
    ACTORS = "actors"
    COUNT = "count"
    RATIO = "ratio"
    JOULES = "joules"
    AMPERES = "amperes"
    VOLTS = "volts"
    WATTS = "watts"
    HERTZ = "hertz"

    @property
    def is_time(self) -> bool:
        """Whether the unit measures a duration on some clock."""
        return self in {Unit.NS, Unit.CYCLES, Unit.INSTRUCTIONS}


_SI = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_TIME = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
_BINARY = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
_BYTES = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(?:([kKMG])(i)?)?B?\s*$")


def significant(value: float, digits: int = 3) -> str:
    """``value`` with ``digits`` significant digits, without an exponent for ordinary sizes.

    >>> significant(0.012345), significant(12.345), significant(1234.5)
    ('0.0123', '12.3', '1,234')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(decimals, 0)}f}" if abs(rounded) < 1000 else f"{rounded:,.0f}"


def format_quantity(value: float, unit: Unit, digits: int = 3) -> str:
    """``value`` in ``unit``, scaled for a reader.

    >>> format_quantity(1_234_567, Unit.NS), format_quantity(2048, Unit.BYTES)
    ('1.23 ms', '2.00 KiB')
    """
    if unit is Unit.NS:
        return _scaled(value, _TIME, digits, "ns")
    if unit is Unit.BYTES:
        return format_bytes(value, digits)
    if unit is Unit.RATIO:
        return significant(value, digits)
    return f"{format_count(value, digits)} {unit}"


def format_count(value: float, digits: int = 3) -> str:
    """A count or a rate with an SI prefix: ``1.23 M``. Whole numbers below 1,000 stay whole."""
    for factor, prefix in _SI:
        if abs(value) >= factor * (1 - 0.5 * 10**-digits):
            return f"{significant(value / factor, digits)} {prefix}"
    if float(value).is_integer():
        return f"{value:.0f}"
    return significant(value, digits)


def format_bytes(value: float, digits: int = 3) -> str:
    """Bytes with a binary prefix: ``2.00 KiB``; whole bytes below 1 KiB stay whole."""
    for prefix in ("G", "M", "K"):
        if abs(value) >= _BINARY[prefix]:
            return f"{significant(value / _BINARY[prefix], digits)} {prefix}iB"
    whole = float(value).is_integer()
    return f"{value:.0f} B" if whole else f"{significant(value, digits)} B"


def parse_bytes(text: str) -> int:
    """Bytes from ``512``, ``32KiB``, ``4kB`` (1,000s) or ``1.5M`` (1,024s).

    Raises UsageError when the text is not a size.
    """
    match = _BYTES.match(text)
    if match is None:
        raise UsageError(f"{text!r} is not a size: write 512, 32KiB or 4kB")
    number, prefix, binary = match.groups()
    decimal = prefix is not None and binary is None and text.strip().endswith("B")
    base = 1000 if decimal else 1024
    exponent: int = {"": 0, "K": 1, "M": 2, "G": 3}[(prefix or "").upper()]
    return round(float(number) * float(base**exponent))


def _scaled(value: float, scale: tuple[tuple[float, str], ...], digits: int, smallest: str) -> str:
    for factor, name in scale:
        if abs(value) >= factor * (1 - 0.5 * 10**-digits):
            return f"{significant(value / factor, digits)} {name}"
    return f"{significant(value, digits)} {smallest}"
