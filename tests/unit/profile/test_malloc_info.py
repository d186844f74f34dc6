"""glibc's malloc_info: a recorded document, laws, any bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from litbench.instruments.malloc_info import Arena, read_malloc_info, tables

# glibc 2.36, a thousand blocks of 2,048 bytes of which every second one was freed; cut
DOCUMENT = b"""<!-- 100 -->
<malloc version="1">
<heap nr="0">
<sizes>
  <size from="2065" to="2065" total="1032500" count="500"/>
  <unsorted from="49" to="49" total="49" count="1"/>
</sizes>
<total type="fast" count="0" size="0"/>
<total type="rest" count="501" size="1126420"/>
<system type="current" size="2162688"/>
<system type="max" size="2162688"/>
<aspace type="total" size="2162688"/>
</heap>
<heap nr="1">
<sizes>
</sizes>
<total type="fast" count="2" size="64"/>
<total type="rest" count="0" size="0"/>
<system type="current" size="135168"/>
</heap>
<total type="fast" count="2" size="64"/>
<total type="rest" count="501" size="1126420"/>
<total type="mmap" count="1" size="4096"/>
<system type="current" size="2297856"/>
</malloc>
"""


def test_a_document() -> None:
    found = read_malloc_info(DOCUMENT.splitlines())
    assert found is not None
    assert found.arenas == {0: Arena(2162688, 1126420, 501, 2065), 1: Arena(135168, 64, 2, 0)}
    assert found.sizes == {(2065, 2065): (500, 1032500), (49, 49): (1, 49)}
    assert found.mapped == 4096
    # what the arenas hold is what the whole holds
    assert sum(arena.system for arena in found.arenas.values()) == 2297856
    arenas, sizes = tables(found)
    assert arenas.rows[0][0] == 0
    assert sizes.rows[0] == ("2065", 500, 1032500)


def test_the_last_whole_document_of_the_region() -> None:
    later = DOCUMENT.replace(b"<!-- 100", b"<!-- 200").replace(b"2162688", b"999")
    cut = DOCUMENT.replace(b"<!-- 100", b"<!-- 300")[:200]
    lines = (DOCUMENT + later + cut).splitlines()
    last, first = read_malloc_info(lines), read_malloc_info(lines, 0, 150)
    assert last is not None
    assert first is not None
    assert last.arenas[0].system == 999
    assert first.arenas[0].system == 2162688
    assert read_malloc_info(lines, 250, 400) is None


@given(st.binary(max_size=200), st.integers(0, len(DOCUMENT)))
def test_any_damage(data: bytes, at: int) -> None:
    found = read_malloc_info((DOCUMENT[:at] + data + DOCUMENT[at:]).splitlines())
    if found is not None:
        tables(found)
