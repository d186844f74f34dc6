"""One run of a firmware on an emulated board, judged and made a record."""

from __future__ import annotations

from dataclasses import dataclass, field

from litbench.boards import block as blocks
from litbench.boards import idle, qemu, readings
from litbench.boards.image import Image
from litbench.boards.job import SYMBOL as JOB_SYMBOL
from litbench.boards.machines import Machine
from litbench.boards.outcome import End, Limits, Outcome
from litbench.boards.plugin import Watch
from litbench.boards.stacks import stack_table
from litbench.boards.workloads import job_for
from litbench.catalogue.definition import Values, WorkloadDefinition
from litbench.errors import InputError
from litbench.protocol import IterationDone
from litbench.record import (
    Environment,
    Expected,
    Instrument,
    Iteration,
    Kind,
    Measure,
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
from litbench.runner.checks import check_violations, ledger_violations
from litbench.units import Unit

STEPPED_SECONDS = 120.0
WFI = 2


@dataclass(frozen=True)
class Plan:
    """What to run and what to watch. Without a ``definition`` the firmware does what it does."""

    image: Image
    machine: Machine
    name: str = ""
    definition: WorkloadDefinition | None = None
    values: Values = field(default_factory=dict)
    iterations: int = 10
    latency: bool = False
    limits: Limits = Limits()
    semihosting: bool = False
    watch: Watch | None = None
    stack: bool = False

    @property
    def takes_jobs(self) -> bool:
        """Whether the firmware can be told what to do."""
        return self.image.symbol(JOB_SYMBOL) is not None


@dataclass(frozen=True)
class Result:
    """The record, and what the firmware said on its serial line."""

    record: Record
    output: bytes
    block: blocks.ProbeBlock | None


def run(plan: Plan, session: str) -> Result:
    """Run, read, judge. Whatever the firmware does, the result is a record."""
    identifier, started = new_id(), now()
    outcome = qemu.run(request_of(plan))
    reasons, cautions = ending(plan, outcome)
    block = None
    try:
        block = blocks.decode(outcome.memory, plan.image.path.name) if outcome.memory else None
    except InputError as error:
        reasons.append(Note(code="probe-unreadable", message=str(error)))
    if block is not None:
        reasons += block_reasons(block, outcome)
        cautions += _idle_cautions(plan, block)
    stepped = _stepped(plan) if plan.stack else None
    record = _record(plan, outcome, block, stepped)
    reasons += list(_workload_reasons(record))
    return Result(
        Record(
            **{
                **{name: getattr(record, name) for name in record.__struct_fields__},
                "id": identifier,
                "session": session,
                "started": started,
                "reasons": tuple(reasons),
                "cautions": tuple(cautions),
                "status": Status.INVALID if reasons else Status.VALID,
            }
        ),
        outcome.output,
        block,
    )


def request_of(plan: Plan, *, stack: bool = False) -> qemu.Request:
    """The run that the plan asks for; with ``stack`` its single-stepped twin."""
    job = None
    if plan.definition is not None:
        job = job_for(
            plan.definition, plan.values, plan.iterations, plan.machine, latency=plan.latency
        )
    limits = plan.limits
    if stack:
        seconds = max(limits.seconds, STEPPED_SECONDS)
        limits = Limits(seconds=seconds, output=limits.output)
    return qemu.Request(
        image=plan.image,
        machine=plan.machine,
        job=job,
        limits=limits,
        semihosting=plan.semihosting,
        watch=None if stack else plan.watch,
        interrupts=plan.watch is not None and not stack,
        stack=stack,
    )


def ending(plan: Plan, outcome: Outcome) -> tuple[list[Note], list[Note]]:
    """Reasons and cautions that lie in how the run ended."""
    probe = plan.image.symbol(qemu.PROBE_SYMBOL) is not None
    cautions = [] if probe else [_no_probe()]
    seconds = f"{plan.limits.seconds:g} s"
    match outcome.end:
        case End.TIMED_OUT:
            text = f"no end after {seconds}{_place(plan, outcome)}; --instructions bounds a run"
            return [Note(code="hang", message=text)], cautions
        case End.FLOODED:
            text = f"more than {plan.limits.output:,} bytes on the serial line"
            return [Note(code="output-flood", message=text)], cautions
        case End.CRASHED:
            text = f"QEMU gave up: {outcome.messages or 'no word from it'}"
            return [Note(code="crashed", message=text)], cautions
        case End.EXITED if outcome.status:
            text = f"the firmware exited with status {outcome.status}"
            return [Note(code="exit-status", message=text)], cautions
        case End.STOPPED if not probe:
            text = "the firmware reset the machine, which ends the run"
            return [Note(code="reset", message=text)], cautions
    return [], cautions


def _no_probe() -> Note:
    return Note(
        code="no-probe",
        message="no LITBENCH_PROBE symbol: only what the emulator sees is known",
    )


def _place(plan: Plan, outcome: Outcome) -> str:
    if outcome.stuck_at is None:
        return ""
    function = plan.image.functions().at(outcome.stuck_at)
    return f"; it was at {outcome.stuck_at:#x}" + (f" in {function.name}" if function else "")


def block_reasons(block: blocks.ProbeBlock, outcome: Outcome) -> list[Note]:
    """Reasons that lie in what the probe says."""
    if block.state == "failed":
        return [Note(code=block.failure, message=f"the firmware gave up: {block.failure}")]
    if block.state != "finished" and outcome.end in {End.STOPPED, End.EXITED}:
        text = f"the machine was reset or ended when the probe was {block.state}"
        return [Note(code="unfinished", message=text)]
    if block.clock is not None and block.clock.source == 0:
        return [Note(code="no-clock", message="no counter of this board advances")]
    return []


def _workload_reasons(record: Record) -> list[Note]:
    """The same rules that hold for every target: the ledger and the checksums."""
    if record.expected is None:
        return []
    found: dict[str, Note] = {}
    if not record.iterations:
        found["no-iteration"] = Note(code="no-iteration", message="no iteration was completed")
    for index, iteration in enumerate(record.iterations):
        for note in _iteration_reasons(index, iteration, record.expected):
            found.setdefault(note.code, note)
    return list(found.values())


def _iteration_reasons(index: int, iteration: Iteration, expected: Expected) -> list[Note]:
    done = IterationDone(
        index, iteration.start, iteration.end, iteration.ledger, iteration.checks
    )
    notes = [*ledger_violations(iteration.ledger, expected.ledger)]
    return [*notes, *check_violations(done, expected)]


def _idle_cautions(plan: Plan, block: blocks.ProbeBlock) -> list[Note]:
    if idle_trusted(plan, block):
        return []
    text = f"this QEMU miscounts the idle of {plan.machine.name}: no idle share is given"
    return [Note(code="idle-miscounted", message=text)]


def _stepped(plan: Plan) -> Outcome:
    return qemu.run(request_of(plan, stack=True))


def _record(
    plan: Plan, outcome: Outcome, block: blocks.ProbeBlock | None, stepped: Outcome | None
) -> Record:
    definition = plan.definition
    expected = definition.expected(plan.values) if definition else None
    left = block if block and block.state != "not started" else None
    measure = None
    if definition:
        measure = Measure.LATENCY if plan.latency else Measure.THROUGHPUT
    return Record(
        id="",
        session="",
        kind=Kind.BOARD,
        started="",
        duration_ns=outcome.duration_ns,
        subject=Subject(
            name=plan.name or plan.image.path.stem,
            runtime=plan.machine.name,
            runtime_version=f"QEMU {qemu.version(plan.machine)}",
            digest=plan.image.digest,
        ),
        workload=Workload(
            name=definition.name if definition else "firmware",
            version=definition.version if definition else 1,
            parameters=dict(plan.values),
        ),
        status=Status.VALID,
        measure=measure,
        expected=expected,
        clock=readings.clock_of(left, where(plan.machine)) if left else None,
        specification=readings.specification_of(left) if left and definition else None,
        iterations=_iterations(left, expected),
        histograms=readings.histograms_of(left) if left else (),
        metrics=_metrics(plan, left, outcome),
        tables=_tables(plan, left, outcome, stepped),
        instruments=_instruments(plan),
        environment=Environment(facts=facts(plan.machine, semihosting=plan.semihosting)),
    )


def where(machine: Machine) -> str:
    """The clock's home, for people."""
    return f"{machine.name}, QEMU {qemu.version(machine)}, icount shift={machine.shift}"


def facts(machine: Machine, *, semihosting: bool = False) -> dict[str, Scalar]:
    """What a record says of the emulator."""
    return {
        "board": machine.name,
        "emulator": "QEMU",
        "emulator_version": qemu.version(machine),
        "icount": f"shift={machine.shift},sleep=off",
        "semihosting": semihosting,
    }


def _iterations(
    block: blocks.ProbeBlock | None, expected: Expected | None
) -> tuple[Iteration, ...]:
    if block is None or expected is None:
        return ()
    return readings.iterations_of(block, set(expected.checks))


def _metrics(plan: Plan, block: blocks.ProbeBlock | None, outcome: Outcome) -> tuple[Metric, ...]:
    found = readings.metrics_of(block, idle_trusted=idle_trusted(plan, block)) if block else ()
    if outcome.status is not None:
        found = (*found, Metric("exit-status", Unit.COUNT, (outcome.status,)))
    if outcome.profile is not None:
        total = Metric("instructions", Unit.INSTRUCTIONS, (outcome.profile.total,))
        found = (*found, total)
    return found


def idle_trusted(plan: Plan, block: blocks.ProbeBlock) -> bool:
    """Whether times that contain idle may be shown: not where this QEMU miscounts WFI."""
    return block.run is None or block.run.idle != WFI or idle.check(plan.machine).trusted


def _tables(
    plan: Plan, block: blocks.ProbeBlock | None, outcome: Outcome, stepped: Outcome | None
) -> tuple[Table, ...]:
    tables = list(readings.tables_of(block)) if block else []
    if outcome.profile is not None:
        tables.append(readings.functions_table(outcome.profile, plan.image))
        rows = tuple(outcome.interrupts.items())
        tables.append(Table("interrupts", ("interrupt", "taken"), (None, Unit.COUNT), rows))
    if stepped is not None or (block and block.stacks):
        pointers = stepped.stack_pointers if stepped else ()
        tables.append(stack_table(plan.image, block, pointers))
    return tuple(tables)


def _instruments(plan: Plan) -> tuple[Instrument, ...]:
    found = []
    if plan.watch is not None:
        found.append(Instrument("tcg-plugin", "1"))
    if plan.stack:
        found.append(Instrument("single-step", settings={"second_run": True}))
    return tuple(found)
