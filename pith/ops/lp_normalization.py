"""lp_normalization: divide by the 1- or 2-norm along an axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, normalize_axis, register
from pith.ops.windows import present


@register("lp_normalization")
class LpNormalization(Op):
    """y = x / ||x||_p along attrs["axis"], p = attrs["p"] (1 or 2); a zero norm gives 0."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        normalize_axis(attrs["axis"], len(x.shape))
        if attrs["p"] not in (1, 2):
            raise ShapeError(f"lp_normalization knows p = 1 and 2, not {attrs['p']}")
        return [TensorType(x.dtype, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        wide = x.astype(np.float64)
        norm = np.linalg.norm(wide, ord=attrs["p"], axis=attrs["axis"], keepdims=True)
        return [np.where(norm == 0, 0.0, wide / np.where(norm == 0, 1.0, norm)).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 3 * outputs[0].size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return {**attrs, "axis": perm[normalize_axis(attrs["axis"], len(perm))]}
