"""resize: two neighbouring axes at once over runs of adjacent elements (nearest, linear), or one axis after another.

Index and weight tables are made at compile time. float32 error of one pass: at most (taps + 1) * 2^-24 of the largest
|weight * element| sum.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import (
    Arg,
    Call,
    Const,
    Emitted,
    Float,
    In,
    Int,
    Kernel,
    Operand,
    Out,
    Scratch,
    kernel,
    unit_range,
)
from pith.kernels.ctext import c_function
from pith.ops.resize_tables import AxisTable, resized_axes
from pith.vector.cexpr import literal
from pith.vector.cfunction import CFunction

_NEAREST = r"""
static void $name(const $T *restrict x, $T *restrict y, const int32_t *restrict rows, const int32_t *restrict columns,
    int32_t oh, int32_t ow, int32_t run, int32_t xo, int32_t xh, int32_t xw, int32_t yo, int32_t yh, int32_t yw,
    int32_t begin, int32_t end) {
  for (int32_t r = begin; r < end; ++r)
  for (int32_t j = 0; j < ow; ++j) {
    const int32_t o = r / oh, i = r % oh;
    const $T *p = x + o * xo + rows[i] * xh + columns[j] * xw;
    $T *q = y + o * yo + i * yh + j * yw;
    for (int32_t c = 0; c < run; ++c) q[c] = p[c];
  }
}
"""

_LINEAR = r"""
static void $name(const $T *restrict x, $T *restrict y, const int32_t *restrict rows, const int32_t *restrict columns,
    const $A *restrict down, const $A *restrict across, int32_t oh, int32_t ow, int32_t run, int32_t xo,
    int32_t xh, int32_t xw, int32_t yo, int32_t yh, int32_t yw, int32_t begin, int32_t end) {
  for (int32_t n = begin; n < end; ++n) {
    const int32_t o = n / oh, i = n % oh;
    const $T *top = x + o * xo + rows[2 * i] * xh, *bottom = x + o * xo + rows[2 * i + 1] * xh;
    const $A u0 = down[2 * i], u1 = down[2 * i + 1];
    for (int32_t j = 0; j < ow; ++j) {
      const $A v0 = across[2 * j], v1 = across[2 * j + 1];
      const $A a = u0 * v0, b = u0 * v1, c = u1 * v0, d = u1 * v1;
      const $T *p = top + columns[2 * j] * xw, *q = top + columns[2 * j + 1] * xw;
      const $T *r = bottom + columns[2 * j] * xw, *s = bottom + columns[2 * j + 1] * xw;
      $T *to = y + o * yo + i * yh + j * yw;
      for (int32_t k = 0; k < run; ++k) {
        ST(to[k], (LD(p[k]) * a + LD(q[k]) * b) + (LD(r[k]) * c + LD(s[k]) * d));
      }
    }
  }
}
"""

# one axis: x is [outer, n, inner], y is [outer, out, inner]; an index of -1 stands for an element outside
_AXIS = r"""
static void $name(const $Ti *restrict x, $To *restrict y, const int32_t *restrict index$PARAMS, int32_t outer, int32_t n,
    int32_t out, int32_t taps, int32_t inner, float value) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t i = 0; i < out; ++i) {
    const $Ti *p = x + o * n * inner;
    $To *q = y + (o * out + i) * inner;
    const int32_t *at = index + i * taps;
    if (at[0] < 0) {
      for (int32_t k = 0; k < inner; ++k) {
        STo(q[k], $VALUE);
      }
      continue;
    }
$BODY
  }
}
"""
_AXIS_NEAREST = "    for (int32_t k = 0; k < inner; ++k) q[k] = p[at[0] * inner + k];"
_AXIS_WEIGHTED = r"""    const $W *w = weights + i * taps;
    for (int32_t k = 0; k < inner; ++k) {
      $W sum = w[0] * ($W)LDi(p[at[0] * inner + k]);
      for (int32_t t = 1; t < taps; ++t) sum += w[t] * ($W)LDi(p[at[t] * inner + k]);
      STo(q[k], $RESULT);
    }"""


def _int32(index: np.ndarray) -> Const:
    return Const(np.ascontiguousarray(index.astype(np.int32)))


def _identity(axis: int, n: int, taps: int) -> AxisTable:
    """The table of an axis that does not change."""
    index = np.repeat(np.arange(n)[:, None], taps, axis=1)
    return AxisTable(axis, index, np.eye(1, taps).repeat(n, axis=0), np.zeros(n, bool))


def _planes(call: Call) -> tuple[AxisTable, AxisTable] | None:
    """Tables of the two neighbouring axes that a plane kernel resizes, None when it does not apply."""
    x = call.input(0)
    tables = resized_axes(x.shape, call.attrs)
    if not tables or len(tables) > 2 or any(t.outside.any() for t in tables) or tables[0].taps > 2:
        return None
    if len(tables) == 2 and (tables[1].axis != tables[0].axis + 1 or tables[0].taps != tables[1].taps):
        return None
    if len(tables) == 2:
        return tables[0], tables[1]
    if tables[0].axis == 0:
        return None
    return _identity(tables[0].axis - 1, x.shape[tables[0].axis - 1], tables[0].taps), tables[0]


@kernel("resize", "planes")
class ResizePlanes(Kernel):
    """Nearest and linear over two neighbouring axes, other axes of any regular stride."""

    def applies(self, call: Call) -> bool:
        dtype = call.input(0).type.dtype
        return _planes(call) is not None and (dtype.is_float or call.attrs["mode"] == "nearest")

    def cost(self, call: Call) -> float:
        return float(call.outputs[0].type.size)

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        planes = _planes(call)
        if planes is None:
            return False
        a = planes[0].axis
        return _merged(operand, 0, a) is not None and _merged(operand, a + 2, len(operand.shape)) in (0, 1)

    def emit(self, call: Call) -> Emitted:
        x, y = call.input(0), call.outputs[0]
        planes = _planes(call)
        assert planes is not None
        rows, columns = planes
        a, dtype = rows.axis, x.type.dtype
        tables: list[Arg] = [_int32(rows.index), _int32(columns.index)]
        if rows.taps == 2:
            tables += [Const(t.weights.astype(dtype.compute.np)) for t in (rows, columns)]
        text = _LINEAR if rows.taps == 2 else _NEAREST
        function = c_function(call, "linear_planes" if rows.taps == 2 else "nearest_planes", text, {"": dtype})
        numbers = [y.shape[a], y.shape[a + 1], math.prod(x.shape[a + 2 :])]
        for operand in (x, y):
            numbers += [_merged(operand, 0, a) or 0, operand.strides[a], operand.strides[a + 1]]
        units = math.prod(y.shape[: a + 1])
        args = (In(0), Out(0), *tables, *map(Int, numbers), *unit_range(units))
        return Emitted(function, args, why="two axes at once", units=units)


def _merged(operand: Operand, first: int, last: int) -> int | None:
    """Stride of axes first..last taken as one (0 when they hold one element), None when they are not regular."""
    axes = [(d, s) for d, s in zip(operand.shape[first:last], operand.strides[first:last], strict=True) if d != 1]
    if any(p[1] != q[0] * q[1] for p, q in itertools.pairwise(axes)):
        return None
    return axes[-1][1] if axes else 0


@kernel("resize", "axes")
class ResizeAxes(Kernel):
    """Any mode: one axis after another, through scratch memory in the type of arithmetic."""

    def cost(self, call: Call) -> float:
        return 4.0 * call.outputs[0].type.size * sum(t.taps for t in resized_axes(call.input(0).shape, call.attrs)) + 1

    def emit(self, call: Call) -> Emitted:
        x, dtype = call.input(0), call.input(0).type.dtype
        nearest = call.attrs["mode"] == "nearest"
        # integers are interpolated exactly as the reference does it, in float64
        work = dtype.compute if dtype.is_float else DType.F64
        between = dtype if nearest else work
        tables = resized_axes(x.shape, call.attrs) or [_identity(0, x.shape[0] if x.shape else 1, 1)]
        if dtype.is_float or nearest:  # the axis that shrinks most goes first
            tables.sort(key=lambda t: (len(t.index) / x.shape[t.axis] if x.shape else 1, t.axis))
        shape, sizes = list(x.shape) or [1], [0, 0]
        calls: list[tuple[CFunction, int, bool, list[str], tuple[int, ...]]] = []
        args: list[Arg] = []
        functions: list[CFunction] = []
        for step, t in enumerate(tables):
            last = step == len(tables) - 1
            source, target = dtype if step == 0 else between, dtype if last else between
            function = self.pass_function(call, nearest, source, target, work)
            functions.append(function)
            n, shape[t.axis] = shape[t.axis], len(t.index)
            numbers = (math.prod(shape[: t.axis]), n, len(t.index), t.taps, math.prod(shape[t.axis + 1 :]))
            names = [f"t{step}"] + ([] if nearest else [f"w{step}"])
            args += [_int32(np.where(t.outside[:, None], -1, t.index))]
            args += [] if nearest else [Const(t.weights.astype(work.np))]
            if not last:
                sizes[step % 2] = max(sizes[step % 2], math.prod(shape) * target.itemsize)
            calls.append((function, step, last, names, numbers))
        return self.chain(call, calls, args, functions, [-(-s // 64) * 64 for s in sizes], work, between)

    def pass_function(self, call: Call, nearest: bool, source: DType, target: DType, work: DType) -> CFunction:
        """The function of one pass."""
        value, result = f"({target.compute.c})value", "sum"
        if not target.is_float:
            # a result outside the type's range is clamped; within it truncation is exact
            low, high = (float(v) for v in (np.iinfo(target.np).min, np.iinfo(target.np).max))
            top = float(np.nextafter(high, 0)) if target.itemsize == 8 else high
            bounds = literal(low, work), literal(top, work)
            result = f"sum > {bounds[0]} ? (sum < {bounds[1]} ? sum : {bounds[1]}) : {bounds[0]}"
            value = f"({target.c})value"
        marks = {
            "BODY": _AXIS_NEAREST if nearest else _AXIS_WEIGHTED, "W": work.c, "VALUE": value, "RESULT": result,
            "PARAMS": "" if nearest else f", const {work.c} *restrict weights",
        }  # fmt: skip
        types = {"": call.input(0).type.dtype, "i": source, "o": target}
        return c_function(call, f"{'nearest' if nearest else 'weighted'}_{source.short}_{target.short}", _AXIS, types, marks)

    def chain(
        self, call: Call, calls: list[tuple[CFunction, int, bool, list[str], tuple[int, ...]]], tables: list[Arg],
        functions: list[CFunction], sizes: list[int], work: DType, between: DType,
    ) -> Emitted:  # fmt: skip
        """One function that runs the passes in order, through two halves of the scratch memory."""
        value = Float(float(call.attrs.get("extrapolation_value") or 0.0))
        if len(calls) == 1:
            return Emitted(functions[0], (In(0), Out(0), *tables, *map(Int, calls[0][4]), value), why="one axis")
        pointers: list[str] = []
        body: list[str] = []
        sizes_c: list[str] = []
        for function, step, last, names, given in calls:
            source = "x" if step == 0 else f"half{(step - 1) % 2}"
            target = "y" if last else f"half{step % 2}"
            own = [f"n{step}_{i}" for i in range(len(given))]
            body.append(f"  {function.name}({', '.join([source, target, *names, *own, 'value'])});")
            pointers += [f"const int32_t *{names[0]}"] + [f"const {work.c} *{n}" for n in names[1:]]
            sizes_c += [f"int32_t {n}" for n in own]
        numbers = [Int(v) for entry in calls for v in entry[4]]
        c = between.c
        text = (
            f"static void $name(const $T *x, $T *y, {c} *half0, int32_t offset, {', '.join(pointers)},\n    "
            f"{', '.join(sizes_c)}, float value) {{\n  {c} *half1 = half0 + offset;\n" + "\n".join(body) + "\n  (void)half1;\n}\n"
        )
        kinds = "_".join(f.name.split("_", 3)[-1] for f in functions)
        function = c_function(call, f"chain{len(calls)}_{kinds}", text, {"": call.input(0).type.dtype}, requires=tuple(functions))
        offset = Int(sizes[0] // between.itemsize)
        everything: tuple[Arg, ...] = (In(0), Out(0), Scratch(), offset, *tables, *numbers, value)
        return Emitted(function, everything, scratch=sum(sizes), why=f"{len(calls)} axes one after another")

