"""Whether a run's numbers may be used: the ledger, the checksums, the clock, the counts.

What must be true comes from the workload's definition and the job; the adapter's own verdict is
never asked. Every violation has a code of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from litbench.catalogue import WorkloadDefinition
from litbench.protocol import HistogramMessage, IterationDone, Job
from litbench.record import Clock, Expected, Ledger, Measure, Note, Specification
from litbench.runner.conversation import Conversation
from litbench.units import Unit

# The harness's clock may be read up to this much after an adapter's message was sent.
CLOCK_SLACK = 0.01
CLOCK_SLACK_NS = 2_000_000
# An iteration shorter than this many clock readings measures the clock.
CLOCK_MULTIPLE = 100
# Parameters that a specification has under the same name.
_SPECIFIED = ("mailbox", "batch")


def violations(
    talk: Conversation, definition: WorkloadDefinition, wall_ns: int
) -> tuple[Note, ...]:
    """Why a finished conversation's numbers may not be used; empty when they may.

    ``wall_ns`` is the time between `go` and `finish` on the harness's own clock.
    """
    found: dict[str, Note] = {}
    for note in _all_violations(talk, definition, wall_ns):
        found.setdefault(note.code, note)
    return tuple(found.values())


def declared_values(talk: Conversation, definition: WorkloadDefinition) -> dict[str, int]:
    """The job's parameters, with `messages` where the workload lets the adapter say how many."""
    values = dict(talk.job.parameters)
    if definition.declares_messages and talk.ready is not None:
        values["messages"] = talk.ready.specification.messages
    return values


def _all_violations(
    talk: Conversation, definition: WorkloadDefinition, wall_ns: int
) -> Iterator[Note]:
    assert talk.ready is not None
    job = talk.job
    expected = definition.expected(declared_values(talk, definition))
    yield from specification_violations(talk.ready.specification, definition, job)
    yield from _count_violations(talk, wall_ns)
    yield from clock_violations(talk.iterations, talk.ready.clock, wall_ns)
    for iteration in talk.iterations:
        for note in ledger_violations(iteration.ledger, expected.ledger):
            yield _at(iteration, note)
        for note in check_violations(iteration, expected):
            yield _at(iteration, note)
    yield from _recording_violations(talk, definition)


def cautions(talk: Conversation, definition: WorkloadDefinition) -> tuple[Note, ...]:
    """What a reader of the numbers should know, though they may be used."""
    assert talk.ready is not None
    notes = list(specification_differences(talk.ready.specification, definition, talk.job))
    clock = talk.ready.clock
    shortest = min((i.end - i.start for i in talk.iterations), default=0)
    if clock.unit is Unit.NS and (clock.cost is None or clock.resolution is None):
        message = "the adapter did not calibrate its clock: what is near its cost cannot be told"
        notes.append(Note(code="clock-not-calibrated", message=message))
    coarse = max(clock.cost or 0, clock.resolution or 0)
    if talk.job.measure is Measure.THROUGHPUT and shortest < CLOCK_MULTIPLE * coarse:
        notes.append(
            Note(
                code="short-iteration",
                message=f"an iteration of {shortest:,} {clock.unit} is near the clock's own cost"
                f" ({coarse:g} {clock.unit}): give it more work",
            )
        )
    return tuple(notes)


def ledger_violations(ledger: Ledger, expected: Ledger) -> Iterator[Note]:
    """How one iteration's ledger fails to balance or to be what the workload defines."""
    counts = (ledger.sent, ledger.handled, ledger.dropped, ledger.errored, ledger.pending)
    if min(counts) < 0:
        yield Note(code="negative-count", message="the ledger has a negative count")
        return
    if ledger.errored > expected.errored:
        yield Note(
            code="send-failed",
            message=f"{ledger.errored - expected.errored:,} of {ledger.sent:,} sends failed:"
            " was the receiver closed?",
        )
    if ledger.errored < expected.errored:
        yield Note(
            code="failures-missing",
            message=f"{ledger.errored:,} handlers failed, the workload makes"
            f" {expected.errored:,} fail",
        )
    if ledger.dropped != expected.dropped:
        allowed = f"drops {expected.dropped:,}" if expected.dropped else "allows none"
        yield Note(
            code="messages-dropped",
            message=f"the mailbox dropped {ledger.dropped:,} of {ledger.sent:,} messages,"
            f" and the workload {allowed}",
        )
    if ledger.pending:
        yield Note(
            code="queue-not-drained",
            message=f"{ledger.pending:,} of {ledger.sent:,} messages were still queued when"
            " the clock was stopped",
        )
    if ledger.accounted > ledger.sent:
        yield Note(
            code="messages-duplicated",
            message=f"{ledger.sent:,} messages were sent, but {ledger.accounted:,} arrived",
        )
    if ledger.accounted < ledger.sent:
        yield Note(
            code="messages-lost",
            message=f"{ledger.sent - ledger.accounted:,} of {ledger.sent:,} messages vanished:"
            " neither handled nor declared as dropped",
        )
    if ledger.sent != expected.sent:
        yield Note(
            code="wrong-count",
            message=f"{ledger.sent:,} messages were sent, the workload has {expected.sent:,}",
        )


def check_violations(iteration: IterationDone, expected: Expected) -> Iterator[Note]:
    """How one iteration's checksums differ from those that the workload defines."""
    given, wanted = iteration.checks, expected.checks
    missing = sorted(set(wanted) - set(given))
    if missing:
        yield Note(code="check-missing", message=f"no check {', '.join(missing)}")
        return
    wrong = {name for name, value in wanted.items() if given[name] != value}
    if not wrong:
        return
    traces = {"order", "sum", "result"} & set(wanted)
    if traces and iteration.ledger.handled and all(given[name] == 0 for name in traces):
        yield Note(
            code="handler-idle",
            message=f"{iteration.ledger.handled:,} messages count as handled, but no handler"
            " looked at one: its checksums are 0",
        )
    elif wrong == {"order"}:
        yield Note(
            code="order-violated",
            message="the messages of one sender were handled in another order than sent",
        )
    else:
        name = min(wrong)
        yield Note(
            code="wrong-result",
            message=f"{name} is {given[name]}, and the workload's definition gives {wanted[name]}",
        )


def clock_violations(iterations: list[IterationDone], clock: Clock, wall_ns: int) -> Iterator[Note]:
    """How the adapter's clock contradicts itself or the harness's."""
    elapsed = sum(i.end - i.start for i in iterations)
    if clock.unit is Unit.NS and elapsed > wall_ns * (1 + CLOCK_SLACK) + CLOCK_SLACK_NS:
        yield Note(
            code="clock-disagrees",
            message=f"the iterations add up to {elapsed / 1e9:.3f} s, but only"
            f" {wall_ns / 1e9:.3f} s passed on litbench's clock",
        )
    for iteration in iterations:
        if iteration.end < iteration.start:
            yield _at(iteration, Note(code="clock-backwards", message="it ended before it began"))
        elif iteration.end == iteration.start:
            yield _at(iteration, Note(code="clock-stuck", message="no time passed in it"))
    for earlier, later in pairwise(iterations):
        if later.start < earlier.end:
            note = Note(code="clock-backwards", message="it began before the previous one ended")
            yield _at(later, note)


def specification_violations(
    said: Specification, definition: WorkloadDefinition, job: Job
) -> Iterator[Note]:
    """Where the adapter does another workload than the one defined."""
    demand = definition.demand(job.parameters)
    wanted = {"actors": demand.actors, "messages": demand.messages}
    if definition.declares_messages:
        del wanted["messages"]
    for name, value in wanted.items():
        if getattr(said, name) != value:
            yield Note(
                code="wrong-specification",
                message=f"the adapter ran with {getattr(said, name):,} {name},"
                f" {definition.name} has {value:,}",
            )


def specification_differences(
    said: Specification, definition: WorkloadDefinition, job: Job
) -> Iterator[Note]:
    """Where the adapter departs from what was asked, in a way that is allowed and must be shown."""
    demand = definition.demand(job.parameters)
    asked = {"threads": job.threads, "in_flight": demand.in_flight}
    asked |= {name: job.parameters[name] for name in _SPECIFIED if name in job.parameters}
    for name, value in asked.items():
        if getattr(said, name) != value:
            yield Note(
                code="specification-differs",
                message=f"{name} is {getattr(said, name):,}, not {value:,}",
            )


def _count_violations(talk: Conversation, wall_ns: int) -> Iterator[Note]:
    made, asked = len(talk.iterations), talk.job.iterations
    in_time = wall_ns < talk.job.time_limit_ns * (1 - CLOCK_SLACK)
    if made == 0 or (made < asked and in_time):
        yield Note(
            code="iteration-count",
            message=f"{made} of {asked} iterations, though there was time for more",
        )


def _recording_violations(talk: Conversation, definition: WorkloadDefinition) -> Iterator[Note]:
    made = len(talk.iterations)
    for metric in talk.metrics:
        if len(metric.values) not in {1, made}:
            yield Note(
                code="metric-count",
                message=f"{metric.name} has {len(metric.values)} values for {made} iterations",
            )
    for name in definition.ratios:
        yield from _ratio_violations(name, talk)
    for histogram in talk.histograms:
        yield from histogram_violations(histogram)
    if definition.other_samples:
        for name, samples in definition.other_samples(declared_values(talk, definition)).items():
            yield from _sample_violations(talk, name, samples)
    if talk.job.measure is Measure.LATENCY and definition.histogram:
        samples = definition.samples_of(declared_values(talk, definition))
        yield from _sample_violations(talk, definition.histogram, samples)
    if talk.job.measure is Measure.MEMORY:
        names = {metric.name for metric in talk.metrics}
        pairs = [r for r in ("live", "rss", "reported") if {f"{r}-before", f"{r}-loaded"} <= names]
        if not pairs:
            yield Note(code="memory-missing", message="no reading of memory, before and loaded")


def _ratio_violations(name: str, talk: Conversation) -> Iterator[Note]:
    metric = next((metric for metric in talk.metrics if metric.name == name), None)
    if metric is None or not metric.values:
        yield Note(code="metric-missing", message=f"no metric {name!r}")
    elif not all(0 <= value <= 1 for value in metric.values):
        yield Note(code="metric-range", message=f"{name!r} is not from 0 to 1")


def _sample_violations(talk: Conversation, name: str, samples: int) -> Iterator[Note]:
    histogram = next((h for h in talk.histograms if h.name == name), None)
    if histogram is None:
        yield Note(code="histogram-missing", message=f"no histogram {name!r}")
        return
    wanted = samples * len(talk.iterations)
    got = sum(count for _, count in histogram.counts)
    if got != wanted:
        yield Note(
            code="histogram-count",
            message=f"{name!r} has {got:,} samples, the iterations make {wanted:,}",
        )


def histogram_violations(histogram: HistogramMessage) -> Iterator[Note]:
    """How a histogram departs from the bucket scheme of the protocol."""
    values = [value for value, _ in histogram.counts]
    if any(later <= earlier for earlier, later in pairwise(values)):
        yield Note(code="malformed-histogram", message=f"{histogram.name!r} is not sorted")
    for value, count in histogram.counts:
        shift = max(value.bit_length() - 11, 0)
        if value < 0 or count <= 0 or value >> shift << shift != value:
            message = f"{histogram.name!r} has the entry [{value}, {count}]"
            yield Note(code="malformed-histogram", message=message)
            return


def _at(iteration: IterationDone, note: Note) -> Note:
    return Note(code=note.code, message=f"iteration {iteration.index}: {note.message}")
