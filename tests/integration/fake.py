"""The fake adapter at the real seam: what integration tests drive the harness with."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from litbench.catalogue import workload
from litbench.catalogue.small import SMALL
from litbench.plan import Plan, Preset, Selection, make
from litbench.record import Measure, Record
from litbench.runner.run import Prepared, Setting, run_plan
from litbench.targets import Adapter, describe
from litbench.targets.manifest import Target, TargetEntry

ROOT = Path(__file__).parents[2]
FAKE = (sys.executable, "-S", "-E", str(ROOT / "adapters" / "fake" / "fake.py"))


def fake(*options: str, name: str = "fake") -> Prepared:
    """The fake with these options, described."""
    command = (*FAKE, *options)
    entry = TargetEntry(command=command)
    target = Target(name=name, language="python", folder=ROOT, tool="none", entry=entry)
    adapter = Adapter(target, command, digest="0")
    return Prepared(adapter, describe(adapter))


def plan_of(
    name: str = "ping-pong",
    measure: Measure = Measure.THROUGHPUT,
    *,
    targets: Sequence[str] = ("fake",),
    iterations: int = 5,
    forks: int = 1,
    timeout_s: float = 20,
    time_limit_s: float = 20,
    given: Mapping[str, int] | None = None,
) -> Plan:
    """A plan of one small workload."""
    definition = workload(name)
    values = definition.values({**SMALL[name], **(given or {})})
    chosen = [Selection(target, definition, values, measure, 1) for target in targets]
    preset = Preset("test", forks, iterations, time_limit_s, timeout_s, "for tests")
    return make(chosen, preset, seed=1)


def run_fake(tmp_path: Path, plan: Plan, *options: str) -> list[Record]:
    """The records of a plan on the fake with these options."""
    prepared = {"fake": fake(*options)}
    setting = Setting("session", {}, tmp_path / "artifacts")
    return [record for _, record in run_plan(plan, prepared, setting, lambda _: None) if record]


__all__ = ["FAKE", "SMALL", "fake", "plan_of", "run_fake"]
