"""What an instruction set can do, as data. Kernels ask these facts; they never ask for a target's name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ISA:
    """Facts of one instruction set.

    name: used in kernel names (`avx512`, `avx2`, `sse42`, `c99`);  vector_bytes: 0 for scalar code;
    registers: number of vector registers;  fma: fused multiply-add in hardware;  masks: loads and stores under a mask;
    byte_pairs: products of unsigned and signed bytes, two neighbours summed in 16 bits, in one instruction;
    headers: C headers its intrinsics need;  features: further facts by name ("vnni", "bf16"; "lane": products by one
    element of a vector, "pair": loads and stores of two to four neighbouring vectors, both in A64 assembly; "smull": products
    of signed bytes widened to 16 bits; "sdot": dot products of four signed bytes; "i8mm": products of matrices of signed bytes;
    "fixed": rounded high products and rounding shifts of int32;  "put16": four vectors of sums go to one of bytes);
    half: the instruction set with half the vector, where this one includes it and runs it cheaper.

    Facts of the processor, on the cautious side unless the target knows it (`host` does):
    near: bytes of one core's second-level cache;  last: bytes of the last cache;  memory: bytes that arrive from memory in
    the time of one vector multiply-add, the unit of `Kernel.cost`, and `beyond`: from the last cache.
    """

    name: str
    vector_bytes: int = 0
    registers: int = 16
    fma: bool = False
    masks: bool = False
    byte_pairs: bool = False
    headers: tuple[str, ...] = ()
    features: frozenset[str] = frozenset()
    half: ISA | None = None
    near: int = 512 << 10
    last: int = 16 << 20
    memory: float = 2.25
    beyond: float = 12.0

    def lanes(self, itemsize: int) -> int:
        """Elements of `itemsize` bytes in one vector; 1 for scalar code."""
        return max(1, self.vector_bytes // itemsize)
