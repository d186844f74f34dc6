"""Names that tell configurations apart: target, threads where they vary, build where it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from litbench.stats.ranking import COMPARED
from litbench.stats.summary import Key

SHORT = 8  # characters of a digest that people tell builds apart by


def labels(keys: Sequence[Key], *, threads: bool = True) -> dict[Key, str]:
    """A label for each key, as short as these keys allow, with ``threads`` or without."""
    by_target: dict[str, list[Key]] = defaultdict(list)
    for key in keys:
        by_target[key.subject.name].append(key)
    return {key: _label(key, by_target[key.subject.name], threads) for key in keys}


def _label(key: Key, alike: Sequence[Key], with_threads: bool) -> str:
    parts = [key.subject.name]
    threads = {other.threads for other in alike if other.threads is not None}
    if with_threads and key.threads is not None and (len(threads) > 1 or key.threads > 1):
        parts.append(f"{key.threads} thread{'s' if key.threads > 1 else ''}")
    for part in ("version", "runtime_version", "digest"):
        values = {getattr(other.subject, part) for other in alike}
        value = getattr(key.subject, part)
        if len(values) > 1 and value:
            parts.append(value[:SHORT] if part == "digest" else f"{part.split('_')[0]} {value}")
            break
    return ", ".join([*parts, *_setup(key, alike)])


def _setup(key: Key, alike: Sequence[Key]) -> Iterator[str]:
    """What tells a key from others that are the same but for their set-up."""
    own = key.setup
    twins = [k for k in alike if k is not key and _without_setup(k) == _without_setup(key)]
    for name in COMPARED if own and twins else ():
        if any(k.setup and getattr(k.setup, name) != getattr(own, name) for k in twins):
            yield f"{name.replace('_', ' ')} {getattr(own, name)}"


def _without_setup(key: Key) -> tuple[object, ...]:
    return key.workload, key.version, key.parameters, key.subject, key.threads, key.unit, key.clock


def anchor(*parts: object) -> str:
    """An identifier for links: letters, digits and hyphens only, a letter first."""
    text = "-".join(map(str, parts)).lower()
    return "t" + "".join(c if c.isascii() and c.isalnum() else "-" for c in text)
