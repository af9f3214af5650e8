"""A plan with its numbers becomes a graph: quantize_linear and dequantize_linear where the plan says.

Every value on a grid is rounded once, right behind its maker, and all its readers read the one dequantize_linear. What
lies before the rounding is called `<value>.real`.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

import numpy as np

from pith.graph import DType, Graph, Node
from pith.ops.base import add_node
from pith.quant.grid import Grid
from pith.quant.plan import Layer, Plan
from pith.quant.weights import IntWeights, bias_integers, bias_scale


@dataclass(slots=True)
class Numbers:
    """What calibration decides: a grid for each group of the plan, and integers for the weights of each layer (by its key).

    biases: float32 [O], for the layers whose bias is not the graph's.
    """

    grids: dict[str, Grid] = field(default_factory=dict)
    weights: dict[str, IntWeights] = field(default_factory=dict)
    biases: dict[str, np.ndarray] = field(default_factory=dict)

    def copy(self) -> Numbers:
        """Numbers of its own; the arrays, which nobody changes, are shared."""
        return Numbers(dict(self.grids), dict(self.weights), dict(self.biases))


@dataclass(frozen=True, slots=True)
class Inserted:
    """The graph, and for each value of the float graph what it is called before it is rounded."""

    graph: Graph
    before: dict[str, str]


def on_grid(graph: Graph, x: str, grid: Grid, name: str, into: list[Node], output: str = "") -> str:
    """Append the nodes that round `x` to `grid`; returns (or is given) the name of the float32 result.

    quantize_linear saturates to the range of its type. A grid that is narrower (seven bits) has a `clip` to its first and
    last point in front, which are exact in float32, so that any runtime of ONNX gives the same integers.
    """
    if not grid.whole_type:
        low, high = grid.ends
        x = add_node(graph, "clip", [x], {"min": low, "max": high}, outputs=[graph.fresh(f"{name}.clip")], into=into)
    scale = graph.add_constant(np.array(grid.scale, np.float32), f"{name}.scale")
    zero = graph.add_constant(np.array(grid.zero, grid.dtype.np), f"{name}.zero")
    attrs = {"dtype": grid.dtype, "saturate": True}
    q = add_node(graph, "quantize_linear", [x, scale, zero], attrs, outputs=[graph.fresh(f"{name}.q")], into=into)
    real = {"dtype": DType.F32}
    outputs = [output] if output else [graph.fresh(f"{name}.dq")]
    return add_node(graph, "dequantize_linear", [q, scale, zero], real, outputs=outputs, into=into)


def _constant(graph: Graph, q: np.ndarray, scale: np.ndarray, name: str, into: list[Node]) -> str:
    """Append a dequantize_linear of constant integers."""
    inputs = [graph.add_constant(q, f"{name}.q"), graph.add_constant(scale, f"{name}.scale")]
    return add_node(graph, "dequantize_linear", inputs, {"dtype": DType.F32}, outputs=[graph.fresh(f"{name}.dq")], into=into)


def insert(source: Graph, plan: Plan, numbers: Numbers, *, without: Set[str] = frozenset()) -> Inserted:
    """The graph with integers. `source` is not changed; its values keep their names, as their readers see them.

    without: groups whose values are not rounded (for looking at them while their grid is still sought).
    """
    graph = source.copy()
    rounded = {v: numbers.grids[root] for v, root in plan.group.items() if root not in without}
    layers = {layer.key: layer for layer in plan.layers}
    nodes: list[Node] = []
    before = {v: v for v in plan.group if v not in rounded}
    renamed: dict[str, str] = {}
    for v in graph.inputs:
        if v in rounded:
            before[v] = v
            renamed[v] = on_grid(graph, v, rounded[v], v, nodes)
    for node in graph.nodes:
        node.inputs = [renamed.get(i, i) for i in node.inputs]
        if node.outputs and node.outputs[0] in layers:
            quantized_weights(graph, source, node, layers[node.outputs[0]], plan, numbers, nodes)
        nodes.append(node)
        for k, v in enumerate(node.outputs):
            if v in rounded:
                node.outputs[k] = before[v] = graph.fresh(f"{v}.real")
                graph.types[before[v]] = graph.types[v]
                on_grid(graph, before[v], rounded[v], v, nodes, output=v)
    graph.nodes = nodes
    graph.drop_unused()
    graph.validate()
    return Inserted(graph, before)


def quantized_weights(graph: Graph, source: Graph, node: Node, layer: Layer, plan: Plan, numbers: Numbers, into: list[Node]) -> None:
    """Give a layer's `node`, of `graph`, its integer weights and bias; nodes that dequantise them are appended."""
    weights = numbers.weights.get(layer.key)
    if weights is None:
        return
    node.inputs[1] = _constant(graph, weights.q, weights.scale, f"{layer.name}.weights", into)
    bias = numbers.biases.get(layer.key, source.constants[layer.bias] if layer.bias else None)
    if bias is None:
        return
    scale = bias_scale(node, weights, numbers.grids[plan.group[layer.x]].scale)
    name = _constant(graph, bias_integers(bias, scale), scale, f"{layer.name}.bias", into)
    node.inputs = [*node.inputs[:2], name, *node.inputs[3:]]
