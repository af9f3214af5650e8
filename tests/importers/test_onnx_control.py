"""If, Loop, Scan, functions and sequences against ONNX Runtime or NumPy."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pith.graph import ModelError, UnsupportedError
from pith.importers.onnx import import_onnx, shape_inputs
from tests.importers.build import model, node, ops, run_ort, run_pith, value

F, I64, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
X = np.random.default_rng(1).standard_normal((4, 3)).astype(np.float32)


def graph(
    name: str, nodes: list[onnx.NodeProto], inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
) -> onnx.GraphProto:
    return helper.make_graph(nodes, name, inputs, outputs)


def branches() -> dict[str, onnx.GraphProto]:
    """Both see the outer x; both call what they make z, which the outer graph makes too."""
    return {
        "then_branch": graph("t", [node("Exp", ["x"], "z")], [], [value("z", None)]),
        "else_branch": graph("e", [node("Neg", ["x"], "w"), node("Abs", ["w"], "z")], [], [value("z", None)]),
    }


@pytest.mark.parametrize("truth", [True, False])
def test_if_with_a_constant_condition_is_inlined(truth: bool) -> None:
    made = model(
        [node("Cast", ["flag"], "c", to=B), node("If", ["c"], "y", **branches())],
        [value("x", (4, 3))], [value("y", None)], {"flag": np.array(int(truth))},
    )  # fmt: skip
    assert ops(import_onnx(made)) == (["exp"] if truth else ["neg", "abs"])
    np.testing.assert_allclose(run_pith(made, {"x": X})[0], run_ort(made, {"x": X})[0], rtol=1e-6)


@pytest.mark.parametrize("truth", [True, False])
def test_if_with_a_run_time_condition_computes_both(truth: bool) -> None:
    made = model([node("If", ["c"], "y", **branches())], [value("x", (4, 3)), value("c", (), B)], [value("y", None)])
    assert ops(import_onnx(made))[-1] == "where"
    feed = {"x": X, "c": np.array(truth)}
    np.testing.assert_allclose(run_pith(made, feed)[0], run_ort(made, feed)[0], rtol=1e-6)


def test_if_with_branches_of_different_shapes_is_refused() -> None:
    sides = branches() | {"else_branch": graph("e", [node("Flatten", ["x"], "z", axis=0)], [], [value("z", None)])}
    made = model(
        [node("If", ["c"], "y", name="fork", **sides)], [value("x", (4, 3)), value("c", (), B)], [value("y", None)]
    )
    with pytest.raises(UnsupportedError) as e:
        import_onnx(made)
    assert "fork" in e.value.where and "condition" in e.value.where
    assert shape_inputs(made) == {"c"}
    np.testing.assert_array_equal(run_pith(made, {"x": X}, constants={"c": np.array(False)})[0], X.reshape(1, 12))


def counting_loop(trips: int, limit: float, *, run_time_limit: bool = False) -> onnx.ModelProto:
    """Doubles v while the iteration number is below `limit`; collects v of each iteration."""
    body = graph(
        "body",
        [
            node("Cast", ["i"], "f", to=F),
            node("Less", ["f", "limit"], "more"),
            node("Add", ["v", "v"], "v_next"),
            node("Identity", ["v_next"], "seen"),
        ],
        [value("i", (), I64), value("go", (), B), value("v", (4, 3))],
        [value("more", (), B), value("v_next", (4, 3)), value("seen", (4, 3))],
    )
    inputs = [value("x", (4, 3))] + ([value("limit", ())] if run_time_limit else [])
    constants = {"m": np.array(trips), "c": np.array(True)}
    if not run_time_limit:
        constants["limit"] = np.array(limit, np.float32)
    return model(
        [node("Loop", ["m", "c", "x"], ["v", "all"], name="loop", body=body)],
        inputs,
        [value("v", None), value("all", None)],
        constants,
    )


@pytest.mark.parametrize(("trips", "limit"), [(3, 99.0), (50, 2.0), (1, 0.0), (0, 5.0)])
def test_loop_unrolls(trips: int, limit: float) -> None:
    made = counting_loop(trips, limit)
    for want, got in zip(run_ort(made, {"x": X}), run_pith(made, {"x": X}), strict=True):
        np.testing.assert_array_equal(got, want)


def test_loop_that_depends_on_data_is_refused() -> None:
    made = counting_loop(3, 0.0, run_time_limit=True)
    with pytest.raises(UnsupportedError) as e:
        import_onnx(made)
    assert "loop" in e.value.where and "how often it runs" in e.value.where
    assert shape_inputs(made) == {"limit"}
    bound = run_pith(made, {"x": X}, constants={"limit": np.array(1, np.float32)})
    np.testing.assert_array_equal(bound[0], X * 4)


def test_endless_loop_is_refused() -> None:
    with pytest.raises(UnsupportedError) as e:
        import_onnx(counting_loop(2**62, 1e9))
    assert "10,000" in e.value.where


@pytest.mark.parametrize(("in_axis", "back"), [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize(("out_axis", "out_back"), [(0, 0), (1, 1)])
def test_scan_in_all_directions(in_axis: int, back: int, out_axis: int, out_back: int) -> None:
    size = X.shape[1 - in_axis]
    body = graph(
        "body",
        [node("Add", ["s", "e"], "t"), node("Mul", ["t", "e"], "o")],
        [value("s", (size,)), value("e", (size,))],
        [value("t", (size,)), value("o", (size,))],
    )
    made = model(
        [
            node(
                "Scan", ["s0", "x"], ["s", "all"], body=body, num_scan_inputs=1, scan_input_axes=[in_axis],
                scan_input_directions=[back], scan_output_axes=[out_axis], scan_output_directions=[out_back],
            )
        ],
        [value("x", (4, 3))], [value("s", None), value("all", None)], {"s0": np.zeros(size, np.float32)},
    )  # fmt: skip
    for want, got in zip(run_ort(made, {"x": X}), run_pith(made, {"x": X}), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)


def local_function() -> onnx.ModelProto:
    """y = scaled(x) + scaled(x, by=3), where scaled multiplies by an attribute with a default."""
    by = helper.make_attribute("value_float", 0.0)
    by.ref_attr_name, by.type = "by", onnx.AttributeProto.FLOAT
    by.ClearField("f")
    constant = helper.make_node("Constant", [], ["k"])
    constant.attribute.append(by)
    function = helper.make_function(
        "mine", "scaled", ["a"], ["b"], [constant, node("Mul", ["a", "k"], "b")], [helper.make_opsetid("", 17)],
        attribute_protos=[helper.make_attribute("by", 2.0)],
    )  # fmt: skip
    nodes = [
        node("scaled", ["x"], "p", domain="mine", name="first"),
        node("scaled", ["x"], "q", domain="mine", name="second", by=3.0),
        node("Add", ["p", "q"], "y"),
    ]
    return model(nodes, [value("x", (4, 3))], [value("y", None)], domains={"mine": 1}, functions=[function])


def test_functions_of_the_model_are_inlined() -> None:
    made = local_function()
    result = import_onnx(made)
    assert ops(result) == ["mul", "mul", "add"]
    assert [n.origin for n in result.nodes[:2]] == [("first",), ("second",)]
    np.testing.assert_allclose(run_pith(made, {"x": X})[0], X * 5, rtol=1e-6)


def test_function_that_calls_itself_is_refused() -> None:
    function = helper.make_function(
        "mine",
        "f",
        ["a"],
        ["b"],
        [node("f", ["a"], "b", domain="mine")],
        [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)],
    )
    made = model(
        [node("f", ["x"], "y", domain="mine")],
        [value("x", (1,))],
        [value("y", None)],
        domains={"mine": 1},
        functions=[function],
    )
    with pytest.raises(ModelError, match="deep"):
        import_onnx(made)


def test_sequences_vanish() -> None:
    split = np.array([1, 3])
    made = model(
        [
            node("SplitToSequence", ["x", "split"], "parts", axis=0),
            node("Neg", ["x"], "minus"),
            node("SequenceInsert", ["parts", "minus", "one"], "three"),
            node("SequenceErase", ["three", "zero"], "two"),
            node("SequenceLength", ["two"], "n"),
            node("SequenceAt", ["two", "last"], "z"),
            node("ConcatFromSequence", ["two"], "y", axis=0),
        ],
        [value("x", (4, 3))],
        [value("y", None), value("z", None), value("n", (), I64)],
        {"split": split, "one": np.array(1), "zero": np.array(0), "last": np.array(-1)},
    )
    for want, got in zip(run_ort(made, {"x": X}), run_pith(made, {"x": X}), strict=True):
        np.testing.assert_array_equal(got, want)


def test_sequence_as_an_output_is_refused() -> None:
    out = helper.make_tensor_sequence_value_info("y", F, None)
    made = model([node("SequenceConstruct", ["x", "x"], "y")], [value("x", (4, 3))], [out])
    with pytest.raises(UnsupportedError) as e:
        import_onnx(made)
    assert "sequences" in e.value.where


def test_initializers_of_a_subgraph_are_its_own() -> None:
    sides = branches()
    for k, side in enumerate(sides.values()):
        side.ClearField("node")
        side.node.append(node("Add", ["x", "k"], "z"))
        side.initializer.append(numpy_helper.from_array(np.array(k + 1, np.float32), "k"))
    made = model(
        [node("If", ["c"], "a", **sides), node("If", ["d"], "b", **sides), node("Mul", ["a", "b"], "y")],
        [value("x", (4, 3))], [value("y", None)], {"c": np.array(True), "d": np.array(False)},
    )  # fmt: skip
    np.testing.assert_allclose(run_pith(made, {"x": X})[0], (X + 1) * (X + 2), rtol=1e-6)
