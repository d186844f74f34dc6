"""Run the benchmarks; the exit status says whether all limits were kept."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

NOT_BENCHMARKS = {"__main__", "result"}


def main(names: list[str]) -> int:
    """Run those named, or all."""
    here = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)])]
    missed = 0
    for name in names or [n for n in here if n not in NOT_BENCHMARKS]:
        for result in importlib.import_module(f"benchmarks.{name}").run():
            print(result, flush=True)
            missed += not result.kept
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
