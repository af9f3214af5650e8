"""batch_norm: normalise by stored statistics of each channel (inference)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.instance_norm import along, check_channels
from pith.ops.windows import channel_axis, permuted_layout, present


@register("batch_norm")
class BatchNorm(Op):
    """y = (x - mean) / sqrt(var + epsilon) * scale + bias; inputs x, scale, bias, mean, var (all [C]); attrs epsilon, layout."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        if len(x.shape) > 1:
            check_channels(inputs, attrs)
        return [TensorType(x.dtype, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        axis = channel_axis(attrs, x.ndim)
        scale, bias, mean, var = (along(present(v), axis, x.ndim) for v in inputs[1:5])
        y = (x.astype(np.float64) - mean) / np.sqrt(var + attrs["epsilon"]) * scale + bias
        return [y.astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 2 * outputs[0].size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return permuted_layout(attrs, perm)
