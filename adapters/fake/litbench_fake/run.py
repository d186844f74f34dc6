"""One run: the conversation, with a fault put in where one was asked for."""

from __future__ import annotations

import json
import os
import sys
import time

from litbench_fake.faults import FAULTS
from litbench_fake.truth import Truth, with_one
from litbench_fake.workloads import HISTOGRAMS, pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from litbench_fake.options import Options

now = time.perf_counter_ns


class Run:
    """A job under way. Faults are handed the run and the message that is about to be sent."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.descriptor = int(os.environ["LITBENCH_FD"])
        self.job = self.read("job")
        self.pattern = pattern(self.job["workload"], self._parameters())
        self.truth = Truth(options, self.pattern, self.job["seed"])
        self.made = 0
        self.time = 0  # of the virtual clock
        self.held: list[bytes] | None = None
        self.metrics: dict[str, tuple[str, list[float]]] = {}

    @property
    def faulty(self) -> int:
        """The iteration that a fault is put into."""
        return self.options.at if self.options.at >= 0 else int(self.job["iterations"]) // 2

    def perform(self) -> None:
        """From `ready` to `end`."""
        time.sleep(self.options.setup)
        if self.options.chatter:
            print(self.options.chatter)
            print(self.options.chatter, file=sys.stderr)
        self.say("ready", self._ready())
        self.read("go")
        self._iterate()
        self.say("finish", {"type": "finish", "iterations": self.made})
        if self.held is None:
            self.read("report")
        self._apply("report", {})
        for message in self._samples():
            self.write(message)
        self.say("end", {"type": "end"})
        if self.held:
            self.write_raw(b"".join(self.held))
        self._apply("exit", {})

    def say(self, point: str, message: dict[str, Any]) -> None:
        """Let the fault have its way with a message, then send it."""
        self._apply(point, message)
        if message:
            self.write(message)

    def write(self, message: dict[str, Any]) -> None:
        """Send one message."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if self.held is not None:
            self.held.append(line)
        else:
            self.write_raw(line)

    def write_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]

    def _apply(self, point: str, message: dict[str, Any]) -> None:
        where, act = FAULTS.get(self.options.fault, ("", None))
        if act is not None and where == point:
            act(self, message)

    def read(self, kind: str) -> Any:
        """The next message, which must be of that type; the run ends when litbench is gone."""
        line = sys.stdin.buffer.readline(1 << 20)
        if not line:
            os._exit(1)
        message = json.loads(line)
        if message["type"] != kind:
            sys.exit(f"fake: expected {kind}, got {line!r}")
        return message

    def _parameters(self) -> dict[str, int]:
        """The job's, and how many messages the true throughput makes of a load."""
        parameters: dict[str, int] = dict(self.job["parameters"])
        if self.job["workload"] == "loaded-latency":
            offered = self.options.throughput * parameters["load"] / 100
            parameters["messages"] = round(offered * parameters["milliseconds"] / 1000)
        return parameters

    def _ready(self) -> dict[str, Any]:
        parameters = self.job["parameters"]
        bound = parameters.get("mailbox", parameters.get("messages", 0))
        unit = self.options.clock
        return {
            "type": "ready",
            "protocol": 1,
            "clock": {
                "name": "CLOCK_MONOTONIC" if unit == "ns" else "virtual",
                "unit": unit,
                "cost": 1.0,
                "resolution": 1,
            },
            "specification": {
                "actors": self.pattern.actors,
                "messages": self.pattern.messages,
                "message_bytes": 24,
                "in_flight": self.pattern.in_flight,
                "mailbox": self.pattern.mailbox or bound,
                "threads": self.job["threads"],
                "driver": "worker",
                "batch": parameters.get("batch", 1),
                "policy": "fail-fast" if parameters.get("fail_fast") else "backpressure",
            },
        }

    def _iterate(self) -> None:
        deadline = now() + self.job["time_limit_ns"]
        for index in range(self.job["iterations"]):
            message = self.iteration(index)
            if index == self.faulty:
                self._apply("iteration", message)
            if message:
                self.write(message)
            self.made = index + 1
            pending_fault = self.options.fault and index < self.faulty
            if now() >= deadline and not pending_fault:
                return

    def iteration(self, index: int) -> dict[str, Any]:
        """Make one iteration; its message."""
        start, end = self._pass_time(self.truth.duration(index))
        self._take_metrics()
        messages, errored = self.pattern.messages, self.pattern.errored
        return {
            "type": "iteration",
            "index": index,
            "start": start,
            "end": end,
            "ledger": {
                "sent": messages,
                "handled": messages - errored,
                "dropped": 0,
                "errored": errored,
                "pending": 0,
            },
            "checks": dict(self.pattern.checks),
        }

    def _pass_time(self, duration: int) -> tuple[int, int]:
        """Readings ``duration`` apart: exactly what was drawn, and no more than really passed."""
        if self.options.clock != "ns":
            start, self.time = self.time + 1, self.time + 1 + duration
            return start, self.time
        start = now()
        while (rest := start + duration - now()) > 0:
            time.sleep(rest / 1e9)
        return start, start + duration

    def _take_metrics(self) -> None:
        """What an iteration of this workload leaves besides its time."""
        name = self.job["workload"]
        if self.job["measure"] == "memory":
            for reading, value in self.truth.memory().items():
                if name != "soak" or not reading.endswith("-after"):
                    self._sample(reading, "bytes", value)
        if name == "loaded-latency" and not self.metrics:
            capacity = self.options.throughput
            self._sample("capacity", "hertz", capacity)
            self._sample("offered", "hertz", capacity * self.job["parameters"]["load"] / 100)
        if name == "isolation":
            self._sample("share", "ratio", self.options.share)
        if self.job["parameters"].get("fail_fast"):
            self._sample("refused", "count", 0)

    def _sample(self, name: str, unit: str, value: float) -> None:
        self.metrics.setdefault(name, (unit, []))[1].append(value)

    def _samples(self) -> list[dict[str, Any]]:
        wanted = dict(self.pattern.more)
        if self.job["measure"] == "latency":
            name = HISTOGRAMS.get(self.job["workload"], "message")
            wanted = {name: self.pattern.samples, **wanted}
        messages: list[dict[str, Any]] = []
        for name, samples in wanted.items():
            counts = self.truth.latencies(samples * self.made)
            if name == "gap" and self.options.gap:
                counts = with_one(round(self.options.gap), counts)
            messages.append({"type": "histogram", "name": name, "unit": "ns", "counts": counts})
        for name, (unit, values) in self.metrics.items():
            messages.append({"type": "metric", "name": name, "unit": unit, "values": values})
        return messages
