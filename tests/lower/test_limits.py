"""Sizes that generated code cannot count are refused, before anything of that size is made."""

from __future__ import annotations

import pytest

from pith.api import generate
from pith.graph import DType, Graph, TensorType, UnsupportedError
from pith.ops import add_node, load_all
from pith.targets.base import get_target

load_all()


def test_a_tensor_of_two_gibibytes_is_refused() -> None:
    g = Graph("big", inputs=["x"], types={"x": TensorType(DType.F32, (1 << 15, 1 << 14))})
    g.outputs = [add_node(g, "relu", ["x"])]
    with pytest.raises(UnsupportedError, match="too large"):
        generate([g], get_target("c99"), "big")


def test_an_arena_of_four_gibibytes_is_refused() -> None:
    g = Graph("wide", inputs=["x"], types={"x": TensorType(DType.F32, (1 << 14, 1 << 14))})
    parts = [add_node(g, "softmax", ["x"], {"axis": k % 2}) for k in range(6)]
    g.outputs = [add_node(g, "reduce", [add_node(g, "concat", [p], {"axis": 0})], {"kind": "sum", "axes": (0, 1), "keepdims": False}) for p in parts]
    total = g.outputs[0]
    for other in g.outputs[1:]:
        total = add_node(g, "add", [total, other])
    kept = parts[0]
    for p in parts[1:]:
        kept = add_node(g, "add", [kept, p])
    g.outputs = [total, kept]
    with pytest.raises(UnsupportedError, match="4 GiB"):
        generate([g], get_target("c99"), "wide")
