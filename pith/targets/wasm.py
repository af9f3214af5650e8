"""WebAssembly with 128-bit vectors: every browser since 2023, Node since 16."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.wasm_simd128 import SIMD128

TRIPLE = "wasm32-unknown-unknown"
NODE = Emulation("node", "node", package="nodejs")


@register("wasm")
def target() -> Target:
    about = "WebAssembly with 128-bit vectors: browsers since 2023, Node"
    return Target("wasm", about, SIMD128, TRIPLE, ("-msimd128",), product="wasm", emulation=NODE)
