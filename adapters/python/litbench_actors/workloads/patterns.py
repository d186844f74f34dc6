"""Pairs with a window, forks and joins, stars, rows, and all to all."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from litbench_actors.draws import Xorshift, work
from litbench_actors.kernel import ENOUGH, START, STOP, Book, Mailbox, Runtime
from litbench_actors.workloads.basic import broadcast, echo
from litbench_adapter import MASK, Job, Outcome, now


async def pipelined_ping_pong(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Pairs that each keep a window of messages in flight."""
    bound = job.parameters["mailbox"]
    driver = actors.mailbox(ENOUGH)
    pairs = [(actors.mailbox(bound), actors.mailbox(bound)) for _ in range(job.parameters["pairs"])]
    for left, right in pairs:
        actors.spawn(_windowed_ping, left, right, driver, job, book)
        actors.spawn(echo, right, left, book)
    start = now()
    for left, _ in pairs:
        await left.send(START)
    for _ in pairs:
        await driver.receive()
    end = now()
    for _, right in pairs:
        await right.send(STOP)
    await actors.join()
    return book.outcome(start, end, order=book.order, sum=book.sum)


async def _windowed_ping(
    own: Mailbox, other: Mailbox, driver: Mailbox, job: Job, book: Book
) -> None:
    rounds, window = job.parameters["rounds"], job.parameters["window"]
    send, receive, timed, sample = other.send, own.receive, book.timed, book.samples.append
    order = total = handled = sent = 0
    await receive()
    while sent < min(window, rounds):
        await send((0, sent, now() if timed else 0))
        sent += 1
    while handled < rounds:
        _, value, stamp = await receive()
        if timed:
            sample(now() - stamp)
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        handled += 1
        if sent < rounds:
            await send((0, sent, now() if timed else 0))
            sent += 1
    await driver.send(STOP)
    book.enter(sent=sent, handled=handled, order=order, total=total, pending=own.waiting())


async def fork_join_throughput(actors: Runtime, job: Job, book: Book) -> Outcome:
    """One dealer, many actors that each compute a little for every message."""
    count, bound = job.parameters["actors"], job.parameters["mailbox"]
    driver, dealer = actors.mailbox(ENOUGH), actors.mailbox(bound)
    receivers = [actors.mailbox(bound) for _ in range(count)]
    results: list[int] = []
    for receiver in receivers:
        actors.spawn(_computer, receiver, driver, job.parameters["work"], results, book)
    actors.spawn(broadcast, dealer, receivers, job.parameters["messages"], book)
    start = now()
    await dealer.send(START)
    for _ in range(count):
        await driver.receive()
    end = now()
    await actors.join()
    return book.outcome(start, end, order=book.order, sum=book.sum, work=sum(results))


async def _computer(
    own: Mailbox, driver: Mailbox, steps: int, results: list[int], book: Book
) -> None:
    receive = own.receive
    order = total = handled = result = 0
    while True:
        _, value, _ = await receive()
        if value < 0:
            break
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        handled += 1
        result += work(value, steps)
    results.append(result)
    await driver.send(STOP)
    book.enter(handled=handled, order=order, total=total, pending=own.waiting())


async def fork_join_create(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Spawn an actor, send it one message, let it stop; many times."""
    count, bound = job.parameters["actors"], job.parameters["mailbox"]
    driver = actors.mailbox(ENOUGH)
    stopped: list[int] = []  # append is atomic, and cheaper than a message to the driver each
    start = now()
    for number in range(count):
        own = actors.mailbox(bound)
        actors.spawn(_once, own, stopped, count, driver, book)
        await own.send((0, number, 0))
    await driver.receive()
    await actors.join()
    end = now()
    book.enter(sent=count)
    return book.outcome(start, end, sum=book.sum)


async def _once(own: Mailbox, stopped: list[int], count: int, driver: Mailbox, book: Book) -> None:
    _, value, _ = await own.receive()
    book.enter(handled=1, total=value + 1, pending=own.waiting())
    stopped.append(value)
    if len(stopped) == count:
        driver.try_send(STOP)


async def star(actors: Runtime, job: Job, book: Book) -> Outcome:
    """A hub sends to all spokes and hears from all, round after round."""
    count, bound = job.parameters["spokes"], job.parameters["mailbox"]
    driver, hub = actors.mailbox(ENOUGH), actors.mailbox(bound)
    spokes = [actors.mailbox(bound) for _ in range(count)]
    for number, spoke in enumerate(spokes):
        actors.spawn(echo, spoke, hub, book, number)
    actors.spawn(_hub, hub, spokes, job.parameters["rounds"], driver, book)
    start = now()
    await hub.send(START)
    await driver.receive()
    end = now()
    for spoke in spokes:
        await spoke.send(STOP)
    await actors.join()
    return book.outcome(start, end, order=book.order, sum=book.sum)


async def _hub(
    own: Mailbox, spokes: list[Mailbox], rounds: int, driver: Mailbox, book: Book
) -> None:
    sends, receive = [spoke.send for spoke in spokes], own.receive
    timed, sample = book.timed, book.samples.append
    orders = [0] * len(spokes)
    total = handled = began = 0
    await receive()
    for number in range(rounds):
        if timed:
            began = now()
        for send in sends:
            await send((0, number, 0))
        for _ in sends:
            spoke, value, _ = await receive()
            orders[spoke] = (orders[spoke] * 31 + value + 1) & MASK
            total += value + 1
            handled += 1
        if timed:
            sample(now() - began)
    await driver.send(STOP)
    sent = rounds * len(sends)
    book.enter(sent=sent, handled=handled, order=sum(orders), total=total, pending=own.waiting())


async def pipeline(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Every message goes through a row of stages."""
    messages, bound = job.parameters["messages"], job.parameters["mailbox"]
    driver = actors.mailbox(ENOUGH)
    row = [actors.mailbox(bound) for _ in range(job.parameters["stages"])]
    for own, following in pairwise(row):
        actors.spawn(_stage, own, following, book)
    actors.spawn(_last_stage, row[-1], driver, book)
    send, timed = row[0].send, book.timed
    sent = 0
    start = now()
    while sent < messages:
        await send((0, sent, now() if timed else 0))
        sent += 1
    await send(STOP)
    await driver.receive()
    end = now()
    await actors.join()
    book.enter(sent=sent)
    return book.outcome(start, end, order=book.order, sum=book.sum)


async def _stage(own: Mailbox, following: Mailbox, book: Book) -> None:
    receive, send = own.receive, following.send
    order = total = handled = 0
    while True:
        message = await receive()
        _, value, _ = message
        if value < 0:
            break
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        handled += 1
        await send(message)
    await send(STOP)
    book.enter(sent=handled, handled=handled, order=order, total=total, pending=own.waiting())


async def _last_stage(own: Mailbox, driver: Mailbox, book: Book) -> None:
    receive, timed, sample = own.receive, book.timed, book.samples.append
    order = total = handled = 0
    while True:
        _, value, stamp = await receive()
        if value < 0:
            break
        if timed:
            sample(now() - stamp)
        order = (order * 31 + value + 1) & MASK
        total += value + 1
        handled += 1
    await driver.send(STOP)
    book.enter(handled=handled, order=order, total=total, pending=own.waiting())


async def big(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Each actor pings actors drawn at random, and answers pings meanwhile."""
    bound = job.parameters["mailbox"]
    driver = actors.mailbox(ENOUGH)
    crowd = [actors.mailbox(bound) for _ in range(job.parameters["actors"])]
    task = _Task(crowd, job.parameters["pings"], driver)
    for number in range(len(crowd)):
        actors.spawn(_pinger, number, task, book)
    start = now()
    for own in crowd:
        await own.send(START)
    for _ in crowd:
        await driver.receive()
    end = now()
    for own in crowd:
        await own.send(STOP)
    await actors.join()
    return book.outcome(start, end, order=book.order, sum=book.sum)


class _Task(NamedTuple):
    """What all pingers share. A pong's sender is the complement of its number."""

    crowd: list[Mailbox]
    pings: int
    driver: Mailbox


async def _pinger(number: int, task: _Task, book: Book) -> None:
    crowd, pings, driver = task
    own, draw = crowd[number], Xorshift(number).draw
    receive, timed, sample = own.receive, book.timed, book.samples.append
    others = len(crowd) - 1
    orders, answers = [0] * len(crowd), [0] * len(crowd)
    total = handled = sent = pinged = 0
    while True:
        sender, value, stamp = await receive()
        if sender >= 0 and value >= 0:  # a ping
            orders[sender] = (orders[sender] * 31 + value + 1) & MASK
            total += value + 1
            handled += 1
            await crowd[sender].send((~number, value, stamp))
            sent += 1
            continue
        if value >= 0:  # a pong
            if timed:
                sample(now() - stamp)
            answers[~sender] = (answers[~sender] * 31 + value + 1) & MASK
            total += value + 1
            handled += 1
        elif value == STOP[1]:
            break
        if pinged < pings:
            drawn = (draw() >> 33) % others
            receiver = drawn if drawn < number else drawn + 1
            await crowd[receiver].send((number, pinged, now() if timed else 0))
            pinged += 1
            sent += 1
        else:
            await driver.send(STOP)
    order = sum(orders) + sum(answers)
    book.enter(sent=sent, handled=handled, order=order, total=total, pending=own.waiting())
