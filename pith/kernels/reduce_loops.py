"""reduce over any axes, types and strides: rows of adjacent elements, columns (the kept axis adjacent), or a table of strides.

Float sums: error at most 300 * eps times the sum of magnitudes, see `rows`. Exponentials of log_sum_exp are taken of
non-positive numbers.
"""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Count, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.ctext import c_function
from pith.kernels.rows import BASE, accumulator, fill, finish, fold, row_function
from pith.vector.cexpr import literal
from pith.vector.cfunction import CFunction

COLUMNS = 64  # columns reduced together
SHARE = 16  # columns that threads do not divide: of 32-bit numbers, those of a cache line
DEPTH = 256  # rows between corrections of a column sum

Axis = tuple[str, int, int, int]  # "K" kept or "R" reduced, extent, stride in x, stride in y


def collapsed(x: Operand, y: Operand, axes: tuple[int, ...], keepdims: bool) -> list[Axis]:
    """Axes of the reduction, outermost first, without extents of 1 and with regular neighbours of one class merged."""
    out = iter(y.strides) if not keepdims else None
    merged: list[Axis] = []
    for a, (extent, xs) in enumerate(zip(x.shape, x.strides, strict=True)):
        reduced = a in axes
        ys = 0 if reduced else y.strides[a] if out is None else next(out)
        if extent == 1:
            continue
        if merged:
            kind, before, bx, by = merged[-1]
            if kind == "KR"[reduced] and bx == extent * xs and (reduced or by == extent * ys):
                merged[-1] = (kind, before * extent, xs, ys)
                continue
        merged.append(("KR"[reduced], extent, xs, ys))
    return merged


_ROWS = r"""
static void $name(const $T *x, $T *y, int32_t rows, int32_t n, int32_t pitch, int32_t ys) {
  for (int32_t r = 0; r < rows; ++r) {
    const $ACC total = $ROW(x + r * pitch, n);
    ST(y[r * ys], $FINISH);
  }
}
"""

_COLUMNS = r"""
static void $name(const $T *restrict x, $T *restrict y, int32_t outer, int32_t n, int32_t columns, int32_t xo, int32_t xs,
    int32_t yo) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < columns; c += $COLUMNS) {
    const int32_t m = columns - c < $COLUMNS ? columns - c : $COLUMNS;
    $ACC total[$COLUMNS]$CARRY;
    for (int32_t l = 0; l < m; ++l) $RESET
    for (int32_t i = 0; i < n; i += $DEPTH) {
      const int32_t end = n - i > $DEPTH ? i + $DEPTH : n;
      $ACC acc[$COLUMNS];
      for (int32_t l = 0; l < m; ++l) acc[l] = $START;
      int32_t r = i;
      for (; r + 4 <= end; r += 4) {
        const $T *p = x + o * xo + r * xs + c, *p1 = p + xs, *p2 = p1 + xs, *p3 = p2 + xs;
        for (int32_t l = 0; l < m; ++l) {
          const $A v = LD(p[l]), v1 = LD(p1[l]), v2 = LD(p2[l]), v3 = LD(p3[l]);
          $ACC s = acc[l];
          s = $STEP0;
          s = $STEP1;
          s = $STEP2;
          acc[l] = $STEP3;
        }
      }
      for (; r < end; ++r) {
        const $T *p = x + o * xo + (ptrdiff_t)r * xs + c; /* wide: gcc cannot see that r stays small */
        for (int32_t l = 0; l < m; ++l) {
          const $A v = LD(p[l]);
          acc[l] = $STEP;
        }
      }
      for (int32_t l = 0; l < m; ++l) {
    $FOLD
      }
    }
    for (int32_t l = 0; l < m; ++l) {
      const $ACC result = $RESULT;
      ST(y[o * yo + c + l], $FINISH);
    }
  }
}
"""

# t: numbers of kept and reduced axes, then extent, x stride, y stride of each, kept ones first
_TABLE = r"""
static void $name(const $T *restrict x, $T *restrict y, const int32_t *restrict t, int32_t outputs, int32_t n) {
  const int32_t kept = t[0], all = t[0] + t[1];
  const int32_t *axis = t + 2;
  const int32_t run = all > kept ? axis[3 * (all - 1)] : 1, step = all > kept ? axis[3 * (all - 1) + 1] : 0;
  for (int32_t o = 0; o < outputs; ++o) {
    int32_t from = 0, to = 0, rest = o;
    for (int32_t a = kept - 1; a >= 0; --a) {
      const int32_t at = rest % axis[3 * a];
      rest /= axis[3 * a];
      from += at * axis[3 * a + 1];
      to += at * axis[3 * a + 2];
    }
$BODY
  }
}
"""
_VISIT = r"""    for (int32_t i = 0; i < n; i += run) {
      int32_t begin = from, left = i / run;
      for (int32_t a = all - 2; a >= kept; --a) {
        begin += left % axis[3 * a] * axis[3 * a + 1];
        left /= axis[3 * a];
      }
      for (int32_t k = 0; k < run; k += $DEPTH) {
        const int32_t end = run - k > $DEPTH ? k + $DEPTH : run;
        $ACC acc = $START;
        for (int32_t j = k; j < end; ++j) {
          const $V v = ($V)LD(x[begin + j * step]);
          acc = $STEP;
        }
    $FOLD
      }
    }
"""


def log_sum_exp_body(v: str, s: str, result: str) -> str:
    """Body of the table loop for log(sum(exp(x))): the maximum first, then the sum of exp(x - maximum)."""
    top = _VISIT.replace("$ACC", "$V").replace("$START", literal(-math.inf, DType(v)))
    top = top.replace("$STEP", "v > acc || v != v ? v : acc").replace("$FOLD", "    if (acc > top || acc != acc) top = acc;")
    total = _VISIT.replace("$ACC", "$V").replace("$START", "0").replace("$STEP", f"acc + FN(exp, {s})(v - center)")
    total = total.replace("$FOLD", "    total += acc;")
    big = literal(float(np.finfo(DType(v).np).max), DType(v))
    return (
        f"    $V top = {literal(-math.inf, DType(v))}, total = 0;\n{top}"
        f"    const $V center = top >= -{big} && top <= {big} ? top : 0;\n{total}"
        f"    const $V result = FN(log, {s})(total) + center;\n    ST(y[to], {result});"
    )


@kernel("reduce", "loops")
class ReduceLoops(Kernel):
    """Every kind, axis, type and layout."""

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return True

    def emit(self, call: Call) -> Emitted:
        x, y = call.input(0), call.outputs[0]
        axes = collapsed(x, y, tuple(call.attrs["axes"]), bool(call.attrs["keepdims"]))
        kind, dtype = str(call.attrs["kind"]), x.type.dtype
        pattern = "".join(a[0] for a in axes)
        floating = dtype.is_float or kind not in ("l2", "log_sum", "log_sum_exp")
        if x.type.size and floating and kind != "log_sum_exp":
            if pattern in ("R", "KR") and axes[-1][2] == 1:
                return self.rows(call, kind, axes)
            if pattern in ("RK", "KRK") and axes[-1][2:] == (1, 1):
                return self.columns(call, kind, axes)
        return self.table(call, kind, axes)

    def rows(self, call: Call, kind: str, axes: list[Axis]) -> Emitted:
        """Adjacent elements reduced to one."""
        dtype = call.input(0).type.dtype
        row = row_function(BASE.get(kind, kind), dtype)
        result, needs = finish(kind, dtype, "total", "n")
        marks = {"ACC": accumulator(BASE.get(kind, kind), dtype).c, "ROW": row.name, "FINISH": result}
        function = c_function(call, f"{kind}_rows", _ROWS, {"": dtype}, marks, (row, *needs))
        rows, pitch, ys = axes[0][1:] if len(axes) == 2 else (1, 0, 0)
        args = (In(0, pitch), Out(0, ys), Count(1, rows), Int(axes[-1][1]), Int(pitch), Int(ys))
        return Emitted(function, args, why="adjacent elements reduced", units=rows)

    def columns(self, call: Call, kind: str, axes: list[Axis]) -> Emitted:
        """Rows added together, COLUMNS columns at a time."""
        dtype = call.input(0).type.dtype
        acc = accumulator(BASE.get(kind, kind), dtype)
        result, needs = finish(kind, dtype, "result", "n")
        both = acc.compensated
        marks = {
            "CARRY": f", carry[{COLUMNS}]" if both else "",
            "RESET": "total[l] = carry[l] = 0;" if both else f"total[l] = {acc.start};",
            "START": acc.start,
            "FOLD": "    " + fold(acc, "total[l]", "carry[l]", "acc[l]").replace("\n", "\n    "),
            "RESULT": "carry[l] == carry[l] ? total[l] + carry[l] : total[l]" if both else "total[l]",
            "FINISH": result, "COLUMNS": str(COLUMNS), "DEPTH": str(DEPTH),
            "STEP0": fill(acc.step, "s", "v"), "STEP1": fill(acc.step, "s", "v1"), "STEP2": fill(acc.step, "s", "v2"),
            "STEP3": fill(acc.step, "s", "v3"), "STEP": fill(acc.step, "acc[l]", "v"), "ACC": acc.c,
        }  # fmt: skip
        function = c_function(call, f"{kind}_columns", _COLUMNS, {"": dtype}, marks, needs)
        outer = axes[0] if len(axes) == 3 else ("K", 1, 0, 0)
        middle, inner = axes[-2], axes[-1]
        strides = tuple(map(Int, (outer[2], middle[2], outer[3])))
        why = "rows added together, columns side by side"
        if outer[1] > 1:
            args: tuple[Arg, ...] = (In(0, outer[2]), Out(0, outer[3]), Count(1, outer[1]), Int(middle[1]), Int(inner[1]), *strides)
            return Emitted(function, args, why=why, units=outer[1])
        args = (In(0, SHARE), Out(0, SHARE), Int(1), Int(middle[1]), Count(SHARE, inner[1]), *strides)
        return Emitted(function, args, why=why, units=max(1, -(-inner[1] // SHARE)))

    def table(self, call: Call, kind: str, axes: list[Axis]) -> Emitted:
        """One output at a time, addresses from a table."""
        x = call.input(0)
        dtype = x.type.dtype
        # integer norms and logarithms are computed in double and converted at the end
        real = dtype.compute if dtype.is_float else DType.F64
        double = not dtype.is_float and kind in ("l2", "log_sum", "log_sum_exp")
        work = real if double or dtype.is_float else dtype.compute
        back = (lambda t: f"FN(f64_to_{dtype.short}, )({t})") if double else (lambda t: t)
        needs: tuple[CFunction, ...] = ()
        if kind == "log_sum_exp":
            body = log_sum_exp_body(work.value, work.short, back("result"))
        else:
            acc = accumulator(BASE.get(kind, kind), work)
            value, needs = finish(kind, work, "result", "n")
            start = f"    {acc.c} total = {acc.start}{', carry = 0' if acc.compensated else ''};\n"
            visit = _VISIT.replace("$ACC", acc.c).replace("$START", acc.start).replace("$STEP", fill(acc.step, "acc", "v"))
            visit = visit.replace("$FOLD", "    " + fold(acc, "total", "carry", "acc").replace("\n", "\n    "))
            total = "carry == carry ? total + carry : total" if acc.compensated else "total"
            body = f"{start}{visit}    const {acc.c} result = {total};\n    ST(y[to], {back(value)});"
        marks = {"BODY": body, "DEPTH": str(DEPTH), "V": work.c}
        function = c_function(call, f"{kind}_table", _TABLE, {"": dtype}, marks, needs)
        kept, reduced = [a for a in axes if a[0] == "K"], [a for a in axes if a[0] == "R"]
        table = [len(kept), len(reduced)] + [v for a in kept + reduced for v in a[1:]]
        outputs, n = (math.prod(a[1] for a in group) for group in (kept, reduced))
        if not n:
            table[1] = 0  # no elements: the loop body never runs, and run must not be 0
        args = (In(0), Out(0), Const(np.array(table, np.int32)), Int(outputs), Int(n))
        return Emitted(function, args, why="axes in an irregular order")
