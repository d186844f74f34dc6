"""Records as real runs make them, without running anything: for tests of what reads records.

session()  a whole session of ten targets, with warm-up, invalid, scaled-down and noisy runs
timed(), latency(), memory()  one run each
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from litbench import catalogue
from litbench.record import (
    Clock,
    Environment,
    Expected,
    Histogram,
    Iteration,
    Kind,
    Ledger,
    Measure,
    Metric,
    Note,
    Parameters,
    Place,
    Record,
    Specification,
    Status,
    Subject,
    Workload,
)
from litbench.stats.histogram import Recorder
from litbench.units import Unit

START = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
FACTS: dict[str, int | float | str | bool | None] = {
    "cpu": "AMD EPYC 9V74 80-Core Processor",
    "cpus": 2,
    "kernel": "6.1.0-18-amd64",
    "memory": 8_216_113_152,
    "system": "Debian GNU/Linux 12 (bookworm)",
    "virtual": True,
}

# target: language, runtime, its version, threads, ns a message, ns a round trip, bytes an actor
TARGETS: dict[str, tuple[str, str, str, int, float, float, int]] = {
    "tokio-mt": ("rust", "tokio", "1.48.0", 2, 86.0, 4_300.0, 410),
    "tokio-ct": ("rust", "tokio", "1.48.0", 1, 62.0, 178.0, 394),
    "smol": ("rust", "smol", "2.0.2", 1, 71.0, 196.0, 322),
    "futures-lite": ("rust", "futures-lite", "2.6.1", 1, 58.0, 141.0, 286),
    "async-std": ("rust", "async-std", "1.13.2", 2, 118.0, 5_150.0, 498),
    "embassy-std": ("rust", "embassy-executor", "0.9.1", 1, 64.0, 152.0, 208),
    "asyncio": ("python", "asyncio", "3.11.7", 1, 4_900.0, 10_500.0, 2_912),
    "uvloop": ("python", "uvloop", "0.22.1", 1, 3_600.0, 6_900.0, 2_744),
    "trio": ("python", "trio", "0.32.0", 1, 9_800.0, 21_700.0, 7_310),
    "threads": ("python", "threading", "3.11.7", 1, 9_100.0, 106_000.0, 21_400),
}


def subject(target: str) -> Subject:
    """A subject; unknown names are a user's own system."""
    language, runtime, version = TARGETS.get(target, ("c", "own", "0.1", 1, 0.0, 0.0, 0))[:3]
    digest = hashlib.sha256(target.encode()).hexdigest()[:16]
    return Subject(
        name=target,
        version="0.1.0",
        language=language,
        runtime=runtime,
        runtime_version=version,
        digest=digest,
    )


def run(
    target: str = "tokio-mt",
    workload: str = "ping-pong",
    measure: Measure = Measure.THROUGHPUT,
    *,
    fork: int = 0,
    turn: int = 0,
    threads: int | None = None,
    parameters: Parameters | None = None,
    elapsed: Sequence[int] = (),
    histograms: Sequence[Histogram] = (),
    metrics: Sequence[Metric] = (),
    reasons: Sequence[Note] = (),
    cautions: Sequence[Note] = (),
    clock: Clock | None = None,
    kind: Kind = Kind.BENCHMARK,
    session: str = "a" * 12,
    **specification: int | str,
) -> Record:
    """One run; its ledger is what the catalogue demands, and invalid when there are ``reasons``."""
    definition = catalogue.workload(workload)
    given = {k: v for k, v in (parameters or {}).items() if isinstance(v, int)}
    values = definition.values(given)
    demand = definition.demand(values)
    ledger = Ledger(sent=demand.messages, handled=demand.messages)
    at, iterations = 1_000_000_000, []
    for time in elapsed:
        iterations.append(Iteration(start=at, end=at + time, ledger=ledger, checks={"sum": 7}))
        at += time + 250_000
    own = {
        "actors": demand.actors,
        "messages": demand.messages,
        "message_bytes": 24,
        "in_flight": demand.in_flight,
        "mailbox": values.get("mailbox", demand.messages),
        "threads": threads if threads is not None else TARGETS.get(target, (0, 0, 0, 1))[3],
        "driver": "worker",
    }
    return Record(
        id=f"{turn:012x}{fork:010x}",
        session=session,
        kind=kind,
        started=(START + timedelta(seconds=3 * turn)).isoformat(timespec="milliseconds"),
        subject=subject(target),
        workload=Workload(name=workload, version=definition.version, parameters=dict(values)),
        status=Status.INVALID if reasons else Status.VALID,
        duration_ns=at - 1_000_000_000,
        measure=measure,
        reasons=tuple(reasons),
        cautions=tuple(cautions),
        specification=Specification(**{**own, **specification}),  # type: ignore[arg-type]
        clock=clock or Clock(name="CLOCK_MONOTONIC", cost=23.5, resolution=1.0),
        expected=Expected(ledger=ledger, checks={"sum": 7}),
        iterations=tuple(iterations),
        histograms=tuple(histograms),
        metrics=tuple(metrics),
        environment=Environment(
            facts=dict(FACTS),
            readings={"load": 0.42, "steal": 0.001 * fork, "pinned": "0,1"},
        ),
        place=Place(seed=42, turn=turn, fork=fork, preset="standard"),
    )


def times(
    source: random.Random,
    mean: float,
    count: int = 20,
    *,
    spread: float = 0.012,
    between: float = 0.015,
    warm_up: int = 0,
) -> list[int]:
    """Iteration times of one fork: a level of its own, noise, and a warm-up that decays."""
    level = mean * source.lognormvariate(0, between)
    return [
        int(
            level * source.lognormvariate(0, spread) * (1 + (1.2 if i < warm_up else 0.0) / (i + 1))
        )
        for i in range(count)
    ]


def latencies(
    source: random.Random, name: str, median: float, count: int = 4000, unit: Unit = Unit.NS
) -> Histogram:
    """A latency histogram with a body, a shoulder and a rare tail."""
    recorder = Recorder()
    for _ in range(count):
        value = median * source.lognormvariate(0, 0.08)
        if source.random() < 0.02:
            value *= source.uniform(2, 6)
        if source.random() < 0.001:
            value += source.expovariate(1 / 60_000)
        recorder.record(int(value))
    return recorder.histogram(name, unit)


def memory_run(
    source: random.Random, target: str, workload: str, size: int, each: float, **more: int
) -> Record:
    """One memory run: live bytes exactly, resident set in noisy pages."""
    parameter = catalogue.workload(workload).size
    assert parameter is not None
    base, resident = 182_344, 5_844_992
    live = base + int(each * size) + 4_096
    rss = resident + int(each * 1.12 * size / 4096 + source.uniform(10, 60)) * 4096
    readings = {
        "live-before": base,
        "live-loaded": live,
        "live-after": base + 128,
        "rss-before": resident,
        "rss-loaded": rss,
        "rss-after": resident + (rss - resident) // 5,
    }
    return run(
        target,
        workload,
        Measure.MEMORY,
        parameters={parameter: size},
        elapsed=[int(size * 400)],
        metrics=[Metric(name=n, unit=Unit.BYTES, values=(v,)) for n, v in readings.items()],
        **more,  # type: ignore[arg-type]
    )


def session(
    targets: Sequence[str] = tuple(TARGETS),
    workloads: Sequence[str] = ("ping-pong", "counting", "skynet", "isolated-latency"),
    forks: int = 5,
    iterations: int = 20,
    seed: int = 7,
) -> list[Record]:
    """A session in the interleaved order of a plan, the same for the same arguments."""
    source = random.Random(seed)
    records: list[Record] = []
    for fork in range(forks):
        for workload in workloads:
            for target in targets:
                for measure in catalogue.workload(workload).measures:
                    if measure is not Measure.MEMORY:
                        records.append(
                            _timed(
                                source, target, workload, measure, fork, len(records), iterations
                            )
                        )
    for target in targets:
        for workload, fraction in (("mass-spawn", 1.0), ("mailbox-fill", 0.09)):
            for size in (1_000, 5_000, 20_000, 50_000, 100_000):
                each = TARGETS[target][6] * fraction
                records.append(memory_run(source, target, workload, size, each, turn=len(records)))
    return records


def _timed(
    source: random.Random,
    target: str,
    workload: str,
    measure: Measure,
    fork: int,
    turn: int,
    iterations: int,
) -> Record:
    definition = catalogue.workload(workload)
    flood = workload not in {"ping-pong", "isolated-latency", "thread-ring"}
    message, trip = TARGETS[target][4:6]
    parameters: Parameters = {}
    cautions: list[Note] = []
    if workload == "skynet" and target == "threads":
        parameters = {"levels": 3}
        cautions.append(
            Note(code="scaled-down", message="levels 3, not 6: every actor is a thread")
        )
    work = definition.work_of(definition.values({k: int(v) for k, v in parameters.items()}))
    mean = work * (message if flood else trip / 2)
    warm_up = 4 if target == "asyncio" else 0
    elapsed = times(source, mean, iterations, warm_up=warm_up)
    reasons = []
    if target == "trio" and workload == "counting":
        reasons.append(
            Note(code="ledger", message="1,000,000 messages sent, 999,873 handled: 127 are missing")
        )
    histograms = []
    if measure is Measure.LATENCY:
        median = trip if not flood else message * 400
        histograms.append(latencies(source, definition.histogram or "message", median))
    return run(
        target,
        workload,
        measure,
        fork=fork,
        turn=turn,
        parameters=parameters,
        elapsed=elapsed,
        histograms=histograms,
        reasons=reasons,
        cautions=cautions,
        mailbox=0 if target == "embassy-std" and workload == "counting" else 16,
    )


def scaling(seed: int = 11) -> list[Record]:
    """Fan-in on one, two and four threads: tokio-mt speeds up by 1.8 and 3, smol not at all."""
    source = random.Random(seed)
    speed_ups = {"tokio-mt": (1.0, 1.8, 3.0), "smol": (1.0, 1.0, 0.9)}
    return [
        run(
            target,
            "fan-in",
            threads=threads,
            elapsed=times(source, 9e7 / speed_up),
            fork=fork,
            turn=20_000 + 10 * fork + threads,
        )
        for fork in range(6)
        for target, found in speed_ups.items()
        for threads, speed_up in zip((1, 2, 4), found, strict=True)
    ]


def loads(seed: int = 12) -> list[Record]:
    """Loaded latency at three loads: it grows with load, and the naive one hides half of it."""
    source = random.Random(seed)
    return [
        run(
            target,
            "loaded-latency",
            Measure.LATENCY,
            parameters={"load": load},
            histograms=[
                latencies(source, name, median * part * 100 / (100 - load), 1500)
                for name, part in (("corrected", 1.0), ("naive", 0.5), ("pacing", 0.01))
            ],
            fork=fork,
            turn=30_000 + 100 * fork + load + place,
        )
        for fork in range(2)
        for place, (target, median) in enumerate((("tokio-mt", 9_000.0), ("asyncio", 80_000.0)))
        for load in (10, 50, 90)
    ]
