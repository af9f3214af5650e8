"""conv 1x1, stride 1, float32, channels_last, constant weights: one matrix product over all pixels."""

from __future__ import annotations

import math

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.matmul_f32_gemm import gemm
from pith.kernels.tile_f32 import bias_of, extra_args, pack, residuals, shape_of, tail_of


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
class ConvPointwise(Kernel):
    """Every pixel is a row of the left matrix."""

    def applies(self, call: Call) -> bool:
        a = call.attrs
        return (
            fast_conv(call) and a["group"] == 1 and call.input(1).shape[2:] == (1, 1)
            and tuple(a["strides"]) == (1, 1) and not any(a["pads"])
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        return 0.1

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows

    def uses(self, call: Call) -> set[int]:
        return {0, *range(3, len(call.inputs))}

    def inplace(self, call: Call) -> tuple[int, ...]:
        return residuals(call)

    def emit(self, call: Call) -> Emitted:
        tail = tail_of(call)
        x, w, y = call.input(0), call.input(1), call.outputs[0]
        assert tail is not None and w.const is not None
        o, c = w.shape[:2]
        packed = pack(call.isa, w.const.reshape(o, c).T, bias_of(call))
        pointers, pitches = extra_args(call, tail, 1)
        sizes: list[Arg] = [Int(math.prod(x.shape[:-1])), Int(c), Int(o), Int(x.pitch), Int(y.pitch)]
        s = shape_of(call.isa)
        return Emitted(
            gemm(call.isa, tail), (In(0), Const(packed), Out(0), *pointers, *sizes, *pitches),
            why=f"1x1 as a product, {s.rows}x{s.vectors * call.isa.lanes(4)} register tile",
        )  # fmt: skip
