"""The record: everything known about one run, immutable.

It is the only meeting point of what measures (runner, firmware, captures) and what reads (stats,
compare, report), on both tracks. It keeps raw samples; every summary is computed from it again.

Format history (``Record.format``):
    1  first version
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from litbench.errors import InputError
from litbench.units import Unit

FORMAT = 1

Scalar = int | float | str | bool | None
Parameters = dict[str, int | float | str | bool]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all parts of a record share: immutable, closed to unknown fields."""


class Kind(StrEnum):
    """What made a record."""

    BENCHMARK = "benchmark"  # an adapter on this machine
    BOARD = "board"  # firmware that ran, on an emulator or on hardware
    FOOTPRINT = "footprint"  # where a firmware's bytes are
    STACK = "stack"  # a firmware's stack bound
    SCAN = "scan"  # what a firmware contains and must not
    PROFILE = "profile"  # a profiler's answer
    CAPTURE = "capture"  # a trace, logic or power capture


class Status(StrEnum):
    """Whether a run's numbers may be used."""

    VALID = "valid"
    INVALID = "invalid"


class Measure(StrEnum):
    """What a benchmark run was for; a rate is only ever taken from a ``throughput`` run."""

    THROUGHPUT = "throughput"
    LATENCY = "latency"
    MEMORY = "memory"


class Note(Part, frozen=True):
    """A machine-readable code with a sentence for people: a reason, or a caution."""

    code: str
    message: str


class Ledger(Part, frozen=True):
    """Messages of one iteration: ``sent`` = handled + dropped + errored + pending."""

    sent: int
    handled: int
    dropped: int = 0
    errored: int = 0
    pending: int = 0

    @property
    def accounted(self) -> int:
        """Messages whose fate the adapter declared."""
        return self.handled + self.dropped + self.errored + self.pending

    @property
    def balances(self) -> bool:
        """Whether every message sent has a declared fate."""
        return self.sent == self.accounted


class Iteration(Part, frozen=True):
    """One timed repetition. ``start`` and ``end`` are readings of the record's clock.

    ``checks`` holds the workload's named checksums as the adapter computed them from the messages
    it handled (unsigned 64-bit).
    """

    start: int
    end: int
    ledger: Ledger
    checks: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def elapsed(self) -> int:
        """Duration in the unit of the record's clock."""
        return self.end - self.start


class Expected(Part, frozen=True):
    """What the workload's definition says that every iteration's ledger and checks must be."""

    ledger: Ledger
    checks: dict[str, int] = msgspec.field(default_factory=dict)


class Clock(Part, frozen=True):
    """The clock that a run was timed with.

    ``cost`` and ``resolution`` are in ``unit``, calibrated in the run itself; ``hertz`` is the
    frequency where the unit is not ns and the frequency is known.
    """

    name: str
    unit: Unit = Unit.NS
    cost: float | None = None
    resolution: float | None = None
    hertz: float | None = None


class Histogram(Part, frozen=True):
    """Sparse counts with three significant digits: sorted (lowest value of the bucket, count).

    Buckets keep the top 11 bits of a value (see ``litbench.stats.histogram``).
    """

    name: str
    unit: Unit
    counts: tuple[tuple[int, int], ...]


class Metric(Part, frozen=True):
    """Named raw samples with a unit. Most metrics have one value; none is ever a summary."""

    name: str
    unit: Unit
    values: tuple[int | float, ...]


class Table(Part, frozen=True):
    """Rows that a run found: symbols, call sites, functions. ``units`` has one entry a column."""

    name: str
    columns: tuple[str, ...]
    units: tuple[Unit | None, ...]
    rows: tuple[tuple[Scalar, ...], ...]


class Subject(Part, frozen=True):
    """What was measured: an actor system on a runtime, a firmware image, a command.

    ``digest`` identifies the exact build (sources of an adapter, bytes of an ELF).
    """

    name: str
    version: str = ""
    language: str = ""
    runtime: str = ""
    runtime_version: str = ""
    digest: str = ""


class Workload(Part, frozen=True):
    """A traffic pattern with its version and the parameters that this run had."""

    name: str
    version: int = 1
    parameters: Parameters = msgspec.field(default_factory=dict)


class Specification(Part, frozen=True):
    """What the adapter really did; runs that differ here are not compared without saying so.

    ``mailbox`` is the bound in messages (0: unbounded), ``in_flight`` the most messages under way
    at once (0: as many as the mailboxes hold), ``driver`` where the timing code ran.
    """

    actors: int
    messages: int
    message_bytes: int
    in_flight: int
    mailbox: int
    threads: int
    driver: str
    batch: int = 1
    policy: str = "backpressure"


class Instrument(Part, frozen=True):
    """A tool that watched the run, with its version and settings."""

    name: str
    version: str = ""
    settings: dict[str, Scalar] = msgspec.field(default_factory=dict)


class Place(Part, frozen=True):
    """Where in its plan a run stood: the shuffle's seed, its turn, and which fork it is."""

    seed: int
    turn: int
    fork: int
    preset: str = ""


class Environment(Part, frozen=True):
    """The machine and how it was doing. Unknown facts are absent, never zero.

    ``facts`` are constant for a session (cpu, kernel, memory); ``readings`` belong to the run
    (load, steal, pressure, pinned processors).
    """

    facts: dict[str, Scalar] = msgspec.field(default_factory=dict)
    readings: dict[str, Scalar] = msgspec.field(default_factory=dict)


class Artifact(Part, frozen=True):
    """A file that a run left; ``path`` is relative to the store's artifact folder."""

    name: str
    path: str
    media_type: str
    bytes: int


class Record(Part, frozen=True):
    """Everything known about one run."""

    id: str
    session: str
    kind: Kind
    started: str
    subject: Subject
    workload: Workload
    status: Status
    format: int = FORMAT
    duration_ns: int = 0
    measure: Measure | None = None
    reasons: tuple[Note, ...] = ()
    cautions: tuple[Note, ...] = ()
    specification: Specification | None = None
    clock: Clock | None = None
    expected: Expected | None = None
    iterations: tuple[Iteration, ...] = ()
    histograms: tuple[Histogram, ...] = ()
    metrics: tuple[Metric, ...] = ()
    tables: tuple[Table, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    environment: Environment = Environment()
    place: Place | None = None
    artifacts: tuple[Artifact, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the run's numbers may be used."""
        return self.status is Status.VALID

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, or None."""
        return next((m for m in self.metrics if m.name == name), None)

    def histogram(self, name: str) -> Histogram | None:
        """The histogram of that name, or None."""
        return next((h for h in self.histograms if h.name == name), None)

    def table(self, name: str) -> Table | None:
        """The table of that name, or None."""
        return next((t for t in self.tables if t.name == name), None)


def new_id() -> str:
    """A new identifier, unique across machines, that sorts by the time it was made."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(5).hex()}"


def now() -> str:
    """The present moment in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def encode(record: Record) -> bytes:
    """The record as one JSON document."""
    return msgspec.json.encode(record)


def decode(data: bytes | str, source: str = "record") -> Record:
    """The record in one JSON document of any known format.

    Raises InputError naming ``source`` when it is not a record, or is from a newer litbench.
    """
    try:
        version = msgspec.json.decode(data, type=_Versioned).format
        if version > FORMAT:
            raise InputError(
                source,
                f"record format {version} is newer than {FORMAT}: upgrade litbench to read it",
            )
        return msgspec.json.decode(data, type=Record)
    except msgspec.MsgspecError as error:
        raise InputError(source, f"not a litbench record: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError(source, "not a litbench record: not UTF-8") from error


def to_builtins(value: Any) -> Any:
    """A record or a part of one as plain dictionaries, lists and scalars, for JSON output."""
    return msgspec.to_builtins(value)


class _Versioned(msgspec.Struct):
    format: int
