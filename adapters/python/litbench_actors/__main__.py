"""``python -m litbench_actors TARGET describe|serve``."""

from __future__ import annotations

import sys

from litbench_actors.targets import TARGETS, adapter


def main() -> int:
    """The process's exit code."""
    if len(sys.argv) != 3 or sys.argv[1] not in TARGETS:
        print(f"usage: litbench_actors {'|'.join(TARGETS)} describe|serve", file=sys.stderr)
        return 2
    return adapter(sys.argv[1]).main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
