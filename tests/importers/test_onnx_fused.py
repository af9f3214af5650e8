"""Fused operators of ONNX Runtime's own domain, and a few maps that the backend suite does not reach, against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from tests.importers.build import model, node, run_ort, run_pith, single, value

RNG = np.random.default_rng(11)
X = RNG.standard_normal((2, 4, 6)).astype(np.float32)
IMAGE = RNG.standard_normal((1, 4, 7, 8)).astype(np.float32)


def vector(n: int) -> np.ndarray:
    return RNG.standard_normal(n).astype(np.float32)


def agree(made: Any, feed: dict[str, np.ndarray], tolerance: float = 1e-5) -> None:
    for want, got in zip(run_ort(made, feed), run_pith(made, feed), strict=True):
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("op", "constants"),
    [("Gelu", {}), ("FastGelu", {}), ("FastGelu", {"b": vector(6)}), ("BiasGelu", {"b": vector(6)}), ("QuickGelu", {})],
)
def test_gelu(op: str, constants: dict[str, np.ndarray]) -> None:
    agree(single(op, {"x": X}, constants=constants, domain="com.microsoft"), {"x": X}, 2e-4)


def test_skip_layer_normalization() -> None:
    skip = RNG.standard_normal(X.shape).astype(np.float32)
    constants = {"g": vector(6), "b": vector(6), "bias": vector(6)}
    made = single(
        "SkipLayerNormalization", {"x": X, "s": skip}, constants=constants, domain="com.microsoft", epsilon=1e-3
    )
    agree(made, {"x": X, "s": skip})


@pytest.mark.parametrize(("trans_a", "trans_b", "alpha"), [(0, 0, 1.0), (1, 0, 0.5), (0, 1, 2.0), (1, 1, -1.0)])
def test_fused_matmul(trans_a: int, trans_b: int, alpha: float) -> None:
    a = X.swapaxes(1, 2).copy() if trans_a else X
    b = RNG.standard_normal((5, 6) if trans_b else (6, 5)).astype(np.float32)
    made = single(
        "FusedMatMul", {"a": a}, constants={"b": b}, domain="com.microsoft", transA=trans_a, transB=trans_b, alpha=alpha
    )
    agree(made, {"a": a})


@pytest.mark.parametrize(
    ("activation", "params"),
    [
        ("Relu", None),
        ("Sigmoid", None),
        ("Tanh", None),
        ("Clip", [-0.5, 0.5]),
        ("LeakyRelu", [0.3]),
        ("HardSigmoid", [0.3, 0.4]),
    ],
)
def test_fused_conv(activation: str, params: list[float] | None) -> None:
    attrs: dict[str, Any] = {"activation": activation} | ({} if params is None else {"activation_params": params})
    constants = {"w": RNG.standard_normal((3, 4, 3, 3)).astype(np.float32), "b": vector(3)}
    made = single("FusedConv", {"x": IMAGE}, constants=constants, domain="com.microsoft", pads=[1, 1, 1, 1], **attrs)
    agree(made, {"x": IMAGE})


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize(
    ("op", "attrs"), [("MaxPool", {}), ("AveragePool", {"count_include_pad": 1}), ("AveragePool", {})]
)
def test_pools_with_automatic_padding(op: str, attrs: dict[str, Any], auto_pad: str) -> None:
    agree(single(op, {"x": IMAGE}, kernel_shape=[3, 2], strides=[2, 3], auto_pad=auto_pad, **attrs), {"x": IMAGE})


@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 0, 1, 1]])
@pytest.mark.parametrize(
    ("op", "attrs"), [("MaxPool", {}), ("AveragePool", {"count_include_pad": 1}), ("AveragePool", {})]
)
def test_pools_in_ceil_mode(op: str, attrs: dict[str, Any], pads: list[int]) -> None:
    made = single(op, {"x": IMAGE}, opset=19, kernel_shape=[3, 2], strides=[2, 3], ceil_mode=1, pads=pads, **attrs)
    agree(made, {"x": IMAGE})


@pytest.mark.parametrize(
    "attrs",
    [
        {"strides": [2, 3], "pads": [1, 0, 1, 1], "output_padding": [1, 2]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [3, 2], "auto_pad": "SAME_LOWER"},
        {"strides": [2, 2], "output_shape": [14, 17]},
        {"group": 2, "dilations": [2, 1]},
    ],
)
def test_transposed_convolutions(attrs: dict[str, Any]) -> None:
    constants = {"w": RNG.standard_normal((4, 2, 3, 3)).astype(np.float32), "b": vector(2 * attrs.get("group", 1))}
    agree(single("ConvTranspose", {"x": IMAGE}, constants=constants, **attrs), {"x": IMAGE})


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ("bhid,bhjd->bhij", [(2, 3, 4, 5), (2, 3, 6, 5)]),
        ("i,j->ij", [(3,), (4,)]),
        ("ij->ji", [(3, 4)]),
        ("ij->", [(3, 4)]),
        ("ii->i", [(3, 3)]),
        ("iij->j", [(3, 3, 2)]),
        ("...ij,...jk->...ik", [(2, 1, 3, 4), (5, 4, 2)]),
        ("ab,bc,cd->da", [(2, 3), (3, 4), (4, 5)]),
        ("bn,anm,bm->ba", [(2, 5), (3, 5, 4), (2, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
    ],
)
def test_einsum(equation: str, shapes: list[tuple[int, ...]]) -> None:
    arrays = {f"x{k}": RNG.standard_normal(s).astype(np.float32) for k, s in enumerate(shapes)}
    made = single("Einsum", arrays, equation=equation)
    want = np.einsum(equation, *(a.astype(np.float64) for a in arrays.values()))
    np.testing.assert_allclose(run_pith(made, arrays)[0], want, rtol=1e-5, atol=1e-5)


def test_clip_with_bounds_of_run_time() -> None:
    low, high = np.array(-0.5, np.float32), np.array(0.25, np.float32)
    agree(single("Clip", {"x": X, "low": low, "high": high}), {"x": X, "low": low, "high": high})


def test_pad_with_a_value_of_run_time() -> None:
    v = np.array(3.5, np.float32)
    made = model(
        [node("Pad", ["x", "p", "v"], "y")], [value("x", X.shape), value("v", ())], [value("y", None)],
        {"p": np.array([0, 1, -2, 0, 2, 1])},
    )  # fmt: skip
    agree(made, {"x": X, "v": v})


def test_group_normalization_of_opset_21_and_18() -> None:
    """Scale and bias of every channel against those of every group."""
    wide = IMAGE.astype(np.float64).reshape(1, 2, -1)
    normal = (wide - wide.mean(2, keepdims=True)) / np.sqrt(wide.var(2, keepdims=True) + 1e-5)
    for opset, n in ((21, 4), (18, 2)):
        scale, bias = vector(n), vector(n)
        made = single("GroupNormalization", {"x": IMAGE}, constants={"s": scale, "b": bias}, opset=opset, num_groups=2)
        s, b = (np.repeat(v, 4 // n).reshape(4, 1, 1) for v in (scale, bias))
        want = normal.reshape(IMAGE.shape) * s + b
        np.testing.assert_allclose(run_pith(made, {"x": IMAGE})[0], want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("a", "b"), [((3,), (3,)), ((3,), (2, 3, 4)), ((2, 4, 3), (3,)), ((2, 1, 4, 3), (5, 3, 2))])
def test_matmul_of_vectors_and_batches(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    arrays = {"a": RNG.standard_normal(a).astype(np.float32), "b": RNG.standard_normal(b).astype(np.float32)}
    agree(single("MatMul", arrays), arrays)


@pytest.mark.parametrize(
    ("c", "alpha", "beta"), [((5,), 1.0, 1.0), ((3, 1), 0.5, 2.0), ((), 1.0, 1.0), ((3, 5), 1.0, 0.0)]
)
def test_gemm(c: tuple[int, ...], alpha: float, beta: float) -> None:
    arrays = {"a": RNG.standard_normal((4, 3)).astype(np.float32), "b": RNG.standard_normal((5, 4)).astype(np.float32)}
    constants = {"c": np.asarray(RNG.standard_normal(c), np.float32)}
    agree(single("Gemm", arrays, constants=constants, transA=1, transB=1, alpha=alpha, beta=beta), arrays)


def test_one_hot_of_negative_and_outside_indices() -> None:
    indices = np.array([0, -1, 2, 7, -9])
    constants = {"d": np.array(3), "v": np.array([5, 9], np.float32)}
    made = single("OneHot", {"i": indices}, constants=constants, axis=0)
    np.testing.assert_array_equal(
        run_pith(made, {"i": indices})[0].T, [[9, 5, 5], [5, 5, 9], [5, 5, 9], [5] * 3, [5] * 3]
    )


def test_top_k_where_k_comes_from_the_declared_output() -> None:
    made = model(
        [node("TopK", ["x", "k"], ["v", "i"])], [value("x", (6,)), value("k", (1,), TensorProto.INT64)],
        [value("v", (2,)), value("i", (2,), TensorProto.INT64)],
    )  # fmt: skip
    feed = {"x": np.array([1, 9, 3, 7, 5, 0], np.float32), "k": np.array([2])}
    values, indices = run_pith(made, feed)
    assert values.tolist() == [9, 7] and indices.tolist() == [1, 3]
