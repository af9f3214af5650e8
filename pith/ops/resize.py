"""resize: nearest, linear and cubic interpolation along any axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import DType, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.resize_tables import resized_axes
from pith.ops.windows import present


@register("resize")
class Resize(Op):
    """attrs: sizes (the full output shape), scales (per axis), mode ("nearest", "linear", "cubic"), coordinate_mode,
    nearest_mode, cubic_coeff_a, exclude_outside, antialias, extrapolation_value and roi (starts, then ends, per axis; both
    only for the coordinate mode "tf_crop_and_resize").

    Axes whose size and scale do not change are left alone. Integer results are truncated and clamped to their range.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        resized_axes(x.shape, attrs)
        return [TensorType(x.dtype, tuple(int(d) for d in attrs["sizes"]))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        tables = resized_axes(x.shape, attrs)
        nearest = attrs["mode"] == "nearest"
        y = x if nearest else x.astype(np.float64)
        for t in tables:
            if nearest:
                y = np.take(y, t.index[:, 0], axis=t.axis)
            else:
                moved = np.moveaxis(y, t.axis, 0)
                taps = (moved[t.index[:, k]] * _column(t.weights[:, k], y.ndim) for k in range(t.taps))
                y = np.moveaxis(np.asarray(sum(taps)), 0, t.axis)
            if t.outside.any():  # later axes interpolate between these too, with weights that sum to 1
                y = np.array(y)
                np.moveaxis(y, t.axis, 0)[t.outside] = attrs.get("extrapolation_value", 0.0)
        if not DType.of(x.dtype).is_float and not nearest:
            y = np.clip(np.trunc(y), np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)
        return [np.ascontiguousarray(y).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return sum(2 * t.taps * outputs[0].size for t in resized_axes(present(inputs[0]).shape, attrs))

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        rank = len(perm)
        back = [perm.index(a) for a in range(rank)]
        changed = {**attrs, **{k: tuple(attrs[k][i] for i in back) for k in ("sizes", "scales")}}
        if attrs.get("roi"):
            changed["roi"] = tuple(attrs["roi"][i + half] for half in (0, rank) for i in back)
        return changed


def _column(weights: np.ndarray, rank: int) -> np.ndarray:
    return weights.reshape(-1, *(1,) * (rank - 1))
