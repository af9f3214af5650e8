"""conv and matmul with constant weights, float32, as implicit products of bfloat16 by AMX, where `precision` allows it.

A matrix product is a 1x1 convolution over a picture one pixel high. Weights are rounded when they are packed, inputs when a block
of rows is read; sums, biases and epilogues are float32.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np

from pith.graph import DType, TensorType
from pith.kernels.base import Arg, Begin, Call, Const, Emitted, End, In, Int, Operand, Out, Scratch, kernel
from pith.kernels.conv_f32_pointwise import fast_conv, in_2d
from pith.kernels.cost_f32 import product_cost
from pith.kernels.implicit_product import GROUPED, implicit_product
from pith.kernels.packed import PackedF32
from pith.kernels.product_s8 import merges
from pith.kernels.tile_bf16 import Bf16Tile, block
from pith.kernels.tile_f32 import Tail, bias_of, extra_args, tail_of
from pith.ops.base import contiguous_strides
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction

_NEAR = 768 << 10  # bytes of packed weights that stay near while all rows pass by


def allowed(call: Call) -> bool:
    """Whether products may be of bfloat16, and the processor has them."""
    return call.options.bf16 and "bf16" in call.isa.features


def _as_row(x: Operand) -> Operand:
    """[..., K] as [1, 1, M, K]; one that is no regular matrix as it will be once it is copied."""
    m, k = math.prod(x.shape[:-1]), x.shape[-1]
    return Operand(TensorType(x.type.dtype, (1, 1, m, k)), (0, 0, x.pitch if x.rows else k, 1), x.const)


def as_conv(call: Call) -> Call | None:
    """The call as a convolution of one group over pictures [N, H, W, C] with constant weights, all float32; None where it is none."""
    if call.op == "matmul":
        a, b, y = call.input(0), call.input(1), call.outputs[0]
        bias = call.inputs[2] if len(call.inputs) > 2 else None
        types = [x.type.dtype for x in (*call.inputs, y) if x is not None]
        if any(t is not DType.F32 for t in types) or b.const is None or len(b.shape) != 2 or len(a.shape) < 2 or call.attrs.get("trans_a"):
            return None
        if not a.type.size or (bias is not None and bias.const is None) or tail_of(call) is None:
            return None
        weights = np.ascontiguousarray(b.const if call.attrs.get("trans_b") else b.const.T)[:, :, None, None]
        right = Operand(TensorType(DType.F32, weights.shape), tuple(contiguous_strides(weights.shape)), weights)
        attrs = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_last", "epilogue": call.attrs.get("epilogue")}
        extras = tuple(_as_row(e) if e is not None and e.shape == y.shape else e for e in call.inputs[3:])
        return replace(call, op="conv", attrs=attrs, inputs=(_as_row(a), right, bias, *extras), outputs=(_as_row(y),))
    call = in_2d(call)
    return call if fast_conv(call) and call.attrs["group"] == 1 else None


@functools.cache
def product(isa: ISA, tail: Tail, rows: int, height: str, enter: str, leave: str, merged: bool) -> CFunction:
    """The block loop over output pixels."""
    inner = block(isa, tail)
    column = f"(4 + 2 * (ptrdiff_t)(({'kh * kw * c'} + chunk - 1) / chunk) * chunk)"
    name = f"conv_bf16_amx_{rows}x32{'_rows' if merged else ''}{tail.suffix}"
    text = implicit_product(
        name, ("float", "uint8_t", "float"), tail.params(False), [(i, "float") for i, k in enumerate(tail.kinds) if k == "full"],
        [GROUPED[k].format(i=i) for i, k in enumerate(tail.kinds)], inner.name, rows, height, column, merged=merged, patch=merged,
        enter=enter, leave=leave, more=(", int32_t chunk, int32_t pitch, int32_t rounded", ", chunk, pitch, (unsigned char *)scratch + rounded"),
    )  # fmt: skip
    return CFunction(name, text, (inner,), ("stdint.h", "stddef.h"))


@kernel("conv", "amx_bf16")
@kernel("matmul", "amx_bf16")
class ProductBf16(PackedF32):
    """Any kernel, stride, dilation and padding; one group."""

    rounds = True

    def applies(self, call: Call) -> bool:
        return allowed(call) and as_conv(call) is not None

    def cost(self, call: Call) -> float:
        conv = as_conv(call)
        assert conv is not None
        o, c, kh, kw = conv.input(1).shape
        m, taps = math.prod(conv.outputs[0].shape[:3]), kh if merges(conv) else kh * kw
        cost = Bf16Tile(call.isa, kh * kw * c).cost(m, taps, o) + 2.0 * m * taps
        if call.op == "matmul":  # whose kernels are ranked: before or behind `gemm`
            return 0.05 if cost < product_cost(call.isa, m, c, o) else 0.2
        return cost

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if call.op == "matmul" else operand.inner_contiguous

    def emit(self, call: Call) -> Emitted:
        conv = as_conv(call)
        assert conv is not None
        tail = tail_of(conv)
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None and tail is not None
        (o, c, kh, kw), merged = w.shape, merges(conv)
        tile = Bf16Tile(call.isa, kh * kw * c)
        packed = tile.pack(w.const.transpose(2, 3, 1, 0).reshape(tile.k, o), bias_of(conv))
        n, oh, ow = y.shape[:3]
        pixels = n * oh * ow
        whole = pixels <= tile.rows or packed.size <= _NEAR * 3 // 2
        near = o if whole else max(1, _NEAR // (tile.column * tile.width)) * tile.width
        zeros = np.zeros(max(kw, 1) * c, np.float32)
        pointers, strides = extra_args(conv, tail, 3)
        sizes = (n, oh, ow, x.shape[1], x.shape[2], c, o, near, 1, packed.size, kh, kw, *at["strides"], *at["dilations"], *at["pads"][:2])
        listed = -(-(8 * kh * kw * tile.rows + (4 * tile.k * tile.rows if merged else 0)) // 64) * 64
        blocks, wide = max(1, -(-pixels // tile.rows)), max(1, -(-o // tile.width))
        by_rows = blocks >= 8 or blocks >= wide
        part: tuple[Arg, ...] = (
            (Begin(tile.rows), End(tile.rows, pixels), Int(0), Int(o)) if by_rows else (Int(0), Int(pixels), Begin(tile.width), End(tile.width, o))
        )
        args: tuple[Arg, ...] = (
            In(0), Const(packed), Const(zeros), Out(0), *pointers, Scratch(), *map(Int, sizes), *map(Int, x.strides[:3]), *map(Int, y.strides[:3]),
            *strides, *map(Int, (tile.chunk, tile.pitch, listed)), *part,
        )  # fmt: skip
        f = product(call.isa, tail, tile.rows, tile.height("(p_to - p)"), tile.enter, tile.leave, merged)
        why = f"{kh}x{kw} by AMX tiles of bfloat16 products, float32 sums{', taps of a row merged' if merged else ''}"
        return Emitted(f, args, listed + (tile.rows + 1) * tile.pitch, why, blocks if by_rows else wide)
