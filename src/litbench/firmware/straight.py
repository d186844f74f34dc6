"""The walk of an ordinary function in one pass, which is nearly all of them.

A compiler's function moves the stack pointer by constants, jumps to addresses, and is reached at
every point at one depth. Then one look at each step, in order of address, is enough. Whatever does
not fit (tables, registers, dynamic amounts, disagreeing depths, code reached only from behind)
is left to ``walk``, which follows every path.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from heapq import heappop, heappush

from litbench.firmware.functions import Body, Function
from litbench.firmware.step import Flow, Sp
from litbench.firmware.summary import Call, Summary

_NEXT, _CALL, _RETURN, _ADD = Flow.NEXT, Flow.CALL, Flow.RETURN, Sp.ADD
_NEVER = 1 << 64


def walk(function: Function, body: Body, is_plain: Callable[[int], bool]) -> Summary | None:
    """The function's summary, or None where it takes more than one pass.

    ``is_plain`` tells of a callee that it comes back and leaves nothing on the stack.
    """
    found = _Pass(function, body)
    if not (found.run() and body.all_begin(found.targets) and all(map(is_plain, found.callees))):
        return None
    found.summary.calls = sorted(set(found.summary.calls))
    return found.summary


class _Pass:
    """One pass over a function.

    ``depth`` is None where the code before does not come to the present step. ``_changes`` are the
    addresses from where on it had each of ``_depths``; ``_ahead`` is what will be come to: the
    depth there, or None where data begins.
    """

    def __init__(self, function: Function, body: Body) -> None:
        self.summary = Summary(function.start)
        self.callees: set[int] = set()
        self.targets: set[int] = set()
        self._start, self._end = function.start, function.end
        self._body = body
        self._depth: int | None = 0
        self._changes: list[int] = [function.start]
        self._depths: list[int | None] = [0]
        self._ahead: dict[int, int | None] = dict.fromkeys(body.gaps)
        self._order = sorted(body.gaps)  # a heap of what is ahead

    def run(self) -> bool:
        """Whether the summary holds; False as soon as something does not fit."""
        summary, order = self.summary, self._order
        after, flow = 0, _NEXT
        for place, step, target, may_not in self._body.outline():
            if order and order[0] <= place and not self._arrive(place):
                return False
            _, size, flow, _, register, conditional, sp, amount, _, _ = step
            after, depth = place + size, self._depth
            if depth is None:
                continue
            if flow > _RETURN or sp > _ADD or register == "t0":
                return False
            if sp is _ADD:
                depth -= amount
                summary.depth = max(summary.depth, depth)
                if flow is _NEXT:
                    self._set(after, depth)
            if flow is _CALL:
                self.callees.add(target or 0)
                summary.calls.append(Call(place, depth, target or 0, False))
            elif flow is not _NEXT:
                if not self._leave(place, flow, target or 0, depth):
                    return False
                if not (conditional or may_not):
                    self._set(after, None)
        return self._arrive(_NEVER) and self._ends(after, flow)

    def _set(self, address: int, depth: int | None) -> None:
        self._depth = depth
        self._changes.append(address)
        self._depths.append(depth)

    def _arrive(self, place: int) -> bool:
        """Passes what lies ahead up to ``place``; False where depths disagree."""
        while self._order and self._order[0] <= place:
            at = heappop(self._order)
            depth = self._ahead[at]
            if depth is None or self._depth is None:
                self._set(at, depth)
            elif self._depth != depth:
                return False
        return True

    def _leave(self, place: int, flow: Flow, target: int, depth: int) -> bool:
        """A return or a jump at ``place``; False where its target has another depth."""
        if flow is _RETURN:
            self.summary.returns.add(depth)
        elif not self._start <= target < self._end:
            self.summary.calls.append(Call(place, depth, target, True))
        else:
            self.targets.add(target)
            if target <= place:
                return self._depths[bisect_right(self._changes, target) - 1] == depth
            if target in self._ahead:
                return self._ahead[target] == depth
            self._ahead[target] = depth
            heappush(self._order, target)
        return True

    def _ends(self, after: int, flow: Flow) -> bool:
        """Whether control runs past the function's end at most behind a call."""
        return self._depth is None or (flow is _CALL and after == self._body.end)
