"""x86-64 level 4: AVX-512, thirty-two 64-byte vectors with masks."""

from pith.targets.isa.base import ISA
from pith.targets.isa.x86_64_v3 import X86_64_V3

X86_64_V4 = ISA("avx512", vector_bytes=64, registers=32, fma=True, masks=True, byte_pairs=True, headers=("immintrin.h",), half=X86_64_V3)
