"""C helpers that reduce one row of elements; the accumulators of all reductions.

Floats are summed in LANES interleaved partial sums over blocks of BLOCK elements, and the blocks are added with a
carried correction, so the error of a sum is at most (BLOCK / LANES + 6) * eps times the sum of the magnitudes, whatever
the length and whatever the compiler does. Integer sums wrap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pith.graph import DType
from pith.kernels.ctext import highest, larger, lowest
from pith.vector.cexpr import load
from pith.vector.cfunction import CFunction
from pith.vector.math import MATH

LANES = 16
BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Accumulator:
    """How one kind of reduction accumulates: C type, start value, and texts over `a` (accumulator), `v` (element).

    `compensated`: a float sum, whose blocks are added with correction.
    """

    c: str
    start: str
    step: str
    merge: str  # over `a` and `b`
    compensated: bool


def accumulator(kind: str, dtype: DType) -> Accumulator:
    """The accumulator of reduction `kind` for elements of `dtype`.

    Kinds: sum, sum_square, l1, prod, max, min (what `reduce` needs beyond these is a last step on one of them), and
    deviation: sum of (v - center)^2.
    """
    a = dtype.compute
    if kind in ("max", "min"):
        least = kind == "min"
        start = highest(dtype) if least else lowest(dtype)
        return Accumulator(a.c, start, larger(a, "a", "v", least=least), larger(a, "a", "b", least=least), False)
    if a.is_float:
        if kind == "prod":
            return Accumulator(a.c, "1", "a * v", "a * b", False)
        step = {
            "sum": "a + v", "sum_square": "a + v * v", "l1": "a + (v < 0 ? -v : v)",
            "deviation": "a + (v - center) * (v - center)",
        }[kind]  # fmt: skip
        return Accumulator(a.c, "0", step, "a + b", True)
    if kind == "prod":
        return Accumulator("uint64_t", "1", "a * (uint64_t)v", "a * b", False)
    magnitude = "(v < 0 ? 0u - (uint64_t)v : (uint64_t)v)" if a.is_signed else "(uint64_t)v"
    step = {"sum": "a + (uint64_t)v", "sum_square": "a + (uint64_t)v * (uint64_t)v", "l1": f"a + {magnitude}"}[kind]
    return Accumulator("uint64_t", "0", step, "a + b", False)


def fill(text: str, a: str, v: str = "", b: str = "") -> str:
    """An accumulator text with its variables replaced by C expressions."""
    names = {"a": a, "v": v, "b": b}
    return re.sub(r"\b[avb]\b", lambda m: names[m[0]], text)


def fold(acc: Accumulator, total: str, carry: str, block: str) -> str:
    """C statements that add the result of a block to a running total."""
    if not acc.compensated:
        return f"{total} = {fill(acc.merge, total, b=block)};"
    return (
        f"const {acc.c} next = {total} + {block}, part = next - {total};\n"
        f"    {carry} += ({total} - (next - part)) + ({block} - part);\n    {total} = next;"
    )


def row_function(kind: str, dtype: DType) -> CFunction:
    """`A pith_row_<kind>_<type>(const T *x, int32_t n[, A center])`: one reduced row of adjacent elements."""
    acc = accumulator(kind, dtype)
    element, needs = load(dtype, "x[i + l]")
    name = f"pith_row_{kind}_{dtype.short}"
    center = f", {acc.c} center" if kind == "deviation" else ""
    step = fill(acc.step, "acc[l]", "v")
    result = "carry == carry ? total + carry : total" if acc.compensated else "total"
    carry = ", carry = 0" if acc.compensated else ""
    text = f"""\
static {acc.c} {name}(const {dtype.c} *restrict x, int32_t n{center}) {{
  {acc.c} total = {acc.start}{carry};
  for (int32_t i = 0; i < n;) {{
    const int32_t end = n - i > {BLOCK} ? i + {BLOCK} : n;
    {acc.c} acc[{LANES}];
    for (int32_t l = 0; l < {LANES}; ++l) acc[l] = {acc.start};
    for (; i + {LANES} <= end; i += {LANES}) {{
      for (int32_t l = 0; l < {LANES}; ++l) {{
        const {dtype.compute.c} v = {element};
        acc[l] = {step};
      }}
    }}
    for (int32_t l = 0; l < end - i; ++l) {{
      const {dtype.compute.c} v = {element};
      acc[l] = {step};
    }}
    i = end;
    for (int32_t half = {LANES // 2}; half > 0; half /= 2) {{
      for (int32_t l = 0; l < half; ++l) acc[l] = {fill(acc.merge, "acc[l]", b="acc[l + half]")};
    }}
    {fold(acc, "total", "carry", "acc[0]")}
  }}
  return {result};
}}
"""
    return CFunction(name, text, needs, ("stdint.h",))


def finish(kind: str, dtype: DType, value: str, count: str) -> tuple[str, tuple[CFunction, ...]]:
    """C expression of the result of reduction `kind` from its accumulator `value`, in the compute type."""
    a = dtype.compute
    if kind == "mean":
        if a.is_float:
            return f"{value} / ({a.c}){count}", ()
        whole = "int64_t" if a.is_signed else "uint64_t"
        return f"({count} != 0 ? ({a.c})(({whole}){value} / ({whole}){count}) : 0)", ()
    if kind in ("l2", "log_sum"):
        f = MATH[("sqrt" if kind == "l2" else "log", a.short)]
        return f"{f.name}({value})", (f,)
    return (value if a.is_float or kind in ("max", "min") else f"({a.c}){value}"), ()


BASE = {"mean": "sum", "l2": "sum_square", "log_sum": "sum"}
