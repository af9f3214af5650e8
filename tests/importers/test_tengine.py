"""Tengine models: files written here table by table, beside NumPy; and the published landmark network on annotated faces."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pith
from benchmarks.formats import landmark_error
from pith.graph import ModelError, ShapeError, UnsupportedError
from pith.importers import import_model
from pith.importers.tengine import known_layers
from pith.importers.tengine.operators import FIELDS, NAMES
from pith.ops.interpret import run_reference
from tests.importers.tengine_files import Net

RNG = np.random.default_rng(23)
DATA = Path(os.environ.get("PITH_DATA", "/nonexistent"))
needs_data = pytest.mark.skipif(not DATA.exists(), reason="PITH_DATA does not say where the published models are")
SHAPE = (2, 4, 5, 6)


def numbers(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def conv(x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int, pads: tuple[int, int, int, int], group: int = 1, dilation: int = 1) -> np.ndarray:
    """Convolution in float64, written out; pads top, left, bottom, right."""
    x = np.pad(x.astype(np.float64), [(0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])])
    kh, kw = w.shape[2:]
    oh = (x.shape[2] - (kh - 1) * dilation - 1) // stride + 1
    ow = (x.shape[3] - (kw - 1) * dilation - 1) // stride + 1
    y = np.zeros((x.shape[0], w.shape[0], oh, ow))
    per, outs = w.shape[1], w.shape[0] // group
    for i in range(kh):
        for j in range(kw):
            part = x[:, :, i * dilation : i * dilation + (oh - 1) * stride + 1 : stride, j * dilation : j * dilation + (ow - 1) * stride + 1 : stride]
            for g in range(group):
                y[:, g * outs : (g + 1) * outs] += np.einsum("nchw,oc->nohw", part[:, g * per : (g + 1) * per], w[g * outs : (g + 1) * outs, :, i, j])
    return y if b is None else y + b[:, None, None]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def window(kind: Any, x: np.ndarray, k: int, s: int, pads: tuple[int, int, int, int], fill: float) -> np.ndarray:
    x = np.pad(x.astype(np.float64), [(0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])], constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::s, ::s]
    return np.asarray(kind(view, axis=(-1, -2)))


A, B, V4, U4 = numbers(*SHAPE), numbers(*SHAPE), numbers(4), numbers(4)
W, DW, FC, DE = numbers(3, 4, 3, 3), numbers(4, 1, 3, 3), numbers(7, 120), numbers(4, 3, 3, 3)
POS = np.abs(V4) + 0.5
CONV = {"kernel_h": 3, "kernel_w": 3, "stride_h": 1, "stride_w": 1, "dilation_h": 1, "dilation_w": 1, "in": 4, "out": 3, "group": 1, "activation": -1}
POOL = {"kernel_h": 3, "kernel_w": 3, "stride_h": 2, "stride_w": 2}


def deconv(x: np.ndarray) -> np.ndarray:
    full = np.zeros((2, 3, 2 * 5 + 1, 2 * 6 + 1))
    for i in range(5):
        for j in range(6):
            full[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += np.einsum("nc,cokl->nokl", x[:, :, i, j], DE)
    return full[:, :, 1:-1, 1:-1]


def shuffled(x: np.ndarray, g: int) -> np.ndarray:
    n, c, h, w = x.shape
    return x.reshape(n, g, c // g, h, w).swapaxes(1, 2).reshape(n, c, h, w)


# operator, parameters, run-time inputs, constants, the results
Formula = tuple[str, dict[str, Any], list[np.ndarray], list[np.ndarray], Callable[..., Any]]
FORMULAS: list[Formula] = [
    ("Convolution", CONV | {"stride_h": 2, "stride_w": 2, "pad_h0": 1, "pad_w0": 1, "pad_h1": 1, "pad_w1": 1, "activation": 0}, [A], [W, V4[:3]],
     lambda x: np.maximum(conv(x, W, V4[:3], 2, (1, 1, 1, 1)), 0)),
    ("Convolution", CONV | {"pad_h0": -1, "pad_w0": -1, "pad_h1": -1, "pad_w1": -1, "stride_h": 2, "stride_w": 2, "activation": 6}, [A], [W],
     lambda x: np.clip(conv(x, W, None, 2, (1, 0, 1, 1)), 0, 6)),
    ("Convolution", CONV | {"out": 4, "group": 4, "pad_h0": 0, "pad_w0": 2, "pad_h1": 1, "pad_w1": 0, "activation": 1}, [A], [DW],
     lambda x: np.clip(conv(x, DW, None, 1, (0, 2, 1, 0), 4), -1, 1)),
    ("Convolution", CONV | {"dilation_h": 2, "dilation_w": 2}, [A], [W], lambda x: conv(x, W, None, 1, (0, 0, 0, 0), 1, 2)),
    ("Deconvolution", {k: v for k, v in CONV.items() if k != "in"} | dict.fromkeys(("stride_h", "stride_w"), 2)
     | dict.fromkeys(("pad_w0", "pad_h0", "pad_w1", "pad_h1"), 1), [A], [DE], deconv),
    ("FullyConnected", {"out": 7}, [A], [FC, numbers(7) * 0], lambda x: (x.reshape(2, 120) @ FC.T).reshape(2, 7, 1, 1)),
    ("Pooling", POOL | {"kind": 0}, [A], [], lambda x: window(np.max, x, 3, 2, (0, 0, 0, 0), 0)),
    ("Pooling", POOL | {"kind": 1, "caffe": 1}, [numbers(1, 2, 6, 6)], [], lambda x: np.stack([np.stack([
        x[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].mean((2, 3)) for j in range(3)], -1) for i in range(3)], -2)),
    ("Pooling", POOL | {"kind": 0, "pad_h0": 1, "pad_w0": 1, "pad_h1": 1, "pad_w1": 1}, [A], [],
     lambda x: window(np.max, x, 3, 2, (1, 1, 1, 1), -np.inf)),
    ("Pooling", {"kind": 1, "global": 1}, [A], [], lambda x: x.mean((2, 3), keepdims=True)),
    ("BatchNormalization", {"rescale": 1.0, "eps": 1e-3}, [A], [V4, U4, V4 / 2, POS],
     lambda x: (x - V4[:, None, None] / 2) / np.sqrt(POS[:, None, None] + 1e-3) * V4[:, None, None] + U4[:, None, None]),
    ("BatchNormalization", {"rescale": 2.0, "eps": 1e-3, "caffe": 1}, [A], [V4, U4, V4, POS],
     lambda x: (x - V4[:, None, None] / 2) / np.sqrt(POS[:, None, None] / 2 + 1e-3)),
    ("Scale", {"axis": 1, "num_axes": 1, "bias": 1}, [A], [V4, U4], lambda x: x * V4[:, None, None] + U4[:, None, None]),
    ("Bias", {}, [A], [V4], lambda x: x + V4[:, None, None]),
    ("PReLU", {}, [A], [V4], lambda x: np.where(x > 0, x, x * V4[:, None, None])),
    ("ReLU", {"slope": 0.1}, [A], [], lambda x: np.where(x > 0, x, 0.1 * x)), ("ReLU6", {}, [A * 9], [], lambda x: np.clip(x, 0, 6)),
    ("ReLU1", {}, [A], [], lambda x: np.clip(x, -1, 1)), ("Clip", {"max": 0.5, "min": -0.25}, [A], [], lambda x: np.clip(x, -0.25, 0.5)),
    ("ELU", {"alpha": 0.7}, [A], [], lambda x: np.where(x > 0, x, 0.7 * np.expm1(x))),
    ("SELU", {"alpha": 1.6, "lambda": 1.1}, [A], [], lambda x: 1.1 * np.where(x > 0, x, 1.6 * np.expm1(x))),
    ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}, [A], [], lambda x: np.clip(0.3 * x + 0.4, 0, 1)),
    ("HardSwish", {"alpha": 0.3, "beta": 0.4}, [A], [], lambda x: x * np.clip(0.3 * x + 0.4, 0, 1)),
    ("Sigmoid", {}, [A], [], sigmoid), ("Logistic", {}, [A], [], sigmoid), ("Tanh", {}, [A], [], np.tanh), ("AbsVal", {}, [A], [], np.abs),
    ("Mish", {}, [A], [], lambda x: x * np.tanh(np.log1p(np.exp(x)))), ("Softplus", {}, [A], [], lambda x: np.log1p(np.exp(x))),
    ("Ceil", {}, [A], [], np.ceil), ("Round", {}, [A], [], np.rint), ("Reciprocal", {}, [A], [], lambda x: 1 / x),
    ("Dropout", {}, [A], [], lambda x: x), ("Noop", {}, [A], [], lambda x: x),
    ("LRN", {"size": 3, "alpha": 0.5, "beta": 0.75, "k": 2.0}, [A], [], lambda x: x / (2 + 0.5 / 3 * sum(
        np.pad(x * x, [(0, 0), (1, 1), (0, 0), (0, 0)])[:, i : i + 4] for i in range(3))) ** 0.75),
    ("InstanceNorm", {"eps": 1e-3}, [A], [V4, U4], lambda x: (x - x.mean((2, 3), keepdims=True)) / np.sqrt(
        x.var((2, 3), keepdims=True) + 1e-3) * V4[:, None, None] + U4[:, None, None]),
    ("Softmax", {"axis": 1}, [A], [], lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
    ("LogSoftmax", {"axis": -1}, [A], [], lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True))),
    ("Eltwise", {"type": 2}, [A, B], [], np.add), ("Eltwise", {"type": 0}, [A, B], [], np.multiply), ("Eltwise", {"type": 4}, [A, B], [], np.subtract),
    ("Eltwise", {"type": 6}, [A, B], [], np.maximum), ("Eltwise", {"type": 10}, [A, B], [], np.divide),
    ("Eltwise", {"type": 2}, [A], [V4], lambda x: x + V4[:, None, None]), ("Eltwise", {"type": 12}, [A], [], np.exp),
    ("Eltwise", {"type": 15}, [A], [], np.square), ("Eltwise", {"type": 1}, [A], [np.float32([3])], lambda x: 3 * x),
    ("Maximum", {}, [A, B], [], np.maximum), ("Minimum", {}, [A, B], [], np.minimum), ("SquaredDifference", {}, [A, B], [], lambda x, y: (x - y) ** 2),
    ("Concat", {"axis": 1}, [A, B], [], lambda x, y: np.concatenate([x, y], 1)), ("Flatten", {"axis": 1, "end_axis": 3}, [A], [], lambda x: x.reshape(2, 120)),
    ("Reshape", {"onnx": 1, "shape": [0, -1, 6]}, [A], [], lambda x: x.reshape(2, 20, 6)),
    ("Permute", {"order0": 0, "order1": 2, "order2": 3, "order3": 1}, [A], [], lambda x: x.transpose(0, 2, 3, 1)),
    ("Transpose", {"order": [3, 0, 1, 2]}, [A], [], lambda x: x.transpose(3, 0, 1, 2)), ("SwapAxis", {"a": 1, "b": 3}, [A], [], lambda x: x.swapaxes(1, 3)),
    ("ExpandDims", {"axis": 1}, [A], [], lambda x: x[:, None]), ("Unsqueeze", {"axes": [0, 3]}, [A], [], lambda x: x[None, :, :, None]),
    ("Split", {"caffe": 1}, [A], [], lambda x: (x, x)), ("Split", {"axis": 1, "parts": 2}, [A], [], lambda x: (x[:, :2], x[:, 2:])),
    ("Split", {"axis": 3, "sizes": [1, 5]}, [A], [], lambda x: (x[..., :1], x[..., 1:])),
    ("Slice", {"caffe": 1, "axis": 1, "points": [1]}, [A], [], lambda x: (x[:, :1], x[:, 1:])),
    ("Slice", {"onnx": 1, "axis": 3, "begin": 1, "end": -1, "step": 2}, [A], [], lambda x: x[..., 1:-1:2]),
    ("Slice", {"begins": [0, 1, 2, 0], "sizes": [2, 2, -1, 4]}, [A], [], lambda x: x[:, 1:3, 2:, :4]),
    ("Pad", {"h0": 1, "w1": 2, "mode": 0, "value": 0.5}, [A], [], lambda x: np.pad(x, [(0, 0), (0, 0), (1, 0), (0, 2)], constant_values=0.5)),
    ("Pad", {"h0": 1, "w1": 2, "mode": 2}, [A], [], lambda x: np.pad(x, [(0, 0), (0, 0), (1, 0), (0, 2)], mode="reflect")),
    ("ShuffleChannel", {"group": 2}, [A], [], lambda x: shuffled(x, 2)),
    ("DepthToSpace", {"block": 2}, [A], [], lambda x: x.reshape(2, 1, 2, 2, 5, 6).transpose(0, 1, 4, 2, 5, 3).reshape(2, 1, 10, 12)),
    ("SpaceToDepth", {"block": 2}, [numbers(1, 2, 4, 6)], [], lambda x: x.reshape(1, 2, 2, 2, 3, 2).transpose(0, 1, 3, 5, 2, 4).reshape(1, 8, 2, 3)),
    ("Interp", {"type": 1, "width_scale": 2.0, "height_scale": 2.0}, [A], [], lambda x: x.repeat(2, 2).repeat(2, 3)),
    ("Interp", {"type": 4, "width": 11, "height": 9}, [np.arange(30, dtype=np.float32).reshape(1, 1, 5, 6)], [],
     lambda x: (np.arange(9)[:, None] * 3 + np.arange(11) * 0.5)[None, None]),
    ("Upsample", {"scale": 3.0}, [A], [], lambda x: x.repeat(3, 2).repeat(3, 3)),
]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS, ids=[f"{f[0]}-{f[1]}" for f in FORMULAS])
def test_formulas(formula: Formula, tmp_path: Path) -> None:
    kind, params, inputs, constants, want = formula
    with np.errstate(all="ignore"):
        wanted = want(*(x.astype(np.float64) for x in inputs))
    expected = list(wanted) if isinstance(wanted, tuple) else [wanted]
    net = Net()
    names = [net.input(f"x{k}", x.shape) for k, x in enumerate(inputs)] + [net.constant(c) for c in constants]
    net.node(kind, params, names, outputs=len(expected))
    graph = import_model(net.save(tmp_path))
    found = run_reference(graph, {f"x{k}": x for k, x in enumerate(inputs)})
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_every_operator_has_a_formula() -> None:
    assert set(known_layers()) - {f[0] for f in FORMULAS} == {"Const", "InputOp"}
    assert set(FIELDS) <= set(NAMES)


def test_order_names_and_half_precision(tmp_path: Path) -> None:
    """Nodes may stand in any order; constants in float16 are read as float32; unused constants are dropped."""
    net = Net()
    x = net.input("picture", (1, 3))
    net.constant(numbers(9))
    w = net.constant(W2 := numbers(2, 3).astype(np.float16))
    h = net.node("FullyConnected", {"out": 2}, [x, w], outputs=1)[0]
    net.node("ReLU", {}, [h], outputs=1)
    net.nodes.reverse()
    graph, value = import_model(net.save(tmp_path)), numbers(1, 3)
    want = np.maximum(value @ W2.astype(np.float32).T, 0)
    assert np.allclose(run_reference(graph, {"picture": value})[0], want, rtol=1e-5, atol=1e-6)
    assert np.allclose(pith.compile(tmp_path / "net.tmfile", cache=False)(value), want, rtol=1e-5, atol=1e-6)


def test_refusals(tmp_path: Path) -> None:
    net = Net()
    net.node("LSTM", {}, net.node("RPN", {}, [net.input("x", (1, 3))], outputs=1), outputs=1)
    with pytest.raises(UnsupportedError) as e:
        import_model(net.save(tmp_path))
    for word in ("2 layers", "LSTM at", "RPN at", "formats.md"):
        assert word in str(e.value)
    data = (tmp_path / "net.tmfile").read_bytes()
    (tmp_path / "net.tmfile").write_bytes(struct.pack("<H", 1) + data[2:])
    with pytest.raises(UnsupportedError, match=r"version 1\.0"):
        import_model(tmp_path / "net.tmfile")
    net = Net()
    net.node("ReLU", {}, [net.input("x", None)], outputs=1)
    with pytest.raises(ShapeError, match="--shape x="):
        import_model(net.save(tmp_path))
    assert import_model(tmp_path / "net.tmfile", shapes={"x": (2, 5)}).types["x"].shape == (2, 5)
    net = Net()
    net.node("Eltwise", {"type": 2}, [net.input("x", (1, 3)), net.constant(np.zeros(3, np.int8))], outputs=1)
    with pytest.raises(UnsupportedError, match="pith quantize"):
        import_model(net.save(tmp_path))
    net = Net()
    a = net.node("ReLU", {}, [net.input("x", (1, 3))], outputs=1)[0]
    b = net.node("Eltwise", {"type": 2}, [a, a], outputs=1)[0]
    net.nodes[-1].inputs[1] = b
    net.node("ReLU", {}, [b], outputs=1)
    with pytest.raises(ModelError, match="cycle"):
        import_model(net.save(tmp_path))


@needs_data
def test_landmarks_lie_on_annotated_faces() -> None:
    """The published network: 68 annotated points lie near points of the 212 (eyes, brows, nose, mouth, jaw)."""
    error, faces = landmark_error()
    assert faces == 25 and error < 4
