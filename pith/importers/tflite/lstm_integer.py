"""The LSTM of int8 activations, whose cell is in int16: TFLite's "8x8_16", bit for bit as its reference kernel."""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.importers.tflite.context import Call
from pith.importers.tflite.load import Tensor
from pith.importers.tflite.quantised import factor
from pith.ops.int32 import LARGEST, largest_sum

_POINT = 2.0**12  # steps to 1 in the sum of a gate


def integer_lstm(n: Call) -> str:
    """An LSTM of int8, after `maps_rnn.lstm` has refused peepholes, projection, layer norm and coupled gates."""
    x, source = n.x(0), n.tensor(0)
    if n.out_dtype() is not DType.I8:
        raise n.unsupported(f"an LSTM of int8 that makes {n.out_dtype().value}")
    state, cell, hidden = _state(n, 18, DType.I8), _state(n, 19, DType.I16), _hidden(n)
    w, w_scale = zip(*(_weights(n, k) for k in range(1, 5)), strict=True)
    r, r_scale = zip(*(_weights(n, k) for k in range(5, 9)), strict=True)
    units = r[0].shape[0]
    if any(v.shape != (units, w[0].shape[1]) for v in w) or any(v.shape != (units, units) for v in r) or n.shape(x)[2] != w[0].shape[1]:
        raise n.invalid(f"weights {w[0].shape} and {r[0].shape} of an LSTM over {n.shape(x)}")
    weights = [np.concatenate(v) for v in (w, r)]
    zeros = [n.zero(source), n.zero(state)]
    bias = np.concatenate([_bias(n, k, units) for k in range(12, 16)])
    sums = np.stack([bias, np.zeros_like(bias)]) - [zero * v.astype(np.int64).sum(axis=1) for zero, v in zip(zeros, weights, strict=True)]
    if any(largest_sum(128, v, b, 0) > LARGEST for v, b in zip(weights, sums, strict=True)):
        raise n.unsupported("sums of an LSTM that may leave int32")
    point = -_log2(n, cell)
    clip = min(float(np.float32(n.real("cell_clip")) / n.scale(cell)), 32767.0)
    factors = [factor(np.float32(s * scale) * _POINT) for scales, scale in ((w_scale, n.scale(source)), (r_scale, n.scale(state))) for s in scales]
    result = factor(np.float32(2.0**-30 / float(n.scale(hidden))))
    return n.emit(
        "lstm_integer", [x, *(n.const(v) for v in weights), n.const(sums.astype(np.int32))], time_major=bool(n.option("time_major")),
        factors=tuple(factors), hidden=(*result, n.zero(hidden)), point=point, cell_clip=int(clip) if clip > 0 else 0,
    )  # fmt: skip


def _state(n: Call, i: int, dtype: DType) -> Tensor:
    """The tensor of a state, which is described even though its value begins anew in every run."""
    index = n.op.inputs[i] if i < len(n.op.inputs) else -1
    if index < 0:
        raise n.invalid(f"input {i}, a state, is missing")
    t = n.importer.model.tensors[index]
    if t.dtype is not dtype:
        raise n.unsupported(f"a state {t.name!r} of {t.dtype.value if t.dtype else 'unknown elements'} in an LSTM of int8")
    return t


def _hidden(n: Call) -> Tensor:
    """The fifth tensor between the steps of the operator: scale and zero point of the result before any projection."""
    index = n.op.intermediates[4] if len(n.op.intermediates) == 5 else -1
    if index < 0:
        raise n.invalid("an LSTM of int8 without its five intermediate tensors")
    t = n.importer.model.tensors[index]
    if t.dtype is not DType.I8:
        raise n.unsupported(f"an LSTM of int8 whose result before any projection, {t.name!r}, is none of int8")
    return t


def _weights(n: Call, i: int) -> tuple[np.ndarray, np.float32]:
    """A constant int8 matrix with one scale and zero point 0."""
    t, array = n.tensor(i), n.static(i, "a weight of a recurrent layer")
    if array.dtype != np.int8 or array.ndim != 2 or n.zero(t):
        raise n.unsupported(f"weights {t.name!r} of an LSTM of int8 that are no int8 matrix with zero point 0")
    return array, n.scale(t)


def _bias(n: Call, i: int, units: int) -> np.ndarray:
    array = n.static(i, "a bias")
    if array.dtype != np.int32 or array.shape != (units,):
        raise n.unsupported("a bias of an LSTM of int8 that is no int32 vector")
    return array.astype(np.int64)


def _log2(n: Call, cell: Tensor) -> int:
    """log2 of the cell's scale, which has to be a power of two."""
    exponent = math.log2(float(n.scale(cell)))
    rounded = round(exponent)
    if abs(exponent - rounded) > 1e-3 or not -15 <= rounded <= -9:
        raise n.unsupported(f"a cell state with the scale {float(n.scale(cell)):g}, which is no power of two from 2^-15 to 2^-9")
    return rounded
