"""lp_pool: the p-norm of each window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import out_shape, permuted_layout, present, restore, sliding


@register("lp_pool")
class LpPool(Op):
    """y = (sum |x|^p)^(1/p) over the window; kernel_shape, strides, pads, dilations, layout, p (an integer)."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        return [TensorType(x.dtype, out_shape(x.shape, attrs))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        view, w = sliding(x.astype(np.float64), attrs, 0.0)
        p = int(attrs.get("p", 2))
        y = (np.abs(view) ** p).sum(axis=tuple(range(2 + len(w.out), view.ndim))) ** (1.0 / p)
        return [restore(y, attrs).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 2 * outputs[0].size * int(np.prod(attrs["kernel_shape"]))

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return permuted_layout(attrs, perm)
