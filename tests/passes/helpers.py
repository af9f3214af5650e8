"""Small graphs built by hand, and the comparison of a graph with what passes made of it."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from pith.graph import DType, Graph, TensorType
from pith.ops.base import add_node, load_all
from pith.ops.interpret import run_reference

load_all()


class Builder:
    """Adds nodes one call each; values are their names."""

    def __init__(self, seed: int = 0) -> None:
        self.graph = Graph()
        self.rng = np.random.default_rng(seed)

    def input(self, *shape: int, dtype: DType = DType.F32) -> str:
        name = f"in{len(self.graph.inputs)}"
        self.graph.inputs.append(name)
        self.graph.types[name] = TensorType(dtype, shape)
        return name

    def const(self, array: Any, dtype: DType = DType.F32) -> str:
        return self.graph.add_constant(np.asarray(array, dtype.np))

    def random(self, *shape: int, scale: float = 1.0) -> str:
        return self.const(self.rng.standard_normal(shape) * scale)

    def __call__(self, op: str, *inputs: str, name: str = "", **attrs: Any) -> str:
        out = add_node(self.graph, op, inputs, attrs)
        node = self.graph.nodes[-1]
        node.outputs = [out, *([""] * (len(node.outputs) - 1))] if op in ("max_pool", "layer_norm") else node.outputs
        node.name = name or f"{op}{len(self.graph.nodes)}"
        node.origin = (node.name,)
        return out

    def conv(self, x: str, out: int, k: int = 1, *, stride: int = 1, pad: int = 0, group: int = 1, bias: bool = True) -> str:
        """A 2-D convolution with random constants."""
        channels = self.graph.types[x].shape[1]
        w = self.random(out, channels // group, k, k, scale=(channels // group * k * k) ** -0.5)
        b = self.random(out) if bias else ""
        return self("conv", x, w, b, strides=(stride,) * 2, pads=(pad,) * 4, dilations=(1, 1), group=group, layout="channels_first")

    def matmul(self, x: str, out: int) -> str:
        k = self.graph.types[x].shape[-1]
        return self("matmul", x, self.random(k, out, scale=k**-0.5), trans_a=False, trans_b=False)

    def done(self, *outputs: str) -> Graph:
        self.graph.outputs = list(outputs)
        self.graph.validate()
        return self.graph


def ops(graph: Graph) -> Counter[str]:
    """How many nodes there are of each operator."""
    return Counter(n.op for n in graph.nodes)


def feeds(graph: Graph, seed: int = 1) -> dict[str, np.ndarray]:
    """Random arrays for the inputs: normal floats, small integers, booleans."""
    rng = np.random.default_rng(seed)
    out = {}
    for i in graph.inputs:
        t = graph.types[i]
        wide = rng.standard_normal(t.shape) * (1 if t.dtype.is_float else 40)
        out[i] = (wide > 0) if t.dtype is DType.BOOL else wide.astype(t.dtype.np)
    return out


def check(graph: Graph, *passes: Callable[[Graph], Any], exact: bool = False, tolerance: float = 1e-5) -> Graph:
    """Run the passes on a copy; names, types and values of the outputs must not change. Returns the new graph."""
    feed = feeds(graph)
    want = run_reference(graph, feed)
    new = copy.deepcopy(graph)
    for run in passes:
        run(new)
        new.validate()
        check_types(new)
    assert new.outputs == graph.outputs and new.inputs == graph.inputs
    for name, a, b in zip(new.outputs, want, run_reference(new, feed), strict=True):
        assert new.types[name] == graph.types[name]
        assert a.shape == b.shape and a.dtype == b.dtype, name
        if exact or a.dtype.kind in "iub":
            np.testing.assert_array_equal(a, b, err_msg=name)
        else:
            scale = max(float(np.abs(a.astype(np.float64)).max(initial=0.0)), 1.0)
            np.testing.assert_allclose(b.astype(np.float64), a.astype(np.float64), rtol=0, atol=tolerance * scale, err_msg=name)
    return new


def check_types(graph: Graph) -> None:
    """Every node's outputs have the types its operator infers from its inputs."""
    from pith.ops.base import infer_node

    for node in graph.nodes:
        for name, t in zip(node.outputs, infer_node(graph, node), strict=False):
            if name:
                assert (graph.types[name].dtype, graph.types[name].shape) == (t.dtype, t.shape), f"{node.op} {name}"
