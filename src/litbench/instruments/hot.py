"""Where the time went: the tables of sampled stacks, whichever tool sampled them."""

from __future__ import annotations

from collections import defaultdict

from litbench.instruments import speedscope
from litbench.instruments.base import Answer, Program
from litbench.instruments.classify import classes_table, load_rules
from litbench.instruments.sites import stacks_table
from litbench.instruments.stacks import Stacks
from litbench.record import Table
from litbench.units import Unit

FUNCTIONS_LIMIT = 500
FEW_SAMPLES = 100


def fill(answer: Answer, stacks: Stacks, program: Program, unit: Unit) -> None:
    """Tables of functions, threads, classes and stacks, and a file for speedscope."""
    if not stacks.samples:
        answer.caution("no-samples", "no sample was taken: the region is too short, or it slept")
        return
    if stacks.samples < FEW_SAMPLES:
        message = f"only {stacks.samples} samples: give the workload more time"
        answer.caution("few-samples", message)
    if stacks.truncated:
        message = "more distinct stacks than are kept: the rarest are cut to their inner function"
        answer.caution("partial", message)
    rules = load_rules(program.runtime, program.rules)
    ordered = list(stacks)
    folded: dict[str, int] = defaultdict(int)
    for each in ordered:
        names = (name for name, _ in reversed(each.stack))
        folded[";".join((each.thread.replace(";", ":") or str(each.tid), *names))] += each.weight
    answer.one("samples", Unit.COUNT, stacks.samples)
    answer.tables += [
        _functions(stacks, unit),
        _threads(stacks, unit),
        classes_table(ordered, rules, unit),
        stacks_table("stacks", folded, unit),
    ]
    path = program.folder / "profile.speedscope.json"
    answer.files.append(speedscope.write(path, program.command[0], ordered, unit))


def _functions(stacks: Stacks, unit: Unit) -> Table:
    whole = stacks.weight or 1
    rows = [
        (function, module, own, own / whole, total, total / whole)
        for (function, module), own, total in stacks.by_function()[:FUNCTIONS_LIMIT]
    ]
    return Table(
        name="functions",
        columns=("function", "module", "self", "self share", "total", "total share"),
        units=(None, None, unit, Unit.RATIO, unit, Unit.RATIO),
        rows=tuple(rows),
    )


def _threads(stacks: Stacks, unit: Unit) -> Table:
    whole = stacks.weight or 1
    return Table(
        name="threads",
        columns=("thread", "tid", "weight", "share", "samples"),
        units=(None, None, unit, Unit.RATIO, Unit.COUNT),
        rows=tuple((n, t, w, w / whole, s) for n, t, w, s in stacks.by_thread()),
    )
