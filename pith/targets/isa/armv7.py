"""Armv7-A with Advanced SIMD and VFPv4: sixteen 16-byte vectors with fused multiply-add.

Its vectors take subnormal floats for zeros; there is no switch for that, and no vector division.
"""

from pith.targets.isa.base import ISA

ARMV7 = ISA("neon32", vector_bytes=16, registers=16, fma=True, headers=("arm_neon.h",), features=frozenset({"smull", "fixed", "put16"}))
