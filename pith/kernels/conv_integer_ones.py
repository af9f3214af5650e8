"""conv_integer of each channel with ones, int32 results: the sums of windows that a mean is made of.

Channels lie side by side, so that sums of neighbouring ones are made together; the compiler makes vectors of them.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Emitted, In, Int, Kernel, Operand, Out, kernel, unit_range
from pith.vector.cfunction import CFunction

_BLOCKS = (32, 8, 1)  # channels at a time


@functools.cache
def _function(dtype: DType) -> CFunction:
    name = f"sums_{dtype.short}"
    parts = []
    for n in _BLOCKS:
        parts.append(f"""    for (; k <= c - {n}; k += {n}) {{
      int32_t s[{n}];
      for (int32_t i = 0; i < {n}; i++) s[i] = start;
      for (int32_t a = 0; a < kh; a++)
        for (int32_t b = 0; b < kw; b++) {{
          const {dtype.c} *const p = from + (ptrdiff_t)a * xh + (ptrdiff_t)b * xw + k;
          for (int32_t i = 0; i < {n}; i++) s[i] += p[i];
        }}
      for (int32_t i = 0; i < {n}; i++) to[k + i] = s[i];
    }}
""")
    text = f"""/* windows begin ... end - 1: start + the sum of each channel's kh x kw numbers */
static void {name}(const {dtype.c} *x, int32_t *y, int32_t oh, int32_t ow, int32_t c, int32_t kh, int32_t kw, int32_t sh, int32_t sw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t start, int32_t begin, int32_t end) {{
  for (int32_t w = begin; w < end; w++) {{
    const int32_t n = w / (oh * ow), i = w / ow % oh, j = w % ow;
    const {dtype.c} *const from = x + (ptrdiff_t)n * xn + (ptrdiff_t)(i * sh) * xh + (ptrdiff_t)(j * sw) * xw;
    int32_t *const to = y + (ptrdiff_t)n * yn + (ptrdiff_t)i * yh + (ptrdiff_t)j * yw;
    int32_t k = 0;
{"".join(parts)}  }}
}}
"""
    return CFunction(name, text, (), ("stdint.h", "stddef.h"))


@kernel("conv_integer", "ones")
class IntegerOnes(Kernel):
    """No padding, no bias, no epilogue."""

    def applies(self, call: Call) -> bool:
        x, w, at = call.input(0), call.input(1), call.attrs
        return (
            x.type.dtype in (DType.I8, DType.U8) and len(x.shape) == 4 and at["layout"] == "channels_last" and w.const is not None
            and not any(i is not None for i in call.inputs[2:]) and at.get("epilogue") is None and call.outputs[0].type.dtype is DType.I32
            and w.shape[1] == 1 and at["group"] == w.shape[0] == x.shape[3] and not any(at["pads"]) and tuple(at["dilations"]) == (1, 1)
            and not at.get("zero_w", 0) and bool((w.const == 1).all())
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        taps = math.prod(call.input(1).shape[2:])
        return math.prod(call.outputs[0].shape) * (1.0 + taps * 2.0 / call.isa.lanes(4))

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        return {0}

    def emit(self, call: Call) -> Emitted:
        x, y, at = call.input(0), call.outputs[0], call.attrs
        kh, kw = call.input(1).shape[2:]
        start = int(np.int64(-int(at.get("zero", 0))) * kh * kw)
        n, oh, ow, c = y.shape
        numbers = (oh, ow, c, kh, kw, *at["strides"], *x.strides[:3], *y.strides[:3], start)
        args: tuple[Arg, ...] = (In(0), Out(0), *map(Int, numbers), *unit_range(n * oh * ow))
        return Emitted(_function(x.type.dtype), args, why=f"sums of windows of {kh}x{kw}", units=max(1, n * oh * ow))
