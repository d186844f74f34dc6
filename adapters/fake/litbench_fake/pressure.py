"""Under load, and when things go wrong."""

from __future__ import annotations

from litbench_fake.arithmetic import (
    WORD,
    Draws,
    Parameters,
    Pattern,
    fold,
    fold_blocks,
    triangle,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _loaded_latency(p: Parameters) -> Pattern:
    """``messages`` is no parameter: it follows from the capacity (see ``run``)."""
    n = p["messages"]
    order = fold_blocks([9], 10, n) + fold_blocks(list(range(9)), 10, n)
    found = Pattern(2, n, [], order=order, sum=triangle(n))
    found.samples = n // 10
    found.more = {"naive": n // 10, "pacing": n}
    found.lasts = p["milliseconds"] * 1_000_000
    return found


def _isolation(p: Parameters) -> Pattern:
    actors, n, burns = p["actors"], p["messages"], p["burns"]
    streams = [(actors, n, 0, 1), (1, burns, 0, 1)]
    found = Pattern.folded(actors + 1, actors * n + burns, streams)
    found.more = {"gap": actors * (n - 1)}
    return found


def _supervision(p: Parameters) -> Pattern:
    """After each crash, one value to every child, which answers with the sum of v + 1 so far."""
    crashes, children = p["crashes"], p["children"]
    rounds, rest = divmod(crashes, children)
    restarts = {
        0: crashes,
        1: crashes * children,
        2: rounds * (children * (children + 1) // 2) + sum(children - k for k in range(rest)),
    }[p["strategy"]]
    messages = crashes * (1 + 2 * children)
    states = supervised_states(crashes, children, LAST_RESTART[p["strategy"]])
    found = Pattern(children + 1, messages, [], 1, restarts=restarts, states=states)
    found.errored = found.samples = crashes
    return found


def supervised_states(
    crashes: int, children: int, last_restart: Callable[[int, int, int], int]
) -> int:
    """(child + 1) * state over all answers: the values since the crash that restarted the child."""
    total = 0
    for crash in range(crashes):
        for child in range(children):
            since = max(last_restart(crash, child, children), 0)
            total += (child + 1) * triangle(crash + 1 - since, since)
    return total % WORD


def _last_crash_of(crash: int, child: int, children: int) -> int:
    """The last crash up to ``crash`` that was the child's own; below 0 when there was none."""
    return crash - (crash - child) % children


# By strategy: the crash that last restarted the child, of those up to ``crash``.
LAST_RESTART: dict[int, Callable[[int, int, int], int]] = {
    0: _last_crash_of,
    1: lambda crash, _child, _children: crash,
    2: lambda crash, child, children: max(
        _last_crash_of(crash, first, children) for first in range(child + 1)
    ),
}


def _failure_injection(p: Parameters) -> Pattern:
    n, burst = p["messages"], p["burst"]
    h = total = failed = recoveries = 0
    failing = False
    for first in range(0, n, burst):
        values = range(first, min(first + burst, n))
        if (first // burst * 2654435761 & 0xFFFFFFFF) % 100 < p["failures"]:
            failed += len(values)
            failing = True
            continue
        recoveries += failing
        failing = False
        h = (h * pow(31, len(values), WORD) + fold(len(values), first)) % WORD
        total += triangle(len(values), first)
    found = Pattern(2, n, [], order=h, sum=total, restarts=failed)
    found.errored = failed
    found.samples = n - failed
    found.more = {"recovery": recoveries}
    return found


def _churn(p: Parameters) -> Pattern:
    actors, n = p["actors"], p["messages"]
    each = [(n - first + actors - 1) // actors for first in range(min(actors, n))]
    allocated = 0
    for actor, messages in enumerate(each):
        draws = Draws(actor)
        allocated += sum(16 << (draws.next() >> 33) % 10 for _ in range(messages))
    streams = [(1, messages, first, actors) for first, messages in enumerate(each)]
    return Pattern.folded(actors, n, streams, bytes=allocated)


def _soak(p: Parameters) -> Pattern:
    senders, n = p["senders"], p["messages"]
    return Pattern.folded(senders + 1, senders * n, [(senders, n, 0, 1)])


PATTERNS = {
    "loaded-latency": _loaded_latency,
    "isolation": _isolation,
    "supervision": _supervision,
    "failure-injection": _failure_injection,
    "churn": _churn,
    "soak": _soak,
}
