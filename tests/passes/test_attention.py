"""fuse_attention: what becomes one attention, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from pith.graph import DType, Graph
from pith.passes import fuse_attention
from pith.passes.pipeline import optimize
from tests.passes.helpers import Builder, check, ops

B, H, S, T, D = 2, 3, 8, 10, 4


def heads(b: Builder, x: str, perm: tuple[int, ...] = (0, 2, 1, 3)) -> str:
    shape = b.graph.types[x].shape
    return b("transpose", b("reshape", x, shape=(*shape[:2], H, D)), perm=perm)


def product(b: Builder, x: str, y: str, **attrs: bool) -> str:
    return b("matmul", x, y, **{"trans_a": False, "trans_b": False, **attrs})


def inputs(b: Builder) -> tuple[str, str, str]:
    return b.input(B, S, H * D), b.input(B, T, H * D), b.input(B, T, H * D)


def attend(scores: str = "plain", behind: bool = True) -> Graph:
    """Attention as exporters write it, the scores made in the way named."""
    b = Builder()
    q, k, v = inputs(b)
    if scores == "scaled sides":
        q, k = (b("mul", x, b.const(0.5)) for x in (q, k))
    qh, vh = heads(b, q), heads(b, v)
    if scores == "trans_b":
        s = product(b, qh, heads(b, k), trans_b=True)
    else:
        s = product(b, qh, heads(b, k, (0, 2, 3, 1)))
    if scores == "divided":
        s = b("div", s, b.const(3.0))
    if scores in ("masked", "mask first", "mask of the scores"):
        s = b("mul", s, b.const(0.3))
        mask = b.input(B, 1, 1, T) if scores != "mask of the scores" else s
        s = b("add", *((mask, s) if scores == "mask first" else (s, mask)))
    if scores == "scaled after the mask":
        s = b("mul", b("add", s, b.input(B, 1, 1, T)), b.const(0.3))
    p = b("softmax", s, axis=3)
    y = product(b, p, vh)
    if behind:
        y = b("reshape", b("transpose", y, perm=(0, 2, 1, 3)), shape=(B, S, H * D))
    return b.done(y)


@pytest.mark.parametrize("scores", ["plain", "divided", "masked", "mask first", "scaled sides", "trans_b"])
@pytest.mark.parametrize("behind", [True, False])
def test_fused(scores: str, behind: bool) -> None:
    new = check(attend(scores, behind), fuse_attention.run)
    assert ops(new)["attention"] == 1 and not {"softmax", "matmul", "mul", "div", "add"} & set(ops(new))
    node = next(n for n in new.nodes if n.op == "attention")
    assert node.attrs["perm"] == ((0, 2, 1, 3) if behind else (0, 1, 2, 3))
    want = {"plain": 1, "divided": 1 / 3, "scaled sides": 0.25, "trans_b": 1}.get(scores, 0.3)
    assert np.isclose(node.attrs["scale"], want) and len(node.inputs) == 3 + ("mask" in scores)


@pytest.mark.parametrize("scores", ["scaled after the mask", "mask of the scores"])
def test_not_fused(scores: str) -> None:
    assert not ops(check(attend(scores), fuse_attention.run))["attention"]


def test_all_passes_leave_one_node_and_views() -> None:
    new = check(attend("masked"), optimize)
    assert set(ops(new)) == {"attention", "transpose", "reshape"}


@pytest.mark.parametrize("what", ["scores", "weights"])
@pytest.mark.parametrize("how", ["output", "reader"])
def test_kept_where_others_read(what: str, how: str) -> None:
    b = Builder()
    q, k, v = inputs(b)
    s = product(b, heads(b, q), heads(b, k, (0, 2, 3, 1)))
    p = b("softmax", s, axis=3)
    y = product(b, p, heads(b, v))
    read = {"scores": s, "weights": p}[what]
    graph = b.done(y, read if how == "output" else b("abs", read))
    assert not ops(check(graph, fuse_attention.run))["attention"]


def test_transpose_kept_where_others_read_the_result() -> None:
    b = Builder()
    q, k, v = inputs(b)
    y = product(b, b("softmax", product(b, heads(b, q), heads(b, k, (0, 2, 3, 1))), axis=3), heads(b, v))
    new = check(b.done(b("transpose", y, perm=(0, 2, 1, 3)), y), fuse_attention.run)
    assert next(n for n in new.nodes if n.op == "attention").attrs["perm"] == (0, 1, 2, 3)


def test_not_for_other_types_axes_or_one_query() -> None:
    for dtype, axis, rows in ((DType.F64, 2, S), (DType.F32, 1, S), (DType.F32, 2, 1)):
        b = Builder()
        q, k, v = (b.input(H, n, D, dtype=dtype) for n in (rows, T, T))
        if axis == 1:  # over the queries
            k, v = (b.input(H, rows, D, dtype=dtype) for _ in range(2))
        p = b("softmax", product(b, q, k, trans_b=True), axis=axis)
        assert not ops(check(b.done(product(b, p, v)), fuse_attention.run))["attention"]


def test_not_for_constant_values_or_a_bias() -> None:
    b = Builder()
    q, k = b.input(H, S, D), b.input(H, T, D)
    p = b("softmax", product(b, q, k, trans_b=True), axis=2)
    assert not ops(check(b.done(product(b, p, b.random(H, T, D))), fuse_attention.run))["attention"]
    b = Builder()
    q, k, v = b.input(H, S, D), b.input(H, T, D), b.input(H, T, D)
    s = b("matmul", q, k, b.random(T), trans_a=False, trans_b=True)
    assert not ops(check(b.done(product(b, b("softmax", s, axis=2), v)), fuse_attention.run))["attention"]


def test_swapped_operands() -> None:
    """The product that reads q or v transposed."""
    b = Builder()
    q, k, v = b.input(H, D, S), b.input(H, D, T), b.input(H, D, T)
    p = b("softmax", product(b, q, k, trans_a=True), axis=2)
    new = check(b.done(product(b, p, v, trans_b=True)), fuse_attention.run)
    assert set(ops(new)) == {"attention", "transpose"}
