"""Epilogues in fixed point as vectors of Cortex-M55 (MVE): four int32 at a time, with the bits of `pith.vector.fixed`.

`vqrdmulh` is the rounded high product; the rounding shift is `vrshl`, which takes halves up, behind one that takes negative
numbers down by one first.
"""

from __future__ import annotations

from pith.graph import DType, Expr
from pith.kernels.tail_s8 import SumTail
from pith.vector.cfunction import CFunction

_INTS = (DType.I8, DType.U8, DType.I32)

SCALE_MVE = CFunction(
    "mve_scale_fixed",
    """/* x * m * 2^(shift - 31), rounded twice; shift from -31 to 31 */
static inline int32x4_t mve_scale_fixed(int32x4_t x, int32x4_t m, int32x4_t shift) {
  const int32x4_t none = vdupq_n_s32(0), right = vminq_s32(shift, none);
  const int32x4_t h = vqrdmulhq_s32(vshlq_s32(x, vmaxq_s32(shift, none)), m);
  return vrshlq_s32(vqaddq_s32(h, vshrq_n_s32(vandq_s32(h, right), 31)), right);
}
""",
    (),
    ("stdint.h", "arm_mve.h"),
)


def print_mve(tail: SumTail, places: list[str]) -> tuple[list[str], list[str]] | None:
    """C statements that load what each channel has, and those from the int32x4_t `v` to the result, the last one its value;
    `places`: where the four extras are. None where something is no integer."""
    if tail.expr is None:
        return None
    loads = {"i8": "vldrbq_s32({})", "u8": "vreinterpretq_s32_u32(vldrbq_u32({}))", "channel_i32": "vldrwq_s32({})"}
    if any(k not in loads for k in tail.kinds):
        return None
    found = [f"const int32x4_t x{i} = {loads[k].format(place)};" for i, (k, place) in enumerate(zip(tail.kinds, places, strict=True))]
    fixed = [x for x, k in zip(found, tail.kinds, strict=True) if k == "channel_i32"]
    lines = [x for x, k in zip(found, tail.kinds, strict=True) if k != "channel_i32"]
    names: dict[int, str] = {}
    for n, e in enumerate(tail.expr.walk()):
        text = _one(e, [names[id(a)] for a in e.args])
        if text is None:
            return None
        if e.args and e.op != "cast":
            lines.append(f"const int32x4_t t{n} = {text};")
            text = f"t{n}"
        names[id(e)] = text
    return fixed, [*lines, names[id(tail.expr)]]


def _one(e: Expr, args: list[str]) -> str | None:
    if e.dtype not in _INTS:
        return None
    if e.op == "arg":
        return f"x{int(e.value) - 1}" if e.value else "v"
    if e.op == "const":
        return f"vdupq_n_s32({int(e.value)})" if e.value > -(2**31) else None
    if e.op == "cast":
        a = e.args[0]
        kept = e.dtype is DType.I32 or (a.op == "min" and a.args[1].op == "const" and a.args[0].op == "max" and a.args[0].args[1].op == "const")
        return args[0] if kept else None  # a clamp before it keeps it within the type
    words = {"add": "vaddq_s32", "sub": "vsubq_s32", "mul": "vmulq_s32", "min": "vminq_s32", "max": "vmaxq_s32", "scale_fixed": "mve_scale_fixed"}
    return f"{words[e.op]}({', '.join(args)})" if e.op in words else None
