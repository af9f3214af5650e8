"""Pith layer by layer: measured times against what the processor can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pith.bench.ceilings import Ceilings
from pith.runtime.session import Session


@dataclass(frozen=True, slots=True)
class Layer:
    """One step. `share`: of the network's time;  `gflops`: billions of operations a second, a multiply-add counted as two and
    a convolution as the plain sum whatever algorithm computes it;  `intensity`: operations a byte read or written;
    `computes`: the type of its multiply-adds, "float32" or "int8", whose ceiling it is held against ("float32" where it has none);
    `of_roof`: gflops over what the measured ceilings allow at that intensity."""

    name: str
    op: str
    kernel: str
    ms: float
    share: float
    flops: int
    nbytes: int
    computes: str
    gflops: float
    intensity: float
    of_roof: float

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(self).items()}


def layers(session: Session, arrays: Sequence[np.ndarray], ceilings: Ceilings, runs: int = 20) -> list[Layer]:
    """Every step, in order, from the profiling library. Raises BuildError when the artefact has none."""
    times = session.profile(*arrays, runs=runs)
    total = sum(t["seconds"] for t in times) or 1e-12
    shapes = tuple(np.shape(a) for a in arrays)
    variants = session.manifest["variants"]
    variant = next((v for v in variants if tuple(tuple(p["shape"]) for p in v["inputs"]) == shapes), variants[0])
    result = []
    for t, s in zip(times, variant["steps"], strict=True):
        flops, nbytes, seconds = 2 * s["macs"] + s["flops"], s["read"] + s["written"], max(t["seconds"], 1e-12)
        computes = kind_of(s["takes"]) if s["macs"] else "float32"
        roof = ceilings.roof(flops, nbytes, computes)
        result.append(Layer(
            s["name"], s["op"], s["kernel"], t["seconds"] * 1e3, t["seconds"] / total, flops, nbytes, computes, flops / seconds / 1e9,
            flops / nbytes if nbytes else 0.0, flops / seconds / roof if roof else 0.0,
        ))  # fmt: skip
    return result


def kind_of(takes: str) -> str:
    """The ceiling that a step which takes numbers of a type is held against: integers of 16 bits multiply no faster than those of 8,
    all others no faster than floats."""
    return "int8" if takes in ("int8", "uint8", "int16", "uint16") else "float32"
