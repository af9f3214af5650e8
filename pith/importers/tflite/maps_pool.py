"""Pools, means and other reductions."""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.graph.expr import call, cast, select
from pith.importers.tflite.activations import activated
from pith.importers.tflite.context import BYTES, Call
from pith.importers.tflite.quantised import bounds, factor, scaled, whole_range
from pith.importers.tflite.registry import tflite_op
from pith.importers.tflite.windows import Window, window
from pith.ops.int32 import LARGEST, reach

LAST = "channels_last"


def _window(n: Call) -> Window:
    if n.rank(n.x(0)) != 4:
        raise n.invalid(f"a picture of shape {n.shape(n.x(0))}")
    return window(n, n.shape(n.x(0))[1:3], (n.option("filter_h"), n.option("filter_w")))


def limited(n: Call, y: str) -> str:
    """Integers held within what the fused activation leaves, where it leaves less than the whole type."""
    out = n.out()
    low, high = bounds(n, out, n.activation)
    if (low, high) == whole_range(n.dtype(y)):
        return y
    return n.fused(call("min", call("max", n.args(y)[0], low), high), [y], n.dtype(y))


@tflite_op("MAX_POOL_2D")
def max_pool(n: Call) -> str:
    win = _window(n)
    y = n.emit("max_pool", [n.x(0)], kernel_shape=win.kernel, layout=LAST, **win.attrs)
    if not n.quantised and not n.short:
        return activated(n, y)
    if not n.same_steps(n.tensor(0), n.out()):
        raise n.unsupported("a result of another scale is not supported")
    return limited(n, y)


@tflite_op("AVERAGE_POOL_2D")
def average_pool(n: Call) -> str:
    """Of integers the sum of a window divided by its cells within the picture, rounded to nearest, halves away from zero."""
    x, win = n.x(0), _window(n)
    if not n.quantised and not n.short:
        return activated(n, n.emit("average_pool", [x], kernel_shape=win.kernel, layout=LAST, **win.attrs))
    if not n.same_steps(n.tensor(0), n.out()):
        raise n.unsupported("a result of another scale is not supported")
    sums, height, width = _sums(n, x, win, 0), *n.shape(x)[1:3]
    low, high = bounds(n, n.out(), n.activation)
    per_axis = []
    for k, (d, out) in enumerate(zip((height, width), n.shape(sums)[1:3], strict=True)):
        at = np.arange(out) * win.strides[k] - win.pads[k]
        per_axis.append(np.minimum(at + win.kernel[k], d) - np.maximum(at, 0))
    cells = np.outer(*per_axis).astype(np.int32)
    inputs = [sums] if (cells == cells.flat[0]).all() else [sums, n.const(cells.reshape(1, *cells.shape, 1))]
    s, *rest = n.args(*inputs)
    count = rest[0] if rest else int(cells.flat[0])
    half = call("div", rest[0], 2) if rest else int(cells.flat[0]) // 2
    y = call("div", select(call("gt", s, 0), s + half, s - half), count)
    return n.fused(cast(call("min", call("max", y, low), high), n.dtype(x)), inputs, n.dtype(x))


def _sums(n: Call, x: str, win: Window, zero: int) -> str:
    """int32 sums of windows of integers less `zero`: a convolution of each channel with ones."""
    cells, channels = math.prod(win.kernel), n.shape(x)[3]
    if cells * channels > 2**26 or cells * reach(n.dtype(x), zero) > LARGEST:
        raise n.unsupported(f"a window of {win.kernel[0]} x {win.kernel[1]} cells is too large")
    ones = n.const(np.ones((channels, 1, *win.kernel), np.int8))
    return n.emit("conv_integer", [x, ones], group=channels, layout=LAST, zero=zero, **win.attrs)


@tflite_op("L2_POOL_2D")
def l2_pool(n: Call) -> str:
    """The root of the mean of squares."""
    win, x = _window(n), n.x(0)
    if not n.dtype(x).is_float:
        raise n.unsupported(f"an operand of {n.dtype(x).value} is not supported")
    mean = n.emit("average_pool", [n.emit("mul", [x, x])], kernel_shape=win.kernel, layout=LAST, **win.attrs)
    return activated(n, n.emit("sqrt", [mean]))


_KINDS = {"MEAN": "mean", "SUM": "sum", "REDUCE_MAX": "max", "REDUCE_MIN": "min", "REDUCE_PROD": "prod"}


def _axes(n: Call) -> tuple[tuple[int, ...], bool]:
    """The axes of input 0 that a reduction goes over, and whether they stay as 1."""
    rank = n.rank(n.x(0))
    return tuple(sorted({n.axis(a, rank) for a in n.static_ints(1, "the list of axes")})), bool(n.option("keep_dims"))


@tflite_op(*_KINDS)
def reduce(n: Call) -> str:
    x, (axes, keep) = n.x(0), _axes(n)
    kind = _KINDS[n.op.name]
    if kind in ("max", "min"):
        if n.quantised and not n.same_steps(n.tensor(0), n.out()):
            raise n.unsupported("a result of another scale is not supported")
        return n.emit("reduce", [x], kind=kind, axes=axes, keepdims=keep)
    if not n.quantised:
        if n.dtype(x) in BYTES:
            raise n.unsupported(f"an operand of {n.dtype(x).value} without a scale is not supported")
        return n.emit("reduce", [x], kind=kind, axes=axes, keepdims=keep)
    if kind == "prod":
        raise n.unsupported("a product of quantised numbers is not supported")
    return _mean(n, x, axes, keep, kind == "mean")


def _mean(n: Call, x: str, axes: tuple[int, ...], keep: bool, mean: bool) -> str:
    """Sums in int32, scaled; of a mean the multiplier is divided by the number of cells, towards zero."""
    shape, zero = n.shape(x), n.zero(n.tensor(0))
    count = math.prod(shape[a] for a in axes)
    multiplier, shift = factor(float(n.scale(n.tensor(0))) / float(n.scale(n.out())))
    if count < 1 or count * reach(n.dtype(x), zero) > LARGEST:
        raise n.unsupported(f"a sum of {count:,} integers is not supported")
    if mean:
        more = min(count.bit_length() - 1, 32, 31 + shift)
        multiplier, shift = (multiplier << more) // count, shift - more
    kept = tuple(1 if a in axes else d for a, d in enumerate(shape))
    if len(shape) == 4 and axes == (1, 2):
        sums = _sums(n, x, Window((shape[1], shape[2]), (1, 1), (1, 1), (0, 0, 0, 0)), zero)
    else:
        wide = n.cast(x, DType.I32)
        wide = n.emit("sub", [wide, n.like(zero, wide)]) if zero else wide
        sums = n.emit("reduce", [wide], kind="sum", axes=axes, keepdims=True)
    y = scaled(n, sums, [(multiplier, shift)], "NONE")
    return y if keep else n.reshape(y, [d for a, d in enumerate(kept) if a not in axes])


@tflite_op("REDUCE_ANY", "REDUCE_ALL")
def reduce_bool(n: Call) -> str:
    axes, keep = _axes(n)
    x = n.x(0)
    if n.dtype(x) is not DType.BOOL:
        raise n.invalid(f"an operand of {n.dtype(x).value}")
    kind = "max" if n.op.name == "REDUCE_ANY" else "min"
    return n.cast(n.emit("reduce", [n.cast(x, DType.U8)], kind=kind, axes=axes, keepdims=keep), DType.BOOL)


@tflite_op("ARG_MAX", "ARG_MIN")
def arg_reduce(n: Call) -> str:
    x = n.x(0)
    axes = n.static_ints(1, "the axis")
    if len(axes) != 1:
        raise n.invalid(f"{len(axes)} axes")
    kind = "max" if n.op.name == "ARG_MAX" else "min"
    y = n.emit("arg_reduce", [x], kind=kind, axis=n.axis(axes[0], n.rank(x)), keepdims=False, select_last_index=False)
    return n.cast(y, n.out_dtype())


@tflite_op("CUMSUM")
def cumsum(n: Call) -> str:
    x = n.x(0)
    (axis,) = n.static_ints(1, "the axis")
    if n.dtype(x) in BYTES:
        raise n.unsupported(f"an operand of {n.dtype(x).value} is not supported")
    return n.emit(
        "cumulative", [x], kind="sum", axis=n.axis(axis, n.rank(x)), exclusive=bool(n.option("exclusive")), reverse=bool(n.option("reverse"))
    )
