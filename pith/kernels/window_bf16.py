"""conv with a kernel larger than 1x1 as bfloat16 products by AMX, without copies of windows.

As `window_amx` has it for bytes: the input rows that some output rows need are rounded once, with their padding, and tiles are loaded
from there. Only where the steps hold nothing but their own taps: what lies between meets weights that are 0, which an infinity
would make no number of.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from pith.kernels.base import Arg, Begin, Call, Const, Emitted, End, In, Int, Out, Scratch, kernel
from pith.kernels.packed import PackedF32
from pith.kernels.product_bf16 import allowed, as_conv
from pith.kernels.tile_bf16 import ROUND, finish_rows, panels
from pith.kernels.tile_f32 import Tail, bias_of, extra_args, tail_of
from pith.kernels.window_amx import FAR, FILL, Kind, Window, layer, places, window_of
from pith.targets.isa.base import ISA
from pith.vector.amx import CONFIGURE_COLUMN
from pith.vector.cfunction import CFunction


def cut_of(conv: Call) -> Window | None:
    """The cut of a convolution, its steps of equal parts of a kernel row (or of a tap, where taps are apart); None where no number of
    parts, by at most a quarter more than there must be, has whole pairs of numbers."""
    _, c, kh, kw = conv.input(1).shape
    merged = conv.attrs["dilations"][1] == 1
    depth = 2 * c * (kw if merged else 1)
    least = -(-depth // 64)
    per = next((p for p in range(least, least + least // 4 + 2) if depth % (4 * p) == 0), None)
    if per is None:
        return None
    return replace(window_of(conv, 2), steps=kh * per * (1 if merged else kw), chunk=depth // per)


@functools.cache
def _function(isa: ISA, tail: Tail) -> CFunction:
    """The whole layer."""
    finish = finish_rows(isa, tail)
    kind = Kind("float", "float", "float", "2 * c", "_tile_dpbf16ps", "to_bf16((uint16_t *)(void *)({to}), {from}, {n})", "0", finish, "", tail.params(False))
    name = f"conv_bf16_amx_window{tail.suffix}"
    text = layer(name, kind, {i: "float" for i, k in enumerate(tail.kinds) if k == "full"}, len(tail.kinds), "")
    return CFunction(name, text, (finish, CONFIGURE_COLUMN, ROUND, FILL), ("stdint.h", "stddef.h", "immintrin.h"))


@kernel("conv", "amx_bf16_window")
class WindowBf16(PackedF32):
    """One group, kernels larger than 1x1."""

    rounds = True

    def applies(self, call: Call) -> bool:
        conv = as_conv(call) if allowed(call) else None
        return conv is not None and conv.input(1).shape[2:] != (1, 1) and cut_of(conv) is not None

    def cost(self, call: Call) -> float:
        conv = as_conv(call)
        cut = cut_of(conv) if conv is not None else None
        assert conv is not None and cut is not None
        n, oh, _, o = conv.outputs[0].shape
        pixels = n * oh * cut.across / cut.span * max(cut.rows, 10)  # as for bytes
        copied = n * -(-oh // cut.lines) * cut.copied * 4.0 / 64
        return pixels * -(-o // 16) * max(2.0 * cut.steps, 10.0) + copied + 40.0 * n * oh + 300.0

    def emit(self, call: Call) -> Emitted:
        conv = as_conv(call)
        assert conv is not None
        tail, cut = tail_of(conv), cut_of(conv)
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None and tail is not None and cut is not None
        (o, c, kh, kw), (sh, sw), (dh, dw) = w.shape, at["strides"], at["dilations"]
        packed = panels(w.const.transpose(2, 3, 1, 0).reshape(-1, o), bias_of(conv), cut.chunk // 2).reshape(-1)
        pointers, strides = extra_args(conv, tail, 3)
        n, oh, ow = y.shape[:3]
        # behind the copied rows: what tiles read beyond them, and a pixel that is none
        copied = cut.copied + -(-((cut.span - 1) * cut.pitch + cut.across * cut.rows * sw * 2 * c + 128) // 64) * 64
        by_rows = o <= 32 or (n * oh > cut.lines and packed.size < FAR) or n * oh >= 8 * cut.lines
        units = -(-n * oh // cut.lines) if by_rows else -(-o // 32)
        part: tuple[Arg, ...] = (
            (Begin(cut.lines), End(cut.lines, n * oh), Int(0), Int(o)) if by_rows else (Int(0), Int(n * oh), Begin(32), End(32, o))
        )
        args: tuple[Arg, ...] = (
            In(0), Const(packed), Const(places(dw == 1, cut, (kh, kw), (dh, dw), 2 * c)), Out(0), *pointers, Scratch(),
            *map(Int, (oh, ow, x.shape[1], x.shape[2], c, o, sh, sw, *at["pads"][:2], (kh - 1) * dh + 1)),
            *map(Int, x.strides[:3]), *map(Int, y.strides[:3]), *strides,
            *map(Int, (cut.rows, cut.across, cut.span, cut.lines, cut.pitch, cut.wide, cut.steps, cut.chunk, copied)), *part,
        )  # fmt: skip
        why = f"{kh}x{kw} by AMX tiles of bfloat16 products from rows rounded once, {cut.rows} pixels a tile, {cut.steps} steps of {cut.chunk // 2} products"
        return Emitted(_function(call.isa, tail), args, copied + 4 * o + 64, why, units)
