"""perf c2c's samples. The lines are NOT recorded: no machine here samples memory. They are written
after the format strings of perf's tools/perf/builtin-script.c and util/mem-events.c."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from litbench.instruments.base import Answer
from litbench.instruments.perf_c2c import fill, read_accesses
from litbench.instruments.perf_script import Counter

LOAD = (
    "        {name}  10/{tid}  5.000001:  cpu/mem-loads,ldlat=30/P:  {address:16x}        68101042"
    " |OP LOAD|LVL Remote Cache (1 hop) hit|SNP {snoop}|TLB L1 or L2 hit|LCK No|BLK  N/A"
    "         55d0 count (/tmp/sharing)\n"
)
STORE = (
    "        {name}  10/{tid}  5.000002:          cpu/mem-stores/P:  {address:16x}         5080144"
    " |OP STORE|LVL L1 hit|SNP N/A|TLB N/A|LCK N/A|BLK  N/A     55e0 count+0x10 (/tmp/sharing)\n"
)


def script(second_word: int) -> bytes:
    """Two threads on one line: each loads and stores a word of its own, or the same one."""
    words = {11: 0x7000, 12: 0x7000 + second_word}
    lines = [
        each.format(name=f"t{tid}", tid=tid, address=address, snoop="HitM")
        for _ in range(10)
        for tid, address in words.items()
        for each in (LOAD, STORE)
    ]
    private = LOAD.format(name="t11", tid=11, address=0x9000, snoop="None")
    return "".join([*lines, private]).encode()


def rows_of(data: bytes) -> tuple[Answer, list[tuple[object, ...]]]:
    counter, answer = Counter(), Answer()
    fill(answer, read_accesses(data.splitlines(), counter))
    assert counter.malformed == 0
    return answer, [tuple(row) for table in answer.tables for row in table.rows]


def test_two_words_of_one_line() -> None:
    answer, rows = rows_of(script(8))
    assert rows == [
        ("0x7000", "false sharing", 20, 20 / 41, "t11 (11), t12 (12)", "+0, +8", "count", "sharing")
    ]
    assert answer.totals["hitm-loads"][1] == 20


def test_one_word_that_two_threads_write_is_shared_on_purpose() -> None:
    _, rows = rows_of(script(0))
    assert [row[1] for row in rows] == ["true sharing"]


@given(st.binary(max_size=300), st.integers(0, 500))
def test_any_damage(data: bytes, at: int) -> None:
    whole = script(8)
    fill(Answer(), read_accesses((whole[:at] + data + whole[at:]).splitlines(), Counter()))
