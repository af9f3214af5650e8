"""Formats of 16 bits: against published numbers of the generator, NumPy's halves, means over a million draws; PyTorch equals NumPy bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith import PithError
from pith.train import formats

torch = pytest.importorskip("torch", reason="half of what is tested here is PyTorch; install torch to test it")

from pith.train import formats_torch as ft  # noqa: E402

EDGES = np.array([0.0, -0.0, 1.0, -1.5, 65504, -65504, 65519, 65520, 70000, 2.0**-14, 2.0**-24, 2.0**-25, -(2.0**-25), 3e-8, 6.1e-5, 1e-10, np.inf, -np.inf,
                  np.nan, 1.0009765625, 1 + 2.0**-11, 1 + 2.0**-12, 1e38, -1e38], np.float32)  # fmt: skip


def values(n: int = 4000, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n) * 2.0 ** rng.integers(-30, 18, n)
    return np.concatenate([EDGES, x.astype(np.float32)])


def same(a: np.ndarray, b: torch.Tensor) -> bool:
    return a.tobytes() == np.ascontiguousarray(b.numpy()).astype(a.dtype).tobytes()


def test_philox_is_the_published_generator() -> None:
    """Known answers of Philox4x32-10 (Random123): counter and key 0; and NumPy's own bit generator of 64 bits is another, so none of it."""
    assert [hex(v) for v in formats.philox(0, 0, 4)] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    whole = formats.philox(12345, 0, 1000)
    for first, count in ((0, 7), (1, 1), (5, 100), (999, 1), (3, 0)):
        assert np.array_equal(formats.philox(12345, first, count), whole[first : first + count])
        assert same(formats.philox(2**63 + 5, first, count).astype(np.int64), ft.philox(2**63 + 5, first, count))
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


def test_torch_rounds_bit_for_bit() -> None:
    x = values()
    r = formats.philox(3, 5, len(x))
    t, tr = torch.from_numpy(x), ft.philox(3, 5, len(x))
    for saturate, name in ((True, "saturate"), (False, "inf")):
        assert same(formats.to_half_stochastic(x, r, name), ft.to_half_stochastic(t, tr, saturate))  # type: ignore[arg-type]
        assert same(formats.to_half(x, name), ft.to_half(t, saturate))  # type: ignore[arg-type]
    assert same(formats.to_bfloat16_stochastic(x, r), ft.to_bfloat16_stochastic(t, tr))


@given(m=st.integers(1, 6), k=st.integers(1, 23), n=st.integers(1, 7), block=st.sampled_from([1, 4, 16]), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_products_bit_for_bit(m: int, k: int, n: int, block: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((m, k)).astype(np.float16), rng.standard_normal((k, n)).astype(np.float16)
    ta, tb = torch.from_numpy(a), torch.from_numpy(b)
    assert same(formats.matmul_16_32(a, b), ft.Format("16.32").matmul(ta, tb))
    assert same(formats.matmul_16_16(a, b, block).astype(np.float32), ft.Format("16.16", block).matmul(ta, tb))
    assert same(formats.matmul_16_16(a, b, block, key=seed).astype(np.float32), ft.Format("16.sr", block, seed).matmul(ta, tb))
    exact = a.astype(np.float64) @ b.astype(np.float64)
    size = np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)
    assert (np.abs(formats.matmul_16_32(a, b) - exact) <= k * 2.0**-24 * size).all()
    assert (np.abs(formats.matmul_16_16(a, b, block) - exact) <= (-(-k // block) * 2.0**-11 + k * 2.0**-24) * size + 2.0**-24).all()


def test_a_sum_in_halves_stalls_and_a_stochastic_one_does_not() -> None:
    """4,096 ones in halves of one product a block: 2048 + 1 is 2048; stochastically the mean is right."""
    ones = np.ones((64, 4096), np.float16), np.ones((4096, 1), np.float16)
    assert formats.matmul_16_16(*ones, block=1).max() == 2048 and formats.matmul_16_32(*ones).min() == 4096
    assert abs(float(formats.matmul_16_16(*ones, block=1, key=1).astype(np.float64).mean()) - 4096) < 4 * np.sqrt(2048 / 64)


@pytest.mark.parametrize("kind", ["16.32", "16.16", "16.sr", "bf16"])
def test_layers_and_their_gradients(kind: str) -> None:
    """Near float32's, within what the format holds; the convolution is the product of its windows."""
    torch.manual_seed(0)
    eps = 2.0**-8 if kind == "bf16" else 2.0**-10
    form = ft.Format(kind)  # type: ignore[arg-type]
    conv = ft.Conv16(3, 4, 3, stride=2, padding=1, form=form)
    fc = ft.Linear16(4 * 9, 5, form=form)
    x = torch.randn(2, 3, 6, 5, requires_grad=True)
    y = fc(conv(x).flatten(1))
    plain = torch.nn.functional.linear(torch.nn.functional.conv2d(x, conv.weight, conv.bias, 2, 1).flatten(1), fc.weight, fc.bias)
    wanted = torch.autograd.grad(plain.square().sum(), [x, conv.weight, fc.weight, conv.bias])
    found = torch.autograd.grad(y.square().sum(), [x, conv.weight, fc.weight, conv.bias])
    assert not torch.equal(y, plain) and torch.allclose(y, plain, atol=20 * eps * float(plain.abs().max()))
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape and torch.allclose(a, b, atol=30 * eps * float(b.abs().max()))


@pytest.mark.parametrize("key", [None, 11])
def test_optimiser_bit_for_bit_and_resumed(key: int | None) -> None:
    """Twenty steps beside the reference; a run that is stopped and resumed draws the same numbers."""
    rng = np.random.default_rng(0)
    start, gradients = rng.standard_normal(33).astype(np.float32), rng.standard_normal((20, 33)).astype(np.float32)
    w, m, place = formats.to_half(start), np.zeros(33, np.float16), 0
    p = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimiser = ft.HalfSGD([p], 0.01, key=key)
    for k, g in enumerate(gradients):
        w, m = formats.momentum_step(w, m, g, 0.01, 0.9, key, place)
        place += 66
        if k == 10:
            held, again = optimiser.state_dict(), torch.nn.Parameter(p.detach().clone())
            optimiser, p = ft.HalfSGD([again], 0.01, key=key), again
            optimiser.load_state_dict(held)
        p.grad = torch.from_numpy(g.copy())
        optimiser.step()
        assert same(w.astype(np.float32), p.detach()) and same(m.astype(np.float32), optimiser.state[p]["momentum"])


def test_small_updates_survive_only_stochastically() -> None:
    """A thousand updates of a tenth of half a step: nearest never moves, the stochastic mean moves as far as it should."""
    moved = {}
    for key in (None, 5):
        p = torch.nn.Parameter(torch.ones(2000))
        optimiser = ft.HalfSGD([p], 2.0**-11 / 20, 0.0, key=key)
        for _ in range(1000):
            p.grad = torch.full_like(p, -1.0)
            optimiser.step()
        moved[key] = float(p.detach().double().mean()) - 1
    assert moved[None] == 0 and moved[5] == pytest.approx(1000 * 2.0**-11 / 20, rel=0.05)


def test_unknown_formats_are_refused() -> None:
    with pytest.raises(PithError, match="no format '8.8'"):
        ft.Format("8.8")  # type: ignore[arg-type]
    with pytest.raises(PithError, match="float16"):
        formats.matmul_16_16(np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float16))
