"""Random inputs for a network that cannot run here: as `pith.runtime.bench.random_inputs`, by its manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pith.emulators.base import Arrays, ports
from pith.graph.errors import InputError


def random_sets(manifest: Mapping[str, Any], count: int, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """`count` sets of inputs: normal noise for floats, all values of 8-bit integers, 0 and 1 for other numbers."""
    rng = np.random.default_rng(seed)
    sets = []
    for _ in range(count):
        one = {}
        for p in ports(manifest)[0]:
            if p.np.kind in "iu" and p.np.itemsize == 1:
                info = np.iinfo(p.np)
                made = rng.integers(info.min, info.max + 1, p.shape)
            else:
                noise = rng.standard_normal(p.shape) if p.np.kind not in "iub" else rng.integers(0, 2, p.shape)
                made = np.asarray(noise)
            one[p.name] = (made if p.indices is None else np.clip(made, *p.indices)).astype(p.np)
        sets.append(one)
    return sets


def check_sets(manifest: Mapping[str, Any], sets: Sequence[Arrays]) -> None:
    """Raise InputError where a set lacks an input, has one that there is not, or has one of another dtype or shape, or with numbers that pick no row."""
    wanted = {p.name: p for p in ports(manifest)[0]}
    listed = "inputs: " + (", ".join(f"{p.name} ({p.dtype} {'x'.join(map(str, p.shape)) or 'scalar'})" for p in wanted.values()) or "none")
    for one in sets:
        if unknown := [k for k in one if k not in wanted]:
            raise InputError(f"the network has no input {unknown[0]!r}", why="an array that was given is called so", try_=listed)
        for name, p in wanted.items():
            if name not in one:
                raise InputError(f"input missing: {name}", try_=f"an array for each; {listed}")
            p.check(np.asarray(one[name]))
