"""gather, gather_elements and gather_nd. Negative indices count from the end; an index outside the axis is clamped to it."""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.ctext import c_function
from pith.vector.cfunction import CFunction


def index_function(dtype: DType) -> CFunction:
    """`int32_t pith_index_<type>(T index, int32_t n)`: the index counted from the front, clamped to 0..n-1."""
    name = f"pith_index_{dtype.short}"
    text = (
        f"static inline int32_t {name}({dtype.c} index, int32_t n) {{\n"
        f"  const int64_t i = (int64_t)index, from = i < 0 ? i + n : i;\n"
        f"  return from < 0 ? 0 : from >= n ? n - 1 : (int32_t)from;\n}}\n"
    )
    return CFunction(name, text, (), ("stdint.h",))




_GATHER = r"""
static void $name(const $T *restrict x, const $Ti *restrict index, $T *restrict y, int32_t outer, int32_t n, int32_t count,
    int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t i = 0; i < count; ++i) {
    const $T *p = x + (o * n + $INDEX(index[i], n)) * inner;
    for (int32_t k = 0; k < inner; ++k) *y++ = p[k];
  }
}
"""

# t: rank; for each axis the extent of the indices and the stride of x
_ELEMENTS = r"""
static void $name(const $T *restrict x, const $Ti *restrict index, $T *restrict y, const int32_t *restrict t, int32_t size,
    int32_t axis, int32_t n) {
  const int32_t rank = t[0];
  for (int32_t i = 0; i < size; ++i) {
    int32_t from = 0, rest = i;
    for (int32_t a = rank - 1; a >= 0; --a) {
      const int32_t at = a == axis ? $INDEX(index[i], n) : rest % t[1 + 2 * a];
      rest /= t[1 + 2 * a];
      from += at * t[2 + 2 * a];
    }
    y[i] = x[from];
  }
}
"""

# t: for each addressed axis its extent and stride
_ND = r"""
static void $name(const $T *restrict x, const $Ti *restrict index, $T *restrict y, const int32_t *restrict t, int32_t batch,
    int32_t tuples, int32_t depth, int32_t run, int32_t step) {
  for (int32_t b = 0; b < batch; ++b)
  for (int32_t i = 0; i < tuples; ++i) {
    const $T *p = x + b * step;
    for (int32_t d = 0; d < depth; ++d) p += $INDEX(*index++, t[2 * d]) * t[2 * d + 1];
    for (int32_t k = 0; k < run; ++k) *y++ = p[k];
  }
}
"""


@kernel("gather", "loops")
class Gather(Kernel):
    """Slices picked by index along one axis."""

    def emit(self, call: Call) -> Emitted:
        x, i = call.input(0), call.input(1)
        axis, f = int(call.attrs["axis"]), index_function(i.type.dtype)
        function = c_function(
            call, i.type.dtype.short, _GATHER, {"": x.type.dtype, "i": i.type.dtype}, {"INDEX": f.name}, (f,)
        )
        numbers = (math.prod(x.shape[:axis]), x.shape[axis], i.type.size, math.prod(x.shape[axis + 1 :]))
        return Emitted(function, (In(0), In(1), Out(0), *map(Int, numbers)), why="slices copied")


@kernel("gather_elements", "loops")
class GatherElements(Kernel):
    """One element per index."""

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.contiguous or (index == 0 and not output)

    def emit(self, call: Call) -> Emitted:
        x, i = call.input(0), call.input(1)
        axis, f = int(call.attrs["axis"]), index_function(i.type.dtype)
        function = c_function(
            call, i.type.dtype.short, _ELEMENTS, {"": x.type.dtype, "i": i.type.dtype}, {"INDEX": f.name}, (f,)
        )
        table = [len(x.shape)] + [v for d, s in zip(i.shape, x.strides, strict=True) for v in (d, s)]
        numbers = (i.type.size, axis, x.shape[axis])
        args: tuple[Arg, ...] = (In(0), In(1), Out(0), Const(np.array(table, np.int32)), *map(Int, numbers))
        return Emitted(function, args, why="one element at a time")


@kernel("gather_nd", "loops")
class GatherND(Kernel):
    """Slices picked by tuples of indices."""

    def emit(self, call: Call) -> Emitted:
        x, i = call.input(0), call.input(1)
        b, depth, f = int(call.attrs["batch_dims"]), i.shape[-1], index_function(i.type.dtype)
        function = c_function(
            call, i.type.dtype.short, _ND, {"": x.type.dtype, "i": i.type.dtype}, {"INDEX": f.name}, (f,)
        )
        table = [v for a in range(b, b + depth) for v in (x.shape[a], math.prod(x.shape[a + 1 :]))]
        batch = math.prod(x.shape[:b])
        numbers = (batch, math.prod(i.shape[b:-1]), depth, math.prod(x.shape[b + depth :]), math.prod(x.shape[b:]))
        args: tuple[Arg, ...] = (In(0), In(1), Out(0), Const(np.array(table or [0], np.int32)), *map(Int, numbers))
        return Emitted(function, args, why="slices copied")
