"""describe, serve, and the list of faults."""

from __future__ import annotations

import json
import sys

from litbench_fake.faults import FAULTS
from litbench_fake.options import Options, UsageError
from litbench_fake.run import Run
from litbench_fake.workloads import MEASURES, VERSIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(arguments: list[str]) -> int:
    """The process's exit code."""
    try:
        options = Options(arguments)
    except UsageError as error:
        print(f"fake: {error}", file=sys.stderr)
        return 2
    if options.command == "describe":
        print(json.dumps(describe(options)))
    elif options.command == "faults":
        for name, (_, act) in FAULTS.items():
            print(f"{name:22} {act.__doc__}")
    else:
        Run(options).perform()
    return 0


def describe(options: Options) -> dict[str, Any]:
    """What ``describe`` prints."""
    limits: dict[str, dict[str, int]] = {}
    if options.limit:
        place, _, value = options.limit.partition("=")
        workload, _, parameter = place.rpartition(".")
        limits = {workload: {parameter: int(value)}}
    message: dict[str, Any] = {
        "protocol": 1,
        "target": options.name,
        "version": "0.1.0",
        "language": "python",
        "runtime": "none",
        "runtime_version": "1",
        "threads": {"least": 1, "most": options.threads},
        "workloads": [_ability(name, limits.get(name)) for name in MEASURES],
        "missing": [],
    }
    where, act = FAULTS.get(options.fault, ("", None))
    if act is not None and where == "describe":
        act(None, message)
    return message


def _ability(name: str, limits: dict[str, int] | None) -> dict[str, Any]:
    ability: dict[str, Any] = {
        "name": name,
        "version": VERSIONS.get(name, 1),
        "measures": MEASURES[name],
        "differences": ["no actor runs: the results are computed"],
    }
    if limits:
        ability |= {"limits": limits, "because": "it was told to say so"}
    return ability
