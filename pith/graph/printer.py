"""Readable listing of a graph: one line a node, in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from pith.graph.expr import Expr
from pith.graph.graph import Graph


def _attr(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Expr):
        return str(value)
    if isinstance(value, np.ndarray):
        return f"array{value.shape}"
    if isinstance(value, (tuple, list)):
        return "(" + ",".join(_attr(v) for v in value) + ")"
    return str(value)


def format_graph(graph: Graph) -> str:
    """The whole graph as text: inputs, nodes with types and attributes, outputs."""
    lines = [f"graph {graph.name}"]
    lines += [f"  input   {i}: {graph.types[i]}" for i in graph.inputs]
    for node in graph.nodes:
        outs = ", ".join(f"{o}: {graph.types[o]}" for o in node.outputs if o)
        ins = ", ".join(
            (f"#{i}{list(graph.types[i].shape)}" if i in graph.constants else i) if i else "-" for i in node.inputs
        )
        attrs = " ".join(f"{k}={_attr(v)}" for k, v in sorted(node.attrs.items()))
        lines.append(f"  {outs} = {node.op}({ins}){' ' + attrs if attrs else ''}")
    lines += [f"  output  {o}" for o in graph.outputs]
    lines += [f"  note    {note}" for note in graph.notes]
    size = sum(a.nbytes for a in graph.constants.values())
    lines.append(f"  {len(graph.nodes)} nodes, {len(graph.constants)} constants, {size:,} bytes")
    return "\n".join(lines)
