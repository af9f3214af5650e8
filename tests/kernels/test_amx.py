"""Kernels of AMX: 8-bit ones bit for bit as the operators' references have it, bfloat16 ones bit for bit as Intel's manual has it, and
within a bound of float64. Tiles and AVX-512 are simulated, so that this runs on any x86-64 processor with AVX2."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kernels import bf16_reference as reference
from tests.kernels import test_integer_vectors as integers
from tests.kernels.products import EPILOGUES, Case, exact, magnitude
from tests.kernels.simulated import AMX, as_plain_c, needed, run_bf16
from tests.kernels.test_conv import conv_case
from tests.kernels.test_four_bits import test_weights_taken_apart_in_pieces as four_bits_in_pieces
from tests.kernels.test_integer_generic import ENDS
from tests.kernels.test_matmul import matmul_case

pytestmark = needed
PATIENT = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
ONE = settings(PATIENT, max_examples=1)
ROUGH = ("sigmoid", "silu_add")  # epilogues whose bits NumPy's functions do not give


# ---- integers


@pytest.mark.parametrize("kernel", ["amx", "amx_window", "dot"])
@ONE
@given(seed=st.integers(0, 2**32))
def test_convolutions_of_bytes(kernel: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with as_plain_c():
        integers.compiled([integers.conv(rng, end, int(rng.integers(1, 140)), int(rng.integers(1, 80))) for end in ENDS], AMX, kernel)


@pytest.mark.parametrize("kernel", ["amx", "dot"])
@ONE
@given(seed=st.integers(0, 2**32))
def test_products_of_bytes(kernel: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with as_plain_c():
        integers.compiled([integers.matmul(rng, end, (2,) if k % 3 == 0 else (), fixed=True, swap=k % 2 == 0) for k, end in enumerate(ENDS)], AMX, kernel)


def test_deep_sums_of_bytes() -> None:
    with as_plain_c():
        integers.test_deep_sums(AMX, "amx")


def test_windows_of_bytes() -> None:
    with as_plain_c():
        integers.test_windows.hypothesis.inner_test(AMX, "amx_window", 3, ENDS, 2)  # type: ignore[attr-defined]


def test_four_bits() -> None:
    with as_plain_c():
        four_bits_in_pieces(AMX)


# ---- bfloat16


def check(case: Case, got: np.ndarray, steps: list[int] | None = None) -> None:
    """Assert the bits of the manual's arithmetic, and that the error to float64 is within what docs/arithmetic.md states."""
    want = reference.expected(case, steps)
    assert got.shape == want.shape
    if case.label in ROUGH:
        np.testing.assert_allclose(got, want, rtol=4e-6, atol=1e-6, err_msg=str(case))
    else:
        np.testing.assert_array_equal(got, want, err_msg=str(case))
    size, terms = magnitude(case)
    assert (np.abs(got - exact(case)) <= 1.2 * (2.0**-7 + 2.0**-16 + terms * 2.0**-24) * size + 1e-6).all(), str(case)


def products(rng: np.random.Generator, sizes: list[tuple[int, int, int]], ends: list[str]) -> list[Case]:
    return [matmul_case(rng, (m, k), (n, k) if i % 2 else (k, n), trans_b=i % 2 > 0, bias=i % 3 > 0, epilogue=ends[i % len(ends)])
            for i, (m, k, n) in enumerate(sizes)]  # fmt: skip


def test_products() -> None:
    """Rows, columns and K around those of a tile and of a block; rows of a batch; each epilogue."""
    rng = np.random.default_rng(1)
    sizes = [(m, (1, 2, 31, 32, 33, 64, 70)[i % 7], (1, 15, 16, 17, 32, 33, 50)[i % 7 - 2]) for i, m in enumerate((1, 2, 15, 16, 17, 31, 33, 64, 70))]
    cases = products(rng, [*sizes, (5, 2100, 40), (70, 2050, 20), (130, 64, 64)], ["", *EPILOGUES])
    cases.append(matmul_case(rng, (2, 3, 5, 40), (40, 20), bias=True, epilogue="residual"))
    for case, got in zip(cases, run_bf16(cases, "amx_bf16"), strict=True):
        check(case, got)


@PATIENT
@given(sizes=st.lists(st.tuples(st.integers(1, 80), st.integers(1, 150), st.integers(1, 80)), min_size=6, max_size=6),
       ends=st.lists(st.sampled_from(["", *EPILOGUES]), min_size=3, max_size=3), seed=st.integers(0, 2**32))  # fmt: skip
def test_products_of_any_shape(sizes: list[tuple[int, int, int]], ends: list[str], seed: int) -> None:
    cases = products(np.random.default_rng(seed), sizes, ends)
    for case, got in zip(cases, run_bf16(cases, "amx_bf16"), strict=True):
        check(case, got)


def test_numbers_of_every_kind() -> None:
    """Halves to even, what is too large for bfloat16, infinities, NaN, subnormal numbers in inputs, weights, products and sums."""
    top, tiny, nan, inf = np.float32(3.4e38), np.float32(2.0**-126), np.float32(np.nan), np.float32(np.inf)
    halves = np.array([1 + 2.0**-8, 1 + 3 * 2.0**-8, -1 - 2.0**-8 - 2.0**-20, 1 + 2.0**-8 + 2.0**-23], np.float32)
    values = np.concatenate([halves, np.array([top, -top, inf, nan, 0.0, -0.0, tiny, tiny / 2, -tiny / 4, 1.5 * tiny, 3e38, 1.0], np.float32)])
    a = np.zeros((len(values), 4), np.float32)
    a[:, 0] = values
    a[:, 2] = np.roll(values, 3)  # added to the first: K 0 and 2 are both even
    b = np.array([[1, 1e30, -0.75, tiny, 2.0**-20], [0] * 5, [1, -1, 0.5, 1, 1], [1] * 5], np.float32)
    case = Case("matmul", [a, b, np.array([0, tiny / 2, 0, -tiny, 1], np.float32)], {"trans_a": False, "trans_b": False})
    (got,) = run_bf16([case], "amx_bf16")
    np.testing.assert_array_equal(got, reference.expected(case))
    assert got[0, 0] == 1 + np.float32(reference.rounded(values[-3:-2])[0])  # 1 + 1/256 became 1, halves to even
    assert np.isnan(got).any() and np.isinf(got).any()


def convolutions(rng: np.random.Generator, ends: list[str]) -> list[Case]:
    """Convolutions of random shapes, padding at every side."""
    cases = []
    for end in ends:
        kernel, strides = rng.integers(1, 4, 2), rng.integers(1, 3, 2)
        dilations = rng.integers(1, 3, 2) if rng.random() < 0.3 else np.ones(2, np.int64)
        spatial = rng.integers(1, 14, 2) + (kernel - 1) * dilations
        cases.append(conv_case(rng, spatial.tolist(), kernel.tolist(), (int(rng.choice([1, 3, 8, 20, 64, 70])), int(rng.choice([1, 8, 17, 40]))),
                               batch=int(rng.integers(1, 3)), strides=strides.tolist(), pads=rng.integers(0, 3, 4).tolist(),
                               dilations=dilations.tolist(), bias=rng.random() < 0.7, epilogue=end))  # fmt: skip
    return cases


def test_convolution_over_one_axis() -> None:
    case = conv_case(np.random.default_rng(4), (30,), (5,), (12, 20), pads=(2, 1), strides=(2,), epilogue="relu")
    (got,) = run_bf16([case], "amx_bf16")
    x, w, bias = case.inputs
    assert x is not None and w is not None
    tall = Case("conv", [x[:, None], w[:, :, None], bias], case.attrs | {"strides": (1, 2), "pads": (0, 2, 0, 1), "dilations": (1, 1)})
    np.testing.assert_array_equal(got[:, None], reference.expected(tall))


@PATIENT
@given(ends=st.lists(st.sampled_from(["", *EPILOGUES]), min_size=8, max_size=8), seed=st.integers(0, 2**32))
def test_convolutions(ends: list[str], seed: int) -> None:
    cases = convolutions(np.random.default_rng(seed), ends)
    for case, got in zip(cases, run_bf16(cases, "amx_bf16"), strict=True):
        check(case, got)


def window_case(rng: np.random.Generator, end: str) -> tuple[Case, list[int]]:
    """A convolution for the kernel that rounds rows once, and how many products its steps have."""
    k, s, d = int(rng.choice([2, 3, 5])), int(rng.choice([1, 1, 2, 3])), int(rng.choice([1, 1, 2]))
    p, across, down = int(rng.integers(0, 3)), int(rng.choice([1, 3, 5, 7, 8, 14, 16, 17, 28, 33])), int(rng.integers(1, 16))
    high, wide = (max(1, (n - 1) * s + (k - 1) * d + 1 - 2 * p) for n in (down, across))
    if min(high, wide) + 2 * p < (k - 1) * d + 1:
        p = (k - 1) * d
    c, o = int(rng.choice([2, 4, 8, 16, 24, 48, 64])), int(rng.choice([1, 8, 17, 32, 33, 64]))
    case = conv_case(rng, (high, wide), (k, k), (c, o), batch=int(rng.integers(1, 3)), pads=(p,) * 4, strides=(s, s), dilations=(d, d), epilogue=end)
    depth, parts = (k * c, k) if d == 1 else (c, k * k)
    per = next(n for n in range(-(-depth // 32), depth + 1) if depth % (2 * n) == 0)
    return case, [depth // per] * per * parts


@PATIENT
@given(ends=st.lists(st.sampled_from(["", *EPILOGUES]), min_size=8, max_size=8), seed=st.integers(0, 2**32), threads=st.integers(1, 2))
def test_windows(ends: list[str], seed: int, threads: int) -> None:
    """Rows of one to three tiles and several rows in one tile, one and many steps, groups of rows that do not come out even."""
    rng = np.random.default_rng(seed)
    made = [window_case(rng, end) for end in ends]
    for (case, steps), got in zip(made, run_bf16([c for c, _ in made], "amx_bf16_window", threads=threads), strict=True):
        check(case, got, steps)


def test_infinity_stays_with_its_windows() -> None:
    """Neither kernel brings what is no finite number to pixels whose windows do not hold it."""
    case = conv_case(np.random.default_rng(5), (9, 9), (3, 3), (24, 8), pads=(1,) * 4)
    assert case.inputs[0] is not None
    case.inputs[0][0, 4, 4] = np.inf
    for kernel in ("amx_bf16", "amx_bf16_window"):
        (got,) = run_bf16([case], kernel)
        far = np.ones((9, 9), bool)
        far[3:6, 3:6] = False
        assert np.isfinite(got[0][far]).all() and not np.isfinite(got[0][~far]).any()


def test_threads() -> None:
    """One, two and three threads: the same bits."""
    rng = np.random.default_rng(3)
    cases = [conv_case(rng, (20, 20), (3, 3), (16, 40), pads=(1,) * 4, epilogue="residual"), conv_case(rng, (3, 3), (1, 1), (64, 200))]
    one = run_bf16(cases, "amx_bf16")
    for n in (2, 3):
        for a, b in zip(one, run_bf16(cases, "amx_bf16", threads=3, count=n), strict=True):
            np.testing.assert_array_equal(a, b)
