"""The supervisor, on every runtime: who is restarted, with what state, and when it gives up."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from litbench.catalogue import workload
from litbench.catalogue.small import SMALL
from litbench.record import Expected
from litbench_actors.kernel import STOP, Book, Mailbox, Runtime
from litbench_actors.supervisor import (
    RESTARTED,
    GaveUpError,
    Intensity,
    Strategy,
    Supervisor,
)
from litbench_actors.workloads import failures
from litbench_adapter import Job, Outcome
from tests.adapters.driver import job_for
from tests.adapters.python.runtimes import Opened, every_runtime, on_asyncio, on_threads, on_trio

COUNT, FAIL, ASK, END = (0, 1, 0), (0, -31, 0), (0, -32, 0), (0, -33, 0)
SECOND = 1_000_000_000


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


class Crew:
    """Three children that count, under one supervisor."""

    def __init__(self, actors: Runtime, *arguments: Any, **options: Any) -> None:
        self.actors = actors
        self.answers = actors.mailbox(100)
        self.restarts = actors.mailbox(100)
        self.boxes = [actors.mailbox(100) for _ in range(3)]
        self.lives = [0, 0, 0]
        self.counted = [0, 0, 0]  # in all lives
        self.running = 0
        self.supervisor = Supervisor(actors, *arguments, listener=self.restarts, **options)
        for number, own in enumerate(self.boxes):
            self.supervisor.add(own, self._count, number, own)

    async def _count(self, number: int, own: Mailbox) -> None:
        state = 0
        self.lives[number] += 1
        self.running += 1
        try:
            while True:
                message = await own.receive()
                if message == FAIL:
                    raise ValueError(f"child {number} was told to fail")
                if message == END:
                    return
                if message == ASK:
                    await self.answers.send((number, state, 0))
                else:
                    state += 1
                    self.counted[number] += 1
        finally:
            self.running -= 1

    async def fail(self, number: int) -> None:
        """Make a child fail, and wait until the restart is over."""
        await self.boxes[number].send(FAIL)
        who, what, _ = await self.restarts.receive()
        assert (who, what) == (number, RESTARTED)

    async def states(self) -> list[int]:
        """What the children count, each asked in turn."""
        found = []
        for number, own in enumerate(self.boxes):
            await own.send(ASK)
            who, state, _ = await self.answers.receive()
            assert who == number
            found.append(state)
        return found

    async def stop(self) -> None:
        """Stop the supervisor and with it all children."""
        await self.supervisor.own.send(STOP)
        await self.actors.join()
        assert self.running == 0


def play(opened: Opened, scenario: Callable[[Runtime], Awaitable[None]]) -> None:
    """Run a scenario as the driver."""

    async def main() -> None:
        await scenario(runtime)

    with opened() as runtime:
        runtime.run(main)


@every_runtime
@pytest.mark.parametrize(
    ("strategy", "states", "lives"),
    [
        (Strategy.ONE_FOR_ONE, [2, 0, 2], [1, 2, 1]),
        (Strategy.ONE_FOR_ALL, [0, 0, 0], [2, 2, 2]),
        (Strategy.REST_FOR_ONE, [2, 0, 0], [1, 2, 2]),
    ],
)
def test_a_strategy_restarts_whom_it_names(
    opened: Opened, strategy: Strategy, states: list[int], lives: list[int]
) -> None:
    async def scenario(actors: Runtime) -> None:
        crew = Crew(actors, strategy)
        actors.spawn(crew.supervisor.run)
        for own in crew.boxes * 2:
            await own.send(COUNT)
        assert await crew.states() == [2, 2, 2]
        await crew.fail(1)
        assert await crew.states() == states
        assert crew.lives == lives
        assert crew.supervisor.restarts == sum(lives) - 3
        assert crew.supervisor.failures == 1
        await crew.stop()

    play(opened, scenario)


@every_runtime
def test_messages_behind_the_failure_are_kept_in_order(opened: Opened) -> None:
    handled: list[int] = []

    async def child(own: Mailbox, done: Mailbox) -> None:
        while True:
            _, value, _ = await own.receive()
            if value % 3 == 0:
                raise ValueError(value)
            handled.append(value)
            if value == 29:
                await done.send(STOP)

    async def scenario(actors: Runtime) -> None:
        own, done = actors.mailbox(100), actors.mailbox(1)
        supervisor = Supervisor(actors)
        supervisor.add(own, child, own, done)
        for value in range(30):
            await own.send((0, value, 0))
        actors.spawn(supervisor.run)
        await done.receive()
        await supervisor.own.send(STOP)
        await actors.join()
        assert supervisor.restarts == 10

    play(opened, scenario)
    assert handled == [value for value in range(30) if value % 3]


@every_runtime
def test_the_mailbox_of_a_sibling_is_kept_too(opened: Opened) -> None:
    async def scenario(actors: Runtime) -> None:
        crew = Crew(actors, Strategy.ONE_FOR_ALL)
        await crew.boxes[0].send(FAIL)
        for _ in range(4):  # what comes after the failure, in the mailboxes of all
            for own in crew.boxes:
                await own.send(COUNT)
        actors.spawn(crew.supervisor.run)
        await crew.restarts.receive()
        assert (await crew.states())[0] == 4
        assert crew.counted == [4, 4, 4]
        await crew.stop()

    play(opened, scenario)


@every_runtime
def test_too_many_failures_in_the_period_and_it_gives_up(opened: Opened) -> None:
    async def scenario(actors: Runtime) -> None:
        clock, ended = Clock(), actors.mailbox(1)
        crew = Crew(actors, Strategy.ONE_FOR_ONE, Intensity(3, SECOND), clock=clock)

        async def top() -> None:
            with pytest.raises(GaveUpError, match=r"more than 3 times in 1 s, .*child 2 was told"):
                await crew.supervisor.run()
            assert crew.running == 0  # it has stopped the others
            await ended.send(STOP)

        actors.spawn(top)
        for number in (0, 1, 0):
            await crew.fail(number)
        await crew.boxes[2].send(FAIL)
        await ended.receive()
        await actors.join()
        assert (crew.supervisor.failures, crew.supervisor.restarts) == (4, 3)

    play(opened, scenario)


@pytest.mark.parametrize("step", [SECOND // 2, SECOND // 2 + 1, SECOND])
def test_failures_that_are_long_ago_do_not_count(step: int) -> None:
    async def scenario(actors: Runtime) -> None:
        clock = Clock()
        crew = Crew(actors, Strategy.ONE_FOR_ONE, Intensity(2, SECOND), clock=clock)
        actors.spawn(crew.supervisor.run)
        for _ in range(20):
            await crew.fail(0)
            clock.ns += step
        await crew.stop()

    play(on_asyncio, scenario)


def test_failures_just_within_the_period_count() -> None:
    async def scenario(actors: Runtime) -> None:
        clock = Clock()
        crew = Crew(actors, Strategy.ONE_FOR_ONE, Intensity(2, SECOND), clock=clock)

        async def top() -> None:
            with pytest.raises(GaveUpError):
                await crew.supervisor.run()

        actors.spawn(top)
        for _ in range(2):
            await crew.fail(0)
            clock.ns += SECOND // 2 - 1
        await crew.boxes[0].send(FAIL)
        await actors.join()
        assert crew.supervisor.failures == 3

    play(on_asyncio, scenario)


@every_runtime
def test_escalation_restarts_the_supervisor_and_its_children(opened: Opened) -> None:
    async def scenario(actors: Runtime) -> None:
        clock = Clock()
        crew = Crew(actors, Strategy.ONE_FOR_ONE, Intensity(1, SECOND), clock=clock)
        told = actors.mailbox(10)
        parent = Supervisor(actors, listener=told)
        parent.add_supervisor(crew.supervisor)
        actors.spawn(parent.run)
        for own in crew.boxes:
            await own.send(COUNT)
        assert await crew.states() == [1, 1, 1]
        await crew.fail(0)
        assert await crew.states() == [0, 1, 1]
        await crew.boxes[0].send(FAIL)  # one too many
        await told.receive()
        assert await crew.states() == [0, 0, 0]
        assert crew.lives == [3, 2, 2]
        await crew.fail(0)  # its count of failures is fresh too
        assert (parent.failures, parent.restarts) == (1, 1)
        await parent.own.send(STOP)
        await actors.join()
        assert crew.running == 0

    play(opened, scenario)


@every_runtime
def test_failures_at_the_same_time_are_one_restart(opened: Opened) -> None:
    async def scenario(actors: Runtime) -> None:
        crew = Crew(actors, Strategy.ONE_FOR_ALL)
        for own in crew.boxes:
            await own.send(FAIL)
        actors.spawn(crew.supervisor.run)
        while crew.supervisor.failures < 3:
            await crew.restarts.receive()
        assert await crew.states() == [0, 0, 0]
        assert crew.running == 3
        # all three before the first restart, or some after it
        assert crew.supervisor.restarts in {3, 6, 9}
        await crew.stop()

    play(opened, scenario)


@every_runtime
def test_it_ends_when_its_children_have_ended(opened: Opened) -> None:
    async def scenario(actors: Runtime) -> None:
        crew = Crew(actors, Strategy.ONE_FOR_ALL)
        actors.spawn(crew.supervisor.run)
        for own in crew.boxes:
            await own.send(END)
        await actors.join()
        assert crew.lives == [1, 1, 1]
        assert crew.supervisor.restarts == 0

    play(opened, scenario)


@every_runtime
def test_stopped_before_its_children_began(opened: Opened) -> None:
    async def scenario(actors: Runtime) -> None:
        crew = Crew(actors)
        await crew.supervisor.own.send(STOP)
        actors.spawn(crew.supervisor.run)
        await actors.join()
        assert crew.running == 0

    play(opened, scenario)


@pytest.mark.parametrize("opened", [on_asyncio, on_trio, on_threads])
def test_no_memory_is_left_behind(opened: Opened) -> None:
    crashes = 10_000

    async def scenario(actors: Runtime) -> None:
        crew = Crew(actors, Strategy.ONE_FOR_ONE, Intensity(2 * crashes, SECOND // 1000))
        actors.spawn(crew.supervisor.run)
        for number in range(100):  # what is made once and kept
            await crew.fail(number % 3)
        gc.collect()
        tracemalloc.start(1)
        try:
            for number in range(crashes):
                await crew.fail(number % 3)
            gc.collect()
            live, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        await crew.stop()
        assert live < 5 * crashes  # a single kept object a crash would be 16 bytes at least

    play(opened, scenario)


# ---- Faults seeded into the supervisor change a ledger or a checksum ----------------------------


class CountingTwice(Supervisor):
    """Counts a restart twice."""

    async def _restart(self, number: int, when: int) -> None:
        before = self.restarts
        await super()._restart(number, when)
        self.restarts += self.restarts - before


class Forgetting(Supervisor):
    """Restarts a child without the message that was next in its mailbox."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.boxes: list[Any] = []

    def add(self, own: Any, body: Any, *arguments: Any) -> None:
        self.boxes.append(own)
        super().add(own, body, *arguments)

    async def _restart(self, number: int, when: int) -> None:
        own = self.boxes[number]
        if own.waiting() and own.receive_nowait()[1] < 0:
            own.put_nowait(STOP)  # that one only ends the stream
        await super()._restart(number, when)


class OneForOneOnly(Supervisor):
    """Restarts the child that failed, whatever the strategy."""

    def _affected(self, number: int) -> range:
        return range(number, number + 1)


class Careless(Supervisor):
    """Restarts the siblings too, where only one is to be restarted."""

    def _affected(self, number: int) -> range:
        return range(len(self._starts))


def outcome_of(name: str, **options: int) -> tuple[Outcome, Expected]:
    definition = workload(name)
    job = Job(job_for(definition, values={**SMALL[name], **options}))
    book = Book(timed=False, probe=lambda _: None)
    programs = {
        "supervision": failures.supervision,
        "failure-injection": failures.failure_injection,
    }
    with on_asyncio() as runtime:
        outcome = runtime.run(lambda: programs[name](runtime, job, book))
    return outcome, definition.expected(job.parameters)


def test_a_restart_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "Supervisor", CountingTwice)
    for name in ("supervision", "failure-injection"):
        outcome, expected = outcome_of(name)
        assert outcome.checks["restarts"] == 2 * expected.checks["restarts"]


def test_a_lost_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "Supervisor", Forgetting)
    outcome, expected = outcome_of("failure-injection")
    ledger = outcome.ledger
    assert ledger.handled + ledger.errored < ledger.sent == expected.ledger.sent
    assert outcome.checks["order"] != expected.checks["order"]


@pytest.mark.parametrize(
    ("supervisor", "strategy"), [(OneForOneOnly, 1), (OneForOneOnly, 2), (Careless, 0)]
)
def test_another_strategy(
    monkeypatch: pytest.MonkeyPatch, supervisor: type[Supervisor], strategy: int
) -> None:
    monkeypatch.setattr(failures, "Supervisor", supervisor)
    outcome, expected = outcome_of("supervision", strategy=strategy)
    assert outcome.checks["restarts"] != expected.checks["restarts"]


def test_state_that_outlives_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = 0

    async def remembering(own: Mailbox, driver: Mailbox, *_rest: object) -> None:
        nonlocal counted
        while True:
            _, value, _ = await own.receive()
            if value == failures.FAIL:
                raise failures.HandlerError
            if value >= 0:
                counted += value + 1
            driver.try_send((0, counted, 0))

    monkeypatch.setattr(failures, "_child", remembering)
    outcome, expected = outcome_of("supervision")
    assert outcome.checks["restarts"] == expected.checks["restarts"]
    assert outcome.checks["states"] != expected.checks["states"]


@pytest.mark.parametrize("strategy", [1, 2])
def test_another_strategy_that_counts_right(monkeypatch: pytest.MonkeyPatch, strategy: int) -> None:
    class Pretending(OneForOneOnly):
        async def _restart(self, number: int, when: int) -> None:
            await super()._restart(number, when)
            self.restarts += len(Supervisor._affected(self, number)) - 1

    monkeypatch.setattr(failures, "Supervisor", Pretending)
    outcome, expected = outcome_of("supervision", strategy=strategy)
    assert outcome.checks["restarts"] == expected.checks["restarts"]
    assert outcome.checks["states"] != expected.checks["states"]


@pytest.mark.parametrize("strategy", [0, 1, 2])
def test_supervision_as_it_is(strategy: int) -> None:
    outcome, expected = outcome_of("supervision", strategy=strategy)
    assert outcome.checks == expected.checks
    assert outcome.ledger.errored == expected.ledger.errored
    assert outcome.ledger.handled == expected.ledger.handled
    assert outcome.ledger.sent == expected.ledger.sent
