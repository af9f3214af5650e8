"""conv: convolution over any number of spatial axes, with groups, bias and a fused epilogue."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.graph.expr import evaluate
from pith.ops.base import Arrays, Attrs, Op, Types, register

LAST, FIRST = "channels_last", "channels_first"


def split_layout(shape: tuple[int, ...], layout: str) -> tuple[int, int, tuple[int, ...]]:
    """(batch, channels, spatial extents) of a tensor in `layout`."""
    return (shape[0], shape[-1], shape[1:-1]) if layout == LAST else (shape[0], shape[1], shape[2:])


def join_layout(n: int, c: int, spatial: Sequence[int], layout: str) -> tuple[int, ...]:
    """Shape from (batch, channels, spatial extents)."""
    return (n, *spatial, c) if layout == LAST else (n, c, *spatial)


def to_channels_first(x: np.ndarray, layout: str) -> np.ndarray:
    return np.moveaxis(x, -1, 1) if layout == LAST else x


def from_channels_first(x: np.ndarray, layout: str) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(x, 1, -1) if layout == LAST else x)


def layout_permutation(rank: int) -> tuple[int, ...]:
    """The permutation that turns channels_first into channels_last."""
    return (0, *range(2, rank), 1)


def permuted_layout(attrs: Attrs, perm: tuple[int, ...]) -> Attrs | None:
    """Attributes that run an operator with a `layout` on untransposed data (see Op.permuted).

    With x' = transpose(x, perm) in layout L, x itself must be in the other layout.
    """
    rank = len(perm)
    to_last = layout_permutation(rank)
    to_first = (0, rank - 1, *range(1, rank - 1))
    if attrs["layout"] == FIRST and perm == to_first:
        return {**attrs, "layout": LAST}
    if attrs["layout"] == LAST and perm == to_last:
        return {**attrs, "layout": FIRST}
    return None


def apply_epilogue(y: np.ndarray, attrs: Attrs, extras: Sequence[np.ndarray | None], channel_axis: int) -> np.ndarray:
    """The fused elementwise tail on the result `y`; per-channel extras of rank 1 are laid along `channel_axis`."""
    expr = attrs.get("epilogue")
    if expr is None:
        return y
    shaped = []
    for e in extras:
        assert e is not None
        if e.ndim == 1 and y.ndim > 1:
            shape = [1] * y.ndim
            shape[channel_axis] = e.shape[0]
            e = e.reshape(shape)
        shaped.append(e)
    return np.broadcast_to(evaluate(expr, [y, *shaped]), y.shape)


@register("conv")
class Conv(Op):
    """y[n, o, p] = bias[o] + sum over group channels i and taps k of x[n, i, p * stride + k * dilation - pad] * w[o, i, k].

    Inputs x, w [O, I / group, *k], bias [O] or absent, extras of the epilogue. Attributes strides, pads (begins then
    ends), dilations, group, layout (of x and y), epilogue (Expr, optional).
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, w = inputs[0], inputs[1]
        assert x is not None and w is not None
        if len(x.shape) != len(w.shape) or len(x.shape) < 3:
            raise ShapeError(f"convolution of rank {len(x.shape)} with weights of rank {len(w.shape)}")
        n, c, spatial = split_layout(x.shape, attrs["layout"])
        group = attrs["group"]
        if group < 1 or c != w.shape[1] * group or w.shape[0] % group:
            raise ShapeError(f"{c} channels in {group} groups do not fit weights {w.shape}")
        bias = inputs[2] if len(inputs) > 2 else None
        if bias is not None and bias.shape != (w.shape[0],):
            raise ShapeError(f"bias of shape {bias.shape} for {w.shape[0]} output channels")
        out = []
        r = len(spatial)
        for a in range(r):
            s, d, k = attrs["strides"][a], attrs["dilations"][a], w.shape[2 + a]
            if s < 1 or d < 1 or k < 1:
                raise ShapeError("strides, dilations and kernel extents must be positive")
            size = (spatial[a] + attrs["pads"][a] + attrs["pads"][r + a] - (d * (k - 1) + 1)) // s + 1
            if size < 1:
                raise ShapeError(f"the kernel is larger than the padded input on spatial axis {a}")
            out.append(size)
        return [TensorType(x.dtype, join_layout(n, w.shape[0], out, attrs["layout"]))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, w, bias = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None
        assert x is not None and w is not None
        wide = np.float64 if x.dtype.kind not in "iu" else x.dtype
        layout, group, r = attrs["layout"], attrs["group"], w.ndim - 2
        a = to_channels_first(x, layout).astype(wide)
        pads = attrs["pads"]
        crop = tuple(slice(max(0, -pads[i]), a.shape[2 + i] - max(0, -pads[r + i])) for i in range(r))
        a = np.pad(
            a[(slice(None), slice(None), *crop)],
            [(0, 0), (0, 0), *((max(0, pads[i]), max(0, pads[r + i])) for i in range(r))],
        )
        out = split_layout(self.infer([_t(x), _t(w)], attrs)[0].shape, layout)[2]
        n, o = a.shape[0], w.shape[0]
        y = np.zeros((n, group, o // group, math.prod(out)), wide)
        grouped = w.astype(wide).reshape(group, o // group, w.shape[1], *w.shape[2:])
        for tap in itertools.product(*(range(k) for k in w.shape[2:])):
            window = a[(slice(None), slice(None), *(
                slice(t * d, t * d + (size - 1) * s + 1, s)
                for t, d, s, size in zip(tap, attrs["dilations"], attrs["strides"], out, strict=True)
            ))]  # fmt: skip
            columns = window.reshape(n, group, w.shape[1], math.prod(out))
            at: tuple[slice | int, ...] = (slice(None), slice(None), slice(None), *tap)
            y += np.matmul(grouped[at], columns)
        y = y.reshape(n, o, *out)
        if bias is not None:
            y = y + bias.astype(wide).reshape(1, o, *([1] * r))
        result = from_channels_first(y, layout).astype(x.dtype)
        axis = result.ndim - 1 if layout == LAST else 1
        return [np.ascontiguousarray(apply_epilogue(result, attrs, inputs[3:], axis)).astype(x.dtype)]

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        w = inputs[1]
        assert w is not None
        return outputs[0].size * w.shape[1] * math.prod(w.shape[2:])

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return permuted_layout(attrs, perm)


def _t(x: np.ndarray) -> TensorType:
    from pith.graph import DType

    return TensorType(DType.of(x.dtype), tuple(x.shape))
