"""Formats of 16 bits in PyTorch equal NumPy's bit by bit; layers, gradients, and an optimiser without a copy in float32."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith import PithError
from pith.train import formats
from tests.train.test_formats import values

torch = pytest.importorskip("torch", reason="these are PyTorch modules; install torch to test them")

from pith.train import formats_torch as ft  # noqa: E402


def same(a: np.ndarray, b: torch.Tensor) -> bool:
    return a.tobytes() == np.ascontiguousarray(b.numpy()).astype(a.dtype).tobytes()


@given(m=st.integers(1, 6), k=st.integers(1, 23), n=st.integers(1, 7), block=st.sampled_from([1, 4, 16]), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_products_bit_for_bit(m: int, k: int, n: int, block: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((m, k)).astype(np.float16), rng.standard_normal((k, n)).astype(np.float16)
    ta, tb = torch.from_numpy(a), torch.from_numpy(b)
    assert same(formats.matmul_16_32(a, b), ft.Format("16.32").matmul(ta, tb))
    assert same(formats.matmul_16_16(a, b, block).astype(np.float32), ft.Format("16.16", block).matmul(ta, tb))
    assert same(formats.matmul_16_16(a, b, block, key=seed).astype(np.float32), ft.Format("16.sr", block, seed).matmul(ta, tb))


@pytest.mark.parametrize(("first", "count"), [(0, 7), (1, 1), (5, 100), (999, 1), (3, 0)])
def test_the_same_random_numbers(first: int, count: int) -> None:
    assert same(formats.philox(2**63 + 5, first, count).astype(np.int64), ft.philox(2**63 + 5, first, count))


def test_torch_rounds_bit_for_bit() -> None:
    x = values()
    r = formats.philox(3, 5, len(x))
    t, tr = torch.from_numpy(x), ft.philox(3, 5, len(x))
    for saturate, name in ((True, "saturate"), (False, "inf")):
        assert same(formats.to_half_stochastic(x, r, name), ft.to_half_stochastic(t, tr, saturate))  # type: ignore[arg-type]
        assert same(formats.to_half(x, name), ft.to_half(t, saturate))  # type: ignore[arg-type]
    assert same(formats.to_bfloat16_stochastic(x, r), ft.to_bfloat16_stochastic(t, tr))


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
    plain = plain.detach()
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
    with pytest.raises(PithError, match=r"no format '8\.8'"):
        ft.Format("8.8")  # type: ignore[arg-type]
    with pytest.raises(PithError, match="float16"):
        formats.matmul_16_16(np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float16))


def test_what_does_not_fit_is_refused() -> None:
    assert ft.Linear16(3, 4, form="16.16").form == ft.Format("16.16")
    for wrong in (lambda: ft.Format("16.16", block=2.5), lambda: ft.Linear16(3, 4, form="8.8"), lambda: ft.Linear16(3, 4)(torch.zeros(2, 4)),
                  lambda: ft.Conv16(3, 4, 3)(torch.zeros(3, 8, 8)), lambda: ft.Conv16(3, 4, 3)(torch.zeros(1, 4, 8, 8)),
                  *(lambda s=s: ft.HalfSGD([torch.nn.Parameter(torch.ones(2))], **s)
                    for s in ({"rate": -1}, {"rate": 0.1, "momentum": 2}, {"rate": 0.1, "loss_scale": 0}))):  # fmt: skip
        with pytest.raises(PithError):
            wrong()


@pytest.mark.parametrize("key", [None, 3])
def test_a_step_of_gradients_that_overflowed_changes_nothing(key: int | None) -> None:
    w = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))
    optimiser = ft.HalfSGD([w], 0.25, key=key)
    for value in (float("inf"), float("nan")):
        w.grad = torch.tensor([1.0, value, 1.0])
        optimiser.step()
    assert w.tolist() == [1.0, 2.0, 3.0] and optimiser.skipped == 2 and not optimiser.state[w]
    w.grad = torch.ones(3)
    optimiser.step()
    assert w.tolist() == [0.75, 1.75, 2.75] and optimiser.skipped == 2
