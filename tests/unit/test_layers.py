"""The architecture as a test: a module imports only lower layers, and data flows one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import litbench

ROOT = Path(litbench.__file__).parent

# ARCHITECTURE.md explains the layers; a part is a module or a package below src/litbench.
LAYERS = {
    "errors": 0,
    "units": 1,
    "record": 2,
    "store": 3,
    "records_file": 3,
    "catalogue": 3,
    "protocol": 3,
    "environment": 3,
    "firmware": 4,
    "plan": 4,
    "stats": 4,
    "targets": 4,
    "instruments": 4,
    "profiles": 4,
    "meters": 5,
    "runner": 5,
    "boards": 6,
    "estimate": 5,
    "session": 6,
    "profiling": 6,
    "doctor": 6,
    "report": 6,
    "api": 7,
    "cli": 8,
    "__main__": 9,
}

MAKERS = {
    "boards", "firmware", "instruments", "plan", "profiling", "protocol", "runner", "session",
    "targets",
}  # fmt: skip
READERS = {"profiles", "report", "stats"}


def modules() -> list[Path]:
    return sorted(p for p in ROOT.rglob("*.py") if "_adapters" not in p.parts)


def part_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


def imports_of(source: str) -> Iterator[str]:
    """The parts of litbench that a source imports, at any depth of nesting."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "litbench":
                names = [f"litbench.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            words = name.split(".")
            if words[0] == "litbench" and len(words) > 1 and words[1] != "__version__":
                yield words[1]


def violations(part: str, source: str) -> list[str]:
    wrong = []
    for imported in imports_of(source):
        if imported != part and LAYERS[imported] >= LAYERS[part]:
            wrong.append(f"{part} (layer {LAYERS[part]}) imports {imported}")
        if part in MAKERS and imported in READERS:
            wrong.append(f"{part} makes records and imports {imported}, which reads them")
        if part in READERS and imported in MAKERS:
            wrong.append(f"{part} reads records and imports {imported}, which makes them")
    return wrong


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_lower_layers(path: Path) -> None:
    if path == ROOT / "__init__.py":
        return
    assert part_of(path) in LAYERS, f"give {part_of(path)} a layer"
    assert violations(part_of(path), path.read_text(encoding="utf-8")) == []


def test_the_layer_test_can_fail() -> None:
    assert violations("record", "from litbench.store import Store")
    assert violations("report", "def f():\n    from litbench.runner.run import run_plan")
    assert violations("session", "import litbench.report.html")
    assert violations("catalogue", "from litbench import stats")


def test_every_layer_names_something_that_exists() -> None:
    for part in LAYERS:
        assert (ROOT / part).is_dir() or (ROOT / f"{part}.py").is_file(), part
