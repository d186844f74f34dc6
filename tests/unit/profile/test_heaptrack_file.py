"""heaptrack's raw events against a plain model of a heap, and against its own known output."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from litbench.instruments.heaptrack_file import Heap, Names, read_heap

RAW = b"""v 10400 3
x 9 /tmp/pf/a
t 7ff22b5d5b9f 0
t 7ff22b0a57b9 1
+ 11c00 2 559444183500
t 55941e7061a6 0
t 55941e706176 3
+ 40 4 5594441951d0
- 5594441951d0
+ 40 4 5594441951d0
+ 20 4 5594441951f0
c e
R 3b5
- 5594441951d0
c 18
- 559444183500
"""

INTERPRETED = b"""v 10400 3
s 9 /tmp/pf/a
s 4 main
s b /tmp/pf/a.c
s 18 _ZN4core3mem4swap17h0123456789abcdefE
i 55941e7061a6 1 2 3 7
t 1 0
i 55941e706176 1 4 3 6 2 3 9
t 2 1
""".splitlines()


def heap_of(text: bytes, begin: float = 0, end: float = float("inf")) -> Heap:
    return read_heap(text.splitlines(), begin, end)


def test_a_known_file() -> None:
    heap = heap_of(RAW)
    assert (heap.count, heap.bytes, heap.frees) == (3, 64 + 64 + 32, 2)
    assert dict(heap.sizes) == {64: 2, 32: 1}
    assert heap.peak == 96
    assert heap.live_end == 32
    assert heap.sites[4].brief == 1
    assert (heap.sites[4].alive, heap.sites[4].alive_bytes) == (1, 32)
    assert dict(heap.lives) == {0: 1, 1: 1}
    assert heap.timeline == [(14, 96, 0), (24, 32, 0x3B5 * 4096)]


def test_the_region_begins_and_ends_at_time_stamps() -> None:
    text = b"+ 10 1 a\nc 5\n+ 20 1 b\n- a\nc 9\n+ 30 1 c\n"
    heap = heap_of(text, begin=5, end=9)
    assert (heap.count, heap.bytes, heap.frees) == (1, 0x20, 1)
    assert (heap.live_start, heap.live_end) == (0x10, 0x20)
    # what was allocated before the region has no lifetime in it
    assert dict(heap.lives) == {}


def test_names_of_stacks() -> None:
    names = Names(INTERPRETED)
    stack = names.stack(2)
    assert [frame.function for frame in stack] == ["core::mem::swap", "main", "main"]
    assert stack[1].where == "/tmp/pf/a.c:9"
    assert stack[2].where == "/tmp/pf/a.c:7"
    assert names.stack(0) == []
    assert names.stack(99) == []


events = st.lists(
    st.one_of(
        st.tuples(st.just("+"), st.integers(1, 5000), st.integers(1, 4)),
        st.tuples(st.just("-"), st.integers(0, 50), st.just(0)),
        st.tuples(st.just("c"), st.just(0), st.just(0)),
    ),
    max_size=120,
)


@given(events)
def test_bytes_are_conserved(given_events: list[tuple[str, int, int]]) -> None:
    """Allocated less freed is what is live, in total and at every site."""
    lines, live, now = [], {}, 0
    allocated = 0
    for number, (kind, first, trace) in enumerate(given_events, start=1):
        if kind == "+":
            live[number] = (first, trace)
            allocated += first
            lines.append(f"+ {first:x} {trace:x} {number:x}")
        elif kind == "-" and live:
            pointer = list(live)[first % len(live)]
            del live[pointer]
            lines.append(f"- {pointer:x}")
        elif kind == "c":
            now += 10
            lines.append(f"c {now:x}")
    heap = read_heap(line.encode() for line in lines)
    assert heap.bytes == allocated
    assert heap.live_end == sum(size for size, _ in live.values())
    assert sum(site.alive for site in heap.sites.values()) == len(live)
    assert sum(site.alive_bytes for site in heap.sites.values()) == heap.live_end
    assert heap.frees == heap.count - len(live)
    assert sum(heap.sizes.values()) == heap.count == sum(s.count for s in heap.sites.values())
    assert heap.live_end <= heap.peak <= allocated


@given(st.lists(st.binary(max_size=40), max_size=60))
def test_anything_can_be_read(lines: list[bytes]) -> None:
    heap = read_heap([prefix + line for line in lines for prefix in (b"", b"+ ", b"- ", b"c ")])
    assert heap.count >= 0
    Names([prefix + line for line in lines for prefix in (b"s ", b"i ", b"t ")]).stack(1)


def test_malformed_lines_are_counted_not_swallowed() -> None:
    assert heap_of(b"+ 40 1\n+ zz 1 2\n- \n+ 10 1 a\n").malformed == 3


def test_the_time_line_is_bounded() -> None:
    heap = read_heap(f"c {n:x}".encode() for n in range(1, 50_000))
    assert len(heap.timeline) <= 2_000
    assert heap.timeline[-1][0] == 49_999
