"""docs/writing-an-adapter.md: its program is the template, and works as it stands."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from litbench.catalogue import workload
from tests.adapters.driver import (
    PYTHON,
    ROOT,
    assert_as_defined,
    assert_measured,
    job_for,
    talk_to,
)

TUTORIAL = (ROOT / "docs" / "writing-an-adapter.md").read_text(encoding="utf-8")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (code,) = re.findall(r"^```python\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
    path = tmp_path / "my_adapter.py"
    path.write_text(code, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "measure"),
    [("ping-pong", "throughput"), ("ping-pong", "latency"), ("isolated-latency", "latency")],
)
def test_the_tutorials_program_works(program: Path, name: str, measure: str) -> None:
    definition = workload(name)
    job = job_for(definition, measure)
    talk = talk_to([sys.executable, str(program)], job)
    assert talk.stderr == ""
    assert_as_defined(talk, definition, job)
    assert_measured(talk, definition, job)


def test_the_template_is_the_tutorials_program(program: Path) -> None:
    template = (PYTHON / "template.py").read_text(encoding="utf-8")
    assert program.read_text(encoding="utf-8") == template


def test_the_reasons_in_the_tutorial_are_those_of_the_checks() -> None:
    table = TUTORIAL[TUTORIAL.index("| fault |") :]
    codes = re.findall(r"`([a-z]+-[a-z-]+)`", table)
    assert len(codes) >= 9
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src" / "litbench").rglob("*.py")
    )
    assert [code for code in codes if f'"{code}"' not in sources] == []
