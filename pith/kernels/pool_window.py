"""max_pool, average_pool and lp_pool as a general loop nest: any layout, strides, dilation, up to three spatial axes.

Channels go in groups of LANES accumulators, so that with adjacent channels the inner loop is one vector operation for
each element read. Sums of floats add at most `taps` terms: error at most taps * 2^-24 of the sum of magnitudes.
"""

from __future__ import annotations

import math

import numpy as np

from pith.kernels.base import Arg, Call, Const, Emitted, In, Kernel, Operand, Out, kernel, unit_range
from pith.kernels.ctext import c_function, larger, lowest
from pith.ops.windows import channel_axis, windows

LANES = 32
# the geometry table: batch, channels, then by spatial axis (three of each) the sizes and steps
_FIELDS = ("size", "out", "kernel", "stride", "dilation", "begin", "xs", "ys")


def spatial_axes(call: Call) -> list[int]:
    """Axes of input 0 that windows move along."""
    rank = len(call.input(0).shape)
    return [a for a in range(1, rank) if a != channel_axis(call.attrs, rank)]


def geometry(call: Call) -> np.ndarray:
    """int32 table: n, c, x and y strides of n and of c, then `_FIELDS` for three spatial axes (missing ones of size 1)."""
    x, y = call.input(0), call.outputs[0]
    w = windows(x.shape, call.attrs)
    axes = spatial_axes(call)
    c = channel_axis(call.attrs, len(x.shape))
    missing = 3 - len(axes)
    rows = {
        "size": (1,) * missing + w.size,
        "out": (1,) * missing + w.out,
        "kernel": (1,) * missing + w.kernel,
        "stride": (1,) * missing + w.stride,
        "dilation": (1,) * missing + w.dilation,
        "begin": (0,) * missing + w.begin,
        "xs": (0,) * missing + tuple(x.strides[a] for a in axes),
        "ys": (0,) * missing + tuple(y.strides[a] for a in axes),
    }
    head = [x.shape[0], x.shape[c], x.strides[0], y.strides[0], x.strides[c], y.strides[c]]
    return np.array(head + [v for f in _FIELDS for v in rows[f]], np.int32)


_TEXT = r"""
static void $name(const $T *restrict x, $T *restrict y, const int32_t *restrict g$PARAMS,
    int32_t begin_unit, int32_t end_unit) {
  const int32_t *size = g + 6, *out = g + 9, *kernel = g + 12, *stride = g + 15, *dilation = g + 18, *begin = g + 21;
  const int32_t *xs = g + 24, *ys = g + 27;
  for (int32_t u = begin_unit; u < end_unit; ++u)
  for (int32_t o2 = 0; o2 < out[2]; ++o2) {
    const int32_t n = u / (out[0] * out[1]), o0 = u / out[1] % out[0], o1 = u % out[1];
    const int32_t o[3] = {o0, o1, o2};
    int32_t at[3], lo[3], hi[3];
    for (int32_t a = 0; a < 3; ++a) {
      at[a] = o[a] * stride[a] - begin[a];
      lo[a] = at[a] < 0 ? (dilation[a] - 1 - at[a]) / dilation[a] : 0;
      hi[a] = at[a] >= size[a] ? 0 : (size[a] - 1 - at[a]) / dilation[a] + 1;
      if (hi[a] > kernel[a]) hi[a] = kernel[a];
    }
$COUNT
    for (int32_t c = 0; c < g[1]; c += $LANES) {
      const int32_t m = g[1] - c < $LANES ? g[1] - c : $LANES;
      $A acc[$LANES];
      for (int32_t l = 0; l < $LANES; ++l) acc[l] = $INIT;
      for (int32_t i = lo[0]; i < hi[0]; ++i)
      for (int32_t j = lo[1]; j < hi[1]; ++j)
      for (int32_t k = lo[2]; k < hi[2]; ++k) {
        const $T *p = x + n * g[2] + c * g[4] + (at[0] + i * dilation[0]) * xs[0] + (at[1] + j * dilation[1]) * xs[1]
            + (at[2] + k * dilation[2]) * xs[2];
        for (int32_t l = 0; l < m; ++l) {
          const $A v = LD(p[$XC]);
          acc[l] = $STEP;
        }
      }
      $T *q = y + n * g[3] + c * g[5] + o0 * ys[0] + o1 * ys[1] + o2 * ys[2];
      for (int32_t l = 0; l < m; ++l) {
        ST(q[$YC], $FINISH);
      }
    }
  }
}
"""

# taps of the padded box that count: those before begin + size + end - ceil_pads
_COUNT_PADDED = r"""    $A count = 1;
    for (int32_t a = 0; a < 3; ++a) {
      const int32_t room = limit[a] - at[a];
      const int32_t taps = room <= 0 ? 0 : (room - 1) / dilation[a] + 1;
      count *= ($A)(taps < kernel[a] ? taps : kernel[a]);
    }"""
_COUNT_INSIDE = r"""    const $A count = ($A)(hi[0] > lo[0] ? hi[0] - lo[0] : 0) * ($A)(hi[1] > lo[1] ? hi[1] - lo[1] : 0)
        * ($A)(hi[2] > lo[2] ? hi[2] - lo[2] : 0);"""


class _Pool(Kernel):
    """What the three share: types, layouts, the loop nest."""

    def applies(self, call: Call) -> bool:
        return len(call.input(0).shape) in (3, 4, 5) and len(call.outputs) == 1

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return True

    def cost(self, call: Call) -> float:
        taps = int(np.prod(call.attrs["kernel_shape"]))
        c = channel_axis(call.attrs, len(call.input(0).shape))
        return call.outputs[0].type.size * taps * (1.0 if call.input(0).strides[c] == 1 else 8.0)

    def build(
        self, call: Call, variant: str, init: str, step: str, finish: str, count: str = "", params: str = "",
        extra: tuple[Arg, ...] = (),
    ) -> Emitted:  # fmt: skip
        """The call of the loop nest with these accumulator texts."""
        x, y = call.input(0), call.outputs[0]
        c = channel_axis(call.attrs, len(x.shape))
        last = x.strides[c] == 1 and y.strides[c] == 1
        marks = {
            "COUNT": count, "INIT": init, "STEP": step, "FINISH": finish, "PARAMS": params, "LANES": str(LANES),
            "XC": "l" if last else "l * g[4]", "YC": "l" if last else "l * g[5]",
        }  # fmt: skip
        function = c_function(call, variant + ("" if last else "_strided"), _TEXT, {"": x.type.dtype}, marks)
        units = x.shape[0] * math.prod(windows(x.shape, call.attrs).out[:-1])  # rows of all output pictures
        args = (In(0), Out(0), Const(geometry(call)), *extra, *unit_range(units))
        return Emitted(function, args, why="any window and layout", units=units)


@kernel("max_pool", "window")
class MaxPoolWindow(_Pool):
    """Largest element; padding never wins, NaN does."""

    def emit(self, call: Call) -> Emitted:
        dtype = call.input(0).type.dtype
        return self.build(call, "window", lowest(dtype), larger(dtype, "acc[l]", "v"), "acc[l]")


@kernel("average_pool", "window")
class AveragePoolWindow(_Pool):
    """Mean of the counted elements."""

    def applies(self, call: Call) -> bool:
        return super().applies(call) and call.input(0).type.dtype.is_float

    def emit(self, call: Call) -> Emitted:
        if not call.attrs.get("count_include_pad", False):
            return self.build(call, "window", "0", "acc[l] + v", "count > 0 ? acc[l] / count : 0", _COUNT_INSIDE)
        w = windows(call.input(0).shape, call.attrs)
        limit = [d + e - u for d, e, u in zip(w.size, w.end, w.uncounted, strict=True)]
        table = np.array([1] * (3 - len(limit)) + limit, np.int32)
        return self.build(
            call, "window_padded", "0", "acc[l] + v", "count > 0 ? acc[l] / count : 0", _COUNT_PADDED,
            ", const int32_t *restrict limit", (Const(table),),
        )  # fmt: skip


@kernel("lp_pool", "window")
class LpPoolWindow(_Pool):
    """p-norm of the window."""

    def applies(self, call: Call) -> bool:
        return super().applies(call) and call.input(0).type.dtype.is_float

    def emit(self, call: Call) -> Emitted:
        p = int(call.attrs.get("p", 2))
        s = call.input(0).type.dtype.compute.short
        if p == 1:
            return self.build(call, "window_p1", "0", "acc[l] + (v < 0 ? -v : v)", "acc[l]")
        if p == 2:
            return self.build(call, "window_p2", "0", "acc[l] + v * v", f"FN(sqrt, {s})(acc[l])")
        power = f"acc[l] + FN(pow, {s})(v < 0 ? -v : v, {p})"
        return self.build(call, f"window_p{p}", "0", power, f"FN(pow, {s})(acc[l], ($A)1 / {p})")


@kernel("max_pool", "indices")
class MaxPoolIndices(Kernel):
    """With the index of the largest element (the first of equals in row-major window order)."""

    def applies(self, call: Call) -> bool:
        return len(call.input(0).shape) in (3, 4, 5) and len(call.outputs) == 2

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return not output or index == 0 or operand.contiguous

    def emit(self, call: Call) -> Emitted:
        x = call.input(0)
        c = channel_axis(call.attrs, len(x.shape))
        size = windows(x.shape, call.attrs).size
        plane = int(np.prod(size))
        column_major = bool(call.attrs.get("storage_order", 0))
        steps = [int(np.prod(size[:a] if column_major else size[a + 1 :])) for a in range(len(size))]
        axes = spatial_axes(call)
        s = call.outputs[1].strides
        places = [0] * (3 - len(size)) + steps + [plane, s[0], s[c]] + [0] * (3 - len(size)) + [s[a] for a in axes]
        better = "v > best" if not x.type.dtype.is_float else "!(v <= best) && best == best"
        text = _INDEX_TEXT.replace("$BETTER", better)
        function = c_function(call, "indices", text, {"": x.type.dtype}, {"LOWEST": lowest(x.type.dtype)})
        return Emitted(
            function, (In(0), Out(0), Out(1), Const(geometry(call)), Const(np.array(places, np.int32))), why="indices wanted"
        )


_INDEX_TEXT = r"""
static void $name(const $T *restrict x, $T *restrict y, int64_t *restrict index, const int32_t *restrict g,
    const int32_t *restrict places) {
  const int32_t *size = g + 6, *out = g + 9, *kernel = g + 12, *stride = g + 15, *dilation = g + 18, *begin = g + 21;
  const int32_t *xs = g + 24, *ys = g + 27, *is = places + 6;
  for (int32_t n = 0; n < g[0]; ++n)
  for (int32_t o0 = 0; o0 < out[0]; ++o0)
  for (int32_t o1 = 0; o1 < out[1]; ++o1)
  for (int32_t o2 = 0; o2 < out[2]; ++o2)
  for (int32_t c = 0; c < g[1]; ++c) {
    $A best = $LOWEST;
    int32_t found = -1;
    for (int32_t i = 0; i < kernel[0]; ++i)
    for (int32_t j = 0; j < kernel[1]; ++j)
    for (int32_t k = 0; k < kernel[2]; ++k) {
      const int32_t p0 = o0 * stride[0] - begin[0] + i * dilation[0];
      const int32_t p1 = o1 * stride[1] - begin[1] + j * dilation[1];
      const int32_t p2 = o2 * stride[2] - begin[2] + k * dilation[2];
      if (p0 < 0 || p1 < 0 || p2 < 0 || p0 >= size[0] || p1 >= size[1] || p2 >= size[2]) continue;
      const $A v = LD(x[n * g[2] + c * g[4] + p0 * xs[0] + p1 * xs[1] + p2 * xs[2]]);
      if (found < 0 || ($BETTER)) {
        best = v;
        found = p0 * places[0] + p1 * places[1] + p2 * places[2];
      }
    }
    ST(y[n * g[3] + c * g[5] + o0 * ys[0] + o1 * ys[1] + o2 * ys[2]], best);
    index[n * places[4] + c * places[5] + o0 * is[0] + o1 * is[1] + o2 * is[2]] =
        found < 0 ? -1 : (int64_t)(n * g[1] + c) * places[3] + found;
  }
}
"""

