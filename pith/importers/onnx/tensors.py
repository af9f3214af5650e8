"""TensorProto to NumPy, with every size checked first; element types of ONNX and of Pith."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto

from pith.graph import DType, ModelError, ShapeError, UnsupportedError
from pith.importers.onnx.load import read_external

MAX_ELEMENTS = 2**31 - 1  # kernels address elements with 32-bit integers

DTYPES: dict[int, DType] = {
    TensorProto.FLOAT: DType.F32,
    TensorProto.DOUBLE: DType.F64,
    TensorProto.FLOAT16: DType.F16,
    TensorProto.BFLOAT16: DType.BF16,
    TensorProto.FLOAT8E4M3FN: DType.F8E4M3FN,
    TensorProto.FLOAT8E4M3FNUZ: DType.F8E4M3FNUZ,
    TensorProto.FLOAT8E5M2: DType.F8E5M2,
    TensorProto.FLOAT8E5M2FNUZ: DType.F8E5M2FNUZ,
    TensorProto.INT4: DType.I4,
    TensorProto.UINT4: DType.U4,
    TensorProto.INT8: DType.I8,
    TensorProto.UINT8: DType.U8,
    TensorProto.INT16: DType.I16,
    TensorProto.UINT16: DType.U16,
    TensorProto.INT32: DType.I32,
    TensorProto.UINT32: DType.U32,
    TensorProto.INT64: DType.I64,
    TensorProto.UINT64: DType.U64,
    TensorProto.BOOL: DType.BOOL,
}
ELEM_TYPES = {d: e for e, d in DTYPES.items()}

# Field that holds the elements when raw_data does not; all that are not listed use int32_data.
_FIELDS = {
    DType.F32: "float_data",
    DType.F64: "double_data",
    DType.I64: "int64_data",
    DType.U32: "uint64_data",
    DType.U64: "uint64_data",
}


def elem_type_name(elem_type: int) -> str:
    """ONNX's own name of an element type, for messages."""
    try:
        return str(TensorProto.DataType.Name(elem_type)).lower()
    except ValueError:
        return f"type number {elem_type}"


def to_dtype(elem_type: int, where: str) -> DType:
    """The DType of an ONNX element type. Raises UnsupportedError (strings, complex) or ModelError (no such type)."""
    if elem_type in DTYPES:
        return DTYPES[elem_type]
    if elem_type in TensorProto.DataType.values() and elem_type != TensorProto.UNDEFINED:
        raise UnsupportedError(
            f"element type {elem_type_name(elem_type)} is not supported",
            where=where,
            why="Pith has floats of 8 to 64 bits, integers of 4 to 64 bits, and bool",
        )
    raise ModelError(f"there is no element type {elem_type}", where=where)


def checked_shape(dims: Any, where: str) -> tuple[int, ...]:
    """`dims` as a shape. Raises ModelError for negative or absurd ones."""
    shape = tuple(int(d) for d in dims)
    if any(d < 0 for d in shape):
        raise ModelError(f"shape {shape} has a negative dimension", where=where)
    if math.prod(shape) > MAX_ELEMENTS or any(d > MAX_ELEMENTS for d in shape) or len(shape) > 32:
        raise ShapeError(f"shape {shape} is too large", where=where, why=f"at most {MAX_ELEMENTS:,} elements, 32 axes")
    return shape


def to_array(tensor: TensorProto, folder: Path | None, where: str = "") -> np.ndarray:
    """The array of a tensor; its data must be there exactly, no byte more or less.

    Raises ModelError, or UnsupportedError for strings and complex numbers.
    """
    where = where or f"tensor {tensor.name}"
    dtype = to_dtype(tensor.data_type, where)
    shape = checked_shape(tensor.dims, where)
    if tensor.HasField("segment"):
        raise UnsupportedError("tensors in segments are not supported", where=where)
    count = math.prod(shape)
    packed = dtype in (DType.I4, DType.U4)
    nbytes = (count + 1) // 2 if packed else count * dtype.itemsize
    if tensor.data_location == TensorProto.EXTERNAL:
        data = _external_bytes(tensor, nbytes, folder, where)
    elif tensor.HasField("raw_data"):
        data = tensor.raw_data
    else:
        return _from_field(tensor, dtype, count, where).reshape(shape)
    if len(data) != nbytes:
        raise ModelError(
            f"{dtype.value}{list(shape)} needs {nbytes:,} bytes, its data has {len(data):,}",
            where=where,
            why="the file is damaged",
            try_="export or download it again",
        )
    if packed:
        return _unpack(np.frombuffer(data, np.uint8), dtype, count).reshape(shape)
    if dtype is DType.BOOL:
        return np.not_equal(np.frombuffer(data, np.uint8), 0).reshape(shape)
    array: np.ndarray = np.frombuffer(data, dtype.np.newbyteorder("<")).astype(dtype.np, copy=False)
    return array.reshape(shape)


def _external_bytes(tensor: TensorProto, nbytes: int, folder: Path | None, where: str) -> bytes:
    entries = {e.key: e.value for e in tensor.external_data}
    try:
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", str(nbytes)))
    except ValueError:
        raise ModelError("offset or length of external data is no number", where=where) from None
    if length != nbytes:
        raise ModelError(f"external data of {length:,} bytes is given for a tensor of {nbytes:,}", where=where)
    return read_external(entries.get("location", ""), offset, length, folder, where)


def _from_field(tensor: TensorProto, dtype: DType, count: int, where: str) -> np.ndarray:
    """Elements from one of the typed repeated fields."""
    field = getattr(tensor, _FIELDS.get(dtype, "int32_data"))
    packed = dtype in (DType.I4, DType.U4)
    if len(field) != ((count + 1) // 2 if packed else count):
        raise ModelError(
            f"a tensor of {count:,} elements has {len(field):,} in its data",
            where=where,
            why="the file is damaged",
            try_="export or download it again",
        )
    if dtype in (DType.F32, DType.F64):
        return np.array(field, dtype=dtype.np)
    values = np.array(field, dtype=np.uint64 if dtype in (DType.U32, DType.U64) else np.int64)
    if packed:
        return _unpack(values.astype(np.uint8), dtype, count)
    if dtype is DType.BOOL:
        return np.not_equal(values, 0)
    if dtype.is_float:  # small floats lie there as their bits
        bits: np.ndarray = values.astype(np.uint16 if dtype.itemsize == 2 else np.uint8)
        return bits.view(dtype.np)
    return values.astype(dtype.np)


def _unpack(data: np.ndarray, dtype: DType, count: int) -> np.ndarray:
    """4-bit elements, two a byte, the low half first."""
    halves = np.stack([data & 15, data >> 4], axis=-1).reshape(-1)[:count].astype(np.int8)
    if dtype is DType.I4:
        halves = np.where(halves > 7, halves - 16, halves)
        return halves.astype(ml_dtypes.int4)
    return halves.astype(ml_dtypes.uint4)


def sparse_to_array(sparse: onnx.SparseTensorProto, folder: Path | None, where: str) -> np.ndarray:
    """A sparse tensor written out in full; at most 2**24 elements, for the file need not be as large as the tensor."""
    shape = checked_shape(sparse.dims, where)
    if math.prod(shape) > 2**24:
        raise ShapeError(f"the sparse tensor {shape} is too large to write out in full", where=where)
    values = to_array(sparse.values, folder, where).reshape(-1)
    indices = to_array(sparse.indices, folder, where)
    dense = np.zeros(math.prod(shape), values.dtype)
    if indices.ndim == 2 and indices.shape == (values.size, len(shape)):
        if (indices < 0).any() or (indices >= np.array(shape)).any():
            raise ModelError(f"an index lies outside {shape}", where=where)
        indices = np.ravel_multi_index(tuple(indices.T), shape)
    if indices.shape != values.shape or (indices < 0).any() or (indices >= dense.size).any():
        raise ModelError("indices of a sparse tensor do not fit it", where=where)
    dense[indices] = values
    return dense.reshape(shape)
