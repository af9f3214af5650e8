"""Text from the scores of a recogniser, and how far it is from what should have been read. Needs no PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def merged(best: Sequence[int], blank: int = 0) -> list[int]:
    """Greedy CTC: the classes of all places, repetitions merged, then blanks dropped."""
    return [c for t, c in enumerate(best) if c != blank and (t == 0 or best[t - 1] != c)]


def read(scores: Any, alphabet: str) -> str:
    """The text that scores ``(places, 1 + signs)`` of one picture say (NumPy or PyTorch); class 0 is the blank."""
    return "".join(alphabet[c - 1] for c in merged([int(c) for c in scores.argmax(1)]))


def distance(a: Sequence[Any], b: Sequence[Any]) -> int:
    """How many signs must be inserted, dropped or changed to make `b` of `a` (Levenshtein, 1966)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
