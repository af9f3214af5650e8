"""x86-64 level 3: AVX2 and FMA, sixteen 32-byte vectors."""

from pith.targets.isa.base import ISA

X86_64_V3 = ISA("avx2", vector_bytes=32, registers=16, fma=True, byte_pairs=True, headers=("immintrin.h",))
