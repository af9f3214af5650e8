"""deform_conv: a 2-D convolution whose taps are moved by learned offsets."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import present


@register("deform_conv")
class DeformConv(Op):
    """Inputs x [N, C, H, W], w [O, C/group, kh, kw], offset [N, offset_group*kh*kw*2, oh, ow] (down, then right, of each tap),
    bias [O] or absent, mask [N, offset_group*kh*kw, oh, ow] or absent. attrs strides, pads, dilations, group, offset_group.

    Taps read bilinearly; places outside x count as 0.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, w = present(inputs[0]), present(inputs[1])
        present(inputs[2])
        if len(x.shape) != 4 or len(w.shape) != 4:
            raise ShapeError(f"deform_conv works on images, not on {x.shape} with weights {w.shape}")
        (n, c, *_), (o, ci, kh, kw) = x.shape, w.shape
        group, groups = int(attrs["group"]), int(attrs["offset_group"])
        if min(group, groups) < 1 or c != ci * group or o % group or c % groups:
            raise ShapeError(f"{group} groups and {groups} offset groups do not fit input {x.shape}, weights {w.shape}")
        out = output_size(x.shape, w.shape, attrs)
        wanted = {2: (n, groups * kh * kw * 2, *out), 3: (o,), 4: (n, groups * kh * kw, *out)}
        for k, shape in wanted.items():
            given = inputs[k] if k < len(inputs) else None
            if given is not None and given.shape != shape:
                raise ShapeError(f"input {k} has shape {given.shape}, not {shape}")
        return [TensorType(x.dtype, (n, o, *out))]

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return outputs[0].size * math.prod(present(inputs[1]).shape[1:])

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        x, w = present(inputs[0]), present(inputs[1])
        return 8 * x.shape[0] * x.shape[1] * math.prod(w.shape[2:]) * math.prod(outputs[0].shape[2:])

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, w, offset = (present(i).astype(np.float64) for i in inputs[:3])
        bias = inputs[3] if len(inputs) > 3 else None
        mask = inputs[4] if len(inputs) > 4 else None
        (n, c, h, wd), (o, ci, kh, kw) = x.shape, w.shape
        groups, (oh, ow) = int(attrs["offset_group"]), offset.shape[2:]
        offset = offset.reshape(n, groups, kh * kw, 2, oh, ow)
        scale = np.ones((n, groups, kh * kw, oh, ow)) if mask is None else mask.astype(np.float64)
        scale = scale.reshape(n, groups, kh * kw, oh, ow)
        (sh, sw), (dh, dw) = attrs["strides"], attrs["dilations"]
        columns = np.zeros((n, c, kh * kw, oh, ow))
        for t in range(kh * kw):
            y = offset[:, :, t, 0] + np.arange(oh)[:, None] * sh - attrs["pads"][0] + t // kw * dh
            z = offset[:, :, t, 1] + np.arange(ow)[None, :] * sw - attrs["pads"][1] + t % kw * dw
            read = _bilinear(x.reshape(n, groups, c // groups, h, wd), y, z)
            columns[:, :, t] = (read * scale[:, :, t][:, :, None]).reshape(n, c, oh, ow)
        group = int(attrs["group"])
        result = np.einsum(
            "ngcthw,goct->ngohw", columns.reshape(n, group, ci, kh * kw, oh, ow), w.reshape(group, o // group, ci, kh * kw)
        ).reshape(n, o, oh, ow)
        if bias is not None:
            result = result + bias.astype(np.float64)[:, None, None]
        return [result.astype(present(inputs[0]).dtype)]


def output_size(x: tuple[int, ...], w: tuple[int, ...], attrs: Attrs) -> tuple[int, int]:
    """Height and width of the output."""
    pads = attrs["pads"]
    reach = [(w[2 + a] - 1) * attrs["dilations"][a] + 1 for a in (0, 1)]
    sizes = [(x[2 + a] + pads[a] + pads[a + 2] - reach[a]) // attrs["strides"][a] + 1 for a in (0, 1)]
    if min(sizes) < 1:
        raise ShapeError(f"the kernel {w[2:]} is larger than the padded input {x[2:]}")
    return sizes[0], sizes[1]


def _bilinear(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """x [N, G, C, H, W] at places (y, z) [N, G, oh, ow], 0 outside: [N, G, C, oh, ow]."""
    h, w = x.shape[3:]
    top, left = np.floor(y), np.floor(z)
    n, g = np.ogrid[: x.shape[0], : x.shape[1]]
    total = np.zeros((*x.shape[:3], *y.shape[2:]))
    for a in (0, 1):
        for b in (0, 1):
            weight = np.abs(1 - a - (y - top)) * np.abs(1 - b - (z - left))
            i, j = top + a, left + b
            inside = (i >= 0) & (i < h) & (j >= 0) & (j < w)
            at = np.where(inside, i, 0).astype(np.int64), np.where(inside, j, 0).astype(np.int64)
            # advanced indices split by the channel slice come first: [N, G, oh, ow, C]
            value = x[n[..., None, None], g[..., None, None], :, at[0], at[1]]
            total += np.moveaxis(value, -1, 2) * np.where(inside, weight, 0.0)[:, :, None]
    return total
