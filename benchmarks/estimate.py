"""How right the time left is after the first tenth of the runs of the newest session.

The runs that were kept are replayed in other orders, as other seeds would have planned them. Run
`litbench run --preset quick` before this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.result import Result
from litbench.catalogue import workload
from litbench.estimate import Estimator
from litbench.plan import PRESETS, Preset, Selection, make
from litbench.record import Measure, Record
from litbench.store import Store, default_path

ORDERS = 200
WITHIN = 0.25
ALLOWED_MISSES = ORDERS // 10


def run() -> Iterator[Result]:
    """How many orders miss by more than a quarter."""
    with Store.open(default_path(), create=False) as store:
        records = store.find("last")
    misses = sum(abs(after_a_tenth(records, seed) - 1) > WITHIN for seed in range(ORDERS))
    name = f"estimates after a tenth of {len(records)} runs, of {ORDERS}, off by over 25 %"
    yield Result(name, misses, ALLOWED_MISSES)


def after_a_tenth(records: Sequence[Record], seed: int) -> float:
    """The estimated over the true duration of the rest, in the order that ``seed`` gives."""
    ran = {(_selection(r).text, r.place.fork): r for r in records if r.place}
    chosen = {_selection(r).text: _selection(r) for r in records}
    plan = make(list(chosen.values()), _preset(records), seed)
    took = [ran.get((item.selection.text, item.fork)) for item in plan.items]
    estimator = Estimator(plan)
    tenth = len(plan.items) // 10
    for item, record in zip(plan.items[:tenth], took, strict=False):
        estimator.learn(item, record)
    rest = sum(r.duration_ns for r in took[tenth:] if r) / 1e9
    return estimator.seconds_left() / rest


def _preset(records: Sequence[Record]) -> Preset:
    place = records[0].place
    assert place is not None
    return PRESETS[place.preset]


def _selection(record: Record) -> Selection:
    assert record.specification is not None
    return Selection(
        record.subject.name,
        workload(record.workload.name),
        {name: int(value) for name, value in record.workload.parameters.items()},
        Measure(record.measure or Measure.THROUGHPUT),
        record.specification.threads,
    )
