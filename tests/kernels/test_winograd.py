"""Winograd convolutions: exact matrices, the kernels against float64, the bound on their error, and the switch."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import compile_graph, generate
from pith.graph import DType, TensorType
from pith.kernels.base import Call, Operand, Options
from pith.kernels.conv_f32_winograd import block_of, tiles_of
from pith.kernels.winograd import POINTS, TAPS, as_array, growth, linear, transformed_weights, transforms
from pith.targets.base import get_target
from tests.kernels.products import EPILOGUES, TARGET_NAMES, Built, Case, build, exact, graph_of, magnitude
from tests.kernels.test_conv import conv_case

VECTOR_TARGETS = [t for t in TARGET_NAMES if get_target(t).isa.vector_bytes]
# how much more error than the plain sum each tile may have on normally distributed data (the bound `growth` is far above)
SLACK = {2: 4.0, 4: 8.0, 6: 32.0}
PADS = (1, 1, 1, 1)


@pytest.mark.parametrize("m", POINTS)
@pytest.mark.parametrize("magnitudes", [None, "integers"])
def test_matrices_compute_the_filter_exactly(m: int, magnitudes: str | None) -> None:
    """In rational arithmetic, for any points."""
    t = transforms(m, None if magnitudes is None else tuple(Fraction(k) for k in range(1, m // 2 + 1)))
    rng = np.random.default_rng(m)
    d, g = ([Fraction(int(v), 7) for v in rng.integers(-99, 99, n)] for n in (m + 2, TAPS))
    u = [sum(c * x for c, x in zip(row, g, strict=True)) for row in t.g]
    v = [sum(c * x for c, x in zip(row, d, strict=True)) for row in t.bt]
    y = [sum(c * a * b for c, a, b in zip(row, u, v, strict=True)) for row in t.at]
    assert y == [sum(g[k] * d[i + k] for k in range(TAPS)) for i in range(m)]


@pytest.mark.parametrize("m", POINTS)
def test_coefficients_are_exact_in_float32(m: int) -> None:
    t = transforms(m)
    for matrix in (t.at, t.bt):
        assert all(Fraction(float(np.float32(float(c)))) == c for row in matrix for c in row)


@pytest.mark.parametrize("m", POINTS)
@pytest.mark.parametrize("which", ["at", "bt"])
def test_printed_statements_compute_the_matrix(m: int, which: str) -> None:
    """The C of `linear`, evaluated in Python."""
    matrix = getattr(transforms(m), which)
    x = np.random.default_rng(0).standard_normal(m + 2)
    constants: dict[Fraction, str] = {}
    lines, results = linear(matrix, [f"x{i}" for i in range(m + 2)], constants, "t")
    names = {f"x{i}": v for i, v in enumerate(x)} | {n: float(c) for c, n in constants.items()}
    names["vf_fma"] = lambda a, b, c: a * b + c  # type: ignore[assignment]
    for line in lines:
        name, text = line.removeprefix("const vf ").removesuffix(";").split(" = ")
        names[name] = eval(text, {}, names)
    np.testing.assert_allclose([eval(r, {}, names) for r in results], as_array(matrix) @ x, rtol=1e-12, atol=1e-12)


def cases_of(rng: np.random.Generator, m: int) -> list[Case]:
    sizes = [(1, 1), (m, m), (m + 1, 2 * m + 1), (4 * m + 3, 3), (17, 19)]
    channels = [(16, 16), (17, 33), (24, 40), (64, 18)]
    cases = [
        conv_case(rng, size, (3, 3), c, pads=PADS, bias=k % 3 > 0, batch=1 + k % 2)
        for k, (size, c) in enumerate((s, c) for s in sizes for c in channels)
    ]
    cases += [conv_case(rng, (9, 8), (3, 3), (16, 20), pads=p) for p in [(), (2, 0, 1, 3), (0, 1, 0, 1), (3, 3, 3, 3), (0, -1, -2, 0)]]
    cases += [conv_case(rng, (30, 40), (3, 3), (160, 96), pads=PADS)]  # several blocks of tiles
    cases += [conv_case(rng, (7, 9), (3, 3), c, pads=PADS, epilogue=e, batch=2) for e in EPILOGUES for c in [(16, 32), (19, 21)]]
    return cases


def check_picture(built: Built, m: int) -> None:
    """As `products.check`, with the size of the whole picture's sums: a tile's error spreads over all of its outputs."""
    for case, got in zip(built.cases, built.outputs(), strict=True):
        want = exact(case)
        size, terms = magnitude(case)
        bound = SLACK[m] * 2.0**-24 * (np.sqrt(terms) * size.max() + np.abs(want).max())
        assert got.shape == want.shape and np.isfinite(got).all()
        error = np.abs(got.astype(np.float64) - want).max()
        assert error <= bound, f"{case}: error {error:.3g}, {error / bound:.2f} of the bound"


@pytest.mark.parametrize("target", VECTOR_TARGETS)
@pytest.mark.parametrize("m", POINTS)
def test_kernels(m: int, target: str) -> None:
    check_picture(build(cases_of(np.random.default_rng(m), m), target, f"winograd{m}"), m)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_shape(data: st.DataObject) -> None:
    m = data.draw(st.sampled_from(sorted(POINTS)))
    size = data.draw(st.tuples(st.integers(1, 23), st.integers(1, 23)))
    channels = data.draw(st.tuples(st.integers(16, 70), st.integers(16, 70)))
    pads = data.draw(st.tuples(*[st.integers(0, 3)] * 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    if min(size[0] + pads[0] + pads[2], size[1] + pads[1] + pads[3]) < TAPS:
        pads = PADS
    case = conv_case(rng, size, (3, 3), channels, pads=pads, batch=data.draw(st.integers(1, 3)))
    check_picture(build([case], "host", f"winograd{m}", opt="-O1"), m)


@pytest.mark.parametrize("m", POINTS)
def test_error_is_within_the_a_priori_bound(m: int) -> None:
    """On data chosen to hurt: large and tiny values side by side. The bound: growth(m) times the plain sum's, for the
    largest values anywhere in the picture."""
    rng = np.random.default_rng(9)
    case = conv_case(rng, (24, 24), (3, 3), (32, 32), pads=PADS, bias=False)
    x = case.inputs[0]
    assert x is not None
    x *= np.exp2(rng.integers(-12, 13, x.shape)).astype(np.float32)
    built = build([case], "host", f"winograd{m}")
    w = case.inputs[1]
    assert w is not None
    plain = 9 * 32 * float(np.abs(x).max()) * float(np.abs(w).max())
    error = np.abs(built.outputs()[0] - exact(case)).max()
    assert error <= growth(m) * 2.0**-24 * (9 * 32 + 4 * (m + 2)) * plain


def test_weights_are_rounded_once() -> None:
    w = np.random.default_rng(0).standard_normal((5, 4, 3, 3)).astype(np.float32)
    g = as_array(transforms(4).g)
    u = transformed_weights(w, 4)
    assert u.shape == (36, 4, 5) and u.dtype == np.float32
    np.testing.assert_allclose(u[:, 1, 2], (g @ w[2, 1].astype(np.float64) @ g.T).reshape(-1), rtol=2**-23)


def test_it_can_be_switched_off() -> None:
    case = conv_case(np.random.default_rng(0), (56, 56), (3, 3), (64, 64), pads=PADS)
    graph, feeds = graph_of([case])
    host = get_target("x86-64-v3")
    families = [
        [s.kernel for s in generate([graph], host, "net", options=Options(winograd=w)).programs[0].steps] for w in (True, False)
    ]
    assert families[0][0].startswith("winograd") and families[1] == ["direct"]
    assert magnitude(case)[1] == 9 * 64 + 1
    assert compile_graph(graph, optimize=False)(*feeds).shape == (1, 56, 56, 64)


def test_scalar_code_and_few_channels_keep_the_plain_sum() -> None:
    rng = np.random.default_rng(0)
    graph, _ = graph_of([conv_case(rng, (40, 40), (3, 3), (64, 64), pads=PADS)])
    assert generate([graph], get_target("c99"), "net").programs[0].steps[0].kernel == "direct"
    graph, _ = graph_of([conv_case(rng, (40, 40), (3, 3), (3, 64), pads=PADS)])
    assert generate([graph], get_target("x86-64-v3"), "net").programs[0].steps[0].kernel == "direct"


@pytest.mark.parametrize("threads", [1, 2, 5, 16, 23, 64])
def test_blocks_suit_any_number_of_threads(threads: int) -> None:
    """A layer of 288 MB of tiles in one block costs more than a few uneven shares of blocks that stay near."""
    isa, shape = get_target("x86-64-v4").isa, (1, 512, 512, 64)
    weights = Operand(TensorType(DType.F32, (64, 64, 3, 3)), (576, 9, 3, 1), None)
    pixels = Operand(TensorType(DType.F32, shape), (512 * 512 * 64, 512 * 64, 64, 1), None)
    call = Call("conv", {}, (pixels, weights), (pixels,), isa, options=Options(threads=threads))
    tiles = tiles_of(call, 4)
    found = [block_of(call, 4, budget) for budget in (0, 1, 1 << 16, 1 << 40)]
    assert all(0 < block <= tiles for block in found) and found[-1] == tiles
    assert 4 * 36 * 128 * found[0] < 4 * isa.near
