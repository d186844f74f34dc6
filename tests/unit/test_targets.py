"""Manifests and builds, with a stand-in for cargo on the PATH."""

from __future__ import annotations

from pathlib import Path

import pytest

from litbench.errors import InputError, MissingToolError, UsageError
from litbench.targets import all_targets, build, find_target, is_built
from litbench.targets.cache import digest_of
from litbench.targets.manifest import Target, TargetEntry

CARGO = """#!/bin/sh
echo called >> "$LITBENCH_CACHE/calls"
while [ "$1" != --target-dir ]; do shift; done
mkdir -p "$2/release"
printf '#!/bin/sh\\necho hello' > "$2/release/litbench-one"
chmod +x "$2/release/litbench-one"
"""
OFFLINE = """#!/bin/sh
echo 'error: failed to get `tokio` as a dependency' >&2
echo 'Caused by: could not resolve host: a registry' >&2
exit 101
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("LITBENCH_CACHE", str(folder))
    return folder


def cargo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "cargo").write_text(script)
    (programs / "cargo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")


def a_target(tmp_path: Path) -> Target:
    folder = tmp_path / "sources"
    folder.mkdir(exist_ok=True)
    (folder / "main.rs").write_text("fn main() {}")
    entry = TargetEntry(command=("litbench-one",), package="one")
    return Target(name="one", language="rust", folder=folder, tool="cargo", entry=entry)


def test_a_second_build_builds_nothing(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cargo(tmp_path, monkeypatch, CARGO)
    target = a_target(tmp_path)
    assert not is_built(target)
    first, second = build(target), build(target)
    assert first == second
    assert is_built(target)
    assert (cache / "calls").read_text().split() == ["called"]
    assert Path(first.command[0]).is_file()


def test_changed_sources_are_built_again(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cargo(tmp_path, monkeypatch, CARGO)
    target = a_target(tmp_path)
    first = build(target)
    (target.folder / "main.rs").write_text("fn main() { }")
    assert not is_built(target)
    assert build(target).digest != first.digest
    assert len((cache / "calls").read_text().split()) == 2


def test_no_registry_says_so_and_where_the_log_is(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cargo(tmp_path, monkeypatch, OFFLINE)
    with pytest.raises(MissingToolError) as caught:
        build(a_target(tmp_path))
    assert "failed to get `tokio`" in str(caught.value)
    assert "package registry" in caught.value.cure
    assert str(cache) in caught.value.cure


def test_no_cargo_says_how_to_get_it(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingToolError, match="rustup"):
        build(a_target(tmp_path))


def test_the_digest_sees_names_bytes_and_nothing_that_builds_leave(tmp_path: Path) -> None:
    target = a_target(tmp_path)
    before = digest_of(target.folder)
    (target.folder / "target").mkdir()
    (target.folder / "target" / "x.o").write_text("object")
    assert digest_of(target.folder) == before
    (target.folder / "main.rs").rename(target.folder / "lib.rs")
    assert digest_of(target.folder) != before


def test_a_users_target_stands_in_litbench_toml(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("print()")
    (tmp_path / "litbench.toml").write_text('[targets.mine]\ncommand = ["python", "mine.py"]\n')
    target = find_target("mine", all_targets(tmp_path))
    assert build(target).command[1] == str(tmp_path / "mine.py")


@pytest.mark.parametrize("text", ["targets = 3", "[targets.x]\n", "[targets.x]\ncommand = 3", "["])
def test_a_malformed_litbench_toml_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "litbench.toml").write_text(text)
    with pytest.raises(InputError, match=r"litbench\.toml: malformed"):
        all_targets(tmp_path)


def test_a_program_can_be_given_by_its_path(tmp_path: Path) -> None:
    program = tmp_path / "my-adapter"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    target = find_target(f"{program} --fast", {})
    assert build(target).command == (str(program), "--fast")
    assert target.name == "my-adapter"


def test_an_unknown_target_names_what_is_near() -> None:
    with pytest.raises(UsageError, match="did you mean asyncio"):
        find_target("asynco", all_targets(Path("/")))


def test_every_shipped_target_has_a_command_and_a_summary() -> None:
    targets = all_targets(Path("/"))
    assert {"asyncio", "uvloop", "trio", "threads", "fake"} <= set(targets)
    for target in targets.values():
        assert target.entry.command
        assert target.entry.summary


def test_a_target_may_be_in_another_language_than_its_family() -> None:
    targets = all_targets()
    assert {name: targets[name].language for name in ("c-m3", "c-rv32", "embassy-m3")} == {
        "c-m3": "c",
        "c-rv32": "c",
        "embassy-m3": "rust",
    }
