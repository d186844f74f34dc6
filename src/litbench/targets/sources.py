"""A checkout that a target is built with: its revision, and the package built against it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from litbench.errors import InputError
from litbench.targets.manifest import Source, Target

GIT_TIMEOUT_S = 60
SHORT = 12


def tracked_files(checkout: Path) -> list[Path]:
    """The files of a checkout that count: what git tracks; all, where it is not git's."""
    listed = _git(checkout, "ls-files", "-z")
    if listed is None:
        found = (path for path in checkout.rglob("*") if path.is_file())
        return sorted(path for path in found if not {"target", ".git"} & {*path.parts})
    return sorted(checkout / name for name in listed.split("\0") if name)


def digest(checkout: Path) -> str:
    """A digest of the names and present bytes of the checkout's tracked files."""
    total = hashlib.sha256()
    for path in tracked_files(checkout):
        if not path.is_file():
            continue  # deleted and not committed, or a submodule
        name, data = path.relative_to(checkout).as_posix(), path.read_bytes()
        total.update(f"{len(name)}:{name}{len(data)}:".encode())
        total.update(data)
    return total.hexdigest()


def revision(target: Target) -> str:
    """What of its source a target is built with, for people: a commit, and whether it was changed.

    Empty when the target needs no source.
    """
    if target.source is None:
        return ""
    if target.checkout is None:
        return target.source.revision[:SHORT]
    commit = _git(target.checkout, "rev-parse", "HEAD")
    if commit is None:
        return f"files {digest(target.checkout)[:SHORT]}"
    changed = _git(target.checkout, "status", "--porcelain", "--untracked-files=no")
    suffix = f" changed {digest(target.checkout)[:SHORT]}" if changed and changed.strip() else ""
    return commit.strip()[:SHORT] + suffix


def stage(target: Target, folder: Path, skipped: set[str]) -> Path:
    """Copy a target's package, and what lies beside it, into ``folder``.

    The copy is where the dependency on the pinned revision becomes one on the checkout; the copy's
    lock file may follow. Returns the package's folder.
    """
    assert target.source is not None
    assert target.checkout is not None
    ignore = shutil.ignore_patterns(*skipped)
    for origin in (target.folder, *(target.folder / name for name in target.beside)):
        place = folder / origin.resolve().name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(origin, place, ignore=ignore)
    package = folder / target.folder.resolve().name
    manifest = package / "Cargo.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(_redirected(text, target.source, target.checkout, manifest), "utf-8")
    return package


def _redirected(text: str, source: Source, checkout: Path, manifest: Path) -> str:
    """A Cargo.toml that depends on the checkout where it depended on the pinned revision."""
    pinned = f'git = "{source.repository}", rev = "{source.revision}"'
    lines = text.splitlines()
    for package, place in source.packages.items():
        found = [i for i, line in enumerate(lines) if line.startswith(f"{package} = ")]
        if len(found) != 1 or pinned not in lines[found[0]]:
            raise InputError(manifest, f"{package} is not a dependency with {pinned}")
        path = str(checkout / place).replace("\\", "\\\\").replace('"', '\\"')
        lines[found[0]] = lines[found[0]].replace(pinned, f'path = "{path}"')
    return "\n".join(lines) + "\n"


def _git(checkout: Path, *words: str) -> str | None:
    """What git says about a checkout; None where there is no git, or the checkout is not its own.

    A repository further up does not count: it tracks other files.
    """
    git = shutil.which("git")
    if git is None or not (checkout / ".git").exists():
        return None
    result = subprocess.run(
        [git, "-C", str(checkout), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=GIT_TIMEOUT_S,
        check=False,
    )
    return result.stdout.decode("utf-8", "surrogateescape") if result.returncode == 0 else None
