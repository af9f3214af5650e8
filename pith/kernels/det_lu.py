"""det by elimination with partial pivoting. float32 error: about n^2 * 2^-24 times the product of the pivots' column norms."""

from __future__ import annotations

import math

from pith.kernels.base import Call, Emitted, In, Int, Kernel, Out, Scratch, kernel
from pith.kernels.ctext import c_function

_TEXT = r"""
static void $name(const $T *x, $T *y, $A *m, int32_t batch, int32_t n) {
  for (int32_t b = 0; b < batch; ++b) {
    for (int32_t i = 0; i < n * n; ++i) m[i] = LD(x[b * n * n + i]);
    $A det = 1;
    for (int32_t c = 0; c < n; ++c) {
      int32_t pivot = c;
      for (int32_t r = c + 1; r < n; ++r) {
        const $A a = m[r * n + c] < 0 ? -m[r * n + c] : m[r * n + c];
        const $A best = m[pivot * n + c] < 0 ? -m[pivot * n + c] : m[pivot * n + c];
        if (a > best) pivot = r;
      }
      if (pivot != c) {
        det = -det;
        for (int32_t k = c; k < n; ++k) {
          const $A swap = m[c * n + k];
          m[c * n + k] = m[pivot * n + k];
          m[pivot * n + k] = swap;
        }
      }
      det *= m[c * n + c];
      if (m[c * n + c] == 0) break;
      for (int32_t r = c + 1; r < n; ++r) {
        const $A f = m[r * n + c] / m[c * n + c];
        for (int32_t k = c + 1; k < n; ++k) m[r * n + k] -= f * m[c * n + k];
      }
    }
    ST(y[b], det);
  }
}
"""


@kernel("det", "lu")
class DetLu(Kernel):
    """One matrix at a time in scratch memory."""

    def applies(self, call: Call) -> bool:
        return call.input(0).type.dtype.is_float

    def emit(self, call: Call) -> Emitted:
        x = call.input(0)
        function = c_function(call, "lu", _TEXT, {"": x.type.dtype})
        n = x.shape[-1]
        args = (In(0), Out(0), Scratch(), Int(math.prod(x.shape[:-2])), Int(n))
        return Emitted(function, args, scratch=max(1, n * n) * x.type.dtype.compute.itemsize, why="elimination")
