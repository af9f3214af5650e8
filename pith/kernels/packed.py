"""What kernels of convolutions and products share whose constant weights and bias are packed at compile time.

Of the call's inputs only the first is read where it lies, and the extras of the fused epilogue, which begin at input 3.
"""

from __future__ import annotations

from pith.kernels.base import Call, Kernel, Operand
from pith.kernels.tail_s8 import tail_of_sums
from pith.kernels.tile_f32 import residuals


class Packed(Kernel):
    """Weights and bias are packed; pixels may have any stride, their channels lie side by side."""

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        return {0, *range(3, len(call.inputs))}


class PackedF32(Packed):
    """The same in float32, with a tail of `tile_f32`."""

    def inplace(self, call: Call) -> tuple[int, ...]:
        return residuals(call)


class PackedVectors(Packed):
    """The same in integers, with results stored by whole vectors where the channels fill them."""

    def inplace(self, call: Call) -> tuple[int, ...]:
        if call.outputs[0].type.shape[-1] % call.isa.lanes(4):  # a load waits for stores to its neighbours that are masked
            return ()
        return alike(call)


class PackedColumns(Packed):
    """Depthwise in integers: of the extras only those are read that are not packed, one number a channel, with the weights."""

    def uses(self, call: Call) -> set[int]:
        shape = call.outputs[0].shape
        found = tail_of_sums(call)
        plain = found is not None and found[0].plain
        return {0, *(3 + i for i, x in enumerate(call.inputs[3:]) if x is not None and (plain or x.shape == shape))}

    def inplace(self, call: Call) -> tuple[int, ...]:
        return alike(call)


def alike(call: Call) -> tuple[int, ...]:
    """Extras of the output's shape and type, each element of which is read before the result is stored there."""
    out = call.outputs[0].type
    return tuple(3 + i for i, x in enumerate(call.inputs[3:]) if x is not None and x.type == out)
