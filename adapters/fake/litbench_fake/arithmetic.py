"""What a correct run comes to: the folds in closed form, and what is drawn at random."""

from __future__ import annotations

WORD = 1 << 64

Parameters = dict[str, int]
Streams = list[tuple[int, int, int, int]]  # how many equal streams, and their length, start, step


def fold(length: int, start: int = 0, step: int = 1) -> int:
    """``h`` after folding ``length`` values start, start + step, ... in O(log length).

    One step maps (h, v, 1) to (31 h + v, v + step, 1), which is linear: it is squared and
    multiplied. A power of the map is h' = a h + b v + c, v' = v + d.
    """
    return _power(0, start + 1, (31, 1, 0, step), length)


def fold_blocks(offsets: list[int], width: int, length: int) -> int:
    """``h`` after folding, for base = 0, width, 2 width, ..., each base + offset below ``length``.

    A block of k values maps h to 31^k h + (the block's own fold), which is linear as well.
    """
    a, b, c = 1, 0, 0
    for offset in offsets:
        a, b, c = 31 * a, 31 * b + 1, 31 * c + offset + 1
    h = _power(0, 0, (a, b, c, width), length // width)
    for value in range(length - length % width, length):
        if value % width in offsets:
            h = (h * 31 + value + 1) % WORD
    return h


def _power(h: int, v: int, block: tuple[int, int, int, int], length: int) -> int:
    a, b, c, d = block
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
        self.state = 0  # bytes that are taken for each, besides
        self.samples = messages  # how many latencies an iteration has
        self.errored = 0  # how many handlers fail
        self.lasts = 0  # ns of an iteration, where its speed does not decide
        self.more: dict[str, int] = {}  # samples of the histograms that every measure has
        self.mailbox = 0  # the bound, where it is no parameter of that name
        self.checks = {name: value % WORD for name, value in checks.items()}

    @classmethod
    def folded(
        cls, actors: int, messages: int, streams: Streams, in_flight: int = 0, **checks: int
    ) -> Pattern:
        """A workload whose receivers fold streams, with the checks ``order`` and ``sum``."""
        order = sum(count * fold(length, start, step) for count, length, start, step in streams)
        total = sum(count * triangle(length, start, step) for count, length, start, step in streams)
        return cls(actors, messages, streams, in_flight, order=order, sum=total, **checks)


class Draws:
    """xorshift64 by the words of PROTOCOL.md, for actor number ``n``."""

    def __init__(self, n: int) -> None:
        self.x = (n + 1) * 0x9E3779B97F4A7C15 % WORD

    def next(self) -> int:
        """One step before each use."""
        self.x ^= self.x << 13 & WORD - 1
        self.x ^= self.x >> 7
        self.x ^= self.x << 17 & WORD - 1
        return self.x
