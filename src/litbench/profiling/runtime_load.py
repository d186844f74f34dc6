"""What a target's runtime says of its own workers: metrics ``worker-N-busy`` and the like."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from litbench.record import Metric, Table
from litbench.units import Unit

_OF_WORKER = re.compile(r"^worker-(\d{1,6})-([a-z]+)$")


def of_worker(metric: Metric) -> bool:
    """Whether a metric is one worker's."""
    return _OF_WORKER.match(metric.name) is not None


def workers_table(metrics: Iterable[Metric]) -> Iterator[Table]:
    """One row a worker: time busy in ns, its share of the region, times it went to sleep.

    Nothing where the runtime does not say.
    """
    workers: dict[int, dict[str, float]] = defaultdict(dict)
    span: float | None = None
    for metric in metrics:
        match = _OF_WORKER.match(metric.name)
        if match is not None and metric.values:
            workers[int(match[1])][match[2]] = metric.values[0]
        elif metric.name == "runtime-span" and metric.values:
            span = metric.values[0]
    rows = []
    for number, said in sorted(workers.items()):
        busy = said.get("busy")
        share = busy / span if busy is not None and span else None
        rows.append((number, busy, share, said.get("parks")))
    if rows:
        columns = ("worker", "busy", "busy share", "parks")
        yield Table(name="workers", columns=columns, units=(None, Unit.NS, Unit.RATIO, Unit.COUNT),
                    rows=tuple(rows))  # fmt: skip
