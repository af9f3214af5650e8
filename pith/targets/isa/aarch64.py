"""AArch64 with Advanced SIMD: thirty-two 16-byte vectors with fused multiply-add."""

from pith.targets.isa.base import ISA

AARCH64 = ISA("c99")
