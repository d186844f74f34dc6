"""The runs that a profile is made of: a plain one and watched ones, of a command or a target."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import msgspec

from litbench.catalogue import workload
from litbench.environment import Reading, machine_facts, readings_between
from litbench.environment import usable_cpu_count as cpu_count
from litbench.errors import UsageError
from litbench.instruments.base import NOTHING, Instrument, Program, Question, Watched
from litbench.instruments.memory_by_size import sizes_up_to
from litbench.instruments.tools import program_path
from litbench.plan import PRESETS, Item, Plan, Selection, Unmeasured, make, select
from litbench.profiling.request import Observer, ProfileRequest
from litbench.record import (
    Environment,
    Kind,
    Measure,
    Note,
    Record,
    Status,
    Subject,
    Workload,
    new_id,
    now,
)
from litbench.runner.command import Outcome, run_command
from litbench.runner.run import Prepared, Setting, run_item
from litbench.store import Store
from litbench.targets import all_targets, build, describe, find_target

COMMAND_TIMEOUT_S = 1800.0


class CommandWork:
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
            environment=Environment(
                facts=self._facts, readings=readings | {"exit_status": outcome.status}
            ),
        )
        return record, watched

    def seconds(self, record: Record) -> float | None:  # noqa: ARG002
        return _seconds(self._outcome) if self._outcome else None


class TargetWork:
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
        self._definition = workload(request.workload)
        self._selection = _selection(request, self._prepared)

    def program(self, folder: Path) -> Program:
        said, adapter = self._prepared.description, self._prepared.adapter
        return Program(
            (*adapter.command, "serve"), folder.absolute(), has_region=True,
            language=said.language, runtime=said.runtime,
            environment=adapter.environment, rules=self.request.rules,
            size_name=self._size_name(),
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
        runs = tuple(
            run_item(item, self._prepared, self._setting, plan, instrument) for item in plan.items
        )
        record = next((run for run in runs if not run.valid), runs[-1])
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
            runs=runs,
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
        plan = make(self._selections(kind), preset, request.seed)
        counting = request.question is Question.HEAP and not kind.over_sizes
        items = (_counting(item, on=counting) for item in plan.items)
        size = self._size_name()
        ordered = sorted(items, key=lambda item: item.selection.values.get(size, 0))
        return replace(plan, items=tuple(ordered))

    def _size_name(self) -> str:
        """The parameter that memory can be asked over; empty where there is none."""
        ability = self._prepared.description.ability(self._definition.name)
        has_memory = ability is not None and Measure.MEMORY in ability.measures
        return (self._definition.size or "") if has_memory else ""

    def _selections(self, kind: type[Instrument]) -> list[Selection]:
        if not kind.over_sizes:
            return [self._selection]
        size = self._size_name()
        return [
            replace(self._selection, values={**self._selection.values, size: n},
                    measure=Measure.MEMORY)
            for n in sizes_up_to(self._selection.values[size])
        ]  # fmt: skip


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
