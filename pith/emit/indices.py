"""Inputs of the network that are row numbers of a constant table: token ids, above all."""

from __future__ import annotations

from pith.graph import DType, Graph, Node


def index_bounds(graph: Graph) -> dict[str, tuple[int, int]]:
    """By input: the least and the largest index that every `gather` of rows of a constant takes which reads it, at once or through
    casts and reshapes. Negative ones count from the end, as ONNX has it."""
    found: dict[str, tuple[int, int]] = {}
    of = {v: v for v in graph.inputs if graph.types[v].dtype in _INTEGERS}  # value -> the input it holds the numbers of
    for node in graph.nodes:
        if _same_numbers(node) and node.inputs[0] in of and graph.types[node.outputs[0]].dtype in _INTEGERS:
            given, made = (graph.types[v].dtype.itemsize for v in (node.inputs[0], node.outputs[0]))
            if made >= min(given, 4):  # 8 and 16 bits wrap on purpose
                of[node.outputs[0]] = of[node.inputs[0]]
        elif node.op == "gather" and node.inputs[0] in graph.constants and node.inputs[1] in of:
            rows, name = graph.types[node.inputs[0]].shape[node.attrs["axis"]], of[node.inputs[1]]
            least, most = found.get(name, (-rows, rows - 1))
            found[name] = max(least, -rows), min(most, rows - 1)
    return found


_INTEGERS = (DType.I8, DType.U8, DType.I16, DType.U16, DType.I32, DType.U32, DType.I64, DType.U64)


def _same_numbers(node: Node) -> bool:
    """Whether a node gives the numbers it gets in another shape or type (which the passes write as a function of one value)."""
    if node.op != "fused":
        return node.op in ("cast", "reshape")
    expr = node.attrs["expr"]
    return bool(expr.op == "cast" and expr.args[0].op == "arg")
