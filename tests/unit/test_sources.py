"""Targets that need a source: a stand-in repository and adapter, built by the real cargo."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import msgspec
import pytest

from litbench.cli.common import parse_sources
from litbench.errors import InputError, MissingToolError, UsageError
from litbench.session import Request, _entries, _is_usual, _targets
from litbench.targets import adapters_folder, all_targets, build, is_built, with_sources
from litbench.targets import sources as mechanism
from litbench.targets.manifest import Source, Target, TargetEntry

REVISION = "0123456789abcdef0123456789abcdef01234567"
MAIN = """fn main() {
    println!("{} {} {}", thing::WORD, beside::WORD, env!("LITBENCH_SOURCE_REVISION"));
}
"""

needs_cargo = pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not here")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")


def package(folder: Path, name: str, dependencies: str = "", **files: str) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n\n[workspace]\n\n'
        f"[dependencies]\n{dependencies}"
    )
    for file, content in files.items():
        (folder / "src" / f"{file}.rs").write_text(content)
    return folder


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.invalid"]
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / 'thing\'s "checkout"'
    package(folder / "core", "thing", lib='pub const WORD: &str = "one";\n')
    git(folder.parent, "init", "-q", str(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A target whose repository is nowhere."""
    monkeypatch.setenv("LITBENCH_CACHE", str(tmp_path / "cache"))
    source = Source(
        repository=(tmp_path / "nowhere").as_uri(), revision=REVISION, packages={"thing": "core"}
    )
    package(tmp_path / "adapters" / "common", "beside", lib='pub const WORD: &str = "aside";\n')
    folder = package(
        tmp_path / "adapters" / "one",
        "litbench-one",
        f'thing = {{ git = "{source.repository}", rev = "{REVISION}" }}\n'
        'beside = { path = "../common" }\n',
        main=MAIN,
    )
    return Target(
        name="one",
        language="rust",
        folder=folder,
        tool="cargo",
        entry=TargetEntry(command=("litbench-one",), package="litbench-one", source="thing"),
        beside=("../common",),
        source=source,
    )


def said(target: Target) -> list[str]:
    command = list(build(target).command)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@needs_cargo
@needs_git
def test_a_target_is_built_against_the_checkout_as_it_is_now(
    target: Target, checkout: Path
) -> None:
    given = with_sources({"one": target}, {"thing": checkout})["one"]
    before = {path: path.read_bytes() for path in target.folder.rglob("*") if path.is_file()}
    commit = git(checkout, "rev-parse", "HEAD")[:12]
    assert said(given) == ["one", "aside", commit]
    assert is_built(given)
    assert not is_built(target)

    (checkout / "core" / "src" / "lib.rs").write_text('pub const WORD: &str = "two";\n')
    assert not is_built(given)
    word, _, *revision = said(given)
    assert word == "two"
    assert revision[:2] == [commit, "changed"]
    assert {path: path.read_bytes() for path in before} == before  # only the copy was redirected


@needs_cargo
def test_what_lies_beside_is_part_of_the_build(target: Target, checkout: Path) -> None:
    given = with_sources({"one": target}, {"thing": checkout})["one"]
    build(given)
    (target.folder / "../common/src/lib.rs").write_text('pub const WORD: &str = "moved";\n')
    assert not is_built(given)


@needs_cargo
def test_a_repository_that_cannot_be_reached_names_the_cure(target: Target) -> None:
    (target.folder / "Cargo.lock").write_text("version = 4\n")
    with pytest.raises(MissingToolError) as caught:
        build(target)
    assert "the source of one" in str(caught.value)
    assert target.source is not None
    assert target.source.repository in caught.value.cost
    assert "--source thing=PATH" in caught.value.cure


@needs_git
def test_only_tracked_files_count(checkout: Path) -> None:
    before = mechanism.digest(checkout)
    (checkout / "notes.txt").write_text("untracked")
    assert mechanism.digest(checkout) == before
    git(checkout, "add", "notes.txt")
    assert mechanism.digest(checkout) != before


def test_a_folder_that_is_not_gits_counts_whole_and_is_named_by_its_files(
    target: Target, tmp_path: Path
) -> None:
    plain = package(tmp_path / "plain" / "core", "thing", lib="").parent
    given = msgspec.structs.replace(target, checkout=plain)
    first = mechanism.revision(given)
    assert first.startswith("files ")
    (plain / "core" / "src" / "lib.rs").write_text("// changed")
    assert mechanism.revision(given) != first
    assert mechanism.revision(target) == REVISION[:12]


def test_a_manifest_without_the_pinned_dependency_is_refused(
    target: Target, checkout: Path, tmp_path: Path
) -> None:
    (target.folder / "Cargo.toml").write_text('[dependencies]\nthing = "1"\n')
    given = msgspec.structs.replace(target, checkout=checkout)
    with pytest.raises(InputError, match="thing is not a dependency with git"):
        mechanism.stage(given, tmp_path / "staged", set())


def test_sources_that_make_no_sense_are_refused(target: Target, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no target needs the source 'other': there are thing"):
        with_sources({"one": target}, {"other": tmp_path})
    with pytest.raises(UsageError, match=r"no checkout of thing: it has no core/Cargo\.toml"):
        with_sources({"one": target}, {"thing": tmp_path})
    for word in ("thing", "=x", "thing="):
        with pytest.raises(UsageError, match="write NAME=PATH"):
            parse_sources([word])
    with pytest.raises(UsageError, match="no such folder"):
        parse_sources([f"thing={tmp_path / 'none'}"])
    assert parse_sources([f"thing={tmp_path}"]) == {"thing": tmp_path}


def test_a_target_without_its_source_is_measured_only_when_it_is_named() -> None:
    assert not {"lit-bit", "lit-bit-ct"} & {found.name for found in _targets(Request())}
    assert [found.name for found in _targets(Request(targets=("lit-bit",)))] == ["lit-bit"]
    given = msgspec.structs.replace(all_targets(Path("/"))["lit-bit"], checkout=Path("/x"))
    assert _is_usual(given)


def test_the_preset_lit_bit_brings_its_suite_and_targets() -> None:
    names = ["lit-bit", "lit-bit-ct", "lit-bit-statechart"]
    for request in (Request(preset="lit-bit"), Request(suite="lit-bit")):
        assert [found.name for found in _targets(request)] == names
        assert "isolated-latency" in {entry.workload for entry in _entries(request)}
    assert "skynet" in {e.workload for e in _entries(Request(preset="lit-bit", suite="default"))}


def test_lit_bits_manifests_agree_on_the_pinned_revision() -> None:
    folder = adapters_folder() / "lit-bit"
    source = all_targets(Path("/"))["lit-bit"].source
    assert source is not None
    manifest = tomllib.loads((folder / "Cargo.toml").read_text(encoding="utf-8"))
    locked = tomllib.loads((folder / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    for name in source.packages:
        said = manifest["dependencies"][name]
        assert (said["git"], said["rev"]) == (source.repository, source.revision)
        entry = next(found for found in locked if found["name"] == name)
        assert entry["source"].startswith(f"git+{source.repository}?rev={source.revision}#")
