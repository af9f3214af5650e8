"""Building blocks of the math functions: typed C templates, bit casts, exact sums and products, an accurate quotient.

Every function is written once as a template for both types. In a template `$T` is the C type, `$U` the unsigned
integer of the same size, `$S` the suffix (f32 or f64), `$X` the literal suffix, `$MANT` the stored mantissa bits,
`$BIAS` the exponent bias, `$u(123)` an unsigned constant, `$c(NAME)` a constant of coefficients.py and
`$poly(NAME, z)` statements that leave the polynomial NAME at z in the variable `p`.

The arithmetic rests on three textbook facts about round-to-nearest without FMA:

- Fast2Sum (Dekker 1971; Muller et al., Handbook of Floating-Point Arithmetic, 2nd ed., section 4.3.1): if |a| >= |b|
  or a = 0, then s = a + b and e = b - (s - a) give a + b = s + e exactly.
- 2Sum (Handbook, section 4.3.2): the same without the condition, in six operations.
- a product of two numbers of half the mantissa's width is exact; clearing the low half of the mantissa gives such
  numbers (Cody and Waite's splitting).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pith.vector.cfunction import CFunction
from pith.vector.math.coefficients import CONSTANTS, POLYNOMIALS

Key = tuple[str, str]
Table = dict[Key, CFunction]

TYPES = ("f32", "f64")
_WORDS: dict[str, dict[str, str]] = {
    "f32": {
        "T": "float", "U": "uint32_t", "S": "f32", "X": "f", "MANT": "23", "BIAS": "127", "BITS": "32",
        "EXPMASK": "255u",
        "SIGN": "0x80000000u", "ABS": "0x7fffffffu", "INF": "0x7f800000u",
        "FRAC": "0x007fffffu", "HALF": "0xfffff000u", "ONE": "0x3f800000u",
        "MIN_NORMAL": "0x1p-126f", "MAX": "0x1.fffffep127f",
    },
    "f64": {
        "T": "double", "U": "uint64_t", "S": "f64", "X": "", "MANT": "52", "BIAS": "1023", "BITS": "64",
        "EXPMASK": "2047u",
        "SIGN": "UINT64_C(0x8000000000000000)", "ABS": "UINT64_C(0x7fffffffffffffff)",
        "INF": "UINT64_C(0x7ff0000000000000)",
        "FRAC": "UINT64_C(0x000fffffffffffff)", "HALF": "UINT64_C(0xfffffffff8000000)",
        "ONE": "UINT64_C(0x3ff0000000000000)",
        "MIN_NORMAL": "0x1p-1022", "MAX": "0x1.fffffffffffffp1023",
    },
}  # fmt: skip


def literal(value: float, kind: str) -> str:
    """A C99 hexadecimal literal of the exact value."""
    text = value.hex()
    mantissa, exponent = text.split("p")
    mantissa = mantissa.rstrip("0") if "." in mantissa else mantissa
    mantissa = mantissa + "0" if mantissa.endswith(".") else mantissa
    return f"{mantissa}p{int(exponent)}" + ("f" if kind == "f32" else "")


def constant(name: str, kind: str) -> float:
    """A constant by name; NAME_FIRST is the lowest coefficient of the polynomial NAME."""
    if name.endswith("_FIRST"):
        return POLYNOMIALS[kind][name.removesuffix("_FIRST")][0]
    return CONSTANTS[kind][name]


def horner(name: str, variable: str, kind: str) -> str:
    """Statements that evaluate a polynomial by Horner's rule into `p`; NAME_UPPER leaves the lowest coefficient out."""
    values = POLYNOMIALS[kind][name.removesuffix("_UPPER")]
    if name.endswith("_UPPER"):
        values = values[1:]
    ctype = _WORDS[kind]["T"]
    lines = [f"{ctype} p = {literal(values[-1], kind)};"]
    for value in reversed(values[:-1]):
        sign, magnitude = ("-", -value) if value < 0 else ("+", value)
        lines.append(f"p = p * {variable} {sign} {literal(magnitude, kind)};")
    return "\n  ".join(lines)


def expand(template: str, kind: str, extra: dict[str, str] | None = None) -> str:
    """Fill a template for one type."""
    words = _WORDS[kind] | (extra or {})
    text = re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda m: words.get(m[1] or m[2], m[0]), template)
    text = re.sub(r"\$poly\((\w+), (\w+)\)", lambda m: horner(m[1], m[2], kind), text)
    text = re.sub(r"\$c\((\w+)\)", lambda m: literal(constant(m[1], kind), kind), text)
    text = re.sub(r"\$u\((\w+)\)", lambda m: f"{m[1]}u" if kind == "f32" else f"UINT64_C({m[1]})", text)
    if "$" in text:
        raise ValueError(f"unknown word in template: {text[text.index('$') :][:20]}")
    return text.strip("\n") + "\n"


@dataclass
class Family:
    """Collects the functions of one file."""

    functions: Table = field(default_factory=dict)

    def add(
        self,
        name: str,
        template: str,
        requires: Sequence[Callable[[str], CFunction]] = (),
        kinds: Sequence[str] = TYPES,
        extra: dict[str, dict[str, str]] | None = None,
    ) -> Callable[[str], CFunction]:
        """Expand one template for each type; returns a getter to be used in `requires` of others."""
        for kind in kinds:
            words = (extra or {}).get(kind)
            self.functions[name, kind] = CFunction(
                f"pith_{name}_{kind}", expand(template, kind, words), tuple(r(kind) for r in requires), ("stdint.h",)
            )
        return lambda kind: self.functions[name, kind]


base = Family()

bits = base.add(
    "bits",
    """
/* The bits of a number. */
static inline $U pith_bits_$S($T x) {
  union { $T f; $U u; } b;
  b.f = x;
  return b.u;
}
""",
)

from_bits = base.add(
    "from_bits",
    """
/* The number of given bits. */
static inline $T pith_from_bits_$S($U u) {
  union { $T f; $U u; } b;
  b.u = u;
  return b.f;
}
""",
)

absolute = base.add(
    "magnitude",
    """
/* |x|, by clearing the sign bit. */
static inline $T pith_magnitude_$S($T x) { return pith_from_bits_$S(pith_bits_$S(x) & $ABS); }
""",
    (bits, from_bits),
)

copysign = base.add(
    "with_sign",
    """
/* The magnitude of x with the sign of y. */
static inline $T pith_with_sign_$S($T x, $T y) {
  return pith_from_bits_$S((pith_bits_$S(x) & $ABS) | (pith_bits_$S(y) & $SIGN));
}
""",
    (bits, from_bits),
)

upper = base.add(
    "upper_half",
    """
/* x with the low half of its mantissa cleared: products of two such numbers are exact. */
static inline $T pith_upper_half_$S($T x) { return pith_from_bits_$S(pith_bits_$S(x) & $HALF); }
""",
    (bits, from_bits),
)

pair = base.add(
    "pair",
    """
/* The unevaluated sum hi + lo. */
typedef struct { $T hi, lo; } pith_pair_$S;
""",
)

two_sum = base.add(
    "two_sum",
    """
/* a + b exactly (Knuth's 2Sum). */
static inline pith_pair_$S pith_two_sum_$S($T a, $T b) {
  pith_pair_$S s;
  $T t;
  s.hi = a + b;
  t = s.hi - a;
  s.lo = (a - (s.hi - t)) + (b - t);
  return s;
}
""",
    (pair,),
)

fast_two_sum = base.add(
    "fast_two_sum",
    """
/* a + b exactly, for |a| >= |b| or a = 0 (Dekker's Fast2Sum). */
static inline pith_pair_$S pith_fast_two_sum_$S($T a, $T b) {
  pith_pair_$S s;
  s.hi = a + b;
  s.lo = b - (s.hi - a);
  return s;
}
""",
    (pair,),
)

two_product = base.add(
    "two_product",
    """
/* a * b exactly, barring overflow and underflow (Dekker's product on halves). */
static inline pith_pair_$S pith_two_product_$S($T a, $T b) {
  const $T ah = pith_upper_half_$S(a), al = a - ah, bh = pith_upper_half_$S(b), bl = b - bh;
  pith_pair_$S p;
  p.hi = a * b;
  p.lo = ((ah * bh - p.hi) + (ah * bl + al * bh)) + al * bl;
  return p;
}
""",
    (pair, upper),
)

quotient = base.add(
    "quotient",
    """
/* (n + nl) / (d + dl) as an unevaluated sum with a relative error near 2^-(1.5 mantissa): long division with one
   half-width digit, whose products are exact. nl and dl are small against n and d. */
static inline pith_pair_$S pith_quotient_$S($T n, $T nl, $T d, $T dl) {
  const $T inverse = 1.0$X / d;
  const $T qh = pith_upper_half_$S(n * inverse), dh = pith_upper_half_$S(d);
  pith_pair_$S q;
  q.hi = qh;
  q.lo = (((n - qh * dh) - qh * ((d - dh) + dl)) + nl) * inverse;
  return q;
}
""",
    (pair, upper),
)

exp2_int = base.add(
    "exp2_int",
    """
/* y * 2^k for k in the range of the exponent and a little more, in two exact steps so that only the last one rounds. */
static inline $T pith_exp2_int_$S($T y, $U k) {
  const $U n = k + $u(2048), a = n >> 1, b = n - a, bias = $u(1024) - $BIAS;
  return y * pith_from_bits_$S((a - bias) << $MANT) * pith_from_bits_$S((b - bias) << $MANT);
}
""",
    (from_bits,),
)
