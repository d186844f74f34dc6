"""Seeded programs with a known truth, built here when a compiler is there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from litbench.instruments.base import Question
from litbench.profiling import ProfileRequest, profile
from litbench.record import Record, Scalar
from litbench.store import Store

SOURCES = Path(__file__).parents[2] / "data" / "profile"

Build = Callable[..., str]
Ask = Callable[..., list[Record]]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """``seeded("heap.c", "-fsanitize=leak")``: the path of the built program."""
    folder = tmp_path_factory.mktemp("seeded")

    def build(source: str, *options: str) -> str:
        compiler = "rustc" if source.endswith(".rs") else "cc"
        if shutil.which(compiler) is None:
            pytest.skip(f"no {compiler}")
        name = "".join(c if c.isalnum() else "-" for c in f"{source}{''.join(options)}")
        target = folder / name
        if not target.exists():
            own = ["-g", "-O"] if compiler == "rustc" else ["-g", "-O1", "-pthread"]
            command = [compiler, *own, *options, "-o", str(target), str(SOURCES / source)]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode != 0 and any("sanitize" in option for option in options):
                pytest.skip(f"the compiler has no {' '.join(options)}")
            assert result.returncode == 0, result.stderr
        return str(target)

    return build


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def ask(store: Store) -> Ask:
    """``ask("heap", "heaptrack", [program, ...], messages=100)``: the records of the answer."""

    def answer(question: str, tool: str | None, command: list[str], **more: object) -> list[Record]:
        request = ProfileRequest(
            question=Question(question),
            command=tuple(command),
            tool=tool,
            **{"plain": False, **more},  # type: ignore[arg-type]
        )
        return profile(request, store)

    return answer


def need(*tools: str) -> None:
    """Skip the test where a tool is missing."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool}")


def total(record: Record, name: str) -> float:
    metric = record.metric(f"{name}-total")
    assert metric is not None, [m.name for m in record.metrics]
    return metric.values[0]


def each(record: Record, name: str) -> float:
    """A cost per message."""
    return value(record, f"{name}-per-message")


def value(record: Record, name: str) -> float:
    metric = record.metric(name)
    assert metric is not None, [m.name for m in record.metrics]
    return metric.values[0]


def rows(record: Record, name: str) -> list[dict[str, Scalar]]:
    table = record.table(name)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows] if table else []


def codes(record: Record) -> set[str]:
    return {note.code for note in record.cautions}
