"""Elementwise nodes as scalar expressions over the operands that stay tensors."""

from __future__ import annotations

from pith.graph import SMALL_FLOATS, DType, Expr, Graph, Node
from pith.graph.expr import cast, const, substitute
from pith.ops.base import OPS, Elementwise


def as_stored(expr: Expr, dtype: DType) -> Expr:
    """The value of `expr` as a reader sees it after it was stored in a tensor of type `dtype`."""
    if dtype in SMALL_FLOATS:
        return cast(cast(expr, dtype), DType.F32)
    return cast(expr, dtype)


def constant_scalar(graph: Graph, value: str) -> Expr | None:
    """A constant of one element as a constant expression."""
    array = graph.constants.get(value)
    if array is None or array.size != 1:
        return None
    dtype = graph.types[value].dtype
    element = array.reshape(-1)[0]
    return const(float(element) if dtype.is_float else int(element), dtype.compute)


def elementwise(node: Node) -> bool:
    """Whether the node computes each element by a scalar expression."""
    return isinstance(OPS[node.op], Elementwise)


def scalar_expr(graph: Graph, node: Node, args: list[Expr]) -> Expr:
    """The expression of an elementwise node over `args`, one for each input (any for those left out)."""
    op = OPS[node.op]
    assert isinstance(op, Elementwise)
    return substitute(op.scalar(graph.input_types(node), node.attrs), args)
