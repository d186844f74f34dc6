"""Goals beside measured values: every verdict from records whose truth is known beforehand."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench import catalogue
from litbench.errors import InputError
from litbench.record import Histogram, Measure, Note, Record
from litbench.report import goals, html, markdown, text
from litbench.report import json as as_json
from litbench.report.goals import Goal, GoalSet, Relation
from litbench.report.model import build
from litbench.report.parts import GoalRow, GoalTable, Verdict
from litbench.stats import quantity
from litbench.stats.quantity import Quantity
from litbench.stats.undetermined import Undetermined
from litbench.units import Unit
from tests.records import memory_run, run, times

MESSAGES = 1_000_000  # of counting, an iteration


def goal(**more: object) -> Goal:
    usual: dict[str, object] = {
        "name": "rate",
        "kind": "target",
        "stated": "as stated",
        "on": ["tokio-ct"],
        "workload": "counting",
        "quantity": "rate",
        "relation": ">",
        "limit": 1_000_000,
    }
    return msgspec.convert({**usual, **more}, type=Goal)


def counting(each_ns: float, forks: int = 4, **more: object) -> list[Record]:
    """Runs of counting that take ``each_ns`` a message on average, with little noise."""
    source = random.Random(1)
    return [
        run(
            "tokio-ct",
            "counting",
            elapsed=times(source, each_ns * MESSAGES, between=0.002),
            fork=fork,
            turn=fork,
            **more,  # type: ignore[arg-type]
        )
        for fork in range(forks)
    ]


def constant(value: int, fork: int) -> Record:
    """A latency run in which every round trip took the same time."""
    histogram = Histogram(name="round-trip", unit=Unit.NS, counts=((value, 100_000),))
    return run(
        "tokio-ct",
        "isolated-latency",
        Measure.LATENCY,
        elapsed=[10**9],
        histograms=[histogram],
        fork=fork,
        turn=fork,
    )


def table(records: list[Record], *held: Goal) -> GoalTable:
    found = goals.build(records, [GoalSet(title="Ours", about="what we want", goals=held)])
    assert len(found) == 1
    return found[0]


def only(records: list[Record], one: Goal) -> GoalRow:
    (row,) = table(records, one).rows
    return row


def value(row: GoalRow) -> Quantity:
    assert isinstance(row.measured, Quantity)
    return row.measured


@pytest.mark.parametrize(
    ("each_ns", "verdict"),
    [(500, Verdict.PASS), (2_000, Verdict.FAIL), (1_000, Verdict.UNDETERMINED)],
)
def test_a_rate_on_each_side_of_the_limit_and_on_it(each_ns: float, verdict: Verdict) -> None:
    row = only(counting(each_ns), goal())
    assert row.verdict is verdict
    assert value(row).value == pytest.approx(1e9 / each_ns, rel=0.02)


def test_one_fork_gives_a_value_and_no_verdict() -> None:
    found = table(counting(500, forks=1), goal())
    (row,) = found.rows
    assert row.verdict is Verdict.UNDETERMINED
    assert value(row).value == pytest.approx(2e6, rel=0.05)
    assert "no interval: one fork" in found.notes[row.notes[0]]


def test_a_rate_is_per_thread_where_the_goal_says_so() -> None:
    row = only(counting(500, threads=4), goal(quantity="rate-per-thread"))
    assert value(row).value == pytest.approx(2e6 / 4, rel=0.02)
    assert row.verdict is Verdict.FAIL


def test_time_each_is_one_over_the_rate_and_so_is_its_interval() -> None:
    records = counting(150)
    rate, each = (
        value(only(records, goal(quantity=name, relation="<", limit=200)))
        for name in ("rate", "time-each")
    )
    assert each.unit is Unit.NS
    assert each.value * rate.value == pytest.approx(1e9)
    assert rate.low is not None
    assert each.high is not None
    assert each.high * rate.low == pytest.approx(1e9)


def test_what_has_more_in_it_can_meet_a_goal_but_not_miss_it() -> None:
    bound = goal(quantity="time-each", relation="<=", limit=200, upper_bound=True)
    assert only(counting(100), bound).verdict is Verdict.PASS
    missed = only(counting(900), bound)
    assert missed.verdict is Verdict.UNDETERMINED
    assert only(counting(900), msgspec.structs.replace(bound, upper_bound=False)).verdict is (
        Verdict.FAIL
    )


def test_a_percentile_is_the_mean_over_forks_with_their_spread() -> None:
    records = [constant(2_000 * f, f) for f in (1, 2, 3)]  # 2, 4 and 6 microseconds
    p99 = goal(workload="isolated-latency", quantity="p99", relation="<", limit=1_000_000)
    found = value(only(records, p99))
    assert found.value == pytest.approx(4_000, rel=0.001)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 2_000
    assert found.high > 6_000


def test_one_way_is_half_the_median_and_the_interval_allows_for_the_clock() -> None:
    records = [constant(400, fork) for fork in range(3)]  # the clock costs 23.5 ns
    limits = {180: Verdict.FAIL, 195: Verdict.UNDETERMINED, 201: Verdict.PASS}
    for limit, verdict in limits.items():
        one = goal(workload="isolated-latency", quantity="half-p50", relation="<", limit=limit)
        row = only(records, one)
        assert row.verdict is verdict, limit
        assert value(row).value == pytest.approx(200)
        assert value(row).low == pytest.approx((400 - 23.5) / 2)
        assert value(row).high == pytest.approx(200)


def test_bytes_each_are_the_allocators_slope() -> None:
    records = [
        memory_run(random.Random(2), "tokio-ct", "mass-spawn", size, 1_024, turn=size)
        for size in (1_000, 5_000, 20_000, 50_000, 100_000)
    ]
    small = goal(workload="mass-spawn", quantity="bytes-each", relation="<", limit=2_616)
    row = only(records, small)
    assert row.verdict is Verdict.PASS
    assert value(row).value == pytest.approx(1_024, rel=0.01)
    assert only(records, msgspec.structs.replace(small, limit=512)).verdict is Verdict.FAIL


def test_invalid_runs_are_left_out_and_said() -> None:
    bad = Note(code="wrong-sum", message="no")
    records = counting(500)
    wrong = [run("tokio-ct", "counting", elapsed=[1], reasons=[bad], fork=9, turn=9)]
    found = table(records + wrong, goal())
    assert found.rows[0].verdict is Verdict.PASS
    assert any("1 of 5 runs were invalid" in note for note in found.notes)
    alone = only(wrong, goal())
    assert alone.measured == Undetermined("no valid run")
    assert alone.verdict is Verdict.UNDETERMINED


def test_runs_that_differ_are_not_pooled() -> None:
    mixed = counting(500) + counting(500, parameters={"batch": 8})
    assert only(mixed, goal()).verdict is Verdict.UNDETERMINED
    assert only(mixed, goal(parameters={"batch": 1})).verdict is Verdict.PASS


def test_runs_with_other_parameters_are_not_held_against_a_goal() -> None:
    assert (
        goals.build(
            counting(500, parameters={"batch": 8}),
            [GoalSet(title="", about="", goals=(goal(parameters={"batch": 1}),))],
        )
        == ()
    )


def test_no_table_without_a_target_and_a_word_on_what_was_not_measured() -> None:
    unmeasured = goal(name="memory", workload="mass-spawn", quantity="bytes-each")
    assert goals.build(counting(500), [GoalSet(title="", about="", goals=(unmeasured,))]) == ()
    found = table(counting(500), goal(), unmeasured)
    assert found.remarks == (
        "measured: tokio-ct 0.1.0",
        "not measured in these runs: memory",
    )


@given(
    middle=st.floats(1, 1e6),
    below=st.floats(0, 0.5),
    above=st.floats(0, 0.5),
    limit=st.floats(1, 1e6),
    relation=st.sampled_from(Relation),
)
def test_a_verdict_never_contradicts_the_estimate(
    middle: float, below: float, above: float, limit: float, relation: Relation
) -> None:
    found = Quantity(middle, Unit.NS, middle * (1 - below), middle * (1 + above))
    verdict, reason = goals._judge(goal(relation=relation, limit=limit), found)
    holds = relation.holds(middle, limit)
    assert verdict is not (Verdict.FAIL if holds else Verdict.PASS)
    assert bool(reason) == (verdict is Verdict.UNDETERMINED)
    swapped = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[relation]
    other, _ = goals._judge(goal(relation=swapped, limit=limit), found)
    assert {verdict, other} in ({Verdict.PASS, Verdict.FAIL}, {Verdict.UNDETERMINED})


def test_every_format_shows_the_goal_the_value_and_the_verdict() -> None:
    sets = [GoalSet(title="Ours", about="what we want", goals=(goal(note="how it is taken"),))]
    report = build(counting(500), goal_sets=sets)
    for shown in (text.render(report), text.render(report, 60), markdown.render(report)):
        for word in ("Ours", "target: rate", "as stated", "M/s", "pass", "how it is taken"):
            assert word in shown
    page = html.render(report)
    for word in ("Ours", "target", "as stated", "M/s", "✓ pass", "how it is taken"):
        assert word in page
    plain = as_json.to_builtins(report)["goals"][0]["rows"][0]
    assert plain["verdict"] == "pass"
    assert plain["measured"]["low"] > plain["limit"]


def test_goals_come_first_and_no_verdict_rests_on_colour() -> None:
    held = tuple(goal(name=n, limit=limit) for n, limit in (("a", 1e6), ("b", 2e6), ("c", 9e6)))
    report = build(
        counting(500), goal_sets=[GoalSet(title="Ours", about="what we want", goals=held)]
    )
    assert report.goals[0].verdicts == dict.fromkeys(
        (Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED), 1
    )
    for shown in (html.render(report), markdown.render(report)):
        assert shown.index("what we want") < shown.index("floods one counter")
    for shown in (html.render(report), markdown.render(report), text.render(report)):
        for verdict in ("✓ pass", "✗ fail", "? undetermined"):
            assert verdict in shown


def test_the_goals_that_come_with_litbench_name_what_exists() -> None:
    assert {found.title.split(":")[0] for found in goals.shipped()} == {"lit-bit"}
    for one in (each for found in goals.shipped() for each in found.goals):
        definition = catalogue.workload(one.workload)
        definition.values(one.parameters)
        assert quantity.measure_of(one.quantity) in definition.measures
        assert one.kind in {"target", "claim"}


GOAL = (
    'name = "n"\nkind = "claim"\nstated = "s"\non = ["a"]\n'
    'workload = "counting"\nquantity = "rate"\nrelation = ">"\nlimit = 1\n'
)


@pytest.mark.parametrize(
    "content",
    [
        "title = 3",
        'title = "t"\nabout = "a"\n',
        'title = "t"\nabout = "a"\n[[goals]]\n' + GOAL.replace('">"', '"!"'),
        'title = "t"\nabout = "a"\n[[goals]]\n' + GOAL.replace('"rate"', '"speed"'),
        'title = "t"\nabout = "a"\n[[goals]]\n' + GOAL + "surprise = 1\n",
        "[",
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "goals.toml"
    path.write_text(content)
    with pytest.raises(InputError, match=r"goals\.toml"):
        goals.read(path)


def test_a_users_own_file_is_read(tmp_path: Path) -> None:
    content = 'title = "t"\nabout = "a"\n[[goals]]\n' + GOAL
    assert tomllib.loads(content)
    (tmp_path / "own.toml").write_text(content)
    assert goals.read(tmp_path / "own.toml").goals[0].relation is Relation.ABOVE
    with pytest.raises(InputError, match="No such file"):
        goals.read(tmp_path / "none.toml")
