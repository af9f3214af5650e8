"""sqrt, floor, ceil, trunc, rint, round, fmod: exact or correctly rounded.

Rounding to an integer adds and subtracts 2^mantissa, which leaves |x| rounded to nearest even (Handbook of
Floating-Point Arithmetic, 2nd ed., section 2.1), then corrects by one; the sign bit is put back, so that -0.3 rounds
to -0. sqrt is the processor's where it has one; elsewhere a digit-by-digit integer square root (Handbook, section
8.5). fmod is long division of the significands, one bit a step, all in integers (no division, which small processors
lack). Where the processor has the rounding instruction the compiler's builtin is used: the results are the same bits.
Defining PITH_PORTABLE leaves only plain C99.
"""

from __future__ import annotations

from collections.abc import Callable

from pith.vector.cfunction import CFunction
from pith.vector.math import _common as c

FAMILY = c.Family()
_add = FAMILY.add

_DIRECT = (
    "#if !defined(PITH_PORTABLE) && defined(__clang__) && \\\n"
    "    (defined(__SSE4_1__) || defined(__aarch64__) || defined(__wasm__))\n"
    "#if __has_builtin(__builtin_elementwise_{builtin})\n"
    "#define PITH_{name}_$S(x) __builtin_elementwise_{builtin}(x)\n"
    "#endif\n"
    "#endif\n"
)
_EXTRA = {"f32": {"BIG": "0x1p23f"}, "f64": {"BIG": "0x1p52"}}


def _rounding(name: str, builtin: str, comment: str, value: str) -> Callable[[str], CFunction]:
    """`value` is the magnitude of the result, from m = |x|, r = m to nearest even and `minus`, the sign bit."""
    portable = f"""  union {{ $T f; $U u; }} b;
  $U minus;
  $T m, n, r;
  b.f = x;
  minus = b.u & $SIGN;
  b.u ^= minus;
  m = b.f;
  n = (m + $BIG) - $BIG;
  r = m < $BIG ? n : m;
  b.f = {value};
  b.u |= minus;
  return b.f;"""
    head, body = "", portable
    if builtin:
        head = _DIRECT.format(builtin=builtin, name=name)
        body = f"#ifdef PITH_{name}_$S\n  return PITH_{name}_$S(x);\n#else\n{portable}\n#endif"
    text = f"{head}/* {comment} */\nstatic inline $T pith_{name}_$S($T x) {{\n{body}\n}}\n"
    return _add(name, text, extra=_EXTRA)


_UP, _DOWN = "r + (r < m ? 1.0$X : 0.0$X)", "r - (r > m ? 1.0$X : 0.0$X)"
_rounding("rint", "roundeven", "x rounded to an integer, halves to even.", "r")
trunc = _rounding("trunc", "trunc", "x rounded to an integer towards zero.", _DOWN)
_rounding("floor", "floor", "The largest integer that is not above x.", f"minus != 0u ? {_UP} : {_DOWN}")
_rounding("ceil", "ceil", "The smallest integer that is not below x.", f"minus != 0u ? {_DOWN} : {_UP}")
_rounding("round", "", "x rounded to an integer, halves away from zero.", "r + (m - r >= 0.5$X ? 1.0$X : 0.0$X)")

_SQRT_INTEGER = """
  union { $T f; $U u; } b;
  $U e, m, q = 0, r = 0;
  int i;
  b.f = x;
  if (x != x || b.u == $INF || (b.u & $ABS) == 0u) return x;
  if ((b.u & $SIGN) != 0u) {
    b.u = $INF | ($u(1) << ($MANT - 1));
    return b.f;
  }
  e = b.u >> $MANT;
  m = b.u & $FRAC;
  if (e != 0u) {
    m |= $u(1) << $MANT;
  } else {
    for (e = 1; (m >> $MANT) == 0u; --e) m <<= 1;
  }
  /* x = m 2^(e - bias - mantissa): with an even exponent, two bits of m a step give one bit of the root; the last is
     for rounding, and no tie can occur */
  e += $BIAS;
  if ((e & 1u) != 0u) {
    m <<= 1;
    e -= 1u;
  }
  m <<= $ODD;
  for (i = $MANT + $ODD; i >= -$MANT - 2 + $ODD; i -= 2) {
    r = (r << 2) | (i >= 0 ? (m >> i) & 3u : 0u);
    q <<= 1;
    if (r > 2u * q) {
      r -= 2u * q + 1u;
      q += 1u;
    }
  }
  b.u = (((e >> 1) - 1u) << $MANT) + (q >> 1) + (q & 1u);
  return b.f;"""

sqrt = _add(
    "sqrt",
    """
/* Square root, correctly rounded. The forms of the one instruction come first; __builtin_sqrt would call libm to set
   errno. */
#if !defined(PITH_PORTABLE) && defined(__GNUC__)
#if defined(__clang__) && (defined(__SSE2__) || defined(__aarch64__) || defined(__wasm__) || \\
                           (defined(__ARM_FP) && (__ARM_FP & $ARMFP)) || \\
                           (defined(__riscv_flen) && __riscv_flen >= $BITS))
#if __has_builtin(__builtin_elementwise_sqrt)
#define PITH_SQRT_$S(x) __builtin_elementwise_sqrt(x)
#elif defined(__NO_MATH_ERRNO__)
#define PITH_SQRT_$S(x) __builtin_sqrt$X(x)
#endif
#elif defined(__SSE2__) && !defined(__clang__)
#define PITH_SQRT_SSE_$S
#elif defined(__aarch64__)
#define PITH_SQRT_ASM_$S "fsqrt %${A64}0, %${A64}1" : "=w"(y) : "w"(x)
#elif defined(__ARM_FP) && (__ARM_FP & $ARMFP)
#define PITH_SQRT_ASM_$S "vsqrt.$S %${ARM}0, %${ARM}1" : "=$ARMC"(y) : "$ARMC"(x)
#elif defined(__riscv_flen) && __riscv_flen >= $BITS
#define PITH_SQRT_ASM_$S "fsqrt.$RV %0, %1" : "=f"(y) : "f"(x)
#endif
#endif
static inline $T pith_sqrt_$S($T x) {
#if defined(PITH_SQRT_$S)
  return PITH_SQRT_$S(x);
#elif defined(PITH_SQRT_SSE_$S)
  typedef $T vector __attribute__((vector_size(16)));
  const vector v = {x};
  return $SSE(v)[0];
#elif defined(PITH_SQRT_ASM_$S)
  $T y;
  __asm__(PITH_SQRT_ASM_$S);
  return y;
#else"""
    + _SQRT_INTEGER
    + """
#endif
}
""",
    extra={
        "f32": {
            "ARMFP": "4",
            "SSE": "__builtin_ia32_sqrtps",
            "A64": "s",
            "ARM": "",
            "ARMC": "t",
            "RV": "s",
            "ODD": "1",
        },
        "f64": {
            "ARMFP": "8",
            "SSE": "__builtin_ia32_sqrtpd",
            "A64": "d",
            "ARM": "P",
            "ARMC": "w",
            "RV": "d",
            "ODD": "0",
        },
    },
)

fmod = _add(
    "fmod",
    """
/* x - n y with n = x / y truncated: exact. */
static inline $T pith_fmod_$S($T x, $T y) {
  const $U sign = pith_bits_$S(x) & $SIGN, a = pith_bits_$S(x) & $ABS, b = pith_bits_$S(y) & $ABS;
  $U ma = a & $FRAC, mb = b & $FRAC;
  int ea = (int)(a >> $MANT), eb = (int)(b >> $MANT);
  if (a >= $INF || b > $INF || b == 0u) return (x * y) / (x * y);
  if (a < b) return x;
  if (ea != 0) ma |= $u(1) << $MANT; else for (ea = 1; (ma >> $MANT) == 0u; --ea) ma <<= 1;
  if (eb != 0) mb |= $u(1) << $MANT; else for (eb = 1; (mb >> $MANT) == 0u; --eb) mb <<= 1;
  for (; ea > eb; --ea) {
    ma -= ma >= mb ? mb : 0u;
    ma <<= 1;
  }
  ma -= ma >= mb ? mb : 0u;
  if (ma == 0u) return pith_from_bits_$S(sign);
  for (; (ma >> $MANT) == 0u; --ea) ma <<= 1;
  return pith_from_bits_$S(sign | (ea > 0 ? (($U)(ea - 1) << $MANT) + ma : ma >> (1 - ea)));
}
""",
    (c.bits, c.from_bits),
)

MATH: c.Table = dict(FAMILY.functions)
