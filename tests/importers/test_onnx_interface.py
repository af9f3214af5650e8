"""Shapes and constants that the caller gives."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from pith.graph import ShapeError, UnsupportedError
from pith.importers.onnx import import_onnx, shape_inputs
from tests.importers.build import model, node, ops, run_pith, value

I64 = TensorProto.INT64


def image() -> onnx.ModelProto:
    return model(
        [node("Add", ["x", "m"], "y")],
        [value("x", ("batch", 3, "height", None)), value("m", ("batch", 1, 1, 1))],
        [value("y", None)],
    )


def test_unbound_dimensions_are_named_with_the_option_to_give() -> None:
    with pytest.raises(ShapeError) as e:
        import_onnx(image())
    assert (
        "input 'x'" in e.value.what
        and "0 (batch)" in e.value.what
        and "2 (height)" in e.value.what
        and "3 (?)" in e.value.what
    )
    assert "input 'm'" in e.value.what  # all at once
    assert e.value.try_ == "--shape x=1x3xHxW --shape m=1x1x1x1"


def test_a_shape_binds_its_symbols_everywhere() -> None:
    graph = import_onnx(image(), shapes={"x": (2, 3, 8, 9)})
    assert graph.types["m"].shape == (2, 1, 1, 1) and graph.types["y"].shape == (2, 3, 8, 9)


def test_symbols_by_name() -> None:
    made = image()
    made.graph.input[0].type.tensor_type.shape.dim[3].dim_param = "width"
    graph = import_onnx(made, shapes={"batch": 1, "height": 4, "width": 5})
    assert graph.types["x"].shape == (1, 3, 4, 5)


@pytest.mark.parametrize(
    ("shapes", "word"),
    [
        ({"x": (2, 4, 8, 9)}, "fixes it to ?x3x?x?"),
        ({"x": (2, 3, 8)}, "fixes it"),
        ({"x": (2, 3, 8, 9), "m": (5, 1, 1, 1)}, "'batch' is 2 and 5"),
        ({"X": (2, 3, 8, 9)}, "no input 'X'"),
        ({"heigth": 8}, "did you mean 'height'?"),
        ({"x": 8}, "whole shape"),
        ({"x": (-1, 3, 8, 9)}, "negative"),
        ({"x": (2**31, 3, 2**31, 9)}, "too large"),
    ],
)
def test_shapes_that_do_not_fit(shapes: dict[str, tuple[int, ...] | int], word: str) -> None:
    from pith.graph import PithError

    with pytest.raises(PithError) as e:
        import_onnx(image(), shapes=shapes)
    assert word in str(e.value)


def test_input_without_a_declared_shape() -> None:
    made = model([node("Relu", ["x"], "y")], [value("x", None)], [value("y", None)])
    with pytest.raises(ShapeError, match="input 'x'"):
        import_onnx(made)
    assert import_onnx(made, shapes={"x": (3, 4)}).types["y"].shape == (3, 4)


def sliced() -> onnx.ModelProto:
    """The ends of a slice go through arithmetic before they are needed."""
    return model(
        [node("Add", ["n", "one"], "ends"), node("Slice", ["x", "zero", "ends", "zero"], "y", name="cut")],
        [value("x", (5, 2)), value("n", (1,), I64)], [value("y", None)], {"one": np.array([1]), "zero": np.array([0])},
    )  # fmt: skip


def test_a_value_that_decides_a_shape() -> None:
    with pytest.raises(ShapeError) as e:
        import_onnx(sliced())
    assert "ends" in e.value.what and "cut" in e.value.where and "--const n=VALUE" in e.value.try_
    assert shape_inputs(sliced()) == {"n"}
    x = np.arange(10, dtype=np.float32).reshape(5, 2)
    np.testing.assert_array_equal(run_pith(sliced(), {"x": x}, constants={"n": np.array([2])})[0], x[:3])


def test_a_constant_takes_the_declared_type() -> None:
    graph = import_onnx(sliced(), constants={"n": np.array([2], np.int8)})
    assert graph.inputs == ["x"] and graph.types["y"].shape == (3, 2)
    for bad in (np.array([2.5]), np.array(["two"]), np.array([[2]])):
        with pytest.raises(ShapeError):
            import_onnx(sliced(), constants={"n": bad})


def test_constants_of_unknown_names() -> None:
    with pytest.raises(ShapeError, match="no input 'k'"):
        import_onnx(sliced(), constants={"k": np.array([2])})


def test_weights_listed_as_inputs_are_constants() -> None:
    made = model(
        [node("Add", ["x", "w"], "y")],
        [value("x", (2,)), value("w", (2,))],
        [value("y", None)],
        {"w": np.ones(2, np.float32)},
    )
    assert import_onnx(made).inputs == ["x"]
    with pytest.raises(ShapeError, match="'w' is no input of the model, but one of its weights") as e:
        import_onnx(made, shapes={"w": (2,)})
    assert e.value.why == "its inputs are x"
    with pytest.raises(ShapeError, match="no input 'k'") as e:
        import_onnx(made, shapes={"k": (2,)})
    assert e.value.why == "its inputs are x" and "did you mean" not in e.value.try_
    replaced = run_pith(made, {"x": np.zeros(2, np.float32)}, constants={"w": np.array([5, 6], np.float32)})
    np.testing.assert_array_equal(replaced[0], [5, 6])


def test_strings_and_sequences_as_inputs_are_refused() -> None:
    from onnx import helper

    made = model(
        [node("Identity", ["s"], "y"), node("SequenceAt", ["q", "k"], "z")],
        [value("s", (1,), TensorProto.STRING), helper.make_tensor_sequence_value_info("q", 1, None)],
        [value("y", None), value("z", None)], {"k": np.array(0)},
    )  # fmt: skip
    with pytest.raises(UnsupportedError) as e:
        import_onnx(made)
    assert "input at s" in e.value.where and "string" in e.value.where and "sequence_type" in e.value.where


def test_shape_inputs_through_a_loop() -> None:
    """The trip count, and a carried value that ends as a shape."""
    from onnx import helper

    body = helper.make_graph(
        [node("Add", ["n", "one"], "n2"), node("Identity", ["c"], "c2"), node("Reshape", ["x", "n"], "seen")], "body",
        [value("i", (), I64), value("c", (), TensorProto.BOOL), value("n", (1,), I64)],
        [value("c2", (), TensorProto.BOOL), value("n2", (1,), I64), value("seen", None)],
    )  # fmt: skip
    made = model(
        [node("Loop", ["m", "", "start"], ["last", "all"], body=body)],
        [value("x", (4,)), value("m", (), I64), value("start", (1,), I64)],
        [value("last", None, I64)], {"one": np.array([0])},
    )  # fmt: skip
    assert shape_inputs(made) == {"m", "start"}
    graph = import_onnx(made, constants={"m": np.array(2), "start": np.array([4])})
    assert ops(graph) == [] and graph.constants["last"].tolist() == [4]
