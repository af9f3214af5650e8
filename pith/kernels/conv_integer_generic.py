"""conv_integer of any rank, layout and weights as plain loops, for every target: the nest of `conv_generic` over integers."""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import Call, Const, Emitted, Kernel, Operand, kernel
from pith.kernels.conv_generic import BOUNDS, POSITION, TAPS, Integers, axes_of, emit_loops
from pith.kernels.four_bits import are_four_bits, packed_array
from pith.kernels.matmul_generic import exact, extras_fit
from pith.ops.base import contiguous_strides
from pith.ops.conv_integer import sum_type


@kernel("conv_integer", "generic")
class ConvIntegerGeneric(Kernel):
    """Every case. Constant weights are packed with their input channels last, where the innermost loop finds them."""

    def applies(self, call: Call) -> bool:
        return extras_fit(call, axes_of(call.outputs[0], call.attrs["layout"])[0])

    def cost(self, call: Call) -> float:
        return 10.0 * call.outputs[0].type.size * math.prod(call.input(1).shape[1:])

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return output or index != 2 or operand.contiguous

    def uses(self, call: Call) -> set[int]:
        packed = call.input(1).const is not None
        return {i for i, x in enumerate(call.inputs) if x is not None and not (packed and i == 1)}

    def emit(self, call: Call) -> Emitted:
        x, w = call.input(0), call.input(1)
        packed, strides, four = None, w.strides, False
        if w.const is not None:
            last = np.ascontiguousarray(np.moveaxis(w.const, 1, -1))
            own = contiguous_strides(last.shape)
            four = are_four_bits(last)
            packed, strides = Const(packed_array(last) if four else last), (own[0], own[-1], *own[1:-1])
        zeros = {"zero_a": int(call.attrs.get("zero", 0)), "zero_b": int(call.attrs.get("zero_w", 0))}
        near = x.strides[axes_of(x, call.attrs["layout"])[0]] == 1
        steps = "i" if near else "(ptrdiff_t)i * xc", "i" if strides[1] == 1 else "(ptrdiff_t)i * wi"
        sums = sum_type(call.attrs)
        label = "_zero" * bool(zeros["zero_a"]) + "_zero_w" * bool(zeros["zero_b"])
        label += "_strided" * (not near) + "_wide" * (strides[1] != 1) + f"_{w.type.dtype.short}" + "_long" * (sums is DType.I64) + "_four" * four
        integers = Integers(exact(sums, **zeros), {name: z for name, z in zeros.items() if z}, packed, strides, steps, label, four)
        return emit_loops(call, BOUNDS, TAPS, POSITION, transposed=False, integers=integers)
