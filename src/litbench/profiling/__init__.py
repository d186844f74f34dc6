"""Profiles: from a question about a target or a command to records in the store.

    question -> instruments that can be used here -> a plain run -> a watched run each -> records

A profile's record carries no rate: an instrumented run is never shown as throughput. How much the
instrument slowed the program down is stated instead, against a plain run of the same work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from litbench.errors import LitbenchError
from litbench.instruments.base import Answer, Instrument, Question, Region, Watched
from litbench.instruments.choose import Choice, choices, unanswered
from litbench.profiling.files import Pictures, with_files, with_pictures, work_folder
from litbench.profiling.request import Observer, ProfileRequest
from litbench.profiling.runtime_load import of_worker, workers_table
from litbench.profiling.work import CommandWork, TargetWork
from litbench.record import Instrument as Watcher
from litbench.record import Kind, Metric, Record, new_id, now
from litbench.store import Session, Store
from litbench.units import Unit

__all__ = ["Observer", "Pictures", "ProfileRequest", "Question", "profile"]

# A command that is over sooner says nothing about how much an instrument slows it down.
SHORT_S = 0.05
# What a part of a question may take by itself, unless its tool is asked for by name.
PATIENCE_S = 300.0


def profile(
    request: ProfileRequest,
    store: Store,
    observer: Observer | None = None,
    pictures: Pictures = lambda _: (),
    command_line: Sequence[str] = (),
) -> list[Record]:
    """Answer a question; every record is in the store when it is returned.

    Raises MissingToolError when no tool here can answer it, UsageError when the request is wrong.
    """
    from litbench import __version__

    observer = observer or Observer()
    session = Session(
        id=new_id(), started=now(), command=tuple(command_line), version=__version__,
        settings={"question": str(request.question)},
    )  # fmt: skip
    work = TargetWork(request, session.id, store) if request.target else None
    runs = work or CommandWork(request, session.id)
    store.artifacts.mkdir(parents=True, exist_ok=True)
    chosen = list(choices(request.question, runs.program(Path()), request.tool))
    if not request.tool:
        for part in unanswered(request.question, runs.program(Path())):
            observer.left_out(part.text)
    store.add_session(session)
    records: list[Record] = []
    for choice in chosen:
        if (told := _takes_too_long(request, choice, runs, observer)) and records:
            observer.left_out(told)
            continue
        for tool, obstacle in choice.passed_over:
            observer.left_out(
                f"{choice.instrument.tool} is used instead of {tool}: {obstacle.text}"
            )
        with work_folder(store.artifacts) as folder:
            record = _profile_once(request, choice, runs, folder, observer)
            record = with_files(record, runs.files, store.artifacts)
            record = with_pictures(record, pictures, store.artifacts)
        store.add(record)
        records.append(record)
    return records


def _takes_too_long(
    request: ProfileRequest, choice: Choice, runs: TargetWork | CommandWork, observer: Observer
) -> str:
    """Why a slow tool is left out of a question's later parts; empty when it is not.

    A target's work is cut to size for each tool; a command takes as long as it takes.
    """
    kind = choice.instrument
    if request.tool or request.target or not request.plain:
        return ""
    plain = runs.plain(kind, observer)
    if plain is None or plain * kind.slows <= PATIENCE_S:
        return ""
    return (
        f"{kind.tool} would take about {plain * kind.slows / 60:.0f} minutes on this command:"
        f" ask for it with --tool {kind.tool}"
    )


def _profile_once(
    request: ProfileRequest,
    choice: Choice,
    runs: TargetWork | CommandWork,
    folder: Path,
    observer: Observer,
) -> Record:
    kind = choice.instrument
    plain = None
    if request.plain and not kind.over_sizes:
        plain = runs.plain(kind, observer)
    instrument = kind(runs.program(folder))
    observer.running(kind.tool)
    record, watched = runs.watched(instrument)
    answer = _collect(instrument, watched)
    runs.files = [(f.name, f.path, f.media_type) for f in answer.files]
    answer.settings |= {"question": str(request.question), "region": str(answer.region)}
    watcher = Watcher(name=kind.tool, version=instrument.version, settings=answer.settings)
    for tool, obstacle in choice.passed_over:
        answer.caution("next-best-tool", f"{kind.tool} instead of {tool}: {obstacle.missing}")
    if request.target and answer.region is not Region.MEASURED:
        message = f"{kind.tool} cannot be switched: set-up and tear-down are in the numbers"
        answer.caution("region-whole-process", message)
    seconds = runs.seconds(record)
    extra = list(answer.metrics)
    if plain and seconds and (request.target or plain >= SHORT_S):
        extra.append(Metric(name="slow-down", unit=Unit.RATIO, values=(seconds / plain,)))
    return msgspec.structs.replace(
        record,
        kind=Kind.PROFILE,
        measure=None,
        cautions=(*record.cautions, *answer.cautions),
        histograms=(*record.histograms, *answer.histograms),
        metrics=(*_own(record), *_costs(answer, watched.handled), *extra),
        tables=(*record.tables, *workers_table(record.metrics), *answer.tables),
        instruments=(watcher,),
    )


def _collect(instrument: Instrument, watched: Watched) -> Answer:
    """The answer; where the tool's output is broken, what is wrong with it instead."""
    try:
        return instrument.collect(watched)
    except LitbenchError as error:
        answer = Answer()
        answer.caution("no-answer", str(error))
        return answer


def _own(record: Record) -> Iterator[Metric]:
    """What the adapter sent itself; its counting allocator is summed up per message."""
    yield from (m for m in record.metrics if not of_worker(m))
    handled = [i.ledger.handled for i in record.iterations]
    for name in ("allocations", "allocated"):
        counted = record.metric(name)
        if record.valid and counted and len(counted.values) == len(handled) and all(handled):
            ratios = tuple(v / n for v, n in zip(counted.values, handled, strict=True))
            yield Metric(name=f"counted-{name}-per-message", unit=counted.unit, values=ratios)


def _costs(answer: Answer, handled: int | None) -> Iterator[Metric]:
    """Every cost of the region, and divided by the messages that the ledger proves."""
    for name, (unit, amount) in answer.totals.items():
        yield Metric(name=f"{name}-total", unit=unit, values=(amount,))
        if handled:
            yield Metric(name=f"{name}-per-message", unit=unit, values=(amount / handled,))
    if handled:
        yield Metric(name="messages", unit=Unit.MESSAGES, values=(handled,))
