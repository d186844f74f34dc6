"""What a correct run of each workload comes to, in closed form."""

from __future__ import annotations

WORD = 1 << 64

Parameters = dict[str, int]
Streams = list[tuple[int, int, int, int]]  # how many equal streams, and their length, start, step


def fold(length: int, start: int = 0, step: int = 1) -> int:
    """``h`` after folding ``length`` values start, start + step, ... in O(log length).

    One step maps (h, v, 1) to (31 h + v, v + step, 1), which is linear: it is squared and
    multiplied. A power of the map is h' = a h + b v + c, v' = v + d.
    """
    h, v = 0, start + 1
    a, b, c, d = 31, 1, 0, step
    while length:
        if length & 1:
            h, v = (a * h + b * v + c) % WORD, (v + d) % WORD
        a, b, c, d = a * a % WORD, (a * b + b) % WORD, (a * c + b * d + c) % WORD, 2 * d % WORD
        length >>= 1
    return h


def triangle(length: int, start: int = 0, step: int = 1) -> int:
    """The sum of v + 1 over the values of a stream, not reduced."""
    return length * (start + 1) + step * (length * (length - 1) // 2)


class Pattern:
    """A workload with its parameters: counts, the streams it folds, and its named checks."""

    def __init__(
        self, actors: int, messages: int, streams: Streams, in_flight: int = 0, **checks: int
    ) -> None:
        self.actors = actors
        self.messages = messages
        self.streams = streams
        self.in_flight = in_flight
        self.size = 0  # what memory is a slope over
        self.samples = messages  # how many latencies an iteration has
        self.checks = {name: value % WORD for name, value in checks.items()}

    @classmethod
    def folded(
        cls, actors: int, messages: int, streams: Streams, in_flight: int = 0, **checks: int
    ) -> Pattern:
        """A workload whose receivers fold streams, with the checks ``order`` and ``sum``."""
        order = sum(count * fold(length, start, step) for count, length, start, step in streams)
        total = sum(count * triangle(length, start, step) for count, length, start, step in streams)
        return cls(actors, messages, streams, in_flight, order=order, sum=total, **checks)


def pattern(name: str, parameters: Parameters) -> Pattern:
    """The workload of that name. Raises KeyError for an unknown one or a missing parameter."""
    return PATTERNS[name](parameters)


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

TIMED = ("throughput", "latency")
SIZED = ("throughput", "memory")
MEASURES = {
    "ping-pong": TIMED,
    "counting": TIMED,
    "fan-in": TIMED,
    "fan-out": TIMED,
    "thread-ring": TIMED,
    "skynet": TIMED,
    "mass-spawn": SIZED,
    "mailbox-fill": SIZED,
    "isolated-latency": ("latency",),
}

HISTOGRAMS = {"ping-pong": "round-trip", "isolated-latency": "round-trip", "skynet": "node"}
