"""WebAssembly with relaxed SIMD: float32 multiply-adds in one instruction, where the engine's processor has it.

Integers keep their bits. Floats may differ from `wasm`, and between two machines, within the bound of either rounding.
"""

from dataclasses import replace

from pith.targets.base import Target, register
from pith.targets.isa.wasm_simd128 import SIMD128_RELAXED
from pith.targets.wasm import NODE, TRIPLE


@register("wasm-relaxed")
def target() -> Target:
    flags = ("-msimd128", "-mrelaxed-simd")
    about = "WebAssembly with relaxed SIMD: Chrome since 114, Firefox since 145"
    node = replace(NODE, options=("--experimental-wasm-relaxed-simd",))  # until Node 21
    return Target("wasm-relaxed", about, SIMD128_RELAXED, TRIPLE, flags, product="wasm", emulation=node)
