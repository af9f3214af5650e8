"""attention in C against softmax(q k^T * scale + mask) v in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith.api import compile_graph
from pith.graph import DType, Graph, TensorType
from pith.ops.base import add_node
from tests.kernels.products import TARGET_NAMES

VECTORS = [t for t in TARGET_NAMES if t in ("c99", "x86-64-v2", "x86-64-v3", "x86-64-v4")]


def plain(q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray | None, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """The result in float64, and the bound of its error: scores are off by D roundings of their terms, which is relative in
    the exponentials; sums and results by some more of their own."""
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    scores = np.einsum("...sd,...td->...st", q, k) * scale
    terms = np.einsum("...sd,...td->...st", np.abs(q), np.abs(k)) * abs(scale)
    if mask is not None:
        scores = scores + mask
        terms = terms + np.abs(np.where(np.isfinite(mask), mask, 0))
    with np.errstate(all="ignore"):
        e = np.exp(scores - scores.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    eps = 2.0**-24
    off = eps * (np.sqrt(q.shape[-1]) + 8) * terms.max(-1, keepdims=True) * 2 + eps * (32 + np.sqrt(k.shape[-2]))
    return p @ v, (p * off) @ np.abs(v) + 1e-30


def run(target: str, q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray | None, scale: float, layout: str) -> np.ndarray:
    """The operator by itself; layout "heads": operands and result are [B, H, S, D]; "last": [B, S, H, D] seen that way."""
    graph = Graph("attention")
    names = []
    back = (0, 2, 1, 3)
    feeds = []
    for name, x in zip("qkvm", (q, k, v, mask), strict=True):
        if x is None:
            continue
        moved = layout == "last" and name != "m"
        array = np.ascontiguousarray(x.transpose(back)) if moved else x
        graph.inputs.append(name)
        graph.types[name] = TensorType(DType.F32, array.shape)
        feeds.append(array)
        names.append(add_node(graph, "transpose", [name], {"perm": back}) if moved else name)
    perm = back if layout == "last" else (0, 1, 2, 3)
    graph.outputs = [add_node(graph, "attention", names, {"scale": scale, "perm": perm})]
    session = compile_graph(graph, target, optimize=False, opt="-O1")
    assert [s["family"] for s in session.manifest["variants"][0]["steps"]] == ["lanes"]  # nothing is copied
    got = session(*feeds)
    return got.transpose(perm)


@pytest.mark.parametrize("target", VECTORS)
@settings(max_examples=12)
@given(
    sizes=st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 40), st.integers(1, 70), st.integers(1, 40), st.integers(1, 40)),
    masked=st.sampled_from(["none", "keys", "rows", "full", "heads", "scalar"]),
    layout=st.sampled_from(["heads", "last"]),
    shared=st.booleans(),
    seed=st.integers(0, 99),
)
def test_shapes_and_masks(target: str, sizes: tuple[int, ...], masked: str, layout: str, shared: bool, seed: int) -> None:
    b, h, s, t, d, e = sizes
    rng = np.random.default_rng(seed)
    draw = lambda *shape: rng.standard_normal(shape).astype(np.float32)  # noqa: E731
    q, k, v = draw(b, h, s, d), draw(b, 1 if shared else h, t, d), draw(b, 1 if shared else h, t, e)
    shape = {"keys": (b, 1, 1, t), "rows": (s, 1), "full": (b, h, s, t), "heads": (h, 1, t), "scalar": (1,)}.get(masked)
    mask = None if shape is None else draw(*shape) * 3
    want, bound = plain(q, k, v, mask, 0.7)
    got = run(target, q, k, v, mask, 0.7, layout)
    assert got.shape == want.shape
    assert (np.abs(got - want) <= bound).all(), float((np.abs(got - want) / bound).max())


@pytest.mark.parametrize("target", VECTORS)
def test_masked_out(target: str) -> None:
    """Minus infinity and the lowest float leave keys out; rows without any key are NaN, or all keys alike."""
    rng = np.random.default_rng(3)
    q, k, v = (rng.standard_normal((1, 2, 20, 8)).astype(np.float32) for _ in range(3))
    causal = np.where(np.tri(20, dtype=bool), 0, -np.inf).astype(np.float32)
    want, bound = plain(q, k, v, causal, 0.5)
    assert (np.abs(run(target, q, k, v, causal, 0.5, "last") - want) <= bound).all()
    low = np.full((20, 20), np.finfo(np.float32).min, np.float32)
    low[:10] = np.where(np.arange(20) < 3, 0, -np.inf)
    got = run(target, q, k, v, low, 0.5, "last")
    np.testing.assert_allclose(got[:, :, 10:], np.broadcast_to(v.mean(2, keepdims=True), (1, 2, 10, 8)), atol=1e-6)
    want, bound = plain(q[:, :, :10], k, v, low[:10], 0.5)
    assert (np.abs(got[:, :, :10] - want) <= bound).all()
    low[4] = -np.inf
    got = run(target, q, k, v, low, 0.5, "heads")
    assert np.isnan(got[:, :, 4]).all() and np.isfinite(np.delete(got, 4, axis=2)).all()


def test_large_scores_and_nan() -> None:
    """Nothing overflows; a NaN spoils its own row only, in the query, and every row in the keys."""
    rng = np.random.default_rng(4)
    q, k, v = (rng.standard_normal((1, 1, 24, 16)).astype(np.float32) for _ in range(3))
    big = run("host", q * 1e4, k, v, None, 1.0, "heads")
    assert np.isfinite(big).all() and (np.abs(big) <= np.abs(v).max() * (1 + 1e-5)).all()
    q[0, 0, 7, 3] = np.nan
    got = run("host", q, k, v, None, 1.0, "heads")
    assert np.isnan(got[0, 0, 7]).all() and np.isfinite(np.delete(got, 7, axis=2)).all()
    k[0, 0, 23, 0] = np.nan
    assert np.isnan(run("host", q, k, v, None, 1.0, "heads")).all()
