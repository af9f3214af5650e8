"""layer_norm: zero mean and unit variance over the trailing axes, then scale and bias."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, normalize_axis, register
from pith.ops.windows import present


@register("layer_norm")
class LayerNorm(Op):
    """Inputs x, scale, bias or absent; attrs axis (normalised axes are axis..end) and epsilon.

    Outputs y, and optionally the mean and 1/sqrt(variance + epsilon), both of x's arithmetic type and of x's shape
    with the normalised axes set to 1. Scale and bias broadcast to the normalised axes.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        axis = check_scale(inputs, attrs)
        stats = TensorType(x.dtype.compute, x.shape[:axis] + (1,) * (len(x.shape) - axis))
        return [TensorType(x.dtype, x.shape), stats, stats]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, scale = present(inputs[0]), present(inputs[1])
        bias = inputs[2] if len(inputs) > 2 else None
        axes = tuple(range(normalize_axis(attrs["axis"], x.ndim), x.ndim))
        wide = x.astype(np.float64)
        mean = wide.mean(axis=axes, keepdims=True)
        inverse = 1 / np.sqrt(wide.var(axis=axes, keepdims=True) + attrs["epsilon"])
        y = (wide - mean) * inverse * scale.astype(np.float64)
        if bias is not None:
            y = y + bias.astype(np.float64)
        stats = np.float64 if x.dtype == np.float64 else np.float32
        return [y.astype(x.dtype), mean.astype(stats), inverse.astype(stats)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 8 * outputs[0].size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return attrs if keeps_tail(perm, normalize_axis(attrs["axis"], len(perm))) else None


def check_scale(inputs: Types, attrs: Attrs) -> int:
    """The first normalised axis; raises ShapeError when scale or bias do not broadcast to the normalised axes."""
    x = present(inputs[0])
    axis = normalize_axis(attrs["axis"], len(x.shape))
    tail = x.shape[axis:]
    for t in inputs[1:]:
        if t is not None and np.broadcast_shapes(t.shape, tail) != tail:
            raise ShapeError(f"scale or bias {t.shape} does not fit the normalised axes {tail}")
    return axis


def keeps_tail(perm: tuple[int, ...], axis: int) -> bool:
    """Whether a permutation leaves the axes from `axis` on where they are."""
    return perm[axis:] == tuple(range(axis, len(perm)))
