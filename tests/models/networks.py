"""Well-known networks as ONNX models with random weights, built by hand: for size, time and memory, not accuracy."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class _Builder:
    def __init__(self, name: str, shape: tuple[int, ...], seed: int = 0) -> None:
        self.name, self.shape = name, shape
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array.astype(np.float32), name))
        return name

    def node(self, op: str, inputs: list[str], **attrs: object) -> str:
        out = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], name=out, **attrs))
        return out

    def conv_bn(
        self, x: str, cin: int, cout: int, k: int = 1, stride: int = 1, group: int = 1, act: bool = True
    ) -> str:
        fan = cin // group * k * k
        w = self.constant(self.rng.standard_normal((cout, cin // group, k, k)) * (2 / fan) ** 0.5)
        x = self.node("Conv", [x, w], kernel_shape=[k, k], strides=[stride] * 2, pads=[k // 2] * 4, group=group)
        bn = [
            self.constant(a)
            for a in (
                np.ones(cout),
                0.1 * self.rng.standard_normal(cout),
                0.1 * self.rng.standard_normal(cout),
                np.ones(cout),
            )
        ]
        x = self.node("BatchNormalization", [x, *bn])
        return self.node("Clip", [x, self.zero, self.six]) if act else x

    def model(self, out: str, shape: tuple[int, ...]) -> onnx.ModelProto:
        info = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [info("input", TensorProto.FLOAT, self.shape)],
            [info(out, TensorProto.FLOAT, shape)],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def mobilenet_v2(size: int = 224, classes: int = 1000) -> onnx.ModelProto:
    """MobileNetV2 1.0 (arXiv 1801.04381, table 2): 3.5 M parameters, 300 M MACs at 224."""
    b = _Builder("mobilenet_v2", (1, 3, size, size))
    b.zero, b.six = b.constant(np.array(0.0)), b.constant(np.array(6.0))  # type: ignore[attr-defined]
    x, cin = b.conv_bn("input", 3, 32, 3, 2), 32
    for t, c, n, s in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for i in range(n):
            stride, hidden, y = (s if i == 0 else 1), cin * t, x
            if t != 1:
                y = b.conv_bn(y, cin, hidden)
            y = b.conv_bn(y, hidden, hidden, 3, stride, hidden)
            y = b.conv_bn(y, hidden, c, act=False)
            x = b.node("Add", [x, y]) if stride == 1 and cin == c else y
            cin = c
    x = b.conv_bn(x, cin, 1280)
    x = b.node("Flatten", [b.node("GlobalAveragePool", [x])])
    w, bias = b.constant(b.rng.standard_normal((classes, 1280)) * 0.02), b.constant(np.zeros(classes))
    return b.model(b.node("Gemm", [x, w, bias], transB=1), (1, classes))


def chain(nodes: int) -> onnx.ModelProto:
    """A chain of `nodes` operators: convolutions with activations and residual adds, on a small picture."""
    b = _Builder("chain", (1, 8, 8, 8))
    x, skip, k = "input", "input", 0
    while len(b.nodes) < nodes:
        if k % 4 == 0:
            x = b.node("Conv", [x, b.constant(b.rng.standard_normal((8, 8, 1, 1)) * 0.2)], kernel_shape=[1, 1])
        elif k % 4 == 1:
            x = b.node("Relu", [x])
        elif k % 4 == 2:
            x = b.node(
                "Conv",
                [x, b.constant(b.rng.standard_normal((8, 1, 3, 3)) * 0.2)],
                kernel_shape=[3, 3],
                pads=[1] * 4,
                group=8,
            )
        else:
            x = skip = b.node("Add", [x, skip])
        k += 1
    return b.model(x, (1, 8, 8, 8))
