"""litbench_adapter: what a Python actor system needs to be measured by litbench.

Standard library only, Python 3.11 or newer. ``docs/writing-an-adapter.md`` is the tutorial.
"""

from litbench_adapter.adapter import (
    Adapter,
    Job,
    Ledger,
    Outcome,
    Parameters,
    Specification,
    Workload,
    crash,
)
from litbench_adapter.clock import now
from litbench_adapter.fold import MASK, Fold
from litbench_adapter.histogram import Histogram
from litbench_adapter.schema import ProtocolError

__all__ = [
    "MASK",
    "Adapter",
    "Fold",
    "Histogram",
    "Job",
    "Ledger",
    "Outcome",
    "Parameters",
    "ProtocolError",
    "Specification",
    "Workload",
    "crash",
    "now",
]
