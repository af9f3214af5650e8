"""Operators whose results are known at import."""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.importers.onnx.context import Call
from pith.importers.onnx.registry import onnx_op
from pith.importers.onnx.tensors import checked_shape, to_dtype

MAX_GENERATED = 2**24  # elements of a constant that a few bytes of the file ask for
MAX_MEL = 2**20  # elements of a mel matrix, which is filled one by one


@onnx_op("Constant")
def constant(n: Call) -> str:
    a = n.attrs
    for name in ("value", "sparse_value"):
        if name in a:
            array = a.tensor(name)
            assert array is not None
            return n.const(array)
    if "value_float" in a:
        return n.const(a.float("value_float"), DType.F32)
    if "value_int" in a:
        return n.const(a.int("value_int"), DType.I64)
    if "value_floats" in a:
        return n.const(a.floats("value_floats"), DType.F32)
    if "value_ints" in a:
        return n.const(a.ints("value_ints"), DType.I64)
    if "value_string" in a or "value_strings" in a:
        raise n.unsupported("strings are not supported")
    raise n.invalid("Constant has no value")


@onnx_op("ConstantOfShape", static=(0,))
def constant_of_shape(n: Call) -> str:
    declared = n.declared_shape(0)
    if n.known(n.x(0)) is None and declared is not None and None not in declared:
        shape = checked_shape(declared, n.where)
    else:
        shape = checked_shape(n.static_ints(0, "shape"), n.where)
    value = n.attrs.tensor("value")
    if value is not None and value.size != 1:
        raise n.invalid(f"value has {value.size} elements, not 1")
    scalar = np.zeros((), np.float32) if value is None else value.reshape(())
    return n.expand(n.const(scalar), shape)


@onnx_op("Range", static=(0, 1, 2))
def range_(n: Call) -> str:
    start, limit, delta = (n.static(i, what).reshape(-1)[0] for i, what in enumerate(("start", "limit", "delta")))
    dtype = DType.of(start.dtype)
    kind = int if dtype.is_int else float
    if kind(delta) == 0:
        raise n.invalid("delta is 0")
    count = (kind(limit) - kind(start)) / kind(delta)
    if not math.isfinite(count) or count > MAX_GENERATED:
        raise n.invalid(f"a range of {count:g} elements is too long")
    k = np.arange(max(math.ceil(count), 0))
    if dtype.is_int:
        return n.const(int(start) + k * int(delta), dtype)
    return n.const((float(start) + k * float(delta)).astype(dtype.np))


@onnx_op("EyeLike")
def eye_like(n: Call) -> str:
    x = n.x(0)
    if n.rank(x) != 2:
        raise n.invalid(f"the input has rank {n.rank(x)}, not 2")
    dtype = to_dtype(n.attrs.int("dtype"), n.where) if "dtype" in n.attrs else n.dtype(x)
    rows, columns = _bounded(n, n.shape(x))
    k = n.attrs.int("k", 0)
    return n.const(np.eye(rows, columns, k=max(min(k, columns), -rows)).astype(dtype.np))


def _bounded(n: Call, shape: tuple[int, ...]) -> tuple[int, ...]:
    if math.prod(shape) > MAX_GENERATED:
        raise n.invalid(f"a constant of shape {shape} is too large")
    return shape


_WINDOWS = {
    "HannWindow": (0.5, 0.5, 0.0),
    "HammingWindow": (25 / 46, 21 / 46, 0.0),
    "BlackmanWindow": (0.42, 0.5, 0.08),
}


@onnx_op(*_WINDOWS, static=(0,))
def cosine_window(n: Call) -> str:
    """a0 - a1 cos(2 pi k / m) + a2 cos(4 pi k / m), m = size when periodic, size - 1 otherwise."""
    size = int(n.static_scalar(0, "size"))
    if not 0 <= size <= MAX_GENERATED:
        raise n.invalid(f"a window of {size} elements")
    dtype = to_dtype(n.attrs.int("output_datatype", 1), n.where)
    period = size if n.attrs.flag("periodic", True) else size - 1
    angle = 2 * np.pi * np.arange(size) / max(period, 1)
    a0, a1, a2 = _WINDOWS[n.raw.op]
    return n.const((a0 - a1 * np.cos(angle) + a2 * np.cos(2 * angle)).astype(dtype.np))


@onnx_op("MelWeightMatrix", static=(0, 1, 2, 3, 4))
def mel_weight_matrix(n: Call) -> str:
    """Triangles, evenly spaced in mel, over the bins of a spectrum; shape [dft_length // 2 + 1, num_mel_bins]."""
    names = ("num_mel_bins", "dft_length", "sample_rate", "lower_edge_hertz", "upper_edge_hertz")
    bins, length, rate, low, high = (n.static_scalar(i, what) for i, what in enumerate(names))
    dtype = to_dtype(n.attrs.int("output_datatype", 1), n.where)
    rows = int(length) // 2 + 1
    if bins < 1 or length < 1 or rate <= 0 or rows * bins > MAX_MEL:
        raise n.invalid(f"a matrix of {rows} x {bins} at {rate} Hz")

    def mel(hertz: float) -> float:
        return 2595 * math.log10(1 + hertz / 700)

    edges = np.arange(bins + 2) * ((mel(high) - mel(low)) / (bins + 2)) + mel(low)
    places = np.floor((700 * (10 ** (edges / 2595) - 1)) * (int(length) + 1) / rate).astype(np.int64)
    result = np.zeros((rows, int(bins)))
    for i in range(int(bins)):
        lower, centre, upper = places[i : i + 3]
        if centre == lower:
            _set(result, centre, i, 1.0)
        else:
            for j in range(lower, centre + 1):
                _set(result, j, i, (j - lower) / (centre - lower))
        for j in range(centre, upper):
            _set(result, j, i, (upper - j) / (upper - centre))
    return n.const(result.astype(dtype.np))


def _set(matrix: np.ndarray, row: int, column: int, value: float) -> None:
    """Write an element if it lies within the matrix (edges above half the sampling rate do not)."""
    if 0 <= row < matrix.shape[0]:
        matrix[row, column] = value
