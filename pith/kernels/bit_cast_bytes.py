"""bit_cast: bytes copied as bytes, the one way C lets the same memory be read as two types."""

from __future__ import annotations

from pith.kernels.base import Call, Emitted, In, Int, Kernel, Out, kernel
from pith.kernels.ctext import c_function

_TEXT = r"""
static void $name(const $T *restrict x, $T1 *restrict y, int32_t bytes) {
  const unsigned char *p = (const unsigned char *)x;
  unsigned char *q = (unsigned char *)y;
  for (int32_t i = 0; i < bytes; ++i) q[i] = p[i];
}
"""


@kernel("bit_cast", "bytes")
class BitCastBytes(Kernel):
    """Any two types of one size; contiguous operands."""

    def emit(self, call: Call) -> Emitted:
        x, y = call.input(0), call.outputs[0]
        function = c_function(call, f"to_{y.type.dtype.short}", _TEXT, {"": x.type.dtype, "1": y.type.dtype})
        return Emitted(function, (In(0), Out(0), Int(x.type.nbytes)), why="a copy of bytes")
