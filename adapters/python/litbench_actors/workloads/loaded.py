"""loaded-latency: an open loop at a share of the capacity that was measured in set-up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from litbench_actors.kernel import ENOUGH, STOP, Book, Mailbox, Runtime
from litbench_adapter import MASK, Job, Outcome, now

PROBE_EVERY = 10
CAPACITY_NS = 100_000_000
FIRST_TRY = 1000


class _Samples(NamedTuple):
    """In ns; what a run keeps of an iteration."""

    corrected: list[int]
    naive: list[int]
    pacing: list[int]


class Schedule:
    """When each message is due: all at once where ``period_ns`` is 0."""

    def __init__(self, messages: int, period_ns: int, stall_ms: int = 0) -> None:
        self.messages = messages
        self.stall_ms = stall_ms
        self.start = 0
        self._period_ns = period_ns

    def due(self, number: int) -> int:
        """When message ``number`` is due, on the clock."""
        return self.start + number * self._period_ns // self.messages

    @property
    def stalling(self) -> int:
        """The value on which the probe stalls: the middle one of its messages."""
        if not self.stall_ms:
            return -1
        return self.messages // PROBE_EVERY // 2 * PROBE_EVERY + PROBE_EVERY - 1


def measure_capacity(actors: Runtime, job: Job) -> None:
    """Send as fast as possible for long enough, and put into the job what follows from it."""
    messages = FIRST_TRY
    while True:
        book = Book(timed=True, probe=lambda _: None)
        flood = Schedule(messages, 0)
        outcome = actors.run(lambda: _iterate(actors, job, book, flood, _Samples([], [], [])))  # noqa: B023
        elapsed = outcome.end - outcome.start
        if elapsed >= CAPACITY_NS:
            break
        messages = messages * min(10, 1 + 2 * CAPACITY_NS // elapsed)
    capacity = messages / elapsed * 1e9
    milliseconds = job.parameters["milliseconds"]
    due = max(1, round(capacity * job.parameters["load"] / 100 * milliseconds / 1000))
    job.parameters["messages"] = due
    job.sample("capacity", "hertz", capacity)
    job.sample("offered", "hertz", due / milliseconds * 1000)


async def loaded_latency(actors: Runtime, job: Job, book: Book) -> Outcome:
    """A probe beside bulk traffic at a share of the capacity, open loop."""
    parameters = job.parameters
    period_ns = parameters["milliseconds"] * 1_000_000
    schedule = Schedule(parameters["messages"], period_ns, parameters["stall_ms"])
    samples = _Samples([], [], [])
    outcome = await _iterate(actors, job, book, schedule, samples)
    for name, values in samples._asdict().items():
        job.histogram(name).record_all(values)
    return outcome


async def _iterate(
    actors: Runtime, job: Job, book: Book, schedule: Schedule, samples: _Samples
) -> Outcome:
    bound = job.parameters["mailbox"]
    driver, bulk, probe = actors.mailbox(ENOUGH), actors.mailbox(bound), actors.mailbox(bound)
    actors.spawn(_bulk, bulk, driver, book)
    actors.spawn(_probe, probe, driver, schedule, samples, book)
    schedule.start = start = now()
    await _drive(actors, bulk, probe, schedule, samples.pacing.append)
    for actor in (bulk, probe):
        await actor.send(STOP)
    for _ in range(2):
        await driver.receive()
    end = now()
    await actors.join()
    book.enter(sent=schedule.messages)
    return book.outcome(start, end, order=book.order, sum=book.sum)


async def _drive(
    actors: Runtime,
    bulk: Mailbox,
    probe: Mailbox,
    schedule: Schedule,
    sample: Callable[[int], None],
) -> None:
    """Send each message when it is due, or as soon after as the runtime and the mailbox allow."""
    due_at, pause, to_bulk, to_probe = schedule.due, actors.pause, bulk.send, probe.send
    ended = schedule.start
    for number in range(schedule.messages):
        due = due_at(number)
        while now() < due:
            await pause()
        send = to_probe if number % PROBE_EVERY == PROBE_EVERY - 1 else to_bulk
        began = now()
        await send((0, number, began))
        sample(began - max(due, ended))
        ended = now()


async def _bulk(own: Mailbox, driver: Mailbox, book: Book) -> None:
    receive = own.receive
    order = total = handled = 0
    while True:
        _, value, _ = await receive()
        if value < 0:
            break
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        handled += 1
    await driver.send(STOP)
    book.enter(handled=handled, order=order, total=total, pending=own.waiting())


async def _probe(
    own: Mailbox, driver: Mailbox, schedule: Schedule, samples: _Samples, book: Book
) -> None:
    receive, due_at, stalling = own.receive, schedule.due, schedule.stalling
    corrected, naive = samples.corrected.append, samples.naive.append
    order = total = handled = 0
    while True:
        _, value, sent = await receive()
        if value < 0:
            break
        moment = now()
        corrected(moment - due_at(value))
        naive(moment - sent)
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        handled += 1
        if value == stalling:
            time.sleep(schedule.stall_ms / 1000)
    await driver.send(STOP)
    book.enter(handled=handled, order=order, total=total, pending=own.waiting())
