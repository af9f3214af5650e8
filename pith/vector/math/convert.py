"""Conversions: float32 to and from the small floats, float to integer.

Small floats are their bits in uint16_t or uint8_t. Down conversions round to nearest even straight from float32 (no
double rounding) and keep NaN. Keys: `f32_to_<type>` is ONNX Cast with saturate=0, `f32_to_<type>_sat` with saturate=1
(the ONNX default; 8-bit types only): beyond the range, infinity included, the largest finite value of the sign.
saturate=0 gives infinity where the type has one (f16, bf16, e5m2), else NaN.

Float to integer truncates. Out of range and for NaN C says nothing (undefined behaviour); these functions do what
NumPy and ONNX Runtime do on x86-64 (checked in tests/vector/test_math.py), without undefined behaviour:

- i32: INT32_MIN; i64: INT64_MIN (the "integer indefinite" of cvttss2si);
- i8, u8, i16, u16: convert to int32 by that rule, keep the low bits;
- u32, u64: with h = 2^(bits-1): x < h or NaN as int of the same size by that rule, its bits kept; else (x - h) by that
  rule, its top bit flipped (so 2^bits and more gives 0).
"""

from __future__ import annotations

from pith.vector.cfunction import CFunction
from pith.vector.math import _common as c

MATH: c.Table = {}


def _add(key: str, text: str, requires: tuple[CFunction, ...]) -> CFunction:
    function = CFunction(f"pith_{key}", text.strip("\n") + "\n", requires, ("stdint.h",))
    MATH[key, ""] = function
    return function


_BITS, _FROM = c.bits("f32"), c.from_bits("f32")


def _small_float(
    name: str, ctype: str, exponent: int, mantissa: int, bias: int, *, infinity: bool, unsigned_zero: bool
) -> None:
    """Both directions of one format. `infinity`: IEEE-like top binade; `unsigned_zero`: -0 is the only NaN."""
    size = 1 + exponent + mantissa
    sign, top = 1 << (size - 1), (1 << (size - 1)) - 1
    shift = 23 - mantissa
    if unsigned_zero:
        largest, nan, nan_test = top, sign, f"h == 0x{sign:x}u"
    elif infinity:
        inf = ((1 << exponent) - 1) << mantissa
        largest, nan, nan_test = inf - 1, inf | 1 << (mantissa - 1), ""
    else:
        largest, nan, nan_test = top - 1, top, f"m == 0x{top:x}u"
    # up: exponent field moved to float32's place, then multiplied by a power of two, which also normalises subnormals
    scale = c.literal(2.0 ** (127 - bias), "f32")
    up = f"""
/* {name} to float32, exact. */
static inline float pith_{name}_to_f32({ctype} x) {{
  const uint32_t h = x, m = h & 0x{top:x}u;
  const uint32_t b = pith_bits_f32(pith_from_bits_f32(m << {shift}) * {scale});
"""
    if infinity:
        up += f"  const uint32_t e = m >= 0x{inf:x}u ? 0x7f800000u : 0u;\n"
    else:
        up += f"  const uint32_t e = {nan_test} ? 0x7fc00000u : 0u;\n"
    up += f"  return pith_from_bits_f32(b | e | ((h & 0x{sign:x}u) << {32 - size}));\n}}\n"
    _add(f"{name}_to_f32", up, (_BITS, _FROM))
    # down: normal numbers rounded as integers, subnormal ones by adding a power of two with the right unit
    unit = 1 - bias - mantissa  # exponent of the smallest subnormal
    magic = c.literal(2.0 ** (unit + 23), "f32")
    smallest_normal = (1 - bias + 127) << 23
    limit = largest + 1  # first code that is out of range
    for suffix in ("", "_sat"):
        if suffix and size == 16:
            continue
        if suffix:
            beyond = largest
        elif infinity:
            beyond = inf
        else:
            beyond = nan
        quiet = f"nan | (m >> {shift} & 0x{(1 << (mantissa - 1)) - 1:x}u)" if infinity and mantissa > 2 else "nan"
        policy = "the largest value" if suffix else "infinity" if infinity else "NaN"
        low, unit_bits = f"0x{smallest_normal:x}u", f"0x{(unit + 23 + 127) << 23:x}u"
        down = f"""
/* float32 to {name}, to nearest even; out of range: {policy}. */
static inline {ctype} pith_f32_to_{name}{suffix}(float x) {{
  const uint32_t b = pith_bits_f32(x), m = b & 0x7fffffffu, nan = 0x{nan:x}u;
  const uint32_t even = 0x{(1 << (shift - 1)) - 1:x}u + ((m >> {shift}) & 1u);
  const uint32_t normal = (m - 0x{(127 - bias) << 23:x}u + even) >> {shift};
  const uint32_t small = pith_bits_f32(pith_from_bits_f32(m < {low} ? m : 0u) + {magic}) - {unit_bits};
  const uint32_t r = m < {low} ? small : normal;
  const uint32_t y = m > 0x7f800000u ? {quiet} : (r >= 0x{limit:x}u || m >= 0x7f800000u) ? 0x{beyond:x}u : r;
"""
        if unsigned_zero:
            down += f"  return ({ctype})(y == 0u || y == nan ? y : y | ((b >> {32 - size}) & 0x{sign:x}u));\n}}\n"
        else:
            down += f"  return ({ctype})(y | ((b >> {32 - size}) & 0x{sign:x}u));\n}}\n"
        _add(f"f32_to_{name}{suffix}", down, (_BITS, _FROM))


_small_float("f16", "uint16_t", 5, 10, 15, infinity=True, unsigned_zero=False)
_small_float("f8e4m3fn", "uint8_t", 4, 3, 7, infinity=False, unsigned_zero=False)
_small_float("f8e4m3fnuz", "uint8_t", 4, 3, 8, infinity=False, unsigned_zero=True)
_small_float("f8e5m2", "uint8_t", 5, 2, 15, infinity=True, unsigned_zero=False)
_small_float("f8e5m2fnuz", "uint8_t", 5, 2, 16, infinity=False, unsigned_zero=True)

_add(
    "bf16_to_f32",
    """
/* bf16 to float32, exact. */
static inline float pith_bf16_to_f32(uint16_t x) { return pith_from_bits_f32((uint32_t)x << 16); }
""",
    (_FROM,),
)
_add(
    "f32_to_bf16",
    """
/* float32 to bf16, to nearest even. */
static inline uint16_t pith_f32_to_bf16(float x) {
  const uint32_t b = pith_bits_f32(x), r = (b + 0x7fffu + ((b >> 16) & 1u)) >> 16;
  return (uint16_t)((b & 0x7fffffffu) > 0x7f800000u ? (b >> 16) | 0x40u : r);
}
""",
    (_BITS,),
)

for _kind, _real, _x in (("f32", "float", "f"), ("f64", "double", "")):
    # to int32 by the processor's instruction on a value that is in range
    _inside = "x >= -0x1p31f && x < 0x1p31f" if _kind == "f32" else "x > -2147483649.0 && x < 2147483648.0"
    _add(
        f"{_kind}_to_i32",
        f"""
/* Truncation; INT32_MIN when out of range or NaN. */
static inline int32_t pith_{_kind}_to_i32({_real} x) {{
  const int inside = {_inside};
  return (int32_t)(inside ? x : -0x1p31{_x});
}}
""",
        (),
    )
    # to int64 by shifting the significand: few processors have the instruction, fewer a vector one
    _add(
        f"{_kind}_to_i64",
        c.expand(
            """
/* Truncation; INT64_MIN when out of range or NaN. Shifts the significand, so that no library is called where the
   processor has no such instruction. */
static inline int64_t pith_${S}_to_i64($T x) {
  const $U b = pith_bits_$S(x);
  const uint32_t e = (uint32_t)(b >> $MANT) & $EXPMASK, left = e - ($BIAS + $MANT), right = ($BIAS + $MANT) - e;
  const uint64_t minus = (uint64_t)0 - (uint64_t)(b >> ($BITS - 1)), m = (uint64_t)((b & $FRAC) | ($u(1) << $MANT));
  const uint64_t up = m << (left & 63u), down = m >> (right & 63u), v = e < $BIAS ? 0u : e < $BIAS + $MANT ? down : up;
  const uint64_t y = e >= $BIAS + 63 ? UINT64_C(0x8000000000000000) : (v ^ minus) - minus;
  union { uint64_t u; int64_t i; } r;
  r.u = y;
  return r.i;
}
""",
            _kind,
        ),
        (c.bits(_kind),),
    )
    for _size in (32, 64):
        _edge, _signed = f"0x1p{_size - 1}{_x}", MATH[f"{_kind}_to_i{_size}", ""]
        _add(
            f"{_kind}_to_u{_size}",
            f"""
/* Truncation; NaN and out of range as on x86-64: the bits of int{_size}_t, taken from x - 2^{_size - 1} above that. */
static inline uint{_size}_t pith_{_kind}_to_u{_size}({_real} x) {{
  const int high = x >= {_edge};
  const uint{_size}_t y = (uint{_size}_t)pith_{_kind}_to_i{_size}(high ? x - {_edge} : x);
  return y ^ ((uint{_size}_t)high << {_size - 1});
}}
""",
            (_signed,),
        )
    for _type in ("i8", "u8", "i16", "u16"):
        _bits = int(_type[1:])
        _c = f"{'u' if _type[0] == 'u' else ''}int{_bits}_t"
        _low = f"const uint32_t u = (uint32_t)pith_{_kind}_to_i32(x) & 0x{(1 << _bits) - 1:x}u;"
        _value = (
            f"(uint{_bits}_t)u"
            if _type[0] == "u"
            else f"({_c})((int32_t)(u ^ 0x{1 << (_bits - 1):x}u) - 0x{1 << (_bits - 1):x})"
        )
        _add(
            f"{_kind}_to_{_type}",
            f"""
/* The low {_bits} bits of the truncation to int32. */
static inline {_c} pith_{_kind}_to_{_type}({_real} x) {{
  {_low}
  return {_value};
}}
""",
            (MATH[f"{_kind}_to_i32", ""],),
        )
