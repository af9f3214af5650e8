"""conv_transpose: the transpose of conv with respect to its input (deconvolution)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.conv import (
    LAST,
    apply_epilogue,
    from_channels_first,
    join_layout,
    permuted_layout,
    split_layout,
    to_channels_first,
)


@register("conv_transpose")
class ConvTranspose(Op):
    """y[n, o, p] = bias[o] + sum of x[n, i, q] * w[i, o, k] over q * stride + k * dilation - pad = p.

    Inputs x, w [I, O / group, *k], bias [O] or absent, extras. Attributes strides, pads, dilations, output_padding,
    group, layout, epilogue (optional).
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, w = inputs[0], inputs[1]
        assert x is not None and w is not None
        if len(x.shape) != len(w.shape) or len(x.shape) < 3:
            raise ShapeError(f"convolution of rank {len(x.shape)} with weights of rank {len(w.shape)}")
        n, c, spatial = split_layout(x.shape, attrs["layout"])
        group = attrs["group"]
        if group < 1 or c != w.shape[0] or c % group:
            raise ShapeError(f"{c} channels in {group} groups do not fit weights {w.shape}")
        out = []
        r = len(spatial)
        for a in range(r):
            s, d, k = attrs["strides"][a], attrs["dilations"][a], w.shape[2 + a]
            if s < 1 or d < 1 or k < 1:
                raise ShapeError("strides, dilations and kernel extents must be positive")
            size = (
                (spatial[a] - 1) * s
                + attrs["output_padding"][a]
                + d * (k - 1)
                + 1
                - attrs["pads"][a]
                - attrs["pads"][r + a]
            )
            if size < 1:
                raise ShapeError(f"the padding leaves nothing on spatial axis {a}")
            out.append(size)
        return [TensorType(x.dtype, join_layout(n, w.shape[1] * group, out, attrs["layout"]))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        from pith.ops.conv import _t

        x, w, bias = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None
        assert x is not None and w is not None
        wide = np.float64 if x.dtype.kind not in "iu" else x.dtype
        layout, group, r = attrs["layout"], attrs["group"], w.ndim - 2
        a = to_channels_first(x, layout).astype(wide)
        n, c, *spatial = a.shape
        per = w.shape[1]
        out = split_layout(self.infer([_t(x), _t(w)], attrs)[0].shape, layout)[2]
        full = [
            (spatial[i] - 1) * attrs["strides"][i] + attrs["dilations"][i] * (w.shape[2 + i] - 1) + 1 for i in range(r)
        ]
        y = np.zeros((n, group * per, *full), wide)
        columns = a.reshape(n, group, c // group, math.prod(spatial))
        grouped = w.astype(wide).reshape(group, c // group, per, *w.shape[2:])
        for tap in itertools.product(*(range(k) for k in w.shape[2:])):
            which: tuple[slice | int, ...] = (slice(None), slice(None), slice(None), *tap)
            part = np.matmul(np.swapaxes(grouped[which], 1, 2), columns)
            at = tuple(
                slice(t * d, t * d + (size - 1) * s + 1, s)
                for t, d, s, size in zip(tap, attrs["dilations"], attrs["strides"], spatial, strict=True)
            )
            y[(slice(None), slice(None), *at)] += part.reshape(n, group * per, *spatial)
        result = np.zeros((n, group * per, *out), wide)
        source, target = [], []
        for i in range(r):  # pads crop; output padding and negative pads extend
            begin = attrs["pads"][i]
            lo, hi = max(begin, 0), min(begin + out[i], full[i])
            source.append(slice(lo, max(lo, hi)))
            target.append(slice(lo - begin, max(lo, hi) - begin))
        result[(slice(None), slice(None), *target)] = y[(slice(None), slice(None), *source)]
        if bias is not None:
            result = result + bias.astype(wide).reshape(1, -1, *([1] * r))
        final = from_channels_first(result, layout).astype(x.dtype)
        axis = final.ndim - 1 if layout == LAST else 1
        return [np.ascontiguousarray(apply_epilogue(final, attrs, inputs[3:], axis)).astype(x.dtype)]

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        x, w = inputs[0], inputs[1]
        assert x is not None and w is not None
        return x.size * w.shape[1] * math.prod(w.shape[2:])

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return permuted_layout(attrs, perm)
