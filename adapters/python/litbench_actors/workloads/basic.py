"""The basic patterns: pairs, floods, rings and trees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from litbench_actors.kernel import ENOUGH, START, STOP, Book, Mailbox, Runtime
from litbench_actors.workloads.streams import collect, insist, spawn_collector, stream
from litbench_adapter import MASK, Job, Outcome, now


async def ping_pong(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Two actors, one message in flight; isolated-latency is the same, always timed."""
    bound = job.parameters["mailbox"]
    driver, ping, pong = actors.mailbox(ENOUGH), actors.mailbox(bound), actors.mailbox(bound)
    actors.spawn(_ping, ping, pong, driver, job.parameters["rounds"], book)
    actors.spawn(echo, pong, ping, book)
    start = now()
    await ping.send(START)
    await driver.receive()
    end = now()
    await pong.send(STOP)
    await actors.join()
    return book.outcome(start, end, order=book.order, sum=book.sum)


async def _ping(own: Mailbox, pong: Mailbox, driver: Mailbox, rounds: int, book: Book) -> None:
    send, receive, timed, sample = pong.send, own.receive, book.timed, book.samples.append
    order = total = sent = began = 0
    await receive()
    while sent < rounds:
        if timed:
            began = now()
        await send((0, sent, began))
        sent += 1
        _, value, _ = await receive()
        if timed:
            sample(now() - began)
        order = (order * 31 + value + 1) & MASK
        total += value + 1
    await driver.send(STOP)
    book.enter(sent=sent, handled=sent, order=order, total=total, pending=own.waiting())


async def echo(own: Mailbox, other: Mailbox, book: Book, number: int = 1) -> None:
    """Send every value back, until STOP."""
    send, receive = other.send, own.receive
    order = total = sent = 0
    while True:
        _, value, stamp = await receive()
        if value < 0:
            break
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        await send((number, value, stamp))
        sent += 1
    book.enter(sent=sent, handled=sent, order=order, total=total, pending=own.waiting())


async def counting(actors: Runtime, job: Job, book: Book) -> Outcome:
    """A producer floods one counter, then asks it for the total."""
    bound = job.parameters["mailbox"]
    driver, producer, counter = actors.mailbox(ENOUGH), actors.mailbox(bound), actors.mailbox(bound)
    actors.spawn(_producer, producer, counter, driver, job.parameters["messages"], book)
    spawn_collector(actors, counter, 1, producer, book, batch=job.parameters["batch"])
    start = now()
    await producer.send(START)
    _, total, _ = await driver.receive()
    end = now()
    await actors.join()
    return book.outcome(start, end, order=book.order, sum=book.sum, total=total)


async def _producer(
    own: Mailbox, counter: Mailbox, driver: Mailbox, messages: int, book: Book
) -> None:
    await own.receive()
    sent = await stream(0, counter, messages, timed=book.timed)
    answer = await own.receive()
    await driver.send(answer)
    book.enter(sent=sent)


async def fan_in(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Many senders flood one receiver."""
    count, messages = job.parameters["senders"], job.parameters["messages"]
    bound = job.parameters["mailbox"]
    driver, receiver = actors.mailbox(ENOUGH), actors.mailbox(bound)
    senders = [actors.mailbox(bound) for _ in range(count)]
    spawn_collector(actors, receiver, count, driver, book, batch=job.parameters.get("batch", 1))
    flow: Callable[[int], Awaitable[int]] = partial(
        stream, receiver=receiver, messages=messages, timed=book.timed
    )
    fail_fast = job.parameters.get("fail_fast", 0)
    if fail_fast:
        flow = partial(insist, actors, book, receiver=receiver, messages=messages)
    for number, sender in enumerate(senders):
        actors.spawn(_sender, number, sender, flow, book)
    start = now()
    for sender in senders:
        await sender.send(START)
    await driver.receive()
    end = now()
    await actors.join()
    if fail_fast:
        job.sample("refused", "count", book.refused)
    return book.outcome(start, end, order=book.order, sum=book.sum)


async def soak(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Fan-in again and again in one process; memory is read when its actors have stopped."""
    book.probe("before")
    outcome = await fan_in(actors, job, book)
    book.probe("loaded")
    return outcome


async def _sender(
    number: int, own: Mailbox, flow: Callable[[int], Awaitable[int]], book: Book
) -> None:
    await own.receive()
    sent = await flow(number)
    book.enter(sent=sent)


async def fan_out(actors: Runtime, job: Job, book: Book) -> Outcome:
    """One sender broadcasts to many receivers."""
    count, bound = job.parameters["receivers"], job.parameters["mailbox"]
    driver, sender = actors.mailbox(ENOUGH), actors.mailbox(bound)
    receivers = [actors.mailbox(bound) for _ in range(count)]
    for receiver in receivers:
        actors.spawn(collect, receiver, 1, driver, book)
    actors.spawn(broadcast, sender, receivers, job.parameters["messages"], book)
    start = now()
    await sender.send(START)
    for _ in range(count):
        await driver.receive()
    end = now()
    await actors.join()
    return book.outcome(start, end, order=book.order, sum=book.sum)


async def broadcast(own: Mailbox, receivers: list[Mailbox], messages: int, book: Book) -> None:
    """Send 0 to every receiver, then 1 to every receiver, and so on."""
    sends, timed = [receiver.send for receiver in receivers], book.timed
    sent = 0
    await own.receive()
    for value in range(messages):
        for send in sends:
            await send((0, value, now() if timed else 0))
        sent += len(sends)
    for send in sends:
        await send(STOP)
    book.enter(sent=sent)


async def thread_ring(actors: Runtime, job: Job, book: Book) -> Outcome:
    """A token goes round a ring of actors."""
    count, bound = job.parameters["actors"], job.parameters["mailbox"]
    driver = actors.mailbox(ENOUGH)
    ring = [actors.mailbox(bound) for _ in range(count)]
    holder = _Holder(job.parameters["hops"] - 1, driver)
    for number, own in enumerate(ring):
        actors.spawn(_link, number, own, ring[(number + 1) % count], holder, book)
    start = now()
    await ring[0].send((0, 0, now() if book.timed else 0))
    last, _, _ = await driver.receive()
    end = now()
    for own in ring:
        await own.send(STOP)
    await actors.join()
    book.enter(sent=1)
    return book.outcome(start, end, order=book.order, sum=book.sum, holder=last)


class _Holder(NamedTuple):
    """What an actor of the ring does with the last value: it tells the driver."""

    last: int
    driver: Mailbox


async def _link(number: int, own: Mailbox, following: Mailbox, holder: _Holder, book: Book) -> None:
    last, driver = holder
    receive, send, timed, sample = own.receive, following.send, book.timed, book.samples.append
    order = total = handled = sent = 0
    while True:
        _, value, stamp = await receive()
        if value < 0:
            break
        if timed:
            sample(now() - stamp)
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        handled += 1
        if value < last:
            await send((number, value + 1, now() if timed else 0))
            sent += 1
        else:
            await driver.send((number, value, 0))
    book.enter(sent=sent, handled=handled, order=order, total=total, pending=own.waiting())


async def skynet(actors: Runtime, job: Job, book: Book) -> Outcome:
    """A 10-ary tree of actors, its leaves summed."""
    levels, bound = job.parameters["levels"], job.parameters["mailbox"]
    driver = actors.mailbox(ENOUGH)
    tree = _Tree(actors, bound, book, [])
    start = now()
    actors.spawn(_node, tree, driver, levels, 0, start if book.timed else 0)
    _, result, _ = await driver.receive()
    end = now()
    await actors.join()
    book.enter(sent=len(tree.sent), handled=1, total=result)
    return book.outcome(start, end, result=result, sum=book.sum)


class _Tree(NamedTuple):
    """What all nodes share. A node that sent adds to ``sent``: cheaper than a book entry each."""

    actors: Runtime
    bound: int
    book: Book
    sent: list[int]


async def _node(tree: _Tree, parent: Mailbox, level: int, number: int, began: int) -> None:
    """Every node makes its mailbox as it starts: nobody needs its address before that."""
    actors, bound, book, sent = tree
    own = actors.mailbox(bound)
    result = number
    if level:
        for child in range(number * 10, number * 10 + 10):
            actors.spawn(_node, tree, own, level - 1, child, now() if began else 0)
        result = 0
        for _ in range(10):
            _, value, _ = await own.receive()
            result += value
        book.enter(handled=10, total=result, pending=own.waiting())
    if began:
        book.samples.append(now() - began)
    await parent.send((number, result, began))
    sent.append(1)


async def mass_spawn(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Many actors that each answer once and then idle."""
    count, bound, state = (job.parameters[name] for name in ("actors", "mailbox", "state"))
    driver = actors.mailbox(ENOUGH)
    mailboxes: list[Mailbox] = []
    total = live = 0
    book.probe("before")
    start = now()
    for _ in range(count):
        own = actors.mailbox(bound)
        actors.spawn(_idler, own, driver, b"\x01" * state, book)
        mailboxes.append(own)
    for number, own in enumerate(mailboxes):
        await own.send((0, number, 0))
    while live < count:
        _, value, _ = await driver.receive()
        total += value + 1
        live += 1
    end = now()
    book.probe("loaded")
    for own in mailboxes:
        await own.send(STOP)
    del own, mailboxes
    await actors.join()
    book.probe("after")
    book.enter(sent=count, handled=live, total=total)
    return book.outcome(start, end, sum=book.sum, live=live)


async def _idler(own: Mailbox, driver: Mailbox, state: bytes, book: Book) -> None:  # noqa: ARG001
    """Its frame holds its state."""
    receive = own.receive
    total = sent = 0
    while True:
        _, value, _ = await receive()
        if value < 0:
            break
        total += value + 1
        await driver.send((1, value, 0))
        sent += 1
    book.enter(sent=sent, handled=sent, total=total, pending=own.waiting())


async def mailbox_fill(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Messages queued for a receiver that is held back, then drained."""
    messages = job.parameters["messages"]
    driver, gate = actors.mailbox(ENOUGH), actors.mailbox(1)
    book.probe("before")
    receiver = actors.mailbox(messages)
    actors.spawn(_held, gate, receiver, driver, book)
    start = now()
    for value in range(messages):
        await receiver.send((0, value, 0))
    book.probe("loaded")
    await gate.send(START)
    await receiver.send(STOP)
    await driver.receive()
    end = now()
    await actors.join()
    book.probe("after")
    book.enter(sent=messages)
    return book.outcome(start, end, order=book.order, sum=book.sum)


async def _held(gate: Mailbox, own: Mailbox, driver: Mailbox, book: Book) -> None:
    await gate.receive()
    await collect(own, 1, driver, book)
