"""References judged by ONNX Runtime: windows, norms, resize, recurrent networks, sampling, selection."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import helper

from pith.ops import base as ops

ops.load_all()


def runtime(op: str, inputs: list[np.ndarray | None], outputs: int = 1, opset: int = 20, **attrs: Any) -> list[np.ndarray]:
    """The outputs of one ONNX node."""
    names = [f"x{k}" if v is not None else "" for k, v in enumerate(inputs)]
    feeds = {n: v for n, v in zip(names, inputs, strict=True) if v is not None}
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in feeds.items()]
    results = [f"y{k}" for k in range(outputs)]
    graph = helper.make_graph([helper.make_node(op, names, results, **attrs)], "g", infos, [helper.make_empty_tensor_value_info(r) for r in results])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, feeds))


def same(got: list[np.ndarray], want: list[np.ndarray], tolerance: float = 2e-5) -> None:
    for a, b in zip(got, want, strict=False):
        assert a.shape == b.shape
        if b.dtype.kind in "iub":
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(1.0, float(np.abs(b).max(initial=0))))


def reference(op: str, inputs: list[np.ndarray | None], attrs: dict[str, Any]) -> list[np.ndarray]:
    return ops.OPS[op].reference(inputs, attrs)


RNG = np.random.default_rng(0)


def f(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("kernel,strides,pads,dilations", [
    ((3, 3), (2, 2), (1, 1, 1, 1), (1, 1)), ((2, 3), (1, 2), (0, 1, 1, 0), (2, 1)), ((1, 4), (1, 3), (0, 0, 0, 3), (1, 1)),
    ((2, 2, 3), (1, 2, 1), (0, 1, 1, 1, 0, 1), (1, 1, 1)), ((3,), (2,), (1, 1), (2,)),
])  # fmt: skip
def test_pools(kernel: tuple[int, ...], strides: tuple[int, ...], pads: tuple[int, ...], dilations: tuple[int, ...]) -> None:
    x = f(2, 3, *(9, 8, 7)[: len(kernel)])
    base: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "pads": pads, "dilations": dilations}
    same(reference("max_pool", [x], base), runtime("MaxPool", [x], 2, **base))
    if len(kernel) < 3:
        same(reference("max_pool", [x], {**base, "storage_order": 1}), runtime("MaxPool", [x], 2, storage_order=1, **base))
    for include in (0, 1):
        same(reference("average_pool", [x], {**base, "count_include_pad": include}), runtime("AveragePool", [x], count_include_pad=include, **base))
    if set(dilations) == {1}:
        plain = {k: v for k, v in base.items() if k != "dilations"}
        for p in (1, 2, 3):
            same(reference("lp_pool", [x], {**base, "p": p}), runtime("LpPool", [x], p=p, **plain))


def test_norms() -> None:
    x, c = f(2, 5, 4, 3), [np.abs(f(5)) + 1 for _ in range(4)]
    same(reference("instance_norm", [x, *c[:2]], {"epsilon": 1e-3}), runtime("InstanceNormalization", [x, *c[:2]], epsilon=1e-3))
    same(reference("batch_norm", [x, *c], {"epsilon": 1e-3}), runtime("BatchNormalization", [x, *c], epsilon=1e-3))
    attrs: dict[str, Any] = {"alpha": 0.3, "beta": 0.6, "bias": 1.5, "size": 3}
    same(reference("lrn", [x], attrs), runtime("LRN", [x], **attrs))
    for axis in (1, 3):
        shape = x.shape[axis:]
        given: list[np.ndarray | None] = [x, f(*shape), f(*shape)]
        same(reference("layer_norm", given, {"axis": axis, "epsilon": 1e-4}), runtime("LayerNormalization", given, 3, axis=axis, epsilon=1e-4))
        for p in (1, 2):
            same(reference("lp_normalization", [x], {"axis": axis, "p": p}), runtime("LpNormalization", [x], axis=axis, p=p))


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("coordinates", ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"])
@pytest.mark.parametrize("size", [(7, 9), (12, 10), (3, 4)])
def test_resize(mode: str, coordinates: str, size: tuple[int, int]) -> None:
    x = f(1, 2, 6, 5)
    sizes = (1, 2, *size)
    for antialias in (0, 1) if mode != "nearest" and coordinates == "half_pixel" else (0,):
        attrs = {
            "sizes": sizes, "scales": tuple(b / a for a, b in zip(x.shape, sizes, strict=True)), "mode": mode,
            "coordinate_mode": coordinates, "nearest_mode": "round_prefer_floor", "antialias": bool(antialias),
        }  # fmt: skip
        given = [x, None, None, np.array(sizes, np.int64)]
        want = runtime("Resize", given, mode=mode, coordinate_transformation_mode=coordinates, antialias=antialias)
        same(reference("resize", [x], attrs), want)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("op,gates", [("lstm", 4), ("gru", 3), ("rnn", 1)])
def test_recurrent(op: str, gates: int, direction: str) -> None:
    d, t, b, i, h = 2 if direction == "bidirectional" else 1, 6, 3, 7, 5
    given: list[np.ndarray | None] = [f(t, b, i), f(d, gates * h, i), f(d, gates * h, h), f(d, 2 * gates * h)]
    given += [np.array([6, 2, 4], np.int32), f(d, b, h)]
    if op == "lstm":
        given += [f(d, b, h), f(d, 3 * h)]
    count = len(reference(op, given, {"direction": direction}))
    for more in ({}, {"linear_before_reset": 1} if op == "gru" else {"clip": 0.5}):
        want = runtime(op.upper(), given, count, opset=14, hidden_size=h, direction=direction, **more)
        same(reference(op, given, {"direction": direction, **more}), want)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_grid_sample(mode: str) -> None:
    x, grid = f(2, 3, 5, 6), RNG.uniform(-1.7, 1.7, (2, 4, 5, 2)).astype(np.float32)
    for padding, corners in itertools.product(("zeros", "border", "reflection"), (0, 1)):
        attrs = {"mode": mode, "padding_mode": padding, "align_corners": corners}
        same(reference("grid_sample", [x, grid], attrs), runtime("GridSample", [x, grid], **attrs), 1e-4)


def test_regions() -> None:
    x = f(2, 3, 9, 8)
    rois, batch = np.array([[0, 0, 7, 7], [1.3, 2.1, 9, 5.2], [-2, 3, 4, 8]], np.float32), np.array([0, 1, 1], np.int64)
    for mode, coordinates, ratio in itertools.product(("avg", "max"), ("half_pixel", "output_half_pixel"), (0, 2)):
        attrs: dict[str, Any] = {"mode": mode, "sampling_ratio": ratio, "output_height": 3, "output_width": 2, "spatial_scale": 0.75}
        want = runtime("RoiAlign", [x, rois, batch], coordinate_transformation_mode=coordinates, **attrs)
        same(reference("roi_align", [x, rois, batch], {**attrs, "coordinate_mode": coordinates}), want)
    numbered = np.concatenate([batch[:, None].astype(np.float32), rois], axis=1)
    pool: dict[str, Any] = {"pooled_shape": (3, 2), "spatial_scale": 0.75}
    same(reference("max_roi_pool", [x, numbered], pool), runtime("MaxRoiPool", [x, numbered], **pool))


def test_selection() -> None:
    x = np.round(f(3, 6, 4) * 3)
    for axis, k, largest in itertools.product((0, 1, 2), (1, 3), (0, 1)):
        want = runtime("TopK", [x, np.array([k], np.int64)], 2, axis=axis, largest=largest)
        same(reference("top_k", [x], {"k": k, "axis": axis, "largest": bool(largest)}), want)
    for axis, exclusive, reverse in itertools.product((0, 2), (0, 1), (0, 1)):
        want = runtime("CumSum", [x, np.array(axis, np.int64)], exclusive=exclusive, reverse=reverse)
        same(reference("cumulative", [x], {"kind": "sum", "axis": axis, "exclusive": exclusive, "reverse": reverse}), want)


def test_transposes_move_through() -> None:
    """`permuted`: op(transpose(x)) equals transpose(op'(x)) for every operator that says so."""
    from pith.graph import DType, TensorType

    x = f(2, 6, 5, 4)
    window: dict[str, Any] = {"kernel_shape": (2, 3), "pads": (1, 0, 0, 1), "strides": (2, 1)}
    resize = {"sizes": (2, 6, 7, 3), "scales": (1.0, 1.0, 1.4, 0.75), "mode": "linear", "coordinate_mode": "half_pixel"}
    table: list[tuple[str, list[np.ndarray], dict[str, Any]]] = [
        ("max_pool", [], window), ("average_pool", [], window), ("lp_pool", [], {**window, "p": 2}),
        ("instance_norm", [f(5), f(5)], {"epsilon": 1e-5}), ("batch_norm", [f(5), f(5), f(5), np.abs(f(5))], {"epsilon": 1e-5}),
        ("lrn", [], {"alpha": 0.1, "beta": 0.75, "bias": 1.0, "size": 3}), ("resize", [], resize),
        ("cumulative", [], {"kind": "sum", "axis": 1}), ("top_k", [], {"k": 2, "axis": 1}), ("lp_normalization", [], {"axis": 1, "p": 2}),
    ]  # fmt: skip
    perm = (0, 3, 1, 2)  # x is channels last; the operator as written sees channels first
    for op, more, attrs in table:
        last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)) if op in ("resize", "cumulative", "top_k", "lp_normalization") else x
        if last is x:
            last = f(2, 6, 4, 5)
        moved = last.transpose(perm)
        types = [TensorType(DType.F32, moved.shape), *(TensorType(DType.F32, m.shape) for m in more)]
        changed = ops.OPS[op].permuted(attrs, perm, types)
        assert changed is not None, op
        if op == "resize":
            assert tuple(changed["sizes"]) == (2, 7, 3, 6)
        direct = reference(op, [moved, *more], attrs)
        around = reference(op, [last, *more], changed)
        for a, b in zip(direct, around, strict=True):
            np.testing.assert_array_equal(a, b.transpose(perm), err_msg=op)
