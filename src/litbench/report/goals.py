"""Records to tables of goals: what a project wants or claims, beside what was measured.

Goals are data: a TOML file with a title and ``[[goals]]``. Those in ``goal_sets`` are shown
whenever the runs have their targets; a user's own file is given with ``--goals``. A goal passes
when the whole interval is on its side of the limit, fails when the whole interval is on the other,
and is undetermined otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from litbench.errors import InputError
from litbench.record import Measure, Part, Record
from litbench.report.labels import anchor
from litbench.report.notes import Notes
from litbench.report.parts import GoalRow, GoalTable, Verdict
from litbench.stats import memory, quantity, summary
from litbench.stats.quantity import Quantity
from litbench.stats.undetermined import Undetermined

_FOLDER = Path(__file__).with_name("goal_sets")
_FILE_LIMIT = 1 << 20


class Relation(StrEnum):
    """On which side of its limit a goal wants the measured value."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="

    def holds(self, value: float, limit: float) -> bool:
        """Whether ``value`` is where the goal wants it."""
        match self:
            case Relation.BELOW:
                return value < limit
            case Relation.AT_MOST:
                return value <= limit
            case Relation.ABOVE:
                return value > limit
            case Relation.AT_LEAST:
                return value >= limit


class Goal(Part, frozen=True, kw_only=True):
    """One goal; its limit is in the quantity's unit (ns, bytes, or a second's messages or actors).

    ``on`` has the targets it is held against; ``parameters`` those that its runs must have had.
    ``upper_bound`` says that more is measured than the goal is about: such a value can show that a
    goal is met, and not that it is missed.
    """

    name: str
    kind: str
    stated: str
    on: tuple[str, ...]
    workload: str
    quantity: str
    relation: Relation
    limit: float
    parameters: dict[str, int] = msgspec.field(default_factory=dict)
    upper_bound: bool = False
    note: str = ""


class GoalSet(Part, frozen=True, kw_only=True):
    """A project's goals, with where they are stated."""

    title: str
    about: str
    goals: tuple[Goal, ...]


def shipped() -> tuple[GoalSet, ...]:
    """The goals that come with litbench."""
    return tuple(read(path) for path in sorted(_FOLDER.glob("*.toml")))


def read(path: Path) -> GoalSet:
    """The goals in a file. Raises InputError when it is malformed or names an unknown quantity."""
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT + 1)
        if len(data) > _FILE_LIMIT:
            raise InputError(path, f"longer than {_FILE_LIMIT} bytes")
        found = msgspec.toml.decode(data, type=GoalSet)
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(path, f"malformed: {error}") from error
    for goal in found.goals:
        if goal.quantity not in quantity.names():
            known = ", ".join(quantity.names())
            raise InputError(path, f"{goal.name}: no quantity {goal.quantity!r}: there are {known}")
    return found


def build(records: Sequence[Record], sets: Sequence[GoalSet]) -> tuple[GoalTable, ...]:
    """One table for each set that the records have a target of."""
    numbered = enumerate(sets, 1)
    return tuple(table for i, each in numbered if (table := _table(i, records, each)) is not None)


def _table(number: int, records: Sequence[Record], goals: GoalSet) -> GoalTable | None:
    notes = Notes()
    rows: list[GoalRow] = []
    unmeasured: list[str] = []
    for goal in goals.goals:
        found = list(_rows(records, goal, notes))
        rows += found
        if not found:
            unmeasured.append(goal.name)
    if not rows:
        return None
    builds = dict.fromkeys(f"{row.target} {row.version}".strip() for row in rows)
    remarks = [f"measured: {', '.join(builds)}"]
    if unmeasured:
        remarks.append(f"not measured in these runs: {', '.join(dict.fromkeys(unmeasured))}")
    return GoalTable(
        anchor=anchor("goals", number),
        title=goals.title,
        about=goals.about,
        rows=tuple(rows),
        notes=notes.texts,
        remarks=tuple(remarks),
    )


def _rows(records: Sequence[Record], goal: Goal, notes: Notes) -> Iterator[GoalRow]:
    for target in goal.on:
        runs = [record for record in records if _about(record, goal, target)]
        if runs:
            yield _row(runs, goal, target, notes)


def _about(record: Record, goal: Goal, target: str) -> bool:
    given = record.workload.parameters
    return (
        record.subject.name == target
        and record.workload.name == goal.workload
        and record.measure is quantity.measure_of(goal.quantity)
        # absent: made before the workload had the parameter
        and all(given.get(name, value) == value for name, value in goal.parameters.items())
    )


def _row(runs: Sequence[Record], goal: Goal, target: str, notes: Notes) -> GoalRow:
    valid = [record for record in runs if record.valid]
    measured = _measured(goal, valid)
    verdict, reason = _judge(goal, measured)
    invalid = len(runs) - len(valid)
    said = [goal.note, f"{target}, {goal.name}: {reason}" if reason else ""]
    said.append(f"{invalid} of {len(runs)} runs were invalid and are left out" if invalid else "")
    return GoalRow(
        name=goal.name,
        kind=goal.kind,
        stated=goal.stated,
        target=target,
        version=runs[0].subject.version,
        workload=goal.workload,
        quantity=goal.quantity,
        parameters=dict(goal.parameters),
        relation=str(goal.relation),
        limit=goal.limit,
        measured=measured,
        verdict=verdict,
        notes=notes.add(sentence for sentence in said if sentence),
    )


def _measured(goal: Goal, runs: Sequence[Record]) -> Quantity | Undetermined:
    if not runs:
        return Undetermined("no valid run")
    kinds = {_alike(record) for record in runs}
    if len(kinds) > 1:
        return Undetermined(
            f"the runs are of {len(kinds)} kinds (build, parameters, set-up): show one at a time"
        )
    return quantity.quantity(goal.quantity, runs)


def _alike(record: Record) -> tuple[object, ...]:
    """What runs must share to be held against a goal together: all but the size of a memory run."""
    size = memory.size_of(record)
    repeated = record.measure is Measure.MEMORY
    kept = tuple(
        item
        for item in sorted(record.workload.parameters.items())
        if not (repeated and size and item[0] == size[0])
    )
    setup = summary.setup_of(record)
    if setup and repeated:  # a mailbox that holds all of its messages grows with the size
        setup = msgspec.structs.replace(setup, mailbox=0)
    return record.subject, record.workload.version, kept, setup


def _judge(goal: Goal, measured: Quantity | Undetermined) -> tuple[Verdict, str]:
    """The verdict, and why there is none."""
    if isinstance(measured, Undetermined):
        return Verdict.UNDETERMINED, measured.reason
    if measured.low is None or measured.high is None:
        return Verdict.UNDETERMINED, f"no interval: {measured.reason}"
    low, high = (goal.relation.holds(end, goal.limit) for end in (measured.low, measured.high))
    if low and high:
        return Verdict.PASS, ""
    if low or high:
        return Verdict.UNDETERMINED, "the limit is inside the interval"
    if goal.upper_bound:
        return Verdict.UNDETERMINED, "what was measured has more in it than the goal is about"
    return Verdict.FAIL, ""
