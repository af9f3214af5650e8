"""What exporters leave around shapes vanishes at import; names and order stay the model's."""

from __future__ import annotations

import cProfile
import pstats

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pith.importers.onnx import import_onnx
from tests.importers.build import model, node, ops, run_ort, run_pith, value

I64 = TensorProto.INT64


def test_shape_gather_concat_reshape_vanishes() -> None:
    """x.view(x.size(0), -1, x.size(2) // 2) as PyTorch writes it."""
    nodes = [
        node("Shape", ["x"], "s"),
        node("Gather", ["s", "zero"], "n", axis=0),
        node("Gather", ["s", "two"], "w", axis=0),
        node("Div", ["w", "two"], "half"),
        node("Unsqueeze", ["n", "front"], "n1"),
        node("Unsqueeze", ["half", "front"], "h1"),
        node("Concat", ["n1", "minus", "h1"], "shape", axis=0),
        node("Reshape", ["x", "shape"], "y"),
    ]
    constants = {"zero": np.array(0), "two": np.array(2), "front": np.array([0]), "minus": np.array([-1])}
    made = model(nodes, [value("x", ("b", 3, "w"))], [value("y", None)], constants)
    graph = import_onnx(made, shapes={"x": (2, 3, 8)})
    assert ops(graph) == ["reshape"] and graph.types["y"].shape == (2, 6, 4)
    assert not graph.constants
    x = np.random.default_rng(0).standard_normal((2, 3, 8)).astype(np.float32)
    np.testing.assert_array_equal(run_pith(made, {"x": x}, shapes={"b": 2, "w": 8})[0], run_ort(made, {"x": x})[0])


def test_range_and_expand_of_shapes_are_constants() -> None:
    """Position numbers: Range(0, length) expanded to the batch, cast and added."""
    nodes = [
        node("Shape", ["x"], "s"),
        node("Gather", ["s", "one"], "n", axis=0),
        node("Range", ["zero", "n", "one"], "r"),
        node("Expand", ["r", "s"], "e"),
        node("Cast", ["e"], "f", to=TensorProto.FLOAT),
        node("Add", ["x", "f"], "y"),
    ]
    made = model(nodes, [value("x", (2, 5))], [value("y", None)], {"zero": np.array(0), "one": np.array(1)})
    assert ops(import_onnx(made)) == ["add"]
    x = np.ones((2, 5), np.float32)
    np.testing.assert_array_equal(run_pith(made, {"x": x})[0], x + np.arange(5))


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        (3, ["slice", "reshape"]),
        ([1, 3, 5], ["slice"]),
        ([5, 4, 3], ["slice"]),
        ([-1, -2], ["slice"]),
        ([0, 1, 3], ["gather"]),
    ],
)
def test_gather_of_even_steps_is_a_slice(indices: int | list[int], expected: list[str]) -> None:
    made = model(
        [node("Gather", ["x", "i"], "y", axis=1)], [value("x", (2, 6))], [value("y", None)], {"i": np.array(indices)}
    )
    assert ops(import_onnx(made)) == expected
    x = np.random.default_rng(0).standard_normal((2, 6)).astype(np.float32)
    np.testing.assert_array_equal(run_pith(made, {"x": x})[0], np.take(x, indices, axis=1))


def test_reshape_to_a_declared_shape() -> None:
    """The shape is computed at run time, but the model says what comes out."""
    made = model(
        [node("Reshape", ["x", "s"], "y")], [value("x", (2, 6)), value("s", (2,), I64)], [value("y", (4, "k"))]
    )
    graph = import_onnx(made)
    assert graph.types["y"].shape == (4, 3) and graph.inputs == ["x", "s"]


def test_names_order_and_metadata() -> None:
    nodes = [
        node("Relu", ["x"], "a", name="act"),
        node("Add", ["a", "w"], "out 1"),
        node("Identity", ["x"], "same"),
        node("Neg", ["w"], "c"),
    ]
    made = model(
        nodes, [value("unused", (7,)), value("x", (2,))], [value("same", None), value("out 1", None), value("c", None)],
        {"w": np.array([1, 2], np.float32)},
    )  # fmt: skip
    made.producer_name, made.producer_version = "maker", "3"
    helper.set_model_props(made, {"task": "test"})
    graph = import_onnx(made)
    assert graph.inputs == ["unused", "x"] and graph.outputs == ["same", "out 1", "c"]
    assert [(n.op, n.name, n.origin) for n in graph.nodes if n.op != "reshape"] == [
        ("relu", "act", ("act",)), ("add", "out 1", ("out 1",))
    ]  # fmt: skip
    assert graph.metadata == {"task": "test", "producer": "maker 3", "opset": "ai.onnx 17"}
    x = np.array([-1, 3], np.float32)
    same, out, c = run_pith(made, {"x": x, "unused": np.zeros(7, np.float32)})
    np.testing.assert_array_equal(same, x)
    np.testing.assert_array_equal(out, [1, 5])
    np.testing.assert_array_equal(c, [-1, -2])


def test_two_outputs_of_one_value() -> None:
    nodes = [node("Relu", ["x"], "a"), node("Identity", ["a"], "b"), node("Dropout", ["a"], "c")]
    made = model(nodes, [value("x", (2,))], [value(n, None) for n in "abc"])
    results = run_pith(made, {"x": np.array([-1, 3], np.float32)})
    assert [r.tolist() for r in results] == [[0, 3]] * 3


def test_nodes_out_of_order_are_sorted() -> None:
    nodes = [node("Neg", ["a"], "y"), node("Exp", ["x"], "a")]
    assert ops(import_onnx(model(nodes, [value("x", (2,))], [value("y", None)]))) == ["exp", "neg"]


def test_dead_nodes_do_no_harm() -> None:
    nodes = [node("Relu", ["x"], "y"), node("NoSuchOperator", ["x"], "z"), node("Exp", ["x"], "e")]
    assert ops(import_onnx(model(nodes, [value("x", (2,))], [value("y", None)]))) == ["relu"]


def test_large_results_stay_for_run_time() -> None:
    """Broadcasting one number to a gigabyte is not folded."""
    nodes = [
        node("ConstantOfShape", ["s"], "big"),
        node("ReduceSum", ["big"], "sum", keepdims=0),
        node("Add", ["x", "sum"], "y"),
    ]
    graph = import_onnx(model(nodes, [value("x", (2,))], [value("y", None)], {"s": np.array([1 << 14, 1 << 14])}))
    assert ops(graph) == ["expand", "reduce", "add"]
    assert sum(a.nbytes for a in graph.constants.values()) < 1000


def chain(count: int) -> onnx.ModelProto:
    nodes = [
        node("Relu" if k % 2 else "Add", [f"v{k}"] if k % 2 else [f"v{k}", "w"], f"v{k + 1}") for k in range(count)
    ]
    return model(nodes, [value("v0", (8,))], [value(f"v{count}", None)], {"w": np.ones(8, np.float32)})


def test_import_time_grows_with_the_number_of_nodes() -> None:
    """Twenty times the nodes take about twenty times the function calls (counted: time would depend on the machine)."""

    def calls(count: int) -> int:
        made = chain(count)
        profile = cProfile.Profile()
        profile.runcall(import_onnx, made)
        return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]

    calls(10)  # caches fill
    assert calls(2000) < 25 * calls(100)
