"""AArch64 with Advanced SIMD: thirty-two 16-byte vectors with fused multiply-add."""

from pith.targets.isa.base import ISA

AARCH64 = ISA("neon", vector_bytes=16, registers=32, fma=True, headers=("arm_neon.h",), features=frozenset({"lane", "pair", "smull", "fixed", "put16"}))
