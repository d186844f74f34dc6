"""What the reference firmware can do of the catalogue, and why not the rest."""

from __future__ import annotations

from collections.abc import Iterator

from litbench.boards import workloads
from litbench.catalogue import all_workloads, workload
from litbench.protocol import Ability, Missing
from litbench.record import Measure

_MEASURES = (Measure.THROUGHPUT, Measure.LATENCY)
_NOT_BUILT = "not in the firmware, whose image has room for the patterns of microcontrollers only"
# Why a workload is left out; the nearest one that the firmware has, where there is one.
_BECAUSE = {
    "skynet": "its tree of actors does not fit the firmware's memory",
    "spawn-limit": "only the firmware knows how many: `litbench firmware run` has it",
    "pipelined-ping-pong": f"{_NOT_BUILT}; nearest: ping-pong, fan-in",
    "fork-join-throughput": f"{_NOT_BUILT}; nearest: fan-out",
    "fork-join-create": f"{_NOT_BUILT}; nearest: mass-spawn, restart",
    "star": f"{_NOT_BUILT}; nearest: fan-in, fan-out",
    "pipeline": f"{_NOT_BUILT}; nearest: thread-ring",
    "big": f"{_NOT_BUILT}; nearest: fan-in",
    "bounded-buffer": f"{_NOT_BUILT}; nearest: counting, mailbox-full",
    "loaded-latency": f"{_NOT_BUILT}; nearest: interrupt-latency with a load",
    "isolation": f"{_NOT_BUILT}; nearest: task-time with a hog",
    "supervision": "a crash of one child alone needs unwinding, which no_std has not;"
    " nearest: restart",
    "failure-injection": "a handler that fails and goes on needs unwinding, which no_std has not;"
    " nearest: restart",
    "churn": f"{_NOT_BUILT}; nearest: heap-flood",
    "soak": "it is about memory over minutes, and almost all memory here is static",
}


def abilities(language: str) -> tuple[Ability, ...]:
    """The workloads that firmware in this language has."""
    return tuple(_ability(name, language) for name in workloads.names() if name not in _BECAUSE)


def missing() -> tuple[Missing, ...]:
    """Every other workload of the catalogue, with the reason."""
    left = (
        w.name for w in all_workloads() if w.name in _BECAUSE or w.name not in workloads.names()
    )
    return tuple(Missing(name, _BECAUSE.get(name, _NOT_BUILT)) for name in left)


def _ability(name: str, language: str) -> Ability:
    definition = workload(name)
    measures = tuple(m for m in definition.measures if m in _MEASURES)
    limits = workloads.LIMITS.get(name, {})
    because = "sized for a microcontroller's memory and a 32-bit clock" if limits else ""
    return Ability(
        name,
        definition.version,
        measures,
        limits,
        because,
        tuple(_differences(name, language)),
    )


def _differences(name: str, language: str) -> Iterator[str]:
    """How the firmware departs from the words of ``adapters/PROTOCOL.md``."""
    if name in workloads.LIMITS:
        yield "a message is three 32-bit words"
    if language != "c":
        return
    yield "no runtime: a loop calls each actor's step in turn"
    if name in {"mass-spawn", "mailbox-fill"}:
        yield "the driver handles what the actors would: nothing is scheduled"
