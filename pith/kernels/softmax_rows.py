"""softmax and log_softmax: rows of adjacent elements, or the axis with columns side by side.

float32 relative error of softmax: at most (n / 256 + 24) * 2^-24 beyond that of exp. float16 and narrower types take the
exponential twice instead of rounding it between.
"""

from __future__ import annotations

import math

from pith.graph import SMALL_FLOATS
from pith.kernels.base import Arg, Call, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.ctext import c_function, larger
from pith.kernels.rows import row_function

COLUMNS = 32
BLOCK = 256  # exponentials held on the stack

_ROWS = r"""
static void $name(const $T *x, $T *y, int32_t rows, int32_t n, int32_t xp, int32_t yp) {
  for (int32_t r = 0; r < rows; ++r) {
    const $T *p = x + r * xp;
    $T *q = y + r * yp;
    const $A top = $MAX(p, n);
    $A total = 0;
    for (int32_t i = 0; i < n; i += $BLOCK) {
      const int32_t m = n - i > $BLOCK ? $BLOCK : n - i;
      $A e[$BLOCK];
      for (int32_t l = 0; l < m; ++l) e[l] = LD(p[i + l]) - top;
      const int32_t whole = (m + 15) & ~15;
      for (int32_t l = m; l < whole; ++l) e[l] = 0;
      for (int32_t l = 0; l < whole; ++l) e[l] = FN(exp, $S)(e[l]);$KEEP
      total += $SUM(e, m);
    }
    const $A last = $LAST(total);
    for (int32_t k = 0; k < n; ++k) {
      ST(q[k], $RESULT);
    }
  }
}
"""

_COLUMNS = r"""
static void $name(const $T *x, $T *y, int32_t outer, int32_t n, int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; c += $COLUMNS) {
    const int32_t m = inner - c < $COLUMNS ? inner - c : $COLUMNS;
    const $T *p = x + o * n * inner + c;
    $T *q = y + o * n * inner + c;
    $A top[$COLUMNS], last[$COLUMNS];
    for (int32_t l = 0; l < m; ++l) {
      top[l] = LD(p[l]);
      last[l] = 0;
    }
    for (int32_t k = 1; k < n; ++k) {
      for (int32_t l = 0; l < m; ++l) {
        const $A v = LD(p[k * inner + l]);
        top[l] = $LARGER;
      }
    }
    for (int32_t k = 0; k < n; ++k) {
      for (int32_t l = 0; l < m; ++l) last[l] += FN(exp, $S)(LD(p[k * inner + l]) - top[l]);
    }
    for (int32_t l = 0; l < m; ++l) last[l] = $LAST(last[l]);
    for (int32_t k = 0; k < n; ++k) {
      for (int32_t l = 0; l < m; ++l) {
        ST(q[k * inner + l], $RESULT);
      }
    }
  }
}
"""


@kernel("log_softmax", "rows")
@kernel("softmax", "rows")
class SoftmaxRows(Kernel):
    """Any axis; the last one with any row pitch."""

    def applies(self, call: Call) -> bool:
        return call.input(0).type.dtype.is_float

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if call.attrs["axis"] == len(operand.shape) - 1 else operand.contiguous

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)

    def emit(self, call: Call) -> Emitted:
        x, y = call.input(0), call.outputs[0]
        shape, axis, dtype = x.shape, int(call.attrs["axis"]), x.type.dtype
        log = call.op == "log_softmax"
        marks = {"S": dtype.compute.short, "LAST": f"FN(log, {dtype.compute.short})" if log else "1 / "}
        if axis < len(shape) - 1 and math.prod(shape[axis + 1 :]) > 1:
            value = "LD(p[k * inner + l]) - top[l]"
            marks["RESULT"] = f"{value} - last[l]" if log else f"FN(exp, {marks['S']})({value}) * last[l]"
            marks |= {"LARGER": larger(dtype, "top[l]", "v"), "COLUMNS": str(COLUMNS)}
            function = c_function(call, "columns", _COLUMNS, {"": dtype}, marks)
            numbers = (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))
            return Emitted(function, (In(0), Out(0), *map(Int, numbers)), why="columns side by side")
        top = row_function("max", dtype)
        twice = log or dtype in SMALL_FLOATS
        total = row_function("sum", dtype.compute)
        keep = "\n      for (int32_t l = 0; l < m; ++l) q[i + l] = e[l];"
        marks |= {"MAX": top.name, "SUM": total.name, "BLOCK": str(BLOCK), "KEEP": "" if twice else keep}
        if log:
            marks["RESULT"] = "LD(p[k]) - top - last"
        else:
            marks["RESULT"] = f"FN(exp, {marks['S']})(LD(p[k]) - top) * last" if twice else "LD(q[k]) * last"
        function = c_function(call, "rows", _ROWS, {"": dtype}, marks, (top, total))
        rows = math.prod(shape[:axis])
        pitches = (x.pitch, y.pitch) if axis == len(shape) - 1 else (shape[axis], shape[axis])
        args: tuple[Arg, ...] = (In(0), Out(0), Int(rows), Int(shape[axis]), Int(pitches[0]), Int(pitches[1]))
        return Emitted(function, args, why="adjacent elements, three passes")
