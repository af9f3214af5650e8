"""Small models that ask for much: each is compiled or refused within seconds and without gigabytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import pith
from pith.graph import DType
from pith.graph.expr import arg, call
from pith.importers.onnx import shape_inputs
from pith.ops.base import OPS
from pith.passes.pipeline import optimize

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'


def test_an_expression_takes_time_linear_in_its_nodes() -> None:
    """x * x, sixty times over: a tree of 2^60 leaves."""
    x = arg(0, DType.F32)
    for _ in range(60):
        x = call("mul", x, x)
    again = arg(0, DType.F32)
    for _ in range(60):
        again = call("mul", again, again)
    assert x == again and hash(x) == hash(again) and x != call("mul", x, again)
    assert len(str(x)) < 300 and len(repr(x)) < 320
    assert call("mul", arg(0, DType.F32), 0.0) != call("mul", arg(0, DType.F32), -0.0)


def test_a_chain_of_squares_compiles_at_once() -> None:
    body = " ".join(f"v{k + 1} = Mul(v{k}, v{k})" for k in range(40))
    model = onnx.parser.parse_model(f"{HEAD} net (float[4] v0) => (float[4] v40) {{ {body} }}")
    got = pith.compile(model)(np.array([0, 1, -1, 0.5], np.float32))
    np.testing.assert_array_equal(got, [0, 1, 1, 0])


def test_folding_keeps_to_a_budget() -> None:
    """A constant of 4 MB times a hundred others: the products stay in the network."""
    graph = pith.import_model(onnx.parser.parse_model(f"{HEAD} net (float[2] x) => (float[2] y) {{ y = Neg(x) }}"))
    from pith.ops.base import add_node

    w = graph.add_constant(np.ones((1024, 1024), np.float32))
    for k in range(100):
        graph.outputs.append(add_node(graph, "mul", [w, graph.add_constant(np.float32(k + 2))]))
    optimize(graph)
    assert sum(c.nbytes for c in graph.constants.values()) < 100 << 20


def test_a_window_wider_than_the_channels_is_no_wider_than_they_are() -> None:
    x = np.linspace(-1, 1, 16, dtype=np.float32).reshape(1, 4, 2, 2)
    attrs = {"size": 20_000_001, "alpha": 1.0, "beta": 0.75, "bias": 1.0, "layout": "channels_first"}
    (got,) = OPS["lrn"].reference([x], attrs)
    total = (x.astype(np.float64) ** 2).sum(1, keepdims=True)
    np.testing.assert_allclose(got, x / (1 + total / attrs["size"]) ** 0.75, rtol=1e-6)


def test_functions_in_functions_are_looked_at_once() -> None:
    """Thirty functions, each calling the one before twice."""
    functions = ['<domain: "d", opset_import: ["" : 17]> f0 (a) => (b) { b = Neg(a) }']
    functions += [
        f'<domain: "d", opset_import: ["" : 17, "d" : 1]> f{k} (a) => (b) {{ c = d.f{k - 1}(a) b = d.f{k - 1}(c) }}' for k in range(1, 30)
    ]
    text = f'<ir_version: 8, opset_import: ["" : 17, "d" : 1]> net (float[4] x) => (float[4] y) {{ y = d.f29(x) }} {" ".join(functions)}'
    assert shape_inputs(onnx.parser.parse_model(text)) == set()


@pytest.mark.parametrize("op", ["Max", "Min"])
@pytest.mark.parametrize("target", ["c99", "host"])
def test_not_a_number_on_either_side(op: str, target: str) -> None:
    """Elementwise, broadcast, with a constant, and as the epilogue of a product."""
    body = f"a = {op}(x, y) b = {op}(y, x) c = {op}(x, k) d = {op}(k, x) m = MatMul(x, w) e = {op}(m, y)"
    model = onnx.parser.parse_model(
        f"{HEAD} net (float[1,4] x, float[1,4] y) => (float[1,4] a, float[1,4] b, float[1,4] c, float[1,4] d, float[1,4] e)"
        f" <float k = {{0.5}}, float[4,4] w = {{1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1}}> {{ {body} }}"
    )
    x, y = np.array([[np.nan, 1, 2, 0]], np.float32), np.array([[3, np.nan, 1, 0]], np.float32)
    f = np.maximum if op == "Max" else np.minimum
    m = x @ np.eye(4, dtype=np.float32)
    for got, want in zip(pith.compile(model, target)(x, y), (f(x, y), f(y, x), f(x, 0.5), f(0.5, x), f(m, y)), strict=True):
        np.testing.assert_array_equal(got, want)


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    model = onnx.parser.parse_model(f"{HEAD} net (float[2,3] x) => (float[2,3] y) {{ y = Softmax(x) }}")
    model.graph.node[0].name = "red\x1b[31m"
    model.graph.node[0].output[0] = model.graph.output[0].name = "red\x1b[32m"
    onnx.save(model, tmp_path / "m.onnx")
    for options in ([], ["--stage", "import"], ["--stage", "graph"], ["--stage", "program"], ["--stage", "c"]):
        command = [sys.executable, "-m", "pith", "inspect", str(tmp_path / "m.onnx"), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "red" in done.stdout and "\x1b" not in done.stdout, options
