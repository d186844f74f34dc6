"""Runs of a Rust target, built from this checkout, through the runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from litbench.catalogue import workload
from litbench.errors import MissingToolError
from litbench.plan import Preset, Selection, make
from litbench.record import Measure, Record
from litbench.runner.run import Prepared, Setting, run_plan
from litbench.targets import all_targets, build, describe, find_target


def built(name: str) -> Prepared:
    """The target, built if need be; skips the test where this machine cannot build it."""
    try:
        adapter = build(find_target(name, all_targets()))
    except MissingToolError as error:
        pytest.skip(f"{name} cannot be built here: {error}")
    return Prepared(adapter, describe(adapter))


def run(
    target: Prepared,
    folder: Path,
    name: str,
    measure: Measure,
    *runs: dict[str, int],
    iterations: int = 1,
    threads: int = 1,
) -> list[Record]:
    """One record for each set of parameters, in their order; all of them valid."""
    definition, subject = workload(name), target.adapter.target.name
    preset = Preset("test", 1, iterations, 60.0, 120.0, "for tests")
    setting = Setting("session", {}, folder / "artifacts")
    records = []
    for values in runs:
        chosen = Selection(subject, definition, definition.values(values), measure, threads)
        plan = make([chosen], preset, seed=1)
        found = [r for _, r in run_plan(plan, {subject: target}, setting, lambda _: None) if r]
        assert [record.reasons for record in found] == [()]
        records += found
    return records
