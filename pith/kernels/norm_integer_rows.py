"""softmax_integer and layer_norm_integer row by row, for every target: exact sums, then one factor a row in float32.

Loops are such that compilers make vectors of them. The bits are those of the references on every target: each step in float32 is
one rounding, in the order that the text has.
"""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import Call, Emitted, Float, In, Int, Kernel, Operand, Out, kernel, unit_range
from pith.kernels.ctext import c_function
from pith.kernels.fused_map import IVDEP

_SOFTMAX = """
static void $name(const $T *x, const int32_t *t, $Ty *y, int32_t n, int32_t px, int32_t py, float multiplier, int32_t zero,
    int32_t begin, int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    const $T *const p = x + (ptrdiff_t)r * px;
    $Ty *const q = y + (ptrdiff_t)r * py;
    int32_t top = p[0], sum = 0;
    for (int32_t i = 1; i < n; i++) top = p[i] > top ? p[i] : top;
    for (int32_t i = 0; i < n; i++) sum += t[top - p[i]];
    const float by = multiplier / (float)sum, high = (float)($HIGH - zero);
    PITH_IVDEP
    for (int32_t i = 0; i < n; i++) {
      const float v = FN(rint, f32)((float)t[top - p[i]] * by);
      q[i] = ($Ty)((int32_t)(v > high ? high : v) + zero);
    }
  }
}
"""

_LAYER = """
static void $name(const $T *x, const float *scale, const float *bias, $Ty *y, int32_t n, int32_t px, int32_t py, float epsilon,
    int32_t zero, int32_t begin, int32_t end) {
  const float low = (float)($LOW - zero), high = (float)($HIGH - zero);
  for (int32_t r = begin; r < end; r++) {
    const $T *const p = x + (ptrdiff_t)r * px;
    $Ty *const q = y + (ptrdiff_t)r * py;
    int32_t s = 0;
    $SQUARES squares = 0;
    for (int32_t i = 0; i < n; i++) s += p[i];
    for (int32_t i = 0; i < n; i++) squares += ($SQUARES)p[i] * p[i];
    const float by = 1.0f / FN(sqrt, f32)((float)((int64_t)n * squares - (int64_t)s * s) + epsilon);
    PITH_IVDEP
    for (int32_t i = 0; i < n; i++) {
      const float v = FN(rint, f32)((float)(n * p[i] - s) * by * scale[i] + bias[i]);
      q[i] = ($Ty)((int32_t)(!(v > low) ? (v != v ? 0.0f : low) : v > high ? high : v) + zero);
    }
  }
}
"""


def _marks(dtype: DType) -> dict[str, str]:
    info = np.iinfo(dtype.np)
    return {"LOW": f"({int(info.min)})", "HIGH": str(int(info.max))}


class _Rows(Kernel):
    """Rows with any pitch."""

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if output or index == 0 else operand.contiguous

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,) if call.input(0).type.dtype.itemsize == call.outputs[0].type.dtype.itemsize else ()


@kernel("softmax_integer", "rows")
class SoftmaxIntegerRows(_Rows):
    """The largest, the sum of exponentials from the table, one quotient, products."""

    def emit(self, call: Call) -> Emitted:
        x, y, at = call.input(0), call.outputs[0], call.attrs
        types = {"": x.type.dtype, "y": y.type.dtype}
        function = c_function(call, f"{y.type.dtype.short}_rows", _SOFTMAX, types, _marks(y.type.dtype), (IVDEP,))
        rows = math.prod(x.shape[:-1])
        numbers = (Int(x.shape[-1]), Int(x.pitch), Int(y.pitch), Float(at["multiplier"]), Int(at["zero"]))
        return Emitted(function, (In(0), In(1), Out(0), *numbers, *unit_range(rows)), why="exponentials from a table", units=rows)


@kernel("layer_norm_integer", "rows")
class LayerNormIntegerRows(_Rows):
    """Sum and sum of squares, one root, products."""

    def emit(self, call: Call) -> Emitted:
        x, y, at = call.input(0), call.outputs[0], call.attrs
        types = {"": x.type.dtype, "y": y.type.dtype}
        marks = {**_marks(y.type.dtype), "SQUARES": "int32_t" if x.type.dtype.itemsize == 1 else "int64_t"}
        function = c_function(call, f"{y.type.dtype.short}_rows", _LAYER, types, marks, (IVDEP,))
        rows = math.prod(x.shape[:-1])
        numbers = (Int(x.shape[-1]), Int(x.pitch), Int(y.pitch), Float(at["epsilon"]), Int(at["zero"]))
        return Emitted(function, (In(0), In(1), In(2), Out(0), *numbers, *unit_range(rows)), why="exact sums", units=rows)
