"""Axes: how reshapes and transposes commute, and where transposes are left."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith.graph import DType, Graph
from pith.passes import decompose, fold_constants, layout, simplify, widen
from pith.passes.axes import commute, matched_groups
from pith.passes.layout import moved_bytes
from tests.passes.helpers import Builder, check, ops
from tests.passes.random_graphs import ANY, random_graphs

POOL: dict[str, Any] = {"kernel_shape": (2, 2), "strides": (2, 2), "pads": (0,) * 4, "dilations": (1, 1), "layout": "channels_first"}


def laid_out(graph: Graph) -> Graph:
    """The graph after the layout pass and what tidies around it."""
    return check(graph, fold_constants.run, simplify.run, decompose.run, widen.run, fold_constants.run, layout.run, simplify.run)


# ---- reshape against transpose


@st.composite
def _reshapes(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Two shapes of one size, and an order of the axes of the first."""
    factors = draw(st.lists(st.sampled_from([2, 2, 3, 5]), max_size=4))
    shapes = []
    for _ in range(2):
        dims = [1] * draw(st.integers(1, 4))
        for f in factors:
            dims[draw(st.integers(0, len(dims) - 1))] *= f
        shapes.append(tuple(dims))
    return shapes[0], shapes[1], tuple(draw(st.permutations(range(len(shapes[0])))))


@given(_reshapes())
@settings(max_examples=300, deadline=None)
def test_commute_finds_an_order_exactly_when_there_is_one(case: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]) -> None:
    source, target, perm = case
    x = np.arange(np.prod(source)).reshape(source)
    stored = x.transpose(perm).reshape(-1)
    y = x.reshape(target)
    order = commute(source, target, perm)
    if order is None:
        assert not any((y.transpose(q).reshape(-1) == stored).all() for q in itertools.permutations(range(len(target))))
    else:
        np.testing.assert_array_equal(y.transpose(order).reshape(-1), stored)


def test_matched_groups() -> None:
    assert matched_groups((2, 3, 1, 4), (6, 1, 2, 2)) == [([0, 1], [0]), ([3], [2, 3])]


# ---- counts of transposes


def test_chain_of_convolutions_has_transposes_at_the_borders_only() -> None:
    b = Builder()
    x = b.input(1, 3, 12, 12)
    for k in range(4):
        y = b("relu", b.conv(x, 8, 3, pad=1))
        x = b("add", x, y) if k else y
    y = b("mul", x, b("sigmoid", b.conv(b("reduce", x, kind="mean", axes=(2, 3), keepdims=True), 8)))
    y = b("add", y, b.random(1, 8, 12, 12))
    y = b("prelu", y, b.random(8, 1, 1))
    new = laid_out(b.done(b("max_pool", y, storage_order=0, **POOL)))
    assert ops(new)["transpose"] == 2
    assert all(n.attrs["layout"] == "channels_last" for n in new.nodes if "layout" in n.attrs)


def test_channels_last_border_needs_none() -> None:
    b = Builder()
    x = b("transpose", b.input(1, 9, 9, 3), perm=(0, 3, 1, 2))
    y = b("transpose", b("tanh", b.conv(x, 4, 3)), perm=(0, 2, 3, 1))
    assert ops(laid_out(b.done(y))) == {"conv": 1, "tanh": 1}


def test_concat_slice_pad_resize_and_softmax_follow() -> None:
    b = Builder()
    x = b("transpose", b.input(1, 6, 6, 4), perm=(0, 3, 1, 2))
    y = b.conv(x, 6)
    y = b("concat", y, b.conv(x, 2), b.random(1, 1, 6, 6), axis=1)
    y = b("slice", y, starts=(0, 8, 1, 0), steps=(1, -2, 1, 1), shape=(1, 4, 4, 6))
    y = b("pad", y, pads=(0, 1, 0, 2, 0, 0, 3, 0), mode="edge", value=0.0)
    y = b("resize", y, sizes=(1, 5, 14, 16), scales=(1.0, 1.0, 2.0, 2.0), mode="linear", coordinate_mode="half_pixel", nearest_mode="floor",
          cubic_coeff_a=-0.75, exclude_outside=False, antialias=False, roi=(), extrapolation_value=0.0)  # fmt: skip
    y = b("softmax", y, axis=1)
    y = b("cumulative", y, kind="sum", axis=2, exclusive=False, reverse=True)
    y = b("instance_norm", y, b.random(5), b.random(5), epsilon=1e-5, layout="channels_first")
    assert "transpose" not in ops(laid_out(b.done(b("transpose", y, perm=(0, 2, 3, 1)))))


def test_channel_shuffle_moves_data_once() -> None:
    b = Builder()
    x = b("transpose", b.input(2, 5, 7, 12), perm=(0, 3, 1, 2))
    y = b("reshape", b.conv(x, 12), shape=(2, 3, 4, 5, 7))
    y = b("reshape", b("transpose", y, perm=(0, 2, 1, 3, 4)), shape=(2, 12, 5, 7))
    new = laid_out(b.done(b("transpose", b.conv(y, 6), perm=(0, 2, 3, 1))))
    assert ops(new)["transpose"] == 1


def test_shuffle_into_halves_is_two_slices() -> None:
    """The form mobile networks are exported in: even and odd channels, batch of one."""
    b = Builder()
    x = b("transpose", b.input(1, 5, 7, 12), perm=(0, 3, 1, 2))
    y = b("transpose", b("reshape", b.conv(x, 12), shape=(6, 2, 35)), perm=(1, 0, 2))
    y = b("reshape", y, shape=(2, 1, 6, 5, 7))
    halves = [b("reshape", b("slice", y, starts=(k, 0, 0, 0, 0), steps=(1,) * 5, shape=(1, 1, 6, 5, 7)), shape=(1, 6, 5, 7)) for k in (0, 1)]
    y = b("concat", halves[0], b.conv(halves[1], 6), axis=1)
    assert "transpose" not in ops(laid_out(b.done(b("transpose", b.conv(y, 2), perm=(0, 2, 3, 1)))))


def test_depth_to_space() -> None:
    b = Builder()
    x = b("transpose", b.input(1, 4, 6, 3), perm=(0, 3, 1, 2))
    y = b("transpose", b("reshape", b.conv(x, 12), shape=(1, 2, 2, 3, 4, 6)), perm=(0, 3, 4, 1, 5, 2))
    y = b("reshape", y, shape=(1, 3, 8, 12))
    assert ops(laid_out(b.done(b("transpose", b.conv(y, 2, 3), perm=(0, 2, 3, 1)))))["transpose"] == 1


def test_detection_heads() -> None:
    """reshape and concat of heads: exported with a transpose in front (SSD) or behind (YOLO)."""
    b = Builder()
    maps = [b("transpose", b.input(1, s, s, 4), perm=(0, 3, 1, 2)) for s in (4, 2)]
    ssd = [b("reshape", b("transpose", b.conv(m, 6), perm=(0, 2, 3, 1)), shape=(1, 3 * m_size, 2)) for m, m_size in zip(maps, (16, 4), strict=True)]
    yolo = [b("reshape", b.conv(m, 7), shape=(1, 7, m_size)) for m, m_size in zip(maps, (16, 4), strict=True)]
    outs = [b("softmax", b("concat", *ssd, axis=1), axis=2), b("transpose", b("concat", *yolo, axis=2), perm=(0, 2, 1))]
    assert "transpose" not in ops(laid_out(b.done(*outs)))


@pytest.mark.parametrize("trans_b", [False, True])
def test_flatten_goes_into_the_rows_of_a_product(trans_b: bool) -> None:
    b = Builder()
    x = b("transpose", b.input(2, 4, 5, 3), perm=(0, 3, 1, 2))
    flat = b("reshape", b.conv(x, 6), shape=(2, 120))
    y = b("matmul", flat, b.random(*((7, 120) if trans_b else (120, 7)), scale=0.1), b.random(7), trans_a=False, trans_b=trans_b)
    z = b("matmul", flat, b.random(120, 3, scale=0.1), trans_a=False, trans_b=False)
    assert "transpose" not in ops(laid_out(b.done(y, z)))


def test_flatten_that_others_read_is_moved() -> None:
    b = Builder()
    x = b("transpose", b.input(2, 4, 5, 3), perm=(0, 3, 1, 2))
    flat = b("reshape", b.conv(x, 6), shape=(2, 120))
    assert ops(laid_out(b.done(b.matmul(flat, 3), b("exp", flat))))["transpose"] == 1


def test_flatten_of_one_pixel_is_free() -> None:
    b = Builder()
    x = b("transpose", b.input(2, 4, 5, 3), perm=(0, 3, 1, 2))
    y = b("reduce", b.conv(x, 6), kind="mean", axes=(2, 3), keepdims=False)
    assert "transpose" not in ops(laid_out(b.done(y)))


def test_moves_where_fewest_bytes_move() -> None:
    """An enlarged result is moved before it grows; a reduced one after it shrank."""
    b = Builder()
    x = b("transpose", b.input(1, 6, 6, 3), perm=(0, 3, 1, 2))
    resize: dict[str, Any] = {"mode": "nearest", "coordinate_mode": "asymmetric", "nearest_mode": "floor", "cubic_coeff_a": -0.75,
                              "exclude_outside": False, "antialias": False, "roi": (), "extrapolation_value": 0.0}  # fmt: skip
    big = b("resize", b.conv(x, 4), sizes=(1, 4, 24, 24), scales=(1.0, 1.0, 4.0, 4.0), **resize)
    assert moved_bytes(laid_out(b.done(big))) == 4 * 36 * 4
    small = b("reduce", b.conv(x, 4), kind="max", axes=(1,), keepdims=True)
    assert moved_bytes(laid_out(b.done(small))) == 0


def test_operators_without_a_faster_layout_stay() -> None:
    b = Builder()
    x, d = b.input(1, 3, 6, 6), b.input(1, 3, 6, 6, dtype=DType.F64)
    w = b.input(4, 3, 2, 2)
    attrs: dict[str, Any] = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_first"}
    runtime = b("conv", x, w, "", **attrs)
    double = b("conv", d, b.const(b.rng.standard_normal((4, 3, 2, 2)), DType.F64), "", **attrs)
    cube = b("conv", b.input(1, 2, 4, 4, 4), b.random(3, 2, 2, 2, 2), "",
             strides=(1,) * 3, pads=(0,) * 6, dilations=(1,) * 3, group=1, layout="channels_first")  # fmt: skip
    new = laid_out(b.done(runtime, double, cube, b("exp", x)))
    assert ops(new) == {"conv": 3, "exp": 1}


def test_transpose_is_not_pushed_from_a_view_onto_a_copy() -> None:
    """x -> transpose -> relu -> out reads a view; relu -> transpose -> out would be a pass more."""
    b = Builder()
    y = b("relu", b("transpose", b.input(3, 4, 5), perm=(2, 0, 1)))
    new = laid_out(b.done(y))
    assert [n.op for n in new.nodes] == ["transpose", "relu"]


def test_indices_of_a_pool_do_not_change() -> None:
    b = Builder()
    x = b.conv(b.input(2, 3, 6, 6), 4)
    y = b("max_pool", x, storage_order=0, **POOL)
    node = b.graph.nodes[-1]
    node.outputs = [y, b.graph.fresh("indices")]
    b.graph.types[node.outputs[1]] = type(b.graph.types[y])(DType.I64, b.graph.types[y].shape)
    check(b.done(*node.outputs), layout.run, simplify.run)


def test_product_of_transposed_operands() -> None:
    b = Builder()
    q, k = (b("transpose", b("reshape", b.input(2, 5, 12), shape=(2, 5, 3, 4)), perm=(0, 2, 1, 3)) for _ in range(2))
    y = b("matmul", b("mul", q, b.const(0.5)), b("transpose", k, perm=(0, 1, 3, 2)), trans_a=False, trans_b=False)
    y = b("matmul", b("softmax", y, axis=3), b("transpose", b.input(2, 5, 3, 4), perm=(0, 2, 1, 3)), trans_a=False, trans_b=False)
    y = b("reshape", b("transpose", y, perm=(0, 2, 1, 3)), shape=(2, 5, 12))
    before = ops(b.done(y))["transpose"]
    assert ops(laid_out(b.graph))["transpose"] <= before


def test_lower_rank_operands_are_lifted() -> None:
    b = Builder()
    x = b.conv(b.input(1, 3, 4, 6), 5)
    y = b("add", b("add", b("add", x, b.input(6)), b.input(5, 1, 1)), b.input(1, 1))
    laid_out(b.done(b.conv(y, 2)))


@given(random_graphs(ANY))
@settings(max_examples=100, deadline=None)
def test_without_pictures_no_more_bytes_move_than_before(graph: Graph) -> None:
    tidy = check(graph, decompose.run, simplify.run)
    assert moved_bytes(check(tidy, layout.run, simplify.run)) <= moved_bytes(tidy)
