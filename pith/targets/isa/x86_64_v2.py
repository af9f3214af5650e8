"""x86-64 level 2: SSE4.2, sixteen 16-byte vectors."""

from pith.targets.isa.base import ISA

X86_64_V2 = ISA("sse42", vector_bytes=16, registers=16, byte_pairs=True, headers=("immintrin.h",))
