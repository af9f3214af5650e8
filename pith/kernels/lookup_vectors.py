"""lookup of bytes in a constant table by permutations of whole tables (AVX-512 VBMI): 64 at a time."""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.kernels.base import Call, Const, Count, Emitted, In, Kernel, Out, kernel
from pith.vector.cfunction import CFunction

_PART = 4096  # elements that stay together when threads share them out

_TEXT = """/* y[i] = t[x[i]]: the table is four vectors, of which two are looked up at a time, by the low seven bits */
static void NAME(const void *x, const void *t, void *y, int32_t n) {
  const unsigned char *from = (const unsigned char *)x, *const table = (const unsigned char *)t;
  unsigned char *to = (unsigned char *)y;
  const __m512i t0 = _mm512_loadu_si512((const void *)table), t1 = _mm512_loadu_si512((const void *)(table + 64));
  const __m512i t2 = _mm512_loadu_si512((const void *)(table + 128)), t3 = _mm512_loadu_si512((const void *)(table + 192));
  for (; n > 0; n -= 64, from += 64, to += 64) {
    const __mmask64 m = n >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (uint32_t)n) - 1u;
    const __m512i i = _mm512_maskz_loadu_epi8(m, (const void *)from);
    const __m512i low = _mm512_permutex2var_epi8(t0, i, t1), high = _mm512_permutex2var_epi8(t2, i, t3);
    _mm512_mask_storeu_epi8((void *)to, m, _mm512_mask_blend_epi8(_mm512_movepi8_mask(i), low, high));
  }
}
"""


@kernel("lookup", "vectors")
class LookupVectors(Kernel):
    """Bytes to bytes, both without gaps."""

    def applies(self, call: Call) -> bool:
        x, table = call.input(0), call.input(1)
        return "vbmi" in call.isa.features and table.const is not None and table.type.dtype.itemsize == 1 and x.shape == call.outputs[0].shape

    def cost(self, call: Call) -> float:
        return 0.1

    def uses(self, call: Call) -> set[int]:
        return {0}

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)

    def emit(self, call: Call) -> Emitted:
        x, table = call.input(0), call.input(1).const
        assert table is not None
        order = np.roll(table, 128) if x.type.dtype is DType.I8 else table
        name = f"lookup_8_{call.isa.name}_vectors"
        f = CFunction(name, _TEXT.replace("NAME", name), (), ("stdint.h", "immintrin.h"))
        size = x.type.size
        args = (In(0, _PART), Const(np.ascontiguousarray(order)), Out(0, _PART), Count(_PART, size))
        return Emitted(f, args, why="64 bytes at a time by permutations", units=max(1, -(-size // _PART)))
