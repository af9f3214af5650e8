"""erf.

Method: erf x = x + x P(x^2) up to 27/32, with P minimax; beyond, 1 - erfc |x|, where erfc is at most 0.24 and so
needs less relative accuracy: e^P(|x|) in f32; e^(-x^2) P(t), t = (|x| - 2) / (|x| + 2), in f64 (form of the tail:
Abramowitz and Stegun, section 7.1; all coefficients are our own fits).
"""

from __future__ import annotations

from pith.vector.math import _common as c
from pith.vector.math.exp import exp_reduce

FAMILY = c.Family()

_FAR = {
    "f32": """{
    /* P(b) = c0 + b q, the product in two parts; q stays below zero. */
    $poly(ERFC_UPPER, b)
    const float bh = pith_upper_half_f32(b), qh = pith_upper_half_f32(p);
    g = bh * qh;
    gl = (bh * (p - qh) + (b - bh) * p) + $c(ERFC_FIRST);
    v = 1.0f;
  }""",
    "f64": """{
    const double t = (b - 2.0) / (b + 2.0);
    $poly(ERFC, t)
    g = -(b * b);
    gl = 0.0;
    v = p;
  }""",
}
_TEMPLATE = """
/* Error function. */
static inline $T pith_erf_$S($T x) {
  const $T m = pith_magnitude_$S(x), a = m > $TOP ? $TOP : m, b = a < 0.84375$X ? 0.84375$X : a, z = a * a;
  $T g, gl, v;
  $FAR
  {
  const pith_reduced_$S e = pith_exp_reduce_$S(g, gl);
  const $T power = v * pith_from_bits_$S((e.k + $BIAS) << $MANT), s = 1.0$X + e.r;
  const $T t = power * s, u = 1.0$X - t, far = u + (((1.0$X - u) - t) - power * (((1.0$X - s) + e.r) + e.w));
  $poly(ERF, z)
  return pith_with_sign_$S(m < 0.84375$X ? m + m * p : far, x);
  }
}
"""
_NEEDS = (c.absolute, exp_reduce, c.from_bits, c.copysign)
for _kind, _top, _more in (("f32", "4.0f", (c.upper,)), ("f64", "6.0", ())):
    _words = {_kind: {"TOP": _top, "FAR": c.expand(_FAR[_kind], _kind).strip()}}
    FAMILY.add("erf", _TEMPLATE, (*_NEEDS, *_more), (_kind,), _words)

MATH: c.Table = dict(FAMILY.functions)
