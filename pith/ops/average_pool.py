"""average_pool: the mean of each window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import Windows, out_shape, permuted_layout, present, restore, slide, sliding


@register("average_pool")
class AveragePool(Op):
    """kernel_shape, strides, pads, dilations, layout; divides by the number of counted cells of the window.

    Cells inside the input count; padding cells count when attrs["count_include_pad"] is set, except the last
    attrs["ceil_pads"] at the end of each axis. A window that counts nothing gives 0.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        return [TensorType(x.dtype, out_shape(x.shape, attrs))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        view, w = sliding(x.astype(np.float64), attrs, 0.0)
        taps = tuple(range(2 + len(w.out), view.ndim))
        total = view.sum(axis=taps)
        n = np.maximum(counts(w, bool(attrs.get("count_include_pad", False))), 1)
        return [restore(total / n, attrs).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return outputs[0].size * int(np.prod(attrs["kernel_shape"]))

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return permuted_layout(attrs, perm)


def counts(w: Windows, include_pad: bool) -> np.ndarray:
    """Counted cells of every window, shape `w.out`."""
    ones = np.ones((1, 1, *w.size), np.int64)
    if include_pad:
        grow = [(b, e - u) for b, e, u in zip(w.begin, w.end, w.uncounted, strict=True)]
        ones = np.pad(ones, [(0, 0), (0, 0), *grow], constant_values=1)
        bare = Windows(
            ones.shape[2:], w.kernel, w.stride, w.dilation, (0,) * len(w.size), w.uncounted, w.uncounted, w.out
        )
        view = slide(ones, bare, 0)
    else:
        view = slide(ones, w, 0)
    return np.asarray(view.sum(axis=tuple(range(2 + len(w.out), view.ndim)))[0, 0])
