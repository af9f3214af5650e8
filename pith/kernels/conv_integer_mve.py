"""conv_integer and matmul_integer of int8 with constant weights on Cortex-M's vectors (MVE): three pixels by two channels.

`vmladava` adds sixteen products of bytes to a register. The inputs under a pixel lie in a row: copied there, or where they are
for 1x1 taps over multiples of sixteen channels. Sums go to memory, and from there four channels at a time through a proven scaling
(`proven_scale`), or through the epilogue.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, Scratch, kernel
from pith.kernels.conv_integer_dsp import pitch_of, regular
from pith.kernels.packed import alike
from pith.kernels.product_s8 import product_of
from pith.kernels.proven_scale import Scale
from pith.kernels.scale_mve import print_scale, scale_for, suffix
from pith.kernels.tail_mve import SCALE_MVE, print_mve
from pith.kernels.tail_s8 import SumTail, plain_loop, sum_args, tail_of_sums
from pith.kernels.tile_dsp import assembly
from pith.kernels.tile_s8 import totals
from pith.vector.cfunction import CFunction

COPY = CFunction(
    "mve_copy",
    """static inline void mve_copy(int8_t *to, const int8_t *from, int32_t bytes) {
  for (; bytes > 0; bytes -= 16, to += 16, from += 16) {
    const mve_pred16_t p = vctp8q((uint32_t)bytes);
    vstrbq_p_s8(to, vldrbq_z_s8(from, p), p);
  }
}
static inline void mve_fill(int8_t *to, int32_t zero, int32_t bytes) {
  for (; bytes > 0; bytes -= 16, to += 16) vstrbq_p_s8(to, vdupq_n_s8((int8_t)zero), vctp8q((uint32_t)bytes));
}
""",
    (),
    ("stdint.h", "arm_mve.h"),
)


@functools.cache
def block() -> CFunction:
    """C function: three rows of `16 * blocks` inputs by `pairs` pairs of channels. w: [pairs][2][16 * blocks];  s: int32 sums
    [pairs][3][2]."""
    lines = ["push {r4-r11, lr}", "sub sp, sp, #24", "strd r0, r1, [sp]", "str r2, [sp, #8]", "mov r9, r3", "ldrd r11, r12, [sp, #60]",
             "ldr r4, [sp, #68]", "lsl r5, r4, #4", "strd r4, r5, [sp, #12]",
             "1:", "mov r7, r9", "ldrd lr, r5, [sp, #12]", "add r9, r7, r5", "ldrd r1, r3, [sp]", "ldr r5, [sp, #8]",
             *(f"mov.w r{i}, #0" for i in (0, 2, 4, 6, 8, 10)), "dls lr, lr",
             "2:", "vldrb.8 q0, [r1], #16", "vldrb.8 q3, [r7], #16", "vldrb.8 q1, [r3], #16", "vmladava.s8 r0, q0, q3", "vldrb.8 q2, [r5], #16",
             "vmladava.s8 r4, q1, q3", "vmladava.s8 r8, q2, q3", "vldrb.8 q3, [r9], #16", "vmladava.s8 r2, q0, q3", "vmladava.s8 r6, q1, q3",
             "vmladava.s8 r10, q2, q3", "le lr, 2b",
             "strd r0, r2, [r11], #8", "strd r4, r6, [r11], #8", "strd r8, r10, [r11], #8", "subs r12, r12, #1", "bne.w 1b",
             "add sp, sp, #24", "pop {r4-r11, pc}"]  # fmt: skip
    params = "const int8_t *x0, const int8_t *x1, const int8_t *x2, const int8_t *w, int32_t *s, int32_t pairs, int32_t blocks"
    return assembly("mve_3x2", "three pixels by `pairs` pairs of channels, sixteen products at a time", params, lines)


@functools.cache
def loop(tail: SumTail, where: bool, key: tuple[int, int, int, int] | None = None) -> CFunction:
    """The loop over pixels; where: inputs are taken from where they are;  key: shift, bounds and lift of a scaling in the place of the
    epilogue, of whose numbers by channel (`start`) m lies in front of b."""
    if key is not None:
        return _around(f"{'_where' if where else ''}{suffix(_scale(*key))}", where, tail.out.c, "", (), *_scaled(_scale(*key)))
    full = dict(tail.full)
    at = "(ptrdiff_t)(p + r) * ep{i} + c"
    places = [f"e{i} + {at.format(i=i)}" if i in full else f"e{i} + c" for i in range(len(tail.kinds))]
    vectors = print_mve(tail, places)
    out = tail.out.c
    elements = [f"e{i}[{at.format(i=i)}]" if i in full else f"e{i}[c]" for i in range(len(tail.kinds))]
    scalar, requires = (["v"], ()) if tail.expr is None else plain_loop(tail, elements)
    if tail.expr is None:
        vectors = [], ["v"]
    head = ""
    if vectors is not None:
        requires = (*requires, SCALE_MVE)
        put = {DType.I8: "vstrbq_s32(q + c, {})", DType.U8: "vstrbq_u32(q + c, vreinterpretq_u32_s32({}))", DType.I32: "vstrwq_s32(q + c, {})"}[tail.out]
        fixed, lines = vectors
        join = chr(10) + " " * 8
        head = f"""    for (; c + 4 <= o; c += 4) {{
      const int32x4_t x_start = vldrwq_s32(start + c);
      {(chr(10) + " " * 6).join(fixed)}
      for (int32_t r = 0; r < many; r++) {{
        {out} *const q = y + (ptrdiff_t)(p + r) * yp;
        const int32x4_t u = vreinterpretq_s32_s64(vldrdq_gather_offset_s64((const int64_t *)(const void *)(s + 3 * c + 2 * r), apart));
        const int32x4_t v = vaddq_s32(u, x_start);
        {join.join(lines[:-1])}
        {put.format(lines[-1])};
      }}
    }}
"""
    extras = tail.params(False) + "".join(f", int32_t ep{i}" for i, _ in tail.full)
    one = ["const int32_t v = s[c / 2 * 6 + 2 * r + c % 2] + start[c];", *scalar]
    return _around(f"{'_where' if where else ''}{tail.suffix}", where, out, extras, requires, head, one)


def _scale(shift: int, lo: int, hi: int, lift: int) -> Scale:
    none = np.zeros(0, np.int32)
    return Scale(none, none, shift, lo, hi, lift)


def _scaled(scale: Scale) -> tuple[str, list[str]]:
    """The ends of four channels and of one, by a scaling."""
    *lines, value = print_scale(scale)
    head = f"""    for (; c + 4 <= o; c += 4) {{
      const int32x4_t m = vldrwq_s32(start + c), b = vldrwq_s32(start + o + c);
      for (int32_t r = 0; r < many; r++) {{
        const int32x4_t v = vreinterpretq_s32_s64(vldrdq_gather_offset_s64((const int64_t *)(const void *)(s + 3 * c + 2 * r), apart));
        {(chr(10) + " " * 8).join(lines)}
        vstrbq_s32(y + (ptrdiff_t)(p + r) * yp + c, {value});
      }}
    }}
"""
    one = [f"const int32_t v = s[c / 2 * 6 + 2 * r + c % 2] * {1 << (8 + scale.lift)};",
           f"const int32_t h = ((int32_t)(((int64_t)v * start[c]) >> 32) + start[o + c]) >> {scale.shift};",
           f"(int8_t)(h < {scale.lo} ? {scale.lo} : h > {scale.hi} ? {scale.hi} : h)"]  # fmt: skip
    return head, one


def _around(name: str, where: bool, out: str, extras: str, requires: tuple[CFunction, ...], head: str, one: list[str]) -> CFunction:
    """The loop over pixels around the ends of four channels (`head`) and of one."""
    name, body = f"conv_s8s8_mve_3x2{name}", block()
    gather = (
        "      rows[r] = x + (ptrdiff_t)(p + r < pixels ? p + r : pixels - 1) * xw;" if where else
        """      const int32_t iy = i * sh - ph, ix = j * sw - pw, left = ix < 0 ? -ix : 0, right = ix + kw < iw ? kw : iw - ix;
      const int8_t *from = x + (ptrdiff_t)n * xn + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw;
      int8_t *to = a + (ptrdiff_t)r * 16 * blocks;
      rows[r] = to;
      if (iy >= 0 && ix >= 0 && iy + kh <= ih && ix + kw <= iw) {
        for (int32_t k = 0; k < kh; k++, from += xh, to += kw * c_in) mve_copy(to, from, kw * c_in);
      } else
      for (int32_t k = 0; k < kh; k++, from += xh, to += kw * c_in) {
        if (iy + k < 0 || iy + k >= ih || left >= right) {
          mve_fill(to, zero, kw * c_in);
          continue;
        }
        mve_fill(to, zero, left * c_in);
        mve_copy(to + left * c_in, from + left * c_in, (right - left) * c_in);
        mve_fill(to + right * c_in, zero, (kw - right) * c_in);
      }
      if (p + r < pixels - 1 && ++j == ow) {
        j = 0;
        if (++i == oh) {
          i = 0;
          n++;
        }
      }"""
    )  # fmt: skip
    unused = "".join(f"  (void){v};\n" for v in ("a", "oh", "ow", "ih", "iw", "c_in", "kh", "kw", "sh", "sw", "ph", "pw", "xn", "xh", "zero")) if where else ""
    text = f"""static void {name}(const int8_t *x, const int8_t *w, const int32_t *start, {out} *y{extras}, void *scratch, int32_t pixels,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c_in, int32_t o, int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t ph,
    int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t blocks, int32_t zero) {{
  int32_t *const s = (int32_t *)scratch;
  int8_t *const a = (int8_t *)(s + 6 * ((o + 1) / 2));
{"" if where else "  int32_t n = 0, i = 0, j = 0;"}
{unused}{"  const uint64x2_t apart = vcreateq_u64(0, 24);" if head else ""}
  for (int32_t p = 0; p < pixels; p += 3) {{
    const int8_t *rows[3];
    for (int32_t r = 0; r < 3; r++) {{
{gather}
    }}
    {body.name}(rows[0], rows[1], rows[2], w, s, (o + 1) / 2, blocks);
    const int32_t many = pixels - p < 3 ? pixels - p : 3;
    int32_t c = 0;
{head}    for (; c < o; c++) {{
      for (int32_t r = 0; r < many; r++) {{
        {out} *const q = y + (ptrdiff_t)(p + r) * yp;
        {(chr(10) + "        ").join(one[:-1])}
        q[c] = {one[-1]};
      }}
    }}
  }}
}}
"""
    text = "\n".join(line for line in text.split("\n") if line.strip() or not line)
    return CFunction(name, text, (COPY, body, *requires), ("stdint.h", "stddef.h", "arm_mve.h"))


@dataclass(frozen=True, slots=True)
class Plan:
    """where: inputs stay where they are;  k: bytes under a pixel, in whole vectors."""

    conv: Call
    where: bool
    k: int


def _plan(call: Call) -> Plan | None:
    conv = product_of(call)
    if conv is None or conv.attrs["group"] != 1 or conv.attrs["rest"] or tuple(conv.attrs["dilations"]) != (1, 1):
        return None
    x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
    _, c, kh, kw = w.shape
    if x.type.dtype is not DType.I8 or (kw > 1 and x.strides[2] != c) or not regular(y):
        return None
    tail = tail_of_sums(conv)
    if tail is None or not (tail[0].plain or tail[0].expr is None):
        return None
    where = (kh, kw) == (1, 1) and c % 16 == 0 and tuple(at["strides"]) == (1, 1) and not any(at["pads"]) and regular(x)
    return Plan(conv, where, -(-kh * kw * c // 16) * 16)


@kernel("conv_integer", "mve")
@kernel("matmul_integer", "mve")
class IntegerMve(Kernel):
    """int8, one group, no dilation, an epilogue that is no float vector."""

    def applies(self, call: Call) -> bool:
        return "mve" in call.isa.features and _plan(call) is not None

    def cost(self, call: Call) -> float:
        plan = _plan(call)
        assert plan is not None
        pixels = -(-math.prod(plan.conv.outputs[0].shape[:3]) // 3) * 3
        return 0.14 * pixels * plan.k * plan.conv.input(1).shape[0]

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if call.op == "matmul_integer" or output or index > 2 else operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        conv = product_of(call)
        scaled = conv is not None and conv.outputs[0].type.dtype is DType.I8 and scale_for(conv) is not None
        return {0} if scaled else {0, *range(3, len(call.inputs))}

    def inplace(self, call: Call) -> tuple[int, ...]:
        return alike(call)

    def emit(self, call: Call) -> Emitted:
        plan = _plan(call)
        assert plan is not None
        conv = plan.conv
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        found = tail_of_sums(conv)
        assert found is not None and w.const is not None
        tail = found[0]
        (o, c, kh, kw), (n, oh, ow, _) = w.shape, y.shape
        panel = np.zeros((-(-o // 2) * 2, plan.k), np.int8)
        panel[:o, : kh * kw * c] = w.const.transpose(0, 2, 3, 1).reshape(o, -1)
        bias = conv.inputs[2].const if conv.inputs[2] is not None else None
        start = totals(w.const.reshape(o, -1).T, bias, int(at.get("zero", 0)))
        scale = scale_for(conv) if y.type.dtype is DType.I8 else None
        key = (scale.shift, scale.lo, scale.hi, scale.lift) if scale is not None else None
        numbers = start.astype(np.int32) if scale is None else np.concatenate([scale.m, scale.b])
        pointers = [a for a in sum_args(conv, tail)[0] if isinstance(a, In)] if scale is None else []
        pitches = [Int(pitch_of(conv.input(3 + i))) for i, _ in tail.full]
        sizes = (n * oh * ow, oh, ow, x.shape[1], x.shape[2], c, o, kh, kw, *at["strides"], *at["pads"][:2], *x.strides[:2])
        more = (pitch_of(x) if plan.where else x.strides[2], pitch_of(y), plan.k // 16, int(at.get("zero", 0)))
        scratch = 24 * -(-o // 2) + (0 if plan.where else 3 * plan.k)
        args: tuple[Arg, ...] = (In(0), Const(panel), Const(numbers), Out(0), *pointers, *pitches, Scratch(), *map(Int, (*sizes, *more)))
        why = f"{kh}x{kw}, three pixels by two channels, sixteen products at a time{', inputs as they lie' if plan.where else ''}"
        why += ", scaled by a proven multiplication" if scale is not None else ""
        return Emitted(loop(tail, plan.where, key), args, scratch, why)
