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


@dataclass(frozen=True)
class Parameter:
    """An integer parameter of a workload, with its default and the range that makes sense.

    An ``option`` turns something on; at its default it says nothing and is not shown. The values of
    a ``choice`` are names, not amounts.
    """

    name: str
    default: int
    meaning: str
    least: int = 1
    most: int = 100_000_000
    option: bool = False
    choice: bool = False


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
    other_histograms: tuple[str, ...] = ()  # with any number of samples, in every measure
    # how many samples of them an iteration takes, where the definition says
    other_samples: Callable[[Values], dict[str, int]] | None = None
    ratios: tuple[str, ...] = ()  # metrics from 0 to 1 that every run has
    declares_messages: bool = False  # the adapter says how many in `ready`, before `go`
    lowered: str | None = None  # the parameter to lower where its actors do not fit in memory
    spins: bool = False  # a driver on a thread of its own keeps a processor busy
    repeats: bool = False  # a memory run has many iterations, not one
    at_least: tuple[tuple[str, str], ...] = ()  # (a, b): parameter a is at least parameter b
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
        for larger, smaller in self.at_least:
            if values[larger] < values[smaller]:
                raise UsageError(
                    f"{self.name}: {larger}={values[larger]} must be at least"
                    f" {smaller}={values[smaller]}, or its actors could block one another"
                )
        return values

    def lower(self, value: int) -> int:
        """The next smaller value of the parameter ``lowered``."""
        return max(value - 1 if self.lowered == "levels" else value // 2, 1)

    def work_of(self, values: Values) -> int:
        """Messages (or actors) an iteration gets through."""
        return self.work(values) if self.work else self.demand(values).messages

    def samples_of(self, values: Values) -> int:
        """Latency samples an iteration takes: one a message, unless the definition says other."""
        return self.samples(values) if self.samples else self.demand(values).messages
