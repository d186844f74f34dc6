"""How actors fare beside one that burns the processor: their share, and the worst gap.

The share is the part of the others' messages that was handled while the hog burned; the gap is the
time between one actor's consecutive messages. The share's interval is Student's over forks, on
plain shares, since one may be 0. The worst gap is a maximum: it has a value in each fork, and no
interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from litbench.record import Record
from litbench.stats import histogram as hdr
from litbench.stats import student
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit

SHARE, GAP = "share", "gap"  # the metric and the histogram that isolation has
CONFIDENCE = 0.95


class Fairness(msgspec.Struct, frozen=True):
    """``share`` from 0 to 1, its interval or None and why, and each fork's worst gap."""

    share: float
    low: float | None
    high: float | None
    reason: str
    unit: Unit
    worst_gaps: tuple[int, ...]

    @property
    def worst_gap(self) -> int:
        """The longest that any actor waited for its next message, in ``unit``."""
        return max(self.worst_gaps)


def fairness(records: Sequence[Record]) -> Fairness | Undetermined:
    """What these valid runs say, one fork each, or why there is nothing."""
    shares, worst, unit = [], [], Unit.NS
    for record in records:
        share, gap = record.metric(SHARE), record.histogram(GAP)
        if share and share.values and gap and hdr.total(gap.counts):
            shares.append(math.fsum(share.values) / len(share.values))
            worst.append(hdr.most(gap.counts))
            unit = gap.unit
    if not shares:
        return Undetermined("no valid run with a share and gaps")
    mean = math.fsum(shares) / len(shares)
    if len(shares) < 2:
        return Fairness(
            mean, None, None, "one fork: nothing shows how forks differ", unit, (*worst,)
        )
    variance = math.fsum((share - mean) ** 2 for share in shares) / (len(shares) - 1)
    t = student.quantile((1 + CONFIDENCE) / 2, len(shares) - 1)
    half = t * math.sqrt(variance / len(shares))
    return Fairness(mean, max(mean - half, 0.0), min(mean + half, 1.0), "", unit, (*worst,))
