"""conv_integer of each channel with ones, rescaled to 8 bits, on Cortex-M's vectors (MVE): average pooling of bytes, over any window.

Sixteen channels at a time are widened and summed in 16 bits, which hold the sums of 255 signed bytes or 257 unsigned ones. The sums
go through a proven scaling (`proven_scale`), which is the same for all channels; of a mean that rounds halves away from zero too.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.conv_integer_dsp import pitch_of, regular
from pith.kernels.product_s8 import product_of
from pith.kernels.proven_scale import Scale
from pith.kernels.scale_mve import print_scale, scale_for, suffix
from pith.vector.cfunction import CFunction

_MOST = {DType.I8: 255, DType.U8: 257}  # bytes whose sum fits 16 bits, by the type of them


@functools.cache
def _loop(x: DType, y: DType, shift: int, lo: int, hi: int, lift: int) -> CFunction:
    """All windows; the scaling but for its two numbers is baked in."""
    none = np.zeros(0, np.int32)
    scale = Scale(none, none, shift, lo, hi, lift)
    sign = "s" if x is DType.I8 else "u"
    wide, word = ("int16", "vldrhq_s32(s + l)") if x is DType.I8 else ("uint16", "vreinterpretq_s32_u32(vldrhq_u32(s + l))")
    *lines, value = print_scale(scale)
    name = f"mean_{x.short}{y.short}_mve{suffix(scale)}"
    text = f"""static void {name}(const {x.c} *x, {y.c} *y, int32_t pixels, int32_t oh, int32_t ow, int32_t c, int32_t kh, int32_t kw,
    int32_t sh, int32_t sw, int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t by, int32_t more) {{
  const int32x4_t m = vdupq_n_s32(by), b = vdupq_n_s32(more);
  {wide}_t s[16];
  for (int32_t p = 0; p < pixels; p++, y += yp) {{
    const int32_t i = p / ow % oh, j = p % ow;
    const {x.c} *const from = x + (ptrdiff_t)(p / (oh * ow)) * xn + (ptrdiff_t)(i * sh) * xh + (ptrdiff_t)(j * sw) * xw;
    for (int32_t k = 0; k < c; k += 16) {{
      const int32_t left = c - k;
      const mve_pred16_t first = vctp16q((uint32_t)left), second = vctp16q((uint32_t)(left > 8 ? left - 8 : 0));
      {wide}x8_t s0 = vdupq_n_{sign}16(0), s1 = s0;
      for (int32_t u = 0; u < kh; u++) {{
        const {x.c} *q = from + (ptrdiff_t)u * xh + k;
        for (int32_t v = 0; v < kw; v++, q += xw) {{
          s0 = vaddq_{sign}16(s0, vldrbq_z_{sign}16(q, first));
          s1 = vaddq_{sign}16(s1, vldrbq_z_{sign}16(q + 8, second));
        }}
      }}
      vstrhq_{sign}16(s, s0);
      vstrhq_{sign}16(s + 8, s1);
      for (int32_t l = 0; l < 16 && l < left; l += 4) {{
        const int32x4_t v = {word};
        {(chr(10) + " " * 8).join(lines)}
        vstrbq_p_s32((int8_t *)y + k + l, {value}, vctp32q((uint32_t)(left - l)));
      }}
    }}
  }}
}}
"""
    return CFunction(name, text, (), ("stdint.h", "stddef.h", "arm_mve.h"))


def _plan(call: Call) -> tuple[Call, Scale] | None:
    """The call as windows of bytes that are summed, and its scaling; None where it is none."""
    if "mve" not in call.isa.features or (conv := product_of(call)) is None or conv.attrs["rest"]:
        return None
    x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
    o, one, kh, kw = w.shape
    if one != 1 or at["group"] != o or x.shape[3] != o or any(at["pads"]) or tuple(at["dilations"]) != (1, 1) or not regular(y):
        return None
    if kh * kw > _MOST.get(x.type.dtype, 0) or y.type.dtype not in _MOST or w.const is None or (w.const != 1).any():
        return None
    scale = scale_for(conv)
    return (conv, scale) if scale is not None and (scale.m == scale.m[0]).all() and (scale.b == scale.b[0]).all() else None


@kernel("conv_integer", "ones_mve")
class IntegerOnesMve(Kernel):
    """No padding, an epilogue with a proven scaling that all channels share."""

    def applies(self, call: Call) -> bool:
        return _plan(call) is not None

    def cost(self, call: Call) -> float:
        return call.outputs[0].type.size * (2.5 + 0.32 * math.prod(call.input(1).shape[2:]))

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if output else operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        return {0}

    def emit(self, call: Call) -> Emitted:
        found = _plan(call)
        assert found is not None
        conv, scale = found
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        (kh, kw), (n, oh, ow, c) = w.shape[2:], y.shape
        numbers = (n * oh * ow, oh, ow, c, kh, kw, *at["strides"], *x.strides[:3], pitch_of(y), int(scale.m[0]), int(scale.b[0]))
        args: tuple[Arg, ...] = (In(0), Out(0), *map(Int, numbers))
        f = _loop(x.type.dtype, y.type.dtype, scale.shift, scale.lo, scale.hi, scale.lift)
        return Emitted(f, args, why=f"sums of windows of {kh}x{kw}, sixteen channels at a time, scaled by a proven multiplication")
