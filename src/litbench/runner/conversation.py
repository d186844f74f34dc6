"""One run's conversation with an adapter, as a state machine that knows no processes.

It is fed lines and says what to send next, so every order of messages can be tested without one.
"""

from __future__ import annotations

from enum import StrEnum

from litbench.protocol import (
    End,
    Failure,
    Finish,
    Go,
    HistogramMessage,
    IterationDone,
    Job,
    MetricMessage,
    ProtocolError,
    Ready,
    Report,
    check_version,
    decode_line,
)

DRIVERS = ("worker", "block_on")
POLICIES = ("backpressure", "fail-fast")


class State(StrEnum):
    """Where a conversation stands; the value is what the adapter is expected to do."""

    SETTING_UP = "set up and say `ready`"
    RUNNING = "send iterations and `finish`"
    REPORTING = "send what it recorded and `end`"
    ENDED = "exit"


class Conversation:
    """Collects what an adapter says about one job, and refuses what it may not say."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.state = State.SETTING_UP
        self.ready: Ready | None = None
        self.iterations: list[IterationDone] = []
        self.histograms: list[HistogramMessage] = []
        self.metrics: list[MetricMessage] = []

    def receive(self, line: bytes) -> Go | Report | None:
        """Take one line; the answer is what to send, after switching instruments on or off.

        Raises ProtocolError when the line is malformed or out of turn.
        """
        message = decode_line(line)
        if isinstance(message, Failure):
            raise ProtocolError(f"adapter-{message.code}", message.message)
        match self.state, message:
            case State.SETTING_UP, Ready():
                check_version(message.protocol)
                _refuse_senseless(message)
                self.ready = message
                self.state = State.RUNNING
                return Go()
            case State.RUNNING, IterationDone():
                self._take_iteration(message)
            case State.RUNNING, Finish():
                self._take_finish(message)
                self.state = State.REPORTING
                return Report()
            case State.REPORTING, HistogramMessage():
                self._refuse_twice(message.name, [h.name for h in self.histograms])
                self.histograms.append(message)
            case State.REPORTING, MetricMessage():
                self._refuse_twice(message.name, [m.name for m in self.metrics])
                self.metrics.append(message)
            case State.REPORTING, End():
                self.state = State.ENDED
            case _:
                raise ProtocolError(
                    "unexpected-message",
                    f"a {type(message).__struct_config__.tag!r} message where the adapter was to"
                    f" {self.state}",
                )
        return None

    def _take_iteration(self, message: IterationDone) -> None:
        if message.index != len(self.iterations):
            raise ProtocolError(
                "iteration-count",
                f"iteration {message.index} came where {len(self.iterations)} was due",
            )
        if message.index >= self.job.iterations:
            raise ProtocolError(
                "iteration-count", f"more than the {self.job.iterations} iterations of the job"
            )
        if any(value >> 64 for value in message.checks.values()):
            raise ProtocolError("malformed-line", "a check has more than 64 bits")
        self.iterations.append(message)

    def _take_finish(self, message: Finish) -> None:
        if message.iterations != len(self.iterations):
            raise ProtocolError(
                "iteration-count",
                f"the adapter says that it made {message.iterations} iterations, but sent"
                f" {len(self.iterations)}",
            )

    @staticmethod
    def _refuse_twice(name: str, known: list[str]) -> None:
        if name in known:
            raise ProtocolError("unexpected-message", f"{name!r} was sent twice")


def _refuse_senseless(ready: Ready) -> None:
    """Raise ProtocolError for a clock or a specification that no run can have."""
    clock, said = ready.clock, ready.specification
    if not clock.unit.is_time:
        raise ProtocolError("malformed-line", f"the clock's unit is {clock.unit}: not a time")
    if min(clock.cost or 0, clock.resolution or 0) < 0:
        raise ProtocolError("malformed-line", "the clock's cost or resolution is negative")
    if said.driver not in DRIVERS:
        raise ProtocolError(
            "malformed-line", f"driver is {said.driver!r}, not one of {', '.join(DRIVERS)}"
        )
    if said.policy not in POLICIES:
        raise ProtocolError(
            "malformed-line", f"policy is {said.policy!r}, not one of {', '.join(POLICIES)}"
        )
    counts = (said.actors, said.messages, said.message_bytes, said.in_flight, said.mailbox)
    if min(counts) < 0 or min(said.threads, said.batch) < 1:
        raise ProtocolError("malformed-line", "the specification has a count that cannot be")
