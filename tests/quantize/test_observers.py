"""Observers: in pieces as at once, against NumPy on the data itself, and KL against the published rule spelled out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith.graph import InputError
from pith.quant.grid import Grid, grid_for, levels
from pith.quant.observers import (
    HALF,
    METHODS,
    Seen,
    kl_threshold,
    magnitude_counts,
    observed_grid,
    percentile,
    range_of,
)
from pith.quant.watch import Watched

floats = st.floats(-(2.0**60), 2.0**60, width=32).filter(lambda v: v == 0 or abs(v) > 1e-30)


@given(st.lists(st.lists(floats, min_size=1, max_size=20), min_size=1, max_size=8))
def test_in_pieces_as_at_once(batches: list[list[float]]) -> None:
    pieces, whole = Seen(), Seen()
    for b in batches:
        pieces.add(np.array(b, np.float32))
    whole.add(np.array([v for b in batches for v in b], np.float32))
    assert (pieces.low, pieces.high, pieces.reach, pieces.total) == (whole.low, whole.high, whole.reach, whole.total)
    assert np.array_equal(pieces.counts, whole.counts) and np.array_equal(pieces.magnitudes, whole.magnitudes)
    assert whole.counts.sum() == whole.total and max(-whole.low, whole.high) < whole.reach


@given(st.lists(st.lists(floats, min_size=0, max_size=9), min_size=1, max_size=8), st.booleans())
def test_samples_seen_apart_and_joined(batches: list[list[float]], scalars: bool) -> None:
    """Ranges, moving extremes and what is watched are those of samples seen one after the other."""
    one, joined, watch, watched = Seen(), Seen(), Watched(), Watched()
    for k, b in enumerate(batches):
        x = np.array(b[0] if scalars and b else [[v, -2 * v, 3.0] for v in b], np.float32)
        seen, look = Seen(), Watched()
        for s, w in ((one, watch), (seen, look)):
            s.add(x)
            w.add(x, k)
        joined.join(seen)
        watched.join(look)
    assert all(getattr(one, f) == getattr(joined, f) for f in ("low", "high", "reach", "total", "smooth", "batches"))
    assert np.array_equal(one.counts, joined.counts) and np.array_equal(one.magnitudes, joined.magnitudes)
    assert (watch.low, watch.high, watch.tops) == (watched.low, watched.high, watched.tops) and np.array_equal(watch.halves, watched.halves)
    assert (watch.channels is None) == (watched.channels is None) and (watch.channels is None or np.array_equal(watch.channels, watched.channels))


@given(st.lists(floats, min_size=1, max_size=50))
def test_bins_hold_what_they_say(values: list[float]) -> None:
    x = np.array(values, np.float32)
    seen = Seen()
    seen.add(x)
    edges = (np.arange(2 * HALF + 1) - HALF) * (seen.reach / HALF)
    assert np.array_equal(seen.counts, np.histogram(x.astype(np.float64), edges)[0])


@given(st.floats(-1e6, 1e6, width=32), st.floats(-1e6, 1e6, width=32), st.sampled_from([7, 8]), st.booleans())
def test_grids_hold_zero_and_the_range(a: float, b: float, bits: int, symmetric: bool) -> None:
    lo, hi = min(a, b), max(a, b)
    grid = grid_for(lo, hi, bits, symmetric=symmetric)
    assert (grid.low, grid.high, grid.dtype) == levels(bits, symmetric=symmetric)
    assert grid.low <= grid.zero <= grid.high and grid.rounded(np.zeros(1, np.float32))[0] == 0
    if max(-lo, hi) > 1e-20:
        low, high = grid.ends
        assert low <= lo + grid.scale and high >= hi - grid.scale
        x = np.linspace(max(lo, low), min(hi, high), 33).astype(np.float32)
        assert np.abs(grid.rounded(x) - x).max() <= grid.scale * 0.501


def test_rounding_is_the_operator() -> None:
    from pith.graph import DType
    from pith.ops.base import OPS, load_all

    load_all()
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.standard_normal(1000) * 3, np.arange(-40, 300) * 0.05]).astype(np.float32)
    for grid in (Grid(float(np.float32(0.05)), 13, 0, 255, DType.U8), Grid(float(np.float32(0.05)), 0, -128, 127, DType.I8)):
        attrs = {"dtype": grid.dtype, "saturate": True}
        q = OPS["quantize_linear"].reference([x, np.float32(grid.scale), np.array(grid.zero, grid.dtype.np)], attrs)[0]
        real = OPS["dequantize_linear"].reference([q, np.float32(grid.scale), np.array(grid.zero, grid.dtype.np)], {"dtype": DType.F32})[0]
        assert np.array_equal(grid.integers(x), q.astype(np.float32)) and np.array_equal(grid.rounded(x), real)


def published_rule(hist: list[int], levels: int) -> int:
    """TensorRT's calibration as the slides of GTC 2017 have it, in plain loops."""
    best, found = float("inf"), len(hist)
    for i in range(levels, len(hist) + 1):
        p = [float(v) for v in hist[:i]]
        p[-1] += sum(hist[i:])
        q = [0.0] * i
        for g in range(levels):
            members = [k for k in range(i) if k * levels // i == g]
            filled = [k for k in members if hist[k] > 0]
            for k in filled:
                q[k] = sum(hist[m] for m in members) / len(filled)
        total_p, total_q = sum(p), sum(q)
        if not total_q:
            continue
        kl = sum(a / total_p * np.log((a / total_p) / max(b / total_q, 1e-12)) for a, b in zip(p, q, strict=True) if a)
        if kl < best - 1e-12:
            best, found = kl, i
    return found


@pytest.mark.parametrize("seed", range(6))
def test_kl_is_the_published_rule(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.abs(rng.standard_t(3, 3000))
    hist = np.histogram(x, 96, (0, x.max()))[0]
    assert kl_threshold(hist, 16) == published_rule(hist.tolist(), 16)


def test_kl_cuts_a_long_tail_and_keeps_a_full_range() -> None:
    rng = np.random.default_rng(0)
    tail, even = Seen(), Seen()
    tail.add(np.concatenate([rng.standard_normal(100_000), [40.0]]).astype(np.float32))
    even.add(rng.uniform(-1, 1, 100_000).astype(np.float32))
    assert 3 < range_of(tail, "kl")[1] < 12
    assert range_of(even, "kl")[1] > 0.97


def test_percentile_is_numpys_to_a_bin() -> None:
    x = np.random.default_rng(0).standard_normal(200_000).astype(np.float32)
    seen = Seen()
    seen.add(x)
    lo, hi = percentile(seen, 0.99)
    assert abs(lo - np.quantile(x, 0.005)) < 2 * seen.width and abs(hi - np.quantile(x, 0.995)) < 2 * seen.width


def test_mse_beats_minmax_in_mean_squared_error_on_the_data() -> None:
    x = np.random.default_rng(0).laplace(size=100_000).astype(np.float32)
    seen = Seen()
    seen.add(x)
    error = {m: float(np.mean((observed_grid(seen, m, 7).rounded(x) - x) ** 2)) for m in METHODS}
    assert error["mse"] < 0.7 * error["minmax"] and error["mse"] <= min(error.values()) * 1.0001


def test_zeros_of_a_relu_are_no_peak() -> None:
    x = np.maximum(np.random.default_rng(0).standard_normal(100_000), 0).astype(np.float32)
    seen = Seen()
    seen.add(x)
    assert range_of(seen, "kl")[1] > 2.5 and magnitude_counts(seen)[0] > 50_000


@pytest.mark.parametrize("method", METHODS)
def test_an_outlier_does_not_flatten_the_rest(method: str) -> None:
    seen = Seen()
    seen.add(np.concatenate([np.random.default_rng(0).standard_normal(100_000), [1e30]]).astype(np.float32))
    assert seen.has_outlier()
    grid = observed_grid(seen, method)
    assert 2 < grid.ends[1] < 10


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("values", [[0.0], [3.5], [-2.0], [1e-38], [3e38, -3e38], [0.0, -0.0]])
def test_odd_data_gives_a_usable_grid(method: str, values: list[float]) -> None:
    seen = Seen()
    seen.add(np.array(values, np.float32))
    for symmetric in (False, True):
        grid = observed_grid(seen, method, symmetric=symmetric)
        assert np.isfinite(grid.scale) and grid.scale > 0 and np.isfinite(grid.ends).all()


def test_refusals() -> None:
    with pytest.raises(InputError, match="NaN"):
        Seen().add(np.array([1, np.nan], np.float32))
    with pytest.raises(InputError, match="nothing was seen"):
        range_of(Seen(), "minmax")
    seen = Seen()
    seen.add(np.ones(3, np.float32))
    with pytest.raises(InputError, match="no method"):
        range_of(seen, "magic")
    with pytest.raises(InputError, match="bits"):
        grid_for(0, 1, 4)
