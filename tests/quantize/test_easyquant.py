"""The search against brute force in float64, and its promise: never worse than where it began."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith.graph import DType, Graph, Node, TensorType
from pith.ops.base import OPS, load_all
from pith.quant.easyquant import (
    PAPER,
    RELEASED,
    WeightSearch,
    best_activation,
    integer_weights,
    layer_loss,
    search_value,
)
from pith.quant.grid import grid_for
from pith.quant.improve import corrected_bias, rounded_jointly
from pith.quant.rows import Gatherer, Rows, as_matrices, from_matrices, joined, one_minus_cosine, places


def rows_of(seed: int, group: int = 1, parts: int = 3, each: int = 20, k: int = 6, out: int = 4) -> Rows:
    rng = np.random.default_rng(seed)
    x = np.maximum(rng.standard_normal((group, parts * each, k)), 0).astype(np.float32)
    w = rng.standard_normal((group, k, out)).astype(np.float32)
    bias = rng.standard_normal((group, 1, out)).astype(np.float32)
    return Rows(x, np.matmul(x, w) + bias, w, bias, parts)


def brute_force(rows: Rows, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """1 - mean cosine of each channel, [G, O], in float64 and by definition."""
    group, total, _ = rows.x.shape
    result = np.zeros((group, weights.shape[-1]))
    length = total // rows.parts
    for g in range(group):
        for o in range(weights.shape[-1]):
            for p in range(rows.parts):
                at = slice(p * length, (p + 1) * length)
                t = rows.target[g, at, o].astype(np.float64)
                y = x[g, at].astype(np.float64) @ weights[g, :, o].astype(np.float64) + float(rows.bias[g, 0, o])
                result[g, o] += (1 - t @ y / np.sqrt((t @ t) * (y @ y))) / rows.parts
    return result


@pytest.mark.parametrize("shape", [{}, {"group": 3, "out": 1}, {"k": 30}, {"group": 2, "parts": 1, "each": 7, "k": 11}])
def test_losses_are_the_definition(shape: dict[str, int]) -> None:
    """With Gram matrices (windows shorter than parts) and without."""
    rows = rows_of(0, **shape)
    x = grid_for(0, float(rows.x.max()), 7).rounded(rows.x)
    search = WeightSearch(rows, x)
    assert search.gram == (shape.get("k", 6) < shape.get("each", 20))
    scale = (np.abs(rows.weights).max(axis=1, keepdims=True) / 63).astype(np.float32)
    candidates = np.stack([integer_weights(rows.weights, (scale * f).astype(np.float32), 63) for f in (0.6, 1.0, 1.7)])
    found = search.losses(candidates)
    for c, weights in enumerate(candidates):
        np.testing.assert_allclose(found[c], brute_force(rows, x, weights), rtol=2e-3, atol=2e-8)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=8), st.floats(1e-9, 0.5))
def test_one_minus_cosine(values: list[float], size: float) -> None:
    t = np.array(values)
    if np.abs(t).max() < 1e-3:
        return
    e = np.cos(np.arange(len(t)) * 2.1) * size
    o = (t + e).astype(np.longdouble)
    exact = float(1 - (t @ o) / np.sqrt((t @ t) * (o @ o)))
    found = float(one_minus_cosine(np.asarray(t @ t), np.asarray(t @ e), np.asarray(e @ e)))
    assert abs(found - exact) <= 1e-6 * abs(exact) + 1e-15


def test_one_minus_cosine_of_nothing() -> None:
    zero, one = np.zeros(()), np.ones(())
    assert one_minus_cosine(zero, zero, zero) == 0 and one_minus_cosine(zero, zero, one) == 1 and one_minus_cosine(one, -one, one) == 1


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from([63, 127]), st.sampled_from([PAPER, RELEASED]))
def test_never_worse(seed: int, limit: int, search: object) -> None:
    """Weights: each channel's own loss. Activations: the layer's. Both on all rows."""
    rows = rows_of(seed, parts=2, each=18)
    grid = grid_for(0, float(rows.x.max()), 8 if limit == 127 else 7)
    scale = (np.abs(rows.weights).max(axis=1, keepdims=True) / limit).astype(np.float32)
    engine = WeightSearch(rows, grid.rounded(rows.x), relu=search.relu)  # type: ignore[attr-defined]
    found = engine.best(scale, limit, search)  # type: ignore[arg-type]
    before, after = (engine.losses(integer_weights(rows.weights, s, limit)[None])[0] for s in (scale, found))
    assert (after <= before).all()
    weights = integer_weights(rows.weights, found, limit)
    relu = search.relu  # type: ignore[attr-defined]
    better, loss = best_activation([(rows, weights, True)], grid, search)  # type: ignore[arg-type]
    assert loss <= layer_loss(rows, grid.rounded(rows.x), weights, relu=relu)
    assert loss == layer_loss(rows, better.rounded(rows.x), weights, relu=relu)


def test_the_search_finds_what_clipping_gains() -> None:
    """One weight ten times the rest, on an input that is always zero: only a smaller scale helps, and it is found."""
    rows = rows_of(3, k=8)
    rows.x[..., 0] = 0
    rows.weights[:, 0] = 10 * np.abs(rows.weights).max()
    rows = Rows(rows.x, np.matmul(rows.x, rows.weights) + rows.bias, rows.weights, rows.bias, rows.parts)
    grid = grid_for(0, float(rows.x.max()), 8)
    scale = (np.abs(rows.weights).max(axis=1, keepdims=True) / 127).astype(np.float32)
    (found,), _ = search_value([rows], [scale.copy()], grid, 127, PAPER)
    assert (found < 0.6 * scale).all()


def test_rows_are_the_convolution() -> None:
    """Rows of a strided, padded, dilated, grouped convolution times its weights are its output at their places."""
    load_all()
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 6, 11, 9)).astype(np.float32)
    w = rng.standard_normal((4, 3, 3, 2)).astype(np.float32)
    attrs = {"strides": (2, 1), "pads": (1, 0, 2, 3), "dilations": (2, 1), "group": 2, "layout": "channels_first"}
    y = OPS["conv"].reference([x, w], attrs)[0]
    graph = Graph(inputs=["x"], types={"x": TensorType(DType.F32, x.shape), "y": TensorType(DType.F32, y.shape)})
    graph.set_constant("w", w)
    node = Node("conv", ["x", "w"], ["y"], attrs)
    ins, outs = Gatherer(graph, node, 7), Gatherer(graph, node, 7)
    for k in range(3):
        ins.inputs(x, k)
        outs.outputs(y, k)
    rows = joined(node, ins.stacked(), outs.stacked(), 3, w, None)
    np.testing.assert_allclose(np.matmul(rows.x, rows.weights), rows.target, rtol=1e-4, atol=1e-4)
    assert np.array_equal(from_matrices(node, as_matrices(node, w), w.shape), w)
    assert len(places(10, 10, 5)) == 10 and len(places(1000, 7, 3)) == 7


@pytest.mark.parametrize("shape", [{"k": 5}, {"group": 3, "k": 9, "out": 1, "each": 40}, {"k": 90, "each": 200}])
def test_rounding_jointly_helps(shape: dict[str, int]) -> None:
    """Coarse integers of inputs that go together: less squared error than the nearest ones, and still integers in range."""
    rows = rows_of(1, **shape)
    mix = np.random.default_rng(2).standard_normal((rows.x.shape[2], rows.x.shape[2])).astype(np.float32)
    x = rows.x @ (mix + 3)
    rows = Rows(x, np.matmul(x, rows.weights) + rows.bias, rows.weights, rows.bias, rows.parts)
    scale = (np.abs(rows.weights).max(axis=1, keepdims=True) / 7).astype(np.float32)
    q = rounded_jointly(rows, x, scale, 7)
    assert np.array_equal(q, np.rint(q)) and np.abs(q).max() <= 7

    def error(weights: np.ndarray) -> float:
        return float(np.square(np.matmul(x, weights) + rows.bias - rows.target, dtype=np.float64).sum())

    assert error(q * scale) < 0.6 * error(integer_weights(rows.weights, scale, 7))


def test_corrected_bias_leaves_no_mean_error() -> None:
    rows = rows_of(0, group=2)
    x = grid_for(0, 1.0, 7).rounded(rows.x)  # cuts off much
    weights = integer_weights(rows.weights, (np.abs(rows.weights).max(axis=1, keepdims=True) / 7).astype(np.float32), 7)
    bias = corrected_bias(rows, x, weights).reshape(2, 1, -1)
    mean = (np.matmul(x, weights) + bias - rows.target).mean(axis=1)
    assert np.abs(mean).max() < 1e-5 < np.abs((np.matmul(x, weights) + rows.bias - rows.target).mean(axis=1)).max()
