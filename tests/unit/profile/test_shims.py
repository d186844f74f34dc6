"""What the preloaded shims leave: the lock table, readings of allocators; sanitizers' reports."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.errors import InputError
from litbench.instruments.base import Answer
from litbench.instruments.lock_shim import fill as fill_locks
from litbench.instruments.lock_table import ENTRY, HEADER, MAGIC, MODULE, read_table
from litbench.instruments.memory_shim import fill as fill_memory
from litbench.instruments.memory_shim import read_readings
from litbench.instruments.races import read_races
from litbench.instruments.sanitizers import frame_of, read_leaks
from litbench.instruments.schedstat import Account
from litbench.instruments.symbolise import parse_addr2line


def table_bytes(entries: list[bytes], *, version: int = 1, size: int = ENTRY.size) -> bytes:
    header = HEADER.pack(MAGIC, version, size, len(entries), 2, 1, 0, 1_000, 11_000)
    modules = MODULE.pack(0x1000, b"/no/such/program") + MODULE.pack(0, b"")
    return header + modules + b"".join(entries)


def entry(lock: int, tid: int, kind: int, numbers: tuple[int, ...], name: bytes = b"t") -> bytes:
    return ENTRY.pack(lock, tid, kind, *numbers, 1, 0x40, 1, *([1] + [0] * 11),
                      *([0x20] + [0] * 11), name)  # fmt: skip


def test_the_lock_table(tmp_path: Path) -> None:
    path = tmp_path / "locks"
    # acquired, contended, wait, longest wait, held, longest held, since, woken
    greedy = entry(0x50, 7, 1, (10, 0, 0, 0, 4_000, 900, 0, 0), b"greedy")
    modest = entry(0x50, 8, 1, (30, 3, 2_000, 800, 10, 1, 0, 0), b"modest")
    unused = bytes(ENTRY.size)
    path.write_bytes(table_bytes([greedy, unused, modest]))
    table = read_table(path)
    assert table.span == 10_000
    assert [each.thread for each in table.entries] == ["greedy", "modest"]
    answer = Answer()
    fill_locks(answer, table, table.span or 0)
    assert answer.totals["lock-wait"][1] == 2_000
    locks = next(t for t in answer.tables if t.name == "locks")
    row = dict(zip(locks.columns, locks.rows[0], strict=True))
    assert row["acquired"] == 40
    assert row["held share"] == pytest.approx(0.401)
    assert row["top holder"] == "greedy (7)"
    assert row["top holder share"] == pytest.approx(0.4)


@given(data=st.binary(max_size=400), at=st.integers(0, 2000), cut=st.integers(0, 2000))
def test_any_lock_table(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, cut: int
) -> None:
    whole = table_bytes([entry(0x50, 7, 1, (1,) * 8)] * 3)
    path = tmp_path_factory.mktemp("locks") / "locks"
    path.write_bytes((whole[:at] + data + whole[at + len(data) :])[: len(whole) - cut])
    with contextlib.suppress(InputError):
        assert len(read_table(path).entries) <= 3


READINGS = b"""glibc
1000 100 200 -1 -1 400
2000 150 200 -1 -1 500
3000 50 200 -1 -1 300
"""


def test_readings_of_an_allocator() -> None:
    found = read_readings(READINGS.splitlines())
    assert found.allocator == "glibc"
    assert [reading.allocated for reading in found.rows] == [100, 150, 50]
    assert found.rows[0].resident is None
    assert found.rows[0].held == 400
    answer = Answer()
    fill_memory(answer, found)
    metrics = {metric.name: metric.values[0] for metric in answer.metrics}
    assert metrics["external-fragmentation-end"] == 0.75
    assert metrics["overall-fragmentation-end"] == pytest.approx(1 - 50 / 300)
    assert metrics["given-back"] == pytest.approx(0.4)
    assert "retained-end" not in metrics  # glibc does not tell


def test_readings_of_a_region() -> None:
    found = read_readings(READINGS.splitlines(), begin=1500, end=2500)
    assert [reading.time for reading in found.rows] == [2000]


@given(st.lists(st.binary(max_size=60), max_size=30))
def test_any_readings(lines: list[bytes]) -> None:
    answer = Answer()
    fill_memory(answer, read_readings(lines))
    assert all(m.values for m in answer.metrics)


def test_readings_are_bounded() -> None:
    lines = (f"{n} 1 2 3 4 5".encode() if n else b"jemalloc" for n in range(50_000))
    found = read_readings(lines)
    assert len(found.rows) <= 4_000
    assert found.rows[0].time < 10
    assert found.rows[-1].time > 49_000


LEAKS = b"""
==1==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 16000 byte(s) in 1000 object(s) allocated from:
    #0 0x7f in __interceptor_malloc ../../../../src/libsanitizer/lsan/lsan_interceptors.cpp:75
    #1 0x55 in lose /src/leak.c:9
    #2 0x56 in main /src/leak.c:24:7

Indirect leak of 8 byte(s) in 1 object(s) allocated from:
    #0 0x55 in keep<int> (/bin/leak+0x1234) (BuildId: abc123)

SUMMARY: LeakSanitizer: 16008 byte(s) leaked in 1001 allocation(s).
"""


def test_leaks() -> None:
    direct, indirect = read_leaks(LEAKS.splitlines())
    assert (direct.bytes, direct.blocks, direct.kind) == (16_000, 1_000, "direct")
    assert direct.stack[1].where == "/src/leak.c:9"
    assert direct.stack[2].where == "/src/leak.c:24"
    assert (indirect.stack[0].function, indirect.stack[0].where) == ("keep<int>", "leak")
    total = int(LEAKS.split(b"LeakSanitizer: ")[2].split()[0])
    assert direct.bytes + indirect.bytes == total  # the tool's own sum


RACES = b"""==================
WARNING: ThreadSanitizer: data race (pid=1)
  Read of size 8 at 0x1 by thread T2:
    #0 unsafe_add /src/race.c:9 (race+0x1)
    #1 work /src/race.c:15 (race+0x2)

  Previous write of size 8 at 0x1 by thread T1:
    #0 other_add /src/race.c:19 (race+0x1)

  Location is global 'counter' of size 8 at 0x1 (race+0x3)

  Thread T2 (tid=2, running) created by main thread at:
    #0 pthread_create x.cpp:1 (libtsan.so.2+0x5)

SUMMARY: ThreadSanitizer: data race /src/race.c:9 in unsafe_add
"""


def test_races_have_both_stacks() -> None:
    (race,) = read_races(RACES.splitlines())
    assert [frame.function for frame in race.first_stack] == ["unsafe_add", "work"]
    assert race.second_stack[0].where == "/src/race.c:19"
    assert race.first.startswith("Read of size 8")


@given(st.binary(max_size=300), st.integers(0, len(RACES)))
def test_any_report_of_a_sanitizer(data: bytes, at: int) -> None:
    text = (RACES[:at] + data + RACES[at:] + LEAKS[:at] + data).splitlines()
    read_races(text)
    read_leaks(text)


@given(st.text(max_size=80))
def test_any_frame_of_a_sanitizer(text: str) -> None:
    frame_of(text)


def test_addr2line() -> None:
    lines = ["0x0000000000001139", "inner", "/a.c:3", "outer", "/a.c:9 (discriminator 2)",
             "0x0000000000002000", "??", "??:0"]  # fmt: skip
    found = parse_addr2line(lines, 0, "m")
    assert [(f.function, f.where) for f in found[0x1139]] == [("inner", "/a.c:3"),
                                                              ("outer", "/a.c:9")]  # fmt: skip
    assert found[0x2000][0].function == "[unknown]"


def test_accounts_are_differences() -> None:
    before, after = Account("t", 10, 20, 1, 2, 3, 4), Account("t", 110, 50, 3, 5, 3, 6)
    assert after.since(before) == Account("t", 100, 30, 2, 3, 0, 2)
    assert Account("t", 1).since(Account("")).migrations is None
