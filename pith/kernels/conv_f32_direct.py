"""conv k x k, float32, channels_last, constant weights: an implicit matrix product, no im2col buffer.

For each block of output pixels the kernel lists, tap by tap, where the input pixel lies (a row of zeros where it is
padding), and the register tile walks that list. Where a kernel row is short and dense (first layers: 3 channels) a whole
row of taps is one entry; rows that stick out of the picture are then copied beside zeros.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from pith.kernels.base import OWN, Arg, Call, Const, Emitted, In, Int, Out, Schedule, Scratch, kernel
from pith.kernels.conv_f32_pointwise import fast_conv, in_2d
from pith.kernels.cost_f32 import near_schedules, overlapped, product_cost, weights_rate
from pith.kernels.implicit_product import GROUPED, implicit_product
from pith.kernels.packed import PackedF32
from pith.kernels.shape_f32 import Shape, columns_near, pack, parts, shape_for, shape_of
from pith.kernels.tile_f32 import (
    Tail,
    bias_of,
    collide,
    copied_bytes,
    copy_rows,
    extra_args,
    row_block,
    tail_of,
)
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction

_MERGE = 64  # elements of a kernel row up to which its taps become one


@functools.cache
def direct(isa: ISA, tail: Tail, merged: bool, copied: bool = False, shape: Shape | None = None) -> CFunction:
    """The block loop over output pixels; `merged`: one entry a kernel row (dense pixels, no dilation, one group);
    `copied`: the pixels of a block are copied to scratch memory first (one group; see `tile_f32.collide`);  `shape`: of the
    tile (one that asks ahead: one group)."""
    s = shape or shape_of(isa)
    block = row_block(isa, tail, s)
    name = f"conv_f32_{isa.name}_{'rows' if merged else 'copied' if copied else 'direct'}_{s.label(isa)}{tail.suffix}"
    taps, depth = ("kh", "kw * c") if merged else ("kh * kw", "c")
    text = implicit_product(
        name, ("float", "float", "float"), tail.params(False), [(i, "float") for i, k in enumerate(tail.kinds) if k == "full"],
        [GROUPED[k].format(i=i) for i, k in enumerate(tail.kinds)], block.name, s.rows, s.height_text("p_to", "p", "pixels"),
        f"(1 + (ptrdiff_t){taps} * {depth})", merged=merged, patch=merged or copied,
        ahead=s,
        before=f"{copy_rows(isa).name}(a, kh * kw * height, c, patch);" if copied else "",
    )  # fmt: skip
    return CFunction(name, text, (block, *([copy_rows(isa)] if copied else [])), ("stdint.h", "stddef.h"))


def _shape(call: Call, pixels: int) -> Shape:
    return shape_for(call.isa, pixels, call.options.threads).of(call.isa, call.outputs[0].shape[-1]) if call.attrs["group"] == 1 else shape_of(call.isa)


def direct_args(
    call: Call, tail: Tail, packed: np.ndarray, group_size: int, channels: int, outputs: int, group: int, kernel_shape: tuple[int, ...]
) -> tuple[tuple[Arg, ...], int, bool, bool]:
    """Arguments of `direct` for a conv call, its scratch bytes, whether rows of taps are merged, whether pixels are copied."""
    x, y, at = call.input(0), call.outputs[0], call.attrs
    kh, kw = kernel_shape
    merged = group == 1 and at["dilations"][1] == 1 and x.strides[2] == channels and x.strides[3] == 1 and kw > 1 and kw * channels <= _MERGE
    merged = merged or (group == 1 and at["dilations"][1] == 1 and channels == 1 and x.strides[2] == 1 and kw > 1 and kw <= _MERGE)
    zero = np.zeros(max(kw, 1) * channels if merged else group * channels, np.float32)
    pointers, strides = extra_args(call, tail, 3)
    n, oh, ow = y.shape[:3]
    s = _shape(call, n * oh * ow)
    near = columns_near(call.isa, n * oh * ow, kh * kw * channels, outputs, call.schedule.get("near", 0)) if group == 1 else outputs
    sizes = (n, oh, ow, x.shape[1], x.shape[2], channels, outputs, near, group, group_size, kh, kw, *at["strides"], *at["dilations"], *at["pads"][:2])
    args: tuple[Arg, ...] = (
        In(0), Const(packed), Const(zero), Out(0), *pointers, Scratch(), *map(Int, sizes), *map(Int, x.strides[:3]), *map(Int, y.strides[:3]), *strides,
        *parts(call.isa, n * oh * ow, kh * kw * channels, outputs, call.options.threads, columns=group == 1)[1],
    )  # fmt: skip
    copied = not merged and group == 1 and collide(call.isa, n * oh * ow, x.strides[2] * at["strides"][1], channels, outputs)
    if merged:
        return args, 8 * kh * s.rows + 4 * kh * kw * channels * s.rows, True, False
    return args, 8 * kh * kw * s.rows + (copied_bytes(call.isa, kh * kw, channels) if copied else 0), False, copied


@kernel("conv", "direct")
class ConvDirect(PackedF32):
    """Any kernel, stride, dilation, padding and grouping."""

    def applies(self, call: Call) -> bool:
        return fast_conv(in_2d(call))

    def cost(self, call: Call) -> float:
        call = in_2d(call)
        o, c, kh, kw = call.input(1).shape
        group = call.attrs["group"]
        n, oh, ow = call.outputs[0].shape[:3]
        pixels = n * oh * ow
        products = int(group) * product_cost(call.isa, pixels, kh * kw * c, o // group)
        return overlapped(call.isa, pixels, products, 4.0 * o * c * kh * kw / weights_rate(call)) + 2.0 * pixels * kh * kw

    def schedules(self, call: Call) -> tuple[Schedule, ...]:
        call = in_2d(call)
        o, c, kh, kw = call.input(1).shape
        if call.attrs["group"] != 1:
            return (OWN,)
        return near_schedules(call.isa, math.prod(call.outputs[0].shape[:3]), kh * kw * c, o)

    def emit(self, call: Call) -> Emitted:
        call = in_2d(call)
        tail = tail_of(call)
        w = call.input(1)
        assert tail is not None and w.const is not None
        bias = bias_of(call)
        group, (o, c, kh, kw) = call.attrs["group"], w.shape
        per = o // group
        panels = []
        for g in range(group):
            wg = w.const[g * per : (g + 1) * per].transpose(2, 3, 1, 0).reshape(kh * kw * c, per)
            panels.append(pack(call.isa, wg, None if bias is None else bias[g * per : (g + 1) * per]))
        args, scratch, merged, copied = direct_args(call, tail, np.concatenate(panels), panels[0].size, c, per, group, (kh, kw))
        how = ", taps of a row merged" if merged else ", pixels copied apart" if copied else ""
        pixels = math.prod(call.outputs[0].shape[:3])
        units = parts(call.isa, pixels, kh * kw * c, per, call.options.threads, columns=group == 1)[0]
        return Emitted(direct(call.isa, tail, merged, copied, _shape(call, pixels)), args, scratch, f"{kh}x{kw} implicit product{how}", units)
