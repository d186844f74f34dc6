"""How long the rest of a plan will take, from what its runs have taken so far."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean, median

from litbench.plan import Item, Plan
from litbench.record import Measure, Record

START_S = 0.08
# What one actor costs beside one message, where a workload makes actors.
MESSAGES_PER_ACTOR = 6
UNSEEN_S = 1e-6
# How far a target's or a workload's effect is drawn towards none, in observations. Targets differ
# by a factor of 60 and a few runs tell which is slow; workloads, by their demand, differ little.
TARGET_RIDGE, WORKLOAD_RIDGE = 0.2, 1.0
SWEEPS = 12


class Estimator:
    """Learns from every finished run; a run like an earlier one is expected to take as long.

    A run without a like is expected to cost what its target and its workload are seen to cost,
    the two effects multiplied. `python -m benchmarks estimate` shows how well that does.
    """

    def __init__(self, plan: Plan) -> None:
        self._left = list(plan.items)
        self._long_run_s = plan.preset.long_run_s
        self._took: dict[tuple[object, ...], list[float]] = defaultdict(list)
        # What a memory run costs is mostly its counting, so it says nothing about the others.
        self._costs = {True: _Costs(), False: _Costs()}

    def learn(self, item: Item, record: Record | None) -> None:
        """Take account of a run that has finished, or was passed over (None)."""
        self._left.remove(item)
        if record is None:
            return
        took_s = record.duration_ns / 1e9
        self._took[_likeness(item)].append(took_s)
        elapsed = [i.elapsed for i in record.iterations if i.elapsed > 0]
        if not elapsed or item.selection.definition.declares_messages:
            return
        memory = _of_memory(item)
        seconds = max(took_s - START_S, 1e-3) if memory else median(elapsed) / 1e9
        self._costs[memory].learn(*_place(item), seconds / _work(item, _values(item, record)))

    def seconds_left(self) -> float:
        """The expected duration of all runs that have not finished."""
        for costs in self._costs.values():
            costs.fit()
        return sum(self._expect(item) for item in self._left)

    def _expect(self, item: Item) -> float:
        if likes := self._took.get(_likeness(item)):
            expected = fmean(likes)
        elif _of_memory(item):
            expected = START_S + self._iteration_s(item)
        else:
            limit_s, iteration_s = item.job.time_limit_ns / 1e9, self._iteration_s(item)
            iterations = max(math.ceil(limit_s / max(iteration_s, 1e-9)), 1)
            expected = START_S + min(item.job.iterations, iterations) * iteration_s
        return 0 if item.fork > 0 and expected > self._long_run_s else expected

    def _iteration_s(self, item: Item) -> float:
        chosen = item.selection
        if chosen.definition.declares_messages:  # it lasts as long as it is told to
            return chosen.values["milliseconds"] / 1000
        return _work(item) * self._costs[_of_memory(item)].expect(*_place(item))


class _Costs:
    """Seconds of a unit of work, as a target's effect times a workload's: additive in logarithms.

    Fitted by ridge regression, coordinate by coordinate.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._mean = math.log(UNSEEN_S)
        self._targets: dict[str, float] = {}
        self._workloads: dict[str, float] = {}

    def learn(self, target: str, workload: str, cost: float) -> None:
        """One run's cost, in seconds of a unit of work."""
        self._seen[target, workload].append(math.log(cost))

    def fit(self) -> None:
        """Find the effects that explain best what was seen."""
        points = [(t, w, fmean(logs)) for (t, w), logs in self._seen.items()]
        if not points:
            return
        targets, workloads = self._targets, self._workloads
        targets.update(dict.fromkeys((t for t, _, _ in points), 0.0))
        workloads.update(dict.fromkeys((w for _, w, _ in points), 0.0))
        mean = fmean(y for _, _, y in points)
        for _ in range(SWEEPS):
            targets |= _shrunk(((t, y - mean - workloads[w]) for t, w, y in points), TARGET_RIDGE)
            workloads |= _shrunk(((w, y - mean - targets[t]) for t, w, y in points), WORKLOAD_RIDGE)
            mean = fmean(y - targets[t] - workloads[w] for t, w, y in points)
        self._mean = mean

    def expect(self, target: str, workload: str) -> float:
        """Seconds of a unit of work."""
        if logs := self._seen.get((target, workload)):
            return math.exp(fmean(logs))
        effects = self._targets.get(target, 0.0) + self._workloads.get(workload, 0.0)
        return math.exp(self._mean + effects)


def _shrunk(residuals: Iterable[tuple[str, float]], ridge: float) -> dict[str, float]:
    """The mean of each name's residuals, drawn towards zero."""
    groups: dict[str, list[float]] = defaultdict(list)
    for name, residual in residuals:
        groups[name].append(residual)
    return {name: sum(group) / (len(group) + ridge) for name, group in groups.items()}


def _likeness(item: Item) -> tuple[object, ...]:
    chosen = item.selection
    values = tuple(sorted(chosen.values.items()))
    return chosen.target, chosen.definition.name, chosen.measure, chosen.threads, values


def _place(item: Item) -> tuple[str, str]:
    return item.selection.target, item.selection.definition.name


def _of_memory(item: Item) -> bool:
    return item.selection.measure is Measure.MEMORY


def _values(item: Item, record: Record) -> dict[str, int]:
    """The item's parameters, in the size that the run really had."""
    name, values = item.selection.definition.lowered, item.selection.values
    had = record.workload.parameters.get(name) if name else None
    return {**values, name: had} if name and isinstance(had, int) else values


def _work(item: Item, values: dict[str, int] | None = None) -> int:
    """Units that an iteration's time is proportional to, roughly."""
    demand = item.selection.definition.demand(values or item.selection.values)
    return max(demand.messages + MESSAGES_PER_ACTOR * demand.actors, 1)
