"""Programs whose answer is known beforehand: each fault is found, named, and not in its twin."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from litbench.errors import MissingToolError
from litbench.profiles.advice import advice
from litbench.store import Store

from .conftest import Ask, Build, codes, each, need, rows, total, value

MESSAGES = 2_000
N = str(MESSAGES)


@pytest.mark.parametrize("source", ["heap.c", "heap.rs"])
@pytest.mark.parametrize("tool", ["heaptrack", "dhat"])
def test_three_allocations_of_64_bytes_a_message(
    seeded: Build, ask: Ask, source: str, tool: str
) -> None:
    need("heaptrack" if tool == "heaptrack" else "valgrind")
    program = seeded(source)
    (bad,) = ask("heap", tool, [program, N, "dirty"], messages=MESSAGES)
    (clean,) = ask("heap", tool, [program, N, "clean"], messages=MESSAGES)
    # what a program's start allocates is the same in its twin
    assert total(bad, "allocations") - total(clean, "allocations") == 3 * MESSAGES
    assert total(bad, "allocated") - total(clean, "allocated") == 192 * MESSAGES
    # Rust makes some 15 allocations before main, of 200 bytes each
    assert each(bad, "allocations") == pytest.approx(3.00, abs=30 / MESSAGES)
    assert each(bad, "allocated") == pytest.approx(192, abs=6_000 / MESSAGES)
    site = rows(bad, "sites")[0]
    assert site["site"] in {"take", "heap::handle"}
    assert source in str(site["where"])
    assert [a.code for a in advice(bad)] == ["tiny-allocations"]
    assert advice(clean) == []


def test_the_two_heap_tools_agree(seeded: Build, ask: Ask) -> None:
    need("heaptrack", "valgrind")
    command = [seeded("heap.c"), N]
    (one,) = ask("heap", "heaptrack", command)
    (other,) = ask("heap", "dhat", command)
    for name in ("allocations", "allocated"):
        assert total(one, name) == total(other, name)


@pytest.mark.parametrize(
    ("tool", "options"),
    [("memcheck", ()), ("lsan", ("-fsanitize=leak",)), ("lsan", ("-fsanitize=address",))],
)
def test_16_bytes_lost_a_message(
    seeded: Build, ask: Ask, tool: str, options: tuple[str, ...]
) -> None:
    if tool == "memcheck":
        need("valgrind")
    program = seeded("leak.c", *options)
    (bad,) = ask("leaks", tool, [program, N], messages=MESSAGES)
    assert each(bad, "lost") == pytest.approx(16, abs=0.1)
    row = rows(bad, "lost")[0]
    assert row["site"] == "lose"
    assert "leak.c:" in str(row["where"])
    assert [a.code for a in advice(bad)] == ["leak"]
    (clean,) = ask("leaks", tool, [program, N, "clean"], messages=MESSAGES)
    assert total(clean, "lost") == 0
    assert advice(clean) == []


def test_memory_that_is_kept_and_not_lost(seeded: Build, ask: Ask) -> None:
    need("heaptrack")
    program = seeded("leak.c")
    (bad,) = ask("leaks", "heaptrack", [program, N, "grow"], messages=MESSAGES)
    assert each(bad, "growth") == pytest.approx(16, abs=0.1)
    assert [a.code for a in advice(bad)] == ["growth"]
    (clean,) = ask("leaks", "heaptrack", [program, N, "clean"], messages=MESSAGES)
    assert total(clean, "growth") == 0
    assert advice(clean) == []


@pytest.mark.parametrize("tool", ["mallinfo2", "jemalloc"])
def test_a_churn_that_strands_half_the_pages(seeded: Build, ask: Ask, tool: str) -> None:
    from litbench.instruments.memory_shim import find_library

    if tool == "jemalloc" and find_library("jemalloc") is None:
        pytest.skip("no libjemalloc")
    need("cc")
    program = seeded("churn.c")
    (bad,) = ask("fragmentation", tool, [program])
    assert value(bad, "external-fragmentation-end") == pytest.approx(0.5, abs=0.02)
    assert value(bad, "allocated-end") == pytest.approx(20_000 * 2048 / 2, rel=0.03)
    assert value(bad, "given-back") < 0.05
    if tool == "mallinfo2":  # malloc_info, read apart from it, says the same
        held = [float(row["held"] or 0) for row in rows(bad, "arenas")]
        assert sum(held) == pytest.approx(value(bad, "active-end"), rel=0.01)
        chunks = rows(bad, "free chunks")[0]
        assert int(chunks["chunks"] or 0) == pytest.approx(10_000, rel=0.02)
    assert [a.code for a in advice(bad)] == ["fragmentation"]
    (clean,) = ask("fragmentation", tool, [program, "clean"])
    assert value(clean, "external-fragmentation-end") < 0.05
    # glibc gives back what is free at the end at once; jemalloc takes its time
    assert tool == "jemalloc" or value(clean, "given-back") > 0.4
    assert advice(clean) == []


def share_of(record: object, function: str) -> float:
    found = [r for r in rows(record, "functions") if r["function"] == function]  # type: ignore[arg-type]
    return float(found[0]["self share"] or 0)


@pytest.mark.parametrize("tool", ["perf", "callgrind"])
def test_a_function_that_burns_70_percent(seeded: Build, ask: Ask, tool: str) -> None:
    need("perf" if tool == "perf" else "valgrind")
    program = seeded("burn.c")
    slices = "6000" if tool == "perf" else "20"
    try:
        (bad,) = ask("cpu", tool, [program, slices])
    except MissingToolError as error:
        pytest.skip(str(error))
    (clean,) = ask("cpu", tool, [program, slices, "clean"])
    if tool == "perf":
        # 3 points are 2.5 standard errors at 1,500 samples; a busy machine gives fewer
        assert value(bad, "samples") > 800
        assert rows(bad, "classes")[0]["class"] == "actor code"
    own = share_of(bad, "hot") + share_of(bad, "warm")
    assert share_of(bad, "hot") / own == pytest.approx(0.70, abs=0.03)
    assert share_of(clean, "hot") / (share_of(clean, "hot") + share_of(clean, "warm")) == (
        pytest.approx(0.50, abs=0.03)
    )


def test_instruction_counts_repeat_within_a_hundredth_of_a_percent(seeded: Build, ask: Ask) -> None:
    need("valgrind")
    counts = [
        total(ask("cpu", "callgrind", [seeded("burn.c"), "20"])[0], "simulated-instructions")
        for _ in range(3)
    ]
    assert (max(counts) - min(counts)) / median(counts) < 1e-4


def test_columns_against_rows(seeded: Build, ask: Ask) -> None:
    need("valgrind")
    program = seeded("traverse.c")
    (bad,) = ask("cache", "cachegrind", [program])
    (clean,) = ask("cache", "cachegrind", [program, "clean"])
    # a line of 64 bytes holds 16 ints: rows miss once in 16 reads, columns every time
    assert value(bad, "simulated-l1-misses-rate") == pytest.approx(1.0, abs=0.03)
    assert value(clean, "simulated-l1-misses-rate") == pytest.approx(1 / 16, abs=0.005)
    assert rows(bad, "functions")[0]["function"] == "by_columns"
    assert "traverse.c" in str(rows(bad, "lines")[0]["file"])
    assert bad.instruments[0].settings["simulated"] is True
    assert [a.code for a in advice(bad)] == ["l1-misses"]
    assert advice(clean) == []


def test_a_mutex_that_one_of_four_threads_holds_40_percent(seeded: Build, ask: Ask) -> None:
    need("cc")
    program = seeded("lock.c")
    (bad,) = ask("locks", "lock-shim", [program, "800"])
    (row, *others) = rows(bad, "locks")
    assert others == []
    assert row["lock"] == "shared"
    assert row["top holder share"] == pytest.approx(0.40, abs=0.05)
    assert "lock.c:" in str(row["where"])
    assert row["site"] == "modest"
    assert [a.code for a in advice(bad)] == ["contended-lock"]
    (clean,) = ask("locks", "lock-shim", [program, "800", "clean"])
    assert total(clean, "lock-contended") == 0
    assert advice(clean) == []


@pytest.mark.parametrize(("tool", "options"), [("helgrind", ()), ("tsan", ("-fsanitize=thread",))])
def test_a_data_race(seeded: Build, ask: Ask, tool: str, options: tuple[str, ...]) -> None:
    if tool == "helgrind":
        need("valgrind")
    program = seeded("race.c", *options)
    (bad,) = ask("races", tool, [program])
    if "no-data" in codes(bad):
        pytest.skip("the thread sanitizer does not start on this kernel")
    assert value(bad, "races") == 1
    (row,) = rows(bad, "races")
    assert (row["first"], row["second"]) == ("unsafe_add", "unsafe_add")
    assert "work" in str(row["stack"])
    assert "work" in str(row["second stack"])
    assert [a.code for a in advice(bad)] == ["data-race"]
    (clean,) = ask("races", tool, [program, "clean"])
    assert value(clean, "races") == 0
    assert advice(clean) == []


def test_a_race_in_rust_is_not_possible_here(seeded: Build, ask: Ask) -> None:
    with pytest.raises(MissingToolError, match="not possible here, because helgrind"):
        ask("races", None, [seeded("heap.rs")])


def test_a_thread_that_never_yields(seeded: Build, ask: Ask) -> None:
    need("perf")
    program = seeded("hog.c")
    try:
        (bad,) = ask("sched", "perf-sched", [program, "600"])
    except MissingToolError as error:
        pytest.skip(str(error))
    hog = next(r for r in rows(bad, "threads") if r["thread"] == "hog")
    assert hog["longest run"] == hog["run"]  # not once did it give the processor up
    assert int(hog["preempted"] or 0) > 10
    assert int(hog["ousted"] or 0) > 100  # its three twins want to run a thousand times a second
    assert "never-yields" in [a.code for a in advice(bad)]
    assert any("thread hog" in a.text for a in advice(bad))
    (clean,) = ask("sched", "perf-sched", [program, "600", "clean"])
    assert advice(clean) == []


@pytest.mark.slow
def test_never_yields_is_found_20_times_in_20(seeded: Build, ask: Ask) -> None:
    need("perf")
    program = seeded("hog.c")
    for _ in range(20):
        (bad,) = ask("sched", "perf-sched", [program, "600"])
        (clean,) = ask("sched", "perf-sched", [program, "600", "clean"])
        assert "never-yields" in [a.code for a in advice(bad)]
        assert advice(clean) == []


def test_the_kernel_accounts_for_the_same_thread(seeded: Build, ask: Ask) -> None:
    (bad,) = ask("sched", "schedstat", [seeded("hog.c"), "600"])
    threads = {r["thread"]: r for r in rows(bad, "threads") if r["thread"] == "hog"}
    assert threads["hog"]["voluntary switches"] == 0 or int(
        threads["hog"]["involuntary switches"] or 0
    ) > 10 * int(threads["hog"]["voluntary switches"] or 0)
    assert total(bad, "wait") > 0


def test_two_counters_in_one_cache_line(seeded: Build, ask: Ask) -> None:
    need("perf")
    program = seeded("sharing.c")
    try:
        (bad,) = ask("locks", "perf-registers", [program, "600"])
    except MissingToolError as error:
        pytest.skip(str(error))
    (row,) = rows(bad, "shared lines")
    assert row["kind"] == "false sharing"
    assert row["offsets"] == "+0, +8"
    assert row["site"] == "count"
    assert [a.code for a in advice(bad)] == ["false-sharing"]
    (clean,) = ask("locks", "perf-registers", [program, "600", "clean"])
    assert value(clean, "decoded-writes") > 100  # it looked, and found nothing
    assert rows(clean, "shared lines") == []
    assert advice(clean) == []


def test_records_and_files_are_in_the_store(seeded: Build, ask: Ask, store: Store) -> None:
    need("heaptrack")
    (record,) = ask("heap", "heaptrack", [seeded("heap.c"), "100"])
    assert [r.id for r in store.find("last")] == [record.id]
    left = [p for p in store.artifacts.iterdir() if p.name.startswith(".work")]
    assert left == []
    assert all((Path(store.artifacts) / a.path).is_file() for a in record.artifacts)
