"""max_pool and average_pool over small 2-D windows with adjacent channels: the taps unrolled over the channel loop.

Each output pixel is one loop over channels that reads every tap once and writes once. For max, taps outside the input
read the nearest tap inside (the maximum does not change), so borders need no other code. For the average, windows
that touch the border add the taps one by one.
"""

from __future__ import annotations

import math

from pith.graph import TensorType
from pith.kernels.base import Arg, Call, Emitted, In, Int, Kernel, Operand, Out, Scratch, kernel, unit_range
from pith.kernels.ctext import c_function, larger, lowest
from pith.kernels.pool_window import spatial_axes
from pith.ops.base import contiguous_strides
from pith.ops.windows import channel_axis, windows

MAX_TAPS = 16

_HEAD = r"""
static void $name(const $T *restrict x, $T *restrict y, int32_t begin, int32_t end, int32_t channels, int32_t ih, int32_t iw,
    int32_t oh, int32_t ow, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw, int32_t xn, int32_t xh,
    int32_t xw, int32_t yn, int32_t yh, int32_t yw$PARAMS) {
  for (int32_t r = begin; r < end; ++r) {
    const int32_t n = r / oh, i = r % oh;
    const int32_t h = i * sh - ph;
    const int32_t h0 = h < 0 ? (dh - 1 - h) / dh : 0;
    const int32_t h1 = h >= ih ? -1 : ((ih - 1 - h) / dh < $KH - 1 ? (ih - 1 - h) / dh : $KH - 1);
    for (int32_t j = 0; j < ow; ++j) {
      const int32_t w = j * sw - pw;
      const int32_t w0 = w < 0 ? (dw - 1 - w) / dw : 0;
      const int32_t w1 = w >= iw ? -1 : ((iw - 1 - w) / dw < $KW - 1 ? (iw - 1 - w) / dw : $KW - 1);
      $T *restrict q = y + n * yn + i * yh + j * yw;
"""

_MAX = r"""      if (h0 > h1 || w0 > w1) {
        for (int32_t c = 0; c < channels; ++c) {
          ST(q[c], $LOWEST);
        }
        continue;
      }
$POINTERS
      for (int32_t c = 0; c < channels; ++c) {
        $A m = LD(p00[c]);
$STEPS
        ST(q[c], m);
      }
    }
  }
}
"""

_AVERAGE = r"""      if (h0 == 0 && w0 == 0 && h1 == $KH - 1 && w1 == $KW - 1) {
        const $T *p = x + n * xn + h * xh + w * xw;
$POINTERS
        for (int32_t c = 0; c < channels; ++c) {
          ST(q[c], ($SUM) / $TAPS);
        }
        continue;
      }
$COUNT
      for (int32_t c = 0; c < channels; ++c) {
        $A sum = 0;
        for (int32_t a = h0; a <= h1; ++a)
          for (int32_t b = w0; b <= w1; ++b) sum += LD(x[n * xn + (h + a * dh) * xh + (w + b * dw) * xw + c]);
        ST(q[c], count > 0 ? sum / ($A)count : 0);
      }
    }
  }
}
"""
_INSIDE = "      const int32_t count = (h1 >= h0 ? h1 - h0 + 1 : 0) * (w1 >= w0 ? w1 - w0 + 1 : 0);"
_PADDED = r"""      const int32_t rh = h < lh ? (lh - 1 - h) / dh + 1 : 0, rw = w < lw ? (lw - 1 - w) / dw + 1 : 0;
      const int32_t count = (rh < $KH ? rh : $KH) * (rw < $KW ? rw : $KW);"""


class _Unrolled(Kernel):
    def applies(self, call: Call) -> bool:
        kernel_shape = call.attrs["kernel_shape"]
        return (
            len(kernel_shape) == 2
            and kernel_shape[0] * kernel_shape[1] <= MAX_TAPS
            and call.attrs.get("layout") == "channels_last"
            and len(call.outputs) == 1
        )

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.inner_contiguous

    def cost(self, call: Call) -> float:
        taps = call.attrs["kernel_shape"][0] * call.attrs["kernel_shape"][1]
        return 0.4 * call.outputs[0].type.size * float(taps)

    def args(self, call: Call) -> tuple[Arg, ...]:
        """Arguments in the order of `_HEAD`."""
        x, y = call.input(0), call.outputs[0]
        w = windows(x.shape, call.attrs)
        a, b = spatial_axes(call)
        numbers = (
            x.shape[channel_axis(call.attrs, 4)], *w.size, *w.out, *w.stride, *w.dilation, *w.begin,
            x.strides[0], x.strides[a], x.strides[b], y.strides[0], y.strides[a], y.strides[b],
        )  # fmt: skip
        return (In(0), Out(0), *unit_range(_rows(call)), *(Int(v) for v in numbers))


def _rows(call: Call) -> int:
    """Rows of all output pictures."""
    return math.prod(call.outputs[0].shape[:2])


@kernel("max_pool", "unrolled")
class MaxPoolUnrolled(_Unrolled):
    """Largest element; padding never wins, NaN does."""

    def emit(self, call: Call) -> Emitted:
        kh, kw = call.attrs["kernel_shape"]
        dtype = call.input(0).type.dtype
        lines = [f"      const int32_t r{a} = ({_clamp(a, 'h')}) * dh + h;" for a in range(kh)]
        lines += [f"      const int32_t s{b} = ({_clamp(b, 'w')}) * dw + w;" for b in range(kw)]
        taps = [(a, b) for a in range(kh) for b in range(kw)]
        lines += [f"      const $T *p{a}{b} = x + n * xn + r{a} * xh + s{b} * xw;" for a, b in taps]
        steps = [
            f"        {{\n          const $A v = LD(p{a}{b}[c]);\n          m = {larger(dtype, 'm', 'v')};\n        }}"
            for a, b in taps[1:]
        ]
        marks = {
            "PARAMS": "", "POINTERS": "\n".join(lines), "STEPS": "\n".join(steps), "KH": str(kh), "KW": str(kw),
            "LOWEST": lowest(dtype),
        }  # fmt: skip
        function = c_function(call, f"k{kh}x{kw}", _HEAD + _MAX, {"": dtype}, marks)
        return Emitted(function, self.args(call), why=f"{kh}x{kw} taps unrolled over channels", units=_rows(call))


def _clamp(k: int, axis: str) -> str:
    """C text of tap k moved into the taps that are inside the input."""
    return f"{k} < {axis}0 ? {axis}0 : {k} > {axis}1 ? {axis}1 : {k}"


@kernel("average_pool", "unrolled")
class AveragePoolUnrolled(_Unrolled):
    """Mean of the counted elements."""

    def applies(self, call: Call) -> bool:
        return super().applies(call) and call.input(0).type.dtype.is_float

    def emit(self, call: Call) -> Emitted:
        kh, kw = call.attrs["kernel_shape"]
        padded = bool(call.attrs.get("count_include_pad", False))
        taps = [(a, b) for a in range(kh) for b in range(kw)]
        pointers = [f"        const $T *p{a}{b} = p + {a} * dh * xh + {b} * dw * xw;" for a, b in taps]
        marks = {
            "PARAMS": ", int32_t lh, int32_t lw" if padded else "",
            "POINTERS": "\n".join(pointers),
            "SUM": _tree([f"LD(p{a}{b}[c])" for a, b in taps]),
            "COUNT": _PADDED if padded else _INSIDE,
            "TAPS": str(kh * kw),
        }
        extra: tuple[Arg, ...] = ()
        if padded:
            w = windows(call.input(0).shape, call.attrs)
            extra = tuple(Int(d + e - u) for d, e, u in zip(w.size, w.end, w.uncounted, strict=True))
        marks |= {"KH": str(kh), "KW": str(kw)}
        variant = f"k{kh}x{kw}" + ("_padded" if padded else "")
        function = c_function(call, variant, _HEAD + _AVERAGE, {"": call.input(0).type.dtype}, marks)
        return Emitted(function, (*self.args(call), *extra), why=f"{kh}x{kw} taps unrolled over channels", units=_rows(call))


def _tree(terms: list[str]) -> str:
    """A balanced sum: the rounding error grows with the logarithm of the number of terms."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return f"({_tree(terms[:half])} + {_tree(terms[half:])})"


@kernel("max_pool", "separable")
class MaxPoolSeparable(_Unrolled):
    """A large window as a row window and then a column window, exact for max: kh + kw reads instead of kh * kw."""

    def applies(self, call: Call) -> bool:
        kernel_shape = call.attrs["kernel_shape"]
        if len(kernel_shape) != 2 or len(call.outputs) != 1 or call.attrs.get("layout") != "channels_last":
            return False
        if kernel_shape[0] * kernel_shape[1] <= MAX_TAPS or max(kernel_shape) > MAX_TAPS:
            return False
        return all(f <= k // 2 for f, k in zip(call.attrs.get("pads") or (0,) * 4, tuple(kernel_shape) * 2, strict=True))

    def cost(self, call: Call) -> float:
        kh, kw = call.attrs["kernel_shape"]
        return 0.4 * call.outputs[0].type.size * float(kh) + 0.4 * call.input(0).type.size * float(kw)

    def emit(self, call: Call) -> Emitted:
        x, y = call.input(0), call.outputs[0]
        w = windows(x.shape, call.attrs)
        n, ih, _, c = x.shape
        middle = TensorType(x.type.dtype, (n, ih, w.out[1], c))
        scratch = Operand(middle, contiguous_strides(middle.shape))
        across = {**call.attrs, "kernel_shape": (1, w.kernel[1]), "strides": (1, w.stride[1])}
        across |= {"dilations": (1, w.dilation[1]), "pads": (0, w.begin[1], 0, w.end[1])}
        down = {**call.attrs, "kernel_shape": (w.kernel[0], 1), "strides": (w.stride[0], 1)}
        down |= {"dilations": (w.dilation[0], 1), "pads": (w.begin[0], 0, w.end[0], 0)}
        first = MaxPoolUnrolled().emit(Call(call.op, across, (x,), (scratch,), call.isa, call.name))
        second = MaxPoolUnrolled().emit(Call(call.op, down, (scratch,), (y,), call.isa, call.name))
        # the row windows of all rows, then the column windows: the second call reads what the first wrote to scratch memory
        down_args = (Scratch(), *second.args[1:])
        across_args = (first.args[0], Scratch(), *first.args[2:])
        after = Emitted(second.function, down_args, why="columns", units=second.units)
        return Emitted(first.function, across_args, middle.nbytes, "window split into a row and a column", first.units, (after,))
