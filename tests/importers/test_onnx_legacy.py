"""Old forms of operators, as exporters of their day wrote them, against ONNX Runtime or NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from pith.graph import UnsupportedError
from tests.importers.build import model, node, run_ort, run_pith, single, value

X = np.random.default_rng(3).standard_normal((2, 3, 4, 5)).astype(np.float32)


def agree(made: Any, feed: dict[str, np.ndarray], rtol: float = 1e-6) -> None:
    for want, got in zip(run_ort(made, feed), run_pith(made, feed), strict=True):
        np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize(
    ("op", "opset", "attrs"),
    [
        ("Slice", 9, {"starts": [0, -3], "ends": [2, 2**31 - 1], "axes": [1, 3]}),
        ("Squeeze", 11, {"axes": [1]}),
        ("Unsqueeze", 11, {"axes": [0, -1]}),
        ("Pad", 10, {"pads": [0, 1, 2, 0, 0, 0, 1, 3], "mode": "reflect"}),
        ("Pad", 10, {"pads": [0, 1, 2, 0, 0, 0, 1, 3], "value": 2.5}),
        ("Clip", 10, {"min": -0.5, "max": 0.25}),
        ("Clip", 10, {"max": 0.25}),
        ("Split", 12, {"axis": 3, "split": [2, 3]}),
        ("ReduceSum", 12, {"axes": [1, 3], "keepdims": 0}),
        ("ReduceMean", 17, {"axes": [-1]}),
        ("Softmax", 12, {"axis": 1}),
        ("Softmax", 12, {}),
        ("LogSoftmax", 11, {"axis": 2}),
        ("Hardmax", 12, {"axis": 2}),
        ("Flatten", 9, {"axis": 2}),
        ("TopK", 9, {"k": 2, "axis": 2}),
        ("Upsample", 7, {"scales": [1.0, 1.0, 2.0, 3.0], "mode": "nearest"}),
        ("Upsample", 7, {"scales": [1.0, 1.0, 2.0, 3.0], "mode": "linear"}),
        ("Dropout", 10, {"ratio": 0.4}),
        ("Dropout", 7, {}),
    ],
)
def test_attributes_that_became_inputs(op: str, opset: int, attrs: dict[str, Any]) -> None:
    x = X[:, :1] if op == "Squeeze" else X
    outputs = 2 if op in ("Split", "TopK") else 1
    made = single(op, {"x": x}, opset=opset, outputs=outputs, **attrs)
    if op == "TopK":
        made.graph.output[1].type.tensor_type.elem_type = TensorProto.INT64
    agree(made, {"x": x})


@pytest.mark.parametrize(("scales", "mode"), [([1, 1, 2, 2], "nearest"), ([1, 1, 1.5, 2], "linear")])
@pytest.mark.parametrize(("op", "opset"), [("Upsample", 9), ("Resize", 10)])
def test_scales_as_an_input(op: str, opset: int, scales: list[float], mode: str) -> None:
    made = single(op, {"x": X}, constants={"s": np.array(scales, np.float32)}, opset=opset, mode=mode)
    agree(made, {"x": X})


# ONNX Runtime starts at opset 7, so NumPy is the judge of what is older.


@pytest.mark.parametrize(
    ("shape", "axis", "aligned"), [((3, 4), 1, (3, 4, 1)), ((5,), None, (5,)), ((2,), 0, (2, 1, 1, 1))]
)
def test_broadcast_attribute(shape: tuple[int, ...], axis: int | None, aligned: tuple[int, ...]) -> None:
    b = np.random.default_rng(4).standard_normal(shape).astype(np.float32)
    attrs: dict[str, Any] = {"broadcast": 1} | ({} if axis is None else {"axis": axis})
    made = single("Mul", {"x": X}, constants={"b": b}, opset=6, **attrs)
    np.testing.assert_array_equal(run_pith(made, {"x": X})[0], X * b.reshape(aligned))


def test_prelu_slope_of_each_channel() -> None:
    slope = np.array([0.1, -0.5, 2.0], np.float32)
    made = single("PRelu", {"x": X}, constants={"s": slope}, opset=6)
    expected = np.where(X < 0, X * slope.reshape(3, 1, 1), X)
    np.testing.assert_allclose(run_pith(made, {"x": X})[0], expected, rtol=1e-7)


def test_reshape_attribute() -> None:
    made = single("Reshape", {"x": X}, opset=1, shape=[0, -1, 10])
    np.testing.assert_array_equal(run_pith(made, {"x": X})[0], X.reshape(2, 6, 10))


def test_tile_along_one_axis() -> None:
    constants = {"tiles": np.array(3.0, np.float32), "axis": np.array(1.0, np.float32)}
    made = single("Tile", {"x": X}, constants=constants, opset=1)
    np.testing.assert_array_equal(run_pith(made, {"x": X})[0], np.tile(X, (1, 3, 1, 1)))


def test_cast_to_a_named_type() -> None:
    made = single("Cast", {"x": X * 10}, opset=5, to="INT32", out_type=TensorProto.INT32)
    np.testing.assert_array_equal(run_pith(made, {"x": X * 10})[0], (X * 10).astype(np.int32))


def test_batch_normalization_of_opset_6() -> None:
    stats = {
        k: np.array(v, np.float32)
        for k, v in {"s": [1, 2, 3], "b": [0, 1, -1], "m": [0.5, 0, 1], "v": [1, 2, 4]}.items()
    }
    made = single("BatchNormalization", {"x": X}, constants=stats, opset=6, is_test=1, epsilon=1e-3)
    s, b, m, v = (a.astype(np.float64).reshape(3, 1, 1) for a in stats.values())
    np.testing.assert_allclose(run_pith(made, {"x": X})[0], (X - m) / np.sqrt(v + 1e-3) * s + b, rtol=1e-5, atol=1e-6)


def test_dropout_that_drops_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="1 node of the model"):
        run_pith(single("Dropout", {"x": X}, opset=6, is_test=0), {"x": X})


def test_first_form_of_scan() -> None:
    """Opset 8: a batch axis before the scanned one; a running sum."""
    from onnx import helper

    body = helper.make_graph(
        [node("Add", ["s", "e"], "t"), node("Identity", ["t"], "o")], "body",
        [value("s", (2,)), value("e", (2,))], [value("t", (2,)), value("o", (2,))],
    )  # fmt: skip
    x = np.random.default_rng(5).standard_normal((3, 4, 2)).astype(np.float32)
    start = np.zeros((3, 2), np.float32)
    made = model(
        [node("Scan", ["", "start", "x"], ["last", "all"], body=body, num_scan_inputs=1)],
        [value("start", (3, 2)), value("x", (3, 4, 2))], [value("last", None), value("all", None)], opset=8,
    )  # fmt: skip
    last, everything = run_pith(made, {"start": start, "x": x})
    np.testing.assert_allclose(everything, np.cumsum(x, 1), rtol=1e-6)
    np.testing.assert_allclose(last, x.sum(1), rtol=1e-5)
