"""Winograd's convolutions in integers: the matrices, the proof at its very edge, and the kernels bit for bit as the reference has it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith.api import generate
from pith.graph import DType, Graph, TensorType
from pith.kernels.base import Options
from pith.kernels.winograd_s16 import LARGEST, TRANSFORMS, fits, gain, transformed
from pith.ops.base import add_node
from pith.targets.base import get_target
from pith.vector.s16 import has_words
from tests.kernels.products import Case
from tests.kernels.test_integer_generic import ENDS, finished, integers
from tests.kernels.test_integer_vectors import FEW, TARGET_NAMES, compiled, zero_of

TARGETS = [t for t in TARGET_NAMES if has_words(get_target(t).isa) and "amx" not in get_target(t).isa.features]  # whose products are VNNI's
SIZES = sorted(TRANSFORMS)


def conv(rng: np.random.Generator, end: str, picture: tuple[int, int], c: int, o: int) -> Case:
    kind = np.uint8 if rng.random() < 0.5 else np.int8
    x, w = integers(rng, (int(rng.integers(1, 3)), *picture, c), kind), integers(rng, (o, c, 3, 3), np.int8)
    bias = rng.integers(-30000, 30000, o).astype(np.int32) if rng.random() < 0.5 else None
    pads = tuple(int(p) for p in rng.integers(1, 3, 4))
    attrs = {"strides": (1, 1), "pads": pads, "dilations": (1, 1), "group": 1, "layout": "channels_last", "zero": zero_of(rng, kind)}
    return finished(Case("conv_integer", [x, w, bias], attrs), rng, end, -1)


@pytest.mark.parametrize("m", SIZES)
def test_matrices_compute_a_multiple_of_the_filter(m: int) -> None:
    t = TRANSFORMS[m]
    bt, g, at = (np.array(v) for v in (t.bt, t.g, t.at))
    rng = np.random.default_rng(m)
    d, w = rng.integers(-99, 99, m + 2), rng.integers(-99, 99, 3)
    assert (at @ ((g @ w) * (bt @ d))).tolist() == [t.scale * int(d[i : i + 3] @ w) for i in range(m)]


@pytest.mark.parametrize("m", SIZES)
def test_the_factor_comes_off_modulo_2_to_the_32(m: int) -> None:
    """For the sums furthest from 0, but for none beyond them."""
    t = TRANSFORMS[m]

    def back(y: int) -> int:
        wrapped = y * t.scale**2 * t.inverse % 2**32
        return (wrapped - 2**32 if wrapped >= 2**31 else wrapped) >> t.down

    assert all(back(y) == y for y in (0, 1, -1, 12345, -54321, t.most, -t.most))
    assert back(t.most + 1) != t.most + 1


@pytest.mark.parametrize("m", SIZES)
def test_16_bits_hold_what_is_transformed(m: int) -> None:
    t = TRANSFORMS[m]
    assert gain(t.bt) * LARGEST < 2**15 and gain(t.g) * 128 < 2**15
    for sign in (1, -1):  # the row that enlarges most, met by weights of its signs
        row = np.array(max(t.g, key=lambda r: sum(map(abs, r))))
        w = np.where(np.outer(row, row) * sign > 0, 127, -128).astype(np.int8)
        u = transformed(w[None, None], m).astype(np.int64)
        assert np.abs(u).max() >= gain(t.g) * 127


@pytest.mark.parametrize("target", TARGETS)
@FEW
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from(ENDS), min_size=5, max_size=5))
def test_conv(target: str, seed: int, ends: list[str]) -> None:
    rng = np.random.default_rng(seed)
    m = SIZES[seed % 2]
    cases = []
    for end in ends:
        h, w = (int(v) for v in rng.integers(1, 26, 2))
        cases.append(conv(rng, end, (h, w), int(rng.integers(8, 100)), int(rng.integers(8, 90))))
    compiled(cases, target, f"winograd{m}", threads=1 + seed % 3 // 2)


@pytest.mark.parametrize("m", SIZES)
def test_sums_at_the_edge_of_what_is_proven(m: int) -> None:
    """All weights -128, all inputs 255 above their zero point, as many channels as fit; with one more it is refused."""
    most = min(TRANSFORMS[m].most // (9 * 128 * 255), 300)
    rng = np.random.default_rng(1)
    cases = []
    for kind, zero, value in ((np.uint8, 0, 255), (np.int8, 127, -128), (np.uint8, 255, 0)):
        x = np.full((1, 5, 7, most), value, kind)
        w = np.full((9, most, 3, 3), -128, np.int8)
        w[5:] = integers(rng, w[5:].shape, np.int8)
        cases.append(Case("conv_integer", [x, w, None], {**_CONV, "zero": zero}))
    for target in TARGETS[-2:]:
        compiled(cases, target, f"winograd{m}")
    if most < 300:
        weights = np.full((1, most + 1, 3, 3), -128, np.int8)
        assert fits(m, weights[:, :most], 255) and not fits(m, weights, 255)


_CONV = {"strides": (1, 1), "pads": (1, 1, 1, 1), "dilations": (1, 1), "group": 1, "layout": "channels_last"}


def test_it_is_taken_where_it_is_faster_and_can_be_switched_off() -> None:
    def families(winograd: bool, weights: np.ndarray, zero_w: int = 0) -> str:
        graph = Graph("net", inputs=["x"], types={"x": TensorType(DType.U8, (1, 40, 40, 64))})
        graph.set_constant("w", weights)
        graph.outputs = [add_node(graph, "conv_integer", ["x", "w"], {**_CONV, "zero": 0, "zero_w": zero_w})]
        return generate([graph], get_target("x86-64-v3"), "net", options=Options(winograd=winograd)).programs[0].steps[-1].kernel

    rng = np.random.default_rng(0)
    w = integers(rng, (64, 64, 3, 3), np.int8) // 2
    assert families(True, w) == "winograd4"
    assert not families(False, w).startswith("winograd")
    assert not families(True, np.clip(w, -8, 7)).startswith("winograd")  # weights of four bits stay so
    assert not families(True, w, 3).startswith("winograd")


def test_inputs_of_a_narrow_range_allow_more_channels() -> None:
    weights = np.full((1, 600, 3, 3), 100, np.int8)
    assert not fits(4, weights, 255) and fits(4, weights, 60)
