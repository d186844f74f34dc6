"""Profiles: from a question about a target or a command to records in the store.

    question -> instruments that can be used here -> a plain run -> a watched run each -> records

A profile's record carries no rate: an instrumented run is never shown as throughput. How much the
instrument slowed the program down is stated instead, against a plain run of the same work.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import msgspec

from litbench.catalogue import workload
from litbench.environment import Reading, environment, machine_facts, readings_between
from litbench.environment import usable_cpu_count as cpu_count
from litbench.errors import LitbenchError, UsageError
from litbench.instruments.base import NOTHING, Answer, Instrument, Program, Question, Watched
from litbench.instruments.choose import Choice, choices, unanswered
from litbench.instruments.tools import program_path
from litbench.plan import PRESETS, Item, Plan, Selection, Unmeasured, make, select
from litbench.record import (
    Artifact,
    Kind,
    Measure,
    Metric,
    Note,
    Record,
    Status,
    Subject,
    Workload,
    new_id,
    now,
)
from litbench.record import Instrument as Watcher
from litbench.runner.command import Outcome, run_command
from litbench.runner.run import Prepared, Setting, run_item
from litbench.store import Session, Store
from litbench.targets import build, describe, find_target
from litbench.targets.manifest import all_targets
from litbench.units import Unit

COMMAND_TIMEOUT_S = 1800.0
# A command that is over sooner says nothing about how much an instrument slows it down.
SHORT_S = 0.05
# What a part of a question may take by itself, unless its tool is asked for by name.
PATIENCE_S = 300.0

Pictures = Callable[[Record], Sequence[tuple[str, str, str]]]
"""Draws a record: (file name, media type, text) for each picture."""


@dataclass(frozen=True)
class ProfileRequest:
    """What to find out, about a target with a workload or about a command.

    ``messages`` is what a command handles, if the user knows: costs are divided by it. ``plain``
    is whether to run once without instruments, to state the slow-down.
    """

    question: Question
    target: str = ""
    workload: str = ""
    command: tuple[str, ...] = ()
    parameters: dict[str, int] = field(default_factory=dict)
    threads: int | None = None
    iterations: int | None = None
    time_limit_s: float | None = None
    timeout_s: float | None = None
    tool: str | None = None
    messages: int | None = None
    rules: tuple[Path, ...] = ()
    plain: bool = True
    pin: bool = True
    seed: int = 1


class Observer:
    """Hears how a profile goes. This one says nothing."""

    def left_out(self, what: str) -> None:
        """A part of the question cannot be answered here, or a better tool is missing."""

    def running(self, tool: str) -> None:
        """A run begins; an empty ``tool`` is the plain run."""


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
    work = _TargetWork(request, session.id, store) if request.target else None
    runs = work or _CommandWork(request, session.id)
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
        with _work_folder(store.artifacts) as folder:
            record = _profile_once(request, choice, runs, folder, observer)
            record = _with_files(record, runs.files, store.artifacts)
            record = _with_pictures(record, pictures, store.artifacts)
        store.add(record)
        records.append(record)
    return records


def _takes_too_long(
    request: ProfileRequest, choice: Choice, runs: _TargetWork | _CommandWork, observer: Observer
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
    runs: _TargetWork | _CommandWork,
    folder: Path,
    observer: Observer,
) -> Record:
    kind = choice.instrument
    plain = None
    if request.plain:
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
    if request.target and answer.region != "go..finish":
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
        tables=(*record.tables, *answer.tables),
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
    yield from record.metrics
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


class _CommandWork:
    """Runs of a user's command."""

    def __init__(self, request: ProfileRequest, session: str) -> None:
        if not request.command:
            raise UsageError("nothing to profile: name a target, or give a command after `--`")
        if not shutil.which(request.command[0]):
            raise UsageError(f"no program {request.command[0]!r} here")
        self.request = request
        self.session = session
        self.files: list[tuple[str, Path, str]] = []
        self._facts = machine_facts()
        self._plain: float | None = None
        self._outcome: Outcome | None = None

    def program(self, folder: Path) -> Program:
        return Program(self.request.command, folder.absolute(), rules=self.request.rules)

    def plain(self, kind: type[Instrument], observer: Observer) -> float | None:  # noqa: ARG002
        if self._plain is None:
            observer.running("")
            self._plain = _seconds(self._run(NOTHING))
        return self._plain

    def _run(self, watch: Instrument) -> Outcome:
        timeout_s = self.request.timeout_s or COMMAND_TIMEOUT_S
        try:
            return run_command(self.request.command, watch, timeout_s)
        except OSError as error:
            raise UsageError(f"{self.request.command[0]}: {error.strerror}") from error

    def watched(self, instrument: Instrument) -> tuple[Record, Watched]:
        started, before = now(), Reading.take()
        outcome = self._run(instrument)
        self._outcome = outcome
        watched = Watched(
            outcome.status, outcome.stderr, outcome.stdout, handled=self.request.messages
        )
        readings = readings_between(before, Reading.take())
        record = Record(
            id=new_id(),
            session=self.session,
            kind=Kind.PROFILE,
            started=started,
            duration_ns=outcome.wall_ns,
            subject=_command_subject(self.request.command),
            workload=Workload(
                name="command", parameters={"arguments": " ".join(self.request.command[1:])}
            ),
            status=Status.VALID,
            cautions=tuple(_outcome_cautions(outcome)),
            environment=environment(self._facts, readings | {"exit_status": outcome.status}),
        )
        return record, watched

    def seconds(self, record: Record) -> float | None:  # noqa: ARG002
        return _seconds(self._outcome) if self._outcome else None


class _TargetWork:
    """Runs of a target with a workload, through the runner."""

    def __init__(self, request: ProfileRequest, session: str, store: Store) -> None:
        if request.command:
            raise UsageError("name a target or give a command after `--`, not both")
        if not request.workload:
            raise UsageError(f"which workload is {request.target} to run? Add -w WORKLOAD")
        self.request = request
        self.files: list[tuple[str, Path, str]] = []
        adapter = build(find_target(request.target, all_targets()))
        self._prepared = Prepared(adapter, describe(adapter))
        self._setting = Setting(session, machine_facts(), store.artifacts, request.pin)
        self._selection = _selection(request, self._prepared)

    def program(self, folder: Path) -> Program:
        said, adapter = self._prepared.description, self._prepared.adapter
        return Program(
            (*adapter.command, "serve"), folder.absolute(), has_region=True,
            language=said.language, runtime=said.runtime,
            environment=adapter.environment, rules=self.request.rules,
        )  # fmt: skip

    def plain(self, kind: type[Instrument], observer: Observer) -> float | None:
        observer.running("")
        plan = self._plan(kind)
        item = plan.items[0]
        item = replace(item, job=msgspec.structs.replace(item.job, count_allocations=False))
        record = run_item(item, self._prepared, self._setting, plan)
        return self.seconds(record)

    def watched(self, instrument: Instrument) -> tuple[Record, Watched]:
        plan = self._plan(type(instrument))
        record = run_item(plan.items[0], self._prepared, self._setting, plan, instrument)
        outputs = {
            a.name: (self._setting.artifacts / a.path).read_bytes() for a in record.artifacts
        }
        killed = any(r.code in {"crashed", "timed-out"} for r in record.reasons)
        handled = sum(i.ledger.handled for i in record.iterations) if record.valid else None
        return record, Watched(
            -9 if killed else 0,
            outputs.get("stderr", b""),
            outputs.get("stdout", b""),
            handled=handled or None,
        )

    def seconds(self, record: Record) -> float | None:
        """The median time of an iteration in seconds of the adapter's clock; None of a bad run."""
        if not record.valid or not record.iterations:
            return None
        return median(i.elapsed for i in record.iterations) / 1e9

    def _plan(self, kind: type[Instrument]) -> Plan:
        effort, request = kind.effort, self.request
        preset = replace(
            PRESETS["quick"],
            name="profile",
            forks=1,
            iterations=request.iterations or effort.iterations,
            time_limit_s=request.time_limit_s or effort.time_limit_s,
            timeout_s=request.timeout_s or effort.timeout_s,
        )
        plan = make([self._selection], preset, request.seed)
        counting = request.question is Question.HEAP
        items = tuple(_counting(item, on=counting) for item in plan.items)
        return replace(plan, items=items)


def _counting(item: Item, *, on: bool) -> Item:
    return replace(item, job=msgspec.structs.replace(item.job, count_allocations=on))


def _selection(request: ProfileRequest, prepared: Prepared) -> Selection:
    definition = workload(request.workload)
    measure = Measure.THROUGHPUT
    if measure not in definition.measures:
        measure = definition.measures[0]
    threads = request.threads or cpu_count()
    for found in select(
        request.target, prepared.description, definition,
        given=request.parameters, measures=[measure], threads=threads,
    ):  # fmt: skip
        if isinstance(found, Unmeasured):
            raise UsageError(f"{found.target} cannot do {found.workload}: {found.because}")
        return found
    raise UsageError(f"{request.target} cannot measure {request.workload}")


def _command_subject(command: Sequence[str]) -> Subject:
    import hashlib

    path = program_path(command)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return Subject(name=path.name, digest=digest.hexdigest()[:16])


def _seconds(outcome: Outcome) -> float | None:
    """How long a command took; None of one that was killed."""
    return outcome.wall_ns / 1e9 if outcome.status >= 0 else None


def _outcome_cautions(outcome: Outcome) -> Iterator[Note]:
    if outcome.timed_out or outcome.status != 0:
        last = outcome.stderr.decode("utf-8", "replace").strip()[-200:]
        said = f": {last}" if last else ""
        yield Note(code="command-failed", message=f"the command {outcome.text}{said}")


@contextmanager
def _work_folder(artifacts: Path) -> Iterator[Path]:
    """A folder for a tool's raw files, on the disk of the artifacts, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=".work-", dir=artifacts))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_files(record: Record, files: Sequence[tuple[str, Path, str]], artifacts: Path) -> Record:
    """The record with the instrument's files moved to the store."""
    kept = []
    for name, path, media_type in files:
        if path.is_file():
            target = artifacts / record.id / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            kept.append(_artifact(name, target, media_type, artifacts))
    return msgspec.structs.replace(record, artifacts=(*record.artifacts, *kept))


def _with_pictures(record: Record, pictures: Pictures, artifacts: Path) -> Record:
    kept = []
    for name, media_type, text in pictures(record):
        target = artifacts / record.id / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        kept.append(_artifact(name, target, media_type, artifacts))
    return msgspec.structs.replace(record, artifacts=(*record.artifacts, *kept))


def _artifact(name: str, path: Path, media_type: str, artifacts: Path) -> Artifact:
    return Artifact(
        name=name,
        path=path.relative_to(artifacts).as_posix(),
        media_type=media_type,
        bytes=path.stat().st_size,
    )
