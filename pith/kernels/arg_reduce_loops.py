"""arg_reduce over an axis of a contiguous tensor: one output at a time for rows, columns side by side otherwise."""

from __future__ import annotations

import math

from pith.kernels.base import Call, Emitted, In, Int, Kernel, Out, kernel
from pith.kernels.ctext import c_function
from pith.kernels.rows import row_function

# The first element that equals the extreme; NaN (which is the extreme where it occurs) differs from itself.
_ROWS = r"""
static void $name(const $T *x, int64_t *y, int32_t rows, int32_t n) {
  for (int32_t r = 0; r < rows; ++r) {
    const $T *p = x + r * n;
    const $A best = $ROW(p, n);
    int32_t found = $FROM;
    for (int32_t i = $FROM; $WHILE; $STEP) {
      const $A v = LD(p[i]);
      if (v == best$NAN) {
        found = i;
        break;
      }
    }
    y[r] = found;
  }
}
"""

_COLUMNS = r"""
static void $name(const $T *x, int64_t *y, int32_t outer, int32_t n, int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; c += 32) {
    const int32_t m = inner - c < 32 ? inner - c : 32;
    const $T *p = x + o * n * inner + c;
    $A best[32];
    int32_t found[32];
    for (int32_t l = 0; l < m; ++l) {
      best[l] = LD(p[$FROM * inner + l]);
      found[l] = $FROM;
    }
    for (int32_t i = $FROM; $WHILE; $STEP) {
      for (int32_t l = 0; l < m; ++l) {
        const $A v = LD(p[i * inner + l]);
        const int better = $BETTER;
        best[l] = better ? v : best[l];
        found[l] = better ? i : found[l];
      }
    }
    for (int32_t l = 0; l < m; ++l) y[o * inner + c + l] = found[l];
  }
}
"""


@kernel("arg_reduce", "loops")
class ArgReduceLoops(Kernel):
    """Any axis and type."""

    def emit(self, call: Call) -> Emitted:
        x = call.input(0)
        axis, dtype, least = int(call.attrs["axis"]), x.type.dtype, call.attrs["kind"] == "min"
        last = bool(call.attrs.get("select_last_index", False))
        outer, n, inner = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
        marks = {"FROM": "(n - 1)" if last else "0", "WHILE": "i >= 0" if last else "i < n", "STEP": "--i" if last else "++i"}
        variant = f"{call.attrs['kind']}_{'last_' if last else ''}"
        if inner == 1:
            row = row_function(str(call.attrs["kind"]), dtype)
            marks |= {"ROW": row.name, "NAN": " || v != v" if dtype.is_float else ""}
            function = c_function(call, variant + "rows", _ROWS, {"": dtype}, marks, (row,))
            return Emitted(function, (In(0), Out(0), Int(outer), Int(n)), why="extreme first, then its place")
        nan = " || (v != v && best[l] == best[l])" if dtype.is_float else ""
        marks["BETTER"] = f"v {'<' if least else '>'} best[l]{nan}"
        function = c_function(call, variant + "columns", _COLUMNS, {"": dtype}, marks)
        return Emitted(function, (In(0), Out(0), Int(outer), Int(n), Int(inner)), why="columns side by side")
