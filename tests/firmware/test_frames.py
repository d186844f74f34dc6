"""Frame sizes equal what the compilers say, for every function that they say it of."""

from __future__ import annotations

import pytest

from litbench.firmware.frames import cfi_frames, stack_sizes
from tests.firmware.fixtures import NAMES, analysis, declared, graph, load

WITH_SU = [name for name in NAMES if declared(name)]
WITH_SIZES = [name for name in NAMES if load(name).section(".stack_sizes")]


@pytest.mark.parametrize("name", WITH_SU)
def test_frames_equal_the_stack_usage_files(name: str) -> None:
    found = analysis(name)
    frames = {raw: n.own for n in found.nodes.values() for raw in found.names(n.start)}
    su = declared(name)
    compared = 0
    for function, (size, how) in su.items():
        plain = function.split("(")[0].split(" ")[-1].split("::")[-1]
        matches = {own for raw, own in frames.items() if raw.split("(")[0].split("::")[-1] == plain}
        if len(matches) != 1:
            continue  # not in the image, or several of that name
        compared += 1
        if how == "dynamic" or name.startswith("saverestore"):
            # gcc adds what it knows of the dynamic part; with -msave-restore it counts a shared
            # prologue even where a tail call made it needless (`divide` has no frame at all)
            assert min(matches) <= size
        else:
            assert matches == {size}, function
    assert compared >= min(4, len(su))


def test_hundreds_of_functions_were_compared() -> None:
    assert sum(len(declared(name)) for name in WITH_SU) > 800


@pytest.mark.parametrize("name", WITH_SIZES)
def test_frames_equal_stack_sizes(name: str) -> None:
    sizes, nodes = stack_sizes(load(name)), analysis(name).nodes
    assert sizes
    for start, size in sizes.items():
        if start in nodes:
            assert nodes[start].own == size, analysis(name).name(start)


@pytest.mark.parametrize("name", WITH_SIZES)
def test_the_code_alone_gives_the_same_frames(name: str) -> None:
    """What is found without the compiler's help: the walk of the instructions by itself."""
    sizes = stack_sizes(load(name))
    walked = {s: graph(name).summaries[s].depth for s in sizes if s in graph(name).summaries}
    assert walked == {s: sizes[s] for s in walked}


@pytest.mark.parametrize("name", NAMES)
def test_call_frame_information_is_never_above_the_walk(name: str) -> None:
    found = graph(name)
    for start, largest in cfi_frames(load(name)).items():
        summary = found.summaries.get(start)
        if summary is not None and start in found.declared:
            assert largest <= summary.depth


def test_a_shrunk_frame_is_noticed() -> None:
    name = "rust-m3-Os"
    start, size = max(stack_sizes(load(name)).items(), key=lambda item: item[1])
    assert graph(name).summaries[start].depth - 8 != size
