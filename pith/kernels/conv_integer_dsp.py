"""conv_integer and matmul_integer with constant weights on Cortex-M's DSP extension: the blocks of `tile_dsp` over all pixels.

The inputs under four output pixels are widened to 16 bits once, side by side, and meet all channels. The last four pixels
overlap those before, where the number of pixels is no multiple of four; layers with fewer take one pixel at a time.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, Scratch, kernel
from pith.kernels.exact_s16 import range_of
from pith.kernels.packed import alike
from pith.kernels.product_s8 import product_of
from pith.kernels.proven_scale import Scale, scale_of
from pith.kernels.tail_s8 import SumTail, plain_loop, sum_args, tail_of_sums
from pith.kernels.tile_dsp import Key, ending, key_of, mixed, panel, pixels_1, pixels_4
from pith.kernels.tile_s8 import totals
from pith.ops.int32 import LARGEST
from pith.vector.cfunction import CFunction

_MOST = (1 << 23) - 1


@functools.cache
def widen(dtype: DType, apart: int) -> CFunction:
    """C function: bytes to pairs of 16 bits as `sxtb16` splits four of them, each word `apart` words after the one before, the
    last four filled up with zeros; returns where the next word goes."""
    t, op = dtype.c, "sxtb16" if dtype is DType.I8 else "uxtb16"
    name = f"dsp_widen_{dtype.short}_{apart}"
    text = f"""static inline uint32_t dsp_{op}(uint32_t w) {{
  __asm__("{op} %0, %1" : "=r"(w) : "r"(w));
  return w;
}}
static inline uint32_t dsp_{op}_8(uint32_t w) {{
  __asm__("{op} %0, %1, ror #8" : "=r"(w) : "r"(w));
  return w;
}}
typedef struct {{
  uint32_t w;
}} __attribute__((packed, may_alias)) dsp_word; /* at any address */
static inline uint32_t *{name}(uint32_t *to, const {t} *from, int32_t bytes) {{
  for (; bytes >= 16; bytes -= 16, from += 16, to += {8 * apart}) {{
    for (int i = 0; i < 4; i++) {{
      const uint32_t w = ((const dsp_word *)(const void *)(from + 4 * i))->w;
      to[{2 * apart} * i] = dsp_{op}(w);
      to[{2 * apart} * i + {apart}] = dsp_{op}_8(w);
    }}
  }}
  for (; bytes >= 4; bytes -= 4, from += 4, to += {2 * apart}) {{
    const uint32_t w = ((const dsp_word *)(const void *)from)->w;
    to[0] = dsp_{op}(w);
    to[{apart}] = dsp_{op}_8(w);
  }}
  if (bytes > 0) {{
    uint32_t w = (uint8_t)from[0];
    if (bytes > 1) w |= (uint32_t)(uint8_t)from[1] << 8;
    if (bytes > 2) w |= (uint32_t)(uint8_t)from[2] << 16;
    to[0] = dsp_{op}(w);
    to[{apart}] = dsp_{op}_8(w);
    to += {2 * apart};
  }}
  return to;
}}
"""
    # the two helpers and the type are one function's text of their own, so that both distances share them
    head, _, body = text.partition(f"static inline uint32_t *{name}(")
    helpers = CFunction(f"dsp_{op}", head, (), ("stdint.h",))
    word, _, rest = head.partition("typedef struct {")
    helpers = CFunction(f"dsp_{op}", word, (), ("stdint.h",))
    kind = CFunction("dsp_word", "typedef struct {" + rest, (), ("stdint.h",))
    return CFunction(name, f"static inline uint32_t *{name}(" + body, (helpers, kind), ("stdint.h",))


@dataclass(frozen=True, slots=True)
class Plan:
    """How a call is run. four: four pixels at a time;  run: neighbouring bytes of input in a kernel row;  words: words of weights
    of a pair of channels;  channels: filled up to whole groups."""

    conv: Call
    four: bool
    run: int
    words: int
    channels: int
    start: np.ndarray
    weights: np.ndarray
    scale: Scale | None


def _plan(call: Call) -> Plan | None:
    conv = product_of(call)
    if conv is None or conv.attrs["group"] != 1 or conv.attrs["rest"] or tuple(conv.attrs["dilations"]) != (1, 1):
        return None
    x, w, y = conv.input(0), conv.input(1), conv.outputs[0]
    assert w.const is not None
    o, c, kh, kw = w.shape
    if kw > 1 and x.strides[2] != c:
        return None
    pixels = math.prod(y.shape[:3])
    four = pixels >= 4
    if not regular(y):
        return None
    run = kw * c
    rows = np.zeros((kh, -(-run // 4) * 4, -(-o // (2 if four else 8)) * (2 if four else 8)), np.int8)
    rows[:, :run, :o] = w.const.transpose(2, 3, 1, 0).reshape(kh, run, o)
    weights = mixed(rows.reshape(-1, rows.shape[2]))
    if weights is None:
        return None
    bias = conv.inputs[2].const if conv.inputs[2] is not None else None
    columns, zero = w.const.transpose(1, 2, 3, 0).reshape(-1, o), int(conv.attrs.get("zero", 0))
    wide = columns.astype(np.int64)
    start = totals(columns, bias, zero)
    if np.abs(start.astype(np.int64)).max() > LARGEST - _MOST:
        return None
    lo, hi = range_of(conv)
    up, down = np.maximum(wide, 0).sum(0), np.minimum(wide, 0).sum(0)
    low, high = up * lo + down * hi, up * hi + down * lo
    if int(max(high.max(), -low.min())) > _MOST:
        return None
    scale = _filled(scale_of(conv, start, low, high), rows.shape[2])
    return Plan(conv, four, run, weights.shape[1], rows.shape[2], start.astype(np.int32), weights, scale)


def _filled(scale: Scale | None, channels: int) -> Scale | None:
    if scale is None:
        return None
    more = channels - len(scale.m)
    return replace(scale, m=np.pad(scale.m, (0, more)), b=np.pad(scale.b, (0, more)))


def regular(y: Operand) -> bool:
    """Whether pixels [N, H, W, C] lie at one distance from each other."""
    outer = [(d, s) for d, s in zip(y.shape[:3], y.strides[:3], strict=True) if d != 1]
    return y.inner_contiguous and all(a[1] == b[0] * b[1] for a, b in itertools.pairwise(outer))


def _finish(tail: SumTail, four: bool) -> tuple[str, tuple[CFunction, ...]]:
    """C that puts sums through the epilogue: of `count` pixels from p on, channels `o`."""
    if tail.expr is None:
        return "q[c] = v;", ()
    places = [f"e{i}[(ptrdiff_t)(p + r) * ep{i} + c]" if i in dict(tail.full) else f"e{i}[c]" for i in range(len(tail.kinds))]
    lines, requires = plain_loop(tail, places)
    return "\n        ".join([*lines[:-1], f"q[c] = {lines[-1]};"]), requires


@functools.cache
def loop(dtype: DType, tail: SumTail, key: Key | None, four: bool) -> CFunction:
    """The loop over pixels."""
    block, apart, many = (pixels_4(key), 4, 4) if four else (pixels_1(key), 1, 1)
    wide = widen(dtype, apart)
    t, out = dtype.c, tail.out.c
    name = f"conv_{dtype.short}s8_dsp_{'4x2' if four else '1x8'}_" + (ending(*key) if key else "sums" + tail.suffix)
    extras = ", const int32_t *start" + tail.params(False) + "".join(f", int32_t ep{i}" for i, _ in tail.full) if key is None else ""
    finish, requires = _finish(tail, four) if key is None else ("", ())
    if key is not None and four:
        call = f"""    if (o > 1) {block.name}(a, w, y + (ptrdiff_t)p * yp, yp, o / 2, words);
    if (o % 2) {{ /* the last channel by way of a place of its own */
      {out} last[8];
      {block.name}(a, w + (ptrdiff_t)(o / 2) * (words + 4), last, 2, 1, words);
      for (int32_t r = 0; r < 4; r++) y[(ptrdiff_t)(p + r) * yp + o - 1] = last[2 * r];
    }}
"""
    elif key is not None:
        call = f"""    if (o > 7) {block.name}(a, w, y + (ptrdiff_t)p * yp, o / 8, words);
    if (o % 8) {{ /* the last channels by way of a place of their own */
      {out} last[8];
      {block.name}(a, w + (ptrdiff_t)(o / 8) * (4 * words + 16), last, 1, words);
      for (int32_t c = 0; c < o % 8; c++) y[(ptrdiff_t)p * yp + o / 8 * 8 + c] = last[c];
    }}
"""
    else:
        place = "s[c / 2 * 8 + (c % 2 ? 0 : 4) + r]" if four else "s[c ^ 1]"
        args = "s, 0, (o + 1) / 2, words" if four else "s, (o + 7) / 8, words"
        call = f"""    int32_t *const s = (int32_t *)(void *)(a + {many} * words);
    {block.name}(a, w, {args});
    for (int32_t r = 0; r < {many}; r++) {{
      {out} *const q = y + (ptrdiff_t)(p + r) * yp;
      for (int32_t c = 0; c < o; c++) {{
        const int32_t v = {place} + start[c];
        {finish}
      }}
    }}
"""
    text = f"""static void {name}(const {t} *x, const int32_t *w, {out} *y{extras}, void *scratch, int32_t pixels, int32_t oh,
    int32_t ow, int32_t ih, int32_t iw, int32_t c_in, int32_t o, int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t words, int32_t zero) {{
  int32_t *const a = (int32_t *)scratch;
  const int32_t run = kw * c_in;
  int32_t b = 0, i = 0, j = 0;
  for (int32_t p = 0; p < pixels; p += {many}) {{
    {"if (p > pixels - 4) { /* again some of those before */" if four else ""}
    {"  p = pixels - 4;" if four else ""}
    {"  b = p / (oh * ow), i = p / ow % oh, j = p % ow;" if four else ""}
    {"}" if four else ""}
    for (int32_t r = 0; r < {many}; r++) {{
      const int32_t iy = i * sh - ph, ix = j * sw - pw;
      const {t} *from = x + (ptrdiff_t)b * xn + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw;
      uint32_t *to = (uint32_t *)(void *)a + r;
      if (iy >= 0 && ix >= 0 && iy + kh <= ih && ix + kw <= iw) {{
        for (int32_t k = 0; k < kh; k++, from += xh) to = {wide.name}(to, from, run);
      }} else {{
        const int32_t left = (ix < 0 ? -ix : 0) * c_in, right = (ix + kw < iw ? kw : iw - ix) * c_in;
        for (int32_t k = 0; k < kh; k++, from += xh) {{
          const int32_t inside = iy + k >= 0 && iy + k < ih;
          for (int32_t q = 0; q < run; q += 4) {{
            {t} part[4];
            for (int32_t l = 0; l < 4; l++) part[l] = inside && q + l >= left && q + l < right ? from[q + l] : ({t})zero;
            to = {wide.name}(to, part, 4);
          }}
        }}
      }}
      if (++j == ow) {{
        j = 0;
        if (++i == oh) {{
          i = 0;
          b++;
        }}
      }}
    }}
{call}  }}
}}
"""
    text = "\n".join(line for line in text.split("\n") if line.strip() or not line)
    return CFunction(name, text, (wide, block, *requires), ("stdint.h", "stddef.h"))


@kernel("conv_integer", "dsp")
@kernel("matmul_integer", "dsp")
class IntegerDsp(Kernel):
    """One group, no dilation, and sums below 2^23."""

    def applies(self, call: Call) -> bool:
        if "dsp" not in call.isa.features:
            return False
        plan = _plan(call)
        if plan is None:
            return False
        found = tail_of_sums(plan.conv)
        return plan.scale is not None or (found is not None and (found[0].plain or found[0].expr is None))

    def cost(self, call: Call) -> float:
        plan = _plan(call)
        assert plan is not None
        return 0.8 * math.prod(plan.conv.outputs[0].shape[:3]) * plan.words * plan.channels

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if call.op == "matmul_integer" or output or index > 2 else operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        plan = _plan(call)
        return {0, *(range(3, len(call.inputs)) if plan is None or plan.scale is None else ())}

    def inplace(self, call: Call) -> tuple[int, ...]:
        return () if math.prod(call.outputs[0].shape[:-1]) % 4 else alike(call)

    def emit(self, call: Call) -> Emitted:
        plan = _plan(call)
        assert plan is not None
        conv, scale = plan.conv, plan.scale
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        found = tail_of_sums(conv)
        assert found is not None
        tail = found[0]
        key = key_of(scale, y.type.dtype is DType.I8) if scale is not None else None
        packed = panel(plan.weights, scale, 1 if plan.four else 4)
        pointers: list[Arg] = [] if scale is not None else [Const(plan.start), *(a for a in sum_args(conv, tail)[0] if isinstance(a, In))]
        pitches = [] if scale is not None else [Int(pitch_of(conv.input(3 + i))) for i, _ in tail.full]
        n, oh, ow, o = y.shape
        (_, c, kh, kw), pixels = w.shape, n * oh * ow
        extents = (pixels, oh, ow, x.shape[1], x.shape[2], c, o, kh, kw)
        sizes = (*extents, *at["strides"], *at["pads"][:2], *x.strides[:3], pitch_of(y), plan.words, int(at.get("zero", 0)))
        many = 4 if plan.four else 1
        scratch = 4 * many * plan.words + (0 if scale is not None else 4 * many * plan.channels)
        f = loop(x.type.dtype, tail, key, plan.four)
        args: tuple[Arg, ...] = (In(0), Const(packed), Out(0), *pointers, *pitches, Scratch(), *map(Int, sizes))
        how = "scaled by a proven multiplication" if scale is not None else "sums, then the epilogue"
        return Emitted(f, args, scratch, f"{kh}x{kw}, {'four pixels by two' if plan.four else 'one pixel by eight'} channels, {how}")


def pitch_of(y: Operand) -> int:
    """Elements from one pixel [N, H, W, C] to the next."""
    steps = [s for d, s in zip(y.shape[:3], y.strides[:3], strict=True) if d != 1]
    return steps[-1] if steps else y.shape[3]
