"""Softmax and normalisations."""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.importers.tflite.context import BYTES, Call
from pith.importers.tflite.registry import tflite_op
from pith.importers.tflite.softmax import softmax_table
from pith.ops.softmax_fixed import DEEPEST


@tflite_op("SOFTMAX")
def softmax(n: Call) -> str:
    x, beta, rank = n.x(0), n.real("beta"), n.rank(n.x(0))
    if not rank:
        raise n.invalid("a single number has no axis")
    if not n.quantised:
        y = x if beta == 1 else n.emit("mul", [x, n.like(beta, x)])
        return n.emit("softmax", [y], axis=rank - 1)
    out, dtype = n.out(), n.out_dtype()
    if dtype not in BYTES or dtype is not n.dtype(x):
        raise n.unsupported(f"{n.dtype(x).value} to {dtype.value} is not supported")
    if not np.isclose(n.scale(out), 1 / 256, rtol=1e-3, atol=0) or n.zero(out) != (-128 if dtype is DType.I8 else 0):
        raise n.unsupported("a result whose scale is not 1/256, from 0 to 1")
    if n.shape(x)[-1] > DEEPEST:
        raise n.unsupported(f"rows of {n.shape(x)[-1]:,}: their sums may leave int32")
    table = n.const(softmax_table(float(n.scale(n.tensor(0))), beta), DType.I32)
    return n.emit("softmax_fixed", [x, table])


@tflite_op("LOG_SOFTMAX")
def log_softmax(n: Call) -> str:
    x = n.x(0)
    if n.quantised or not n.dtype(x).is_float:
        raise n.unsupported(f"an operand of {n.dtype(x).value} is not supported")
    return n.emit("log_softmax", [x], axis=n.rank(x) - 1)


@tflite_op("L2_NORMALIZATION")
def l2_normalization(n: Call) -> str:
    x = n.x(0)
    if n.activation != "NONE" or not n.dtype(x).is_float:
        raise n.unsupported(f"an operand of {n.dtype(x).value} with activation {n.activation} is not supported")
    return n.emit("lp_normalization", [x], axis=n.rank(x) - 1, p=2)


@tflite_op("LOCAL_RESPONSE_NORMALIZATION")
def lrn(n: Call) -> str:
    x, radius = n.x(0), n.option("radius")
    if n.rank(x) != 4 or not 0 <= radius < 2**15 or not n.dtype(x).is_float:
        raise n.invalid(f"a radius of {radius} for {n.shape(x)}")
    size = 2 * radius + 1
    first = n.transpose(x, (0, 3, 1, 2))
    y = n.emit("lrn", [first], size=size, alpha=n.real("alpha") * size, beta=n.real("beta"), bias=n.real("bias"))
    return n.transpose(y, (0, 2, 3, 1))
