"""WebAssembly with 128-bit vectors: every browser since 2023, Node since 16."""

from pith.targets.base import Target, register
from pith.targets.isa.wasm_simd128 import SIMD128

TRIPLE = "wasm32-unknown-unknown"


@register("wasm")
def target() -> Target:
    return Target("wasm", "WebAssembly with 128-bit vectors: browsers since 2023, Node", SIMD128, TRIPLE, ("-msimd128",), product="wasm")
