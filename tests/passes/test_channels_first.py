"""Graphs that come channels last: the same function channels first, with transposes at the borders only."""

from __future__ import annotations

import numpy as np

import pith
from pith.api import compile_graph
from pith.graph import DType, Graph, TensorType
from pith.ops.base import add_node, load_all
from pith.passes import channels_first
from pith.passes.pipeline import FRONT, optimize

load_all()


def picture_network() -> Graph:
    """Two convolutions with a residual, channels last, on pictures of odd sizes; a mean and a product behind."""
    rng = np.random.default_rng(0)
    g = Graph(name="last", inputs=["x"], types={"x": TensorType(DType.F32, (1, 9, 7, 3))})

    def conv(x: str, o: int, i: int, k: int) -> str:
        w = g.add_constant(rng.standard_normal((o, i, k, k)).astype(np.float32) * 0.3, "w")
        b = g.add_constant(rng.standard_normal(o).astype(np.float32), "b")
        p = k // 2
        return add_node(g, "conv", [x, w, b], {"strides": (1, 1), "dilations": (1, 1), "pads": (p, p, p, p), "group": 1, "layout": "channels_last"})

    y = add_node(g, "relu", [conv("x", 5, 3, 3)])
    scale = g.add_constant(rng.standard_normal((1, 1, 1, 5)).astype(np.float32), "s")
    z = add_node(g, "mul", [conv(y, 5, 5, 1), scale])
    z = add_node(g, "add", [y, z])
    m = add_node(g, "reduce", [z], {"kind": "mean", "axes": (1, 2), "keepdims": False})
    w = g.add_constant(rng.standard_normal((5, 4)).astype(np.float32), "m")
    g.outputs = [add_node(g, "matmul", [m, w]), z]
    g.validate()
    return g


def test_same_function() -> None:
    g = picture_network()
    x = np.random.default_rng(1).standard_normal((1, 9, 7, 3)).astype(np.float32)
    expected = compile_graph(g.copy())(x)
    first = g.copy()
    assert channels_first.run(first) > 0
    first.validate()
    assert all(n.attrs.get("layout", "channels_first") == "channels_first" for n in first.nodes)
    found = compile_graph(first.copy())(x)
    for a, b in zip(expected, found, strict=True):
        assert a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-5)
    optimize(first, passes=FRONT)
    assert sum(n.op == "transpose" for n in first.nodes) <= 2  # of the input and of the picture that is a result
    assert channels_first.run(first) == 0


def test_quantised_and_exported(tmp_path: object) -> None:
    """EasyQuant on such a network: its results stay near, and ONNX Runtime gets the same from the file."""
    import onnxruntime as ort

    rng = np.random.default_rng(2)
    samples = rng.standard_normal((12, 9, 7, 3)).astype(np.float32)
    result = pith.quantize(picture_network(), samples)
    assert result.report.mean_cosine > 0.999
    path = tmp_path / "net.onnx"  # type: ignore[operator]
    result.save_onnx(path)
    options = ort.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")  # or sums of two products saturate where there is no VNNI
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    ours, theirs = result.compile()(samples[:1]), session.run(None, {session.get_inputs()[0].name: samples[:1]})
    for a, b, o in zip(ours, theirs, result.graph.outputs, strict=True):
        group = result.outcome.plan.group.get(o)  # a result that no integer operator reads is in floats
        step = 1e-5 * np.abs(b).max() if group is None else 1.01 * result.outcome.numbers.grids[group].scale
        assert np.abs(a - b).max() <= step
