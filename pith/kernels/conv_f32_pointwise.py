"""conv 1x1, stride 1, float32, channels_last, constant weights: one matrix product over all pixels."""

from __future__ import annotations

import math
from dataclasses import replace

from pith.graph import DType
from pith.kernels.base import Call, Emitted, Operand, Schedule, kernel
from pith.kernels.cost_f32 import near_schedules, product_cost
from pith.kernels.matmul_f32_gemm import gemm_call
from pith.kernels.packed import PackedF32
from pith.kernels.shape_f32 import pack
from pith.kernels.tile_f32 import bias_of, extra_args, tail_of


def in_2d(call: Call) -> Call:
    """A convolution over one spatial axis as one over pictures of height 1; any other unchanged."""
    if len(call.input(0).shape) != 3 or call.attrs["layout"] != "channels_last":
        return call

    def tall(x: Operand | None, at: int) -> Operand | None:
        if x is None or len(x.shape) != 3:
            return x
        shape, strides = (*x.shape[:at], 1, *x.shape[at:]), (*x.strides[:at], 0, *x.strides[at:])
        return Operand(replace(x.type, shape=shape), strides, None if x.const is None else x.const.reshape(shape))

    attrs = dict(call.attrs)
    attrs |= {k: (first, *attrs[k]) for k, first in (("strides", 1), ("dilations", 1), ("output_padding", 0)) if k in attrs}
    attrs["pads"] = (0, attrs["pads"][0], 0, attrs["pads"][1])
    inputs = tuple(tall(x, 2 if i == 1 else 1) for i, x in enumerate(call.inputs))
    out = tall(call.outputs[0], 1)
    assert out is not None
    return replace(call, attrs=attrs, inputs=inputs, outputs=(out,))


def fast_conv(call: Call) -> bool:
    """What all fast convolutions ask: 2-D, float32, channels_last, constant weights and bias, an epilogue the tile runs."""
    x, w, y = call.input(0), call.input(1), call.outputs[0]
    bias = call.inputs[2] if len(call.inputs) > 2 else None
    return (
        call.attrs["layout"] == "channels_last" and len(x.shape) == 4 and w.const is not None
        and x.type.dtype is DType.F32 and w.type.dtype is DType.F32 and y.type.dtype is DType.F32 and x.type.size > 0
        and (bias is None or bias.const is not None) and tail_of(call) is not None
    )  # fmt: skip


@kernel("conv", "pointwise")
class ConvPointwise(PackedF32):
    """Every pixel is a row of the left matrix."""

    def applies(self, call: Call) -> bool:
        call = in_2d(call)
        a = call.attrs
        return (
            fast_conv(call) and a["group"] == 1 and call.input(1).shape[2:] == (1, 1)
            and tuple(a["strides"]) == (1, 1) and not any(a["pads"])
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        o, c = call.input(1).shape[:2]
        return product_cost(call.isa, call.input(0).type.size // c, c, o)

    def schedules(self, call: Call) -> tuple[Schedule, ...]:
        o, c = call.input(1).shape[:2]
        return near_schedules(call.isa, call.input(0).type.size // c, c, o)

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows

    def emit(self, call: Call) -> Emitted:
        call = in_2d(call)
        tail = tail_of(call)
        x, w = call.input(0), call.input(1)
        assert tail is not None and w.const is not None
        o, c = w.shape[:2]
        packed = pack(call.isa, w.const.reshape(o, c).T, bias_of(call))
        pointers, pitches = extra_args(call, tail, 1)
        return gemm_call(call, tail, packed, (math.prod(x.shape[:-1]), c, o), pointers, pitches, "1x1 as a product")
