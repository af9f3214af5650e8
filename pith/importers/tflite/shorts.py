"""Operators on activations of 16 bits (int16 with zero point 0, weights int8): TFLite's "16x8".

Convolutions are scaled by TFLite's rule for sums in int64, whose multiplier has 15 bits, fully connected layers in float64. Sums are
held in int32 wherever it is proven that they fit, else in int64. A bias of int32 is refused: LiteRT's reference kernel reads it as int64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pith.graph import DType
from pith.graph.expr import call, cast, select
from pith.importers.tflite.context import Call
from pith.importers.tflite.quantised import bounds, clamp_to, factor, scaled_wide
from pith.ops.int32 import LARGEST, largest_sum, reach
from pith.ops.requantize import fixed, fixed_wide

# What is known of 16 bits; any other operator on them is refused. Moves take the integers as they are.
KNOWN = frozenset({
    "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "MAX_POOL_2D", "AVERAGE_POOL_2D", "RELU", "RELU6",
    "RELU_N1_TO_1", "RELU_0_TO_1", "LEAKY_RELU", "QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "PAD", "PACK",
    "UNPACK", "SPLIT", "SPLIT_V", "SLICE", "STRIDED_SLICE", "GATHER", "CONCATENATION", "MINIMUM", "MAXIMUM", "SHAPE",
    "RESIZE_NEAREST_NEIGHBOR",
})  # fmt: skip
_ROOM = 2**47  # what a sum in int64 may come to, for the rule that scales it


def short_product(n: Call, op: str, x: str, kernel: np.ndarray, bias: str, axis: int, factors: list[float], attrs: dict[str, Any]) -> str:
    """A convolution or product of int16 `x` and int8 weights (their channels along `axis`), scaled to the output."""
    out = n.out()
    if n.out_dtype() is not DType.I16 or n.zero(n.tensor(0)) or n.zero(out):
        raise n.unsupported(f"{n.dtype(x).value} to {n.out_dtype().value}, or a zero point that is not 0")
    known = n.known(bias) if bias else None
    if bias and (known is None or known.dtype != np.int64):
        raise n.unsupported("the bias of a product of 16-bit integers must be constant and int64")
    if known is not None and np.abs(known.astype(np.float64)).max(initial=0) >= _ROOM:
        raise n.unsupported("its bias may leave the 48 bits that the reference kernel has for sums")
    top = largest_sum(reach(DType.I16, 0), kernel, known, axis)
    if top >= _ROOM:
        raise n.unsupported("its sums may leave 48 bits")
    acc = DType.I32 if top <= LARGEST else DType.I64
    inputs = [x, n.const(kernel), *([n.const(known.astype(acc.np))] if known is not None else [])]
    sums = n.emit(op, inputs, **attrs, **({"acc": acc} if acc is DType.I64 else {}))
    if op == "matmul_integer":
        return scaled_wide(n, sums, factors, n.activation)
    pairs, limits = [factor(f) for f in factors], bounds(n, out, n.activation)
    if any(not -31 <= s < 8 for _, s in pairs):
        raise n.unsupported("a factor from sums to results beyond what the reference kernel takes")
    if len(set(pairs)) == 1:
        (v,) = n.args(sums)
        return n.fused(fixed_wide(cast(v, DType.I64), *pairs[0], 0, limits, DType.I16), [sums], DType.I16)
    columns = [n.const([p[k] for p in pairs], DType.I32) for k in (0, 1)]
    v, m, s = n.args(sums, *columns)
    return n.fused(fixed_wide(cast(v, DType.I64), m, s, 0, limits, DType.I16), [sums, *columns], DType.I16)


def check_scales(n: Call) -> None:
    """Refuse a sum whose scales are all powers of two: the reference kernel has another rule for those."""
    if all(np.frexp(float(n.scale(t)))[0] == 0.5 for t in (n.tensor(0), n.tensor(1), n.out())):
        raise n.unsupported("int16 with scales that are all powers of two is not supported")


def short_relu(n: Call, name: str) -> str:
    """A bounded identity of int16, scaled by fixed point."""
    x, out = n.x(0), n.out()
    m, shift = factor(n.scale(n.tensor(0)) / n.scale(out))
    v = cast(n.args(x)[0], DType.I32)
    return n.fused(fixed(v, m, shift, 0, bounds(n, out, name), DType.I16), [x], DType.I16)


def short_leaky_relu(n: Call, alpha: float) -> str:
    """x or alpha * x of int16, each with a multiplier of its own."""
    x, out = n.x(0), n.out()
    sx, sy = n.scale(n.tensor(0)), n.scale(out)
    v = cast(n.args(x)[0], DType.I32)
    up, down = (call("scale_fixed", v, *factor(by)) for by in (sx / sy, sx * np.float32(alpha) / sy))
    return n.fused(clamp_to(select(call("ge", v, 0), up, down), DType.I16), [x], DType.I16)


def short_quantize(n: Call) -> str:
    """Between int16 and int8 or int16, and int32, by fixed point."""
    x, out, dtype = n.x(0), n.out(), n.out_dtype()
    source = n.tensor(0)
    m, shift = factor(float(n.scale(source)) / float(n.scale(out)))
    v = cast(n.args(x)[0], DType.I32)
    v = v - n.zero(source) if n.zero(source) else v
    info = np.iinfo(dtype.np)
    return n.fused(fixed(v, m, shift, n.zero(out), (int(info.min), int(info.max)), dtype), [x], dtype)
