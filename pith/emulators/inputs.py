"""Random inputs for a network that cannot run here: as `pith.runtime.bench.random_inputs`, by its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pith.emulators.base import ports


def random_sets(manifest: Mapping[str, Any], count: int, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """`count` sets of inputs: normal noise for floats, all values of 8-bit integers, 0 and 1 for other numbers."""
    rng = np.random.default_rng(seed)
    sets = []
    for _ in range(count):
        one = {}
        for p in ports(manifest)[0]:
            if p.np.kind in "iu" and p.np.itemsize == 1:
                info = np.iinfo(p.np)
                one[p.name] = rng.integers(info.min, info.max + 1, p.shape).astype(p.np)
            else:
                noise = rng.standard_normal(p.shape) if p.np.kind not in "iub" else rng.integers(0, 2, p.shape)
                one[p.name] = np.asarray(noise).astype(p.np)
        sets.append(one)
    return sets
