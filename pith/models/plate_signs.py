"""The signs of Chinese licence plates, and plates from the scores of LPRNet. Needs no PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

PROVINCES = "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
SIGNS = PROVINCES + "0123456789" + "ABCDEFGHJKLMNPQRSTUVWXYZ" + "IO-"
"""The 68 classes in order; "-" is the blank."""


def decode(scores: Sequence[Sequence[float]], signs: str = SIGNS) -> str:
    """The plate that scores ``[classes][places]`` say: the best sign of each place, repetitions merged, then blanks dropped."""
    best = [max(range(len(scores)), key=lambda c: float(scores[c][t])) for t in range(len(scores[0]))]
    blank = len(signs) - 1
    return "".join(signs[c] for t, c in enumerate(best) if c != blank and (t == 0 or best[t - 1] != c))
