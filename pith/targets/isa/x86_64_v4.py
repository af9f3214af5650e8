"""x86-64 level 4: AVX-512, thirty-two 64-byte vectors with masks."""

from pith.targets.isa.base import ISA

X86_64_V4 = ISA("avx512", vector_bytes=64, registers=32, fma=True, masks=True, headers=("immintrin.h",))
