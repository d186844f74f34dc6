"""How fast the command starts: ``litbench --help`` against ``python -c pass``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.result import Result, interleaved, median_ratio, quiet


def run() -> Iterator[Result]:
    """Interleaved, so that the machine's mood does not matter."""
    help_, plain = interleaved(
        [
            quiet([sys.executable, "-m", "litbench", "--help"]),
            quiet([sys.executable, "-c", "pass"]),
        ],
        rounds=25,
    )
    yield Result("litbench --help / python -c pass", median_ratio(help_, plain), 4)
