"""Armv7-A with Advanced SIMD and VFPv4: sixteen 16-byte vectors with fused multiply-add, through vectors of a fixed size.

Its vectors take subnormal floats for zeros; there is no switch for that, and no vector division.
"""

from pith.targets.isa.base import ISA

ARMV7 = ISA("neon32", vector_bytes=16, registers=16, fma=True)
