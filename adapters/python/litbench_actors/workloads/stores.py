"""Actors that keep something others want: a broker, a buffer, a map, and accounts."""

from __future__ import annotations

from typing import NamedTuple

from litbench_actors.draws import Xorshift
from litbench_actors.kernel import ENOUGH, START, STOP, Book, Mailbox, Runtime
from litbench_actors.workloads.streams import stream
from litbench_adapter import MASK, Job, Outcome, now


async def chameneos(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Creatures meet in pairs through a broker."""
    bound, meetings = job.parameters["mailbox"], job.parameters["meetings"]
    driver, broker = actors.mailbox(ENOUGH), actors.mailbox(bound)
    creatures = [actors.mailbox(bound) for _ in range(job.parameters["creatures"])]
    met: list[int] = []
    for number, own in enumerate(creatures):
        actors.spawn(_creature, number, own, broker, met, book)
    actors.spawn(_broker, broker, creatures, meetings, driver, book)
    start = now()
    for own in creatures:
        await own.send(START)
    await driver.receive()
    end = now()
    await actors.join()
    return book.outcome(start, end, meetings=sum(met), sum=book.sum)


async def _creature(number: int, own: Mailbox, broker: Mailbox, met: list[int], book: Book) -> None:
    receive, send = own.receive, broker.send
    colour = number % 3
    total = meetings = 0
    await receive()
    while True:
        await send((number, colour, 0))
        _, value, _ = await receive()
        if value < 0:
            break
        total += (value >> 2) + 1
        meetings += 1
        other = value & 3
        if other != colour:
            colour = 3 - colour - other
    met.append(meetings)
    book.enter(sent=meetings + 1, handled=meetings, total=total, pending=own.waiting())


async def _broker(
    own: Mailbox, creatures: list[Mailbox], meetings: int, driver: Mailbox, book: Book
) -> None:
    receive, sends = own.receive, [creature.send for creature in creatures]
    for number in range(meetings):
        first, its_colour, _ = await receive()
        second, colour, _ = await receive()
        await sends[first]((0, number << 2 | colour, 0))
        await sends[second]((0, number << 2 | its_colour, 0))
    for _ in sends:
        creature, _, _ = await receive()
        await sends[creature](STOP)
    await driver.send(STOP)
    sent = 2 * meetings
    book.enter(sent=sent, handled=sent + len(sends), pending=own.waiting())


async def bounded_buffer(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Producers and consumers on either side of one actor's bounded mailbox."""
    bound, items = job.parameters["buffer"], job.parameters["items"]
    driver, buffer = actors.mailbox(ENOUGH), actors.mailbox(bound)
    producers = [actors.mailbox(bound) for _ in range(job.parameters["producers"])]
    consumers = [actors.mailbox(bound) for _ in range(job.parameters["consumers"])]
    consumed: list[int] = []
    for own in consumers:
        actors.spawn(_consumer, own, driver, consumed, book)
    actors.spawn(_buffer, buffer, len(producers), consumers, book)
    for number, own in enumerate(producers):
        actors.spawn(_producer, number, own, buffer, items, book)
    start = now()
    for own in producers:
        await own.send(START)
    for _ in consumers:
        await driver.receive()
    end = now()
    await actors.join()
    return book.outcome(start, end, order=book.order, sum=book.sum, items=sum(consumed))


async def _producer(number: int, own: Mailbox, buffer: Mailbox, items: int, book: Book) -> None:
    await own.receive()
    sent = await stream(number, buffer, items, timed=False)
    book.enter(sent=sent)


async def _buffer(own: Mailbox, producers: int, consumers: list[Mailbox], book: Book) -> None:
    receive, sends = own.receive, [consumer.send for consumer in consumers]
    orders = [0] * producers
    total = handled = 0
    while producers:
        producer, value, _ = await receive()
        if value < 0:
            producers -= 1
            continue
        orders[producer] = (orders[producer] * 31 + value + 1) & MASK
        total += value + 1
        await sends[handled % len(sends)]((producer, value, 0))
        handled += 1
    for send in sends:
        await send(STOP)
    order = sum(orders)
    book.enter(sent=handled, handled=handled, order=order, total=total, pending=own.waiting())


async def _consumer(own: Mailbox, driver: Mailbox, consumed: list[int], book: Book) -> None:
    receive = own.receive
    total = handled = 0
    while True:
        _, value, _ = await receive()
        if value < 0:
            break
        total += value + 1
        handled += 1
    consumed.append(handled)
    await driver.send(STOP)
    book.enter(handled=handled, total=total, pending=own.waiting())


async def dictionary(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Workers read and write a map that one actor holds."""
    count, bound = job.parameters["workers"], job.parameters["mailbox"]
    driver, store = actors.mailbox(ENOUGH), actors.mailbox(bound)
    workers = [actors.mailbox(bound) for _ in range(count)]
    held: dict[int, int] = {}
    asking = _Asking(workers, store, driver, [])
    actors.spawn(_store, store, workers, held, book)
    for number in range(count):
        actors.spawn(_worker, number, asking, job, book)
    start = now()
    for own in workers:
        await own.send(START)
    for _ in workers:
        await driver.receive()
    end = now()
    await store.send(STOP)
    await actors.join()
    final = sum((key + 1) * value for key, value in held.items())
    return book.outcome(start, end, final=final, replies=sum(asking.replies))


class _Asking(NamedTuple):
    """What all workers share; each adds the sum of the answers that it got."""

    workers: list[Mailbox]
    store: Mailbox
    driver: Mailbox
    replies: list[int]


async def _store(own: Mailbox, workers: list[Mailbox], held: dict[int, int], book: Book) -> None:
    receive, sends = own.receive, [worker.send for worker in workers]
    handled = 0
    while True:
        worker, value, stamp = await receive()
        if value < 0:
            break
        key = value >> 32 & 0x7FFFFFFF
        if value >> 63:
            held[key] = value & 0xFFFFFFFF
        handled += 1
        await sends[worker]((0, held.get(key, 0), stamp))
    book.enter(sent=handled, handled=handled, pending=own.waiting())


async def _worker(number: int, asking: _Asking, job: Job, book: Book) -> None:
    workers, store, driver, replies = asking
    own, draw = workers[number], Xorshift(number).draw
    requests, writes = job.parameters["requests"], job.parameters["writes"]
    send, receive, timed, sample = store.send, own.receive, book.timed, book.samples.append
    answers = sent = 0
    await receive()
    while sent < requests:
        x = draw()
        key = (x >> 16) % 512 * len(workers) + number
        sent += 1
        write = 1 if (x >> 33) % 100 < writes else 0
        await send((number, write << 63 | key << 32 | sent, now() if timed else 0))
        _, value, stamp = await receive()
        if timed:
            sample(now() - stamp)
        answers += value
    replies.append(answers)
    await driver.send(STOP)
    book.enter(sent=sent, handled=sent, pending=own.waiting())


DEBIT, CREDIT, DONE = (stage << 60 for stage in range(3))  # | the other account << 16 | amount
OPENING_BALANCE = 1_000_000


async def banking(actors: Runtime, job: Job, book: Book) -> Outcome:
    """Transfers of money between accounts, through a teller."""
    count, bound = job.parameters["accounts"], job.parameters["mailbox"]
    driver, teller = actors.mailbox(ENOUGH), actors.mailbox(bound)
    accounts = [actors.mailbox(bound) for _ in range(count)]
    balances = [0] * count
    for number in range(count):
        actors.spawn(_account, number, accounts, teller, balances, book)
    actors.spawn(_teller, teller, accounts, driver, job, book)
    start = now()
    await teller.send(START)
    await driver.receive()
    end = now()
    for own in accounts:
        await own.send(STOP)
    await actors.join()
    weighted = sum((i + 1) * balance for i, balance in enumerate(balances))
    return book.outcome(start, end, total=sum(balances), balances=weighted)


async def _teller(
    own: Mailbox, accounts: list[Mailbox], driver: Mailbox, job: Job, book: Book
) -> None:
    transfers, window = job.parameters["transfers"], job.parameters["window"]
    draw, count = Xorshift(0).draw, len(accounts)
    receive, timed, sample = own.receive, book.timed, book.samples.append
    handled = sent = 0
    await receive()
    while handled < transfers:
        if sent < transfers and sent - handled < window:
            x = draw()
            source = (x >> 33) % count
            to = (source + 1 + (x >> 13 & 0xFFFFF) % (count - 1)) % count
            amount = (x & 0xFF) + 1
            await accounts[source].send((0, DEBIT | to << 16 | amount, now() if timed else 0))
            sent += 1
            continue
        _, _, stamp = await receive()
        if timed:
            sample(now() - stamp)
        handled += 1
    await driver.send(STOP)
    book.enter(sent=sent, handled=handled, pending=own.waiting())


async def _account(
    number: int, accounts: list[Mailbox], teller: Mailbox, balances: list[int], book: Book
) -> None:
    own = accounts[number]
    receive = own.receive
    balance, handled = OPENING_BALANCE, 0
    while True:
        _, value, stamp = await receive()
        if value < 0:
            break
        other, amount = value >> 16 & 0xFFFFF, value & 0xFFFF
        handled += 1
        if value >= DONE:
            await teller.send((number, value, stamp))
        elif value >= CREDIT:
            balance += amount
            await accounts[other].send((number, DONE | number << 16 | amount, stamp))
        else:
            balance -= amount
            await accounts[other].send((number, CREDIT | number << 16 | amount, stamp))
    balances[number] = balance
    book.enter(sent=handled, handled=handled, pending=own.waiting())
