"""Whether a board run's numbers may be used, from how it ended, what the probe says, and the
workload's rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from litbench.boards import block as blocks
from litbench.boards.image import PROBE_SYMBOL
from litbench.boards.logs import is_fault
from litbench.boards.outcome import End, Outcome
from litbench.boards.plan import Plan
from litbench.protocol import IterationDone
from litbench.record import Expected, Iteration, Note
from litbench.runner.checks import check_violations, ledger_violations


def ending(plan: Plan, outcome: Outcome) -> tuple[list[Note], list[Note]]:
    """Reasons and cautions that lie in how the run ended."""
    probe = plan.image.symbol(PROBE_SYMBOL) is not None
    reason = _end_reason(plan, outcome, probe=probe)
    return ([reason] if reason else []), ([] if probe else [_no_probe()])


def _end_reason(plan: Plan, outcome: Outcome, *, probe: bool) -> Note | None:
    code = text = ""
    match outcome.end:
        case End.TIMED_OUT if faults := [name for name in outcome.interrupts if is_fault(name)]:
            code, text = "fault", f"the core took a {faults[0]}{_place(plan, outcome)}"
        case End.TIMED_OUT:
            code = "hang"
            text = f"no end after {plan.limits.seconds:g} s{_place(plan, outcome)}"
            text += "; --instructions bounds a run that has none"
        case End.FLOODED:
            code = "output-flood"
            text = f"more than {plan.limits.output:,} bytes on the serial line"
        case End.CRASHED:
            code, text = "crashed", f"the emulator gave up: {outcome.messages or 'no word from it'}"
        case End.EXITED if outcome.status:
            code, text = "exit-status", f"the firmware exited with status {outcome.status}"
        case End.STOPPED if not probe:
            code, text = "reset", "the firmware reset the machine, which ends the run"
    return Note(code=code, message=text) if code else None


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


def workload_reasons(iterations: Sequence[Iteration], expected: Expected) -> list[Note]:
    """The same rules that hold for every target: the ledger and the checksums."""
    found: dict[str, Note] = {}
    if not iterations:
        found["no-iteration"] = Note(code="no-iteration", message="no iteration was completed")
    for index, iteration in enumerate(iterations):
        for note in _iteration_reasons(index, iteration, expected):
            found.setdefault(note.code, note)
    return list(found.values())


def _iteration_reasons(index: int, iteration: Iteration, expected: Expected) -> list[Note]:
    done = IterationDone(index, iteration.start, iteration.end, iteration.ledger, iteration.checks)
    notes = [*ledger_violations(iteration.ledger, expected.ledger)]
    return [*notes, *check_violations(done, expected)]
