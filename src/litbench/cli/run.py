"""Measure targets with workloads, keep every run, and show the tables.

examples:
  litbench run                                     the default suite on every target
  litbench run tokio-mt asyncio -w ping-pong       one workload on two targets
  litbench run ./my-adapter -w fan-in -p senders=10
  litbench run --preset standard --plan            print what would be run
  litbench run --preset lit-bit --source lit-bit=../lit-bit
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from litbench.cli.common import (
    add_format,
    add_goals,
    add_sources,
    add_store,
    build_report,
    parse_parameters,
    parse_sources,
    print_json,
    print_report,
)
from litbench.cli.progress import observer_for
from litbench.plan import PRESETS, Plan
from litbench.record import Measure, Record, Status
from litbench.session import Request, execute, nothing_to_run, prepare
from litbench.store import Store

INVALID_RUN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``litbench run``."""
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help="a target's name or an adapter's path")
    add("-w", "--workload", action="append", default=[], metavar="NAME", help="repeat for several")
    add(
        "-p", "--parameter", action="append", default=[], metavar="NAME=N", help="for example n=10k"
    )
    add("--suite", help="a named selection of workloads (default: default, or the preset's)")
    add("--measure", action="append", default=[], choices=[m.value for m in Measure],
        help="only these (default: all that the suite or the workload has)")  # fmt: skip
    presets = "; ".join(f"{p.name}: {p.forks} forks x {p.iterations}" for p in PRESETS.values())
    add("--preset", default="quick", choices=list(PRESETS), help=f"how much to repeat ({presets})")
    add("--forks", type=int, metavar="N", help="processes for each combination")
    add("--iterations", type=int, metavar="N", help="most iterations in a process")
    add("--time-limit", type=float, metavar="S", help="start no iteration after this long")
    add("--timeout", type=float, metavar="S", help="kill a run after this long")
    add("--threads", type=int, metavar="N", help="worker threads (default: all processors)")
    add("--seed", type=int, metavar="N", help="of the plan's order (default: drawn, and kept)")
    add("--no-pin", action="store_true", help="leave placement to the operating system")
    add("--plan", action="store_true", help="print the plan and make no run")
    add("-o", "--output", type=Path, metavar="FILE", help="also write an HTML report")
    add_sources(parser)
    add_store(parser)
    add_goals(parser)
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Plan, run, show."""
    request = _request(arguments)
    with observer_for() as observer:
        ready = prepare(request, observer)
        if arguments.plan:
            _print_plan(ready.plan, as_json=arguments.json)
            return 0
        if not ready.plan.items:
            raise nothing_to_run(ready.plan)
        with Store.open(arguments.store) as store:
            records = execute(ready, store, sys.argv, observer, pin=request.pin)
    report = build_report(records, arguments)
    print_report(report, arguments)
    if arguments.output:
        from litbench.report import html

        arguments.output.write_text(html.render(report), encoding="utf-8")
        print(f"report: {arguments.output}", file=sys.stderr)
    return _exit_code(records)


def _request(arguments: argparse.Namespace) -> Request:
    return Request(
        targets=tuple(arguments.targets),
        workloads=tuple(arguments.workload),
        suite=arguments.suite,
        parameters=parse_parameters(arguments.parameter),
        measures=tuple(Measure(name) for name in arguments.measure),
        preset=arguments.preset,
        forks=arguments.forks,
        iterations=arguments.iterations,
        time_limit_s=arguments.time_limit,
        timeout_s=arguments.timeout,
        threads=arguments.threads,
        seed=arguments.seed,
        pin=not arguments.no_pin,
        sources=parse_sources(arguments.source),
    )


def _exit_code(records: list[Record]) -> int:
    return INVALID_RUN if any(record.status is Status.INVALID for record in records) else 0


def _print_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "seed": plan.seed,
                "preset": plan.preset.name,
                "runs": [
                    {
                        "turn": item.turn,
                        "fork": item.fork,
                        "target": item.selection.target,
                        "job": item.job,
                    }
                    for item in plan.items
                ],
                "unmeasured": [vars(what) for what in plan.unmeasured],
            }
        )
        return
    print(f"{len(plan.items)} runs, preset {plan.preset.name}, seed {plan.seed}")
    for item in plan.items:
        print(f"{item.turn:>5}  fork {item.fork}  {item.selection.text}")
