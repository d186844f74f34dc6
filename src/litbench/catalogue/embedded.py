"""Workloads that only firmware has: interrupts, a core that idles, memory that ends.

``docs/firmware-workloads.md`` has them in words. Times are in instructions of the emulator.
"""

from __future__ import annotations

from collections.abc import Callable

from litbench.catalogue.basic import MAILBOX_FILL, MASS_SPAWN
from litbench.catalogue.definition import Demand, Parameter, Values, WorkloadDefinition
from litbench.catalogue.expectation import MASK, cached_fold, expect, triangle
from litbench.record import Expected, Ledger, Measure

_THROUGHPUT = (Measure.THROUGHPUT,)
_LATENCY = (Measure.LATENCY,)
_PERIOD = Parameter("period", 20_000, "instructions between interrupts", 2_000, 100_000_000)

_MODE = Parameter("mode", 0, "executor: 0 of thread mode, 1 of interrupt mode", 0, 1)


def _samples(default: int = 200) -> Parameter:
    return Parameter("samples", default, "timer interrupts", most=1_000_000)


def accepted(values: Values) -> list[int]:
    """The values that a held mailbox takes: of each burst, as many as it has room for."""
    messages, burst, bound = values["messages"], values["burst"], values["mailbox"]
    return [value for value in range(messages) if value % burst < bound]


def _mailbox_full(values: Values) -> Expected:
    taken = accepted(values)
    h = total = 0
    for value in taken:
        h = (h * 31 + value + 1) & MASK
        total = (total + value + 1) & MASK
    sent = values["messages"]
    return Expected(
        ledger=Ledger(sent=sent, handled=len(taken), dropped=sent - len(taken)),
        checks={"order": h, "sum": total},
    )


def _restart(values: Values) -> Expected:
    crashes, messages = values["crashes"], values["messages"]
    order, total = crashes * cached_fold(messages), crashes * triangle(messages)
    return expect(crashes * messages, order=order, sum=total, restarts=crashes)


def _ticks(of: str) -> Callable[[Values], Expected]:
    """Interrupts are the messages, as many as the parameter says."""
    return lambda values: expect(values[of], ticks=values[of])


MAILBOX_FULL = WorkloadDefinition(
    name="mailbox-full",
    version=1,
    summary="bursts into a held mailbox that refuses what it has no room for",
    parameters=(
        Parameter("messages", 10_000, "messages tried", most=1_000_000),
        Parameter("burst", 32, "messages of a burst, then the mailbox is drained", most=100_000),
        Parameter("mailbox", 16, "bound of the mailbox", 16, 16),
    ),
    measures=_THROUGHPUT,
    demand=lambda v: Demand(actors=2, messages=v["messages"]),
    expected=_mailbox_full,
)

RESTART = WorkloadDefinition(
    name="restart",
    version=1,
    summary="an actor ends after some messages and is started anew with fresh state",
    parameters=(
        Parameter("crashes", 200, "how often it ends", most=1_000_000),
        Parameter("messages", 10, "messages between", most=100_000),
    ),
    measures=_LATENCY,
    demand=lambda v: Demand(actors=2, messages=v["crashes"] * v["messages"]),
    expected=_restart,
    histogram="restart",
    samples=lambda v: v["crashes"],
)

INTERRUPT_LATENCY = WorkloadDefinition(
    name="interrupt-latency",
    version=1,
    summary="from a timer's interrupt handler to the task that it wakes",
    parameters=(
        _samples(),
        _PERIOD,
        _MODE,
        Parameter("load", 0, "pairs of actors that exchange messages meanwhile", 0, 8),
    ),
    measures=_LATENCY,
    demand=lambda v: Demand(actors=1, messages=v["samples"]),
    expected=_ticks("samples"),
    histogram="irq-to-task",
    samples=lambda v: v["samples"],
)

TASK_TIME = WorkloadDefinition(
    name="task-time",
    version=1,
    summary="a task woken by a timer, beside one that computes",
    parameters=(
        _samples(),
        _PERIOD,
        Parameter("hog", 1, "0 none, 1 never yields, 2 yields after each slice", 0, 2),
        Parameter("rounds", 15_000, "rounds of two instructions in a slice"),
        Parameter("slices", 10, "slices", most=100_000),
        _MODE,
    ),
    measures=_THROUGHPUT,
    demand=lambda v: Demand(actors=2, messages=v["samples"]),
    expected=_ticks("samples"),
)

HEAP_FLOOD = WorkloadDefinition(
    name="heap-flood",
    version=1,
    summary="messages whose payload is on the heap (without a heap: plain messages)",
    parameters=(
        Parameter("messages", 1_000, "messages", most=1_000_000),
        Parameter("payload", 32, "bytes of each payload", most=1_024),
    ),
    measures=_THROUGHPUT,
    demand=lambda v: Demand(actors=2, messages=v["messages"]),
    expected=MAILBOX_FILL.expected,
)

IDLE = WorkloadDefinition(
    name="idle",
    version=1,
    summary="waiting for a timer, by sleeping or by polling",
    parameters=(_samples(), _PERIOD, Parameter("mode", 0, "0 sleeps, 1 polls", 0, 1)),
    measures=_LATENCY,
    demand=lambda v: Demand(actors=1, messages=v["samples"]),
    expected=_ticks("samples"),
    histogram="irq-to-task",
    samples=lambda v: v["samples"],
)

KNOWN_ANSWERS = WorkloadDefinition(
    name="known-answers",
    version=1,
    summary="interrupts, a blocking task, an overflow and a heap pattern of known size",
    parameters=(
        Parameter("ticks", 100, "timer interrupts", most=100_000),
        _PERIOD,
        Parameter("handler", 100, "rounds of two instructions in the handler", 0),
        Parameter("block", 5_000, "rounds for which a task blocks the executor"),
        Parameter("messages", 50, "messages sent to a mailbox that holds 16"),
        Parameter("blocks", 8, "heap blocks held at once", 0, 64),
        Parameter("bytes", 100, "bytes of each", most=10_000),
    ),
    measures=_THROUGHPUT,
    demand=lambda v: Demand(actors=2, messages=v["messages"]),
    expected=_ticks("ticks"),
)

SPAWN_LIMIT = WorkloadDefinition(
    name="spawn-limit",
    version=1,
    summary="actors until the memory is full; each answers once and then idles",
    parameters=(Parameter("actors", 1, "how many it came to: the firmware's own count", 0),),
    measures=_THROUGHPUT,
    demand=lambda v: Demand(actors=v["actors"], messages=2 * v["actors"]),
    expected=MASS_SPAWN.expected,
)

EMBEDDED = (
    SPAWN_LIMIT,
    MAILBOX_FULL,
    RESTART,
    INTERRUPT_LATENCY,
    TASK_TIME,
    HEAP_FLOOD,
    IDLE,
    KNOWN_ANSWERS,
)
