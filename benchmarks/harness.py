"""What the harness costs: between two runs, and in what it reports of a run.

The fake adapter starts as fast as Python can, so what its runs take beyond starting it is the
harness's own. The reported throughput is compared with the adapter's own loop, run without a
harness by a few lines that only speak the protocol.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.result import Result
from litbench.catalogue import workload
from litbench.environment import machine_facts
from litbench.errors import MissingToolError
from litbench.plan import Plan, Preset, Selection, make
from litbench.protocol import Job
from litbench.record import Measure
from litbench.runner.run import Prepared, Setting, run_plan
from litbench.store import Store
from litbench.targets import all_targets, build, describe, find_target

RUNS = 40
PAIRS = 25


def run() -> Iterator[Result]:
    """Overhead first, then the honesty of a throughput."""
    yield _between_runs()
    yield from _throughput()


def _prepared(name: str) -> Prepared:
    adapter = build(find_target(name, all_targets()))
    return Prepared(adapter, describe(adapter))


def _plan(target: str, rounds: int, forks: int, iterations: int) -> Plan:
    definition = workload("ping-pong")
    values = definition.values({"rounds": rounds})
    chosen = Selection(target, definition, values, Measure.THROUGHPUT, 1)
    return make([chosen], Preset("bench", forks, iterations, 60, 60, ""), seed=1)


def _between_runs() -> Result:
    target = _prepared("fake")
    plan = _plan("fake", rounds=10, forks=RUNS, iterations=1)
    direct = [_alone(target, item.job, ())[1] for item in plan.items]
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "s.sqlite") as store:
        setting = Setting("bench", machine_facts(), store.artifacts, pin=False)
        began = time.perf_counter()
        for _ in run_plan(plan, {"fake": target}, setting, store.add):
            pass
        whole = (time.perf_counter() - began) / RUNS
    beyond = max(whole - statistics.median(direct), 0)
    return Result("harness between two runs beyond the adapter's own start", beyond * 1e3, 50, "ms")


def _throughput() -> Iterator[Result]:
    for name in ("tokio-ct", "asyncio"):
        try:
            target = _prepared(name)
        except MissingToolError:
            continue
        rounds = 200_000 if name == "tokio-ct" else 20_000
        plan = _plan(name, rounds, forks=PAIRS, iterations=5)
        seen, own = [], []
        with tempfile.TemporaryDirectory() as folder:
            setting = Setting("bench", {}, Path(folder))
            cpus = sorted(os.sched_getaffinity(0))[-1:]
            for item, record in run_plan(plan, {name: target}, setting, lambda _: None):
                assert record is not None
                assert record.valid
                seen.append(min(i.elapsed for i in record.iterations))
                own.append(_alone(target, item.job, cpus)[0])
        gap = abs(statistics.median(a / b for a, b in zip(seen, own, strict=True)) - 1)
        yield Result(f"{name}: |throughput through the harness / alone - 1|", gap, 0.02)


def _alone(target: Prepared, job: Job, cpus: Sequence[int]) -> tuple[float, float]:
    """(shortest iteration in ns, seconds from start to exit) without a harness."""
    began = time.perf_counter()
    read_end, write_end = os.pipe()
    environment: Mapping[str, str] = {
        **os.environ,
        **target.adapter.environment,
        "LITBENCH_FD": str(write_end),
    }
    prefix = ["taskset", "-c", ",".join(map(str, cpus))] if cpus else []
    process = subprocess.Popen(
        [*prefix, *target.adapter.command, "serve"],
        stdin=subprocess.PIPE,
        pass_fds=(write_end,),
        env=environment,
        text=True,
    )
    os.close(write_end)
    assert process.stdin is not None
    import msgspec

    answers = {"ready": '{"type":"go"}', "finish": '{"type":"report"}'}
    print(msgspec.json.encode(job).decode(), file=process.stdin, flush=True)
    shortest = float("inf")
    with os.fdopen(read_end) as lines:
        for line in lines:
            message = json.loads(line)
            if message["type"] == "iteration":
                shortest = min(shortest, message["end"] - message["start"])
            if answer := answers.get(message["type"]):
                print(answer, file=process.stdin, flush=True)
    process.stdin.close()
    process.wait()
    return shortest, time.perf_counter() - began
