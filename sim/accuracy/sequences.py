"""Texts that networks read: best path of CTC outputs, and edits between two texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Text = tuple[int, ...]
"""Classes, one for each symbol."""


def read_ctc(output: npt.NDArray[Any], blank: int) -> list[Text]:
    """The best path of (n, steps, classes): what repeats once, without blanks (Graves et al. 2006)."""
    return [_collapsed(path, blank) for path in output.argmax(axis=2)]


def _collapsed(path: npt.NDArray[Any], blank: int) -> Text:
    changed = np.concatenate([[True], path[1:] != path[:-1]])
    return tuple(int(c) for c in path[changed] if c != blank)


def texts_of(labels: npt.NDArray[Any]) -> list[Text]:
    """Rows of classes with negative numbers behind the end."""
    return [tuple(int(c) for c in row if c >= 0) for row in labels]


def error_rate(read: Sequence[Text], right: Sequence[Text], space: int | None = None) -> float:
    """Edits over the length of what is right, of all texts together; of words where a space is given."""
    pairs = [(words(a, space), words(b, space)) for a, b in zip(read, right, strict=True)]
    length = sum(len(b) for _, b in pairs)
    wrong = sum(edits(a, b) for a, b in pairs)
    return wrong / length if length else float(wrong > 0)


def words(text: Text, space: int | None) -> list[Any]:
    """The symbols of a text, or its words between spaces."""
    if space is None:
        return list(text)
    found: list[list[int]] = [[]]
    for symbol in text:
        if symbol == space:
            found.append([])
        else:
            found[-1].append(symbol)
    return [tuple(word) for word in found if word]


def edits(a: Sequence[Any], b: Sequence[Any]) -> int:
    """Fewest insertions, deletions and replacements that make one of the other (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]
