"""max_pool of bytes on Cortex-M's vectors (MVE): sixteen channels at a time, taps outside the input left out."""

from __future__ import annotations

import functools
import math

from pith.graph import DType
from pith.kernels.base import Call, Emitted, Int, kernel
from pith.kernels.pool_unrolled import MaxPoolUnrolled
from pith.vector.cfunction import CFunction


@functools.cache
def _function(dtype: DType) -> CFunction:
    name, kind = f"max_pool_{dtype.short}_mve", "s8" if dtype is DType.I8 else "u8"
    lowest, vector = (-128, "int8x16_t") if dtype is DType.I8 else (0, "uint8x16_t")
    text = f"""/* rows begin ... end - 1 of all output pictures */
static void {name}(const {dtype.c} *x, {dtype.c} *y, int32_t begin, int32_t end, int32_t c, int32_t ih, int32_t iw, int32_t oh, int32_t ow,
    int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh,
    int32_t yw, int32_t kh, int32_t kw) {{
  for (int32_t r = begin; r < end; r++) {{
    const int32_t n = r / oh, i = r % oh, h = i * sh - ph;
    const int32_t first = h < 0 ? (dh - 1 - h) / dh : 0, last = h >= ih ? 0 : (ih - 1 - h) / dh + 1, rows = last < kh ? last : kh;
    for (int32_t j = 0; j < ow; j++) {{
      const int32_t w = j * sw - pw;
      const int32_t left = w < 0 ? (dw - 1 - w) / dw : 0, right = w >= iw ? 0 : (iw - 1 - w) / dw + 1, columns = right < kw ? right : kw;
      for (int32_t k = 0; k < c; k += 16) {{
        const mve_pred16_t part = vctp8q((uint32_t)(c - k));
        {vector} most = vdupq_n_{kind}({lowest});
        for (int32_t u = first; u < rows; u++) {{
          const int32_t row = n * xn + (h + u * dh) * xh + w * xw + k;
          for (int32_t v = left; v < columns; v++) most = vmaxq_{kind}(most, vldrbq_z_{kind}(x + row + v * dw * xw, part));
        }}
        vstrbq_p_{kind}(y + n * yn + i * yh + j * yw + k, most, part);
      }}
    }}
  }}
}}
"""
    return CFunction(name, text, (), ("stdint.h", "arm_mve.h"))


@kernel("max_pool", "mve")
class MaxPoolMve(MaxPoolUnrolled):
    """Windows of any size and dilation."""

    def applies(self, call: Call) -> bool:
        bytes_last = call.input(0).type.dtype in (DType.I8, DType.U8) and call.attrs.get("layout") == "channels_last"
        return "mve" in call.isa.features and bytes_last and len(call.attrs["kernel_shape"]) == 2 and len(call.outputs) == 1

    def cost(self, call: Call) -> float:
        return call.outputs[0].type.size * (0.1 + 0.03 * math.prod(call.attrs["kernel_shape"]))

    def emit(self, call: Call) -> Emitted:
        kh, kw = call.attrs["kernel_shape"]
        args = (*self.args(call), Int(kh), Int(kw))
        return Emitted(_function(call.input(0).type.dtype), args, why="sixteen channels at a time", units=math.prod(call.outputs[0].shape[:2]))
