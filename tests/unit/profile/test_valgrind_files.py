"""valgrind's files: DHAT's JSON, the error tools' XML, callgrind's and cachegrind's costs."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.errors import InputError
from litbench.instruments.base import Answer
from litbench.instruments.callgrind_file import read_costs
from litbench.instruments.dhat import allocations_of, frame_of, read_dhat
from litbench.instruments.memcheck import fill_leaks
from litbench.instruments.races import distinct, races_of
from litbench.instruments.sites import site_of
from litbench.instruments.valgrind_xml import read_errors

DHAT = {
    "dhatFileVersion": 2,
    "mode": "heap",
    "tu": "instrs",
    "te": 151298,
    "tg": 145789,
    "pps": [{"tb": 192, "tbk": 3, "tl": 844, "gb": 64, "gbk": 1, "eb": 16, "ebk": 1, "rb": 0,
             "wb": 0, "fs": [1, 2, 3]}],
    "ftbl": ["[root]", "0x48417B4: malloc (in /usr/libexec/valgrind/vgpreload.so)",
             "0x109176: handle (a.c:6)", "0x1091A6: main (a.c:7)"],
}  # fmt: skip


def test_dhat(tmp_path: Path) -> None:
    path = tmp_path / "dhat.json"
    path.write_text(json.dumps(DHAT))
    (found,) = allocations_of(read_dhat(path))
    assert (found.count, found.bytes, found.alive, found.alive_bytes) == (3, 192, 1, 16)
    assert found.lifetime == pytest.approx(844 / 3)
    assert site_of(found.stack).function == "handle"
    assert site_of(found.stack).where == "a.c:6"


@pytest.mark.parametrize(
    "change",
    [{"dhatFileVersion": 3}, {"pps": [{"tb": 1, "tbk": 1, "fs": [9]}]}, {"ftbl": None}, {"pps": 1}],
)
def test_dhat_that_makes_no_sense(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "dhat.json"
    path.write_text(json.dumps(DHAT | change))
    with pytest.raises(InputError, match=r"dhat\.json"):
        read_dhat(path)


@given(cut=st.integers(0, 200))
def test_dhat_that_is_cut_off(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("dhat") / "dhat.json"
    path.write_text(json.dumps(DHAT)[:cut])
    with pytest.raises(InputError):
        read_dhat(path)


def test_frames_of_dhat() -> None:
    assert frame_of("0x1: ??? (in /bin/x)").function == "[unknown]"
    assert frame_of("0x1: a::b (c) (d.cc:12)").where == "d.cc:12"
    assert frame_of("nonsense").function == "[unknown]"


XML = """<?xml version="1.0"?>
<valgrindoutput><protocolversion>4</protocolversion><tool>memcheck</tool>
<error><unique>0x1</unique><tid>1</tid><kind>Leak_DefinitelyLost</kind>
<xwhat><text>80,000 bytes in 5,000 blocks are definitely lost</text>
<leakedbytes>80000</leakedbytes><leakedblocks>5000</leakedblocks></xwhat>
<stack><frame><ip>0x1</ip><obj>/usr/vg.so</obj><fn>malloc</fn></frame>
<frame><ip>0x2</ip><fn>lose</fn><dir>/src</dir><file>leak.c</file><line>9</line></frame>
<frame><ip>0x3</ip><fn>main</fn></frame></stack></error>
<error><unique>0x2</unique><kind>Leak_PossiblyLost</kind>
<xwhat><text>x</text><leakedbytes>7</leakedbytes><leakedblocks>1</leakedblocks></xwhat>
<stack><frame><ip>0x4</ip></frame></stack></error>
<error><unique>0x3</unique><kind>Race</kind><xwhat><text>Possible data race read</text></xwhat>
<stack><frame><fn>a</fn><file>r.c</file><line>9</line></frame></stack>
<xauxwhat><text>This conflicts with a previous write</text></xauxwhat>
<stack><frame><fn>b</fn><file>r.c</file><line>12</line></frame></stack></error>
<errorcounts><pair><count>17</count><unique>0x3</unique></pair></errorcounts>
</valgrindoutput>
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "errors.xml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_errors(tmp_path: Path) -> None:
    errors = read_errors(write(tmp_path, XML))
    assert errors.whole
    answer = Answer()
    fill_leaks(answer, errors)
    assert answer.totals["lost"][1] == 80_000
    assert answer.totals["lost-blocks"][1] == 5_000
    (lost,) = (table for table in answer.tables if table.name == "lost")
    assert lost.rows[0][:2] == ("lose", "/src/leak.c:9")
    (race,) = races_of(errors)
    assert (race.first_stack[0].where, race.second_stack[0].where) == ("r.c:9", "r.c:12")
    assert race.count == 17
    assert len(distinct([race, race])) == 1


@given(cut=st.integers(60, len(XML) - 20))
def test_a_file_that_is_cut_off_gives_what_was_before(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    errors = read_errors(write(tmp_path_factory.mktemp("xml"), XML[:cut]))
    assert not errors.whole
    assert len(errors.found) == XML[:cut].count("</error>")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE valgrindoutput [<!ENTITY a "b">]><valgrindoutput>&a;</valgrindoutput>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><valgrindoutput/>',
        "<html></html>",
        "no xml at all",
        "<valgrindoutput>" + "<a>" * 100,
        "<valgrindoutput><error><kind>x</kind><xwhat><leakedbytes>many</leakedbytes>",
    ],
)
def test_what_valgrind_never_writes_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"errors\.xml"):
        read_errors(write(tmp_path, text))


@given(data=st.binary(max_size=300), at=st.integers(0, len(XML)))
def test_any_damage_is_a_typed_error_or_an_answer(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int
) -> None:
    text = XML.encode()
    with contextlib.suppress(InputError):
        found = read_errors(write(tmp_path_factory.mktemp("xml"), text[:at] + data + text[at:]))
        assert len(found.found) <= XML.count("<error>") + data.count(b"<error>")


CALLGRIND = b"""# callgrind format
version: 1
positions: line
events: Ir Dr
summary: 0 0

ob=(1) /bin/x
fl=(1) a.c
fn=(1) main
7 10 2
+1 5 1
cfi=(2) b.c
cfn=(2) work
calls=3 20
* 3000 900
-1 1 0
fl=(2)
fn=(2)
20 2000 600
* 1000 300

totals: 3016 903
""".splitlines()


def test_own_costs_without_those_of_callees() -> None:
    costs = read_costs(CALLGRIND)
    assert costs.events == ("Ir", "Dr")
    assert costs.functions == {("main", "a.c"): [16, 3], ("work", "b.c"): [3000, 900]}
    assert costs.lines == {("a.c", 7): [11, 2], ("a.c", 8): [5, 1], ("b.c", 20): [3000, 900]}
    assert costs.total == [3016, 903]
    assert costs.sum_of("Ir") == 3016
    assert costs.sum_of("D1mr") is None
    assert costs.malformed == 0


def test_the_totals_line_of_the_file_is_the_sum() -> None:
    """A conservation law that the file itself states."""
    totals = next(line for line in CALLGRIND if line.startswith(b"totals:"))
    assert read_costs(CALLGRIND).total == [int(word) for word in totals.split()[1:]]


@given(st.lists(st.binary(max_size=60), max_size=40))
def test_any_lines_of_costs(lines: list[bytes]) -> None:
    costs = read_costs([*CALLGRIND, *lines, *(b"fn=" + line for line in lines)])
    assert sum(counts[0] for counts in costs.functions.values()) == costs.total[0] or lines
