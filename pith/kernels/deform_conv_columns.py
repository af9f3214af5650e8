"""deform_conv: the moved taps of a pixel gathered into a column, then one dot product for each output channel.

float32 error: at most (k / 16 + 8) * 2^-24 of the sum of magnitudes of k products.
"""

from __future__ import annotations

import math

import numpy as np

from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Out, Scratch, kernel
from pith.kernels.ctext import c_function

# g: height, width, output height and width, kernel height and width, strides, dilations, pads, groups, offset groups
_TEXT = r"""
static void $name(const $T *x, const $T *w, const $T *offset$PARAMS, $T *y, $A *column, const int32_t *g, int32_t batch,
    int32_t channels, int32_t outputs) {
  const int32_t ih = g[0], iw = g[1], oh = g[2], ow = g[3], taps = g[4] * g[5], plane = oh * ow;
  const int32_t depth = channels / g[12] * taps, share = channels / g[13];
  for (int32_t n = 0; n < batch; ++n)
  for (int32_t i = 0; i < oh; ++i)
  for (int32_t j = 0; j < ow; ++j) {
    for (int32_t c = 0; c < channels; ++c)
    for (int32_t t = 0; t < taps; ++t) {
      const int32_t tap = (n * g[13] + c / share) * taps + t, here = i * ow + j;
      const $A far = 1000000;
      $A v = LD(offset[(2 * tap) * plane + here]) + ($A)(i * g[6] - g[10] + t / g[5] * g[8]);
      $A u = LD(offset[(2 * tap + 1) * plane + here]) + ($A)(j * g[7] - g[11] + t % g[5] * g[9]);
      v = v > far ? far : v > -far ? v : -far;
      u = u > far ? far : u > -far ? u : -far;
      const $A fv = FN(floor, $S)(v), fu = FN(floor, $S)(u), dv = v - fv, du = u - fu;
      const int32_t top = (int32_t)fv, left = (int32_t)fu;
      const $T *p = x + (n * channels + c) * ih * iw;
      $A sum = 0;
      for (int32_t a = 0; a < 2; ++a)
      for (int32_t b = 0; b < 2; ++b) {
        const int32_t r = top + a, s = left + b;
        if (r < 0 || r >= ih || s < 0 || s >= iw) continue;
        sum += (a ? dv : 1 - dv) * (b ? du : 1 - du) * LD(p[r * iw + s]);
      }
      column[c * taps + t] = sum$MASK;
    }
    for (int32_t o = 0; o < outputs; ++o) {
      const $A *q = column + o / (outputs / g[12]) * depth;
      $A acc[16];
      for (int32_t l = 0; l < 16; ++l) acc[l] = 0;
      int32_t k = 0;
      for (; k + 16 <= depth; k += 16) {
        for (int32_t l = 0; l < 16; ++l) acc[l] += q[k + l] * LD(w[o * depth + k + l]);
      }
      for (int32_t l = 0; l < depth - k; ++l) acc[l] += q[k + l] * LD(w[o * depth + k + l]);
      for (int32_t half = 8; half > 0; half /= 2) {
        for (int32_t l = 0; l < half; ++l) acc[l] += acc[l + half];
      }
      ST(y[(n * outputs + o) * plane + i * ow + j], acc[0]$BIAS);
    }
  }
}
"""


@kernel("deform_conv", "columns")
class DeformConvColumns(Kernel):
    """2-D, groups, offset groups, optional bias and mask."""

    def applies(self, call: Call) -> bool:
        dtype = call.input(0).type.dtype
        return dtype.is_float and all(i is None or i.type.dtype is dtype for i in call.inputs)

    def emit(self, call: Call) -> Emitted:
        x, w, y, a = call.input(0), call.input(1), call.outputs[0], call.attrs
        dtype = x.type.dtype
        given = {k: k < len(call.inputs) and call.inputs[k] is not None for k in (3, 4)}
        marks = {
            "S": dtype.compute.short, "BIAS": " + LD(bias[o])" if given[3] else "",
            "MASK": " * LD(mask[tap * plane + here])" if given[4] else "",
            "PARAMS": (", const $T *bias" if given[3] else "") + (", const $T *mask" if given[4] else ""),
        }  # fmt: skip
        variant = "columns" + ("_bias" if given[3] else "") + ("_mask" if given[4] else "")
        function = c_function(call, variant, _TEXT, {"": dtype}, marks)
        table = [*x.shape[2:], *y.shape[2:], *w.shape[2:], *a["strides"], *a["dilations"], *a["pads"][:2]]
        table += [a["group"], a["offset_group"]]
        args: list[Arg] = [In(0), In(1), In(2), *(In(k) for k in (3, 4) if given[k])]
        args += [Out(0), Scratch(), Const(np.array(table, np.int32)), Int(x.shape[0]), Int(x.shape[1]), Int(y.shape[1])]
        scratch = x.shape[1] * math.prod(w.shape[2:]) * dtype.compute.itemsize
        return Emitted(function, tuple(args), scratch=scratch, why="a column of moved taps for each pixel")
