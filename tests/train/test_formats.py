"""Formats of 16 bits: against published numbers of the generator, NumPy's halves, means over a million draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith import PithError
from pith.train import formats

EDGES = np.array([0.0, -0.0, 1.0, -1.5, 65504, -65504, 65519, 65520, 70000, 2.0**-14, 2.0**-24, 2.0**-25, -(2.0**-25), 3e-8, 6.1e-5, 1e-10, np.inf, -np.inf,
                  np.nan, 1.0009765625, 1 + 2.0**-11, 1 + 2.0**-12, 1e38, -1e38], np.float32)  # fmt: skip


def values(n: int = 4000, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n) * 2.0 ** rng.integers(-30, 18, n)
    return np.concatenate([EDGES, x.astype(np.float32)])


def test_philox_is_the_published_generator() -> None:
    """Known answers of Philox4x32-10 (Random123): counter and key 0; and NumPy's own bit generator of 64 bits is another, so none of it."""
    assert [hex(v) for v in formats.philox(0, 0, 4)] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    whole = formats.philox(12345, 0, 1000)
    for first, count in ((0, 7), (1, 1), (5, 100), (999, 1), (3, 0)):
        assert np.array_equal(formats.philox(12345, first, count), whole[first : first + count])
    with pytest.raises(PithError, match="stream -1"):
        formats.philox(-1, 0, 1)


def test_nearest_is_numpys_half_and_mldtypes_bfloat() -> None:
    import ml_dtypes

    x = values()
    with np.errstate(over="ignore"):
        assert formats.to_half(x).tobytes() == x.astype(np.float16).tobytes()
    finite = x[np.isfinite(x)]
    assert np.array_equal(formats.to_bfloat16(finite), finite.astype(ml_dtypes.bfloat16).astype(np.float32))
    assert np.isnan(formats.to_bfloat16(np.array([np.nan], np.float32))).all() and formats.to_half(np.float32([7e4]), "saturate") == 65504


@pytest.mark.parametrize("x", [1.0003, -1.0003, 0.1, -1234.567, 65500.5, 3e-5, -2.3e-7, 2.0**-24 * 0.3, 6.1034e-5])
def test_stochastic_rounding_has_the_mean_of_what_it_rounds(x: float) -> None:
    """|mean - x| < 4 sigma over a million draws; only the two neighbours come out, each with its probability."""
    n, v = 1_000_000, np.float32(x)
    y = formats.to_half_stochastic(np.full(n, v), formats.philox(7, 0, n)).astype(np.float64)
    found = np.unique(y)
    low, high = found[0], found[-1]
    assert len(found) == 2 and low <= float(v) <= high and high - low == float(np.spacing(np.float16(min(abs(low), abs(high)))))
    p = (float(v) - low) / (high - low)
    assert abs(y.mean() - float(v)) < 4 * (high - low) * np.sqrt(p * (1 - p) / n)


def test_what_is_on_the_grid_stays_and_what_is_not_finite_passes() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    for random in (np.zeros(len(halves), np.uint32), np.full(len(halves), 0xFFFFFFFF, np.uint32)):
        assert formats.to_half_stochastic(halves.astype(np.float32), random).tobytes() == halves.tobytes()
        bf = formats.to_bfloat16(halves.astype(np.float32))
        assert formats.to_bfloat16_stochastic(bf, random).tobytes() == bf.tobytes()
    odd = np.array([np.inf, -np.inf, np.nan, 65510, 1e30], np.float32)
    ones = np.full(5, 0xFFFFFFFF, np.uint32)
    assert formats.to_half_stochastic(odd, ones).tolist()[:2] == [np.inf, -np.inf] and formats.to_half_stochastic(odd, ones)[3:].tolist() == [65504, 65504]
    assert formats.to_half_stochastic(odd, ones, "inf")[3:].tolist() == [np.inf, np.inf] and np.isnan(formats.to_half_stochastic(odd, ones)[2])


@given(m=st.integers(1, 6), k=st.integers(1, 23), n=st.integers(1, 7), block=st.sampled_from([1, 4, 16]), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_products_are_within_their_bounds(m: int, k: int, n: int, block: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((m, k)).astype(np.float16), rng.standard_normal((k, n)).astype(np.float16)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    size = np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)
    assert (np.abs(formats.matmul_16_32(a, b) - exact) <= k * 2.0**-24 * size).all()
    assert (np.abs(formats.matmul_16_16(a, b, block) - exact) <= (-(-k // block) * 2.0**-11 + k * 2.0**-24) * size + 2.0**-24).all()


def test_a_sum_in_halves_stalls_and_a_stochastic_one_does_not() -> None:
    """4,096 ones in halves of one product a block: 2048 + 1 is 2048; stochastically the mean is right."""
    ones = np.ones((64, 4096), np.float16), np.ones((4096, 1), np.float16)
    assert formats.matmul_16_16(*ones, block=1).max() == 2048 and formats.matmul_16_32(*ones).min() == 4096
    assert abs(float(formats.matmul_16_16(*ones, block=1, key=1).astype(np.float64).mean()) - 4096) < 4 * np.sqrt(2048 / 64)
