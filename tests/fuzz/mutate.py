"""Seeded mutations of ONNX models: bytes flipped, cut, copied; and, one level up, fields set to hostile values."""

from __future__ import annotations

import functools
import random

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_INTS = (0, 1, -1, 2, 3, 7, -7, 64, 255, 65536, 2**31 - 1, -(2**31), 2**31, 2**32, 2**62, -(2**63), 2**63 - 1)
_FLOATS = (0.0, -1.0, 1e-45, 1e38, float("inf"), float("nan"))


@functools.cache
def seeds() -> tuple[bytes, ...]:
    """Small models that reach most of the importer: a convolutional net, control flow, a function, QDQ, and suite cases."""
    models = [_conv_net(), _loop(), _condition(), _qdq(), _function()]
    import warnings

    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        suite = [
            t.model
            for t in load_model_tests(kind="node")
            if t.model is not None and len(t.model.SerializeToString()) < 6000
        ]
    models += suite[:: max(1, len(suite) // 150)]
    return tuple(m.SerializeToString() for m in models)


def _info(name: str, shape: list[int | str], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: list[onnx.TensorProto] | None = None,
    **kw: object,
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "seed", inputs, outputs, constants or [])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("own", 1)], **kw)


def _conv_net() -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    w = numpy_helper.from_array(rng.standard_normal((4, 3, 3, 3)).astype(np.float32), "w")
    s = [
        numpy_helper.from_array(np.full(4, v, np.float32), n)
        for n, v in (("g", 1.0), ("b", 0.0), ("m", 0.1), ("v", 1.0))
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"]),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Shape", ["p"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["batch"]),
        helper.make_node("Concat", ["batch", "rest"], ["to"], axis=0),
        helper.make_node("Reshape", ["p", "to"], ["f"]),
        helper.make_node("Softmax", ["f"], ["y"], axis=-1),
    ]
    more = [
        numpy_helper.from_array(np.array([0], np.int64), "zero"),
        numpy_helper.from_array(np.array([-1], np.int64), "rest"),
    ]
    return _model(nodes, [_info("x", [1, 3, 8, 8])], [_info("y", [1, 16])], [w, *s, *more])


def _loop() -> onnx.ModelProto:
    body = helper.make_graph(
        [helper.make_node("Add", ["a", "step"], ["b"]), helper.make_node("Identity", ["go"], ["go_on"])], "body",
        [_info("i", [], TensorProto.INT64), _info("go", [], TensorProto.BOOL), _info("a", [2])],
        [_info("go_on", [], TensorProto.BOOL), _info("b", [2])],
    )  # fmt: skip
    constants = [numpy_helper.from_array(np.array(3, np.int64), "n"), numpy_helper.from_array(np.array(True), "yes"),
                 numpy_helper.from_array(np.ones(2, np.float32), "step")]  # fmt: skip
    return _model(
        [helper.make_node("Loop", ["n", "yes", "x"], ["y"], body=body)], [_info("x", [2])], [_info("y", [2])], constants
    )


def _condition() -> onnx.ModelProto:
    def branch(op: str) -> onnx.GraphProto:
        return helper.make_graph([helper.make_node(op, ["x"], [f"{op}_y"])], op, [], [_info(f"{op}_y", [2])])

    node = helper.make_node("If", ["c"], ["y"], then_branch=branch("Relu"), else_branch=branch("Neg"))
    return _model([node], [_info("x", [2])], [_info("y", [2])], [numpy_helper.from_array(np.array(True), "c")])


def _qdq() -> onnx.ModelProto:
    constants = [
        numpy_helper.from_array(np.array(0.1, np.float32), "s"),
        numpy_helper.from_array(np.array(3, np.int8), "z"),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
    ]
    return _model(nodes, [_info("x", [4])], [_info("y", [4])], constants)


def _function() -> onnx.ModelProto:
    f = helper.make_function(
        "own", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 18)]
    )
    return _model(
        [helper.make_node("Twice", ["x"], ["y"], domain="own")], [_info("x", [3])], [_info("y", [3])], functions=[f]
    )


def mutation(index: int, seed: int = 20) -> bytes:
    """Mutation number `index`; the same bytes every time."""
    rng = random.Random(seed * 1_000_003 + index)
    base = rng.choice(seeds())
    return _structure(base, rng) if rng.random() < 0.5 else _bytes(base, rng)


def _bytes(base: bytes, rng: random.Random) -> bytes:
    data = bytearray(base)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not data:
            break
        at = rng.randrange(len(data))
        kind = rng.randrange(6)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            del data[at : at + rng.randrange(1, 9)]
        elif kind == 4:
            data[at:at] = data[at : at + rng.randrange(1, 33)]
        else:
            other = rng.choice(seeds())
            data[at : at + 8] = other[at % len(other) : at % len(other) + 8]
    return bytes(data)


def _structure(base: bytes, rng: random.Random) -> bytes:
    model = onnx.ModelProto.FromString(base)
    graph = model.graph
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind = rng.randrange(9)
        node = rng.choice(graph.node) if graph.node else None
        if kind == 0 and graph.input:
            shape = rng.choice(graph.input).type.tensor_type.shape
            if shape.dim:
                rng.choice(shape.dim).dim_value = rng.choice(_INTS)
        elif kind == 1 and node is not None and node.attribute:
            a = rng.choice(node.attribute)
            a.i, a.f = rng.choice(_INTS), rng.choice(_FLOATS)
            if a.ints:
                a.ints[rng.randrange(len(a.ints))] = rng.choice(_INTS)
            if rng.random() < 0.2:
                a.type = rng.randrange(15)
        elif kind == 2 and node is not None and node.attribute:
            a = rng.choice(node.attribute)
            a.ints.extend(rng.choice(_INTS) for _ in range(rng.randrange(4)))
        elif kind == 3 and graph.initializer:
            t = rng.choice(graph.initializer)
            t.dims[:] = [rng.choice(_INTS) for _ in range(rng.randrange(4))]
        elif kind == 4 and graph.initializer:
            t = rng.choice(graph.initializer)
            t.data_type = rng.randrange(28)
        elif kind == 5 and node is not None and node.input:
            node.input[rng.randrange(len(node.input))] = rng.choice(
                ["", "nowhere", *node.output, *(i.name for i in graph.input)]
            )
        elif kind == 6 and node is not None:
            node.op_type = rng.choice(
                ["", "Conv", "Reshape", "Loop", "Gather", "Slice", "Concat", "Nonsense", node.op_type]
            )
        elif kind == 7 and node is not None:
            del node.attribute[:]
        elif kind == 8:
            model.opset_import[0].version = rng.choice((-1, 0, 1, 6, 9, 13, 18, 23, 999))
    return model.SerializeToString()
