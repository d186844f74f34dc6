"""What a workload is: parameters, what a run must do, and what its checks must come to.

Everything here is derived from the definition in ``adapters/PROTOCOL.md`` and the parameters alone,
never from what an adapter says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litbench.errors import UsageError
from litbench.record import Expected, Measure
from litbench.units import Unit

Values = dict[str, int]

MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Parameter:
    """An integer parameter of a workload, with its default and the range that makes sense."""

    name: str
    default: int
    meaning: str
    least: int = 1
    most: int = 100_000_000


@dataclass(frozen=True)
class Demand:
    """What the definition demands of a run's specification."""

    actors: int
    messages: int
    in_flight: int = 0


@dataclass(frozen=True)
class WorkloadDefinition:
    """One traffic pattern. ``work`` counts what a throughput is a rate of, an iteration."""

    name: str
    version: int
    summary: str
    parameters: tuple[Parameter, ...]
    measures: tuple[Measure, ...]
    demand: Callable[[Values], Demand]
    expected: Callable[[Values], Expected]
    histogram: str | None = None
    samples: Callable[[Values], int] | None = None  # that the histogram gets an iteration
    size: str | None = None  # the parameter that memory is a slope over
    work_unit: Unit = Unit.MESSAGES
    work: Callable[[Values], int] | None = None

    def values(self, given: Values | None = None) -> Values:
        """All parameters: the defaults, overridden by ``given``.

        Raises UsageError for an unknown name or a value out of range.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        values = {name: parameter.default for name, parameter in known.items()}
        for name, value in (given or {}).items():
            if name not in known:
                raise UsageError(
                    f"{self.name} has no parameter {name!r}: it has {', '.join(sorted(known))}"
                )
            parameter = known[name]
            if not parameter.least <= value <= parameter.most:
                raise UsageError(
                    f"{self.name}: {name}={value} is out of range"
                    f" ({parameter.least} to {parameter.most})"
                )
            values[name] = value
        return values

    def work_of(self, values: Values) -> int:
        """Messages (or actors) an iteration gets through."""
        return self.work(values) if self.work else self.demand(values).messages

    def samples_of(self, values: Values) -> int:
        """Latency samples an iteration takes: one a message, unless the definition says other."""
        return self.samples(values) if self.samples else self.demand(values).messages


def fold(count: int, start: int = 0, step: int = 1) -> int:
    """``h`` after a receiver folded the values start, start + step, ... (``count`` of them).

    h = h * 31 + (v + 1) modulo 2**64, from 0.
    """
    h = 0
    for value in range(start + 1, start + 1 + count * step, step):
        h = (h * 31 + value) & MASK
    return h


def triangle(count: int) -> int:
    """1 + 2 + ... + count modulo 2**64: the sum of v + 1 over the values 0 .. count - 1."""
    return (count * (count + 1) // 2) & MASK
