"""The time left: what was learnt is applied, and nothing strange is learnt."""

from __future__ import annotations

import random

import msgspec
import pytest

from litbench.catalogue import workload
from litbench.estimate import START_S, Estimator
from litbench.plan import Item, Plan, Preset, Selection, make
from litbench.record import Iteration, Ledger, Measure, Record
from tests.unit.test_record import a_record

PRESET = Preset(
    "p", forks=3, iterations=10, time_limit_s=1.0, timeout_s=9, meaning="", long_run_s=5
)


def a_plan(*names: str) -> Plan:
    chosen = []
    for name in names:
        definition = workload(name)
        measure = definition.measures[0]
        chosen.append(Selection("t", definition, definition.values(), measure, 1))
    return make(chosen, PRESET, seed=1)


def ran(item: Item, seconds: float, iteration_s: float) -> Record:
    ledger = Ledger(sent=1, handled=1)
    iteration = Iteration(start=0, end=round(iteration_s * 1e9), ledger=ledger)
    return msgspec.structs.replace(
        a_record(), duration_ns=round(seconds * 1e9), iterations=(iteration,)
    )


def test_a_run_like_an_earlier_one_takes_as_long() -> None:
    plan = a_plan("ping-pong")
    estimator = Estimator(plan)
    estimator.learn(plan.items[0], ran(plan.items[0], 2.0, 0.5))
    assert estimator.seconds_left() == pytest.approx(4.0)


def test_what_took_long_is_not_expected_again() -> None:
    plan = a_plan("ping-pong")
    estimator = Estimator(plan)
    estimator.learn(plan.items[0], ran(plan.items[0], 6.0, 6.0))
    assert estimator.seconds_left() == 0


def test_a_run_without_a_like_goes_by_the_cost_of_a_message() -> None:
    plan = a_plan("ping-pong", "counting")
    estimator = Estimator(plan)
    first = plan.items[0]
    rate = 2e-6  # seconds a message
    messages = first.selection.definition.demand(first.selection.values).messages
    estimator.learn(first, ran(first, 1.5, messages * rate))
    other = next(i for i in plan.items if i.selection is not first.selection)
    n = other.selection.definition.demand(other.selection.values).messages
    iterations = min(10, -(-1.0 // (n * rate)))
    expected = 3 * (START_S + iterations * n * rate) + 2 * 1.5
    assert estimator.seconds_left() == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("seed", range(20))
def test_after_a_tenth_the_time_left_is_right_within_a_quarter(seed: int) -> None:
    """Ten targets, the slowest 60 times the fastest, workloads that each cost them differently."""
    world = random.Random(seed)
    names = ("ping-pong", "counting", "fan-in", "fan-out", "thread-ring", "mailbox-fill")
    definitions = [workload(name) for name in names]
    speed = {f"t{i}": 1e-7 * 60 ** (i / 9) for i in range(10)}
    cost = {(t, n): s * world.lognormvariate(0, 0.3) for t, s in speed.items() for n in names}
    chosen = [
        Selection(target, definition, definition.values(), measure, 1)
        for target in speed
        for definition in definitions
        for measure in definition.measures
        if measure is not Measure.MEMORY
    ]
    plan = make(chosen, PRESET, seed)

    def run_of(item: Item) -> Record:
        definition = item.selection.definition
        messages = definition.demand(item.selection.values).messages
        iteration_s = messages * cost[item.selection.target, definition.name]
        iterations = min(10, -(-1.0 // iteration_s))
        return ran(item, 0.05 + iterations * iteration_s, iteration_s)

    estimator, records = Estimator(plan), [run_of(item) for item in plan.items]
    tenth = len(records) // 10
    for item, record in zip(plan.items[:tenth], records, strict=False):
        estimator.learn(item, record)
    rest = [
        record.duration_ns / 1e9
        for item, record in zip(plan.items[tenth:], records[tenth:], strict=True)
        if item.fork == 0 or record.duration_ns <= 5e9
    ]
    assert estimator.seconds_left() == pytest.approx(sum(rest), rel=0.25)


def test_a_workload_that_declares_its_messages_teaches_no_cost() -> None:
    """Its definition has no count, so elapsed over messages would be absurd."""
    plan = a_plan("loaded-latency", "ping-pong")
    estimator = Estimator(plan)
    loaded = next(i for i in plan.items if i.job.measure is Measure.LATENCY)
    estimator.learn(loaded, ran(loaded, 1.0, 0.3))
    assert estimator.seconds_left() < 60


def test_a_run_passed_over_leaves_nothing() -> None:
    plan = a_plan("ping-pong")
    estimator = Estimator(plan)
    for item in plan.items:
        estimator.learn(item, None)
    assert estimator.seconds_left() == 0
