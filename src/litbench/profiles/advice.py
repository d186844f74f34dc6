"""Advice: plain sentences with the figure that each rests on, and nothing where nothing is wrong.

A threshold is here once, with its reason. What was not measured gives no advice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from litbench.profiles.figures import number, per_message, question_of, rows, setting, value
from litbench.record import Record, Scalar
from litbench.units import Unit, format_bytes, format_count, format_quantity, significant

# An allocation costs tens of ns, as much as a message itself in a fast runtime.
ALLOCATIONS_A_MESSAGE = 1.0
TINY_BYTES = 256
LOST_BLOCKS_A_MESSAGE = 0.01
GROWTH_A_MESSAGE = 0.5
STEADY_GROWTH = 0.25  # of all growth must come in the second half, or it is warm-up
FRAGMENTED = 0.3
FRAGMENTED_BYTES = 1 << 20
ENOUGH_SIZES = 4
PROPORTIONAL = 1.5  # an actor's bytes may differ by what tables that double leave empty
ALLOCATOR_SHARE = 0.10
SYNCHRONISATION_SHARE = 0.10
INSTRUCTIONS_A_CYCLE = 0.8
L1_MISSES = 0.07  # reading 4-byte numbers in order misses at 6.25 %, which cannot be bettered
L1_MISSES_MANY = 0.10
FEW_ACCESSES = 10_000  # fewer say nothing about a program
SWITCHES_A_MESSAGE = 1.0
BUSY_CORE = 0.95
IDLE_CORE = 0.50
UNYIELDING_NS = 20_000_000  # five ticks at 250 a second: a fair scheduler's slice is below one
UNYIELDING_SHARE = 0.5  # of its time in one stretch: who sleeps now and then is not meant
OUSTED = 10  # the scheduler itself took the processor away so that the program's others could run
WAITED_SHARE = 0.10
LOCK_HELD = 0.20
LOCK_CONTENDED = 0.02
LOCK_WAIT = 0.10
SHARED_LINE = 0.02


@dataclass(frozen=True)
class Advice:
    """A code for machines, and a sentence with its figure and what to try."""

    code: str
    text: str


def advice(record: Record) -> list[Advice]:
    """What a profile's figures call for; empty where nothing is wrong or the run was bad."""
    rules = _RULES.get(question_of(record), ())
    return [found for rule in rules if record.valid for found in rule(record)]


def _tiny_allocations(record: Record) -> Iterator[Advice]:
    count, size = per_message(record, "allocations"), per_message(record, "allocated")
    if setting(record, "region") == "whole process" and record.specification is not None:
        return  # start-up is in the figures of a target that cannot be cut out
    if not count or size is None or count < ALLOCATIONS_A_MESSAGE or size / count > TINY_BYTES:
        return
    site = next(rows(record, "sites"), None)
    where = f", most of them in {_place(site)}" if site else ""
    yield Advice(
        "tiny-allocations",
        f"{significant(count)} allocations of {format_bytes(size / count)} for every message"
        f"{where}: reuse buffers, keep small values inline, or pool the messages.",
    )


def _not_proportional(record: Record) -> Iterator[Advice]:
    counted = str(setting(record, "counted") or "")
    found = list(rows(record, f"memory by {counted}"))
    for reading in ("live", "reported"):  # the resident set is in pages, and in arenas kept before
        known = [row for row in found if number(row, f"{reading} each") > 0]
        if len(known) < ENOUGH_SIZES:
            continue
        # costs of the last half against those of all before, so that a constant is in neither
        first, middle, last = known[0], known[-2], known[-1]
        early, late = _slope(first, middle, counted, reading), _slope(
            middle, last, counted, reading)  # fmt: skip
        if early > 0 and late > PROPORTIONAL * early:
            yield Advice(
                "memory-not-proportional",
                f"memory is not proportional to the {counted}: one more costs"
                f" {format_bytes(early)} up to {format_count(number(middle, counted))} and"
                f" {format_bytes(late)} beyond: look for what each of them keeps about the others.",
            )
        return


def _slope(one: dict[str, Scalar], other: dict[str, Scalar], counted: str, reading: str) -> float:
    """Bytes that one more actor costs between two sizes."""
    more = number(other, counted) - number(one, counted)
    return (number(other, reading) - number(one, reading)) / more if more > 0 else 0.0


def _lost(record: Record) -> Iterator[Advice]:
    lost, total = per_message(record, "lost"), value(record, "lost-total")
    blocks = per_message(record, "lost-blocks")
    if not total or (blocks is not None and blocks < LOST_BLOCKS_A_MESSAGE):
        return  # what is lost once, at the start or the end, is no leak
    site = next(rows(record, "lost"), None)
    where = f", most of it allocated in {_place(site)}" if site else ""
    each = f"{format_bytes(lost)} a message" if lost is not None else format_bytes(total)
    yield Advice(
        "leak", f"{each} is lost for good{where}: nothing points to it any more; free it there."
    )


def _growth(record: Record) -> Iterator[Advice]:
    grown, late = per_message(record, "growth"), value(record, "growth-second-half")
    total = value(record, "growth-total")
    if grown is None or not total or grown < GROWTH_A_MESSAGE:
        return
    if late is not None and late < STEADY_GROWTH * total:
        return
    alive = max(rows(record, "sites"), key=lambda row: number(row, "alive bytes"), default=None)
    where = f", most of it from {_place(alive)}" if alive else ""
    yield Advice(
        "growth",
        f"live memory grows by {format_bytes(grown)} a message{where}: look for a collection"
        " that is only added to.",
    )


def _fragmentation(record: Record) -> Iterator[Advice]:
    share, active = value(record, "external-fragmentation-end"), value(record, "active-end")
    if share is None or active is None or share < FRAGMENTED or active * share < FRAGMENTED_BYTES:
        return
    yield Advice(
        "fragmentation",
        f"{share:.0%} of the pages in use ({format_bytes(active * share)}) hold nothing: objects"
        " that live long sit between those that died; allocate them apart, or in pools of one"
        " size.",
    )


def _classes(record: Record) -> Iterator[Advice]:
    shares = {str(row["class"]): number(row, "share") for row in rows(record, "classes")}
    if shares.get("allocator", 0) >= ALLOCATOR_SHARE:
        yield Advice(
            "allocator-share",
            f"{shares['allocator']:.0%} of the CPU time goes to the allocator:"
            " `litbench profile heap` says which sites.",
        )
    if shares.get("synchronisation", 0) >= SYNCHRONISATION_SHARE:
        yield Advice(
            "synchronisation-share",
            f"{shares['synchronisation']:.0%} of the CPU time goes to locks and their like:"
            " `litbench profile locks` says which.",
        )
    runtime = shares.get("scheduling", 0)
    actor = shares.get("actor code", 0)
    if runtime > actor and "scheduling" in shares:
        yield Advice(
            "scheduling-share",
            f"scheduling takes {runtime:.0%} of the CPU time, the actors' own code {actor:.0%}:"
            " give a message more work, or handle several at a turn.",
        )


def _cycles(record: Record) -> Iterator[Advice]:
    ratio = value(record, "instructions-per-cycle")
    if ratio is not None and ratio < INSTRUCTIONS_A_CYCLE:
        yield Advice(
            "low-ipc",
            f"{significant(ratio)} instructions a cycle: the processor mostly waits, often for"
            " memory; `litbench profile cache` says where.",
        )


def _caches(record: Record) -> Iterator[Advice]:
    for prefix, how in (("simulated-", "simulated"), ("", "measured")):
        reads = "l1-misses" if prefix else "l1-read-misses"
        rate = value(record, f"{prefix}{reads}-rate")
        total = value(record, f"{prefix}{'data-accesses' if prefix else 'l1-reads'}-total")
        if rate is None or rate < L1_MISSES or (total or 0) < FEW_ACCESSES * 10:
            continue
        line = next(rows(record, "lines"), None)
        function = next(rows(record, "functions"), None)
        where = f", most of them in {function['function']}" if function else ""
        if line is not None:
            where += f" at {line['file']}:{line['line']}"
        many = "far above" if rate >= L1_MISSES_MANY else "above"
        yield Advice(
            "l1-misses",
            f"{rate:.1%} of the data accesses miss the first-level cache ({how}), {many} the"
            f" 5 % of good code{where}: walk memory in order, keep what is used together together.",
        )


def _switches(record: Record) -> Iterator[Advice]:
    for name in ("context-switches", "switches"):
        switches = per_message(record, name)
        if switches is not None and switches > SWITCHES_A_MESSAGE:
            yield Advice(
                "context-switches",
                f"{significant(switches)} context switches for every message: keep sender and"
                " receiver on one thread, or send in batches.",
            )
            return


def _balance(record: Record) -> Iterator[Advice]:
    shares = [(row["core"], number(row, "share")) for row in rows(record, "cores")]
    cores = record.environment.facts.get("cpus_usable")
    threads = [row for row in rows(record, "threads") if number(row, "run share") > 0.02]
    if not shares or not isinstance(cores, int) or cores < 2 or len(threads) < 2:
        return
    busiest, share = max(shares, key=lambda pair: pair[1])
    rest = [s for core, s in shares if core != busiest] + [0.0] * (cores - len(shares))
    waits = sum(number(row, "wait") for row in threads)
    span = value(record, "span") or 0
    if share >= BUSY_CORE and min(rest) < IDLE_CORE and waits > WAITED_SHARE * span:
        yield Advice(
            "unbalanced",
            f"processor {busiest} is busy {share:.0%} of the time while another is at"
            f" {min(rest):.0%}, and threads wait: spread the actors, or lift the pinning.",
        )


def _unyielding(record: Record) -> Iterator[Advice]:
    for row in rows(record, "threads"):
        stretch, ousted = number(row, "longest run"), number(row, "ousted")
        most_of_it = stretch >= UNYIELDING_SHARE * number(row, "run")
        if stretch >= UNYIELDING_NS and most_of_it and ousted >= OUSTED:
            yield Advice(
                "never-yields",
                f"thread {row['thread']} ({row['tid']}) ran for"
                f" {format_quantity(stretch, Unit.NS)} without giving the processor up: the"
                f" scheduler took it away {format_count(ousted)} times so that the others could"
                " run; let it yield, or give what blocks a thread of its own.",
            )


def _locks(record: Record) -> Iterator[Advice]:
    span = value(record, "span") or 0
    for row in rows(record, "locks"):
        wait, contended = number(row, "wait"), number(row, "contended share")
        if row["kind"] == "parking" or contended < LOCK_CONTENDED or wait < LOCK_WAIT * span:
            continue
        held = number(row, "held share")
        holder = ""
        if held >= LOCK_HELD:
            holder = (
                f"; it is held {held:.0%} of the time, most by {row['top holder']}"
                f" ({number(row, 'top holder share'):.0%})"
            )
        yield Advice(
            "contended-lock",
            f"threads waited {format_quantity(wait, Unit.NS)} for {row['lock']} in"
            f" {row['site']} ({row['where']}){holder}: hold it for less, or divide what it guards.",
        )


def _futexes(record: Record) -> Iterator[Advice]:
    """Locks that only the kernel's side shows; those that a tool can name have its advice."""
    span = value(record, "span") or 0
    if setting(record, "locks_named_by"):
        return
    places: dict[str, float] = defaultdict(float)
    for row in rows(record, "futexes"):
        if row["kind"] == "lock":
            places[_lock_place(row)] += number(row, "wait")
    for place, wait in places.items():
        if wait >= LOCK_WAIT * span:
            yield Advice(
                "contended-lock",
                f"threads waited {format_quantity(wait, Unit.NS)} for a lock {place}: hold it for"
                " less, or divide what it guards.",
            )


def _lock_place(row: dict[str, Scalar]) -> str:
    """Where it is taken or else let go; its address or name where no function is known."""
    for site, where in (("site", "where"), ("woken by", "woken where")):
        if row[site]:
            return f"in {row[site]} ({row[where]})"
    return f"at {row['futex']}"


def _java_locks(record: Record) -> Iterator[Advice]:
    for row in rows(record, "java locks"):
        wait = number(row, "wait")
        if record.duration_ns and wait >= LOCK_WAIT * record.duration_ns:
            holder = f"; {row['top holder']} held it most" if row["top holder"] else ""
            yield Advice(
                "contended-lock",
                f"threads waited {format_quantity(wait, Unit.NS)} for a {row['lock']} in"
                f" {row['site']} ({row['where']}){holder}: hold it for less, or divide what it"
                " guards.",
            )


def _sharing(record: Record) -> Iterator[Advice]:
    measured = bool(record.instruments) and record.instruments[0].name == "perf-c2c"
    sure = "" if measured else " (a suspect: computed from sampled registers)"
    for row in rows(record, "shared lines"):
        if row["kind"] == "false sharing" and number(row, "share of samples") >= SHARED_LINE:
            yield Advice(
                "false-sharing",
                f"{row['threads']} write to different words ({row['offsets']}) of the cache line"
                f" at {row['line']} in {row['site']} ({row['where']}),"
                f" {number(row, 'share of samples'):.0%} of the samples: put them 64 bytes"
                f" apart{sure}.",
            )


def _races(record: Record) -> Iterator[Advice]:
    count = value(record, "races")
    race = next(rows(record, "races"), None)
    if count and race:
        yield Advice(
            "data-race",
            f"{format_count(count)} data race{'s' if count > 1 else ''}: {race['first']}"
            f" ({race['first where']}) against {race['second']} ({race['second where']}): take a"
            " lock, use an atomic, or send a message.",
        )


def _place(row: dict[str, Scalar]) -> str:
    return f"{row['site']} ({row['where']})" if row.get("where") else str(row["site"])


Rule = Callable[[Record], Iterator[Advice]]
_RULES: dict[str, tuple[Rule, ...]] = {
    "heap": (_tiny_allocations, _not_proportional),
    "leaks": (_lost, _growth),
    "fragmentation": (_fragmentation,),
    "cpu": (_classes, _cycles, _switches),
    "cache": (_caches,),
    "sched": (_switches, _balance, _unyielding),
    "locks": (_locks, _java_locks, _futexes, _sharing),
    "races": (_races,),
}
