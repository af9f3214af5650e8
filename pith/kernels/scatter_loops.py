"""scatter_elements, scatter_nd and tensor_scatter: a copy of the data, then the updates in order.

Negative indices count from the end; an update whose index lies outside the data is left out.
"""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.ctext import c_function, larger

_COPY = r"""  if (y != x) {
    for (int32_t i = 0; i < size; ++i) y[i] = x[i];
  }
"""

# t: rank; for each axis the extent of the indices and the stride of y
_ELEMENTS = (
    r"""
static void $name(const $T *x, const $Ti *index, const $T *updates, $T *y, const int32_t *t, int32_t size, int32_t count,
    int32_t axis, int32_t n) {
"""
    + _COPY
    + r"""  const int32_t rank = t[0];
  for (int32_t i = 0; i < count; ++i) {
    const int64_t given = (int64_t)index[i], where = given < 0 ? given + n : given;
    if (where < 0 || where >= n) continue;
    int32_t to = 0, rest = i;
    for (int32_t a = rank - 1; a >= 0; --a) {
      to += (a == axis ? (int32_t)where : rest % t[1 + 2 * a]) * t[2 + 2 * a];
      rest /= t[1 + 2 * a];
    }
    const $A u = LD(updates[i]);
    $COMBINE
  }
}
"""
)

# t: for each addressed axis its extent and stride
_ND = (
    r"""
static void $name(const $T *x, const $Ti *index, const $T *updates, $T *y, const int32_t *t, int32_t size, int32_t tuples,
    int32_t depth, int32_t run) {
"""
    + _COPY
    + r"""  for (int32_t i = 0; i < tuples; ++i) {
    int32_t begin = 0, inside = 1;
    for (int32_t d = 0; d < depth; ++d) {
      const int64_t given = (int64_t)index[i * depth + d], where = given < 0 ? given + t[2 * d] : given;
      if (where < 0 || where >= t[2 * d]) {
        inside = 0;
        break;
      }
      begin += (int32_t)where * t[2 * d + 1];
    }
    if (!inside) continue;
    for (int32_t k = 0; k < run; ++k) {
      const int32_t to = begin + k;
      const $A u = LD(updates[i * run + k]);
      $COMBINE
    }
  }
}
"""
)


def combine(reduction: str, dtype: DType) -> str:
    """C statement that puts update `u` at y[to]."""
    if reduction == "none":
        return "ST(y[to], u);"
    if reduction in ("max", "min"):
        return f"const $A old = LD(y[to]);\n    ST(y[to], {larger(dtype, 'old', 'u', least=reduction == 'min')});"
    sign = "+" if reduction == "add" else "*"
    if dtype.is_float:
        return f"ST(y[to], LD(y[to]) {sign} u);"
    if dtype is DType.BOOL:
        return f"ST(y[to], y[to] {'|' if reduction == 'add' else '&'} u);"
    return f"ST(y[to], (uint64_t)y[to] {sign} (uint64_t)u);"


class _Scatter(Kernel):
    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.contiguous


@kernel("scatter_elements", "loops")
class ScatterElements(_Scatter):
    """One element per index."""

    def emit(self, call: Call) -> Emitted:
        x, i = call.input(0), call.input(1)
        axis, reduction = int(call.attrs["axis"]), str(call.attrs.get("reduction", "none"))
        types = {"": x.type.dtype, "i": i.type.dtype}
        marks = {"COMBINE": combine(reduction, x.type.dtype)}
        function = c_function(call, f"{i.type.dtype.short}_{reduction}", _ELEMENTS, types, marks)
        table = [len(x.shape)] + [v for d, s in zip(i.shape, call.outputs[0].strides, strict=True) for v in (d, s)]
        numbers = (x.type.size, i.type.size, axis, x.shape[axis])
        args: tuple[Arg, ...] = (In(0), In(1), In(2), Out(0), Const(np.array(table, np.int32)), *map(Int, numbers))
        return Emitted(function, args, why="one element at a time")


@kernel("scatter_nd", "loops")
class ScatterND(_Scatter):
    """Slices at tuples of indices."""

    def emit(self, call: Call) -> Emitted:
        x, i = call.input(0), call.input(1)
        depth, reduction = i.shape[-1], str(call.attrs.get("reduction", "none"))
        types = {"": x.type.dtype, "i": i.type.dtype}
        marks = {"COMBINE": combine(reduction, x.type.dtype)}
        function = c_function(call, f"{i.type.dtype.short}_{reduction}", _ND, types, marks)
        table = [v for a in range(depth) for v in (x.shape[a], math.prod(x.shape[a + 1 :]))]
        numbers = (x.type.size, math.prod(i.shape[:-1]), depth, math.prod(x.shape[depth:]))
        args: tuple[Arg, ...] = (In(0), In(1), In(2), Out(0), Const(np.array(table or [0], np.int32)), *map(Int, numbers))
        return Emitted(function, args, why="slices written")
