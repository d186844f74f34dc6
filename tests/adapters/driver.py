"""Drives an adapter through the protocol as a subprocess, with none of litbench's own code."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from litbench.catalogue import WorkloadDefinition
from litbench.catalogue.basic import BASIC
from litbench.catalogue.patterns import PATTERNS
from litbench.catalogue.pressure import PRESSURE
from litbench.catalogue.small import SMALL
from litbench_adapter import schema

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "adapters" / "python"
FAKE = (sys.executable, "-S", "-E", str(ROOT / "adapters" / "fake" / "fake.py"))
TIMEOUT_S = 60.0
HOST = (*BASIC, *PATTERNS, *PRESSURE)  # the others are for firmware

Message = dict[str, Any]


@dataclass
class Talk:
    """What an adapter said in one run."""

    messages: list[Message] = field(default_factory=list)
    status: int = 0
    stdout: str = ""
    stderr: str = ""

    def of(self, kind: str) -> list[Message]:
        """All messages of one type."""
        return [message for message in self.messages if message["type"] == kind]

    def metric(self, name: str) -> list[int | float]:
        """A metric's values."""
        values: list[int | float] = next(
            m["values"] for m in self.of("metric") if m["name"] == name
        )
        return values


def job_for(
    definition: WorkloadDefinition,
    measure: str = "throughput",
    *,
    values: dict[str, int] | None = None,
    iterations: int = 2,
    **changes: Any,
) -> Message:
    """A job for a small version of a workload."""
    return {
        "type": "job",
        "protocol": 1,
        "workload": definition.name,
        "version": definition.version,
        "parameters": definition.values(values or SMALL[definition.name]),
        "measure": measure,
        "iterations": iterations,
        "time_limit_ns": 30_000_000_000,
        "threads": 1,
        "seed": 7,
        "count_allocations": False,
        **changes,
    }


def talk_to(command: Sequence[str], job: Message | bytes, **environment: str) -> Talk:
    """Hold one whole conversation; every line must be a message of the protocol."""
    talk = Talk()
    for line in _converse(command, job, environment, talk):
        talk.messages.append(schema.parse(line, schema.FROM_ADAPTER))
    return talk


def raw_lines(command: Sequence[str], job: Message) -> tuple[list[bytes], Talk]:
    """The same, its lines as they come, whatever they are."""
    talk = Talk()
    return list(_converse(command, job, {}, talk)), talk


def _converse(
    command: Sequence[str], job: Message | bytes, environment: dict[str, str], talk: Talk
) -> Iterator[bytes]:
    reading, writing = os.pipe()
    with subprocess.Popen(
        [*command, "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(writing,),
        bufsize=0,  # nothing is left to flush into a pipe that an early end has closed
        env={
            **os.environ,
            "PYTHONPATH": str(PYTHON),
            "LITBENCH_FD": str(writing),
            **environment,
        },
    ) as process:
        os.close(writing)
        watchdog = threading.Timer(TIMEOUT_S, process.kill)
        watchdog.start()
        try:
            assert process.stdin is not None
            line = job if isinstance(job, bytes) else json.dumps(job).encode()
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            with os.fdopen(reading, "rb") as channel:
                for received in channel:
                    yield received.rstrip(b"\n")
                    _answer(process, received)
            out, err = process.communicate()
            talk.stdout, talk.stderr = out.decode(), err.decode()
            talk.status = process.returncode
        finally:
            watchdog.cancel()
            process.kill()


def _answer(process: subprocess.Popen[bytes], received: bytes) -> None:
    assert process.stdin is not None
    for kind, answer in ((b'"type":"ready"', b"go"), (b'"type":"finish"', b"report")):
        if kind in received:
            # One that did not wait for the answer may be gone already.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(b'{"type":"' + answer + b'"}\n')


def assert_as_defined(talk: Talk, definition: WorkloadDefinition, job: Message) -> None:
    """Ledgers, checks, specification and counts are what the catalogue says."""
    (ready,) = talk.of("ready")
    said = ready["specification"]
    parameters = declared(talk, definition, job)
    expected, demand = definition.expected(parameters), definition.demand(parameters)
    assert (said["actors"], said["messages"]) == (demand.actors, demand.messages)
    assert said["in_flight"] == demand.in_flight
    assert said["mailbox"] == bound(parameters)
    assert said["batch"] == parameters.get("batch", 1)
    assert said["policy"] == ("fail-fast" if parameters.get("fail_fast") else "backpressure")
    iterations = talk.of("iteration")
    assert [i["index"] for i in iterations] == list(range(job["iterations"]))
    for iteration in iterations:
        ledger = iteration["ledger"]
        assert (ledger["sent"], ledger["handled"]) == (
            expected.ledger.sent,
            expected.ledger.handled,
        )
        assert ledger["errored"] == expected.ledger.errored
        assert ledger["dropped"] == ledger["pending"] == 0
        assert iteration["checks"] == expected.checks
        assert iteration["start"] < iteration["end"]
    for earlier, later in pairwise(iterations):
        assert earlier["end"] <= later["start"]
    assert talk.of("finish") == [{"type": "finish", "iterations": len(iterations)}]
    assert talk.messages[-1] == {"type": "end"}
    assert talk.status == 0


def declared(talk: Talk, definition: WorkloadDefinition, job: Message) -> dict[str, int]:
    """The job's parameters, and how many messages the adapter said that it would send."""
    parameters: dict[str, int] = dict(job["parameters"])
    if definition.declares_messages:
        parameters["messages"] = talk.of("ready")[0]["specification"]["messages"]
    return parameters


def bound(parameters: dict[str, int]) -> int:
    """The bound of each mailbox."""
    return next(parameters[n] for n in ("mailbox", "buffer", "messages") if n in parameters)


def assert_measured(talk: Talk, definition: WorkloadDefinition, job: Message) -> None:
    """The samples that the measure asks for are there, and no others."""
    histograms = {h["name"]: h["counts"] for h in talk.of("histogram")}
    metrics = {m["name"]: m["values"] for m in talk.of("metric")}
    own = {definition.histogram} if job["measure"] == "latency" and definition.histogram else set()
    assert set(histograms) == own | set(definition.other_histograms)
    for name in own:
        parameters = declared(talk, definition, job)
        counts = histograms[name]
        samples = definition.samples_of(parameters) * job["iterations"]
        assert sum(count for _, count in counts) == samples
        assert counts[0][0] > 0
    if job["measure"] == "memory":
        assert {len(values) for values in metrics.values()} == {job["iterations"]}
        for reading in ("rss", "live"):
            moments = {f"{reading}-{moment}" for moment in MOMENTS.get(definition.name, ALL)}
            assert moments <= set(metrics)
    else:
        assert set(metrics) == METRICS.get(definition.name, set())


ALL = ("before", "loaded", "after")
MOMENTS = {"soak": ("before", "loaded")}
METRICS = {"loaded-latency": {"capacity", "offered"}, "isolation": {"share"}}
