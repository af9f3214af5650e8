"""Element types of tensors: how they are stored, what they are called in NumPy and in C."""

from __future__ import annotations

import enum

import ml_dtypes
import numpy as np


class DType(enum.Enum):
    """Element type. The value is the NumPy (or ml_dtypes) name."""

    F32 = "float32"
    F64 = "float64"
    F16 = "float16"
    BF16 = "bfloat16"
    F8E4M3FN = "float8_e4m3fn"
    F8E4M3FNUZ = "float8_e4m3fnuz"
    F8E5M2 = "float8_e5m2"
    F8E5M2FNUZ = "float8_e5m2fnuz"
    I4 = "int4"
    U4 = "uint4"
    I8 = "int8"
    U8 = "uint8"
    I16 = "int16"
    U16 = "uint16"
    I32 = "int32"
    U32 = "uint32"
    I64 = "int64"
    U64 = "uint64"
    BOOL = "bool"

    @property
    def np(self) -> np.dtype:
        """The NumPy dtype (from ml_dtypes where NumPy has none; int4 holds one element a byte)."""
        return _NUMPY[self]

    @property
    def itemsize(self) -> int:
        """Bytes of one element in the arena (sub-byte types take a byte)."""
        return self.np.itemsize

    @property
    def c(self) -> str:
        """The C type an element is stored as; the small floats are stored as their bits."""
        return _C[self]

    @property
    def compute(self) -> DType:
        """The type arithmetic is done in: float32 for the small floats, itself otherwise."""
        return DType.F32 if self in SMALL_FLOATS else self

    @property
    def is_float(self) -> bool:
        return self in (DType.F32, DType.F64) or self in SMALL_FLOATS

    @property
    def is_int(self) -> bool:
        return not self.is_float and self is not DType.BOOL

    @property
    def is_signed(self) -> bool:
        return self.is_float or self in (DType.I4, DType.I8, DType.I16, DType.I32, DType.I64)

    @property
    def short(self) -> str:
        """Short name used in kernel names and listings: f32, i8, bool."""
        return self.name.lower()

    @classmethod
    def of(cls, dtype: object) -> DType:
        """The DType of a NumPy dtype. Raises ValueError for types Pith has not (strings, complex)."""
        try:
            return _FROM_NUMPY[np.dtype(dtype)]  # type: ignore[call-overload]
        except (KeyError, TypeError):
            raise ValueError(f"element type {dtype!r} is not supported") from None


SMALL_FLOATS = frozenset({DType.F16, DType.BF16, DType.F8E4M3FN, DType.F8E4M3FNUZ, DType.F8E5M2, DType.F8E5M2FNUZ})

_NUMPY: dict[DType, np.dtype] = {
    d: np.dtype(getattr(ml_dtypes, d.value) if hasattr(ml_dtypes, d.value) else d.value) for d in DType
}
_FROM_NUMPY = {n: d for d, n in _NUMPY.items()}
_C: dict[DType, str] = {
    DType.F32: "float",
    DType.F64: "double",
    DType.F16: "uint16_t",
    DType.BF16: "uint16_t",
    DType.F8E4M3FN: "uint8_t",
    DType.F8E4M3FNUZ: "uint8_t",
    DType.F8E5M2: "uint8_t",
    DType.F8E5M2FNUZ: "uint8_t",
    DType.I4: "int8_t",
    DType.U4: "uint8_t",
    DType.BOOL: "uint8_t",
    **{
        d: f"{d.value}_t"
        for d in (DType.I8, DType.U8, DType.I16, DType.U16, DType.I32, DType.U32, DType.I64, DType.U64)
    },
}
