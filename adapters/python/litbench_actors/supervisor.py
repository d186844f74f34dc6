"""Supervision as in Erlang/OTP: who is restarted when a child fails, and when to give up.

The runtimes have none, so the kernel has one for all. A child's failure ends its task; the restart
is a new task of the same body on the same mailbox, so its state is fresh and its messages are kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

from litbench_actors.kernel import ENOUGH, STOP, Body, Mailbox, Runtime
from litbench_adapter import now

# Control messages: (child, which, when it failed).
ENDED, FAILED, STOPPED, RESTARTED = -11, -12, -13, -14


class Strategy(IntEnum):
    """Who is restarted with a child that failed."""

    ONE_FOR_ONE = 0  # nobody
    ONE_FOR_ALL = 1  # all its siblings
    REST_FOR_ONE = 2  # those that were added after it


class Intensity(NamedTuple):
    """A supervisor gives up at more than ``most`` failures within ``period_ns``."""

    most: int
    period_ns: int


class GaveUpError(Exception):
    """A supervisor's children failed too often; it has stopped them all. Its parent's to handle."""


class Supervisor:
    """An actor that restarts its children: ``actors.spawn(supervisor.run)``.

    ``failures`` counts the children's failures and ``restarts`` the children that were restarted;
    a supervisor that is itself restarted goes on counting. ``listener`` is sent
    ``(child, RESTARTED, when it failed)`` after each restart. A STOP in ``own`` stops all children,
    then the supervisor; it stops too when all children have ended without failing.
    """

    def __init__(
        self,
        actors: Runtime,
        strategy: int = Strategy.ONE_FOR_ONE,
        intensity: Intensity | None = None,
        *,
        listener: Mailbox | None = None,
        clock: Callable[[], int] = now,
    ) -> None:
        self.own = actors.mailbox(ENOUGH)  # its children tell it without waiting
        self.failures = self.restarts = 0
        self._actors = actors
        self._strategy = Strategy(strategy)
        self._intensity = intensity
        self._listener = listener
        self._clock = clock
        self._starts: list[Callable[[], Callable[[], object]]] = []  # each returns what stops it
        self._running: dict[int, Callable[[], object]] = {}  # what stops each
        self._failed: deque[tuple[int, int]] = deque()  # which child, when; not yet restarted
        self._recent: deque[int] = deque()  # when children failed, within the period
        self._reason = ""
        self._stopping = False

    def add(self, own: Mailbox, body: Body, *arguments: Any) -> None:
        """Add a child. Each of its lives is ``body(*arguments)``, receiving from ``own``."""
        number = len(self._starts)
        self._starts.append(
            lambda: self._actors.start(own, self._live, number, body, arguments),
        )

    def add_supervisor(self, child: Supervisor) -> None:
        """Add a supervisor as a child: when it gives up, that is a failure here."""
        number = len(self._starts)

        def start() -> Callable[[], object]:
            while child.own.waiting():  # what its last life did not come to read
                child.own.receive_nowait()
            self._actors.spawn(self._live, number, child.run, ())
            return lambda: child.own.try_send(STOP)

        self._starts.append(start)

    async def run(self) -> None:
        """Its body. Raises GaveUpError when the children fail too often."""
        self._recent.clear()
        self._failed.clear()
        self._stopping = False
        everybody = range(len(self._starts))
        self._start(everybody)
        while self._running or self._failed:
            if not self._failed:
                await self._hear()
            if self._stopping:
                await self._stop(everybody)
                return
            if self._failed:
                await self._restart(*self._failed.popleft())

    async def _hear(self) -> None:
        """Take one message into account: a child's end, or that it is to stop."""
        number, what, when = await self.own.receive()
        if what == STOP[1]:
            self._stopping = True
            return
        del self._running[number]
        if what == FAILED:
            self.failures += 1
            self._failed.append((number, when))

    async def _restart(self, number: int, when: int) -> None:
        if self._too_often():
            await self._stop(range(len(self._starts)))
            most, period = self._intensity or (0, 0)
            raise GaveUpError(
                f"the children of a supervisor failed more than {most} times"
                f" in {period / 1e9:g} s, the last with {self._reason}"
            )
        affected = self._affected(number)
        await self._stop(affected)
        for late in [each for each in self._failed if each[0] in affected]:
            self._failed.remove(late)  # it failed while it was to stop: this restart is its own
        self._start(affected)
        self.restarts += len(affected)
        if self._listener:
            await self._listener.send((number, RESTARTED, when))

    def _too_often(self) -> bool:
        if self._intensity is None:
            return False
        moment, recent = self._clock(), self._recent
        recent.append(moment)
        while recent[0] <= moment - self._intensity.period_ns:
            recent.popleft()
        return len(recent) > self._intensity.most

    def _affected(self, number: int) -> range:
        if self._strategy is Strategy.ONE_FOR_ONE:
            return range(number, number + 1)
        first = 0 if self._strategy is Strategy.ONE_FOR_ALL else number
        return range(first, len(self._starts))

    def _start(self, numbers: range) -> None:
        for number in numbers:
            self._running[number] = self._starts[number]()

    async def _stop(self, numbers: range) -> None:
        """Stop these children, the last first, and wait until they have ended."""
        for number in reversed(numbers):
            if number in self._running:
                self._running[number]()
        while any(number in self._running for number in numbers):
            await self._hear()

    async def _live(self, number: int, body: Body, arguments: tuple[Any, ...]) -> None:
        """One life of a child: its end is told in any case."""
        what, when = STOPPED, 0
        try:
            await body(*arguments)
            what = ENDED
        except Exception as error:  # whatever it is, the supervisor handles it
            what, when = FAILED, now()
            self._reason = f"{type(error).__name__}: {error}"
        finally:
            self.own.try_send((number, what, when))
