"""Reading profiles: advice, differences, pictures; from records alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.errors import UsageError
from litbench.profiles.advice import advice
from litbench.profiles.diff import differences
from litbench.record import (
    Environment,
    Histogram,
    Instrument,
    Kind,
    Metric,
    Record,
    Scalar,
    Specification,
    Status,
    Subject,
    Table,
    Workload,
    new_id,
)
from litbench.report import (
    flame_graph,
    markdown,
    model,
    profile_diff,
    profile_markdown,
    profile_page,
    profile_text,
    text,
)
from litbench.report.profile_pictures import files_of
from litbench.units import Unit


def profile(
    question: str,
    tables: tuple[Table, ...] = (),
    metrics: Mapping[str, float] | None = None,
    histograms: tuple[Histogram, ...] = (),
    tool: str = "tool",
) -> Record:
    settings: dict[str, Scalar] = {"question": question, "region": "go..finish"}
    return Record(
        id=new_id(), session="s", kind=Kind.PROFILE, started="2026-01-01T00:00:00.000+00:00",
        subject=Subject(name="program"), workload=Workload(name="ping-pong"),
        status=Status.VALID, tables=tables, histograms=histograms,
        metrics=tuple(
            Metric(name=name, unit=Unit.COUNT, values=(value,))
            for name, value in (metrics or {}).items()
        ),
        instruments=(Instrument(name=tool, settings=settings),),
        environment=Environment(facts={"cpus_usable": 2}),
    )  # fmt: skip


def table(name: str, columns: str, *rows: tuple[object, ...]) -> Table:
    names = tuple(columns.split("|"))
    return Table(name=name, columns=names, units=(None,) * len(names), rows=rows)  # type: ignore[arg-type]


def by_size(live: list[int]) -> Record:
    counted = (250, 500, 1000, 2000, 4000)
    sizes = tuple((n, b, b / n) for n, b in zip(counted, live, strict=True))
    found = profile("heap", (table("memory by actors", "actors|live|live each", *sizes),))
    watcher = found.instruments[0]
    settings = {**watcher.settings, "counted": "actors"}
    return msgspec.structs.replace(
        found, instruments=(msgspec.structs.replace(watcher, settings=settings),)
    )


SITES = "site|where|allocations|bytes|alive bytes|stack"
THREADS = "thread|tid|run|wait|run share|preempted|longest run|ousted"
LOCKS = "lock|kind|contended share|wait|held share|top holder|top holder share|site|where"
CLASSES = "class|share"
SHARED = "line|kind|share of samples|threads|offsets|site|where"
HOG = table(
    "threads", THREADS, ("hog", 1, 9e8, 1e6, 0.9, 90, 9e8, 400), ("p", 2, 1e6, 5e8, 0.1, 0, 1e4, 0)
)
# one thread is busy alone, another is preempted often but sleeps now and then
CLEAN_HOG = table(
    "threads",
    THREADS,
    ("busy", 1, 9e8, 1e6, 0.9, 90, 9e8, 2),
    ("worker", 2, 3e8, 5e8, 0.3, 9e4, 6e7, 99),
)
CASES: dict[str, tuple[Record, Record]] = {
    "tiny-allocations": (
        profile("heap", (table("sites", SITES, ("take", "a.c:8", 300, 19200, 0, "m;take")),),
                {"allocations-per-message": 3, "allocated-per-message": 192}),
        profile("heap", (), {"allocations-per-message": 0.01, "allocated-per-message": 1}),
    ),
    "memory-not-proportional": (
        by_size([100_000 + 8 * n * n for n in (250, 500, 1000, 2000, 4000)]),
        by_size([100_000 + 300 * n for n in (250, 500, 1000, 2000, 4000)]),
    ),
    "leak": (
        profile("leaks", (table("lost", "site|where|bytes", ("lose", "l.c:9", 16000)),),
                {"lost-total": 16000, "lost-per-message": 16}),
        # lost once, as the program ended
        profile("leaks", (), {"lost-total": 4000, "lost-per-message": 2,
                              "lost-blocks-per-message": 0.002}),
    ),
    "growth": (
        profile("leaks", (table("sites", SITES, ("keep", "l.c:9", 1, 16, 16000, "x")),),
                {"growth-total": 16000, "growth-per-message": 16, "growth-second-half": 8000}),
        profile("leaks", (), {"growth-total": 16000, "growth-per-message": 16,
                              "growth-second-half": 100}),
    ),
    "fragmentation": (
        profile("fragmentation", (), {"external-fragmentation-end": 0.5, "active-end": 4e7}),
        profile("fragmentation", (), {"external-fragmentation-end": 0.5, "active-end": 4e4}),
    ),
    "allocator-share": (
        profile("cpu", (table("classes", CLASSES, ("allocator", 0.3), ("actor code", 0.7)),)),
        profile("cpu", (table("classes", CLASSES, ("allocator", 0.01), ("actor code", 0.9)),)),
    ),
    "scheduling-share": (
        profile("cpu", (table("classes", CLASSES, ("scheduling", 0.5), ("actor code", 0.2)),)),
        profile("cpu", (table("classes", CLASSES, ("scheduling", 0.2), ("actor code", 0.5)),)),
    ),
    "synchronisation-share": (
        profile("cpu", (table("classes", CLASSES, ("synchronisation", 0.3), ("actor code", 0.7)),)),
        profile("cpu", (table("classes", CLASSES, ("synchronisation", 0.05),
                              ("actor code", 0.9)),)),
    ),
    "low-ipc": (
        profile("cpu", (), {"instructions-per-cycle": 0.4}),
        profile("cpu", (), {"instructions-per-cycle": 2.5}),
    ),
    "l1-misses": (
        profile("cache", (), {"simulated-l1-misses-rate": 0.98,
                              "simulated-data-accesses-total": 2e6}),
        profile("cache", (), {"simulated-l1-misses-rate": 0.0625,
                              "simulated-data-accesses-total": 2e6}),
    ),
    "context-switches": (
        profile("sched", (), {"context-switches-per-message": 2}),
        profile("sched", (), {"context-switches-per-message": 0.01}),
    ),
    "never-yields": (
        profile("sched", (HOG,), {"span": 1e9}),
        profile("sched", (CLEAN_HOG,), {"span": 1e9}),
    ),
    "unbalanced": (
        profile("sched", (table("cores", "core|share", (0, 0.99)),
                          table("threads", THREADS, ("a", 1, 5e8, 5e8, 0.5, 0, 1e6, 0),
                                ("b", 2, 5e8, 5e8, 0.5, 0, 1e6, 0))), {"span": 1e9}),
        profile("sched", (table("cores", "core|share", (0, 0.5), (1, 0.5)),
                          table("threads", THREADS, ("a", 1, 5e8, 0, 0.5, 0, 1e6, 0),
                                ("b", 2, 5e8, 0, 0.5, 0, 1e6, 0))), {"span": 1e9}),
    ),
    "contended-lock": (
        profile("locks", (table("locks", LOCKS, ("m", "mutex", 0.2, 5e8, 0.4, "t (1)", 0.4, "f",
                                                 "l.c:1")),), {"span": 1e9}),
        profile("locks", (table("locks", LOCKS, ("m", "parking", 1.0, 5e8, None, None, None, "f",
                                                 "l.c:1")),), {"span": 1e9}),
    ),
    "false-sharing": (
        profile("locks", (table("shared lines", SHARED, ("0x40", "false sharing", 0.9, "a, b",
                                                         "+0, +8", "f", "s.c:1")),)),
        profile("locks", (table("shared lines", SHARED, ("0x40", "true sharing", 0.9, "a, b",
                                                         "+0", "f", "s.c:1")),)),
    ),
    "data-race": (
        profile("races", (table("races", "first|first where|second|second where",
                                ("f", "r.c:9", "g", "r.c:12")),), {"races": 1}),
        profile("races", (), {"races": 0}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", CASES)
def test_advice_has_its_figure_and_is_silent_on_the_clean_twin(code: str) -> None:
    bad, clean = CASES[code]
    (found,) = advice(bad)
    assert found.code == code
    assert re.search(r"\d", found.text)
    assert advice(clean) == []


def test_no_advice_on_what_was_not_measured() -> None:
    for question in ("heap", "leaks", "fragmentation", "cpu", "cache", "sched", "locks", "races"):
        assert advice(profile(question)) == []


weights = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 1000), max_size=8)


@given(weights, weights, st.integers(1, 50), st.integers(1, 50))
def test_changes_add_up_to_the_whole_change(
    old: dict[str, int], new: dict[str, int], messages_before: int, messages_after: int
) -> None:
    def of(sums: dict[str, int], messages: int) -> Record:
        rows = [(f"f{name}", f"x/{name}.c:7", n, n * 8, 0, "") for name, n in sums.items()]
        return profile("heap", (table("sites", SITES, *rows),), {"messages": messages})

    (found,) = differences([of(old, messages_before)], [of(new, messages_after)])
    for breakdown in found.breakdowns:
        whole = breakdown.after - breakdown.before
        assert sum(c.change for c in breakdown.changes) == pytest.approx(whole, abs=1e-6)
        sizes = [abs(c.change) for c in breakdown.changes]
        assert all(a >= b for a, b in pairwise(sizes))
    first = found.breakdowns[0]
    assert first.before == pytest.approx(sum(old.values()) / messages_before)


def test_a_regression_comes_with_its_cause() -> None:
    before = profile("heap", (table("sites", SITES, ("parse", "/a/p.rs:7", 100, 800, 0, "")),),
                     {"messages": 100, "allocations-per-message": 1})  # fmt: skip
    after = profile("heap", (table("sites", SITES, ("clone", "/b/q.rs:3", 400, 9000, 0, ""),
                                   ("parse", "/a/p.rs:9", 200, 1600, 0, "")),),
                    {"messages": 200, "allocations-per-message": 3})  # fmt: skip
    found = differences([before], [after])
    top = found[0].breakdowns[0].changes[0]
    assert (top.name, top.change, top.share) == ("clone (q.rs)", 2.0, 1.0)
    # an edit moved parse() two lines down: it is the same site
    assert found[0].breakdowns[0].changes[1].change == 0
    shown = profile_diff.render(found)
    assert "clone (q.rs) (new)" in shown
    assert "100% of the change" in shown


@pytest.mark.parametrize(
    ("after", "threads", "said"),
    [(1000.05, 1, "the same within 0.01 %"), (1002.0, 1, "changed by +0.200%"), (1002.0, 2, "")],
)
def test_instructions_decide_where_they_repeat(after: float, threads: int, said: str) -> None:
    done = Specification(
        actors=2, messages=9, message_bytes=24, in_flight=1, mailbox=16, threads=threads,
        driver="worker",
    )  # fmt: skip
    old, new = (
        msgspec.structs.replace(
            profile("cpu", (), {"simulated-instructions-per-message": count, "messages": 9}),
            specification=done,
        )
        for count in (1000.0, after)
    )
    notes = " ".join(differences([old], [new])[0].notes)
    assert (said in notes) if said else ("instructions" not in notes)


def test_a_difference_in_every_format() -> None:
    rows = [(("p|q", "x.rs:7", 1, 8, 0, ""),), (("p|q", "x.rs:7", 3, 24, 0, ""),)]
    old, new = (profile("heap", (table("sites", SITES, *r),), {"messages": 1}) for r in rows)
    found = differences([old], [new])
    markdown, page = profile_markdown.render_differences(found), profile_page.render_differences
    assert "| p\\|q (x.rs) | 1 | 3 | 100% |" in markdown
    assert "p|q (x.rs)" in page(found)


def test_a_profile_in_markdown() -> None:
    bad = profile(
        "heap", (table("sites", SITES, ("<b>take|", "a.c:8", 300, 19200, 0, "m;take")),),
        {"allocations-per-message": 3, "allocated-per-message": 192},
    )  # fmt: skip
    for shown in (profile_markdown.render([bad]), markdown.render(model.build([bad]))):
        assert "## heap: program ping-pong" in shown
        assert "| allocations-per-message | 3" in shown
        assert "**Advice:**" in shown
        assert "\\<b\\>take\\|" in shown
        assert "<b>" not in shown


def test_profiles_of_other_questions_are_not_compared() -> None:
    with pytest.raises(UsageError, match="heap/tool against cpu/tool"):
        differences([profile("heap")], [profile("cpu")])


names = st.text(alphabet=st.characters(codec="utf-8", exclude_characters=";"), max_size=12)
stacks = st.lists(
    st.tuples(st.lists(names, min_size=1, max_size=5).map(";".join), st.integers(0, 1000)),
    max_size=20,
)


@given(stacks)
def test_flame_graphs_are_sound(found: list[tuple[str, int]]) -> None:
    """Every frame is inside its caller, siblings do not overlap, and the file is XML."""
    root = flame_graph.tree(found)
    assert root.weight == sum(weight for _, weight in found)
    boxes = list(flame_graph.boxes(root))
    for box in boxes:
        inside = [
            b for b in boxes
            if b.depth == box.depth - 1 and b.x - 1e-6 <= box.x
            and box.x + box.width <= b.x + b.width + 1e-6
        ]  # fmt: skip
        assert box.depth == 0 or inside
    for depth in {box.depth for box in boxes}:
        row = sorted((b.x, b.width) for b in boxes if b.depth == depth)
        assert all(a[0] + a[1] <= b[0] + 1e-6 for a, b in pairwise(row))
    ET.fromstring(flame_graph.render("t", found, Unit.NS))


HOSTILE = "<script>alert('x')</script>&\"\x00\x1b[31m"


def everything() -> Record:
    return profile(
        "heap",
        (
            table("sites", SITES, (HOSTILE, HOSTILE, 300, 19200, 7, HOSTILE)),
            Table(name="stacks", columns=("stack", "weight"), units=(None, Unit.COUNT),
                  rows=((f"main;{HOSTILE}", 10), ("main", 5))),
            table("classes", "class|share", ("actor code", 0.7), (HOSTILE, 0.3)),
            table("heap over time", "time|live|resident", (0, 1, None), (10, 7, 5), (20, 2, 9)),
            table("timeline", "thread|tid|state|start|duration|core", (HOSTILE, 1, "run", 0, 5, 0)),
        ),
        {"allocations-per-message": 3, "allocated-per-message": 192},
        (Histogram(name="allocation-size", unit=Unit.BYTES, counts=((16, 3), (2048, 1))),),
    )  # fmt: skip


def test_every_picture_is_xml_and_nothing_becomes_markup() -> None:
    files = files_of(everything())
    assert {name for name, _, _ in files} == {
        "flame-graph.svg", "classes.svg", "allocation-size.svg", "heap-over-time.svg",
        "schedule.svg",
    }  # fmt: skip
    for _, media_type, svg in files:
        assert media_type == "image/svg+xml"
        ET.fromstring(svg)
        assert "<script>alert" not in svg


def test_pages_and_terminals_are_safe_from_names() -> None:
    page = profile_page.render([everything()])
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    shown = profile_text.render(everything())
    assert "\x1b" not in shown
    assert "3.00" in shown


def test_the_report_shows_profiles() -> None:
    report = model.build([everything()])
    assert "allocations-per-message" in text.render(report)
    assert len(report.profiles) == 1
