"""Markdown's tables and escaping, shared by what is written in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from litbench.report import phrases

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def escape(text: str) -> str:
    """``text`` as itself in Markdown, on one line."""
    return _SPECIAL.sub(r"\\\1", phrases.plain(text))


def table(columns: Sequence[str], figures: Sequence[bool], rows: Iterable[Sequence[str]]) -> str:
    """A table; ``figures`` says which columns are aligned to the right."""
    rule = ["---:" if figure else "---" for figure in figures]
    lines = [list(map(escape, columns)), rule, *(list(map(escape, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
