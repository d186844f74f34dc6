"""Check an adapter against the protocol and the workloads, or begin a new one.

litbench adapter verify TARGET      every workload and measure, small, several seeds and sizes
litbench adapter new FILE.py        a small adapter to begin with (docs/writing-an-adapter.md)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from litbench.catalogue import all_workloads
from litbench.catalogue.small import SMALL
from litbench.cli.common import add_json, add_sources, parse_sources, print_json
from litbench.environment import machine_facts
from litbench.errors import UsageError
from litbench.plan import Preset, Selection, Unmeasured, make, select
from litbench.runner.run import Prepared, Setting, run_plan
from litbench.targets import (
    adapters_folder,
    all_targets,
    build,
    describe,
    find_target,
    with_sources,
)

INVALID_RUN = 5
ITERATIONS = 3


@dataclass(frozen=True)
class Verdict:
    """What came of one workload and measure."""

    workload: str
    measure: str
    verdict: str  # ok, invalid, missing
    detail: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``litbench adapter``."""
    parser.add_argument("action", choices=("verify", "new"))
    parser.add_argument("target", help="verify: a target's name or an adapter's path; new: a file")
    parser.add_argument("--timeout", type=float, default=30, metavar="S", help="for one run")
    add_sources(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Verify, or write the beginning of an adapter."""
    if arguments.action == "new":
        return _new(Path(arguments.target))
    known = with_sources(all_targets(), parse_sources(arguments.source))
    adapter = build(find_target(arguments.target, known))
    target = Prepared(adapter, describe(adapter))
    verdicts = list(_verify(target, arguments.timeout))
    if arguments.json:
        print_json([vars(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            measure = f" {verdict.measure}" if verdict.measure else ""
            detail = f": {verdict.detail}" if verdict.detail else ""
            print(f"{verdict.verdict:<8} {verdict.workload}{measure}{detail}")
    return INVALID_RUN if any(v.verdict == "invalid" for v in verdicts) else 0


def _verify(target: Prepared, timeout_s: float) -> Iterator[Verdict]:
    name = target.adapter.target.name
    selections: list[Selection] = []
    for definition in all_workloads():
        found = select(
            name,
            target.description,
            definition,
            given=SMALL[definition.name],
            measures=definition.measures,
            threads=target.description.threads.least,
        )
        for each in found:
            if isinstance(each, Unmeasured):
                yield Verdict(each.workload, "", "missing", each.because)
            else:
                selections.append(each)
    preset = Preset("verify", 1, ITERATIONS, 1.0, timeout_s, "")
    setting = Setting("verify", machine_facts(), Path(".litbench") / "artifacts")
    plan = make(selections, preset, seed=1)
    for item, record in run_plan(plan, {name: target}, setting, lambda _: None):
        assert record is not None
        detail = "; ".join(f"{note.code}: {note.message}" for note in record.reasons)
        yield Verdict(
            item.selection.definition.name,
            item.selection.measure.value,
            "ok" if record.valid else "invalid",
            detail,
        )


def _new(path: Path) -> int:
    if path.exists():
        raise UsageError(f"{path} exists already: give another name")
    template = adapters_folder() / "python" / "template.py"
    path.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    path.chmod(0o755)
    print(f"{path}: now `litbench adapter verify ./{path}`", file=sys.stderr)
    return 0
