"""Notes of a table: each is written once, and rows point to it."""

from __future__ import annotations

import string
from collections.abc import Iterable


class Notes:
    """Distinct sentences in the order in which they were first needed."""

    def __init__(self) -> None:
        self._indices: dict[str, int] = {}

    def add(self, sentences: Iterable[str]) -> tuple[int, ...]:
        """The indices of these sentences, new ones at the end."""
        return tuple(
            dict.fromkeys(self._indices.setdefault(text, len(self._indices)) for text in sentences)
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """All sentences."""
        return tuple(self._indices)


def letter(index: int) -> str:
    """The mark of a note: a, b, ... z, aa, ab, ..."""
    letters = string.ascii_lowercase
    more, index = divmod(index, len(letters))
    return (letter(more - 1) if more else "") + letters[index]
