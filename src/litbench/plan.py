"""The plan: the ordered list of runs to make, seeded, interleaved and printable.

Forks go in rounds. Every round holds each combination of target, workload and measure once, in a
shuffled order, so that runs of A and B alternate and a drift of the machine picks no winner.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from litbench.catalogue import WorkloadDefinition
from litbench.errors import UsageError
from litbench.protocol import Ability, Description, Job
from litbench.record import Measure, Note

MEMORY_SIZES = 5
# A soak goes on for as many of the preset's time limits, or until its iterations come near the
# 16 MiB that a run may say.
SOAK_LIMITS = 20
SOAK_ITERATIONS = 30_000


@dataclass(frozen=True)
class Preset:
    """How much to repeat. Times are for one run. ``suite`` is what it measures unless told.

    A combination whose first fork takes longer than ``long_run_s`` gets no further one; what has
    very many actors is made smaller where an iteration is expected to take over ``longest_s``.
    """

    name: str
    forks: int
    iterations: int
    time_limit_s: float
    timeout_s: float
    meaning: str
    long_run_s: float = math.inf
    longest_s: float = math.inf
    suite: str = "default"


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("quick", 3, 10, 0.3, 300, "a first look, in minutes", long_run_s=5, longest_s=30),
        Preset("standard", 5, 30, 3, 900, "good enough to compare runtimes", longest_s=120),
        Preset("rigorous", 10, 100, 20, 1800, "for numbers that will be published"),
        Preset("lit-bit", 5, 20, 1, 300, "lit-bit against its own targets", suite="lit-bit"),
    )
}


@dataclass(frozen=True)
class Selection:
    """What to measure: one target that can do it, one workload, with all parameters.

    A ``fixed`` one has a size that the user gave: it is made as it is, or not at all.
    """

    target: str
    definition: WorkloadDefinition
    values: dict[str, int]
    measure: Measure
    threads: int
    notes: tuple[Note, ...] = ()
    fixed: bool = False

    @property
    def text(self) -> str:
        """One line for people."""
        values = " ".join(f"{name}={value}" for name, value in self.values.items())
        plural = "s" if self.threads > 1 else ""
        return (
            f"{self.target:<14} {self.definition.name:<17} {self.measure:<10}"
            f" {self.threads} thread{plural}  {values}"
        )


@dataclass(frozen=True)
class Item:
    """One run to make, and where in the plan it stands."""

    selection: Selection
    turn: int
    fork: int
    job: Job


@dataclass(frozen=True)
class Unmeasured:
    """What was asked for and cannot be measured here, with the reason and the cure."""

    target: str
    workload: str
    because: str
    cure: str = ""


@dataclass(frozen=True)
class Plan:
    """Runs in order, the seed that ordered them, and what had to be left out."""

    seed: int
    preset: Preset
    items: tuple[Item, ...]
    unmeasured: tuple[Unmeasured, ...] = field(default=())


def make(
    selections: Sequence[Selection],
    preset: Preset,
    seed: int,
    unmeasured: Iterable[Unmeasured] = (),
) -> Plan:
    """Every selection, as many forks as the preset says, in shuffled rounds.

    Sizes of one memory measurement go from small to large, in the places that the shuffle gave
    them: what a small one takes says whether a larger can be made.
    """
    shuffler = random.Random(seed)
    items: list[Item] = []
    for fork in range(preset.forks):
        order = [s for s in selections if fork == 0 or s.measure is not Measure.MEMORY]
        shuffler.shuffle(order)
        for selection in _ascending(order):
            job = _job(selection, preset, seed=shuffler.getrandbits(31))
            items.append(Item(selection, turn=len(items), fork=fork, job=job))
    return Plan(seed, preset, tuple(items), tuple(unmeasured))


def _ascending(order: Sequence[Selection]) -> list[Selection]:
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(order):
        if one.measure is Measure.MEMORY and one.definition.size is not None:
            places[one.target, one.definition.name].append(place)
    ordered = list(order)
    for taken in places.values():
        by_size = sorted((order[p] for p in taken), key=lambda s: s.values[s.definition.size or ""])
        for place, one in zip(taken, by_size, strict=True):
            ordered[place] = one
    return ordered


def _job(selection: Selection, preset: Preset, seed: int) -> Job:
    memory = selection.measure is Measure.MEMORY
    soak = selection.definition.repeats
    return Job(
        workload=selection.definition.name,
        version=selection.definition.version,
        parameters=selection.values,
        measure=selection.measure,
        iterations=SOAK_ITERATIONS if soak else 1 if memory else preset.iterations,
        time_limit_ns=round(preset.time_limit_s * 1e9 * (SOAK_LIMITS if soak else 1)),
        threads=selection.threads,
        seed=seed,
    )


def select(
    target: str,
    description: Description,
    definition: WorkloadDefinition,
    *,
    given: dict[str, int],
    measures: Sequence[Measure],
    threads: int,
    preferred: dict[str, int] | None = None,
    sizes: Sequence[int] = (),
    memory: int | None = None,
    actor_bytes: int = 0,
) -> Iterator[Selection | Unmeasured]:
    """The selections of one workload on one target, scaled to what the target can hold.

    Parameters are those ``given``, else the suite's ``preferred``, else the defaults. A memory
    measurement is a slope, so it becomes runs of several ``sizes``, by default
    ``MEMORY_SIZES`` equal steps up to the workload's size. Actors of ``actor_bytes`` each are to
    fit in ``memory`` bytes. Raises UsageError
    when a parameter was ``given`` that the target cannot hold.
    """
    ability = description.ability(definition.name)
    if ability is None:
        reasons = {missing.name: missing.because for missing in description.missing}
        because = reasons.get(definition.name, "the adapter does not have this workload")
        yield Unmeasured(target, definition.name, because)
        return
    if ability.version != definition.version:
        because = f"the adapter has version {ability.version}, not {definition.version}"
        yield Unmeasured(target, definition.name, because, cure="Rebuild the adapter.")
        return
    values, notes = _scaled(target, definition, given, preferred or {}, ability)
    notes += _fitted(definition, values, given, memory, actor_bytes)
    fixed = definition.lowered in given or definition.size in given
    threads = min(max(threads, description.threads.least), description.threads.most)
    for measure in measures:
        if measure in definition.measures and measure in ability.measures:
            for sized in _sized(definition, values, measure, sizes):
                yield Selection(target, definition, sized, measure, threads, notes, fixed)


def _scaled(
    target: str,
    definition: WorkloadDefinition,
    given: dict[str, int],
    preferred: dict[str, int],
    ability: Ability,
) -> tuple[dict[str, int], tuple[Note, ...]]:
    values = definition.values({**preferred, **given})
    notes = [Note(code="departs", message=text) for text in ability.differences]
    for name, limit in ability.limits.items():
        if values.get(name, 0) <= limit:
            continue
        if name in given:
            raise UsageError(
                f"{target} can hold at most {name}={limit} of {definition.name}: {ability.because}"
            )
        notes.append(scaled_down(name, values[name], limit, ability.because))
        values[name] = limit
    return values, tuple(notes)


def _fitted(
    definition: WorkloadDefinition,
    values: dict[str, int],
    given: dict[str, int],
    memory: int | None,
    actor_bytes: int,
) -> tuple[Note, ...]:
    """Lower ``values`` until its actors fit in ``memory`` bytes; a note when that was needed."""
    name = definition.lowered
    if name is None or memory is None or name in given:
        return ()
    before = values[name]
    while values[name] > 1 and definition.demand(values).actors * actor_bytes > memory:
        values[name] = definition.lower(values[name])
    if values[name] == before:
        return ()
    room = f"this machine has {memory / (1 << 30):.1f} GiB to spare"
    return (scaled_down(name, before, values[name], room),)


def scaled_down(name: str, before: int, after: int, because: str) -> Note:
    """The caution of a run that is smaller than its workload."""
    message = f"scaled down to {name}={after} from {before}: {because}"
    return Note(code="scaled-down", message=message)


def _sized(
    definition: WorkloadDefinition, values: dict[str, int], measure: Measure, sizes: Sequence[int]
) -> Iterator[dict[str, int]]:
    if measure is not Measure.MEMORY or definition.size is None:
        yield values
        return
    largest = values[definition.size]
    steps = [max(largest * part // MEMORY_SIZES, 1) for part in range(1, MEMORY_SIZES + 1)]
    fitting = [size for size in sizes if size <= largest]
    if len(fitting) == len(sizes) > 0:
        steps = fitting
    for size in dict.fromkeys(steps):
        yield {**values, definition.size: size}
