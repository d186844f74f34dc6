"""Children that fail, and the supervisor that restarts them."""

from __future__ import annotations

from litbench_actors.kernel import ENOUGH, START, STOP, Book, Mailbox, Runtime
from litbench_actors.supervisor import Supervisor
from litbench_adapter import MASK, Job, Outcome, now

FAIL = -21  # a workload message that has no value
KNUTH = 2654435761


class HandlerError(Exception):
    """A handler fails because its message says so."""


async def supervision(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Children crash one after the other; after each restart, all get a value."""
    crashes, bound = job.parameters["crashes"], job.parameters["mailbox"]
    driver = actors.mailbox(ENOUGH)
    children = [actors.mailbox(bound) for _ in range(job.parameters["children"])]
    supervisor = Supervisor(actors, job.parameters["strategy"], listener=driver)
    for own in children:
        supervisor.add(own, _child, own, driver, book)
    actors.spawn(supervisor.run)
    for own in children:  # until all are there
        await own.send(START)
        await driver.receive()
    book.probe("before")
    states = answers = 0
    start = now()
    for crash in range(crashes):
        crashing = crash % len(children)
        await children[crashing].send((0, FAIL, 0))
        _, _, failed = await driver.receive()  # they have been restarted
        for number, own in enumerate(children):
            await own.send((0, crash, 0))
            _, state, _ = await driver.receive()
            if book.timed and number == crashing:
                book.samples.append(now() - failed)
            states += (number + 1) * state
            answers += 1
    end = now()
    book.probe("loaded")
    await supervisor.own.send(STOP)
    await actors.join()
    book.probe("after")
    book.errored = supervisor.failures
    book.enter(sent=crashes + answers, handled=answers)
    return book.outcome(start, end, restarts=supervisor.restarts, states=states)


async def _child(own: Mailbox, driver: Mailbox, book: Book) -> None:
    """One life: its state is the sum of v + 1 over the values that it has handled."""
    state = handled = 0
    try:
        while True:
            _, value, _ = await own.receive()
            if value == FAIL:
                raise HandlerError
            if value == START[1]:
                await driver.send(START)
                continue
            handled += 1
            state += value + 1
            await driver.send((0, state, 0))
    finally:
        book.enter(sent=handled, handled=handled)


async def failure_injection(actors: Runtime, job: Job, book: Book) -> Outcome:
    """A share of the messages makes their handler fail; the others are handled all the same."""
    messages, bound = job.parameters["messages"], job.parameters["mailbox"]
    driver, worker = actors.mailbox(ENOUGH), actors.mailbox(bound)
    supervisor = Supervisor(actors)
    kept = _Kept()
    supervisor.add(worker, _worker, worker, driver, job, kept, book)
    actors.spawn(supervisor.run)
    send, timed = worker.send, book.timed
    sent = 0
    start = now()
    while sent < messages:
        await send((0, sent, now() if timed else 0))
        sent += 1
    await send(STOP)
    await driver.receive()
    end = now()
    await actors.join()
    job.histogram("recovery").record_all(kept.recoveries)
    book.errored = supervisor.failures
    book.enter(sent=sent, order=kept.order, total=kept.total)
    return book.outcome(start, end, order=book.order, sum=book.sum, restarts=supervisor.restarts)


class _Kept:
    """What outlives the worker: the supervisor keeps it for the next one."""

    def __init__(self) -> None:
        self.order = self.total = 0
        self.failed = 0  # when the first of a run of failures happened; 0: the last was handled
        self.recoveries: list[int] = []


async def _worker(own: Mailbox, driver: Mailbox, job: Job, kept: _Kept, book: Book) -> None:
    """One life: it goes on with the folds of the one before."""
    failures, burst = job.parameters["failures"], job.parameters["burst"]
    receive, timed, sample = own.receive, book.timed, book.samples.append
    order, total, failed = kept.order, kept.total, kept.failed
    handled = 0
    try:
        while True:
            _, value, stamp = await receive()
            if value < 0:
                break
            if value // burst * KNUTH % (1 << 32) % 100 < failures:
                failed = failed or now()
                raise HandlerError
            if timed:
                sample(now() - stamp)
            if failed:
                kept.recoveries.append(now() - failed)
                failed = 0
            order = (order * 31 + value + 1) & MASK
            total += value + 1
            handled += 1
    finally:
        kept.order, kept.total, kept.failed = order, total, failed
        book.enter(handled=handled)
    await driver.send(STOP)
