"""The job loop: what `ADAPTER describe` and `ADAPTER serve` do, for any workloads."""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, NoReturn

from litbench_adapter import clock
from litbench_adapter.channel import Input, Output
from litbench_adapter.histogram import Histogram
from litbench_adapter.schema import PROTOCOL, Message, ProtocolError

Parameters = dict[str, int]


class Ledger(NamedTuple):
    """Where an iteration's messages went; control messages of your own do not count."""

    sent: int
    handled: int
    dropped: int = 0
    errored: int = 0
    pending: int = 0


class Outcome(NamedTuple):
    """One iteration: readings of ``now()`` around the timed region, the ledger and the checks."""

    start: int
    end: int
    ledger: Ledger
    checks: dict[str, int]


class Specification(NamedTuple):
    """What a run will really do (see PROTOCOL.md, ``ready``)."""

    actors: int
    messages: int
    mailbox: int
    in_flight: int = 0
    threads: int = 1
    driver: str = "worker"
    message_bytes: int = 24
    batch: int = 1
    policy: str = "backpressure"


class Reserved:
    """A list of whole numbers whose memory is there from the beginning."""

    def __init__(self, room: int) -> None:
        self._values = array("q", bytes(8 * room))
        self._count = 0

    def append(self, value: float) -> None:
        """Add one; raises IndexError where there is no room left."""
        self._values[self._count] = int(value)
        self._count += 1

    def __iter__(self) -> Iterator[int]:
        return iter(self._values[: self._count])


class _Given(dict[str, int]):
    def __missing__(self, name: str) -> int:
        raise ProtocolError(f"the job has no parameter {name!r}")


class Job:
    """What to do in this run, and where an iteration leaves its samples."""

    def __init__(self, message: Message) -> None:
        self.workload: str = message["workload"]
        self.version: int = message["version"]
        self.parameters: Parameters = _Given(message["parameters"])
        self.measure: str = message["measure"]
        self.iterations: int = message["iterations"]
        self.time_limit_ns: int = message["time_limit_ns"]
        self.threads: int = message["threads"]
        self.seed: int = message["seed"]
        self.count_allocations: bool = message["count_allocations"]
        self.histograms: dict[str, Histogram] = {}
        self.metrics: dict[str, tuple[str, list[int | float] | Reserved]] = {}

    @property
    def latency(self) -> bool:
        """Whether each message or round trip is to be timed."""
        return self.measure == "latency"

    def histogram(self, name: str) -> Histogram:
        """The run's histogram of that name, in ns; all iterations share it."""
        return self.histograms.setdefault(name, Histogram())

    def sample(self, name: str, unit: str, value: float) -> None:
        """Add one raw value to the run's metric of that name."""
        self.metrics.setdefault(name, (unit, []))[1].append(value)

    def reserve(self, name: str, unit: str) -> None:
        """Make room for one whole number an iteration: then taking them takes no memory."""
        if name not in self.metrics:
            self.metrics[name] = unit, Reserved(self.iterations)


class Workload(NamedTuple):
    """One workload of an adapter: what ``describe`` says of it, and how an iteration is made."""

    name: str
    version: int
    measures: Sequence[str]
    specification: Callable[[Job], Specification]
    iterate: Callable[[Job], Outcome]
    limits: Parameters | None = None
    because: str = ""
    differences: Sequence[str] = ()

    def describe(self) -> Message:
        """The entry in ``describe``; absent is what there is nothing to say about."""
        entry: Message = {
            "name": self.name,
            "version": self.version,
            "measures": list(self.measures),
        }
        if self.limits:
            entry |= {"limits": self.limits, "because": self.because}
        if self.differences:
            entry["differences"] = list(self.differences)
        return entry


class Adapter:
    """One actor system and its workloads. ``main()`` is the whole command line.

    ``threads`` is the least and the most worker threads the system can be given; ``setup`` is
    called with the job before ``ready`` is sent: start the runtime there.
    """

    def __init__(
        self,
        target: str,
        version: str,
        *,
        runtime: str,
        runtime_version: str,
        language: str = "python",
        threads: tuple[int, int] = (1, 1),
        workloads: Sequence[Workload] = (),
        missing: dict[str, str] | None = None,
        setup: Callable[[Job], object] | None = None,
    ) -> None:
        self.target = target
        self.version = version
        self.runtime = runtime
        self.runtime_version = runtime_version
        self.language = language
        self.threads = threads
        self.workloads = {workload.name: workload for workload in workloads}
        self.missing = missing or {}
        self.setup = setup

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run `describe` or `serve`; the process's exit code."""
        command = list(sys.argv[1:] if arguments is None else arguments)
        if command == ["describe"]:
            print(json.dumps(self.describe()))
            return 0
        if command == ["serve"]:
            return self.serve()
        print("usage: ADAPTER describe|serve", file=sys.stderr)
        return 2

    def describe(self) -> Message:
        """What ``ADAPTER describe`` prints."""
        least, most = self.threads
        return {
            "protocol": PROTOCOL,
            "target": self.target,
            "version": self.version,
            "language": self.language,
            "runtime": self.runtime,
            "runtime_version": self.runtime_version,
            "threads": {"least": least, "most": most},
            "workloads": [workload.describe() for workload in self.workloads.values()],
            "missing": [
                {"name": name, "because": because} for name, because in self.missing.items()
            ],
        }

    def serve(self) -> int:
        """Perform one run. An exception becomes an ``error`` message and exit code 1."""
        output = Output.from_environment()
        try:
            self._serve(Input(), output)
        except ProtocolError as error:
            return _report(output, "protocol", str(error))
        except MemoryError:
            return _report(output, "out-of-memory", "Python raised MemoryError")
        except Exception as error:  # whatever a runtime throws belongs in the record
            traceback.print_exc()
            return _report(output, "exception", f"{type(error).__name__}: {error}")
        return 0

    def _serve(self, messages: Input, output: Output) -> None:
        job = Job(messages.expect("job"))
        workload = self._workload(job)
        if self.setup:
            self.setup(job)
        specification = workload.specification(job)._asdict()
        output.write(
            "ready", protocol=PROTOCOL, clock=clock.calibrate(), specification=specification
        )
        messages.expect("go")
        count = _iterate(workload, job, output)
        output.write("finish", iterations=count)
        messages.expect("report")
        _write_samples(job, output)
        output.write("end")

    def _workload(self, job: Job) -> Workload:
        workload = self.workloads.get(job.workload)
        if workload is None:
            raise ProtocolError(f"{self.target} has no workload {job.workload!r}")
        if workload.version != job.version:
            raise ProtocolError(f"{job.workload} is version {workload.version}, not {job.version}")
        if job.measure not in workload.measures:
            raise ProtocolError(f"{job.workload} has no measure {job.measure!r}")
        return workload


def crash(error: BaseException) -> NoReturn:
    """End the process at once: an actor failed, and others may wait for it for ever."""
    traceback.print_exception(error)
    _report(Output.from_environment(), "actor-crashed", f"{type(error).__name__}: {error}")
    sys.stderr.flush()
    os._exit(1)


def _iterate(workload: Workload, job: Job, output: Output) -> int:
    """Make the iterations; at least one, none is started after the time limit."""
    deadline = clock.now() + job.time_limit_ns
    for index in range(job.iterations):
        gc.collect()  # what the last iteration left is no part of this one; gc itself stays on
        outcome = workload.iterate(job)
        output.write(
            "iteration",
            index=index,
            start=outcome.start,
            end=outcome.end,
            ledger=outcome.ledger._asdict(),
            checks=outcome.checks,
        )
        if clock.now() >= deadline:
            return index + 1
    return job.iterations


def _write_samples(job: Job, output: Output) -> None:
    for name, histogram in job.histograms.items():
        output.write("histogram", name=name, unit="ns", counts=histogram.pairs())
    for name, (unit, values) in job.metrics.items():
        output.write("metric", name=name, unit=unit, values=list(values))


def _report(output: Output, code: str, message: str) -> int:
    output.write("error", code=code, message=message)
    return 1
