"""softmax_fixed row by row, for every target: its largest number, the sum of exponentials from the table, one reciprocal, products."""

from __future__ import annotations

import math

from pith.graph import DType
from pith.kernels.base import Call, Emitted, In, Int, Kernel, Operand, Out, kernel, unit_range
from pith.ops.softmax_fixed import FIRST, POINT, SLOPE, SUM_BITS
from pith.vector.cfunction import CFunction
from pith.vector.fixed import HIGH_PRODUCT, ROUNDED_SHIFT

_RECIPROCAL = CFunction(
    "pith_fixed_reciprocal",
    f"""/* r, where 1 / (sum / 2^{POINT - SUM_BITS}) = r / 2^({POINT} + bits): three steps of Newton's; sum > 0 */
static int32_t pith_fixed_reciprocal(int32_t sum, int32_t *bits) {{
  int32_t zeros = 0, a, half, x;
  while (((uint32_t)sum << zeros) < UINT32_C(0x80000000)) zeros++;
  a = (int32_t)(((uint32_t)sum << zeros) - UINT32_C(0x80000000));
  half = (int32_t)(((int64_t)a + INT64_C(2147483648)) / 2);
  x = {FIRST} + pith_high_product(half, {SLOPE});
  for (int i = 0; i < 3; i++) {{
    const int64_t step = (int64_t)pith_high_product(x, (1 << 29) - pith_high_product(half, x)) * 4;
    x += (int32_t)(step > 2147483647 ? 2147483647 : step < -INT64_C(2147483648) ? -INT64_C(2147483648) : step);
  }}
  *bits = {SUM_BITS} - zeros;
  return x > 1073741823 ? 2147483647 : x * 2;
}}
""",
    (HIGH_PRODUCT,),
    ("stdint.h",),
)

_TEXT = """static void $NAME(const $T *x, const int32_t *t, $T *y, int32_t n, int32_t px, int32_t py, int32_t begin, int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    const $T *const p = x + (ptrdiff_t)r * px;
    $T *const q = y + (ptrdiff_t)r * py;
    int32_t top = p[0], sum = 0, bits;
    for (int32_t i = 1; i < n; i++) top = p[i] > top ? p[i] : top;
    for (int32_t i = 0; i < n; i++) sum += pith_rounded_shift(t[top - p[i]], $SUM_BITS);
    const int32_t scale = pith_fixed_reciprocal(sum, &bits), shift = bits + $SHIFT;
    for (int32_t i = 0; i < n; i++) {
      const int32_t v = shift > 31 ? 0 : pith_rounded_shift(pith_high_product(scale, t[top - p[i]]), shift);
      q[i] = ($T)((v < 0 ? 0 : v > 255 ? 255 : v) + $LOW);
    }
  }
}
"""


@kernel("softmax_fixed", "rows")
class SoftmaxFixedRows(Kernel):
    """Rows with any pitch."""

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if output or index == 0 else operand.contiguous

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)

    def emit(self, call: Call) -> Emitted:
        x, y = call.input(0), call.outputs[0]
        dtype, rows = x.type.dtype, math.prod(x.shape[:-1])
        name = f"softmax_fixed_{dtype.short}_{call.isa.name}_rows"
        marks = {"NAME": name, "T": dtype.c, "SUM_BITS": str(SUM_BITS), "SHIFT": str(POINT - 8), "LOW": "(-128)" if dtype is DType.I8 else "0"}
        text = _TEXT
        for mark in sorted(marks, key=len, reverse=True):
            text = text.replace(f"${mark}", marks[mark])
        function = CFunction(name, text, (HIGH_PRODUCT, ROUNDED_SHIFT, _RECIPROCAL), ("stdint.h", "stddef.h"))
        args = (In(0), In(1), Out(0), Int(x.shape[-1]), Int(x.pitch), Int(y.pitch), *unit_range(rows))
        return Emitted(function, args, why="exponentials from a table, one reciprocal a row", units=rows)
