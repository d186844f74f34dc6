"""The basic patterns."""

from __future__ import annotations

from litbench_fake.arithmetic import Parameters, Pattern


def _round_trips(p: Parameters) -> Pattern:
    rounds = p["rounds"]
    found = Pattern.folded(2, 2 * rounds, [(2, rounds, 0, 1)], 1)
    found.samples = rounds
    return found


def _counting(p: Parameters) -> Pattern:
    n = p["messages"]
    return Pattern.folded(2, n, [(1, n, 0, 1)], total=n)


def _streams(count: int, p: Parameters) -> Pattern:
    n = p["messages"]
    return Pattern.folded(count + 1, count * n, [(count, n, 0, 1)])


def _thread_ring(p: Parameters) -> Pattern:
    actors, hops = p["actors"], p["hops"]
    streams = [
        (1, (hops - first + actors - 1) // actors, first, actors)
        for first in range(min(actors, hops))
    ]
    return Pattern.folded(actors, hops, streams, 1, holder=(hops - 1) % actors)


def _skynet(p: Parameters) -> Pattern:
    levels = p["levels"]
    leaves = int("1" + "0" * levels)
    nodes = (leaves * 10 - 1) // 9
    result = leaves * (leaves - 1) // 2
    return Pattern(nodes, nodes, [], result=result, sum=(levels + 1) * result)


def _mass_spawn(p: Parameters) -> Pattern:
    n = p["actors"]
    found = Pattern(n, 2 * n, [], sum=n * (n + 1), live=n)
    found.size = n
    found.state = p["state"]
    return found


def _mailbox_fill(p: Parameters) -> Pattern:
    n = p["messages"]
    found = Pattern.folded(1, n, [(1, n, 0, 1)])
    found.size = n
    return found


PATTERNS = {
    "ping-pong": _round_trips,
    "counting": _counting,
    "fan-in": lambda p: _streams(p["senders"], p),
    "fan-out": lambda p: _streams(p["receivers"], p),
    "thread-ring": _thread_ring,
    "skynet": _skynet,
    "mass-spawn": _mass_spawn,
    "mailbox-fill": _mailbox_fill,
    "isolated-latency": _round_trips,
}
