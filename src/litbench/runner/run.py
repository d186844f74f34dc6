"""Running a plan: one adapter process an item, one record a process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from litbench.catalogue import WorkloadDefinition
from litbench.environment import (
    Reading,
    peak_resident,
    readings_between,
    usable_cpu_count,
    usable_cpus,
)
from litbench.instruments.base import NOTHING, Instrument, added
from litbench.plan import Item, Plan
from litbench.protocol import Description, Go, ProtocolError, Report
from litbench.record import (
    Artifact,
    Environment,
    Expected,
    Histogram,
    Iteration,
    Kind,
    Metric,
    Note,
    Place,
    Record,
    Scalar,
    Status,
    Subject,
    Workload,
    new_id,
    now,
)
from litbench.runner.checks import cautions, declared_values, violations
from litbench.runner.conversation import Conversation, State
from litbench.runner.process import AdapterProcess, Exit, keep_output
from litbench.runner.sizing import Sizing
from litbench.targets import Adapter

SETUP_TIMEOUT_S = 60.0
STEAL_WORTH_SAYING = 0.02


@dataclass(frozen=True)
class Prepared:
    """A target that is built and has described itself."""

    adapter: Adapter
    description: Description

    @property
    def subject(self) -> Subject:
        """What the records will say was measured."""
        said = self.description
        return Subject(
            name=self.adapter.target.name,
            version=said.version,
            language=said.language,
            runtime=said.runtime,
            runtime_version=said.runtime_version,
            digest=self.adapter.digest,
        )


@dataclass(frozen=True)
class Setting:
    """What all runs of a session share."""

    session: str
    facts: Mapping[str, Scalar]
    artifacts: Path
    pin: bool = True


@dataclass
class _Run:
    """What one run has come to so far."""

    talk: Conversation
    watch: Instrument
    began: float = field(default_factory=time.monotonic)
    go_ns: int = 0
    wall_ns: int = 0
    reasons: list[Note] = field(default_factory=list)
    cautions: list[Note] = field(default_factory=list)
    readings: dict[str, Scalar] = field(default_factory=dict)


def run_plan(
    plan: Plan,
    prepared: Mapping[str, Prepared],
    setting: Setting,
    keep: Callable[[Record], None],
    begin: Callable[[Item], None] = lambda _: None,
) -> Iterator[tuple[Item, Record | None]]:
    """Make every run of the plan in order; each record is kept before it is yielded.

    ``begin`` hears of each run before it is made. An item comes with None when it is passed over,
    and may be run at another size: see ``sizing``.
    """
    sizing = Sizing(plan)
    for item in plan.items:
        if sizing.passes_over(item):
            yield item, None
            continue
        begin(item)
        target = prepared[item.selection.target]
        if trial := sizing.trial(item):
            sizing.tried(item, trial, run_item(trial, target, setting, plan))
        record = sizing.judged(item, run_item(sizing.fitted(item), target, setting, plan))
        keep(record)
        yield item, record


def run_item(
    item: Item, target: Prepared, setting: Setting, plan: Plan, watch: Instrument = NOTHING
) -> Record:
    """Make one run and judge it. Whatever the adapter does, the result is a record.

    ``watch`` is switched on at `go` and off at `finish`.
    """
    run = _Run(Conversation(item.job), watch)
    identifier, started = new_id(), now()
    cpus = _cpus_for(item, target.description) if setting.pin else ()
    before = Reading.take()
    environment = added({**os.environ, **target.adapter.environment}, watch.environment())
    command = watch.wrap([*target.adapter.command, "serve"])
    outputs: dict[str, bytes] = {}
    try:
        with AdapterProcess(command, environment, cpus) as process:
            try:
                watch.started(process.pid)
                _converse(process, run, plan.preset.timeout_s)
            finally:
                outputs = {name: bytes(data) for name, data in process.outputs.items()}
    except OSError as error:
        run.reasons.append(Note(code="not-started", message=str(error)))
    finally:
        watch.stopped()
    run.readings |= readings_between(before, Reading.take())
    run.readings |= target.adapter.readings
    run.readings["pinned_cpus"] = ",".join(map(str, cpus)) or "none"
    _judge(run, item)
    ready = run.talk.ready
    return Record(
        id=identifier,
        session=setting.session,
        kind=Kind.BENCHMARK,
        started=started,
        duration_ns=round((time.monotonic() - run.began) * 1e9),
        subject=target.subject,
        workload=_workload(item),
        measure=item.job.measure,
        status=Status.INVALID if run.reasons else Status.VALID,
        reasons=tuple(run.reasons),
        cautions=(*item.selection.notes, *run.cautions),
        place=Place(seed=plan.seed, turn=item.turn, fork=item.fork, preset=plan.preset.name),
        environment=Environment(facts=dict(setting.facts), readings=run.readings),
        artifacts=_keep_outputs(setting.artifacts, identifier, outputs),
        expected=_expected(run.talk, item),
        clock=ready.clock if ready else None,
        specification=ready.specification if ready else None,
        iterations=_iterations(run.talk),
        histograms=_histograms(run.talk),
        metrics=_metrics(run.talk),
    )


def _converse(process: AdapterProcess, run: _Run, timeout_s: float) -> None:
    """Talk until the adapter has said `end` and exited, or has broken a rule."""
    process.send(run.talk.job)
    process.deadline = run.began + min(timeout_s, SETUP_TIMEOUT_S)
    try:
        _exchange(process, run, timeout_s)
    except ProtocolError as error:
        message = error.message
        if error.code == "timed-out":
            allowed = process.deadline - run.began
            message = f"{allowed:g} s ran out when the adapter was to {run.talk.state}"
        run.reasons.append(Note(code=error.code, message=message))
        process.stop()
        return
    ended = process.wait(run.watch.grace_s)
    if ended is None:
        message = "it did not exit after `end` and was killed"
        run.cautions.append(Note(code="did-not-exit", message=message))
        ended = process.stop()
    _take_exit(run, ended, process.last_words)


def _exchange(process: AdapterProcess, run: _Run, timeout_s: float) -> None:
    for line in process.lines():
        answer = run.talk.receive(line)
        if isinstance(answer, Go):
            process.deadline = run.began + timeout_s
            run.watch.on()
            run.go_ns = time.monotonic_ns()
            process.send(answer)
        elif isinstance(answer, Report):
            run.wall_ns = time.monotonic_ns() - run.go_ns
            if process.has_more:
                raise ProtocolError("early-report", "it did not wait for `report` after `finish`")
            run.watch.off()
            peak = peak_resident(process.pid)
            run.readings |= {} if peak is None else {"process_max_rss_bytes": peak}
            process.send(answer)
        if run.talk.state is State.ENDED:
            return


def _take_exit(run: _Run, ended: Exit, last_words: str) -> None:
    run.readings |= {
        "process_user_s": round(ended.usage.ru_utime, 6),
        "process_system_s": round(ended.usage.ru_stime, 6),
        "process_switches_voluntary": ended.usage.ru_nvcsw,
        "process_switches_involuntary": ended.usage.ru_nivcsw,
    }
    said = f": {last_words}" if last_words else ""
    if run.talk.state is not State.ENDED:
        code = "ended-early" if ended.status == 0 else "crashed"
        message = f"the adapter {ended.text} when it was to {run.talk.state}{said}"
        run.reasons.append(Note(code=code, message=message))
    elif ended.status != 0 and not any(note.code == "did-not-exit" for note in run.cautions):
        message = f"the adapter {ended.text} after `end`{said}"
        run.reasons.append(Note(code="crashed", message=message))


def _judge(run: _Run, item: Item) -> None:
    if run.talk.state is not State.ENDED:
        return
    definition = item.selection.definition
    run.reasons += violations(run.talk, definition, run.wall_ns)
    run.cautions += cautions(run.talk, definition)
    run.cautions += _crowded(run, definition)
    steal = run.readings.get("steal_ratio")
    if isinstance(steal, float) and steal > STEAL_WORTH_SAYING:
        message = f"the hypervisor took {steal:.1%} of the processors' time during this run"
        run.cautions.append(Note(code="steal", message=message))


def _crowded(run: _Run, definition: WorkloadDefinition) -> list[Note]:
    """A caution where a driver that spins takes a processor from the workers."""
    said = run.talk.ready.specification if run.talk.ready else None
    processors = usable_cpu_count()
    if not definition.spins or said is None or said.driver != "block_on":
        return []
    if said.threads < processors:
        return []
    message = (
        f"the driver spins beside {said.threads} workers on {processors} processors: they take"
        " turns, and the operating system's time slices are in the latencies"
    )
    return [Note(code="oversubscribed", message=message)]


def _iterations(talk: Conversation) -> tuple[Iteration, ...]:
    return tuple(
        Iteration(start=i.start, end=i.end, ledger=i.ledger, checks=i.checks)
        for i in talk.iterations
    )


def _histograms(talk: Conversation) -> tuple[Histogram, ...]:
    return tuple(Histogram(name=h.name, unit=h.unit, counts=h.counts) for h in talk.histograms)


def _metrics(talk: Conversation) -> tuple[Metric, ...]:
    return tuple(Metric(name=m.name, unit=m.unit, values=m.values) for m in talk.metrics)


def _expected(talk: Conversation, item: Item) -> Expected | None:
    """What the definition says, once the adapter has said all that it may decide itself."""
    definition = item.selection.definition
    if definition.declares_messages and talk.ready is None:
        return None
    return definition.expected(declared_values(talk, definition))


def _workload(item: Item) -> Workload:
    definition = item.selection.definition
    return Workload(
        name=definition.name, version=definition.version, parameters=dict(item.job.parameters)
    )


def _keep_outputs(
    folder: Path, identifier: str, outputs: Mapping[str, bytes]
) -> tuple[Artifact, ...]:
    """Keep what the adapter printed beside the protocol, if anything."""
    kept = []
    for name, data in outputs.items():
        if data:
            path = keep_output(folder / identifier, name, data)
            relative = path.relative_to(folder).as_posix()
            kept.append(
                Artifact(name=name, path=relative, media_type="text/plain", bytes=len(data))
            )
    return tuple(kept)


def _cpus_for(item: Item, description: Description) -> tuple[int, ...]:
    """The processors for a run: as many as it has threads, the highest-numbered ones.

    A single-threaded run on one processor has no migrations; processor 0 usually serves interrupts.
    A driver that spins has one more, where a target can have threads besides it.
    """
    usable = usable_cpus()
    apart = item.selection.definition.spins and description.threads.most > 1
    busy = item.job.threads + apart
    return usable[-busy:] if busy < len(usable) else usable
