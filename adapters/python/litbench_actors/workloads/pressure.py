"""Beside a hog, and on a heap that fragments. (Soak is fan-in again and again: see ``basic``.)"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from litbench_actors.draws import Xorshift
from litbench_actors.kernel import ENOUGH, START, STOP, Book, Mailbox, Runtime
from litbench_adapter import MASK, Job, Outcome, Parameters, now


async def isolation(actors: Runtime, job: Job, book: Book) -> Outcome:
    """One actor burns the processor, the others must progress."""
    bound = job.parameters["mailbox"]
    driver, hog = actors.mailbox(ENOUGH), actors.mailbox(bound)
    others = [actors.mailbox(bound) for _ in range(job.parameters["actors"])]
    handled: list[list[int]] = [[] for _ in others]  # when each actor handled its messages
    burning: list[int] = []
    beside = _Beside(actors, driver, job.parameters)
    for own, moments in zip(others, handled, strict=True):
        actors.spawn(_progress, beside, own, moments, book)
    actors.spawn(_hog, beside, hog, burning, book)
    start = now()
    for own in (*others, hog):
        await own.send(START)
    for _ in range(len(others) + 1):
        await driver.receive()
    end = now()
    await actors.join()
    for moments in handled:
        gaps = (later - earlier for earlier, later in pairwise(moments))
        job.histogram("gap").record_all(gaps)
    everything = [moment for moments in handled for moment in moments]
    meanwhile = sum(burning[0] <= moment <= burning[-1] for moment in everything)
    job.sample("share", "ratio", meanwhile / len(everything))
    return book.outcome(start, end, order=book.order, sum=book.sum)


class _Beside(NamedTuple):
    """What the actors and the hog share."""

    actors: Runtime
    driver: Mailbox
    parameters: Parameters


async def _progress(beside: _Beside, own: Mailbox, moments: list[int], book: Book) -> None:
    """Send itself one message after the other; it lets the others run after each."""
    messages, pause = beside.parameters["messages"], beside.actors.pause
    send, receive, handle = own.send, own.receive, moments.append
    order = total = sent = 0
    await receive()
    while sent < messages:
        await send((0, sent, 0))
        sent += 1
        _, value, _ = await receive()
        handle(now())
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        await pause()
    await beside.driver.send(STOP)
    book.enter(sent=sent, handled=sent, order=order, total=total, pending=own.waiting())


async def _hog(beside: _Beside, own: Mailbox, burning: list[int], book: Book) -> None:
    """The same, and every handler computes for long without giving way."""
    burns, burn_ns = beside.parameters["burns"], beside.parameters["burn_us"] * 1000
    order = total = sent = 0
    await own.receive()
    while sent < burns:
        await own.send((0, sent, 0))
        sent += 1
        _, value, _ = await own.receive()
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        burning.append(now())
        until = burning[-1] + burn_ns
        while now() < until:
            pass
        burning.append(now())
        await beside.actors.pause()
    await beside.driver.send(STOP)
    book.enter(sent=sent, handled=sent, order=order, total=total, pending=own.waiting())


async def churn(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Buffers of many sizes come and go."""
    count, messages, bound = (job.parameters[name] for name in ("actors", "messages", "mailbox"))
    driver = actors.mailbox(ENOUGH)
    heap = _Heap(driver, job.parameters["keep"], [])
    book.probe("before")
    holders = [actors.mailbox(bound) for _ in range(count)]
    for number, own in enumerate(holders):
        actors.spawn(_holder, number, own, heap, book)
    sent = 0
    start = now()
    while sent < messages:
        await holders[sent % count].send((0, sent, 0))
        sent += 1
    for own in holders:
        await own.send(START)
    for _ in holders:
        await driver.receive()
    end = now()
    book.probe("loaded")
    for own in holders:
        await own.send(STOP)
    del own, holders
    await actors.join()
    book.probe("after")
    book.enter(sent=sent)
    return book.outcome(start, end, order=book.order, sum=book.sum, bytes=sum(heap.allocated))


class _Heap(NamedTuple):
    """What the holders share; each adds the bytes that it allocated."""

    driver: Mailbox
    keep: int
    allocated: list[int]


async def _holder(number: int, own: Mailbox, heap: _Heap, book: Book) -> None:
    """Hold a buffer a slot; START asks whether all messages have been handled."""
    driver, keep, allocated = heap
    receive, draw = own.receive, Xorshift(number).draw
    slots: list[bytes | None] = [None] * keep
    order = total = handled = size_of_all = 0
    while True:
        _, value, _ = await receive()
        if value == STOP[1]:
            break
        if value == START[1]:
            await driver.send(START)
            continue
        x = draw()
        size = 16 << (x >> 33) % 10
        slots[(x >> 16) % keep] = b"\x01" * size  # which touches every byte
        size_of_all += size
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        handled += 1
    allocated.append(size_of_all)
    book.enter(handled=handled, order=order, total=total, pending=own.waiting())
