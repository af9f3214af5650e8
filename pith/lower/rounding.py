"""What rounding to bfloat16 costs: the network with its roundings as nodes, and the error of each layer that rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np

from pith.graph import DType, Graph, Node
from pith.lower.program import Program
from pith.ops.base import OPS, add_node


def rounded(x: np.ndarray) -> np.ndarray:
    """float32 as the nearest bfloat16, halves to even, in float32."""
    return x.astype(ml_dtypes.bfloat16).astype(np.float32)


def explicit(program: Program) -> Graph:
    """The program's graph with a rounding to bfloat16 before each result whose kernel rounds, its weights rounded. All else is float32,
    so that any target computes it; only the order of sums, and of subnormal numbers what kernels make zeros of, is left open."""
    assert program.graph is not None
    graph, wanted = program.graph.copy(), set(program.rounded)
    nodes, done = list[Node](), dict[str, str]()
    for node in graph.nodes:
        if node.outputs[0] in wanted:
            for i, value in enumerate(node.inputs[:2]):
                if value not in done and value in graph.constants:
                    done[value] = graph.fresh(value)
                    graph.set_constant(done[value], rounded(graph.constants[value]))
                elif value not in done:
                    short = add_node(graph, "cast", [value], {"to": DType.BF16}, like=node, into=nodes)
                    done[value] = add_node(graph, "cast", [short], {"to": DType.F32}, like=node, into=nodes)
                node.inputs[i] = done[value]
        nodes.append(node)
    graph.nodes = nodes
    return graph


@dataclass(frozen=True, slots=True)
class LayerError:
    """A layer that rounds: the largest error of its result as a share of the largest result. own: made by its own roundings alone;
    total: with those of all layers before it."""

    name: str
    result: str
    own: float
    total: float


@dataclass(frozen=True, slots=True)
class OutputError:
    """An output. total: as `LayerError` has it;  agree: the share of its vectors (along the last axis) whose largest element is the same."""

    name: str
    total: float
    agree: float


def errors(program: Program, sets: Sequence[Mapping[str, np.ndarray]]) -> tuple[list[LayerError], list[OutputError]]:
    """The error of each layer that rounds and of each output over all `sets` of inputs (by name), by the NumPy references."""
    graph, wanted = program.graph, set(program.rounded)
    assert graph is not None
    size, own, total = ({v: 0.0 for v in (*program.rounded, *graph.outputs)} for _ in range(3))
    agree: dict[str, list[float]] = {v: [] for v in graph.outputs}
    for one in sets:
        exact, short = dict[str, np.ndarray](graph.constants), dict[str, np.ndarray](graph.constants)
        for values in (exact, short):
            values.update({k: np.asarray(v) for k, v in one.items()})
        last = {v: k for k, node in enumerate(graph.nodes) for v in node.inputs}
        for k, node in enumerate(graph.nodes):
            op, out = OPS[node.op], node.outputs[0]
            given = [[values[v] if v else None for v in node.inputs] for values in (exact, short)]
            first = op.reference(given[0], node.attrs)
            if out in wanted:
                alone = op.reference(_rounded(given[0]), node.attrs)[0]
                size[out], own[out] = max(size[out], _largest(first[0])), max(own[out], _largest(alone, first[0]))
                given[1] = _rounded(given[1])
            second = first if all(a is b for a, b in zip(*given, strict=True)) else op.reference(given[1], node.attrs)
            if out in wanted:
                total[out] = max(total[out], _largest(second[0], first[0]))
            for values, results in ((exact, first), (short, second)):
                values.update({name: r for name, r in zip(node.outputs, results, strict=False) if name})
                for v in node.inputs:
                    if last[v] == k and v not in graph.outputs:
                        values.pop(v, None)
        for v in graph.outputs:
            if exact[v].dtype.kind == "f" and v not in wanted:
                size[v], total[v] = max(size[v], _largest(exact[v])), max(total[v], _largest(short[v], exact[v]))
            a, b = (x[v].reshape(-1, x[v].shape[-1] if x[v].ndim else 1) for x in (exact, short))
            agree[v].append(float((a.argmax(1) == b.argmax(1)).mean()) if a.size else 1.0)
    names = {node.outputs[0]: node.name or node.outputs[0] for node in graph.nodes}
    layers = [LayerError(names[v], v, own[v] / (size[v] or 1.0), total[v] / (size[v] or 1.0)) for v in program.rounded]
    return layers, [OutputError(v, total[v] / (size[v] or 1.0), float(np.mean(agree[v]))) for v in graph.outputs]


def _rounded(given: Sequence[np.ndarray | None]) -> list[np.ndarray | None]:
    """The inputs of a node that rounds the first two."""
    return [rounded(x) if x is not None and i < 2 else x for i, x in enumerate(given)]


def _largest(a: np.ndarray, b: np.ndarray | None = None) -> float:
    """Largest magnitude of a, or of a less b."""
    with np.errstate(invalid="ignore"):
        return float(np.abs(a.astype(np.float64) - (0.0 if b is None else b.astype(np.float64))).max(initial=0.0))
