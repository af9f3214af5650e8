"""conv_transpose of any element type, rank, layout and weights as plain loops: each output gathers what reaches it."""

from __future__ import annotations

from pith.kernels.base import Call, Emitted, Kernel, Operand, kernel
from pith.kernels.conv_generic import axes_of, emit_loops
from pith.kernels.matmul_generic import loops_fit


@kernel("conv_transpose", "generic")
class ConvTransposeGeneric(Kernel):
    """Every case: tap k of output p reads input (p + pad - k * dilation) / stride where that is whole and inside."""

    def applies(self, call: Call) -> bool:
        return loops_fit(call, axes_of(call.outputs[0], call.attrs["layout"])[0])

    def cost(self, call: Call) -> float:
        return 100.0

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return output or index != 2 or operand.contiguous

    def emit(self, call: Call) -> Emitted:
        taps = (
            "for (int32_t k{a} = 0; k{a} < kn{a}; k{a}++) {{",
            "const int32_t reach{a} = o{a} + pa{a} - k{a} * di{a}, at{a} = reach{a} / st{a};",
            "if (reach{a} < 0 || at{a} >= xn{a} || at{a} * st{a} != reach{a}) continue;",
        )
        return emit_loops(call, (), taps, "at{a}", transposed=True)
