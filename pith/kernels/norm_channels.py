"""instance_norm, batch_norm and lrn: normalisations by channel, in both layouts.

instance_norm takes the variance from the deviations; sums are blocked as in `rows`.
"""

from __future__ import annotations

import math

from pith.kernels.base import Arg, Call, Emitted, Float, In, Int, Kernel, Out, kernel
from pith.kernels.ctext import c_function
from pith.kernels.rows import row_function
from pith.ops.windows import channel_axis

# channels first: every channel is a row
_INSTANCE_ROWS = r"""
static void $name(const $T *x, $T *y, const $T1 *scale, const $T1 *bias, int32_t batch, int32_t channels, int32_t n,
    float epsilon) {
  for (int32_t b = 0; b < batch; ++b)
  for (int32_t c = 0; c < channels; ++c) {
    const $T *p = x + (b * channels + c) * n;
    $T *q = y + (b * channels + c) * n;
    const $A mean = $SUM(p, n) / ($A)n;
    const $A k = ($A)LD1(scale[c]) / FN(sqrt, $S)($DEVIATION(p, n, mean) / ($A)n + ($A)epsilon);
    const $A shift = ($A)LD1(bias[c]);
    for (int32_t i = 0; i < n; ++i) {
      ST(q[i], (LD(p[i]) - mean) * k + shift);
    }
  }
}
"""

# channels last: 32 channels side by side, sums in blocks of 256 places
_INSTANCE_COLUMNS = r"""
static void $name(const $T *x, $T *y, const $T1 *scale, const $T1 *bias, int32_t batch, int32_t channels, int32_t n,
    float epsilon) {
  for (int32_t b = 0; b < batch; ++b)
  for (int32_t c = 0; c < channels; c += 32) {
    const int32_t m = channels - c < 32 ? channels - c : 32;
    const $T *p = x + b * channels * n + c;
    $T *q = y + b * channels * n + c;
    $A mean[32], k[32], shift[32], acc[32];
    for (int32_t l = 0; l < 32; ++l) mean[l] = k[l] = shift[l] = 0;
    for (int32_t i = 0; i < n; i += 256) {
      const int32_t end = n - i > 256 ? i + 256 : n;
      for (int32_t l = 0; l < m; ++l) acc[l] = 0;
      for (int32_t r = i; r < end; ++r) {
        for (int32_t l = 0; l < m; ++l) acc[l] += LD(p[r * channels + l]);
      }
      for (int32_t l = 0; l < m; ++l) mean[l] += acc[l];
    }
    for (int32_t l = 0; l < m; ++l) mean[l] /= ($A)n;
    for (int32_t i = 0; i < n; i += 256) {
      const int32_t end = n - i > 256 ? i + 256 : n;
      for (int32_t l = 0; l < m; ++l) acc[l] = 0;
      for (int32_t r = i; r < end; ++r) {
        for (int32_t l = 0; l < m; ++l) {
          const $A d = LD(p[r * channels + l]) - mean[l];
          acc[l] += d * d;
        }
      }
      for (int32_t l = 0; l < m; ++l) k[l] += acc[l];
    }
    for (int32_t l = 0; l < m; ++l) {
      k[l] = ($A)LD1(scale[c + l]) / FN(sqrt, $S)(k[l] / ($A)n + ($A)epsilon);
      shift[l] = ($A)LD1(bias[c + l]);
    }
    for (int32_t r = 0; r < n; ++r) {
      for (int32_t l = 0; l < m; ++l) {
        ST(q[r * channels + l], (LD(p[r * channels + l]) - mean[l]) * k[l] + shift[l]);
      }
    }
  }
}
"""

_BATCH = r"""
static void $name(const $T *x, $T *y, const $T1 *scale, const $T1 *bias, const $T2 *mean, const $T2 *var, int32_t outer,
    int32_t channels, int32_t inner, float epsilon) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < channels; ++c) {
    const $A k = ($A)LD1(scale[c]) / FN(sqrt, $S)(($A)LD2(var[c]) + ($A)epsilon);
    const $A center = ($A)LD2(mean[c]), shift = ($A)LD1(bias[c]);
    for (int32_t i = 0; i < inner; ++i) {
      const int32_t at = (o * channels + c) * inner + i;
      ST(y[at], (LD(x[at]) - center) * k + shift);
    }
  }
}
"""

# the window of squares is summed anew for every channel: a running sum would let rounding errors grow
_LRN = r"""
static void $name(const $T *restrict x, $T *restrict y, int32_t outer, int32_t channels, int32_t inner, int32_t size,
    float alpha$PARAMS, float bias) {
  const int32_t before = (size - 1) / 2, after = size / 2;
  const $A scale = ($A)alpha / ($A)size;
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < channels; ++c) {
    const int32_t low = c < before ? 0 : c - before, high = channels - c > after ? c + after : channels - 1;
    for (int32_t i = 0; i < inner; ++i) {
      const $T *p = x + o * channels * inner + i;
      $A sum = 0;
      for (int32_t k = low; k <= high; ++k) {
        const $A v = LD(p[k * inner]);
        sum += v * v;
      }
      const $A base = ($A)bias + scale * sum;
      ST(y[(o * channels + c) * inner + i], LD(p[c * inner]) * $POWER);
    }
  }
}
"""

# adjacent channels: away from the first and last of them the window is unrolled
_LRN_LAST = r"""
static void $name(const $T *restrict x, $T *restrict y, int32_t pixels, int32_t channels, float alpha$PARAMS, float bias) {
  const $A scale = ($A)alpha / $SIZE;
  for (int32_t o = 0; o < pixels; ++o) {
    const $T *p = x + o * channels;
    $T *q = y + o * channels;
    const int32_t first = $BEFORE < channels ? $BEFORE : channels;
    const int32_t last = channels - $AFTER > first ? channels - $AFTER : first;
    for (int32_t c = 0; c < channels; ++c) {
      if (c == first) c = last;
      if (c >= channels) break;
      $A sum = 0;
      for (int32_t k = c < $BEFORE ? 0 : c - $BEFORE; k <= c + $AFTER && k < channels; ++k) sum += LD(p[k]) * LD(p[k]);
      const $A base = ($A)bias + scale * sum;
      ST(q[c], LD(p[c]) * $POWER);
    }
    for (int32_t c = first; c < last; ++c) {
      const $T *w = p + c - $BEFORE;
      const $A base = ($A)bias + scale * $SUM;
      ST(q[c], LD(p[c]) * $POWER);
    }
  }
}
"""


def _split(call: Call) -> tuple[int, int, int]:
    """Extents before, of, and after the channel axis."""
    shape = call.input(0).shape
    axis = channel_axis(call.attrs, len(shape)) if len(shape) > 1 else 0
    if len(shape) == 1:
        return shape[0], 1, 1
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


class _Channels(Kernel):
    def applies(self, call: Call) -> bool:
        return call.input(0).type.dtype.is_float

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)


@kernel("instance_norm", "channels")
class InstanceNorm(_Channels):
    """Mean, variance from the deviations, one pass that writes."""

    def emit(self, call: Call) -> Emitted:
        shape, dtype, second = call.input(0).shape, call.input(0).type.dtype, call.input(1).type.dtype
        last = channel_axis(call.attrs, len(shape)) == len(shape) - 1 and len(shape) > 2
        channels = shape[-1] if last else shape[1]
        n = math.prod(shape[1:]) // max(channels, 1)
        marks = {"S": dtype.compute.short}
        suffix = "" if second is dtype else f"_{second.short}"
        sizes = tuple(Int(v) for v in (shape[0], channels, n))
        args: tuple[Arg, ...] = (In(0), Out(0), In(1), In(2), *sizes, Float(call.attrs["epsilon"]))
        types = {"": dtype, "1": second}
        if last:
            function = c_function(call, f"columns{suffix}", _INSTANCE_COLUMNS, types, marks)
            return Emitted(function, args, why="channels side by side")
        total, deviation = row_function("sum", dtype), row_function("deviation", dtype)
        marks |= {"SUM": total.name, "DEVIATION": deviation.name}
        function = c_function(call, f"rows{suffix}", _INSTANCE_ROWS, types, marks, (total, deviation))
        return Emitted(function, args, why="each channel is a row")


@kernel("batch_norm", "channels")
class BatchNorm(_Channels):
    """Stored statistics; the pass folds this operator when they are constants."""

    def emit(self, call: Call) -> Emitted:
        dtype, second, third = (call.input(i).type.dtype for i in (0, 1, 3))
        suffix = "" if second is dtype and third is dtype else f"_{second.short}_{third.short}"
        types = {"": dtype, "1": second, "2": third}
        function = c_function(call, f"channels{suffix}", _BATCH, types, {"S": dtype.compute.short})
        numbers = tuple(Int(v) for v in _split(call))
        args: tuple[Arg, ...] = (In(0), Out(0), *(In(i) for i in range(1, 5)), *numbers, Float(call.attrs["epsilon"]))
        return Emitted(function, args, why="run-time statistics")


@kernel("lrn", "channels")
class Lrn(_Channels):
    """Sum of squares over neighbouring channels, then a power."""

    def inplace(self, call: Call) -> tuple[int, ...]:
        return ()  # neighbours are read after their place was written

    def emit(self, call: Call) -> Emitted:
        dtype, beta = call.input(0).type.dtype, float(call.attrs["beta"])
        s = dtype.compute.short
        root = f"FN(sqrt, {s})(base)"
        # 0.75 and 0.5, the usual powers, need square roots alone
        power = {0.75: f"(1 / ({root} * FN(sqrt, {s})({root})))", 0.5: f"(1 / {root})", 1.0: "(1 / base)"}.get(
            beta, f"FN(pow, {s})(base, -($A)beta)"
        )
        suffix = {0.75: "beta75", 0.5: "beta50", 1.0: "beta100"}.get(beta, "beta")
        marks = {"POWER": power, "PARAMS": ", float beta" if suffix == "beta" else ""}
        floats = [float(call.attrs["alpha"])] + ([beta] if suffix == "beta" else []) + [float(call.attrs["bias"])]
        size, (outer, channels, inner) = int(call.attrs["size"]), _split(call)
        if inner == 1 and size <= 16:
            squares = [f"LD(w[{k}]) * LD(w[{k}])" for k in range(size)]
            marks |= {"BEFORE": str((size - 1) // 2), "AFTER": str(size // 2), "SIZE": str(size)}
            marks["SUM"] = f"({' + '.join(squares)})"
            function = c_function(call, f"{suffix}_window{size}", _LRN_LAST, {"": dtype}, marks)
            return Emitted(function, (In(0), Out(0), Int(outer), Int(channels), *map(Float, floats)), why="window unrolled")
        function = c_function(call, suffix, _LRN, {"": dtype}, marks)
        numbers = (outer, channels, inner, size)
        return Emitted(function, (In(0), Out(0), *map(Int, numbers), *map(Float, floats)), why="neighbouring channels")
