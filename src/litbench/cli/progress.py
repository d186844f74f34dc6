"""Progress on stderr: a bar on a terminal, plain lines elsewhere.

The bar is redrawn only between runs, so that drawing never takes time from a measured region.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from litbench.estimate import Estimator
from litbench.plan import Item, Plan, Unmeasured
from litbench.record import Record
from litbench.session import Observer
from litbench.targets import Target, is_built

if TYPE_CHECKING:
    from rich.progress import Progress


def observer_for(stream_is_terminal: bool | None = None) -> PlainProgress:
    """A bar when stderr is a terminal, else plain lines."""
    terminal = sys.stderr.isatty() if stream_is_terminal is None else stream_is_terminal
    return BarProgress() if terminal else PlainProgress()


class PlainProgress(Observer):
    """One line when something worth knowing happened; at most one every few seconds for runs."""

    interval_s = 5.0

    def __init__(self) -> None:
        self._estimator: Estimator | None = None
        self._done = 0
        self._total = 0
        self._invalid = 0
        self._spoke = 0.0

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to take down."""

    def building(self, target: Target) -> None:
        """Only a build that takes time is worth a line."""
        if not is_built(target):
            self.say(f"building {target.name} ({target.title})")

    def warned(self, text: str) -> None:
        """One line."""
        self.say(text)

    def left_out(self, what: Unmeasured) -> None:
        """What will not be measured, and why, before the runs begin."""
        subject = what.target if what.workload == "*" else f"{what.target} {what.workload}"
        self.say(f"not measured: {subject}: {what.because} {what.cure}".rstrip())

    def started(self, plan: Plan) -> None:
        """How much there is to do."""
        self._estimator = Estimator(plan)
        self._total = len(plan.items)
        self.say(f"{self._total} runs, preset {plan.preset.name}, seed {plan.seed}")

    def running(self, item: Item) -> None:
        """A plain log says what has ended, not what begins."""

    def ran(self, item: Item, record: Record | None) -> None:
        """Count, and say so now and then; an invalid run always."""
        assert self._estimator is not None
        self._estimator.learn(item, record)
        self._done += 1
        if record is not None and not record.valid:
            self._invalid += 1
            reason = record.reasons[0]
            self.say(f"invalid: {item.selection.text.strip()}: {reason.code}: {reason.message}")
        if self._done == self._total or time.monotonic() - self._spoke > self.interval_s:
            self._spoke = time.monotonic()
            self.say(f"{self._done}/{self._total} runs, {self.left}")

    @property
    def left(self) -> str:
        """The expected time left, for people."""
        assert self._estimator is not None
        seconds = round(self._estimator.seconds_left())
        return f"about {seconds // 60}:{seconds % 60:02} left"

    def say(self, text: str) -> None:
        """Write one line."""
        print(text, file=sys.stderr, flush=True)


class BarProgress(PlainProgress):
    """A bar with what is running and the time left; other lines scroll above it."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Progress | None = None

    def __enter__(self) -> BarProgress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task("preparing", total=None, left="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._bar is not None
        self._bar.stop()

    def building(self, target: Target) -> None:
        """Show what is being built."""
        if not is_built(target):
            self._show(f"building {target.name}")

    def started(self, plan: Plan) -> None:
        """Now the length of the bar is known."""
        assert self._bar is not None
        super().started(plan)
        self._bar.update(self._task, total=self._total)

    def running(self, item: Item) -> None:
        """Show which run is being made."""
        chosen = item.selection
        self._show(f"{chosen.target} {chosen.definition.name} {chosen.measure}")

    def ran(self, item: Item, record: Record | None) -> None:
        """Move the bar."""
        self._spoke = time.monotonic()
        super().ran(item, record)
        assert self._bar is not None
        self._bar.update(self._task, completed=self._done, left=self.left, refresh=True)

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        assert self._bar is not None
        self._bar.console.print(text, markup=False, highlight=False)

    def _show(self, text: str) -> None:
        assert self._bar is not None
        self._bar.update(self._task, description=f"{text:<44}", refresh=True)
