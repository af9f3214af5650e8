"""cumulative: running sums and products along an axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, normalize_axis, register
from pith.ops.windows import present


@register("cumulative")
class Cumulative(Op):
    """attrs kind ("sum" or "prod"), axis, exclusive (leave out the element itself), reverse (from the end). Integers wrap."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        if attrs["kind"] not in ("sum", "prod") or not x.shape:
            raise ShapeError(f"no cumulative {attrs['kind']} of a tensor of shape {x.shape}")
        normalize_axis(attrs["axis"], len(x.shape))
        return [TensorType(x.dtype, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        wide = np.moveaxis(x.astype(np.float64) if DType.of(x.dtype).is_float else x, attrs["axis"], 0)
        wide = wide[::-1] if attrs.get("reverse", False) else wide
        run = np.cumsum if attrs["kind"] == "sum" else np.cumprod
        if attrs.get("exclusive", False):
            first = np.full_like(wide[:1], 0 if attrs["kind"] == "sum" else 1)
            wide = np.concatenate([first, wide[:-1]])[: wide.shape[0]]
        with np.errstate(all="ignore"):
            y = run(wide, axis=0, dtype=wide.dtype)
        y = y[::-1] if attrs.get("reverse", False) else y
        return [np.ascontiguousarray(np.moveaxis(y, 0, attrs["axis"])).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return outputs[0].size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return {**attrs, "axis": perm[normalize_axis(attrs["axis"], len(perm))]}
