"""Sampled stacks, added up in bounded memory."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DEPTH_LIMIT = 200
# Distinct stacks and frames kept; a hostile or endless trace cannot grow beyond them.
STACKS_LIMIT = 150_000
FRAMES_LIMIT = 200_000
NAME_LIMIT = 500
OTHER = ("[other]", "")

Place = tuple[str, str]
"""A function and its module."""


@dataclass(frozen=True)
class Weighed:
    """A thread's stack, innermost first, with the weight of its samples and their number."""

    thread: str
    tid: int
    stack: tuple[Place, ...]
    weight: int
    samples: int


class Stacks:
    """Adds up weights by thread and stack. Equal functions and stacks are stored once."""

    def __init__(self) -> None:
        self.samples = 0
        self.weight = 0
        self.truncated = False
        self._numbers: dict[Place, int] = {OTHER: 0}
        self._places: list[Place] = [OTHER]
        self._threads: dict[int, str] = {}
        self._sums: dict[tuple[int, bytes], list[int]] = {}

    def add(
        self, thread: str, tid: int, stack: Sequence[Place], weight: int, samples: int = 1
    ) -> None:
        """Count samples of one stack, innermost frame first; ``weight`` is that of all of them."""
        self.samples += samples
        self.weight += weight
        if len(self._threads) < FRAMES_LIMIT:
            self._threads[tid] = thread
        numbers = array("I", [self._number(place) for place in stack[:DEPTH_LIMIT]])
        key = (tid, numbers.tobytes())
        found = self._sums.get(key)
        if found is None:
            if len(self._sums) >= STACKS_LIMIT:
                self.truncated = True
                key = (tid, numbers[:1].tobytes())
            found = self._sums.setdefault(key, [0, 0])
        found[0] += weight
        found[1] += samples

    def _number(self, place: Place) -> int:
        number = self._numbers.get(place)
        if number is None:
            if len(self._places) >= FRAMES_LIMIT:
                self.truncated = True
                return 0
            place = (place[0][:NAME_LIMIT], place[1][:NAME_LIMIT])
            number = self._numbers.setdefault(place, len(self._places))
            if number == len(self._places):
                self._places.append(place)
        return number

    def __iter__(self) -> Iterator[Weighed]:
        """Every distinct stack, heaviest first."""
        for (tid, key), (weight, samples) in sorted(
            self._sums.items(), key=lambda item: (-item[1][0], item[0])
        ):
            numbers = array("I")
            numbers.frombytes(key)
            stack = tuple(self._places[number] for number in numbers)
            yield Weighed(self._threads.get(tid, ""), tid, stack, weight, samples)

    def by_function(self) -> list[tuple[Place, int, int]]:
        """(function, own weight, weight with callees), most own weight first.

        A function that is in a stack more than once counts once.
        """
        own: dict[Place, int] = defaultdict(int)
        total: dict[Place, int] = defaultdict(int)
        for each in self:
            if each.stack:
                own[each.stack[0]] += each.weight
            for place in set(each.stack):
                total[place] += each.weight
        return sorted(
            ((place, own[place], total[place]) for place in total),
            key=lambda row: (-row[1], -row[2], row[0]),
        )

    def by_thread(self) -> list[tuple[str, int, int, int]]:
        """(thread, tid, weight, samples), heaviest first."""
        sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for (tid, _), (weight, samples) in self._sums.items():
            sums[tid][0] += weight
            sums[tid][1] += samples
        rows = [(self._threads.get(tid, ""), tid, w, s) for tid, (w, s) in sums.items()]
        return sorted(rows, key=lambda row: (-row[2], row[1]))
