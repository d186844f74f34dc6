"""Every fault of the fake adapter is caught, with its own reason, and the clean fake is not."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from litbench.catalogue import all_workloads
from litbench.errors import MissingToolError
from litbench.record import Measure, Status
from tests.integration.fake import FAKE, fake, plan_of, run_fake

# fault -> the reason that the harness must give
REASONS = {
    "closed-receiver": "send-failed",
    "drop-declared": "messages-dropped",
    "drop-undeclared": "messages-lost",
    "idle-handler": "handler-idle",
    "not-drained": "queue-not-drained",
    "wrong-sum": "wrong-result",
    "reorder": "order-violated",
    "duplicate": "messages-duplicated",
    "missing-check": "check-missing",
    "clock-backwards": "clock-backwards",
    "clock-overlap": "clock-backwards",
    "clock-stuck": "clock-stuck",
    "clock-fast": "clock-disagrees",
    "wrong-iterations": "iteration-count",
    "too-few-iterations": "iteration-count",
    "too-many-iterations": "iteration-count",
    "skipped-iteration": "iteration-count",
    "crash-exit": "crashed",
    "crash-signal": "crashed",
    "crash-half-line": "crashed",
    "crash-late": "crashed",
    "hang-before-ready": "timed-out",
    "hang-middle": "timed-out",
    "hang-before-end": "timed-out",
    "hang-stubborn": "timed-out",
    "garbage": "malformed-line",
    "garbage-utf8": "malformed-line",
    "garbage-nan": "malformed-line",
    "garbage-nested": "malformed-line",
    "garbage-empty": "malformed-line",
    "long-line": "line-too-long",
    "flood-stdout": "output-flood",
    "flood-stderr": "output-flood",
    "flood-protocol": "output-flood",
    "no-end": "ended-early",
    "stale-protocol": "protocol-version",
    "wrong-specification": "wrong-specification",
    "unknown-field": "malformed-line",
    "unknown-type": "malformed-line",
    "unexpected-message": "unexpected-message",
    "early-report": "early-report",
    "unsorted-histogram": "malformed-histogram",
    "metric-twice": "unexpected-message",
    "declared-error": "adapter-out-of-memory",
}
ALLOWED = {"other-mailbox": "specification-differs", "hang-after-end": "did-not-exit"}
AT_DESCRIBE = {"stale-description", "malformed-description"}
IN_OTHER_MEASURES = {"missing-samples"}
WHERE_HANDLERS_FAIL = {"forgiving"}
WHERE_CHILDREN_ARE_RESTARTED = ("wrong-strategy", "state-kept")


def all_faults() -> set[str]:
    listed = subprocess.run([*FAKE, "faults"], capture_output=True, text=True, check=True)
    return {line.split()[0] for line in listed.stdout.splitlines() if line.strip()}


FAKE_DESCRIPTION = fake().description


def _fake_has(workload: str) -> bool:
    return FAKE_DESCRIPTION.ability(workload) is not None


def test_every_fault_of_the_fake_is_tested_here() -> None:
    assert all_faults() == {
        *REASONS,
        *ALLOWED,
        *AT_DESCRIBE,
        *IN_OTHER_MEASURES,
        *WHERE_HANDLERS_FAIL,
        *WHERE_CHILDREN_ARE_RESTARTED,
    }


@pytest.mark.parametrize(("fault", "reason"), REASONS.items())
def test_a_fault_is_caught_with_its_own_reason(tmp_path: Path, fault: str, reason: str) -> None:
    patience = 1.5 if reason == "timed-out" else 20
    (record,) = run_fake(tmp_path, plan_of(timeout_s=patience), "--fault", fault)
    assert record.status is Status.INVALID
    codes = [note.code for note in record.reasons]
    assert reason in (codes if reason.startswith("clock") else codes[:1]), record.reasons
    assert all(note.message for note in record.reasons)


@pytest.mark.parametrize(("fault", "caution"), ALLOWED.items())
def test_what_is_allowed_is_shown(tmp_path: Path, fault: str, caution: str) -> None:
    (record,) = run_fake(tmp_path, plan_of(), "--fault", fault)
    assert record.status is Status.VALID, record.reasons
    assert caution in {note.code for note in record.cautions}


@pytest.mark.parametrize("fault", sorted(AT_DESCRIBE))
def test_a_bad_description_is_a_missing_target(fault: str) -> None:
    with pytest.raises(MissingToolError, match=r"does not describe itself"):
        fake("--fault", fault)


@pytest.mark.parametrize(
    ("workload", "measure", "reason"),
    [
        ("isolated-latency", Measure.LATENCY, "histogram-missing"),
        ("mass-spawn", Measure.MEMORY, "memory-missing"),
    ],
)
def test_samples_that_are_left_out_are_missed(
    tmp_path: Path, workload: str, measure: Measure, reason: str
) -> None:
    (record,) = run_fake(tmp_path, plan_of(workload, measure), "--fault", "missing-samples")
    assert [note.code for note in record.reasons] == [reason]


@pytest.mark.parametrize("workload", ["supervision", "failure-injection"])
def test_failures_that_do_not_happen_are_missed(tmp_path: Path, workload: str) -> None:
    (record,) = run_fake(tmp_path, plan_of(workload), "--fault", "forgiving")
    assert [note.code for note in record.reasons] == ["failures-missing"]


@pytest.mark.parametrize("workload", ["supervision", "failure-injection"])
def test_failures_without_a_restart_are_caught(tmp_path: Path, workload: str) -> None:
    (record,) = run_fake(tmp_path, plan_of(workload), "--fault", "missing-check")
    assert [note.code for note in record.reasons] == ["check-missing"]


@pytest.mark.parametrize("strategy", [0, 1, 2])
@pytest.mark.parametrize("fault", WHERE_CHILDREN_ARE_RESTARTED)
def test_a_bad_supervisor_that_counts_its_restarts_right_is_caught(
    tmp_path: Path, fault: str, strategy: int
) -> None:
    plan = plan_of("supervision", given={"strategy": strategy})
    (record,) = run_fake(tmp_path, plan, "--fault", fault)
    (reason,) = record.reasons
    assert reason.code == "wrong-result"
    assert "states is" in reason.message


@pytest.mark.parametrize(
    ("workload", "measure"),
    [(w.name, m) for w in all_workloads() for m in w.measures if _fake_has(w.name)],
)
def test_the_clean_fake_passes(tmp_path: Path, workload: str, measure: Measure) -> None:
    (record,) = run_fake(tmp_path, plan_of(workload, measure, iterations=3))
    assert record.reasons == ()
    assert record.status is Status.VALID
    assert len(record.iterations) == 3 or measure is Measure.MEMORY


def test_a_hang_is_killed_with_its_whole_group(tmp_path: Path) -> None:
    (record,) = run_fake(tmp_path, plan_of(timeout_s=1.5), "--fault", "hang-stubborn")
    artifact = next(a for a in record.artifacts if a.name == "stderr")
    text = (tmp_path / "artifacts" / artifact.path).read_text()
    child = int(text.split()[1])
    for _ in range(100):
        if not _alive(child):
            return
        time.sleep(0.02)
    pytest.fail(f"the adapter's child {child} outlived the run")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def test_a_flood_is_kept_only_up_to_its_bound(tmp_path: Path) -> None:
    (record,) = run_fake(tmp_path, plan_of(), "--fault", "flood-stdout")
    assert [a.bytes for a in record.artifacts] == [16 << 20]


def test_an_invalid_run_keeps_what_it_said(tmp_path: Path) -> None:
    (record,) = run_fake(tmp_path, plan_of(), "--fault", "crash-exit")
    assert len(record.iterations) == 2
    assert "giving up" in record.reasons[0].message
    assert record.clock is not None


def test_a_program_that_cannot_start_is_a_record(tmp_path: Path) -> None:
    from litbench.runner.run import Prepared, Setting, run_plan
    from litbench.targets import Adapter

    good = fake()
    broken = Prepared(Adapter(good.adapter.target, ("/nowhere/adapter",), "0"), good.description)
    setting = Setting("session", {}, tmp_path)
    ((_, record),) = run_plan(plan_of(), {"fake": broken}, setting, lambda _: None)
    assert record is not None
    assert [note.code for note in record.reasons] == ["not-started"]
