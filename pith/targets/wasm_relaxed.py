"""WebAssembly with relaxed SIMD: float32 multiply-adds in one instruction, where the engine's processor has it.

Integers keep their bits. Floats may differ from `wasm`, and between two machines, within the bound of either rounding.
"""

from pith.targets.base import Target, register
from pith.targets.isa.wasm_simd128 import SIMD128_RELAXED
from pith.targets.wasm import TRIPLE


@register("wasm-relaxed")
def target() -> Target:
    flags = ("-msimd128", "-mrelaxed-simd")
    return Target("wasm-relaxed", "WebAssembly with relaxed SIMD: Chrome since 114, Firefox since 145", SIMD128_RELAXED, TRIPLE, flags, product="wasm")
