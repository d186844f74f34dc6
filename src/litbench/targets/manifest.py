"""Which targets there are: one ``targets.toml`` a family of adapters, and the user's own.

A manifest names the language, how the family is built and each target's command. A user's targets
stand in ``litbench.toml`` of the working folder as ``[targets.NAME]`` with ``command = [...]``, or
are given as the path of an adapter program.

A target may need a **source**: a repository that is on no package registry. It is fetched at a
pinned revision, or the user names a checkout (``with_sources``).
"""

from __future__ import annotations

import difflib
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from litbench.errors import InputError, UsageError
from litbench.record import Part

PROJECT_FILE = "litbench.toml"
# What an actor of the dearest runtime takes, mailbox and message included; measured: trio, 4.6 KB.
ACTOR_BYTES = 5_000


class Build(Part, frozen=True):
    """How a family of adapters becomes runnable: ``cargo``, ``pip`` or ``none``.

    ``beside`` has the folders, relative to the manifest's, that its sources refer to.
    """

    tool: str = "none"
    beside: tuple[str, ...] = ()


class Source(Part, frozen=True, kw_only=True):
    """A public repository that a family is built with; ``packages`` says where in it each one is.

    The family's Cargo.toml names it as ``git = REPOSITORY, rev = REVISION``.
    """

    repository: str
    revision: str
    packages: dict[str, str]


class TargetEntry(Part, frozen=True, kw_only=True):
    """One target in a manifest; ``language`` where it is not the family's."""

    title: str = ""
    language: str = ""
    summary: str = ""
    command: tuple[str, ...]
    package: str = ""
    requirements: tuple[str, ...] = ()
    source: str = ""
    hidden: bool = False


class Manifest(Part, frozen=True, kw_only=True):
    """One ``targets.toml``. An actor takes at most ``actor_bytes``, with mailbox and message."""

    language: str = ""
    actor_bytes: int = ACTOR_BYTES
    build: Build = Build()
    sources: dict[str, Source] = msgspec.field(default_factory=dict)
    targets: dict[str, TargetEntry]


class Target(Part, frozen=True):
    """An actor system that can be asked for by name, not yet built.

    ``source`` is what it needs besides a registry, ``checkout`` where the user has that.
    """

    name: str
    language: str
    folder: Path
    tool: str
    entry: TargetEntry
    beside: tuple[str, ...] = ()
    source: Source | None = None
    checkout: Path | None = None
    actor_bytes: int = ACTOR_BYTES

    @property
    def title(self) -> str:
        """The name for people."""
        return self.entry.title or self.name

    @property
    def cure(self) -> str:
        """How to give the source that it needs, if any."""
        return f"--source {self.entry.source}=PATH" if self.source else ""


def adapters_folder() -> Path:
    """Where the adapters' sources are: in the installed package, else in the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_adapters"
    return installed if installed.is_dir() else package.parents[1] / "adapters"


def all_targets(project: Path | None = None) -> dict[str, Target]:
    """Every target by name: those of litbench, then those of ``litbench.toml`` in ``project``.

    Raises InputError when a manifest is malformed.
    """
    found: dict[str, Target] = {}
    for path in sorted(adapters_folder().glob("*/targets.toml")):
        found.update(_read(path, msgspec.toml.decode(path.read_bytes(), type=Manifest)))
    own = (project or Path.cwd()) / PROJECT_FILE
    if own.is_file():
        found.update(_read_own(own))
    return found


def find_target(name: str, targets: dict[str, Target]) -> Target:
    """The target of that name, or the adapter program at that path.

    Raises UsageError, with the nearest names, when there is neither.
    """
    if name in targets:
        return targets[name]
    words = shlex.split(name)
    program = Path(words[0]) if words else Path(name)
    if "/" in name and program.is_file():
        command = (str(program.resolve()), *words[1:])
        return _own_target(program.stem, TargetEntry(command=command), Path.cwd())
    visible = [target.name for target in targets.values() if not target.entry.hidden]
    near = difflib.get_close_matches(name, targets, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(visible)}"
    raise UsageError(f"no target {name!r}: {hint}; or give the path of an adapter program")


def with_sources(targets: dict[str, Target], given: Mapping[str, Path]) -> dict[str, Target]:
    """The targets, those that need a source that was given with its checkout.

    Raises UsageError when no target needs a source of that name, or the checkout is not one.
    """
    for name, path in given.items():
        needed = [target for target in targets.values() if target.entry.source == name]
        if not needed:
            names = sorted({t.entry.source for t in targets.values() if t.entry.source})
            raise UsageError(f"no target needs the source {name!r}: there are {', '.join(names)}")
        for folder in needed[0].source.packages.values() if needed[0].source else ():
            if not (path / folder / "Cargo.toml").is_file():
                raise UsageError(f"{path} is no checkout of {name}: it has no {folder}/Cargo.toml")
    return {
        name: msgspec.structs.replace(target, checkout=given[target.entry.source].resolve())
        if target.entry.source in given
        else target
        for name, target in targets.items()
    }


def _read(path: Path, manifest: Manifest) -> dict[str, Target]:
    return {
        name: Target(
            name=name,
            language=entry.language or manifest.language,
            actor_bytes=manifest.actor_bytes,
            folder=path.parent,
            tool=manifest.build.tool,
            entry=entry,
            beside=manifest.build.beside,
            source=manifest.sources[entry.source] if entry.source else None,
        )
        for name, entry in manifest.targets.items()
    }


def _read_own(path: Path) -> dict[str, Target]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("targets", {})
        entries = msgspec.convert(tables, type=dict[str, TargetEntry])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InputError(path, f"malformed: {error}") from error
    return {name: _own_target(name, entry, path.parent) for name, entry in entries.items()}


def _own_target(name: str, entry: TargetEntry, folder: Path) -> Target:
    return Target(name=name, language="", folder=folder, tool="none", entry=entry)
