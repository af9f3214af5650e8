"""Small ONNX models for the tests of the importer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from pith.graph import Graph
from pith.importers.onnx import import_onnx
from pith.ops.interpret import run_reference

Shape = Sequence[int | str | None]


def value(name: str, shape: Shape | None, elem_type: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, elem_type, shape)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    constants: Mapping[str, np.ndarray] | None = None,
    *,
    opset: int = 17,
    domains: Mapping[str, int] | None = None,
    **more: Any,
) -> onnx.ModelProto:
    """A model; `more` goes to make_model (functions)."""
    initializers = [numpy_helper.from_array(v, k) for k, v in (constants or {}).items()]
    graph = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), initializers)
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, v) for d, v in (domains or {}).items())]
    made = helper.make_model(graph, opset_imports=imports, **more)
    made.ir_version = 8 if opset < 19 else 10
    return made


def node(op: str, inputs: Sequence[str], outputs: Sequence[str] | str, **attrs: Any) -> onnx.NodeProto:
    return helper.make_node(op, list(inputs), [outputs] if isinstance(outputs, str) else list(outputs), **attrs)


def single(
    op: str, arrays: Mapping[str, np.ndarray], *, constants: Mapping[str, np.ndarray] | None = None, opset: int = 17,
    outputs: int = 1, inputs: Sequence[str] | None = None, domain: str = "",
    out_type: int | Sequence[int] = TensorProto.FLOAT, **attrs: Any,
) -> onnx.ModelProto:  # fmt: skip
    """A model of one node over run-time inputs `arrays` and initializers `constants`, in the order given."""
    names = list(inputs) if inputs is not None else [*arrays, *(constants or {})]
    outs = [f"y{k}" for k in range(outputs)]
    ins = [value(k, v.shape, helper.np_dtype_to_tensor_dtype(v.dtype)) for k, v in arrays.items()]
    made = node(op, names, outs, domain=domain, name="the_node", **attrs)
    kinds = [out_type] * outputs if isinstance(out_type, int) else out_type
    outs_info = [value(o, None, k) for o, k in zip(outs, kinds, strict=True)]
    return model([made], ins, outs_info, constants, opset=opset, domains={domain: 1} if domain else None)


def run_ort(made: onnx.ModelProto, feed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """ONNX Runtime without graph optimisation: the operators as they stand."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [np.asarray(v) for v in session.run(None, dict(feed))]


def run_pith(made: onnx.ModelProto, feed: Mapping[str, np.ndarray], **more: Any) -> list[np.ndarray]:
    graph = import_onnx(made, **more)
    return run_reference(graph, {k: feed[k] for k in graph.inputs})


def ops(graph: Graph) -> list[str]:
    """Operators of a graph in order."""
    return [n.op for n in graph.nodes]
