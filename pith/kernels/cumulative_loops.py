"""cumulative along any axis: 32 columns side by side, float sums with a carried correction.

float32 error of a sum: about 2 * 2^-24 of the sum of the magnitudes, whatever the length (Kahan).
"""

from __future__ import annotations

import math

from pith.graph import DType
from pith.kernels.base import Call, Emitted, In, Int, Kernel, Out, kernel
from pith.kernels.ctext import c_function
from pith.ops.base import normalize_axis

_TEXT = r"""
static void $name(const $T *x, $T *y, int32_t outer, int32_t n, int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; c += 32) {
    const int32_t m = inner - c < 32 ? inner - c : 32;
    $ACC total[32]$CARRY;
    for (int32_t l = 0; l < 32; ++l) $RESET
    for (int32_t i = 0; i < n; ++i) {
      const int32_t at = (o * n + $PLACE) * inner + c;
      for (int32_t l = 0; l < m; ++l) {
        const $ACC v = ($ACC)LD(x[at + l]);
$STEP
      }
    }
  }
}
"""


@kernel("cumulative", "loops")
class CumulativeLoops(Kernel):
    """Sums and products of any type."""

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)  # each element is read just before its place is written

    def emit(self, call: Call) -> Emitted:
        x = call.input(0)
        dtype, axis = x.type.dtype, normalize_axis(call.attrs["axis"], len(x.shape))
        product, exclusive = call.attrs["kind"] == "prod", bool(call.attrs.get("exclusive", False))
        reverse = bool(call.attrs.get("reverse", False))
        correct = dtype.is_float and not product
        if product:
            add = "        total[l] = total[l] * v;"
        elif correct:
            add = (
                "        const $A part = v + carry[l], next = total[l] + part, lost = part - (next - total[l]);\n"
                "        carry[l] = lost - lost == 0 ? lost : 0; /* nothing to carry beside infinity */\n"
                "        total[l] = next;"
            )
        else:
            add = "        total[l] = total[l] + v;"
        store = "        ST(y[at + l], total[l]);"
        wrapping = dtype is not DType.BOOL and not dtype.is_float
        marks = {
            "ACC": "uint64_t" if wrapping else dtype.compute.c,
            "CARRY": ", carry[32]" if correct else "",
            "RESET": "total[l] = carry[l] = 0;" if correct else f"total[l] = {int(product)};",
            "PLACE": "n - 1 - i" if reverse else "i",
            "STEP": f"{store}\n{add}" if exclusive else f"{add}\n{store}",
        }
        variant = f"{call.attrs['kind']}{'_exclusive' if exclusive else ''}{'_reverse' if reverse else ''}"
        function = c_function(call, variant, _TEXT, {"": dtype}, marks)
        numbers = (math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :]))
        return Emitted(function, (In(0), Out(0), *map(Int, numbers)), why="columns side by side")
