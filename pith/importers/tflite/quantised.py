"""What the mappings of quantised operators share: bounds, multipliers and tables, as TFLite's reference kernels compute them.

Scales are float32 in the file. Where the kernels divide or multiply them in float32 before they go on in float64, so does this.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pith.graph import DType, Expr
from pith.graph.expr import call, cast
from pith.graph.fixed import quantized_multiplier
from pith.importers.tflite.context import BYTES, Call
from pith.importers.tflite.load import Tensor
from pith.ops.requantize import fixed, wide

ACTIVATION_BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None), "RELU": (0.0, None), "RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0), "RELU_0_TO_1": (0.0, 1.0),
}  # fmt: skip


def round_away(x: np.ndarray | np.floating | float) -> np.ndarray:
    """Rounded to whole numbers in the type of `x`, halves away from zero."""
    x = np.asarray(x)
    return np.asarray(np.copysign(np.floor(np.abs(x) + x.dtype.type(0.5)), x))


def whole_range(dtype: DType) -> tuple[int, int]:
    """The smallest and the largest integer of a type."""
    info = np.iinfo(dtype.np)
    return int(info.min), int(info.max)


def bounds(n: Call, out: Tensor, activation: str) -> tuple[int, int]:
    """The range of integers that a fused activation leaves to the output tensor."""
    assert out.dtype is not None
    low, high = whole_range(out.dtype)
    if activation not in ACTIVATION_BOUNDS:
        raise n.unsupported(f"a fused {activation} on integers is not supported")
    scale, zero = n.scale(out), n.zero(out)

    def place(bound: float) -> int:
        with np.errstate(all="ignore"):
            return zero + int(np.clip(round_away(np.float32(bound) / scale), -(2**31), 2**31 - 1))

    lo, hi = ACTIVATION_BOUNDS[activation]
    lo_q = low if lo is None else max(low, place(lo))
    hi_q = high if hi is None else min(high, place(hi))
    if lo_q > hi_q:
        raise n.invalid(f"{activation} leaves no integer to tensor {out.name!r}")
    return lo_q, hi_q


def factor(value: float | np.floating) -> tuple[int, int]:
    """Multiplier and shift of a real factor."""
    return quantized_multiplier(float(value))


def less_zero(x: Expr, zero: int) -> Expr:
    """An 8-bit element as int32, less its zero point."""
    q = cast(x, DType.I32)
    return q - zero if zero else q


def scaled(n: Call, acc: str, multipliers: list[tuple[int, int]], activation: str) -> str:
    """int32 sums scaled to the output tensor by fixed point: one multiplier, or one for each index of the last axis."""
    out, limits, zero = _target(n, activation)
    if len(set(multipliers)) == 1:
        m, shift = multipliers[0]
        return n.fused(fixed(n.args(acc)[0], m, shift, zero, limits, out), [acc], out)
    columns = [n.const([pair[k] for pair in multipliers], DType.I32) for k in (0, 1)]
    args = n.args(acc, *columns)
    return n.fused(fixed(args[0], args[1], args[2], zero, limits, out), [acc, *columns], out)


def scaled_wide(n: Call, acc: str, factors: list[float], activation: str) -> str:
    """Same in float64."""
    out, limits, zero = _target(n, activation)
    if len(set(factors)) == 1:
        return n.fused(wide(n.args(acc)[0], factors[0], zero, limits, out), [acc], out)
    column = n.const(factors, DType.F64)
    x, by = n.args(acc, column)
    return n.fused(wide(x, by, zero, limits, out), [acc, column], out)


def _target(n: Call, activation: str) -> tuple[DType, tuple[int, int], int]:
    """Type, bounds and zero point of the result of sums."""
    dtype = n.out_dtype()
    if dtype not in (*BYTES, DType.I16):
        raise n.unsupported(f"a result of {dtype.value} is not supported")
    return dtype, bounds(n, n.out(), activation), n.zero(n.out())


def every(dtype: DType) -> np.ndarray:
    """All integers of an 8-bit type, in order, as int64."""
    low, high = whole_range(dtype)
    return np.arange(low, high + 1)


def table(n: Call, values: np.ndarray, dtype: DType) -> str:
    """Input 0 replaced by `values`, given in the order of its integers."""
    return n.emit("lookup", [n.x(0), n.const(values.astype(dtype.np))])


def clamped(values: np.ndarray, dtype: DType) -> np.ndarray:
    return np.asarray(np.clip(values, *whole_range(dtype)))


def clamp_to(y: Expr, dtype: DType) -> Expr:
    """int32 `y` held within `dtype`."""
    low, high = whole_range(dtype)
    return cast(call("min", call("max", y, low), high), dtype)


def function_table(n: Call, function: Callable[[np.ndarray], np.ndarray]) -> str:
    """A real function of input 0, by the table that TFLite makes of it (`LUTPopulate`): float32 steps, rounded away from zero.

    `function` takes and gives float64; its result is rounded to float32, as correctly rounded functions of float32 are.
    """
    x, out = n.tensor(0), n.out()
    assert x.dtype is not None and out.dtype is not None
    if out.dtype not in BYTES:
        raise n.unsupported(f"a result of {out.dtype.value} is not supported")
    with np.errstate(all="ignore"):
        inverse = np.float32(1) / n.scale(out)
        real = n.scale(x) * (every(x.dtype) - n.zero(x)).astype(np.float32)
        y = np.asarray(function(real.astype(np.float64))).astype(np.float32)
        steps = round_away(y * inverse) + np.float32(n.zero(out))
    steps = np.clip(np.nan_to_num(steps, nan=0.0, posinf=2.0**30, neginf=-(2.0**30)), -(2.0**30), 2.0**30)
    return table(n, clamped(steps.astype(np.int64), out.dtype), out.dtype)
