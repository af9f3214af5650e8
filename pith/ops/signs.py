"""Weights of binary networks."""

from __future__ import annotations

import numpy as np


def only_signs(weights: np.ndarray) -> bool:
    """Whether all are -1, 0 or 1. Sums of signs by them are whole: a sum of 0 is exactly 0, and its sign is +1, as long as nothing is
    multiplied into the weights and the sum is the plain one."""
    return bool((np.abs(weights) == weights.astype(bool)).all())
