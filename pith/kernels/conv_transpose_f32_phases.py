"""conv_transpose, float32, channels_last, constant weights: one ordinary convolution for each phase of the output.

Outputs whose coordinates leave the same remainder modulo the stride use the same taps, and those taps walk the input
evenly: each such phase is a convolution of stride 1 that writes every stride-th pixel.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np

from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Out, Scratch, kernel, unit_range
from pith.kernels.conv_f32_depthwise import depthwise, pack_depthwise
from pith.kernels.conv_f32_direct import direct
from pith.kernels.conv_f32_pointwise import fast_conv, in_2d
from pith.kernels.packed import PackedF32
from pith.kernels.shape_f32 import pack, shape_of
from pith.kernels.tile_f32 import Tail, bias_of, extra_args, tail_of
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction


@dataclass(frozen=True, slots=True)
class Phase:
    """Along one axis: the first output, how many there are, their taps in the order the input is walked, the padding."""

    first: int
    count: int
    taps: tuple[int, ...]
    pad: int


def phases_of(out: int, kernel_size: int, stride: int, dilation: int, pad: int) -> list[Phase]:
    """The phases of one axis that have outputs."""
    result = []
    for first in range(min(stride, out)):
        taps = [k for k in range(kernel_size) if (first + pad - k * dilation) % stride == 0]
        taps.reverse()  # later taps read earlier inputs
        begin = (first + pad - taps[0] * dilation) // stride if taps else 0
        result.append(Phase(first, -(-(out - first) // stride), tuple(taps), -begin))
    return result


def side_by_side(call: Call, tail: Tail) -> bool:
    """Whether the phases of a row lie side by side in memory as the outputs of one convolution: a kernel as wide as its stride, no
    padding there, pixels without a gap, and nothing beside them that is a number for each channel."""
    x, w, y, at = call.input(0), call.input(1), call.outputs[0], call.attrs
    stride, per = at["strides"][1], w.shape[1]
    full = [call.input(3 + i) for i, kind in enumerate(tail.kinds) if kind == "full"]
    return (
        at["group"] == 1 and stride > 1 and w.shape[3] == stride and at["dilations"][1] == 1 and not at["pads"][1]
        and y.shape[2] == stride * x.shape[2] and "channel" not in tail.kinds and all(v.strides[2] == per for v in (y, *full))
    )  # fmt: skip


@functools.cache
def phases(isa: ISA, tail: Tail, grouped: bool) -> CFunction:
    """Calls the convolution once a phase; `t` has ten numbers for each, in the order `emit` lists them.

    `grouped`: one channel a group, by the depthwise kernel.
    """
    inner = depthwise(isa, tail, 0, 0, 0, 1) if grouped else direct(isa, tail, False)
    full = [i for i, k in enumerate(tail.kinds) if k == "full"]
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i in full)
    passed = "".join(f", e{i} + i * eh{i} + j * ew{i}" if k == "full" else f", e{i}" for i, k in enumerate(tail.kinds))
    steps = "".join(f", en{i}, eh{i} * sh, ew{i} * sw" for i in full)
    step = 1 if grouped else shape_of(isa).rows
    name = f"conv_transpose_f32_{isa.name}_{'depthwise' if grouped else 'phases'}{tail.suffix}"
    if grouped:
        more, sizes, own = "", "t[2], t[3], ih, iw, t[4], t[5], 1, 1, dh, dw, t[6], t[7]", ", int32_t c"
        whole, part = "batch * t[2]", "from, to, 0, c"
    else:
        more, sizes = ", scratch", "batch, t[2], t[3], ih, iw, c, n, n, groups, t[9], t[4], t[5], 1, 1, dh, dw, t[6], t[7]"
        own = ", int32_t c, int32_t n, int32_t groups"
        whole, part = "batch * t[2] * t[3]", "from, to, 0, n"
    zero, passed_zero, space = ("", "", "") if grouped else (", const float *zero", ", zero", ", void *scratch")
    text = f"""static void {name}(const float *x, const float *w, const int32_t *t{zero}, float *y{tail.params(False)}{space},
    int32_t count, int32_t batch, int32_t ih, int32_t iw{own}, int32_t sh, int32_t sw, int32_t dh, int32_t dw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides},
    int32_t units, int32_t begin, int32_t end) {{
  for (int32_t k = 0; k < count; k++, t += 10) {{
    const ptrdiff_t i = t[0], j = t[1]; /* first output of the phase */
    const int32_t whole = {whole}, blocks = (whole + {step - 1}) / {step}; /* the part of the phase, in whole register tiles */
    const int32_t from = (int32_t)((int64_t)blocks * begin / units) * {step};
    const int32_t to = end == units ? whole : (int32_t)((int64_t)blocks * end / units) * {step};
    {inner.name}(x, w + t[8]{passed_zero}, y + i * yh + j * yw{passed}{more},
        {sizes}, xn, xh, xw, yn, yh * sh, yw * sw{steps}, {part});
  }}
}}
"""
    return CFunction(name, text, (inner,), ("stdint.h", "stddef.h"))


@kernel("conv_transpose", "phases")
class ConvTransposePhases(PackedF32):
    """Any kernel, stride, dilation, padding and grouping."""

    def applies(self, call: Call) -> bool:
        return fast_conv(in_2d(call))

    def cost(self, call: Call) -> float:
        return 0.2

    def emit(self, call: Call) -> Emitted:
        call = in_2d(call)
        tail, isa, at = tail_of(call), call.isa, call.attrs
        x, w, y = call.input(0), call.input(1), call.outputs[0]
        assert tail is not None and w.const is not None
        group, per, c = at["group"], w.shape[1], w.shape[0] // at["group"]
        grouped = per == 1 and c == 1
        (sh, sw), (dh, dw), bias = at["strides"], at["dilations"], bias_of(call)
        axes = [phases_of(y.shape[1 + a], w.shape[2 + a], at["strides"][a], at["dilations"][a], at["pads"][a]) for a in (0, 1)]
        weights_of = w.const
        if joined := not grouped and side_by_side(call, tail):  # the phases of a row are columns of one product
            axes[1], per = [Phase(0, x.shape[2], (0,), 0)], per * sw
            weights_of = weights_of.transpose(0, 3, 1, 2).reshape(c, per, -1, 1)
            bias = None if bias is None else np.tile(bias, sw)
        parts: list[np.ndarray] = []
        table: list[int] = []
        size = 0
        for v, h in itertools.product(*axes):
            taps = weights_of[:, :, v.taps, :][..., h.taps].reshape(group, c, per, len(v.taps), len(h.taps))
            own = None if bias is None else bias.reshape(group, per)
            if grouped:
                packed = [pack_depthwise(isa, taps[:, 0, 0], bias)]
            else:
                matrices = taps.transpose(0, 3, 4, 1, 2).reshape(group, -1, per)
                packed = [pack(isa, m, None if own is None else own[g]) for g, m in enumerate(matrices)]
            table += [v.first, h.first, v.count, h.count, len(v.taps), len(h.taps), v.pad, h.pad, size, packed[0].size]
            parts += [p.reshape(-1) for p in packed]
            size += sum(p.size for p in packed)
        weights = np.concatenate(parts)
        # successive taps of a phase are stride / gcd apart in the kernel and dilation / gcd apart in the input
        steps = (dh // math.gcd(dh, sh), dw // math.gcd(dw, sw))
        pointers, strides = extra_args(call, tail, 3)
        zeros: list[Arg] = [] if grouped else [Const(np.zeros(group * c, np.float32))]
        scratch: list[Arg] = [] if grouped else [Scratch()]
        channels = (group,) if grouped else (c, per, group)
        count = len(axes[0]) * len(axes[1])
        pixels = x.shape[0] * max(v.count for v in axes[0]) * (1 if grouped else max(h.count for h in axes[1]))
        units = max(1, -(-pixels // (1 if grouped else shape_of(isa).rows)))
        sizes = (count, *x.shape[:3], *channels, sh, sw, *steps, *x.strides[:3], *y.strides[:3])
        args = (
            In(0), Const(weights), Const(np.array(table, np.int32)), *zeros, Out(0), *pointers, *scratch,
            *map(Int, sizes), *strides, Int(units), *unit_range(units),
        )  # fmt: skip
        most = max(len(v.taps) * len(h.taps) for v, h in itertools.product(*axes))
        why = f"{count} phases{', those of a row in one product' if joined else ''}"
        scratch_bytes = 0 if grouped else 8 * max(most, 1) * shape_of(isa).rows
        return Emitted(phases(isa, tail, grouped), args, scratch_bytes, why, units)
