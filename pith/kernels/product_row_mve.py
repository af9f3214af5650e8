"""matmul_integer and 1x1 conv_integer of int8 over a pixel or two on Cortex-M's vectors (MVE): one row by four channels.

Fully connected layers: each weight is used once, so that its load and `vmladava` are all there is to sixteen products. Sums go to
memory, and from there four channels at a time through a proven scaling (`proven_scale`), or through the epilogue as in
`conv_integer_mve`.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Out, Scratch, kernel
from pith.kernels.conv_integer_dsp import pitch_of, regular
from pith.kernels.conv_integer_mve import COPY, IntegerMve
from pith.kernels.product_s8 import product_of
from pith.kernels.proven_scale import Scale
from pith.kernels.scale_mve import print_scale, scale_for, suffix
from pith.kernels.tail_mve import SCALE_MVE, print_mve
from pith.kernels.tail_s8 import SumTail, plain_loop, sum_args, tail_of_sums
from pith.kernels.tile_dsp import assembly
from pith.kernels.tile_s8 import totals
from pith.vector.cfunction import CFunction

_CHANNELS = 4
_ROWS = 2  # more take `conv_integer_mve`, which loads a weight for three


@functools.cache
def block() -> CFunction:
    """C function: a row of `16 * blocks` inputs by `fours` times four channels. w: [fours][blocks][4][16];  s: int32 sums."""
    lines = ["push {r4-r11, lr}", "ldr r5, [sp, #36]", "1:", "mov r9, r0", *(f"mov.w r{i}, #0" for i in (4, 6, 8, 10)), "dls lr, r5",
             "2:", "vldrb.8 q0, [r9], #16", "vldrb.8 q1, [r1], #16", "vldrb.8 q2, [r1], #16", "vmladava.s8 r4, q0, q1", "vldrb.8 q3, [r1], #16",
             "vmladava.s8 r6, q0, q2", "vldrb.8 q1, [r1], #16", "vmladava.s8 r8, q0, q3", "vmladava.s8 r10, q0, q1", "le lr, 2b",
             "strd r4, r6, [r2], #8", "strd r8, r10, [r2], #8", "subs r3, r3, #1", "bne.w 1b", "pop {r4-r11, pc}"]  # fmt: skip
    params = "const int8_t *x, const int8_t *w, int32_t *s, int32_t fours, int32_t blocks"
    return assembly("mve_1x4", "one pixel by `fours` times four channels, sixteen products at a time", params, lines)


@functools.cache
def scaled_loop(where: bool, shift: int, lo: int, hi: int, lift: int) -> CFunction:
    """The loop over rows whose sums go through a scaling; of its numbers by channel m lies in front of b."""
    body, none = block(), np.zeros(0, np.int32)
    scale = Scale(none, none, shift, lo, hi, lift)
    *lines, value = print_scale(scale)
    name = f"conv_s8s8_mve_1x4{'_where' if where else ''}{suffix(scale)}"
    text = f"""static void {name}(const int8_t *x, const int8_t *w, const int32_t *scale, int8_t *y, void *scratch, int32_t rows, int32_t k,
    int32_t o, int32_t xw, int32_t yp, int32_t blocks) {{
  int32_t *const s = (int32_t *)scratch;
{_copied(where)}  for (int32_t p = 0; p < rows; p++) {{
    int8_t *const q = y + (ptrdiff_t)p * yp;
{_taken(body, where)}    for (int32_t c = 0; c < o; c += 4) {{
      const int32x4_t v = vldrwq_s32(s + c), m = vldrwq_s32(scale + c), b = vldrwq_s32(scale + (o + 3) / 4 * 4 + c);
      {(chr(10) + " " * 6).join(lines)}
      vstrbq_p_s32(q + c, {value}, vctp32q((uint32_t)(o - c)));
    }}
  }}
}}
"""
    return CFunction(name, text, (COPY, body), ("stdint.h", "stddef.h", "arm_mve.h"))


def _copied(where: bool) -> str:
    """C of where rows are copied to."""
    return "  (void)k;\n" if where else "  int8_t *const a = (int8_t *)(s + (o + 3) / 4 * 4);\n  mve_fill(a, 0, 16 * blocks);\n"


def _taken(body: CFunction, where: bool) -> str:
    """C that makes the sums of row p."""
    copy = "" if where else "    mve_copy(a, x + (ptrdiff_t)p * xw, k);\n"
    return f"{copy}    {body.name}({'x + (ptrdiff_t)p * xw' if where else 'a'}, w, s, (o + 3) / 4, blocks);\n"


@functools.cache
def loop(tail: SumTail, where: bool) -> CFunction:
    """The loop over rows; where: inputs are taken from where they are, `16 * blocks` of them."""
    body, full, out = block(), dict(tail.full), tail.out.c
    at = "(ptrdiff_t)p * ep{i} + c"
    vectors = print_mve(tail, [f"e{i} + {at.format(i=i)}" if i in full else f"e{i} + c" for i in range(len(tail.kinds))])
    elements = [f"e{i}[{at.format(i=i)}]" if i in full else f"e{i}[c]" for i in range(len(tail.kinds))]
    scalar, more = (["v"], ()) if tail.expr is None else plain_loop(tail, elements)
    if tail.expr is None:
        vectors = [], ["v"]
    head = ""
    if vectors is not None:
        put = {DType.I8: "vstrbq_s32(q + c, {})", DType.U8: "vstrbq_u32(q + c, vreinterpretq_u32_s32({}))", DType.I32: "vstrwq_s32(q + c, {})"}[tail.out]
        fixed, lines = vectors
        join = chr(10) + " " * 6
        head = f"""    for (; c + 4 <= o; c += 4) {{
      {join.join(["const int32x4_t v = vaddq_s32(vldrwq_s32(s + c), vldrwq_s32(start + c));", *fixed, *lines[:-1]])}
      {put.format(lines[-1])};
    }}
"""
    requires = (COPY, body, *more, *((SCALE_MVE,) if head else ()))
    extras = tail.params(False) + "".join(f", int32_t ep{i}" for i, _ in tail.full)
    name = f"conv_s8s8_mve_1x4{'_where' if where else ''}{tail.suffix}"
    text = f"""static void {name}(const int8_t *x, const int8_t *w, const int32_t *start, {out} *y{extras}, void *scratch, int32_t rows, int32_t k,
    int32_t o, int32_t xw, int32_t yp, int32_t blocks) {{
  int32_t *const s = (int32_t *)scratch;
{_copied(where)}  for (int32_t p = 0; p < rows; p++) {{
    {out} *const q = y + (ptrdiff_t)p * yp;
{_taken(body, where)}    int32_t c = 0;
{head}    for (; c < o; c++) {{
      const int32_t v = s[c] + start[c];
      {(chr(10) + " " * 6).join([*scalar[:-1], f"q[c] = {scalar[-1]};"])}
    }}
  }}
}}
"""
    return CFunction(name, text, requires, ("stdint.h", "stddef.h", "arm_mve.h"))


def _conv(call: Call) -> Call | None:
    """The call as a 1x1 conv_integer of few pixels; None where it is none."""
    conv = product_of(call)
    if conv is None or conv.attrs["group"] != 1 or conv.attrs["rest"]:
        return None
    x, y, at = conv.input(0), conv.outputs[0], conv.attrs
    flat = conv.input(1).shape[2:] == (1, 1) and tuple(at["strides"]) == (1, 1) and not any(at["pads"])
    if x.type.dtype is not DType.I8 or not flat or not regular(x) or not regular(y) or math.prod(y.shape[:3]) > _ROWS:
        return None
    tail = tail_of_sums(conv)
    return conv if tail is not None and (tail[0].plain or tail[0].expr is None) else None


@kernel("conv_integer", "mve_row")
@kernel("matmul_integer", "mve_row")
class IntegerRowMve(IntegerMve):
    """int8, one group, a pixel or two, an epilogue that is no float vector."""

    def applies(self, call: Call) -> bool:
        return "mve" in call.isa.features and _conv(call) is not None

    def cost(self, call: Call) -> float:
        o, k = call.outputs[0].shape[-1], call.input(0).shape[-1]
        return math.prod(call.outputs[0].shape[:-1]) * (0.16 * -(-k // 16) * 16 * -(-o // _CHANNELS) * _CHANNELS)

    def emit(self, call: Call) -> Emitted:
        conv = _conv(call)
        found = tail_of_sums(conv) if conv is not None else None
        assert conv is not None and found is not None
        tail, (x, w, y) = found[0], (conv.input(0), conv.input(1), conv.outputs[0])
        assert w.const is not None
        o, k = w.shape[:2]
        blocks, fours = -(-k // 16), -(-o // _CHANNELS)
        panel = np.zeros((fours * _CHANNELS, blocks * 16), np.int8)
        panel[:o, :k] = w.const.reshape(o, k)
        packed = np.ascontiguousarray(panel.reshape(fours, _CHANNELS, blocks, 16).swapaxes(1, 2))
        bias = conv.inputs[2].const if conv.inputs[2] is not None else None
        start = totals(w.const.reshape(o, k).T, bias, int(conv.attrs.get("zero", 0)))
        scale = scale_for(conv) if y.type.dtype is DType.I8 else None
        pointers = [a for a in sum_args(conv, tail)[0] if isinstance(a, In)]
        pitches = [Int(pitch_of(conv.input(3 + i))) for i, _ in tail.full]
        where = k % 16 == 0
        sizes = (math.prod(y.shape[:3]), k, o, pitch_of(x), pitch_of(y), blocks)
        why = f"one row by four channels, sixteen products at a time{', inputs as they lie' if where else ''}"
        scratch = 4 * fours * _CHANNELS + (0 if where else 16 * blocks)
        if scale is not None:
            table = np.zeros((2, fours * _CHANNELS), np.int32)
            table[0, :o], table[1, :o] = scale.m, scale.b
            f = scaled_loop(where, scale.shift, scale.lo, scale.hi, scale.lift)
            return Emitted(f, (In(0), Const(packed), Const(table), Out(0), Scratch(), *map(Int, sizes)), scratch, f"{why}, scaled by a proven multiplication")
        args: tuple[Arg, ...] = (In(0), Const(packed), Const(start.astype(np.int32)), Out(0), *pointers, *pitches, Scratch(), *map(Int, sizes))
        return Emitted(loop(tail, where), args, scratch, why)
