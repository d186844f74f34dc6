"""The report as plain data: everything that a format shows, and nothing about how.

Numbers stay numbers with their units; ``report.phrases`` turns them into words, the same ones for
every format.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

import msgspec

from litbench.record import Kind, Metric, Note, Parameters, Record, Scalar, Table
from litbench.stats.fairness import Fairness
from litbench.stats.interval import Interval
from litbench.stats.memory import Memory
from litbench.stats.quantity import Quantity
from litbench.stats.ranking import Standing
from litbench.stats.summary import Latency, Throughput
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What all parts of a report share."""


class Row(Part, frozen=True):
    """One configuration in a ranking. ``notes`` are indices into the ranking's notes.

    ``label`` tells rows apart; ``configuration`` is the same without the number of threads.
    ``throughput`` and ``latencies`` are None where no run was for them. ``part`` is the throughput
    over the best one, with the interval of that ratio. A ``rescaled`` row ran with
    other parameters than its ranking has; ``differs`` says what was otherwise in its specification.
    """

    target: str
    label: str
    configuration: str
    threads: int | None
    throughput: Throughput | Undetermined | None
    latencies: tuple[Latency, ...] | Undetermined | None
    standing: Standing
    part: float | None
    part_interval: Interval | None
    rescaled: bool
    differs: tuple[str, ...]
    fairness: Fairness | Undetermined | None
    notes: tuple[int, ...]
    runs: tuple[str, ...]
    valid: int
    invalid: int
    reasons: tuple[Note, ...] = ()

    @property
    def latency(self) -> Latency | Undetermined | None:
        """The latency of the workload's own histogram."""
        return self.latencies[0] if isinstance(self.latencies, tuple) else self.latencies


class Ranking(Part, frozen=True):
    """The A/B table of one workload with one set of parameters, on one kind of clock.

    ``title`` is the workload with what tells this ranking from others of it; ``notes`` are of
    single rows, ``remarks`` of all of them.
    """

    anchor: str
    title: str
    workload: str
    version: int
    summary: str
    parameters: Parameters
    work_unit: Unit
    per: Unit
    clock: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    remarks: tuple[str, ...] = ()


class MemoryRow(Part, frozen=True):
    """One reading of one target over sizes."""

    target: str
    label: str
    memory: Memory
    notes: tuple[int, ...] = ()


class MemoryTable(Part, frozen=True):
    """What actors or messages of one workload cost in memory."""

    anchor: str
    workload: str
    version: int
    summary: str
    parameters: Parameters
    rows: tuple[MemoryRow, ...]
    notes: tuple[str, ...]


class SweepPoint(Part, frozen=True):
    """One value of a sweep, with its interval where it has one, and its figures in words."""

    at: int
    value: float
    low: float | None
    high: float | None
    cells: tuple[str, ...]


class SweepRow(Part, frozen=True):
    """One configuration over a sweep."""

    target: str
    label: str
    points: tuple[SweepPoint, ...]


class Claim(Part, frozen=True):
    """A published value to see measured ones beside, in the unit of its sweep."""

    label: str
    value: float


class Sweep(Part, frozen=True):
    """``value`` in ``unit`` as something (``over``) is swept; actors and messages are a rate.

    ``columns`` name the cells, ``figure`` is the title of the chart.
    """

    anchor: str
    title: str
    figure: str
    summary: str
    over: str
    value: str
    unit: Unit
    columns: tuple[str, ...]
    rows: tuple[SweepRow, ...]
    claims: tuple[Claim, ...] = ()


class Verdict(StrEnum):
    """Whether a goal is met."""

    PASS = "pass"  # noqa: S105 (no password)
    FAIL = "fail"
    UNDETERMINED = "undetermined"


class GoalRow(Part, frozen=True):
    """A goal as it was ``stated``, beside what was measured on one target."""

    name: str
    kind: str
    stated: str
    target: str
    version: str
    workload: str
    quantity: str
    parameters: Parameters
    relation: str
    limit: float
    measured: Quantity | Undetermined
    verdict: Verdict
    notes: tuple[int, ...] = ()


class GoalTable(Part, frozen=True):
    """A project's goals beside what was measured."""

    anchor: str
    title: str
    about: str
    rows: tuple[GoalRow, ...]
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def verdicts(self) -> dict[Verdict, int]:
        """How many rows have each verdict; those that do not occur are left out."""
        counts = Counter(row.verdict for row in self.rows)
        return {verdict: counts[verdict] for verdict in Verdict if verdict in counts}


class Sheet(Part, frozen=True):
    """A table in words: the first column is text, the others are figures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


class Span(Part, frozen=True):
    """Something that lasted on a board's time line."""

    track: str
    start: int
    end: int


class Board(Part, frozen=True):
    """What one run of a firmware found: tables, and a time line where it kept events."""

    anchor: str
    title: str
    target: str
    unit: Unit | None
    valid: bool
    notes: tuple[Note, ...]
    sheets: tuple[Sheet, ...]
    spans: tuple[Span, ...] = ()


class Tile(Part, frozen=True):
    """A rectangle of a tree map: ``value`` bytes of ``name``, which belongs to ``group``."""

    name: str
    group: str
    value: int


class Image(Part, frozen=True):
    """What one analysis of a firmware image found: figures, tables of it, and bytes as tiles.

    ``shown`` names the tables that are for reading at a glance; the others are for looking up.
    """

    anchor: str
    title: str
    target: str
    figures: tuple[Metric, ...]
    tables: tuple[Table, ...]
    shown: tuple[str, ...]
    tiles: tuple[Tile, ...]
    notes: tuple[str, ...]


class Fact(Part, frozen=True):
    """Something about the machine; more than one value when the runs do not agree."""

    name: str
    values: tuple[Scalar, ...]


class Section(Part, frozen=True):
    """Names and values of one aspect of a run."""

    title: str
    items: tuple[tuple[str, str], ...]


class Run(Part, frozen=True):
    """One run in full, for whoever wants to know what happened in it."""

    id: str
    kind: Kind
    target: str
    workload: str
    measure: str
    started: str
    valid: bool
    reasons: tuple[Note, ...]
    cautions: tuple[Note, ...]
    sections: tuple[Section, ...]


class Report(Part, frozen=True):
    """Everything that a report shows. A target's place in ``targets`` gives it its colour.

    ``beside`` has workloads that were measured on clocks that cannot be compared.
    """

    title: str
    first: str
    last: str
    sessions: tuple[str, ...]
    targets: tuple[str, ...]
    valid: int
    invalid: int
    warnings: tuple[str, ...]
    rankings: tuple[Ranking, ...]
    sweeps: tuple[Sweep, ...]
    memory: tuple[MemoryTable, ...]
    images: tuple[Image, ...]
    goals: tuple[GoalTable, ...]
    boards: tuple[Board, ...]
    environment: tuple[Fact, ...]
    runs: tuple[Run, ...]
    profiles: tuple[Record, ...] = ()
    beside: tuple[Sheet, ...] = ()
