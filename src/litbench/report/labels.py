"""Names that tell configurations apart: target, threads where they vary, build where it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

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
    return ", ".join(parts)


def anchor(*parts: object) -> str:
    """An identifier for links: letters, digits and hyphens only, a letter first."""
    text = "-".join(map(str, parts)).lower()
    return "t" + "".join(c if c.isascii() and c.isalnum() else "-" for c in text)
