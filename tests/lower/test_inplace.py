"""Outputs that take over an input's memory: not while another operand still reads that memory elsewhere."""

from __future__ import annotations

import numpy as np

from pith.api import compile_graph
from pith.graph import DType, Graph, TensorType
from pith.ops.base import add_node, load_all

load_all()


def _start(n: int) -> tuple[Graph, str]:
    graph = Graph("inplace", inputs=["x"], types={"x": TensorType(DType.F32, (n,))})
    return graph, add_node(graph, "relu", ["x"])


def test_reversed_view_of_the_same_memory() -> None:
    graph, a = _start(64)
    back = add_node(graph, "slice", [a], {"starts": (63,), "steps": (-1,), "shape": (64,)})
    graph.outputs = [add_node(graph, "neg", [add_node(graph, "add", [a, back])])]
    x = np.random.default_rng(0).standard_normal(64).astype(np.float32)
    positive = np.maximum(x, 0)
    np.testing.assert_array_equal(compile_graph(graph, optimize=False)(x), -(positive + positive[::-1]))


def test_scatter_of_a_tensor_into_itself() -> None:
    graph, a = _start(64)
    index = graph.add_constant(np.arange(63, -1, -1))
    moved = add_node(graph, "scatter_elements", [a, index, a], {"axis": 0, "reduction": "none"})
    graph.outputs = [add_node(graph, "neg", [moved])]
    x = np.random.default_rng(1).standard_normal(64).astype(np.float32)
    np.testing.assert_array_equal(compile_graph(graph, optimize=False)(x), -np.maximum(x, 0)[::-1])


def test_square_still_takes_over_its_input() -> None:
    """x * x reads and writes each place together, so one buffer is enough for the chain."""
    graph, a = _start(1024)
    graph.outputs = [add_node(graph, "neg", [add_node(graph, "mul", [a, a])])]
    session = compile_graph(graph, optimize=False)
    x = np.random.default_rng(2).standard_normal(1024).astype(np.float32)
    np.testing.assert_array_equal(session(x), -(np.maximum(x, 0) ** 2))
    assert session.manifest["variants"][0]["arena_bytes"] <= 4096
