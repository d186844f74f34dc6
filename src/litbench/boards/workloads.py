"""The numbers by which firmware knows the workloads, and a job for one of them."""

from __future__ import annotations

from litbench.boards.job import Job
from litbench.boards.machines import Machine
from litbench.catalogue.definition import Values, WorkloadDefinition
from litbench.errors import UsageError

# Workload -> (number, parameters in the order of the job).
_TABLE: dict[str, tuple[int, tuple[str, ...]]] = {
    "ping-pong": (1, ("rounds",)),
    "counting": (2, ("messages",)),
    "fan-in": (3, ("senders", "messages")),
    "fan-out": (4, ("receivers", "messages")),
    "thread-ring": (5, ("actors", "hops")),
    "mass-spawn": (6, ("actors",)),
    "mailbox-fill": (7, ("messages",)),
    "isolated-latency": (8, ("rounds",)),
    "mailbox-full": (16, ("messages", "burst")),
    "restart": (17, ("crashes", "messages")),
    "interrupt-latency": (18, ("samples", "period", "mode", "load")),
    "task-time": (19, ("samples", "period", "hog", "rounds", "slices", "mode")),
    "heap-flood": (20, ("messages", "payload")),
    "idle": (21, ("samples", "period", "mode")),
    "spawn-limit": (23, ()),
    "known-answers": (22, ("ticks", "period", "handler", "block", "messages", "blocks", "bytes")),
}

# What the reference firmware's memory and clock are laid out for.
LIMITS: dict[str, Values] = {
    "ping-pong": {"rounds": 2_000},
    "counting": {"messages": 10_000, "mailbox": 16, "batch": 1},
    "fan-in": {"senders": 100, "messages": 100, "mailbox": 16, "batch": 1, "fail_fast": 0},
    "fan-out": {"receivers": 100, "messages": 100, "mailbox": 16},
    "thread-ring": {"actors": 100, "hops": 10_000},
    "mass-spawn": {"actors": 1_000, "mailbox": 1},
    "mailbox-fill": {"messages": 4_000},
    "isolated-latency": {"rounds": 2_000},
}
MOST_ITERATIONS = 128


def names() -> tuple[str, ...]:
    """The workloads that firmware can be asked for."""
    return tuple(_TABLE)


def number(name: str) -> int:
    """The firmware's number of a workload. Raises UsageError when it has none."""
    if name not in _TABLE:
        raise UsageError(f"firmware has no workload {name!r}: it has {', '.join(_TABLE)}")
    return _TABLE[name][0]


def small_values(definition: WorkloadDefinition, given: Values) -> Values:
    """All parameters: those ``given``, else the defaults scaled down to what firmware holds."""
    values = definition.values(given)
    for name, most in LIMITS.get(definition.name, {}).items():
        if name not in given:
            values[name] = min(values[name], most)
    return values


def job_for(
    definition: WorkloadDefinition,
    values: Values,
    iterations: int,
    machine: Machine | None,
    *,
    latency: bool,
) -> Job:
    """The job of one run; without a ``machine`` (a real board) nothing is said of the clock."""
    code, order = number(definition.name), _TABLE[definition.name][1]
    parameters = tuple(values[name] for name in order)
    if machine is None:
        return Job(code, iterations, parameters, latency=latency)
    return Job(
        code,
        iterations,
        parameters,
        latency=latency,
        stops=True,
        cycle_scale=machine.cycle_scale,
        counter_scale=machine.counter_scale,
    )
