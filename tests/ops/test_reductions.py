"""Reductions and reference execution against formulas written anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pith.graph import Graph, InputError, Node, TensorType
from pith.graph.dtype import DType
from pith.ops import OPS, load_all
from pith.ops.interpret import run_reference

load_all()
X = np.random.default_rng(0).standard_normal((3, 4, 5)).astype(np.float32)
WIDE = X.astype(np.float64)


def reduce(x: np.ndarray, kind: str, axes: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
    (y,) = OPS["reduce"].reference([x], {"kind": kind, "axes": axes, "keepdims": keepdims})
    assert OPS["reduce"].infer(
        [TensorType(DType.of(x.dtype), x.shape)], {"kind": kind, "axes": axes, "keepdims": keepdims}
    )[0] == (TensorType(DType.of(y.dtype), y.shape))
    return y


@pytest.mark.parametrize(
    ("kind", "want"),
    [
        ("sum", WIDE.sum((0, 2))),
        ("mean", WIDE.mean((0, 2))),
        ("prod", WIDE.prod((0, 2))),
        ("l1", np.abs(WIDE).sum((0, 2))),
        ("l2", np.sqrt((WIDE**2).sum((0, 2)))),
        ("sum_square", (WIDE**2).sum((0, 2))),
        ("log_sum_exp", np.log(np.exp(WIDE).sum((0, 2)))),
        ("max", WIDE.max((0, 2))),
        ("min", WIDE.min((0, 2))),
    ],
)
def test_kinds(kind: str, want: np.ndarray) -> None:
    np.testing.assert_allclose(reduce(X, kind, (0, 2)), want, rtol=1e-6)
    assert reduce(X, kind, (0, 2), True).shape == (1, 4, 1)


def test_log_sum_exp_does_not_overflow() -> None:
    assert reduce(np.full((2,), 1000, np.float32), "log_sum_exp", (0,)) == np.float32(1000 + np.log(2))
    assert reduce(np.full((2,), -np.inf, np.float32), "log_sum_exp", (0,)) == -np.inf


def test_integers_wrap_and_their_mean_truncates() -> None:
    assert reduce(np.array([100, 100], np.int8), "sum", (0,)) == -56
    assert reduce(np.array([-3, -4, 0], np.int32), "mean", (0,)) == -2
    assert reduce(np.array([[True, False], [True, True]]), "min", (0,)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("kind", "want"), [("sum", 0), ("prod", 1), ("max", -np.inf), ("min", np.inf), ("l2", 0), ("log_sum", -np.inf)]
)
def test_over_nothing(kind: str, want: float) -> None:
    assert reduce(np.zeros((0, 2), np.float32), kind, (0,)).tolist() == [want, want]


@pytest.mark.parametrize(
    ("kind", "last", "want"), [("max", False, 1), ("max", True, 3), ("min", False, 0), ("min", True, 2)]
)
def test_arg_reduce_of_equals(kind: str, last: bool, want: int) -> None:
    attrs = {"kind": kind, "axis": 0, "keepdims": False, "select_last_index": last}
    (y,) = OPS["arg_reduce"].reference([np.array([1.0, 2.0, 1.0, 2.0], np.float32)], attrs)
    assert y == want and y.dtype == np.int64


def test_scatter_with_repeated_indices() -> None:
    data, indices, updates = np.ones(4, np.float32), np.array([1, 1, -1]), np.array([5, 7, 2], np.float32)
    for reduction, want in {
        "none": [1, 7, 1, 2],
        "add": [1, 13, 1, 3],
        "mul": [1, 35, 1, 2],
        "max": [1, 7, 1, 2],
        "min": [1, 1, 1, 1],
    }.items():
        (y,) = OPS["scatter_elements"].reference([data, indices, updates], {"axis": 0, "reduction": reduction})
        assert y.tolist() == want
        (y,) = OPS["scatter_nd"].reference([data, indices[:, None], updates], {"reduction": reduction})
        assert y.tolist() == want


def small_graph() -> Graph:
    graph = Graph("g", ["x"], ["z", "k"])
    for name in ("x", "y", "z"):
        graph.types[name] = TensorType(DType.F32, (2,))
    graph.set_constant("k", np.array([1, 2], np.float32))
    graph.nodes = [Node("neg", ["x"], ["y"]), Node("add", ["y", "k"], ["z"])]
    return graph


def test_run_reference() -> None:
    z, k = run_reference(small_graph(), {"x": np.array([1, 1], np.float32)})
    assert z.tolist() == [0, 1] and k.tolist() == [1, 2]


@pytest.mark.parametrize(
    "inputs",
    [{}, {"x": np.ones(2)}, {"x": np.ones(3, np.float32)}, {"x": np.ones(2, np.float32), "w": np.ones(2, np.float32)}],
)
def test_run_reference_refuses_what_does_not_fit(inputs: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        run_reference(small_graph(), inputs)
