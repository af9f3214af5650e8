"""A transposed convolution is one convolution of stride 1 that makes all its phases side by side, and a rearrangement of pixels.

Output f + s t of an axis with stride s meets the taps k of the same remainder as f + pad modulo s, of the inputs t + (f + pad - k) / s:
a convolution for each f. All together they are one over the inputs that any of them meets, with zeros for the taps a phase has not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pith.ops.base import Attrs

_WASTE = 2.5  # taps of the convolution, zeros too, over those that the transposed one has


@dataclass(frozen=True, slots=True)
class _Axis:
    """taps[f]: of phase f its pairs (place in the window, tap);  window: inputs of an output;  pads: before and behind."""

    taps: tuple[tuple[tuple[int, int], ...], ...]
    window: int
    pads: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Phases:
    """weights [phases * O, I, *window], phases of the last axis fastest;  pads of the convolution."""

    weights: np.ndarray
    pads: tuple[int, ...]
    count: int


def _axis(size: int, out: int, kernel: int, stride: int, pad: int) -> _Axis | None:
    if out % stride:
        return None
    taps = [[((f + pad - k) // stride, k) for k in range(kernel) if (f + pad - k) % stride == 0] for f in range(stride)]
    places = [at for phase in taps for at, _ in phase]
    first, last = min([0, *places]), max([0, *places])
    behind = out // stride - size + last
    if behind < 0:
        return None
    return _Axis(tuple(tuple((at - first, k) for at, k in phase) for phase in taps), last - first + 1, (-first, behind))


def phases_of(weights: np.ndarray, attrs: Attrs, spatial: tuple[int, ...], out: tuple[int, ...]) -> Phases | None:
    """The convolution for weights [I, O, *kernel] of a conv_transpose from `spatial` to `out` pixels; None where there is none, or
    it would be mostly zeros. Its results [phases * O, *(out / strides)] are `phases` interleaved pictures."""
    r = len(spatial)
    if attrs["group"] != 1 or any(d != 1 for d in attrs["dilations"]) or r != 2:
        return None
    found = [_axis(spatial[a], out[a], weights.shape[2 + a], attrs["strides"][a], attrs["pads"][a]) for a in range(r)]
    if any(axis is None for axis in found):
        return None
    down, across = (axis for axis in found if axis is not None)
    strides = attrs["strides"]
    if strides[0] * strides[1] * down.window * across.window > _WASTE * weights.shape[2] * weights.shape[3]:
        return None
    wide = np.zeros((strides[0], strides[1], weights.shape[1], weights.shape[0], down.window, across.window), weights.dtype)
    for i, rows in enumerate(down.taps):
        for j, columns in enumerate(across.taps):
            for at, k in rows:
                for to, tap in columns:
                    wide[i, j, :, :, at, to] = weights[:, :, k, tap].T
    pads = (down.pads[0], across.pads[0], down.pads[1], across.pads[1])
    return Phases(wide.reshape(-1, weights.shape[0], down.window, across.window), pads, strides[0] * strides[1])
