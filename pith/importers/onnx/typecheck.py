"""Inputs of a node against the operator's schema: how many, which element types, the same type variable alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pith.graph import DType
from pith.importers.onnx.registry import Param, Schema

if TYPE_CHECKING:
    from pith.importers.onnx.context import Call

_FLOATS = {DType.F32: "float", DType.F64: "double"}
_NAMES = {d: f"tensor({_FLOATS.get(d, d.value.replace('float8_', 'float8'))})" for d in DType}


def check_inputs(call: Call, schema: Schema) -> None:
    """Raise ModelError where the inputs break the schema (subgraph inputs and sequences are checked where used)."""
    n = len(call.inputs)
    if n < schema.min_inputs or n > schema.max_inputs or len(call.outputs) > schema.max_outputs:
        raise call.invalid(
            f"{call.raw.op} has {n} inputs and {len(call.outputs)} outputs",
            f"opset {call.opset} allows {schema.min_inputs} to {schema.max_inputs} and {schema.max_outputs}",
        )
    bound: dict[str, DType] = {}
    for i, value in enumerate(call.inputs):
        param = _param(schema, i)
        if value is None:
            if not param.optional and not param.variadic:
                raise call.invalid(f"input {i} ({param.name}) is missing")
            continue
        if not isinstance(value, str):
            continue
        dtype = call.dtype(value)
        if _NAMES[dtype] not in param.allowed:
            raise call.invalid(
                f"input {i} ({param.name}) is {dtype.value}", "the operator does not take this type there"
            )
        if param.homogeneous and bound.setdefault(param.type_str, dtype) is not dtype:
            raise call.invalid(
                f"input {i} ({param.name}) is {dtype.value}, another {bound[param.type_str].value}",
                "they must be of one type",
            )


def _param(schema: Schema, i: int) -> Param:
    return schema.inputs[min(i, len(schema.inputs) - 1)]
