"""The vector dialect for float32: one C type `vf` of VF_LANES elements, and the operations kernels are written in.

Every instruction set gives the same names; scalar C99 is the dialect with one lane. Arithmetic is written with plain
operators (GNU vector extensions); only what those lack goes through a function. Tails: `vf_load_n` / `vf_store_n` touch
just the first n elements (n >= lanes: all; n <= 0: none; missing elements read as 0).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence, Set

from pith.graph import DType, Expr
from pith.targets.isa.base import ISA
from pith.vector import gnu, rvv, simd128
from pith.vector.cexpr import literal, never_nan
from pith.vector.cfunction import CFunction
from pith.vector.f32_neon import DIALECT as _NEON
from pith.vector.f32_neon import DIALECT32 as _NEON32

_C99 = """typedef float vf; /* scalar: a vector of one */
#define VF_LANES 1
static inline vf vf_load(const float *p) { return *p; }
static inline void vf_store(float *p, vf v) { *p = v; }
static inline vf vf_load_n(const float *p, int32_t n) { return n > 0 ? *p : 0.0f; }
static inline void vf_store_n(float *p, vf v, int32_t n) { if (n > 0) *p = v; }
static inline vf vf_set1(float x) { return x; }
static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
static inline vf vf_min(vf a, vf b) { return b < a ? b : a; }
static inline vf vf_max(vf a, vf b) { return a < b ? b : a; }
static inline vf vf_lt(vf a, vf b, vf t, vf f) { return a < b ? t : f; }
static inline vf vf_le(vf a, vf b, vf t, vf f) { return a <= b ? t : f; }
static inline vf vf_rint(vf v) { /* halves to even; a zero keeps its sign */
  if (!(v > -8388608.0f && v < 8388608.0f)) return v;
  const float r = v < 0.0f ? (v - 8388608.0f) + 8388608.0f : (v + 8388608.0f) - 8388608.0f;
  return r == 0.0f ? v * 0.0f : r;
}
static inline float vf_sum(vf v) { return v; }
"""

_X86_LOOPS = """static inline vf vf_load_n(const float *p, int32_t n) {
  float t[VF_LANES];
  for (int32_t i = 0; i < VF_LANES; i++) t[i] = i < n ? p[i] : 0.0f;
  return vf_load(t);
}
static inline void vf_store_n(float *p, vf v, int32_t n) {
  float t[VF_LANES];
  vf_store(t, v);
  for (int32_t i = 0; i < VF_LANES && i < n; i++) p[i] = t[i];
}
"""

_SSE42 = (
    """typedef __m128 vf;
#define VF_LANES 4
static inline vf vf_load(const float *p) { return _mm_loadu_ps(p); }
static inline void vf_store(float *p, vf v) { _mm_storeu_ps(p, v); }
static inline vf vf_set1(float x) { return _mm_set1_ps(x); }
static inline vf vf_rint(vf v) { return _mm_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
static inline vf vf_min(vf a, vf b) { return _mm_min_ps(b, a); }
static inline vf vf_max(vf a, vf b) { return _mm_max_ps(b, a); }
static inline vf vf_lt(vf a, vf b, vf t, vf f) { return _mm_blendv_ps(f, t, _mm_cmplt_ps(a, b)); }
static inline vf vf_le(vf a, vf b, vf t, vf f) { return _mm_blendv_ps(f, t, _mm_cmple_ps(a, b)); }
static inline float vf_sum(vf v) { float t[4]; vf_store(t, v); return (t[0] + t[2]) + (t[1] + t[3]); }
"""
    + _X86_LOOPS
)

_AVX2 = """typedef __m256 vf;
#define VF_LANES 8
static inline vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
static inline __m256i vf_mask(int32_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vf vf_load_n(const float *p, int32_t n) { return _mm256_maskload_ps(p, vf_mask(n)); }
static inline void vf_store_n(float *p, vf v, int32_t n) { _mm256_maskstore_ps(p, vf_mask(n), v); }
static inline vf vf_set1(float x) { return _mm256_set1_ps(x); }
static inline vf vf_rint(vf v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf vf_min(vf a, vf b) { return _mm256_min_ps(b, a); }
static inline vf vf_max(vf a, vf b) { return _mm256_max_ps(b, a); }
static inline vf vf_lt(vf a, vf b, vf t, vf f) { return _mm256_blendv_ps(f, t, _mm256_cmp_ps(a, b, _CMP_LT_OQ)); }
static inline vf vf_le(vf a, vf b, vf t, vf f) { return _mm256_blendv_ps(f, t, _mm256_cmp_ps(a, b, _CMP_LE_OQ)); }
static inline float vf_sum(vf v) {
  float t[8];
  vf_store(t, v);
  return ((t[0] + t[4]) + (t[2] + t[6])) + ((t[1] + t[5]) + (t[3] + t[7]));
}
"""

_AVX512 = """typedef __m512 vf;
#define VF_LANES 16
static inline vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
static inline __mmask16 vf_mask(int32_t n) {
  return (__mmask16)(n >= 16 ? 0xffffu : n <= 0 ? 0u : (1u << (uint32_t)n) - 1u);
}
static inline vf vf_load_n(const float *p, int32_t n) { return _mm512_maskz_loadu_ps(vf_mask(n), p); }
static inline void vf_store_n(float *p, vf v, int32_t n) { _mm512_mask_storeu_ps(p, vf_mask(n), v); }
static inline vf vf_set1(float x) { return _mm512_set1_ps(x); }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* gcc's macro for it has one */
static inline vf vf_rint(vf v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
#pragma GCC diagnostic pop
static inline vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
static inline vf vf_min(vf a, vf b) { return _mm512_min_ps(b, a); }
static inline vf vf_max(vf a, vf b) { return _mm512_max_ps(b, a); }
static inline vf vf_lt(vf a, vf b, vf t, vf f) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), f, t);
}
static inline vf vf_le(vf a, vf b, vf t, vf f) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LE_OQ), f, t);
}
static inline float vf_sum(vf v) {
  float t[16], s[8];
  vf_store(t, v);
  for (int i = 0; i < 8; i++) s[i] = t[i] + t[i + 8];
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}
"""

# a network seldom uses the whole dialect, and clang warns of inline functions that the main file leaves unused
_QUIET = """#if defined(__clang__)
#pragma clang diagnostic ignored "-Wunused-function"
#endif
"""
_TEXT = {
    "c99": _C99, "sse42": _SSE42, "avx2": _AVX2, "avx512": _AVX512, "neon": _NEON, "neon32": _NEON32,
    "simd128": simd128.F32, "simd128r": simd128.F32_RELAXED,
}  # fmt: skip


@functools.cache
def dialect(isa: ISA) -> CFunction:
    """The C definitions of the dialect for `isa`; kernels list it among what they require."""
    if isa.name in gnu.NAMES:
        return CFunction("vf", _QUIET + gnu.f32(isa), rvv.requires(isa), ("stdint.h", *isa.headers))
    return CFunction("vf", _QUIET + _TEXT[isa.name], (), ("stdint.h", *isa.headers))


FUNCTIONS = ("abs", "erf", "exp", "gelu", "sigmoid", "tanh")  # printed as calls of pith.vector.f32_math
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_PICK = {"lt": ("vf_lt", False), "gt": ("vf_lt", True), "le": ("vf_le", False), "ge": ("vf_le", True)}


def vectorisable(expr: Expr) -> bool:
    """Whether `print_vector` can print the expression: float32 arithmetic, min, max, rint, FUNCTIONS, selects by a comparison."""
    tests = {id(n.args[0]) for n in expr.walk() if n.op == "select"}
    for n in expr.walk():
        if n.op in _PICK and id(n) in tests:
            continue
        if n.dtype is not DType.F32:
            return False
        if n.op == "select":
            if n.args[0].op not in _PICK:
                return False
        elif n.op not in _INFIX and n.op not in ("arg", "const", "min", "max", "neg", "rint", *FUNCTIONS):
            return False
    return True


def needs(expr: Expr | None, isa: ISA, *, short: bool = False) -> tuple[CFunction, ...]:
    """What C text printed from `expr` by `print_vector` requires."""
    if expr is not None and any(n.op in FUNCTIONS for n in expr.walk()):
        from pith.vector.f32_math import SHORT, short_math, vector_math

        return (short_math(isa) if short and any(n.op in SHORT for n in expr.walk()) else vector_math(isa),)
    return (dialect(isa),)


def _silu(n: Expr) -> Expr | None:
    """The sigmoid of x where `n` is x * sigmoid(x), which needs no product."""
    if n.op == "mul":
        for x, gate in (n.args, n.args[::-1]):
            if gate.op == "sigmoid" and (gate.args[0] is x or (x.op == gate.args[0].op == "arg" and x.value == gate.args[0].value)):
                return gate
    return None


def print_vector(
    expr: Expr, args: Sequence[str], prefix: str, numbers: Set[int] = frozenset(), *, short: bool = False
) -> tuple[list[str], str]:  # fmt: skip
    """`expr` over vectors as C: statements defining temporaries that begin with `prefix`, and the result's text.

    numbers: arguments that are never NaN.  short: the result is rounded to 8 bits, so that the functions of `short_math` do.
    """
    uses: dict[int, int] = {}
    for n in expr.walk():
        for a in n.args:
            uses[id(a)] = uses.get(id(a), 0) + (2 if n.op in ("min", "max") else 1)  # which may repeat an argument
    statements: list[str] = []
    text: dict[int, str] = {}
    for n in expr.walk():
        parts = [text[id(x)] for x in n.args]
        if n.op == "arg":
            s = args[int(n.value)]
        elif n.op == "const":
            s = f"vf_set1({literal(n.value, DType.F32)})"
        elif n.op in _PICK:
            s = ""  # printed by the select that uses it
        elif n.op == "select":
            name, swap = _PICK[n.args[0].op]
            x, y = (text[id(v)] for v in n.args[0].args)
            s = f"{name}({y if swap else x}, {x if swap else y}, {parts[1]}, {parts[2]})"
        elif (gate := _silu(n)) is not None and uses[id(gate)] == 1:
            s = f"vf_silu{'_short' if short else ''}({text[id(gate.args[0])]})"
        elif n.op in _INFIX:
            s = f"({parts[0]} {_INFIX[n.op]} {parts[1]})"
        elif n.op == "neg":
            s = f"(-{parts[0]})"
        elif n.op in ("min", "max"):  # vf_min and vf_max keep the NaN of their first argument
            sure = [never_nan(x) or (x.op == "arg" and x.value in numbers) for x in n.args]
            x, y = parts if sure[1] or not sure[0] else parts[::-1]
            s = f"vf_{n.op}({x}, {y})" if any(sure) else f"vf_le({y}, {y}, vf_{n.op}({x}, {y}), {y})"
        else:
            s = f"vf_{n.op}{'_short' if short and n.op == 'sigmoid' else ''}({', '.join(parts)})"
        if n.args and n.op not in _PICK and uses.get(id(n), 0) > 1:
            name = f"{prefix}{len(statements)}"
            statements.append(f"const vf {name} = {s};")
            s = name
        text[id(n)] = s
    return statements, text[id(expr)]
