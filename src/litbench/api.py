"""The public functions: measure from a program, load kept runs, and make tables of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from litbench.record import Measure, Record
from litbench.records_file import read_records
from litbench.session import Observer, Request
from litbench.session import run as run_request
from litbench.store import Store

Row = dict[str, int | float | str | bool | None]


def run(
    targets: Sequence[str] = (),
    workloads: Sequence[str] = (),
    *,
    parameters: dict[str, int] | None = None,
    measures: Sequence[Measure | str] = (),
    suite: str | None = None,
    preset: str = "quick",
    forks: int | None = None,
    iterations: int | None = None,
    time_limit_s: float | None = None,
    timeout_s: float | None = None,
    threads: int | None = None,
    seed: int | None = None,
    pin: bool = True,
    sources: Mapping[str, Path | str] | None = None,
    store: Path | str | None = None,
    observer: Observer | None = None,
) -> list[Record]:
    """Measure ``targets`` with ``workloads`` and return the records, valid and invalid.

    Empty ``targets`` means all, empty ``workloads`` those of ``suite``, or else of ``preset``.
    ``sources`` has checkouts by name, for targets that need one. The runs are kept in
    ``store`` (see ``litbench.load``). Raises LitbenchError when nothing can be run.
    """
    request = Request(
        targets=tuple(targets),
        workloads=tuple(workloads),
        suite=suite,
        parameters=dict(parameters or {}),
        measures=tuple(Measure(measure) for measure in measures),
        preset=preset,
        forks=forks,
        iterations=iterations,
        time_limit_s=time_limit_s,
        timeout_s=timeout_s,
        threads=threads,
        seed=seed,
        pin=pin,
        sources={name: Path(path) for name, path in (sources or {}).items()},
    )
    return run_request(request, Path(store) if store is not None else None, observer)


def load(runs: str | Path = "last", *, store: Path | str | None = None) -> list[Record]:
    """Kept records: ``last`` session, ``all``, an identifier, or a file of JSON lines."""
    if isinstance(runs, Path) or Path(runs).is_file():
        return read_records(Path(runs))
    with Store.open(Path(store) if store is not None else None, create=False) as opened:
        return opened.find(runs)


def rows(records: Iterable[Record]) -> list[Row]:
    """One flat row an iteration: ``pandas.DataFrame(litbench.rows(records))``.

    Columns: run, session, started, kind, target, runtime, workload, version, measure, threads,
    status, fork, turn, iteration, elapsed, unit (of elapsed), sent, handled, dropped, errored,
    pending, and ``p.NAME`` for each parameter. A record without iterations has one row, without
    those values.
    """
    return [row for record in records for row in _rows_of(record)]


def _rows_of(record: Record) -> Iterable[Row]:
    common: Row = {
        "run": record.id,
        "session": record.session,
        "started": record.started,
        "kind": record.kind.value,
        "target": record.subject.name,
        "runtime": record.subject.runtime,
        "workload": record.workload.name,
        "version": record.workload.version,
        "measure": record.measure.value if record.measure else None,
        "threads": record.specification.threads if record.specification else None,
        "status": record.status.value,
        "fork": record.place.fork if record.place else None,
        "turn": record.place.turn if record.place else None,
        **{f"p.{name}": value for name, value in record.workload.parameters.items()},
    }
    if not record.iterations:
        yield {**common, "iteration": None, "elapsed": None}
    unit = record.clock.unit.value if record.clock else None
    for index, iteration in enumerate(record.iterations):
        ledger = iteration.ledger
        yield {
            **common,
            "iteration": index,
            "elapsed": iteration.elapsed,
            "unit": unit,
            "sent": ledger.sent,
            "handled": ledger.handled,
            "dropped": ledger.dropped,
            "errored": ledger.errored,
            "pending": ledger.pending,
        }
