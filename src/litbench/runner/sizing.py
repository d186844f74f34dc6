"""What would take too long, judged by what a smaller run of the same target took.

A timed workload of very many actors is tried small first, and made smaller where an iteration
would take longer than the preset allows. Memory goes from small sizes to large, and a size that
would not end before the preset's timeout is left out with all larger ones. Either is said in the
records. What a user gave is never changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import msgspec

from litbench.plan import Item, Plan, Selection, scaled_down
from litbench.record import Measure, Note, Record

MANY = 500_000  # actors from which a trial is made: with fewer, no target was seen to take minutes
SMALLER = 8  # a trial has at most this part of the actors: interpreters get slower with many


_Size = tuple[str, str, tuple[tuple[str, int], ...]]


@dataclass(frozen=True)
class _Family:
    """Memory runs that differ in their size alone."""

    target: str
    workload: str
    others: tuple[tuple[str, int], ...]


class Sizing:
    """Hears of a plan's runs, and says how large the next ones may be."""

    def __init__(self, plan: Plan) -> None:
        self._preset = plan.preset
        self._items = plan.items
        self._over: set[int] = set()  # selections that get no further run
        self._parts: dict[_Size, tuple[int, Note] | None] = {}  # what is lowered, to what, and why

    def passes_over(self, item: Item) -> bool:
        """Whether a run is not to be made."""
        return id(item.selection) in self._over

    def trial(self, item: Item) -> Item | None:
        """A small run to make first, where it is not known what the item would take."""
        chosen = item.selection
        name = chosen.definition.lowered
        if (
            name is None
            or chosen.fixed
            or _size(chosen) in self._parts
            or chosen.measure is Measure.MEMORY
            or math.isinf(self._preset.longest_s)
            or _actors(chosen) < MANY
        ):
            return None
        small = chosen
        while _actors(small) * SMALLER > _actors(chosen):
            small = _lowered(small, name)
        return _with(item, small, iterations=1)

    def tried(self, item: Item, trial: Item, record: Record) -> None:
        """Fit the size to what the trial took, in all measures alike."""
        chosen, name = item.selection, item.selection.definition.lowered
        self._parts[_size(chosen)] = None
        if name is None or not record.valid or not record.iterations:
            return
        each_s = record.iterations[0].elapsed / 1e9 / _actors(trial.selection)
        fitted = chosen
        while each_s * _actors(fitted) > self._preset.longest_s and fitted.values[name] > 1:
            fitted = _lowered(fitted, name)
        if fitted is not chosen:
            because = (
                f"by a trial with {name}={trial.selection.values[name]}, an iteration would take"
                f" {each_s * _actors(chosen):.0f} s, and preset {self._preset.name} allows"
                f" {self._preset.longest_s:g} s"
            )
            note = scaled_down(name, chosen.values[name], fitted.values[name], because)
            self._parts[_size(chosen)] = fitted.values[name], note

    def fitted(self, item: Item) -> Item:
        """The item at the size that it may have."""
        chosen = item.selection
        part = None if chosen.fixed else self._parts.get(_size(chosen))
        if part is None or chosen.measure is Measure.MEMORY:
            return item
        value, note = part
        values = {**chosen.values, chosen.definition.lowered or "": value}
        smaller = replace(chosen, values=values, notes=(*chosen.notes, note))
        return _with(item, smaller, item.job.iterations)

    def judged(self, item: Item, record: Record) -> Record:
        """Learn from a run; its record, with a word on what is left out because of it."""
        took_s = record.duration_ns / 1e9
        if took_s > self._preset.long_run_s:
            self._over.add(id(item.selection))
        left_out = self._too_large(item, took_s)
        if not left_out:
            return record
        self._over |= {id(other.selection) for other in left_out}
        size = item.selection.definition.size or ""
        least = min(other.selection.values[size] for other in left_out)
        message = (
            f"no run with {least:,} {size} or more: with {item.selection.values[size]:,} it took"
            f" {took_s:.0f} s, and a run may take {self._preset.timeout_s:g} s"
        )
        note = Note(code="sizes-left-out", message=message)
        return msgspec.structs.replace(record, cautions=(*record.cautions, note))

    def _too_large(self, item: Item, took_s: float) -> list[Item]:
        """The larger sizes of a memory run that would not end in time."""
        chosen, size = item.selection, item.selection.definition.size
        if chosen.measure is not Measure.MEMORY or size is None or chosen.fixed:
            return []
        larger = [
            other
            for other in self._items
            if _family(other) == _family(item)
            and other.selection.values[size] > chosen.values[size]
            and not self.passes_over(other)
        ]
        following = min((other.selection.values[size] for other in larger), default=0)
        expected_s = took_s * following / chosen.values[size]
        return larger if expected_s > self._preset.timeout_s else []


def _size(selection: Selection) -> _Size:
    return selection.target, selection.definition.name, tuple(sorted(selection.values.items()))


def _family(item: Item) -> _Family | None:
    chosen, size = item.selection, item.selection.definition.size
    if chosen.measure is not Measure.MEMORY or size is None:
        return None
    others = tuple(sorted((k, v) for k, v in chosen.values.items() if k != size))
    return _Family(chosen.target, chosen.definition.name, others)


def _actors(selection: Selection) -> int:
    return selection.definition.demand(selection.values).actors


def _lowered(selection: Selection, name: str) -> Selection:
    value = selection.definition.lower(selection.values[name])
    return replace(selection, values={**selection.values, name: value})


def _with(item: Item, selection: Selection, iterations: int) -> Item:
    job = msgspec.structs.replace(
        item.job, parameters=dict(selection.values), iterations=iterations
    )
    return replace(item, selection=selection, job=job)
