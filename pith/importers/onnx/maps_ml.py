"""The few operators of the classical machine-learning domain that are plain arithmetic."""

from __future__ import annotations

from pith.graph import DType
from pith.importers.onnx.context import Call
from pith.importers.onnx.maps_index import check_range
from pith.importers.onnx.registry import onnx_op

_ML = "ai.onnx.ml"


@onnx_op("ArrayFeatureExtractor", domain=_ML)
def array_feature_extractor(n: Call) -> str:
    x, indices = n.x(0), n.x(1)
    known, size = n.known(indices), n.type(indices).size
    if known is not None:
        check_range(n, known, n.shape(x)[-1])
    y = n.emit("gather", [x, n.reshape(indices, (size,))], axis=n.rank(x) - 1)
    return n.reshape(y, (1, size)) if n.rank(x) == 1 else y


@onnx_op("Binarizer", domain=_ML)
def binarizer(n: Call) -> str:
    x = n.x(0)
    return n.cast(n.emit("greater", [x, n.like(n.attrs.float("threshold", 0.0), x)]), n.dtype(x))


@onnx_op("Scaler", domain=_ML)
def scaler(n: Call) -> str:
    """(x - offset) * scale, for every feature or all alike."""
    x = n.cast(n.x(0), DType.F32)
    for name, op in (("offset", "sub"), ("scale", "mul")):
        values = n.attrs.floats(name)
        if values is not None:
            if len(values) not in (1, n.shape(x)[-1]):
                raise n.invalid(f"{len(values)} values of {name} do not fit {n.shape(x)}")
            x = n.emit(op, [x, n.const(values, DType.F32)])
    return x
