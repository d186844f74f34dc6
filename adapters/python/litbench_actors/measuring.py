"""One iteration of a workload in each of the three measures."""

from __future__ import annotations

from litbench_actors.kernel import Book, Runtime
from litbench_actors.table import Pattern
from litbench_adapter import Job, Outcome, memory


def iterate(pattern: Pattern, runtime: Runtime, job: Job) -> Outcome:
    """One iteration, its samples left in the job."""
    if pattern.repeats:
        return _measure_soak(pattern, runtime, job)
    if job.measure == "memory":
        return _measure_memory(pattern, runtime, job)
    book = Book(timed=job.latency, probe=_ignore)
    outcome = runtime.run(lambda: pattern.program(runtime, job, book))
    if job.latency and pattern.histogram:
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


def _measure_soak(pattern: Pattern, runtime: Runtime, job: Job) -> Outcome:
    """One of many iterations, all traced: what grows from one to the next must show.

    So the resident set holds the tracer's tables as well, which grow with what is live alone.
    """
    live = memory.trace()
    names = [
        f"{reading}-{moment}" for reading in ("rss", "live") for moment in ("before", "loaded")
    ]
    for name in names:
        job.reserve(name, "bytes")

    def read(moment: str) -> None:
        memory.settle()
        job.sample(f"live-{moment}", "bytes", live())
        if (resident := memory.rss()) is not None:
            job.sample(f"rss-{moment}", "bytes", resident)

    return runtime.run(lambda: pattern.program(runtime, job, Book(timed=False, probe=read)))


def _ignore(_: str) -> None:
    """Nothing is read but in ``measure: memory``."""
