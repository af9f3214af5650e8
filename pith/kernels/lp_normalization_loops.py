"""lp_normalization along any axis of a contiguous tensor: 32 columns side by side.

float32 error: sums in order, at most n * 2^-24 of the sum.
"""

from __future__ import annotations

import math

from pith.kernels.base import Call, Emitted, In, Int, Kernel, Out, kernel
from pith.kernels.ctext import c_function
from pith.ops.base import normalize_axis

_TEXT = r"""
static void $name(const $T *x, $T *y, int32_t outer, int32_t n, int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; c += 32) {
    const int32_t m = inner - c < 32 ? inner - c : 32;
    $A norm[32];
    for (int32_t l = 0; l < m; ++l) norm[l] = 0;
    for (int32_t i = 0; i < n; ++i) {
      for (int32_t l = 0; l < m; ++l) {
        const $A v = LD(x[(o * n + i) * inner + c + l]);
        norm[l] += $TERM;
      }
    }
    for (int32_t i = 0; i < n; ++i) {
      for (int32_t l = 0; l < m; ++l) {
        const int32_t at = (o * n + i) * inner + c + l;
        ST(y[at], norm[l] == 0 ? 0 : LD(x[at]) / $NORM);
      }
    }
  }
}
"""


@kernel("lp_normalization", "loops")
class LpNormalizationLoops(Kernel):
    """p = 1 or 2."""

    def applies(self, call: Call) -> bool:
        return call.input(0).type.dtype.is_float

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)

    def emit(self, call: Call) -> Emitted:
        x = call.input(0)
        axis, dtype, p = normalize_axis(call.attrs["axis"], len(x.shape)), x.type.dtype, int(call.attrs["p"])
        marks = {
            "TERM": "v * v" if p == 2 else "v < 0 ? -v : v",
            "NORM": f"FN(sqrt, {dtype.compute.short})(norm[l])" if p == 2 else "norm[l]",
        }
        function = c_function(call, f"p{p}", _TEXT, {"": dtype}, marks)
        numbers = (math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :]))
        return Emitted(function, (In(0), Out(0), *map(Int, numbers)), why="columns side by side")
