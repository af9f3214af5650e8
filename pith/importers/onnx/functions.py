"""Operators defined by others: the model's own functions, and the bodies ONNX gives for its operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onnx import FunctionProto, NodeProto, TypeProto

from pith.importers.onnx.context import Scope, Value
from pith.importers.onnx.registry import raw_schema
from pith.importers.onnx.tensors import ELEM_TYPES

if TYPE_CHECKING:
    from pith.importers.onnx.context import Call


def find_function(call: Call) -> FunctionProto | None:
    """The body that ONNX defines for the operator at this opset, None when it has none."""
    schema: Any = raw_schema(call.raw.domain, call.raw.op, call.opset)
    if schema is None:
        return None
    if schema.has_function:
        version = _version(schema.function_opset_versions, call.opset)
        body = schema.get_function_with_opset_version(version)
        return FunctionProto.FromString(body) if body else None
    if schema.has_context_dependent_function:
        version = _version(schema.context_dependent_function_opset_versions, call.opset)
        node, types = _node_and_types(call)
        body = schema.get_context_dependent_function_with_opset_version(version, node, types)
        return FunctionProto.FromString(body) if body else None
    return None


def _version(versions: list[int], opset: int) -> int:
    """The newest version not newer than the opset (the oldest there is otherwise)."""
    return max((v for v in versions if v <= opset), default=min(versions))


def _node_and_types(call: Call) -> tuple[bytes, list[bytes]]:
    """The node and the types of its inputs, serialised, from which ONNX builds a body."""
    raw = call.raw
    node = NodeProto(op_type=raw.op, domain=raw.domain, name=raw.name, input=raw.inputs, output=raw.outputs)
    node.attribute.extend(call.attrs.protos.values())
    types = []
    for i in range(len(raw.inputs)):
        proto = TypeProto()
        if call.has(i):
            t = call.type(call.x(i))
            proto.tensor_type.elem_type = ELEM_TYPES[t.dtype]
            proto.tensor_type.shape.SetInParent()
            for d in t.shape:
                proto.tensor_type.shape.dim.add().dim_value = d
        types.append(proto.SerializeToString())
    return node.SerializeToString(), types


def expand_function(call: Call, function: FunctionProto) -> list[Value | None]:
    """Import the body of `function` in place of the call."""
    importer, outer = call.importer, call.scope
    if len(call.inputs) > len(function.input) or len(call.outputs) > len(function.output):
        counts = f"{len(function.input)} inputs and makes {len(function.output)} outputs"
        raise call.invalid(f"function {function.name!r} takes {counts}")
    wanted = tuple(name for name, used in zip(function.output, call.outputs, strict=False) if used)
    plan = importer.plan_of(function, wanted)
    opsets = {"" if o.domain == "ai.onnx" else o.domain: int(o.version) for o in function.opset_import}
    given = {name: call.inputs[i] for i, name in enumerate(plan.inputs) if call.has(i)}
    scope = Scope(
        {**outer.opsets, **opsets},
        values={k: v for k, v in given.items() if v is not None},
        attributes={**{a.name: a for a in function.attribute_proto}, **call.attrs.protos},
        prefix=call.name + "/",
        origin=outer.origin or call.name,
        depth=outer.depth + 1,
        absent=frozenset(plan.inputs) - given.keys(),
    )
    results = dict(zip(wanted, importer.run_plan(plan, scope), strict=True))
    return [results.get(name) for name in function.output[: len(call.outputs)]]
