"""Weights of four bits, two a byte: the same sums as from bytes, on every instruction set and by every family, in half the space."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pith
from pith.api import compile_graph
from pith.graph import Graph, TensorType
from pith.graph.dtype import DType
from pith.kernels.four_bits import are_four_bits, packed_array, packed_panels
from pith.ops.base import OPS, add_node
from tests.kernels.products import Case
from tests.kernels.test_integer_generic import ENDS, integers
from tests.kernels.test_integer_generic import finished as ended
from tests.kernels.test_integer_shorts import ENDS as SHORT_ENDS
from tests.kernels.test_integer_shorts import finished as short_ended
from tests.kernels.test_integer_vectors import FEW, SHORT, TARGET_NAMES, TILES, compiled

PLACES = [*((t, "pairs" if k == "split" else k) for t, k in TILES), *((t, "shorts") for t in TARGET_NAMES)]
PLACES += [(t, "generic") for t in ("c99", TARGET_NAMES[0])]


def four(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    w = rng.integers(-8, 8, shape).astype(np.int8)
    w.flat[0], w.flat[-1] = -8, 7
    return w


def product(rng: np.random.Generator, k: int, kernel: str, end: str, group: int) -> Case:
    """A convolution, or every third time a matrix product, of random extents."""
    kind = [np.uint8, np.int8][k % 2] if kernel != "shorts" else [np.uint16, np.int16][k % 2]
    zero = int(rng.choice([0, np.iinfo(kind).max, 17]))
    finish = short_ended if kernel == "shorts" else ended
    if k % 3 == 0:
        m, depth, n = (int(v) for v in rng.integers(1, 150, 3))
        swap = bool(rng.random() < 0.5)
        w = four(rng, (n, depth) if swap else (depth, n))
        attrs = {"trans_a": False, "trans_b": swap, "zero_a": zero, "zero_b": 0}
        return finish(Case("matmul_integer", [integers(rng, (m, depth), kind), w, None], attrs), rng, end, -1)
    taps = tuple(int(v) for v in rng.integers(1, 4, 2))
    depth, out = int(rng.integers(2, 70)), int(rng.integers(1, 80))
    x = integers(rng, (1, *(int(v) + t for v, t in zip(rng.integers(1, 9, 2), taps, strict=True)), group * depth), kind)
    bias = rng.integers(-30000, 30000, group * out).astype(np.int32) if rng.random() < 0.5 else None
    attrs = {"strides": (1, 1), "pads": (1, 0, 1, 1), "dilations": (1, 1), "group": group, "layout": "channels_last", "zero": zero}
    return finish(Case("conv_integer", [x, four(rng, (group * out, depth, *taps)), bias], attrs), rng, end, -1)


@pytest.mark.parametrize(("target", "kernel"), PLACES)
@FEW
@given(seed=st.integers(0, 2**32), data=st.data())
def test_products(target: str, kernel: str, seed: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    ends = data.draw(st.lists(st.sampled_from(SHORT_ENDS if kernel == "shorts" else ENDS), min_size=6, max_size=6))
    cases = [product(rng, k, kernel, end, 3 if k == 4 and kernel != "amx" else 1) for k, end in enumerate(ends)]
    for op in ("conv_integer", "matmul_integer"):
        compiled([c for c in cases if c.op == op], target, kernel)


@pytest.mark.parametrize("target", [*SHORT[:1], *TARGET_NAMES[-1:]])
def test_weights_taken_apart_in_pieces(target: str) -> None:
    """More weights than are kept apart at a time, of few rows and of many, and by several threads."""
    rng = np.random.default_rng(2)
    for m in (1, 70):
        a, b = integers(rng, (m, 1800), np.uint8), four(rng, (1800, 1100))
        attrs = {"trans_a": False, "trans_b": False, "zero_a": 3, "zero_b": 0}
        graph = Graph("pieces", inputs=["a"], types={"a": TensorType(DType.U8, a.shape)})
        graph.set_constant("b", b)
        graph.outputs = [add_node(graph, "matmul_integer", ["a", "b"], attrs)]
        session = pith.compile(graph, target, opt="-O1", threads=2, cache=False)
        (want,) = OPS["matmul_integer"].reference([a, b, None], attrs)
        np.testing.assert_array_equal(session(a), want)
        assert session.manifest["weights_bytes"] < 0.52 * b.size
        assert session.manifest["arena_bytes"] < 2 * (2 << 20)


@pytest.mark.parametrize("target", ["c99", *TARGET_NAMES])
def test_half_the_space(target: str) -> None:
    rng = np.random.default_rng(3)
    sizes = []
    for w in (four(rng, (96, 64, 3, 3)), integers(rng, (96, 64, 3, 3), np.int8)):
        graph = Graph("space", inputs=["x"], types={"x": TensorType(DType.U8, (1, 8, 8, 64))})
        graph.set_constant("w", w)
        attrs = {"strides": (1, 1), "pads": (1,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_last", "zero": 3}
        graph.outputs = [add_node(graph, "conv_integer", ["x", "w"], attrs)]
        sizes.append(compile_graph(graph, target, optimize=False, opt="-O1").manifest["weights_bytes"])
    assert sizes[0] < 0.52 * sizes[1]


@given(n=st.integers(1, 200), k=st.integers(1, 40), wide=st.sampled_from([8, 16, 32]), head=st.sampled_from([4, 12]), seed=st.integers(0, 99))
def test_panels_come_apart(n: int, k: int, wide: int, head: int, seed: int) -> None:
    """What the C takes apart, in NumPy."""
    rng = np.random.default_rng(seed)
    widths = [wide if n - c > wide // 2 else wide // 2 for c in range(0, n, wide)]
    bodies = [rng.integers(-8, 8, 4 * k * w).astype(np.int8) for w in widths]
    heads = [rng.integers(-128, 128, head * w).astype(np.int8) for w in widths]
    packed = packed_panels(np.concatenate([np.concatenate(p) for p in zip(heads, bodies, strict=True)]), n, wide, head)
    for h, body in zip(heads, bodies, strict=True):
        assert (packed[: h.size] == h).all()
        part = packed[h.size : h.size + body.size // 2]
        assert (((part << 4).astype(np.int8) >> 4) == body[: part.size]).all() and ((part >> 4) == body[part.size :]).all()
        packed = packed[h.size + part.size :]
    assert not packed.size


def test_what_is_packed() -> None:
    assert packed_array(np.array([-8, 7, 3], np.int8)).tolist() == [0x78, 3]
    assert are_four_bits(np.array([-8, 7], np.int8))
    for no in ([-9, 0], [0, 8], [1, 1], [5]):
        assert not are_four_bits(np.array(no, np.int8))
    assert not are_four_bits(np.array([1, 2], np.uint8)) and not are_four_bits(None)
