"""What the runs say of the machine, and what a reader must be warned of before any number."""

from __future__ import annotations

from collections.abc import Sequence

from litbench.record import Record, Scalar
from litbench.report.parts import Fact

STEAL = "steal"


def facts(records: Sequence[Record]) -> tuple[Fact, ...]:
    """Every fact of the records' environments, with each value that occurs."""
    values: dict[str, dict[Scalar, None]] = {}
    for record in records:
        for name, value in record.environment.facts.items():
            values.setdefault(name, {})[value] = None
    return tuple(Fact(name=name, values=tuple(found)) for name, found in sorted(values.items()))


def warnings(records: Sequence[Record], found: Sequence[Fact]) -> tuple[str, ...]:
    """Sentences about the whole report."""
    sentences = []
    invalid = [record for record in records if not record.valid]
    if not records:
        sentences.append("There are no runs: nothing was measured.")
    if invalid:
        targets = sorted({record.subject.name for record in invalid})
        sentences.append(
            f"{len(invalid)} of {len(records)} runs are invalid and give no number"
            f" ({', '.join(targets)}). They are listed with their reasons."
        )
    differ = [fact.name for fact in found if len(fact.values) > 1]
    if differ:
        sentences.append(
            f"The runs were not made on the same machine in the same state: {', '.join(differ)}"
            " differ. Numbers of different machines do not compare."
        )
    return tuple(sentences)
