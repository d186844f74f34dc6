"""The catalogue of workloads: one vocabulary for servers and microcontrollers."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

from litbench.catalogue.basic import BASIC
from litbench.catalogue.definition import Demand, Parameter, WorkloadDefinition
from litbench.catalogue.embedded import EMBEDDED
from litbench.catalogue.patterns import PATTERNS
from litbench.catalogue.pressure import PRESSURE
from litbench.errors import UsageError

__all__ = [
    "Demand",
    "Parameter",
    "WorkloadDefinition",
    "all_workloads",
    "is_amount",
    "telling",
    "workload",
]

T = TypeVar("T")

ALL = (*BASIC, *PATTERNS, *PRESSURE, *EMBEDDED)

_BY_NAME = {definition.name: definition for definition in ALL}


def all_workloads() -> tuple[WorkloadDefinition, ...]:
    """Every workload, in the order in which tables show them."""
    return ALL


def telling(name: str, parameters: Mapping[str, T]) -> dict[str, T]:
    """The parameters that a reader should see: all but options that are off."""
    definition = _BY_NAME.get(name)
    options = definition.parameters if definition else ()
    off = {p.name: p.default for p in options if p.option}
    return {key: value for key, value in parameters.items() if off.get(key) != value}


def is_amount(name: str, parameter: str) -> bool:
    """Whether a workload's parameter is an amount, so that a curve over its values means much."""
    definition = _BY_NAME.get(name)
    known = {p.name: p for p in definition.parameters} if definition else {}
    return parameter not in known or not known[parameter].choice


def workload(name: str) -> WorkloadDefinition:
    """The workload of that name. Raises UsageError, with the nearest names, when there is none."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    near = difflib.get_close_matches(name, _BY_NAME, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(_BY_NAME)}"
    raise UsageError(f"no workload {name!r}: {hint}")
