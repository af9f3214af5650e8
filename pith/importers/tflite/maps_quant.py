"""Between real numbers and integers, and from one scale to another."""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.graph.expr import arg, call, cast
from pith.graph.fixed import scale_fixed
from pith.importers.tflite.context import BYTES, Call
from pith.importers.tflite.quantised import clamped, every, factor, table, whole_range
from pith.importers.tflite.registry import tflite_op
from pith.importers.tflite.shorts import short_quantize


@tflite_op("QUANTIZE")
def quantize(n: Call) -> str:
    """Of real numbers round(x / scale) + zero in float32, halves away from zero; of integers the rule of fixed point."""
    x, out = n.x(0), n.out()
    dtype = n.out_dtype()
    if dtype not in (*BYTES, DType.I16):
        raise n.unsupported(f"a result of {dtype.value} is not supported")
    zero, (low, high) = n.zero(out), whole_range(dtype)
    if n.dtype(x).is_float:
        y = call("round", arg(0, DType.F32) / float(n.scale(out))) + float(zero)
        y = call("min", call("max", y, float(low)), float(high))  # a NaN becomes 0, as in every conversion to integers
        return n.fused(cast(y, dtype), [n.cast(x, DType.F32)], dtype)
    if n.short or (n.quantised and dtype is DType.I16):
        return short_quantize(n)
    if n.dtype(x) not in BYTES or dtype not in BYTES:
        raise n.unsupported(f"{n.dtype(x).value} to {dtype.value} is not supported")
    source = n.tensor(0)
    multiplier, shift = factor(float(n.scale(source)) / float(n.scale(out)))
    values = scale_fixed(every(n.dtype(x)) - n.zero(source), np.asarray(multiplier), np.asarray(shift)) + zero
    return table(n, clamped(values, dtype), dtype)


@tflite_op("DEQUANTIZE")
def dequantize(n: Call) -> str:
    """Constants of float16 widened; integers less their zero point, times the scale."""
    x, t = n.x(0), n.tensor(0)
    if n.dtype(x).is_float:
        return n.cast(x, DType.F32)
    if t.steps is None:
        raise n.invalid(f"tensor {t.name!r} has no scale")
    if not t.steps.single:
        q = n.static(0, "an array with a scale for each channel")
        shape = [t.steps.scale.size if a == t.steps.axis else 1 for a in range(q.ndim)]
        return n.const((q.astype(np.float64) - t.steps.zero.reshape(shape)) * t.steps.scale.reshape(shape), DType.F32)
    y = cast(arg(0, n.dtype(x)), DType.I32) - n.zero(t) if n.zero(t) else cast(arg(0, n.dtype(x)), DType.I32)
    return n.fused(cast(y, DType.F32) * float(n.scale(t)), [x], DType.F32)
