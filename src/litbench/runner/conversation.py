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
