"""Proven scalings against the rules they stand for, at random sums and at both ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pith.graph import DType, TensorType
from pith.graph.expr import Expr, arg, call, cast, const, evaluate, select
from pith.graph.fixed import quantized_multiplier
from pith.kernels.base import Call, Operand
from pith.kernels.proven_scale import scale_of
from pith.ops.requantize import ACC, Requantize, build, fixed, limits, wide
from pith.targets.isa.c99 import C99

FOUND: list[bool] = []


def _operand(a: np.ndarray) -> Operand:
    return Operand(TensorType(DType.of(a.dtype), a.shape), (1,), a)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["fixed", "wide", "float"]))
def test_bits_of_the_rule(seed: int, rule: str) -> None:
    rng = np.random.default_rng(seed)
    channels, reach = int(rng.integers(1, 9)), int(2 ** rng.uniform(4, 21))
    factors = rng.uniform(0.2, 2, channels) * 100 / reach
    start = rng.integers(-reach, reach, channels).astype(np.int32)
    zero, out = int(rng.integers(-128, 20)), DType.I8 if rng.random() < 0.7 else DType.U8
    info = np.iinfo(out.np)
    zero = zero if out is DType.I8 else zero + 128
    bounds = (max(zero, int(info.min)), int(info.max)) if rng.random() < 0.5 else (int(info.min), int(info.max))
    if rule == "fixed":
        pairs = np.array([quantized_multiplier(float(f)) for f in factors], np.int32)
        extras = [pairs[:, 0].copy(), pairs[:, 1].copy()]
        expr = fixed(ACC, arg(1, DType.I32), arg(2, DType.I32), zero, bounds, out)
    elif rule == "wide":
        extras, expr = [factors], wide(ACC, arg(1, DType.F64), zero, bounds, out)
    else:
        extras, expr = [], build(Requantize(const(float(np.float32(factors[0])), DType.F32), limits(out, zero)))
    y = Operand(TensorType(out, (1, channels)), (channels, 1))
    low, high = np.full(channels, -reach, np.int64), np.full(channels, reach, np.int64)
    scale = scale_of(Call("conv_integer", {"epilogue": expr}, (y, y, None, *map(_operand, extras)), (y,), C99), start, low, high)
    FOUND.append(scale is not None)
    if scale is None:
        return
    sums = np.concatenate([np.stack([low, high]), rng.integers(-reach, reach + 1, (4000, channels))])
    np.testing.assert_array_equal(scale(sums), evaluate(expr, [(sums + start).astype(np.int32), *extras]).astype(np.int64))
    assert (np.abs(sums << (8 + scale.lift)) < 2**31).all() and 1 <= scale.shift <= 31


def test_most_have_one() -> None:
    """The rules above are not all refused."""
    test_bits_of_the_rule()
    assert np.mean(FOUND) > 0.5


def test_what_falls_or_has_extras_of_its_own_is_refused() -> None:
    y = Operand(TensorType(DType.I8, (1, 2)), (2, 1))
    ends = np.array([-1000, -1000]), np.array([1000, 1000])
    falling = fixed(ACC, -(2**30), -4, 0, (-128, 127), DType.I8)
    assert scale_of(Call("conv_integer", {"epilogue": falling}, (y, y, None), (y,), C99), np.zeros(2, np.int32), *ends) is None
    full = fixed(ACC + arg(1, DType.I32), 2**30, -4, 0, (-128, 127), DType.I8)
    call = Call("conv_integer", {"epilogue": full}, (y, y, None, Operand(TensorType(DType.I32, (1, 2)), (2, 1))), (y,), C99)
    assert scale_of(call, np.zeros(2, np.int32), *ends) is None


def _mean(cells: int, *, up: int, down: int) -> Expr:
    return cast(call("min", call("max", call("div", select(call("gt", ACC, 0), ACC + up, ACC - down), cells), -128), 127), DType.I8)


def test_means_that_round_halves_away_from_zero() -> None:
    """Every sum of every window of bytes that 16 bits hold, against the rule in NumPy's integers."""
    y, zero = Operand(TensorType(DType.I8, (1, 1)), (1, 1)), np.zeros(1, np.int32)
    missing = []
    for cells in range(1, 256):
        low, high = np.int64([-128 * cells]), np.int64([127 * cells])
        scale = scale_of(Call("conv_integer", {"epilogue": _mean(cells, up=cells // 2, down=cells // 2)}, (y, y, None), (y,), C99), zero, low, high)
        if scale is None:
            missing.append(cells)
            continue
        sums = np.arange(low[0], high[0] + 1)
        want = np.sign(sums) * ((np.abs(sums) + cells // 2) // cells)
        np.testing.assert_array_equal(scale(sums[:, None])[:, 0], np.clip(want, -128, 127))
    assert not missing


def test_a_division_that_is_no_mean_is_refused() -> None:
    """The two branches must be of one sum, and move it away from zero."""
    y, zero, ends = Operand(TensorType(DType.I8, (1, 1)), (1, 1)), np.zeros(1, np.int32), (np.int64([-900]), np.int64([900]))
    other = cast(call("div", select(call("gt", ACC, 0), ACC + 3, (0 - ACC) - 3), 7), DType.I8)
    for expr in (_mean(7, up=3, down=-5), other, cast(call("div", ACC, -7), DType.I8)):
        assert scale_of(Call("conv_integer", {"epilogue": expr}, (y, y, None), (y,), C99), zero, *ends) is None
