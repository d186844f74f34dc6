from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench import session
from litbench.catalogue import workload
from litbench.catalogue.suites import Entry
from litbench.errors import UsageError
from litbench.plan import PRESETS, Plan, Preset, Selection, Unmeasured, make, select
from litbench.protocol import Ability, Description, Missing, Threads
from litbench.record import Measure
from litbench.targets import all_targets

EVERY = tuple(Measure)


def a_description(*abilities: Ability, missing: tuple[Missing, ...] = ()) -> Description:
    return Description(
        protocol=1, target="t", version="1", language="l", runtime="r", runtime_version="1",
        threads=Threads(least=1, most=4), workloads=abilities, missing=missing,
    )  # fmt: skip


def ability(name: str, **fields: object) -> Ability:
    return Ability(name=name, version=1, measures=EVERY, **fields)  # type: ignore[arg-type]


def chosen(description: Description, name: str, **given: int) -> list[Selection | Unmeasured]:
    return list(select("t", description, workload(name), given=given, measures=EVERY, threads=2))


def a_plan(seed: int, forks: int = 3) -> Plan:
    definition = workload("ping-pong")
    selections = [
        Selection(f"t{i}", definition, definition.values(), Measure.THROUGHPUT, 1) for i in range(5)
    ]
    return make(selections, Preset("p", forks, 1, 1, 1, ""), seed)


@given(st.integers(0, 2**31))
def test_every_round_holds_every_target_once(seed: int) -> None:
    plan = a_plan(seed)
    for fork in range(3):
        targets = [i.selection.target for i in plan.items if i.fork == fork]
        assert sorted(targets) == [f"t{i}" for i in range(5)]
    assert [i.turn for i in plan.items] == list(range(15))


def test_a_seed_gives_one_plan_and_seeds_differ() -> None:
    assert a_plan(7) == a_plan(7)
    orders = {tuple(i.selection.target for i in a_plan(seed).items) for seed in range(20)}
    assert len(orders) > 15


def test_no_target_is_always_first() -> None:
    first = Counter(a_plan(seed, forks=1).items[0].selection.target for seed in range(400))
    assert len(first) == 5
    assert max(first.values()) < 130


def test_memory_is_measured_over_five_sizes_once() -> None:
    found = chosen(a_description(ability("mass-spawn")), "mass-spawn")
    sizes = [s.values["actors"] for s in found if isinstance(s, Selection)
             and s.measure is Measure.MEMORY]  # fmt: skip
    assert sizes == [20_000, 40_000, 60_000, 80_000, 100_000]
    selections = [s for s in found if isinstance(s, Selection)]
    plan = make(selections, PRESETS["quick"], 1)
    memory = [i for i in plan.items if i.selection.measure is Measure.MEMORY]
    assert len(memory) == 5
    assert {i.job.iterations for i in memory} == {1}


def test_a_target_that_cannot_hold_it_is_scaled_down_and_says_so() -> None:
    small = ability("skynet", limits={"levels": 3}, because="threads are dear")
    selection = chosen(a_description(small), "skynet")[0]
    assert isinstance(selection, Selection)
    assert selection.values["levels"] == 3
    assert "scaled down to levels=3 from 6: threads are dear" in selection.notes[-1].message
    with pytest.raises(UsageError, match="at most levels=3"):
        chosen(a_description(small), "skynet", levels=5)


def test_what_is_missing_says_why() -> None:
    description = a_description(missing=(Missing(name="skynet", because="no tree"),))
    assert chosen(description, "skynet") == [Unmeasured("t", "skynet", "no tree")]
    (other,) = chosen(description, "fan-in")
    assert isinstance(other, Unmeasured)
    assert "does not have" in other.because


def test_another_version_of_a_workload_is_not_measured() -> None:
    old = Ability(name="skynet", version=0, measures=EVERY)
    (found,) = chosen(a_description(old), "skynet")
    assert isinstance(found, Unmeasured)
    assert "version 0, not 1" in found.because


def test_threads_stay_within_what_the_target_says() -> None:
    definition = workload("ping-pong")
    for asked, got in ((0, 1), (3, 3), (99, 4)):
        (one,) = select("t", a_description(ability("ping-pong")), definition, given={},
                        measures=[Measure.THROUGHPUT], threads=asked)  # fmt: skip
        assert isinstance(one, Selection)
        assert one.threads == got


@pytest.mark.parametrize(("asked", "threads"), [(None, 3), (4, 4)])
def test_a_spinning_driver_has_a_processor_of_its_own(
    monkeypatch: pytest.MonkeyPatch, asked: int | None, threads: int
) -> None:
    monkeypatch.setattr(session, "usable_cpu_count", lambda: 4)
    request = session.Request(threads=asked)
    for name, expected in (("loaded-latency", threads), ("ping-pong", 4)):
        (given,) = session._threads(request, Entry(name))
        assert session._beside_driver(given, workload(name), request) == expected


def test_a_soak_is_one_long_run() -> None:
    (soak,) = chosen(a_description(ability("soak")), "soak")
    assert isinstance(soak, Selection)
    (item,) = make([soak], PRESETS["quick"], 1).items
    assert item.job.iterations > 1000
    assert item.job.time_limit_ns > 5e9


def test_actors_that_do_not_fit_in_memory_are_scaled_down() -> None:
    def levels(memory: int | None, actor_bytes: int = 5000, **given: int) -> tuple[int, int]:
        (one, *_) = select("t", a_description(ability("skynet")), workload("skynet"), given=given,
                           measures=[Measure.THROUGHPUT], threads=1, memory=memory,
                           actor_bytes=actor_bytes)  # fmt: skip
        assert isinstance(one, Selection)
        return one.values["levels"], len(one.notes)

    assert levels(None) == (6, 0)
    assert levels(16 << 30) == (6, 0)
    assert levels(1 << 30) == (5, 1)
    assert levels(1 << 20) == (2, 1)
    assert levels(1 << 20, levels=6) == (6, 0)
    assert levels(4 << 30) == (5, 1)
    assert levels(4 << 30, actor_bytes=2500) == (6, 0)


def test_how_much_an_actor_takes_is_the_family_s() -> None:
    targets = all_targets()
    assert targets["tokio-mt"].actor_bytes == targets["smol"].actor_bytes
    assert targets["tokio-mt"].actor_bytes < targets["trio"].actor_bytes
    actors = workload("skynet").demand({"levels": 6}).actors
    assert actors * targets["tokio-mt"].actor_bytes < 3 << 30
