"""Sums of values on grids are rounded alike in whatever order float32 computes them, against whole numbers and ONNX Runtime."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pith
from pith.api import import_model
from pith.graph import DType, Graph
from pith.quant.grid import Grid, odd_multiple
from pith.quant.plan import make_plan
from pith.quant.sums import added, on_common_steps
from tests.quantize.nets import model, pictures, small_net

_SCALES = st.floats(1e-6, 1e6)


@given(_SCALES, st.integers(-20, 20))
def test_odd_multiples(scale: float, power: int) -> None:
    """The nearest that is odd and has 12 bits at most."""
    multiple = Fraction(odd_multiple(scale, 2.0**power)) / Fraction(2) ** power
    assert multiple.denominator == 1 and multiple % 2 == 1 and 0 < multiple < 4096
    wanted = Fraction(scale) / Fraction(2) ** power  # of two that are as near either will do
    assert abs(multiple - wanted) == min(abs(k - wanted) for k in map(Fraction, range(1, 4096, 2)))


def _together(scales: tuple[float, float, float], bits: int = 8) -> list[Grid]:
    """Grids of two values and of their sum."""
    graph = import_model(model("net (float[1, 4] x, float[1, 4] z) => (float[1, 4] y) { y = Add(x, z) }"))
    plan = make_plan(graph)
    plan.group = {v: v for v in "xzy"}
    high, dtype = (255, DType.U8) if bits == 8 else (65535, DType.U16)
    grids = {v: Grid(s, z, 0, high, dtype) for v, s, z in zip("xzy", scales, (3, 130, 128), strict=True)}
    assert [set(group) for group in added(graph, plan)] == [set("xzy")]
    return [on_common_steps(graph, plan, grids)[v] for v in "xzy"]


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-4, 1e4), st.floats(1 / 20, 20), st.floats(0.5, 2), st.tuples(*[st.floats(0.5, 2)] * 3))
def test_every_order_rounds_as_whole_numbers_do(scale: float, other: float, of_sum: float, searched: tuple[float, float, float]) -> None:
    """All 65,536 pairs, after a search too: the quotient in whole numbers, a division in the end, and factors with the zero points in a
    constant. Sums that the grid holds: beyond its ends all are the same."""
    grids = _together((scale, scale * other, scale * max(1.0, other) * of_sum))
    a, b, c = (g.scaled(f) for g, f in zip(grids, searched, strict=True))
    qa, qb = (g.ravel() for g in np.meshgrid(np.arange(256), np.arange(256)))
    ma, mb, mc = (round(g.scale / a.step) for g in (a, b, c))
    sums, half = 2 * (ma * (qa - a.zero) + mb * (qb - b.zero)), mc
    exact = np.clip((sums + half) // (2 * half) + c.zero, 0, 255)
    assert not ((sums + half) % (2 * half) == 0).any()  # none in the middle
    f = np.float32
    real = f(a.scale) * (qa - a.zero).astype(f) + f(b.scale) * (qb - b.zero).astype(f)
    ra, rb = f(a.scale) / f(c.scale), f(b.scale) / f(c.scale)
    constant = f(c.zero) - (ra * f(a.zero) + rb * f(b.zero))
    assert np.array_equal(np.clip(np.rint(real / f(c.scale)) + c.zero, 0, 255), exact)
    assert np.array_equal(np.clip(np.rint(qa.astype(f) * ra + (qb.astype(f) * rb + constant)), 0, 255), exact)


def test_scales_stay_on_their_steps_when_searched() -> None:
    wanted = (0.02, 0.05, 0.031)
    for grid, scale in zip(grids := _together(wanted), wanted, strict=True):
        assert grid.step == grids[0].step > 0 and abs(grid.scale / scale - 1) < 1 / 256
        for factor in (0.5, 0.77, 1.9):
            assert round(grid.scaled(factor).scale / grid.step) % 2 == 1 and abs(grid.scaled(factor).scale / grid.scale / factor - 1) < 1 / 128


def test_what_cannot_be_tied_stays() -> None:
    """Scales a thousand times apart, and 16 bits."""
    assert [g.scale for g in _together((0.01, 10.0, 10.0))] == [0.01, 10.0, 10.0]
    assert [g.scale for g in _together((0.01, 0.02, 0.03), 16)] == [0.01, 0.02, 0.03]


def _residual(seed: int, wider: float) -> Graph:
    """Three residual blocks, the last one's sum in front of a ReLU, then a mean and a product; all sums are results. wider: by how much one block's
    values are larger than the others'."""
    rng = np.random.default_rng(seed)
    body = "".join(f"c{k} = Conv<pads = [1, 1, 1, 1]>(a{k}, w{k}, b) r{k} = Relu(c{k}) d{k} = Conv(r{k}, v{k}) a{k + 1} = Add(d{k}, a{k}) " for k in range(3))
    text = f"""net (float[1, 8, 12, 12] a0) => (float[1, 5] y, float[1, 8, 12, 12] a1, float[1, 8, 12, 12] a2, float[1, 8, 12, 12] r)
        <int64[2] flat = {{1, 8}}> {{ {body} r = Relu(a3) g = GlobalAveragePool(r) f = Reshape(g, flat) y = Gemm(f, w, bias) }}"""
    w = {f"w{k}": rng.standard_normal((8, 8, 3, 3)) / 8 for k in range(3)}
    w |= {f"v{k}": rng.standard_normal((8, 8, 1, 1)) / 3 * (wider if k == 1 else 1) for k in range(3)}
    return import_model(model(text, **w, b=rng.standard_normal(8) / 4, w=rng.standard_normal((8, 5)), bias=rng.standard_normal(5)))


def _different(tmp_path: Path, seed: int, method: str, wider: float) -> int:
    """How many integers of the sums ONNX Runtime's fused operators round otherwise."""
    data = pictures(12, seed, (8, 12, 12))
    result = pith.quantize(_residual(seed, wider), data, method=method, mixed=False, improve=method != "minmax")
    assert not result.report.kept
    result.save_onnx(tmp_path / "q.onnx")
    options = ort.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")
    theirs, mine = ort.InferenceSession(str(tmp_path / "q.onnx"), options), result.compile()
    names = [o.name for o in mine.outputs if o.name != "y"]
    assert names == ["a1", "a2", "r"]
    found = 0
    for x in pictures(40, 99, (8, 12, 12)):
        ours, other = mine.run({"a0": x[None]}), theirs.run(names, {"a0": x[None]})
        found += sum(int((np.abs(ours[n] - y) > 1e-4 * np.abs(y).max()).sum()) for n, y in zip(names, other, strict=True))
    return found


@pytest.mark.parametrize(("seed", "wider"), [(0, 1), (1, 1), (2, 20)])
@pytest.mark.parametrize("method", ["minmax", "easyquant"])
def test_onnx_runtime_adds_alike(tmp_path: Path, seed: int, wider: float, method: str) -> None:
    """All integers of a residual network, bit for bit."""
    assert _different(tmp_path, seed, method, wider) == 0


def test_it_is_the_scales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With scales as they come some are rounded otherwise: the test above could fail."""
    monkeypatch.setattr("pith.quant.flow.on_common_steps", lambda graph, plan, grids: dict(grids))
    assert sum(_different(tmp_path, seed, "minmax", 1) for seed in range(3)) > 0


def test_what_is_not_added_keeps_its_scale() -> None:
    net = small_net()
    plan = make_plan(net)
    tied = {v for group in added(net, plan) for v in group}
    grids = {root: Grid(0.0123, 0, 0, 255, DType.U8) for root in plan.sources}
    found = on_common_steps(net, plan, grids)
    assert tied and tied < set(grids)
    assert all((found[r].step > 0) == (r in tied) and (r in tied or found[r] == grids[r]) for r in grids)
