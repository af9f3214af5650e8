"""WebAssembly's 128-bit vectors (fixed-width SIMD, in the core specification since 2.0)."""

from dataclasses import replace

from pith.targets.isa.base import ISA

# the sixteen registers of x86-64 are the fewest that an engine has to put vectors in; caches are those of a small laptop
SIMD128 = ISA("simd128", vector_bytes=16, registers=16, headers=("wasm_simd128.h",), last=4 << 20)
# multiply-add in one instruction, which rounds once or twice as the engine likes (relaxed SIMD, specification 3.0)
SIMD128_RELAXED = replace(SIMD128, name="simd128r", fma=True)
