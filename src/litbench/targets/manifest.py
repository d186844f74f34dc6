"""Which targets there are: one ``targets.toml`` a family of adapters, and the user's own.

A manifest names the language, how the family is built and each target's command. A user's targets
stand in ``litbench.toml`` of the working folder as ``[targets.NAME]`` with ``command = [...]``, or
are given as the path of an adapter program.
"""

from __future__ import annotations

import difflib
import shlex
import tomllib
from pathlib import Path

import msgspec

from litbench.errors import InputError, UsageError
from litbench.record import Part


class Build(Part, frozen=True):
    """How a family of adapters becomes runnable: ``cargo``, ``pip`` or ``none``."""

    tool: str = "none"


class TargetEntry(Part, frozen=True, kw_only=True):
    """One target in a manifest."""

    title: str = ""
    summary: str = ""
    command: tuple[str, ...]
    package: str = ""
    requirements: tuple[str, ...] = ()
    hidden: bool = False


class Manifest(Part, frozen=True, kw_only=True):
    """One ``targets.toml``."""

    language: str = ""
    build: Build = Build()
    targets: dict[str, TargetEntry]


class Target(Part, frozen=True):
    """An actor system that can be asked for by name, not yet built."""

    name: str
    language: str
    folder: Path
    tool: str
    entry: TargetEntry

    @property
    def title(self) -> str:
        """The name for people."""
        return self.entry.title or self.name


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
    own = (project or Path.cwd()) / "litbench.toml"
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


def _read(path: Path, manifest: Manifest) -> dict[str, Target]:
    return {
        name: Target(
            name=name,
            language=manifest.language,
            folder=path.parent,
            tool=manifest.build.tool,
            entry=entry,
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
