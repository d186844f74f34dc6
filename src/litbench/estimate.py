"""How long the rest of a plan will take, from what its runs have taken so far."""

from __future__ import annotations

import math
from statistics import median

from litbench.plan import Item, Plan
from litbench.record import Measure, Record

START_S = 0.15
UNSEEN_NS_PER_MESSAGE = 1000.0


class Estimator:
    """Learns from every finished run; a run like an earlier one is expected to take as long.

    For a run without a like, the time of an iteration is predicted from its messages and the cost
    of a message: of the same target and workload, else of the target, else of all that was seen.
    """

    def __init__(self, plan: Plan) -> None:
        self._left = list(plan.items)
        self._long_run_s = plan.preset.long_run_s
        self._took: dict[tuple[object, ...], list[float]] = {}
        self._cost: dict[tuple[str, ...], list[float]] = {(): []}

    def learn(self, item: Item, record: Record | None) -> None:
        """Take account of a run that has finished, or was passed over (None)."""
        self._left.remove(item)
        if record is None:
            return
        self._took.setdefault(_likeness(item), []).append(record.duration_ns / 1e9)
        elapsed = [i.elapsed for i in record.iterations if i.elapsed > 0]
        if not elapsed or item.selection.definition.declares_messages:
            return
        cost = median(elapsed) / max(_messages(item), 1)
        target, workload = item.selection.target, item.selection.definition.name
        for key in ((), (target,), (target, workload)):
            self._cost.setdefault(key, []).append(cost)

    def seconds_left(self) -> float:
        """The expected duration of all runs that have not finished."""
        return sum(self._expect(item) for item in self._left)

    def _expect(self, item: Item) -> float:
        if likes := self._took.get(_likeness(item)):
            seconds = sum(likes) / len(likes)
            return seconds if seconds <= self._long_run_s else 0
        job, limit_s = item.job, item.job.time_limit_ns / 1e9
        iteration_s = self._iteration_s(item)
        if job.measure is Measure.MEMORY:
            return START_S + 2 * iteration_s
        iterations = min(job.iterations, max(math.ceil(limit_s / max(iteration_s, 1e-9)), 1))
        return START_S + iterations * iteration_s

    def _iteration_s(self, item: Item) -> float:
        chosen = item.selection
        if chosen.definition.declares_messages:  # it lasts as long as it is told to
            return chosen.values["milliseconds"] / 1000
        return _messages(item) * self._cost_per_message(item) / 1e9

    def _cost_per_message(self, item: Item) -> float:
        target, workload = item.selection.target, item.selection.definition.name
        for key in ((target, workload), (target,), ()):
            if costs := self._cost.get(key):
                return median(costs)
        return UNSEEN_NS_PER_MESSAGE


def _likeness(item: Item) -> tuple[object, ...]:
    chosen = item.selection
    values = tuple(sorted(chosen.values.items()))
    return chosen.target, chosen.definition.name, chosen.measure, chosen.threads, values


def _messages(item: Item) -> int:
    return item.selection.definition.demand(item.selection.values).messages
