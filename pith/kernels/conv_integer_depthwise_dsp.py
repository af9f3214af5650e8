"""conv_integer of 3x3 with one input channel a group (depthwise), on Cortex-M's DSP extension.

Of four channels at a time, some rows are widened to 16 bits and laid out channel by channel, with the padding in place. Then
two neighbouring inputs are one word, `smlad` takes two taps of a row, and each word serves two outputs. Weights are stored
times 256, as the proven scaling (`proven_scale`) wants the sums; what the sums begin with is part of its proof. Rows that two
strips need are kept, so that the result may take the place of the input.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, Scratch, kernel
from pith.kernels.conv_integer_dsp import pitch_of, regular, widen
from pith.kernels.exact_s16 import range_of
from pith.kernels.product_s8 import product_of
from pith.kernels.proven_scale import Scale, scale_of
from pith.kernels.tile_dsp import Key, assembly, ending, ending_of, key_of, scaled
from pith.kernels.tile_s8 import totals
from pith.vector.cfunction import CFunction

_ROWS = 4096  # bytes of widened rows of four channels, about
_W = (("r4", "r5"), ("r6", "r7"), ("r8", "r9"))  # of each row of taps: (w0, w1), (w1, w2)


def _pair(pitch: int) -> list[str]:
    """Sums of two neighbouring outputs, stride 1, in r10 and r11; r0 moves on by two inputs."""
    lines = []
    for row, (a, b) in zip((2, 1, 0), _W[::-1], strict=True):
        first = row == 2
        lines += [f"ldrd r12, lr, [r0{f', #{row * pitch}]' if row else '], #4'}"]
        lines += [f"smuad r10, r12, {a}" if first else f"smlad r10, r12, {a}, r10", f"smlabt r10, lr, {b}, r10"]
        lines += [f"smultb r11, r12, {a}" if first else f"smlatb r11, r12, {a}, r11", f"smlad r11, lr, {b}, r11"]
    return lines


def _one(pitch: int, to: str, step: int) -> list[str]:
    """The sum of one output in `to`; r0 moves on by `step` bytes."""
    lines = []
    for row, (a, b) in zip((2, 1, 0), _W[::-1], strict=True):
        moved = f", #{row * pitch}]" if row else f"], #{step}" if step else "]"
        lines += [f"ldrd r12, lr, [r0{moved}", f"smuad {to}, r12, {a}" if row == 2 else f"smlad {to}, r12, {a}, {to}", f"smlabt {to}, lr, {b}, {to}"]
    return lines


@functools.cache
def rows(key: Key, ow: int, stride: int, pitch: int) -> CFunction:
    """C function: `height` rows of `ow` outputs of `channels` channels. x: widened inputs, `plane` bytes a channel and `pitch`
    a row;  w: of each channel six words of taps, m, b;  y: the first output, its pixels `yp` bytes apart, without gaps."""
    scale, signed = ending_of(key)
    assert scale is not None
    name = f"dsp_depthwise_3x3s{stride}_{ow}_" + ending(*key)
    # frame: 0 plane, 4 w, 8 m, 12 b, 16 y, 20 channels, 24 rows left; nine registers; the arguments channels (68), height (72), plane (76)
    lines = ["push {r4-r11, lr}", "sub sp, sp, #32", "strd r0, r1, [sp]", "str r2, [sp, #16]", "ldr r12, [sp, #68]", "str r12, [sp, #20]",
             "1:", "ldr r12, [sp, #4]", "ldmia.w r12!, {r4-r9}", "ldrd r10, r11, [r12], #8", "strd r10, r11, [sp, #8]", "str r12, [sp, #4]",
             "ldr r0, [sp]", "ldr r12, [sp, #76]", "add r12, r0, r12", "str r12, [sp]", "ldr r2, [sp, #16]", "add r12, r2, #1",
             "str r12, [sp, #16]", "ldr r1, [sp, #72]"]  # fmt: skip
    pairs, single = ow // 2, ow % 2
    lift = [[f"lsl {r}, {r}, #{scale.lift}"] if scale.lift else [] for r in ("r10", "r11")]
    two = _pair(pitch) if stride == 1 else [*_one(pitch, "r10", 4), *_one(pitch, "r11", 4)]
    both = [*two, *lift[0], *lift[1], "ldrd r12, lr, [sp, #8]", *scaled("r10", scale, "r12", "lr", signed), *scaled("r11", scale, "r12", "lr", signed),
            "strb r10, [r2]", "strb r11, [r2, r3]", "add r2, r2, r3, lsl #1"]  # fmt: skip
    last = [*_one(pitch, "r10", 4), *lift[0], "ldrd r12, lr, [sp, #8]", *scaled("r10", scale, "r12", "lr", signed), "strb r10, [r2]", "add r2, r2, r3"]
    move = stride * pitch - 4 * (pairs * (1 if stride == 1 else 2) + single)
    times = next(n for n in (3, 2, 1) if pairs % n == 0) if pairs > 3 else max(pairs, 1)
    loops = pairs // times if pairs else 0
    if loops > 1:
        lines += ["2:", "str r1, [sp, #24]", f"mov r1, #{loops}", "3:", *both * times, "subs r1, r1, #1", "bne 3b", "ldr r1, [sp, #24]"]
    else:
        lines += ["2:", *both * (times if pairs else 0)]
    lines += [*(last if single else []), f"{'add' if move >= 0 else 'sub'} r0, r0, #{abs(move)}", "subs r1, r1, #1", "bne.w 2b"]
    lines += ["ldr r12, [sp, #20]", "subs r12, r12, #1", "str r12, [sp, #20]", "bne.w 1b", "add sp, sp, #32", "pop {r4-r11, pc}"]
    out = "int8_t" if signed else "uint8_t"
    params = f"const int32_t *x, const int32_t *w, {out} *y, int32_t yp, int32_t channels, int32_t height, int32_t plane"
    return assembly(name, f"rows of {ow} outputs of 3x3 taps with stride {stride}, channel by channel", params, lines)


@functools.cache
def planes(dtype: DType) -> CFunction:
    """C function: rows of four channels widened, two neighbouring pixels to a word, the padding in place."""
    t, op = dtype.c, "sxtb16" if dtype is DType.I8 else "uxtb16"
    name = f"dsp_planes_{dtype.short}"
    text = f"""static inline void {name}_pair(uint32_t *to, int32_t plane, uint32_t u, uint32_t v) {{
  uint32_t a, b;
  const uint32_t u0 = dsp_{op}(u), v0 = dsp_{op}(v), u1 = dsp_{op}_8(u), v1 = dsp_{op}_8(v);
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(a) : "r"(u0), "r"(v0));
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(b) : "r"(v0), "r"(u0));
  to[0] = a;
  to[2 * plane] = b;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(a) : "r"(u1), "r"(v1));
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(b) : "r"(v1), "r"(u1));
  to[plane] = a;
  to[3 * plane] = b;
}}
static void {name}(uint32_t *to, const {t} *x, int32_t rows, int32_t words, int32_t plane, int32_t first, int32_t left, int32_t ih,
    int32_t iw, int32_t xh, int32_t xw, int32_t zero) {{
  const uint32_t none = (uint32_t)(uint8_t)zero * UINT32_C(0x01010101);
  for (int32_t r = 0; r < rows; r++) {{
    const int32_t iy = first + r, inside = iy >= 0 && iy < ih;
    const {t} *const row = x + (ptrdiff_t)iy * xh;
    int32_t q = 0, ix = -left;
    for (; q < words; q++, ix += 2) {{
      if (inside && ix >= 0) {{
        for (const {t} *p = row + (ptrdiff_t)ix * xw; ix + 1 < iw && q < words; q++, ix += 2, p += 2 * (ptrdiff_t)xw)
          {name}_pair(to + q, plane, ((const dsp_word *)(const void *)p)->w, ((const dsp_word *)(const void *)(p + xw))->w);
        if (q == words) break;
      }}
      {name}_pair(to + q, plane, inside && ix >= 0 && ix < iw ? ((const dsp_word *)(const void *)(row + (ptrdiff_t)ix * xw))->w : none,
          inside && ix + 1 >= 0 && ix + 1 < iw ? ((const dsp_word *)(const void *)(row + (ptrdiff_t)(ix + 1) * xw))->w : none);
    }}
    to += words;
  }}
}}
"""
    return CFunction(name, text, widen(dtype, 1).requires, ("stdint.h", "stddef.h"))


@functools.cache
def loop(dtype: DType, key: Key, ow: int, stride: int, pitch: int) -> CFunction:
    """The loop over pictures, groups of four channels, and strips of rows."""
    block, wide = rows(key, ow, stride, pitch), planes(dtype)
    name = f"conv_{dtype.short}s8_{block.name}"
    t, out = dtype.c, "int8_t" if key[4] else "uint8_t"
    text = f"""static void {name}(const {t} *x, const int32_t *w, {out} *y, void *scratch, int32_t n, int32_t oh, int32_t c, int32_t ih,
    int32_t iw, int32_t strip, int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t zero) {{
  uint32_t *const a = (uint32_t *)scratch;
  const int32_t plane = ((strip - 1) * {stride} + 3) * {pitch // 4};
  for (int32_t b = 0; b < n; b++) {{
    for (int32_t g = 0; g < c; g += 4) {{
      const int32_t from = g > c - 4 ? c - 4 : g; /* the last four, perhaps some of them again */
      for (int32_t i = 0; i < oh; i += strip) {{
        const int32_t height = oh - i < strip ? oh - i : strip, tall = (height - 1) * {stride} + 3, kept = i ? {3 - stride} : 0;
        for (int32_t k = 0; k < 4 && i; k++) /* rows that both strips need, which the output may have taken the place of */
          for (int32_t l = 0; l < {(3 - stride) * pitch // 4}; l++) a[k * plane + l] = a[k * plane + strip * {stride * pitch // 4} + l];
        {wide.name}(a + kept * {pitch // 4}, x + (ptrdiff_t)b * xn + from, tall - kept, {pitch // 4}, plane, i * {stride} - ph + kept, pw, ih, iw,
            xh, xw, zero);
        {block.name}((const int32_t *)(const void *)a, w + (ptrdiff_t)from * 8,
            y + ((ptrdiff_t)b * oh + i) * {ow} * yp + from, yp, 4, height, 4 * plane);
      }}
    }}
  }}
}}
"""
    return CFunction(name, text, (wide, block), ("stdint.h", "stddef.h"))


@dataclass(frozen=True, slots=True)
class Plan:
    """How a call is run: bytes of a widened row, output rows of a strip."""

    conv: Call
    pitch: int
    strip: int
    scale: Scale


def _plan(call: Call) -> Plan | None:
    conv = product_of(call)
    if conv is None or conv.attrs["rest"]:
        return None
    x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
    o, c, kh, kw = w.shape
    stride = at["strides"][0]
    if c != 1 or at["group"] != o or x.shape[3] != o or (kh, kw) != (3, 3) or o < 4 or not regular(y):
        return None
    if tuple(at["dilations"]) != (1, 1) or at["strides"][1] != stride or stride not in (1, 2):
        return None
    ow = y.shape[2]
    pitch = 4 * (-(-ow // 2) + 1) if stride == 1 else 4 * (ow + 1)
    if 2 * pitch > 1020:
        return None
    assert w.const is not None
    bias = conv.inputs[2].const if conv.inputs[2] is not None else None
    wide = w.const.reshape(o, 9).astype(np.int64)
    start = totals(w.const.reshape(o, 9).T, bias, int(at.get("zero", 0))).astype(np.int64)
    lo, hi = range_of(conv)
    up, down = np.maximum(wide, 0).sum(1), np.minimum(wide, 0).sum(1)
    low, high = up * lo + down * hi, up * hi + down * lo
    scale = scale_of(conv, start, low, high)
    if scale is None:
        return None
    tall = max(1, ((_ROWS // (4 * pitch)) - 3) // stride + 1)
    return Plan(conv, pitch, min(y.shape[1], tall), scale)


@kernel("conv_integer", "depthwise_dsp")
class IntegerDepthwiseDsp(Kernel):
    """Strides 1 and 2, four channels and more, an epilogue with a proven scaling."""

    def applies(self, call: Call) -> bool:
        return "dsp" in call.isa.features and _plan(call) is not None

    def cost(self, call: Call) -> float:
        return 15.0 * call.outputs[0].type.size

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if output else operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        return {0}

    def inplace(self, call: Call) -> tuple[int, ...]:
        """Rows are widened before outputs take their place; channels must be taken once."""
        x, y = call.input(0).type, call.outputs[0].type
        return (0,) if x.shape == y.shape and x.shape[3] % 4 == 0 and call.attrs["strides"][0] == 1 else ()

    def emit(self, call: Call) -> Emitted:
        plan = _plan(call)
        assert plan is not None
        conv, scale = plan.conv, plan.scale
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None
        n, oh, ow, c = y.shape
        stride = at["strides"][0]
        taps = 256 * w.const.reshape(c, 3, 3).astype(np.int32)
        words = np.stack([taps[:, :, 0], taps[:, :, 1], taps[:, :, 1], taps[:, :, 2]], 2).astype(np.int16).reshape(c, 12).view(np.int32)
        table = np.concatenate([words, scale.m[:, None], scale.b[:, None]], 1)
        f = loop(x.type.dtype, key_of(scale, y.type.dtype is DType.I8), ow, stride, plan.pitch)
        sizes = (n, oh, c, x.shape[1], x.shape[2], plan.strip, *at["pads"][:2], *x.strides[:3], pitch_of(y), int(at.get("zero", 0)))
        scratch = 4 * plan.pitch * ((plan.strip - 1) * stride + 3)
        args: tuple[Arg, ...] = (In(0), Const(table), Out(0), Scratch(), *map(Int, sizes))
        return Emitted(f, args, scratch, f"3x3, four channels in strips of {plan.strip} rows, scaled by a proven multiplication")
