"""instance_norm: zero mean and unit variance over the spatial axes of each channel, then scale and bias."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import channel_axis, permuted_layout, present


@register("instance_norm")
class InstanceNorm(Op):
    """Inputs x, scale [C], bias [C]; attrs epsilon, layout."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        check_channels(inputs, attrs)
        return [TensorType(x.dtype, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        axis = channel_axis(attrs, x.ndim)
        axes = tuple(a for a in range(1, x.ndim) if a != axis)
        wide = x.astype(np.float64)
        scale, bias = (along(present(v), axis, x.ndim) for v in inputs[1:3])
        mean = wide.mean(axis=axes, keepdims=True)
        inverse = 1 / np.sqrt(wide.var(axis=axes, keepdims=True) + attrs["epsilon"])
        return [((wide - mean) * inverse * scale + bias).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 8 * outputs[0].size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return permuted_layout(attrs, perm)


def along(v: np.ndarray, axis: int, rank: int) -> np.ndarray:
    """A vector in float64, shaped to broadcast along `axis`."""
    return v.astype(np.float64).reshape([-1 if a == axis else 1 for a in range(rank)])


def check_channels(inputs: Types, attrs: Attrs) -> None:
    """Raises ShapeError unless every input after the first is a vector over x's channels."""
    x = present(inputs[0])
    if len(x.shape) < 2:
        raise ShapeError(f"a tensor of shape {x.shape} has no channels")
    channels = x.shape[channel_axis(attrs, len(x.shape))]
    for t in inputs[1:]:
        if present(t).shape != (channels,):
            raise ShapeError(f"a parameter of shape {present(t).shape} does not fit {channels} channels")
