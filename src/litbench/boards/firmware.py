"""One run of a firmware on an emulated board, judged and made a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from litbench.boards import between, idle, qemu, readings, unicorn
from litbench.boards import block as blocks
from litbench.boards.bounds import static_bound
from litbench.boards.image import Symbol
from litbench.boards.judge import block_reasons, ending, workload_reasons
from litbench.boards.machines import Machine
from litbench.boards.outcome import Limits, Outcome
from litbench.boards.plan import Plan
from litbench.boards.stacks import stack_table
from litbench.boards.timeline import table_of, timeline
from litbench.boards.workloads import job_for
from litbench.catalogue.embedded import SPAWN_LIMIT
from litbench.environment import machine_facts
from litbench.errors import InputError
from litbench.record import (
    Environment,
    Histogram,
    Instrument,
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
from litbench.units import Unit

STEPPED_SECONDS = 120.0
WFI = 2


@dataclass(frozen=True)
class Place:
    """Where a firmware ran: the board, what stands behind it, and the clock's home."""

    board: str
    version: str
    clock: str
    facts: dict[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """The record, and what the firmware said on its serial line."""

    record: Record
    output: bytes
    block: blocks.ProbeBlock | None


def run(plan: Plan, session: str) -> Result:
    """Run, read, judge. Whatever the firmware does, the result is a record."""
    started = now()
    if qemu.is_here(plan.machine) or plan.image.machine != "arm":
        outcome = qemu.run(request_of(plan))
        stepped = qemu.run(request_of(plan, stack=True)) if plan.stack else None
        place = emulator(plan.machine, semihosting=plan.semihosting)
    else:
        outcome = unicorn.run(plan.image, request_of(plan).job, plan.limits)
        stepped, place = None, without_qemu(plan.machine)
    result = result_of(plan, outcome, place, stepped, settle=_on(plan.machine))
    record = msgspec.structs.replace(result.record, session=session, started=started)
    return Result(record, result.output, result.block)


def result_of(
    plan: Plan,
    outcome: Outcome,
    place: Place,
    stepped: Outcome | None = None,
    *,
    settle: Callable[[blocks.ProbeBlock], blocks.ProbeBlock] = lambda block: block,
    cautions: Sequence[Note] = (),
) -> Result:
    """An outcome, judged. ``settle`` gives the block the clock that it had, where it is known."""
    reasons, found = ending(plan, outcome)
    found += cautions
    block = None
    try:
        block = blocks.decode(outcome.memory, plan.image.path.name) if outcome.memory else None
    except InputError as error:
        reasons.append(Note(code="probe-unreadable", message=str(error)))
    if block is not None:
        block = settle(block)
        reasons += block_reasons(block, outcome)
        found += _idle_cautions(plan, block)
    plan = _counted(plan, block)
    record = _record(plan, outcome, block, stepped, place)
    if record.expected is not None and not reasons:
        reasons += workload_reasons(record.iterations, record.expected)
    record = msgspec.structs.replace(
        record,
        reasons=tuple(reasons),
        cautions=tuple(found),
        status=Status.INVALID if reasons else Status.VALID,
    )
    return Result(record, outcome.output, block)


def _on(machine: Machine) -> Callable[[blocks.ProbeBlock], blocks.ProbeBlock]:
    return lambda block: readings.on_emulator(block, machine)


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
        stack=stack,
    )


def _counted(plan: Plan, block: blocks.ProbeBlock | None) -> Plan:
    """Where a firmware finds out how many actors it can hold, that number is the run's parameter.

    The ledger and checksums of so many actors still come from the definition.
    """
    if plan.definition is None or plan.definition.name != SPAWN_LIMIT.name:
        return plan
    live = block.iterations[0].extra if block and block.iterations else 0
    return replace(plan, values={"actors": live})


def _idle_cautions(plan: Plan, block: blocks.ProbeBlock) -> list[Note]:
    if idle_trusted(plan, block):
        return []
    text = f"this QEMU miscounts the idle of {plan.machine.name}: no idle share is given"
    if plan.idle_is_right is not None:
        text = "whether the QEMU behind the gdb server counts idle right is not known"
    return [Note(code="idle-miscounted", message=text)]


def _record(
    plan: Plan,
    outcome: Outcome,
    block: blocks.ProbeBlock | None,
    stepped: Outcome | None,
    place: Place,
) -> Record:
    definition = plan.definition
    expected = definition.expected(plan.values) if definition else None
    left = block if block and block.state != "not started" else None
    checks = set(expected.checks) if expected else None
    measure = None
    if definition:
        measure = Measure.LATENCY if plan.latency else Measure.THROUGHPUT
    return Record(
        id=new_id(),
        session="",
        kind=Kind.BOARD,
        started="",
        duration_ns=outcome.duration_ns,
        subject=Subject(
            name=plan.name or plan.image.path.stem,
            runtime=place.board,
            runtime_version=place.version,
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
        clock=readings.clock_of(left, place.clock) if left else None,
        specification=readings.specification_of(left) if left and definition else None,
        iterations=readings.iterations_of(left, checks) if left else (),
        histograms=_histograms(plan, left, outcome),
        metrics=_metrics(plan, left, outcome),
        tables=_tables(plan, left, outcome, stepped),
        instruments=_instruments(plan),
        environment=Environment(facts=machine_facts(), readings=_facts(plan, place)),
    )


def _facts(plan: Plan, place: Place) -> dict[str, Scalar]:
    return {**place.facts, "firmware": plan.origin} if plan.origin else place.facts


def emulator(machine: Machine, *, semihosting: bool = False) -> Place:
    """The emulator as a place, with what a record says of it."""
    version = f"QEMU {qemu.version(machine)}"
    icount = f"shift={machine.shift},sleep=off"
    facts: dict[str, Scalar] = {
        "board": machine.name,
        "emulator": version,
        "icount": icount,
        "semihosting": semihosting,
    }
    clock = f"{machine.name}, {version}, icount shift={machine.shift}"
    return Place(machine.name, version, clock, facts)


def without_qemu(machine: Machine) -> Place:
    """Unicorn as a place: its counts leave out conditional instructions that are not executed."""
    version = f"Unicorn {unicorn.version()}"
    facts: dict[str, Scalar] = {"board": machine.name, "emulator": version, "interrupts": False}
    return Place(machine.name, version, f"{machine.name}, {version}", facts)


def _histograms(
    plan: Plan, block: blocks.ProbeBlock | None, outcome: Outcome
) -> tuple[Histogram, ...]:
    found = readings.histograms_of(block) if block else ()
    if outcome.profile is None:
        return found
    pairs = [between.histogram(outcome.profile, *pair, name(pair)) for pair in plan.between]
    return (*found, *(pair for pair in pairs if pair.counts))


def name(pair: tuple[Symbol, Symbol]) -> str:
    """How a pair of functions is shown."""
    start, end = pair
    return f"{readings.demangler()(start.name)} to {readings.demangler()(end.name)}"


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
    if block.run is None or block.run.idle != WFI:
        return True
    if plan.idle_is_right is not None:
        return plan.idle_is_right
    return qemu.is_here(plan.machine) and idle.check(plan.machine).trusted


def _tables(
    plan: Plan, block: blocks.ProbeBlock | None, outcome: Outcome, stepped: Outcome | None
) -> tuple[Table, ...]:
    tables = list(readings.tables_of(block)) if block else []
    line = timeline(block) if block else None
    if line is not None:
        tables.append(table_of(line))
    if outcome.profile is not None:
        tables.append(readings.functions_table(outcome.profile, plan.image))
    if outcome.interrupts:
        rows = tuple(outcome.interrupts.items())
        tables.append(Table("interrupts", ("interrupt", "taken"), (None, Unit.COUNT), rows))
    if stepped is not None or (block and block.stacks):
        pointers = stepped.stack_pointers if stepped else ()
        bound = static_bound(plan.image.path) if stepped else None
        tables.append(stack_table(plan.image, block, pointers, bound))
    return tuple(tables)


def _instruments(plan: Plan) -> tuple[Instrument, ...]:
    found = []
    if plan.watch is not None:
        found.append(Instrument("tcg-plugin", "1"))
    if plan.stack:
        found.append(Instrument("single-step", settings={"second_run": True}))
    return tuple(found)
