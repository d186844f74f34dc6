"""litbench: profiles and benchmarks actor systems, on servers and on microcontrollers.

    import litbench

    records = litbench.run(["asyncio"], ["ping-pong"])
    pandas.DataFrame(litbench.rows(records))
    litbench.load("last")

    meter = litbench.LatencyMeter()          # inside your own tests
    with meter.time():
        ...
    assert meter.stats().p99 < 1_000_000     # ns

The names below load what they need when they are first used, so importing litbench is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litbench.api import load, rows, run
    from litbench.errors import (
        InputError,
        InvalidRunError,
        LimitError,
        LitbenchError,
        MissingToolError,
        UsageError,
    )
    from litbench.meters import LatencyMeter, ThroughputMeter
    from litbench.record import Record

__version__ = "0.1.0"

_HOMES = {
    "InputError": "litbench.errors",
    "InvalidRunError": "litbench.errors",
    "LatencyMeter": "litbench.meters",
    "LimitError": "litbench.errors",
    "LitbenchError": "litbench.errors",
    "MissingToolError": "litbench.errors",
    "Record": "litbench.record",
    "ThroughputMeter": "litbench.meters",
    "UsageError": "litbench.errors",
    "load": "litbench.api",
    "rows": "litbench.api",
    "run": "litbench.api",
}

__all__ = [
    "InputError",
    "InvalidRunError",
    "LatencyMeter",
    "LimitError",
    "LitbenchError",
    "MissingToolError",
    "Record",
    "ThroughputMeter",
    "UsageError",
    "__version__",
    "load",
    "rows",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'litbench' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
