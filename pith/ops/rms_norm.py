"""rms_norm: divide by the root mean square over the trailing axes, then scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, normalize_axis, register
from pith.ops.layer_norm import check_scale, keeps_tail
from pith.ops.windows import present


@register("rms_norm")
class RmsNorm(Op):
    """y = x / sqrt(mean(x^2) + epsilon) * scale; inputs x, scale; attrs axis (the normalised axes are axis..end), epsilon."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        check_scale(inputs, attrs)
        return [TensorType(x.dtype, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, scale = present(inputs[0]), present(inputs[1])
        axes = tuple(range(normalize_axis(attrs["axis"], x.ndim), x.ndim))
        wide = x.astype(np.float64)
        inverse = 1 / np.sqrt((wide * wide).mean(axis=axes, keepdims=True) + attrs["epsilon"])
        return [(wide * inverse * scale.astype(np.float64)).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 5 * outputs[0].size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return attrs if keeps_tail(perm, normalize_axis(attrs["axis"], len(perm))) else None
