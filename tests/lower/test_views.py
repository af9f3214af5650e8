"""Views: reshapes, slices, transposes and concats cost no copy where the layout allows, and are right where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from pith.api import compile_graph, generate
from pith.graph import DType, Graph, TensorType
from pith.ops import add_node, load_all
from pith.targets.base import get_target

load_all()


def _graph(*shapes: tuple[int, ...]) -> Graph:
    g = Graph("views")
    for i, s in enumerate(shapes):
        g.inputs.append(f"x{i}")
        g.types[f"x{i}"] = TensorType(DType.F32, s)
    return g


def _steps(g: Graph) -> list[str]:
    return [s.op for s in generate([g], get_target("c99"), "views").programs[0].steps]


def _run(g: Graph) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(g.types[i].shape).astype(np.float32) for i in g.inputs]
    out = compile_graph(g, "c99", optimize=False)(*arrays)
    return (*arrays, *(out if isinstance(out, tuple) else (out,)))


def test_reshape_between_elementwise_costs_nothing() -> None:
    g = _graph((4, 6))
    a = add_node(g, "relu", ["x0"])
    b = add_node(g, "reshape", [a], {"shape": (2, 12)})
    g.outputs = [add_node(g, "neg", [b])]
    assert _steps(g) == ["relu", "neg"]
    x, y = _run(g)
    np.testing.assert_array_equal(y, -np.maximum(x, 0).reshape(2, 12))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_concat_parts_are_written_in_place(axis: int) -> None:
    g = _graph((2, 3, 4))
    a, b = add_node(g, "relu", ["x0"]), add_node(g, "neg", ["x0"])
    g.outputs = [add_node(g, "concat", [a, b], {"axis": axis})]
    assert _steps(g) == ["relu", "neg"]
    x, y = _run(g)
    np.testing.assert_array_equal(y, np.concatenate([np.maximum(x, 0), -x], axis))


def test_nested_concat_and_reshape_are_written_in_place() -> None:
    g = _graph((2, 3), (2, 5))
    a, b = add_node(g, "relu", ["x0"]), add_node(g, "neg", ["x1"])
    inner = add_node(g, "concat", [a, b], {"axis": 1})
    c = add_node(g, "reshape", [add_node(g, "abs", ["x0"])], {"shape": (2, 3)})
    g.outputs = [add_node(g, "concat", [inner, c], {"axis": 1})]
    assert _steps(g) == ["relu", "neg", "abs"]
    x0, x1, y = _run(g)
    np.testing.assert_array_equal(y, np.concatenate([np.maximum(x0, 0), -x1, np.abs(x0)], 1))


def test_concat_of_inputs_and_repeats_copies() -> None:
    g = _graph((2, 3))
    a = add_node(g, "relu", ["x0"])
    g.outputs = [add_node(g, "concat", ["x0", a, a], {"axis": 1})]
    x, y = _run(g)
    np.testing.assert_array_equal(y, np.concatenate([x, np.maximum(x, 0), np.maximum(x, 0)], 1))


def test_slices_with_negative_steps() -> None:
    g = _graph((5, 6))
    s = add_node(g, "slice", ["x0"], {"starts": (4, 1), "steps": (-2, 3), "shape": (3, 2)})
    g.outputs = [add_node(g, "relu", [s])]
    assert _steps(g) == ["relu"]
    x, y = _run(g)
    np.testing.assert_array_equal(y, np.maximum(x[4::-2, 1::3][:3, :2], 0))


def test_outputs_that_are_inputs_views_or_repeated() -> None:
    g = _graph((2, 3))
    t = add_node(g, "transpose", ["x0"], {"perm": (1, 0)})
    r = add_node(g, "relu", ["x0"])
    g.outputs = ["x0", t, r, r]
    x, same, turned, a, b = _run(g)
    np.testing.assert_array_equal(same, x)
    np.testing.assert_array_equal(turned, x.T)
    np.testing.assert_array_equal(a, np.maximum(x, 0))
    np.testing.assert_array_equal(b, a)


def test_in_place_does_not_overwrite_what_is_still_needed() -> None:
    g = _graph((4, 5))
    a = add_node(g, "relu", ["x0"])
    b = add_node(g, "neg", [a])
    c = add_node(g, "abs", [b])
    g.outputs = [add_node(g, "add", [a, c])]
    x, y = _run(g)
    np.testing.assert_array_equal(y, 2 * np.maximum(x, 0))
    assert generate([g], get_target("c99"), "v").programs[0].arena_size <= 2 * 128


@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (1, 3, 9, 11), (1, 20, 9, 4), (3, 17, 19, 1), (1, 1, 4, 5)])
@pytest.mark.parametrize("perm", [(0, 2, 3, 1), (0, 3, 1, 2), (1, 0, 2, 3), (3, 2, 1, 0)])
def test_transposes(shape: tuple[int, ...], perm: tuple[int, ...]) -> None:
    g = _graph(shape)
    g.outputs = [add_node(g, "transpose", ["x0"], {"perm": perm})]
    x, y = _run(g)
    np.testing.assert_array_equal(y, x.transpose(perm))
