"""matmul_integer of any strides and rank as plain loops, for every target: the nest of `matmul_generic` over integers."""

from __future__ import annotations

from pith.graph import DType
from pith.kernels.base import Call, Const, Emitted, Kernel, Operand, kernel
from pith.kernels.four_bits import are_four_bits, packed_array
from pith.kernels.matmul_generic import emit_product, exact, extras_fit
from pith.ops.conv_integer import sum_type


@kernel("matmul_integer", "generic")
class MatmulIntegerGeneric(Kernel):
    """Every case."""

    def applies(self, call: Call) -> bool:
        return extras_fit(call, len(call.outputs[0].shape) - 1)

    def cost(self, call: Call) -> float:
        b = call.input(1)
        return 10.0 * call.outputs[0].type.size * b.shape[-1 if call.attrs.get("trans_b") or len(b.shape) == 1 else -2]

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return output or index != 2 or operand.contiguous

    def packs(self, call: Call) -> bool:
        """Whether the second factor is constant and stored two numbers a byte."""
        b = call.input(1)
        return len(b.shape) == 2 and b.contiguous and are_four_bits(b.const)

    def uses(self, call: Call) -> set[int]:
        return {i for i, x in enumerate(call.inputs) if x is not None and not (i == 1 and self.packs(call))}

    def emit(self, call: Call) -> Emitted:
        zeros = {f"zero_{side}": int(call.attrs.get(f"zero_{side}", 0)) for side in "ab"}
        sums = sum_type(call.attrs)
        label = "".join(f"_{name}" for name, zero in zeros.items() if zero) + f"_{call.input(1).type.dtype.short}" + "_wide" * (sums is DType.I64)
        own = call.input(1)
        four = Const(packed_array(own.const)) if own.const is not None and self.packs(call) else None
        label += "_four" if four else ""
        return emit_product(call, exact(sums, **zeros), {name: z for name, z in zeros.items() if z}, label=label, four=four)
