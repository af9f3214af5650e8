"""Small float networks and data for the tests of quantisation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import numpy_helper

from pith.api import compile_graph, import_model
from pith.graph import Graph
from pith.ops.interpret import run_reference


def model(text: str, **constants: np.ndarray) -> onnx.ModelProto:
    parsed = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 21]>\n{text}')
    for name, array in constants.items():
        parsed.graph.initializer.append(numpy_helper.from_array(np.asarray(array, np.float32), name))
    return parsed


def small_net(seed: int = 0) -> Graph:
    """conv relu, depthwise relu6, residual, concat, pool, dense: every rule of the plan in 8 x 8 pixels."""
    rng = np.random.default_rng(seed)
    w = {
        "w1": rng.standard_normal((8, 3, 3, 3)) / 5, "b1": rng.standard_normal(8) / 10,
        "w2": rng.standard_normal((8, 1, 3, 3)) / 3, "b2": rng.standard_normal(8) / 10,
        "w3": rng.standard_normal((8, 8, 1, 1)) / 3, "w4": rng.standard_normal((4, 8, 1, 1)) / 3, "b4": rng.standard_normal(4),
        "w5": rng.standard_normal((12, 5)) / 3, "b5": rng.standard_normal(5), "zero": np.array(0.0), "six": np.array(6.0),
    }  # fmt: skip
    text = """net (float[1, 3, 8, 8] x) => (float[1, 5] y) <int64[2] flat = {1, 12}> {
        c1 = Conv<pads = [1, 1, 1, 1]>(x, w1, b1) r1 = Relu(c1)
        c2 = Conv<pads = [1, 1, 1, 1], group = 8>(r1, w2, b2) r2 = Clip(c2, zero, six)
        c3 = Conv(r2, w3) a = Add(r1, c3)
        c4 = Conv(a, w4, b4) s = HardSwish(c4) m = MaxPool<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(a)
        k = Concat<axis = 1>(s, m) g = GlobalAveragePool(k) f = Reshape(g, flat) y = Gemm(f, w5, b5) }"""
    return import_model(model(text, **w))


def pictures(count: int, seed: int = 1, shape: tuple[int, ...] = (3, 8, 8)) -> np.ndarray:
    """Smooth random pictures, float32 [count, *shape]."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count, *shape))
    return ((x + np.roll(x, 1, -1) + np.roll(x, 1, -2)) / 1.7).astype(np.float32)


def run(graph: Graph):  # type: ignore[no-untyped-def]
    """A compiled graph, built quickly."""
    return compile_graph(graph, opt="-O1")


class Interpreted:
    """A graph run by the reference interpreter: slower than C, but ready at once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(self.graph.outputs, run_reference(self.graph, inputs), strict=True))

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        return run_reference(self.graph, dict(zip(self.graph.inputs, arrays, strict=True)))[0]

    def again(self) -> Interpreted:
        return Interpreted(self.graph)

    def close(self) -> None:
        pass
