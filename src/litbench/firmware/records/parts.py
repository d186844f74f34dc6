"""What the records of all analyses are made of."""

from __future__ import annotations

from collections.abc import Sequence

from litbench import __version__
from litbench.firmware.elf import Elf
from litbench.record import (
    Instrument,
    Kind,
    Metric,
    Note,
    Record,
    Scalar,
    Status,
    Subject,
    Table,
    Workload,
    new_id,
    now,
)
from litbench.units import Unit

MAX_ROWS = 20_000  # a table keeps at most this many rows, the largest ones; the last says so

B, N = Unit.BYTES, Unit.COUNT
Column = tuple[str, Unit | None]


def in_bytes(name: str, value: int | None) -> Metric:
    """A figure in bytes; one without values where it is not known."""
    return Metric(name=name, unit=B, values=() if value is None else (value,))


def table(name: str, columns: list[Column], rows: Sequence[tuple[Scalar, ...]]) -> Table:
    """A table of at most MAX_ROWS rows; one more says how many were left out."""
    kept = tuple(rows[:MAX_ROWS])
    if len(rows) > MAX_ROWS:
        more = f"[{len(rows) - MAX_ROWS} more rows were left out]"
        kept += ((more, *(None for _ in columns[1:])),)
    return Table(
        name=name,
        columns=tuple(c for c, _ in columns),
        units=tuple(u for _, u in columns),
        rows=kept,
    )


def record(
    elf: Elf,
    what: tuple[Kind, str],
    session: str,
    metrics: list[Metric],
    tables: list[Table],
    *,
    settings: dict[str, Scalar] | None = None,
    cautions: Sequence[Note] = (),
) -> Record:
    """The record of an analysis; ``what`` is its kind and its command."""
    return Record(
        id=new_id(),
        session=session,
        kind=what[0],
        started=now(),
        subject=Subject(name=elf.path.stem, language="", runtime=elf.machine, digest=elf.digest),
        workload=Workload(name=f"firmware {what[1]}"),
        status=Status.VALID,
        metrics=tuple(metrics),
        tables=tuple(tables),
        cautions=tuple(cautions),
        instruments=(
            Instrument(name="litbench firmware", version=__version__, settings=settings or {}),
        ),
    )
