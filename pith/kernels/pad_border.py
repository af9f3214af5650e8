"""pad in every mode: runs of the input copied whole, borders element by element (by run when the last axes are not padded)."""

from __future__ import annotations

import math

import numpy as np

from pith.kernels.base import Call, Const, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.ctext import c_function
from pith.vector.cfunction import CFunction

# t: rank, then extent of x, padding before, extent of y, stride of x, for each axis; the last axis moves `run` elements.
_TEXT = r"""
static void $name(const $T *restrict x, $T *restrict y, const int32_t *restrict t$PARAMS, int32_t rows, int32_t run) {
  const int32_t last = t[0] - 1;
  const int32_t *axis = t + 1;
  const int32_t n = axis[4 * last], before = axis[4 * last + 1], width = axis[4 * last + 2], step = axis[4 * last + 3];
  for (int32_t r = 0; r < rows; ++r) {
    int32_t from = 0, rest = r, outside = 0;
    for (int32_t a = last - 1; a >= 0; --a) {
      const int32_t at = pith_pad_$MODE(rest % axis[4 * a + 2] - axis[4 * a + 1], axis[4 * a]);
      rest /= axis[4 * a + 2];
      outside |= at < 0;
      from += at < 0 ? 0 : at * axis[4 * a + 3];
    }
    $T *q = y + r * width * run;
    const int32_t begin = outside ? width : before, end = outside ? width : before + n;
    for (int32_t i = 0; i < width; ++i) {
      if (i == begin && n > 0) {
$COPY
        i = end - 1;
        continue;
      }
      const int32_t at = outside ? -1 : pith_pad_$MODE(i - before, n);
      for (int32_t k = 0; k < run; ++k) q[i * run + k] = $VALUE;
    }
  }
}
"""

_MAP = {
    "constant": "  return i >= 0 && i < n ? i : -1;",
    "edge": "  return i < 0 ? 0 : i >= n ? n - 1 : i;",
    "reflect": (
        "  const int32_t period = 2 * (n - 1);\n  if (period <= 0) return 0;\n"
        "  const int32_t r = i % period, at = r < 0 ? r + period : r;\n  return at < n ? at : period - at;"
    ),
    "wrap": "  const int32_t r = n > 0 ? i % n : 0;\n  return r < 0 ? r + n : r;",
}


@kernel("pad", "border")
class PadBorder(Kernel):
    """Constant, edge, reflect and wrap, any rank and input strides."""

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.contiguous or not output

    def emit(self, call: Call) -> Emitted:
        x = call.input(0)
        rank, pads, mode = len(x.shape), tuple(call.attrs["pads"]), str(call.attrs["mode"])
        axes: list[list[int]] = []  # extent, before, width, stride; unpadded neighbours merged
        for a in range(rank):
            axis = [x.shape[a], pads[a], x.shape[a] + pads[a] + pads[a + rank], x.strides[a]]
            plain = pads[a] == 0 == pads[a + rank]
            if axes and plain and axes[-1][1:3] == [0, axes[-1][0]] and axes[-1][3] == axis[0] * axis[3]:
                axes[-1] = [axes[-1][0] * axis[0], 0, axes[-1][2] * axis[2], axis[3]]
            else:
                axes.append(axis)
        # an unpadded, adjacent last axis becomes the run that is moved whole
        run = axes.pop()[0] if axes and axes[-1][1] == 0 and axes[-1][0] == axes[-1][2] and axes[-1][3] == 1 else 1
        axes = axes or [[1, 0, 1, run]]
        constant, adjacent = mode == "constant", axes[-1][3] == run
        text = f"static inline int32_t pith_pad_{mode}(int32_t i, int32_t n) {{\n{_MAP[mode]}\n}}\n"
        place = CFunction(f"pith_pad_{mode}", text, (), ("stdint.h",))
        marks = {
            "MODE": mode, "PARAMS": f", const {x.type.dtype.c} *restrict value" if constant else "",
            "VALUE": "at < 0 ? value[0] : x[from + at * step + k]" if constant else "x[from + at * step + k]",
            "COPY": (
                "        for (int32_t k = 0; k < n * run; ++k) q[before * run + k] = x[from + k];" if adjacent else
                "        for (int32_t j = 0; j < n; ++j)\n"
                "          for (int32_t k = 0; k < run; ++k) q[(before + j) * run + k] = x[from + j * step + k];"
            ),
        }  # fmt: skip
        function = c_function(call, f"{mode}{'' if adjacent else '_strided'}", _TEXT, {"": x.type.dtype}, marks, (place,))
        table = np.array([len(axes)] + [v for axis in axes for v in axis], np.int32)
        value = (Const(np.array([call.attrs.get("value", 0)]).astype(x.type.dtype.np)),) if constant else ()
        rows = math.prod(axis[2] for axis in axes[:-1])
        args = (In(0), Out(0), Const(table), *value, Int(rows), Int(run))
        return Emitted(function, args, why=f"{mode} border, runs of {run}")
