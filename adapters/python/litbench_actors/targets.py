"""The targets of this adapter: what each runtime is called, and which workloads it holds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from litbench_actors import room
from litbench_actors.kernel import Runtime
from litbench_actors.measuring import iterate
from litbench_actors.table import PATTERNS, Pattern
from litbench_adapter import Adapter, Job, Parameters, Specification, Workload

VERSION = "0.1.0"
ONE_THREAD_AT_A_TIME = (
    "actors and driver have a thread each, and the interpreter runs one at a time"
)


class Target(NamedTuple):
    """A runtime under the kernel. ``load`` imports it: only the one that is asked for.

    ``skynet_bytes`` is what a million actors took at their peak (CPython 3.11, measured).
    """

    load: Callable[[], tuple[Runtime, str]]
    skynet_bytes: int = 0
    thread_each: bool = False


def _asyncio() -> tuple[Runtime, str]:
    from litbench_actors.on_asyncio import AsyncioRuntime

    return AsyncioRuntime(), _python()


def _uvloop() -> tuple[Runtime, str]:
    import uvloop
    from uvloop._version import __version__ as version

    from litbench_actors.on_asyncio import AsyncioRuntime

    return AsyncioRuntime(uvloop.new_event_loop), f"{version} on {_python()}"


def _trio() -> tuple[Runtime, str]:
    import trio

    from litbench_actors.on_trio import TrioRuntime

    return TrioRuntime(), f"{trio.__version__} on {_python()}"


def _threads() -> tuple[Runtime, str]:
    from litbench_actors.on_threads import ThreadsRuntime

    return ThreadsRuntime(), _python()


def _python() -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{sys.implementation.name} {version}"


TARGETS = {
    "asyncio": Target(_asyncio, skynet_bytes=1_600_000_000),
    "uvloop": Target(_uvloop, skynet_bytes=1_600_000_000),
    "trio": Target(_trio, skynet_bytes=4_900_000_000),
    "threads": Target(_threads, thread_each=True),
}


def adapter(name: str) -> Adapter:
    """The adapter of one target. Raises KeyError when there is none of that name."""
    target = TARGETS[name]
    runtime, version = target.load()
    return Adapter(
        name,
        VERSION,
        runtime=name,
        runtime_version=version,
        workloads=[_workload(pattern, target, runtime) for pattern in PATTERNS],
        setup=lambda _: runtime.open(),
    )


def _workload(pattern: Pattern, target: Target, runtime: Runtime) -> Workload:
    limits, because = _limits(pattern, target)
    return Workload(
        pattern.name,
        pattern.version,
        pattern.measures,
        partial(_specify, pattern, runtime),
        partial(iterate, pattern, runtime),
        limits=limits,
        because=because,
        differences=_differences(pattern, target),
    )


def _differences(pattern: Pattern, target: Target) -> list[str]:
    found = list(pattern.differences)
    if target.thread_each:
        found.append(ONE_THREAD_AT_A_TIME)
        if pattern.name == "supervision":
            found.append("a sibling that is to be restarted stops when it next receives")
    return found


def _limits(pattern: Pattern, target: Target) -> tuple[Parameters, str]:
    """The largest parameters that this target holds on this machine, and why no more."""
    limits: Parameters = {}
    reasons = []
    if target.thread_each and pattern.crowd:
        limits = {name: room.threads() // each for name, each in pattern.crowd.items()}
        reasons.append("every actor is an operating-system thread")
        if pattern.name == "skynet":
            limits["levels"] = 3
    elif pattern.name == "skynet" and not room.holds(target.skynet_bytes):
        limits["levels"] = 5
        gigabytes = f"{target.skynet_bytes / 1e9:.1f} GB"
        reasons.append(f"a million actors take {gigabytes}, more than this machine can spare")
    return limits, "; ".join(reasons)


def _specify(pattern: Pattern, runtime: Runtime, job: Job) -> Specification:
    if pattern.prepare:
        pattern.prepare(runtime, job)
    parameters = job.parameters
    return Specification(
        actors=pattern.actors(parameters),
        messages=pattern.messages(parameters),
        mailbox=_bound(parameters),
        in_flight=pattern.in_flight(parameters),
        batch=parameters.get("batch", 1),
        policy="fail-fast" if parameters.get("fail_fast") else "backpressure",
    )


def _bound(parameters: Parameters) -> int:
    """The bound of each mailbox, under the name that the workload has for it."""
    return next(
        parameters[name] for name in ("mailbox", "buffer", "messages") if name in parameters
    )
