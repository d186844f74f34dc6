"""Pairs, trees and stores."""

from __future__ import annotations

from litbench_fake.arithmetic import WORD, Draws, Parameters, Pattern, fold, triangle


def _pipelined(p: Parameters) -> Pattern:
    pairs, rounds = p["pairs"], p["rounds"]
    streams = [(2 * pairs, rounds, 0, 1)]
    found = Pattern.folded(2 * pairs, 2 * pairs * rounds, streams, pairs * p["window"])
    found.samples = pairs * rounds
    return found


def _fork_join(p: Parameters) -> Pattern:
    actors, n, steps = p["actors"], p["messages"], p["work"]
    # work(v, k) = a^k v + c (a^(k-1) + ... + 1): summed over v = 0 .. n - 1
    a = 6364136223846793005
    slope, offset = pow(a, steps, WORD), 0
    for _ in range(steps):
        offset = (a * offset + 1442695040888963407) % WORD
    work = actors * (slope * (n * (n - 1) // 2) + n * offset)
    return Pattern.folded(actors + 1, actors * n, [(actors, n, 0, 1)], work=work)


def _fork_join_create(p: Parameters) -> Pattern:
    n = p["actors"]
    return Pattern(n, n, [], sum=n * (n + 1) // 2)


def _star(p: Parameters) -> Pattern:
    spokes, rounds = p["spokes"], p["rounds"]
    messages = 2 * spokes * rounds
    found = Pattern.folded(spokes + 1, messages, [(2 * spokes, rounds, 0, 1)], spokes)
    found.samples = rounds
    return found


def _pipeline(p: Parameters) -> Pattern:
    stages, n = p["stages"], p["messages"]
    found = Pattern.folded(stages, stages * n, [(stages, n, 0, 1)])
    found.samples = n
    return found


def _big(p: Parameters) -> Pattern:
    actors, pings = p["actors"], p["pings"]
    pairs: dict[tuple[int, int], int] = {}
    for sender in range(actors):
        draws = Draws(sender)
        for value in range(pings):
            receiver = (draws.next() >> 33) % (actors - 1)
            receiver += receiver >= sender
            h = pairs.get((receiver, sender), 0)
            pairs[receiver, sender] = (31 * h + value + 1) % WORD
    total = 2 * actors * triangle(pings)
    # what a ping's receiver folds, its sender folds again when the value comes back
    found = Pattern(
        actors, 2 * actors * pings, [], actors, order=2 * sum(pairs.values()), sum=total
    )
    found.samples = actors * pings
    return found


def _chameneos(p: Parameters) -> Pattern:
    creatures, n = p["creatures"], p["meetings"]
    return Pattern(creatures + 1, 4 * n + creatures, [], meetings=2 * n, sum=n * (n + 1))


def _bounded_buffer(p: Parameters) -> Pattern:
    producers, items = p["producers"], p["items"]
    messages = 2 * producers * items
    found = Pattern(
        producers + p["consumers"] + 1,
        messages,
        [(producers, items, 0, 1)],
        order=producers * fold(items),
        sum=2 * producers * triangle(items),
        items=producers * items,
    )
    found.mailbox = p["buffer"]
    return found


def _dictionary(p: Parameters) -> Pattern:
    workers, requests = p["workers"], p["requests"]
    held: dict[int, int] = {}
    replies = 0
    for worker in range(workers):
        draws = Draws(worker)
        for number in range(1, requests + 1):
            x = draws.next()
            key = ((x >> 16) % 512) * workers + worker
            if (x >> 33) % 100 < p["writes"]:
                held[key] = number
            replies += held.get(key, 0)
    final = sum((key + 1) * value for key, value in held.items())
    messages = 2 * workers * requests
    found = Pattern(workers + 1, messages, [], workers, final=final, replies=replies)
    found.samples = workers * requests
    return found


def _banking(p: Parameters) -> Pattern:
    accounts, transfers = p["accounts"], p["transfers"]
    opening = 1_000_000
    # transfers move money, so the weighted sum alone need be followed
    weighted = opening * (accounts * (accounts + 1) // 2)
    draws = Draws(0)
    for _ in range(transfers):
        x = draws.next()
        source = (x >> 33) % accounts
        to = (source + 1 + ((x >> 13) & 0xFFFFF) % (accounts - 1)) % accounts
        weighted += (to - source) * ((x & 0xFF) + 1)
    total = opening * accounts
    found = Pattern(accounts + 1, 4 * transfers, [], p["window"], total=total, balances=weighted)
    found.samples = transfers
    return found


PATTERNS = {
    "pipelined-ping-pong": _pipelined,
    "fork-join-throughput": _fork_join,
    "fork-join-create": _fork_join_create,
    "star": _star,
    "pipeline": _pipeline,
    "big": _big,
    "chameneos": _chameneos,
    "bounded-buffer": _bounded_buffer,
    "dictionary": _dictionary,
    "banking": _banking,
}
