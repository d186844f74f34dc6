"""The targets of this adapter: what each runtime is called, and which workloads it holds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from litbench_actors import room, workloads
from litbench_actors.kernel import Book, Runtime
from litbench_actors.kernel import Workload as Program
from litbench_adapter import Adapter, Job, Outcome, Parameters, Specification, Workload, memory

VERSION = "0.1.0"
ONE_THREAD_AT_A_TIME = (
    "actors and driver have a thread each, and the interpreter runs one at a time"
)
TIMED = ("throughput", "latency")
SIZED = ("throughput", "memory")


class Pattern(NamedTuple):
    """A workload: its program, and how many actors and messages its parameters come to.

    ``crowd`` is the parameter that the number of actors grows with.
    """

    name: str
    program: Program
    actors: Callable[[Parameters], int]
    messages: Callable[[Parameters], int]
    measures: Sequence[str] = TIMED
    in_flight: int = 0
    histogram: str = "message"
    crowd: str = ""


def _nodes(parameters: Parameters) -> int:
    return sum(10**level for level in range(parameters["levels"] + 1))


def _pair(_: Parameters) -> int:
    return 2


def _rounds(parameters: Parameters) -> int:
    return 2 * parameters["rounds"]


PATTERNS = (
    Pattern("ping-pong", workloads.ping_pong, _pair, _rounds, in_flight=1, histogram="round-trip"),
    Pattern("counting", workloads.counting, _pair, lambda p: p["messages"]),
    Pattern(
        "fan-in",
        workloads.fan_in,
        lambda p: p["senders"] + 1,
        lambda p: p["senders"] * p["messages"],
        crowd="senders",
    ),
    Pattern(
        "fan-out",
        workloads.fan_out,
        lambda p: p["receivers"] + 1,
        lambda p: p["receivers"] * p["messages"],
        crowd="receivers",
    ),
    Pattern(
        "thread-ring",
        workloads.thread_ring,
        lambda p: p["actors"],
        lambda p: p["hops"],
        in_flight=1,
        crowd="actors",
    ),
    Pattern("skynet", workloads.skynet, _nodes, _nodes, histogram="node", crowd="levels"),
    Pattern(
        "mass-spawn",
        workloads.mass_spawn,
        lambda p: p["actors"],
        lambda p: 2 * p["actors"],
        measures=SIZED,
        crowd="actors",
    ),
    Pattern(
        "mailbox-fill", workloads.mailbox_fill, lambda _: 1, lambda p: p["messages"], measures=SIZED
    ),
    Pattern(
        "isolated-latency",
        workloads.ping_pong,
        _pair,
        _rounds,
        measures=("latency",),
        in_flight=1,
        histogram="round-trip",
    ),
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
        1,
        pattern.measures,
        partial(_specify, pattern),
        partial(iterate, pattern, runtime),
        limits=limits,
        because=because,
        differences=(ONE_THREAD_AT_A_TIME,) if target.thread_each else (),
    )


def _limits(pattern: Pattern, target: Target) -> tuple[Parameters, str]:
    """The largest parameters that this target holds on this machine, and why no more."""
    if target.thread_each and pattern.crowd:
        most = room.threads()
        limit = 3 if pattern.crowd == "levels" else most
        return {pattern.crowd: limit}, "every actor is an operating-system thread"
    if pattern.name == "skynet" and not room.holds(target.skynet_bytes):
        need = f"{target.skynet_bytes / 1e9:.1f} GB"
        return {"levels": 5}, f"a million actors take {need}, more than this machine has to spare"
    return {}, ""


def _specify(pattern: Pattern, job: Job) -> Specification:
    parameters = job.parameters
    return Specification(
        actors=pattern.actors(parameters),
        messages=pattern.messages(parameters),
        mailbox=parameters.get("mailbox", parameters.get("messages", 0)),
        in_flight=pattern.in_flight,
    )


def iterate(pattern: Pattern, runtime: Runtime, job: Job) -> Outcome:
    """One iteration, its samples left in the job."""
    if job.measure == "memory":
        return _measure_memory(pattern, runtime, job)
    book = Book(timed=job.latency, probe=_ignore)
    outcome = runtime.run(lambda: pattern.program(runtime, job, book))
    if job.latency:
        job.histogram(pattern.histogram).record_all(book.samples)
    return outcome


def _measure_memory(pattern: Pattern, runtime: Runtime, job: Job) -> Outcome:
    """Two passes: the resident set is read in the first, live bytes are traced in the second.

    Tracing itself takes memory, which must not show in the resident set.
    """

    def read_rss(moment: str) -> None:
        memory.settle()
        if (resident := memory.rss()) is not None:
            job.sample(f"rss-{moment}", "bytes", resident)

    book = Book(timed=False, probe=read_rss)
    outcome = runtime.run(lambda: pattern.program(runtime, job, book))
    with memory.Tracer() as live:

        def read_live(moment: str) -> None:
            memory.settle()
            job.sample(f"live-{moment}", "bytes", live())

        traced = Book(timed=False, probe=read_live)
        again = runtime.run(lambda: pattern.program(runtime, job, traced))
    if (again.ledger, again.checks) != (outcome.ledger, outcome.checks):
        raise RuntimeError(f"the traced pass came to {again}, the first to {outcome}")
    return outcome


def _ignore(_: str) -> None:
    """Nothing is read but in ``measure: memory``."""
