"""What a supervisor can do wrong while it counts its restarts right: only `states` tells."""

from __future__ import annotations

from litbench_fake.pressure import LAST_RESTART, supervised_states

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from litbench_fake.run import Run


def wrong_strategy(run: Run, message: dict[str, Any]) -> None:
    """the supervisor restarts the children of another strategy"""
    other = (run.job["parameters"]["strategy"] + 1) % len(LAST_RESTART)
    _pretend(run, message, LAST_RESTART[other])


def state_kept(run: Run, message: dict[str, Any]) -> None:
    """a restarted child goes on with the state that it had"""
    _pretend(run, message, lambda *_: -1)


def _pretend(
    run: Run, message: dict[str, Any], last_restart: Callable[[int, int, int], int]
) -> None:
    parameters = run.job["parameters"]
    states = supervised_states(parameters["crashes"], parameters["children"], last_restart)
    message["checks"]["states"] = states
