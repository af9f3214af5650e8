"""Math functions of the generated C: hand-written, without libc, the same bits from every compiler.

`MATH` maps (function, "f32" | "f64") and (conversion, "") to a `CFunction`; the C name is `pith_<function>_<type>` or
`pith_<conversion>`. The functions use only +, -, *, /, comparisons and integer operations, each rounded to its type,
so the results are the same bits wherever arithmetic is IEEE 754 and contraction is off (`-ffp-contract=off`); NaN is
a NaN of unspecified sign and payload. Subnormal numbers must not be flushed.

`ULP_BOUND` is the largest error of each function in units in the last place of the exact result. f32: measured over all
2^32 inputs (functions of one argument); f64 and functions of two arguments: over samples, rounded up.
"""

from __future__ import annotations

from pith.vector.cfunction import CFunction
from pith.vector.math import convert, erf, exp, hyperbolic, log, power, rounding, trig

MATH: dict[tuple[str, str], CFunction] = {
    **exp.MATH,
    **log.MATH,
    **trig.MATH,
    **hyperbolic.MATH,
    **erf.MATH,
    **{k: f for k, f in power.MATH.items() if k[0] == "pow"},
    **rounding.MATH,
    **convert.MATH,
}

_EXACT = ("floor", "ceil", "trunc", "rint", "round", "fmod")
_BOUNDS: dict[str, tuple[float, float]] = {
    # f32, f64
    "exp": (0.8, 0.9), "exp2": (0.8, 0.9), "expm1": (1.0, 1.0), "log": (1.0, 1.0), "log2": (1.0, 1.0),
    "log10": (0.8, 0.9), "log1p": (1.0, 1.0), "tanh": (0.9, 0.9), "sinh": (0.9, 0.9), "cosh": (0.9, 1.0),
    "sigmoid": (0.8, 0.9), "softplus": (1.2, 1.2), "sin": (0.9, 0.9), "cos": (0.9, 0.9), "tan": (1.1, 1.1),
    "asin": (0.7, 0.8), "acos": (0.7, 0.8), "atan": (0.7, 0.8), "atan2": (0.8, 0.8), "asinh": (1.3, 1.5),
    "acosh": (1.1, 1.3), "atanh": (1.1, 1.3), "erf": (1.0, 1.3), "pow": (1.0, 1.5), "sqrt": (0.5, 0.5),
    **dict.fromkeys(_EXACT, (0.0, 0.0)),
}  # fmt: skip
ULP_BOUND: dict[tuple[str, str], float] = {
    (name, kind): bound for name, pair in _BOUNDS.items() for kind, bound in zip(("f32", "f64"), pair, strict=True)
} | {key: 0.5 for key in MATH if key[1] == ""}

__all__ = ["MATH", "ULP_BOUND", "CFunction"]
