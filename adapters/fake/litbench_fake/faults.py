"""What an adapter can do wrong. Each fault acts at one point of the conversation.

``(point, act)``: ``act`` gets the run and the message about to be sent, which it may change; an
emptied message is not sent. Its docstring says what goes wrong.
"""

# ruff: noqa: ARG001 (every fault is called alike)

from __future__ import annotations

import os
import signal
import sys
import time

from litbench_fake.arithmetic import WORD, fold
from litbench_fake.bad_supervisors import state_kept, wrong_strategy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from litbench_fake.run import Run

    Act = Callable[[Any, dict[str, Any]], None]

FLOOD = 64 << 20
CHUNK = 1 << 16


def closed_receiver(run: Run, message: dict[str, Any]) -> None:
    """every send fails, which makes the loop faster"""
    _lose(run, message, handled=0, fate="errored")


def drop_declared(run: Run, message: dict[str, Any]) -> None:
    """the mailbox drops 90 % of the messages, and says so"""
    _lose(run, message, handled=run.pattern.messages // 10, fate="dropped")


def drop_undeclared(run: Run, message: dict[str, Any]) -> None:
    """one message vanishes"""
    _lose(run, message, handled=run.pattern.messages - 1, fate="")


def not_drained(run: Run, message: dict[str, Any]) -> None:
    """the clock stops while a tenth of the messages is still queued"""
    messages = run.pattern.messages
    _lose(run, message, handled=messages - max(messages // 10, 1), fate="pending")


def _lose(run: Run, message: dict[str, Any], handled: int, fate: str) -> None:
    """The end of the traffic is not handled, which takes less time."""
    messages = run.pattern.messages
    ledger = message["ledger"]
    ledger["handled"] = handled
    if fate:
        ledger[fate] = messages - handled
    share = handled / messages
    message["end"] = message["start"] + max(1, int((message["end"] - message["start"]) * share))
    checks = message["checks"]
    for name in checks:
        checks[name] = int(checks[name] * share)


def idle_handler(run: Run, message: dict[str, Any]) -> None:
    """messages are counted as handled, but no handler looks at them"""
    message["checks"] = dict.fromkeys(message["checks"], 0)


def wrong_sum(run: Run, message: dict[str, Any]) -> None:
    """the checksum `sum` is off by one"""
    message["checks"]["sum"] = (message["checks"]["sum"] + 1) % WORD


def reorder(run: Run, message: dict[str, Any]) -> None:
    """the last two messages of one sender are handled in the wrong order"""
    _, length, _, step = _stream(run)
    if length < 2:
        sys.exit("fake: reorder needs a stream of two messages")
    # 31 a + b becomes 31 b + a, where b = a + step
    message["checks"]["order"] = (message["checks"]["order"] + 30 * step) % WORD


def duplicate(run: Run, message: dict[str, Any]) -> None:
    """one message is handled twice"""
    message["ledger"]["handled"] += 1
    checks = message["checks"]
    if not run.pattern.streams:
        checks["sum"] = (checks["sum"] + 1) % WORD
        return
    _, length, start, step = _stream(run)
    last = start + (length - 1) * step + 1
    checks["order"] = (checks["order"] + 30 * fold(length, start, step) + last) % WORD
    checks["sum"] = (checks["sum"] + last) % WORD


def _stream(run: Run) -> tuple[int, int, int, int]:
    if not run.pattern.streams:
        sys.exit(f"fake: {run.job['workload']} has no order that a fault could break")
    return run.pattern.streams[0]


def forgiving(run: Run, message: dict[str, Any]) -> None:
    """the handlers that are to fail do not"""
    ledger = message["ledger"]
    ledger["handled"] += ledger["errored"]
    ledger["errored"] = 0


def missing_check(run: Run, message: dict[str, Any]) -> None:
    """the checks are left out"""
    message["checks"] = {}


def clock_backwards(run: Run, message: dict[str, Any]) -> None:
    """an iteration ends before it begins"""
    message["end"] = message["start"] - 1


def clock_overlap(run: Run, message: dict[str, Any]) -> None:
    """an iteration begins before the one before it has ended"""
    message["start"] = max(message["start"] - 3_600_000_000_000, 0)


def clock_stuck(run: Run, message: dict[str, Any]) -> None:
    """no time passes in an iteration"""
    message["end"] = message["start"]


def clock_fast(run: Run, message: dict[str, Any]) -> None:
    """an iteration claims ten seconds more than have passed"""
    message["end"] += 10_000_000_000


def wrong_iterations(run: Run, message: dict[str, Any]) -> None:
    """`finish` counts one iteration more than were sent"""
    message["iterations"] += 1


def too_few_iterations(run: Run, message: dict[str, Any]) -> None:
    """it stops before the last iteration, though there is time"""
    run.say("finish", {"type": "finish", "iterations": run.made})
    run.read("report")
    run.write({"type": "end"})
    os._exit(0)


def too_many_iterations(run: Run, message: dict[str, Any]) -> None:
    """it makes one iteration more than it was asked for"""
    run.write(run.iteration(run.made))
    message["iterations"] += 1


def skipped_iteration(run: Run, message: dict[str, Any]) -> None:
    """an iteration's index is skipped"""
    message["index"] += 1


def crash_exit(run: Run, message: dict[str, Any]) -> None:
    """it exits with status 3 half-way"""
    print("fake: giving up", file=sys.stderr, flush=True)
    os._exit(3)


def crash_signal(run: Run, message: dict[str, Any]) -> None:
    """it is killed by SIGABRT half-way"""
    os.kill(os.getpid(), signal.SIGABRT)


def crash_half_line(run: Run, message: dict[str, Any]) -> None:
    """it dies in the middle of a line"""
    run.write_raw(b'{"type":"iteration","ind')
    os.kill(os.getpid(), signal.SIGKILL)


def crash_late(run: Run, message: dict[str, Any]) -> None:
    """it exits with status 3 after `end`"""
    os._exit(3)


def hang(run: Run, message: dict[str, Any]) -> None:
    """it does nothing more, for ever"""
    while True:
        time.sleep(3600)


def hang_stubborn(run: Run, message: dict[str, Any]) -> None:
    """it ignores SIGTERM and SIGINT, has a child that does so too, and hangs"""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    child = os.fork()
    if child:
        print(f"child {child}", file=sys.stderr, flush=True)
    hang(run, message)


def garbage(run: Run, message: dict[str, Any]) -> None:
    """a line that is not JSON"""
    run.write_raw(b"Segmentation fault (core not dumped)\n")


def garbage_utf8(run: Run, message: dict[str, Any]) -> None:
    """a line that is not UTF-8"""
    run.write_raw(b'{"type":"metric","name":"\xff\xfe","unit":"ns","values":[]}\n')


def garbage_nan(run: Run, message: dict[str, Any]) -> None:
    """a number that is NaN"""
    run.write_raw(b'{"type":"metric","name":"x","unit":"ns","values":[NaN]}\n')


def garbage_nested(run: Run, message: dict[str, Any]) -> None:
    """a hundred thousand brackets"""
    run.write_raw(b'{"type":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n")


def garbage_empty(run: Run, message: dict[str, Any]) -> None:
    """an empty line"""
    run.write_raw(b"\n")


def long_line(run: Run, message: dict[str, Any]) -> None:
    """a well-formed line of 2 MiB"""
    run.write({"type": "error", "code": "x", "message": "x" * (2 << 20)})


def flood_stdout(run: Run, message: dict[str, Any]) -> None:
    """64 MiB on standard output"""
    _flood(1)


def flood_stderr(run: Run, message: dict[str, Any]) -> None:
    """64 MiB on standard error"""
    _flood(2)


def _flood(descriptor: int) -> None:
    for _ in range(FLOOD // CHUNK):
        os.write(descriptor, b"flood\n" * (CHUNK // 6))


def flood_protocol(run: Run, message: dict[str, Any]) -> None:
    """64 MiB of well-formed metrics"""
    values = [0] * (CHUNK // 2)
    for index in range(FLOOD // CHUNK):
        run.write({"type": "metric", "name": f"m{index}", "unit": "count", "values": values})


def no_end(run: Run, message: dict[str, Any]) -> None:
    """it exits with status 0 before `end`"""
    os._exit(0)


def stale_protocol(run: Run, message: dict[str, Any]) -> None:
    """it speaks protocol version 0"""
    message["protocol"] = 0


def stale_description(run: Run | None, message: dict[str, Any]) -> None:
    """it describes itself in protocol version 0"""
    message["protocol"] = 0


def malformed_description(run: Run | None, message: dict[str, Any]) -> None:
    """it describes itself without its workloads"""
    del message["workloads"]


def wrong_specification(run: Run, message: dict[str, Any]) -> None:
    """it has one actor more than the workload"""
    message["specification"]["actors"] += 1


def other_mailbox(run: Run, message: dict[str, Any]) -> None:
    """its mailboxes are unbounded (which is allowed, and must be shown)"""
    message["specification"]["mailbox"] = 0


def unknown_field(run: Run, message: dict[str, Any]) -> None:
    """a message has a field that the protocol does not know"""
    message["mood"] = "cheerful"


def unknown_type(run: Run, message: dict[str, Any]) -> None:
    """a message of a type that the protocol does not know"""
    run.write({"type": "greeting"})


def unexpected_message(run: Run, message: dict[str, Any]) -> None:
    """a metric while iterations are due"""
    run.write({"type": "metric", "name": "x", "unit": "ns", "values": [1]})


def early_report(run: Run, message: dict[str, Any]) -> None:
    """everything after `finish` comes with it, not waiting for `report`"""
    run.held = []


def missing_samples(run: Run, message: dict[str, Any]) -> None:
    """the histogram or the memory readings are left out"""
    run.write({"type": "end"})
    os._exit(0)


def unsorted_histogram(run: Run, message: dict[str, Any]) -> None:
    """a histogram that is not sorted"""
    run.write({"type": "histogram", "name": "odd", "unit": "ns", "counts": [[2, 1], [1, 1]]})


def metric_twice(run: Run, message: dict[str, Any]) -> None:
    """one metric is sent twice"""
    for _ in range(2):
        run.write({"type": "metric", "name": "x", "unit": "ns", "values": [1]})


def declared_error(run: Run, message: dict[str, Any]) -> None:
    """it ends the run itself with an `error`"""
    run.write({"type": "error", "code": "out-of-memory", "message": "no room for the actors"})
    os._exit(1)


FAULTS: dict[str, tuple[str, Act]] = {
    "closed-receiver": ("iteration", closed_receiver),
    "drop-declared": ("iteration", drop_declared),
    "drop-undeclared": ("iteration", drop_undeclared),
    "idle-handler": ("iteration", idle_handler),
    "not-drained": ("iteration", not_drained),
    "wrong-sum": ("iteration", wrong_sum),
    "reorder": ("iteration", reorder),
    "duplicate": ("iteration", duplicate),
    "forgiving": ("iteration", forgiving),
    "wrong-strategy": ("iteration", wrong_strategy),
    "state-kept": ("iteration", state_kept),
    "missing-check": ("iteration", missing_check),
    "clock-backwards": ("iteration", clock_backwards),
    "clock-overlap": ("iteration", clock_overlap),
    "clock-stuck": ("iteration", clock_stuck),
    "clock-fast": ("iteration", clock_fast),
    "wrong-iterations": ("finish", wrong_iterations),
    "too-few-iterations": ("iteration", too_few_iterations),
    "too-many-iterations": ("finish", too_many_iterations),
    "skipped-iteration": ("iteration", skipped_iteration),
    "crash-exit": ("iteration", crash_exit),
    "crash-signal": ("iteration", crash_signal),
    "crash-half-line": ("iteration", crash_half_line),
    "crash-late": ("exit", crash_late),
    "hang-before-ready": ("ready", hang),
    "hang-middle": ("iteration", hang),
    "hang-before-end": ("end", hang),
    "hang-after-end": ("exit", hang),
    "hang-stubborn": ("iteration", hang_stubborn),
    "garbage": ("iteration", garbage),
    "garbage-utf8": ("iteration", garbage_utf8),
    "garbage-nan": ("end", garbage_nan),
    "garbage-nested": ("iteration", garbage_nested),
    "garbage-empty": ("iteration", garbage_empty),
    "long-line": ("iteration", long_line),
    "flood-stdout": ("iteration", flood_stdout),
    "flood-stderr": ("iteration", flood_stderr),
    "flood-protocol": ("end", flood_protocol),
    "no-end": ("end", no_end),
    "stale-protocol": ("ready", stale_protocol),
    "stale-description": ("describe", stale_description),
    "malformed-description": ("describe", malformed_description),
    "wrong-specification": ("ready", wrong_specification),
    "other-mailbox": ("ready", other_mailbox),
    "unknown-field": ("iteration", unknown_field),
    "unknown-type": ("iteration", unknown_type),
    "unexpected-message": ("iteration", unexpected_message),
    "early-report": ("finish", early_report),
    "missing-samples": ("report", missing_samples),
    "unsorted-histogram": ("end", unsorted_histogram),
    "metric-twice": ("end", metric_twice),
    "declared-error": ("iteration", declared_error),
}
