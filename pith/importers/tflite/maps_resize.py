"""Pictures of another size."""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.graph.expr import call, cast, const, select
from pith.importers.tflite.context import BYTES, Call
from pith.importers.tflite.maps_shape import moved
from pith.importers.tflite.quantised import round_away
from pith.importers.tflite.registry import tflite_op

_MAX_SIZE = 2**16
_ONE = 1 << 10  # of the weights of integers, ten bits behind the point


def _sizes(n: Call) -> tuple[int, int]:
    """Height and width of the result."""
    size = n.static_ints(1, "the size")
    if n.rank(n.x(0)) != 4 or len(size) != 2 or not all(1 <= d <= _MAX_SIZE for d in (*size, *n.shape(n.x(0))[1:3])):
        raise n.invalid(f"a size of {size} for a picture of shape {n.shape(n.x(0))}")
    if n.option("align_corners") and n.option("half_pixel_centers"):
        raise n.invalid("corners aligned and centres of pixels taken")
    return size[0], size[1]


@tflite_op("RESIZE_NEAREST_NEIGHBOR")
def nearest(n: Call) -> str:
    x, sizes = moved(n), _sizes(n)
    corners, half = bool(n.option("align_corners")), bool(n.option("half_pixel_centers"))
    for axis, out in zip((1, 2), sizes, strict=True):
        d = n.shape(x)[axis]
        scale = np.float32(d - 1) / np.float32(out - 1) if corners and out > 1 else np.float32(d) / np.float32(out)
        at = (np.arange(out).astype(np.float32) + np.float32(0.5 if half else 0)) * scale
        index = np.clip(round_away(at) if corners else np.floor(at), 0, d - 1).astype(np.int64)
        if not np.array_equal(index, np.arange(d)):
            x = n.emit("gather", [x, n.const(index)], axis=axis)
    return x


@tflite_op("RESIZE_BILINEAR")
def bilinear(n: Call) -> str:
    x, sizes = n.x(0), _sizes(n)
    corners, half = bool(n.option("align_corners")), bool(n.option("half_pixel_centers"))
    if n.quantised:
        moved(n)
        return _integers(n, x, sizes, corners, half)
    if not n.dtype(x).is_float:
        raise n.unsupported(f"a picture of {n.dtype(x).value} is not supported")
    m, h, w, c = n.shape(x)
    mode = "half_pixel" if half else "align_corners" if corners else "asymmetric"
    scales = (1.0, sizes[0] / h, sizes[1] / w, 1.0)
    return n.emit("resize", [x], sizes=(m, *sizes, c), scales=scales, mode="linear", coordinate_mode=mode, nearest_mode="floor",
                  cubic_coeff_a=-0.75, exclude_outside=False, antialias=False, extrapolation_value=0.0, roi=())  # fmt: skip


def _integers(n: Call, x: str, sizes: tuple[int, int], corners: bool, half: bool) -> str:
    """The four neighbours of each point, weighted: of int8 with ten bits behind the point, of uint8 in float32."""
    assert n.dtype(x) in BYTES
    real = n.dtype(x) is DType.U8
    kind, one = (DType.F32, 1.0) if real else (DType.I32, _ONE)
    lower, upper, weights = [], [], []
    for axis, out in zip((1, 2), sizes, strict=True):
        d = n.shape(x)[axis]
        at, low, high = (_points_f32 if real else _points)(d, out, corners, half)
        lower.append(low)
        upper.append(high)
        shape = [1, 1, 1, 1]
        shape[axis] = out
        weights.append(n.const((at - (low.astype(np.float32) if real else low * _ONE)).reshape(shape), kind))
    rows = [n.emit("gather", [x, n.const(index)], axis=1) for index in (lower[0], upper[0])]
    corner = [n.emit("gather", [row, n.const(index)], axis=2) for index in (lower[1], upper[1]) for row in rows]  # ll, lu, rl, ru
    ll, lu, rl, ru, y, z = n.args(*corner, *weights)
    q = [cast(v, kind) for v in (ll, lu, rl, ru)]
    up, left = const(one, kind) - y, const(one, kind) - z
    total = q[0] * up * left + q[1] * y * left + q[2] * up * z + q[3] * y * z
    if real:
        total = cast(total + 0.5, DType.I32)
    else:
        total = call("div", select(call("gt", total, 0), total + (1 << 19), total - (1 << 19)), 1 << 20)
    return n.fused(cast(total, n.dtype(x)), [*corner, *weights], n.dtype(x))


def _points(d: int, out: int, corners: bool, half: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions with ten bits behind the point, and the elements below and above them."""
    scale = ((1 << 10) * d + out // 2) // out
    if corners and out > 1:
        scale = ((1 << 10) * (d - 1) + (out - 1) // 2) // (out - 1)
    at = np.arange(out, dtype=np.int64) * scale + (scale // 2 - (1 << 9) if half else 0)
    toward_zero = np.where(at >= 0, at, -(-at // _ONE) * _ONE) // _ONE
    above = at + _ONE - 1
    above = np.where(above >= 0, above // _ONE, -(-above // _ONE))
    return at, np.maximum(toward_zero, 0), np.minimum(above, d - 1)


def _points_f32(d: int, out: int, corners: bool, half: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Same in float32."""
    scale = np.float32(d - 1) / np.float32(out - 1) if corners and out > 1 else np.float32(d) / np.float32(out)
    at = np.arange(out).astype(np.float32)
    at = (at + np.float32(0.5)) * scale - np.float32(0.5) if half else at * scale
    low = np.maximum(np.floor(at), 0).astype(np.int64)
    return at, low, np.minimum(np.ceil(at), d - 1).astype(np.int64)
