"""Views and permuted attributes of operators mean what their references compute, over random shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith.graph import DType, ShapeError, TensorType
from pith.ops import OPS, load_all
from pith.ops.base import contiguous_strides

load_all()
SHAPES = st.lists(st.sampled_from([1, 2, 3, 5, 7]), min_size=1, max_size=4).map(tuple)


def filled(shape: tuple[int, ...]) -> np.ndarray:
    """Distinct numbers, not in order."""
    n = int(np.prod(shape))
    return np.reshape((np.arange(n) * 37) % (n + 1) - n // 2, shape).astype(np.float32)


@st.composite
def slices(draw: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    parts = []
    for d in shape:
        start, step = draw(st.integers(0, d - 1)), draw(st.sampled_from([1, 2, -1, -3]))
        room = (d - 1 - start) // step if step > 0 else start // -step
        parts.append((start, step, draw(st.integers(1, room + 1))))
    starts, steps, counts = zip(*parts, strict=True)
    return {"starts": starts, "steps": steps, "shape": counts}


@st.composite
def moves(draw: Any) -> tuple[str, tuple[int, ...], dict[str, Any]]:
    """An operator that only re-addresses, an input shape, attributes."""
    shape = draw(SHAPES)
    op = draw(st.sampled_from(["slice", "expand", "transpose", "reshape"]))
    if op == "slice":
        return op, shape, draw(slices(shape))
    if op == "transpose":
        return op, shape, {"perm": tuple(draw(st.permutations(range(len(shape)))))}
    if op == "expand":
        grown = tuple(draw(st.sampled_from([1, 4])) if d == 1 else d for d in shape)
        return op, shape, {"shape": (draw(st.sampled_from([1, 2])), *grown)}
    merged = draw(st.integers(1, len(shape)))
    return op, shape, {"shape": (int(np.prod(shape[:merged])), 1, *shape[merged:])}


def seen(x: np.ndarray, offset: int, strides: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """The elements of x's buffer that a view addresses."""
    places = np.full(shape, offset)
    for a, s in enumerate(strides):
        places = places + (np.arange(shape[a]) * s).reshape([-1 if b == a else 1 for b in range(len(shape))])
    return np.take(x, places)


@given(moves())
@settings(deadline=None, max_examples=300)
def test_views_address_what_the_reference_copies(case: tuple[str, tuple[int, ...], dict[str, Any]]) -> None:
    name, shape, attrs = case
    x = filled(shape)
    (want,) = OPS[name].reference([x], attrs)
    assert OPS[name].infer([TensorType(DType.F32, shape)], attrs)[0].shape == want.shape
    view = OPS[name].view(shape, contiguous_strides(shape), attrs, want.shape)
    assert view is not None
    np.testing.assert_array_equal(seen(x, *view, want.shape), want)


@st.composite
def permutable(draw: Any) -> tuple[str, tuple[int, ...], dict[str, Any], tuple[int, ...]]:
    shape = draw(SHAPES)
    rank, perm = len(shape), tuple(draw(st.permutations(range(len(shape)))))
    inner = tuple(shape[p] for p in perm)  # what the operator sees
    axis = draw(st.integers(0, rank - 1))
    op = draw(
        st.sampled_from(["slice", "pad", "concat", "reduce", "arg_reduce", "softmax", "log_softmax", "expand", "abs"])
    )
    pads = tuple(draw(st.lists(st.integers(0, 2), min_size=2 * rank, max_size=2 * rank)))
    mode = draw(st.sampled_from(["constant", "edge", "wrap"]))
    attrs: dict[str, dict[str, Any]] = {
        "slice": draw(slices(inner)),
        "pad": {"pads": pads, "mode": mode, "value": 1.5},
        "concat": {"axis": axis},
        "reduce": {
            "kind": draw(st.sampled_from(["sum", "max", "l2"])),
            "axes": tuple(sorted({axis, 0})),
            "keepdims": True,
        },
        "arg_reduce": {"kind": "min", "axis": axis, "keepdims": True, "select_last_index": True},
        "softmax": {"axis": axis},
        "log_softmax": {"axis": axis},
        "expand": {"shape": tuple(4 if d == 1 else d for d in inner)},
        "abs": {},
    }
    return op, shape, attrs[op], perm


@given(permutable())
@settings(deadline=None, max_examples=300)
def test_permuted_attributes_move_a_transpose_through(
    case: tuple[str, tuple[int, ...], dict[str, Any], tuple[int, ...]],
) -> None:
    name, shape, attrs, perm = case
    arrays = [filled(shape)] * (2 if name == "concat" else 1)
    types = [TensorType(DType.F32, a.shape) for a in arrays]
    changed = OPS[name].permuted(attrs, perm, types)
    assert changed is not None
    (want,) = OPS[name].reference([a.transpose(perm) for a in arrays], attrs)
    (got,) = OPS[name].reference(arrays, changed)
    np.testing.assert_allclose(got.transpose(perm), want, rtol=1e-6)


@pytest.mark.parametrize(
    ("op", "shapes", "attrs"),
    [
        ("slice", [(4,)], {"starts": (3,), "steps": (1,), "shape": (2,)}),
        ("slice", [(4,)], {"starts": (1,), "steps": (-1,), "shape": (3,)}),
        ("slice", [(4,)], {"starts": (0,), "steps": (0,), "shape": (2,)}),
        ("expand", [(2, 3)], {"shape": (4, 3)}),
        ("concat", [(2, 3), (2, 4)], {"axis": 0}),
        ("concat", [(2, 3), (2, 3)], {"axis": 2}),
        ("pad", [(2,)], {"pads": (-1, 0), "mode": "constant", "value": 0}),
        ("gather", [(2, 3), (1,)], {"axis": 2}),
        ("gather_elements", [(2, 3), (3, 3)], {"axis": 1}),
        ("gather_nd", [(2, 3), (4, 3)], {"batch_dims": 0}),
        ("scatter_nd", [(2, 3), (4, 1), (4, 2)], {"reduction": "none"}),
        ("scatter_elements", [(2, 3), (1, 3), (2, 3)], {"axis": 0, "reduction": "none"}),
        ("reduce", [(2, 3)], {"kind": "sum", "axes": (2,), "keepdims": True}),
        ("arg_reduce", [(2, 0)], {"kind": "max", "axis": 1, "keepdims": True, "select_last_index": False}),
        ("softmax", [(2, 3)], {"axis": 2}),
        ("add", [(2, 3), (2, 4)], {}),
    ],
)
def test_shapes_that_do_not_fit(op: str, shapes: list[tuple[int, ...]], attrs: dict[str, Any]) -> None:
    with pytest.raises(ShapeError):
        OPS[op].infer([TensorType(DType.F32, s) for s in shapes], attrs)
