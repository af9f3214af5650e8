"""Caffe networks: layers beside NumPy, how the two files find each other, phases, old files, and a published detector."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pith
from benchmarks.formats import retinaface
from pith.graph import ModelError, ShapeError, UnsupportedError
from pith.importers import files_of, import_model
from pith.importers.caffe import known_layers
from pith.importers.layers.detection import Priors
from pith.ops.interpret import run_reference
from tests.importers.caffe_files import Net, blob, part
from tests.importers.test_caffe_layers import CASES

RNG = np.random.default_rng(17)
DATA = Path(os.environ.get("PITH_DATA", "/nonexistent"))
needs_data = pytest.mark.skipif(not DATA.exists(), reason="PITH_DATA does not say where the published models are")
SHAPE = (2, 3, 4, 5)


def numbers(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


A, B, C = numbers(*SHAPE), numbers(*SHAPE), numbers(3)


def lrn(x: np.ndarray, size: int, alpha: float, beta: float, k: float) -> np.ndarray:
    padded = np.pad(x.astype(np.float64) ** 2, [(0, 0), (size // 2, size // 2), (0, 0), (0, 0)])
    total = sum(padded[:, i : i + x.shape[1]] for i in range(size))
    return np.asarray(x / (k + alpha / size * total) ** beta)


def mvn(x: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    return np.asarray((x - x.mean(axes, keepdims=True)) / (x.std(axes, keepdims=True) + eps))


# layer, parameters, inputs, weights, the results
FORMULAS: list[tuple[str, str, list[np.ndarray], list[np.ndarray], Callable[..., list[np.ndarray]]]] = [
    ("Slice", "slice_param { axis: 1 slice_point: 1 }", [A], [], lambda x: [x[:, :1], x[:, 1:]]),
    ("Slice", "slice_param { slice_dim: 2 }", [A], [], lambda x: [x[:, :, :2], x[:, :, 2:]]),
    ("Split", "", [A], [], lambda x: [x, x, x]),
    ("LRN", "lrn_param { local_size: 3 alpha: 0.5 k: 2 }", [A], [], lambda x: [lrn(x, 3, 0.5, 0.75, 2)]),
    ("MVN", "mvn_param { eps: 0.01 }", [A], [], lambda x: [mvn(x, (2, 3), 0.01)]),
    ("MVN", "mvn_param { across_channels: true eps: 0.01 }", [A], [], lambda x: [mvn(x, (1, 2, 3), 0.01)]),
    ("MVN", "mvn_param { normalize_variance: false }", [A], [], lambda x: [x - x.mean((2, 3), keepdims=True)]),
    ("Tile", "tile_param { axis: 2 tiles: 3 }", [A], [], lambda x: [np.tile(x, (1, 1, 3, 1))]),
    ("Reduction", "reduction_param { operation: MEAN axis: 2 coeff: 2 }", [A], [], lambda x: [2 * x.mean((2, 3))]),
    ("Reduction", "reduction_param { operation: ASUM axis: -1 }", [A], [], lambda x: [np.abs(x).sum(-1)]),
    ("Log", "log_param { base: 10 shift: 6 scale: 0.5 }", [A], [], lambda x: [np.log10(6 + 0.5 * x)]),
    ("Threshold", "threshold_param { threshold: 0.3 }", [A], [], lambda x: [(x > 0.3).astype(np.float32)]),
    ("Swish", "swish_param { beta: 1.5 }", [A], [], lambda x: [x / (1 + np.exp(-1.5 * x))]),
    ("Clip", "clip_param { min: -0.5 max: 0.25 }", [A], [], lambda x: [np.clip(x, -0.5, 0.25)]),
    ("Mish", "", [A], [], lambda x: [x * np.tanh(np.log1p(np.exp(x)))]),
    ("Bias", "", [A], [C], lambda x: [x + C[:, None, None]]),
    ("Bias", "bias_param { axis: 0 }", [A, B], [], lambda x, y: [x + y]),
    ("Scale", "scale_param { axis: 0 }", [A, numbers(2, 3)], [], lambda x, y: [x * y[:, :, None, None]]),
    ("Scale", "scale_param { axis: 1 num_axes: -1 }", [A], [B[0]], lambda x: [x * B[0]]),
    ("Axpy", "", [numbers(2, 3, 1, 1), A, B], [], lambda a, x, y: [a * x + y]),
    ("InnerProduct", "inner_product_param { num_output: 2 axis: 2 bias_term: false transpose: true }", [A], [W := numbers(20, 2)],
     lambda x: [x.reshape(2, 3, 20) @ W]),
    ("SoftmaxWithLoss", "", [A], [], lambda x: [np.exp(x) / np.exp(x).sum(1, keepdims=True)]),
    ("SigmoidCrossEntropyLoss", "", [A], [], lambda x: [1 / (1 + np.exp(-x))]),
    ("Flatten", "flatten_param { axis: 1 end_axis: 2 }", [A], [], lambda x: [x.reshape(2, 12, 5)]),
    ("Reshape", "reshape_param { shape { dim: 0 dim: 0 dim: 2 dim: -1 } }", [A], [], lambda x: [x.reshape(2, 3, 2, 10)]),
    ("Reshape", "reshape_param { shape { dim: 1 dim: 1 } axis: -1 num_axes: 0 }", [A], [], lambda x: [x.reshape(2, 3, 4, 5, 1, 1)]),
    ("Crop", "crop_param { axis: 3 offset: 2 }", [A, numbers(2, 3, 4, 2)], [], lambda x, y: [x[..., 2:4]]),
    ("ConvolutionDepthwise", "convolution_param { num_output: 3 kernel_size: 1 bias_term: false }", [A], [C.reshape(3, 1, 1, 1)],
     lambda x: [x * C[:, None, None]]),
    ("Normalize", "norm_param { channel_shared: true }", [A], [np.array([2.0], np.float32)],
     lambda x: [2 * x / np.sqrt((x * x).sum((1, 2, 3), keepdims=True))]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "params", "inputs", "weights", "want"), FORMULAS, ids=[f"{f[0]}-{f[1]}" for f in FORMULAS])
def test_formulas(
    kind: str, params: str, inputs: list[np.ndarray], weights: list[np.ndarray], want: Callable[..., list[np.ndarray]], tmp_path: Path
) -> None:
    net = Net()
    for k, x in enumerate(inputs):
        net.input(f"x{k}", *x.shape)
    expected = want(*(x.astype(np.float64) for x in inputs))
    net.layer(kind, list(net.inputs), [f"y{k}" for k in range(len(expected))], params, *weights)
    found = run_reference(import_model(net.save(tmp_path)), dict(zip(net.inputs, inputs, strict=True)))
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_every_layer_type_has_a_test() -> None:
    tested = {f[0] for f in FORMULAS} | {c[0].split("_")[0] for c in CASES}
    elsewhere = {"Input", "Data", "Accuracy", "Silence", "PriorBox", "DetectionOutput", "Parameter", "Interp"}
    assert set(known_layers()) - tested <= elsewhere | {"DepthwiseConvolution", "DeconvolutionDepthwise"}


def test_interpolation_aligns_corners(tmp_path: Path) -> None:
    x = np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4)
    net = Net().input("x", 1, 1, 3, 4).layer("Interp", ["x"], ["y"], "interp_param { height: 5 width: 7 }")
    y = run_reference(import_model(net.save(tmp_path)), {"x": x})[0]
    assert np.allclose(y[0, 0], np.arange(5)[:, None] * 2 + np.arange(7) * 0.5)
    zoom = Net().input("x", 1, 1, 3, 4).layer("Interp", ["x"], ["y"], "interp_param { zoom_factor: 2 }")
    assert run_reference(import_model(zoom.save(tmp_path)), {"x": x})[0].shape == (1, 1, 5, 7)


def test_priors_by_hand(tmp_path: Path) -> None:
    """One cell of a 2 x 2 map over a 100 x 50 picture: square, sqrt(min max), ratio 2 and its inverse; in pixels of the picture."""
    text = "prior_box_param { min_size: 20 max_size: 45 aspect_ratio: 2 aspect_ratio: 1 variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }"
    net = Net().input("map", 1, 4, 2, 2).input("data", 1, 3, 50, 100).layer("PriorBox", ["map", "data"], ["p"], text)
    graph = import_model(net.save(tmp_path))
    p = run_reference(graph, {"map": numbers(1, 4, 2, 2), "data": numbers(1, 3, 50, 100)})[0]
    assert p.shape == (1, 2, 4 * 4 * 4)
    boxes = p[0, 0].reshape(2, 2, 4, 4)
    root = math.sqrt(2)
    for k, (w, h) in enumerate(((20, 20), (30, 30), (20 * root, 20 / root), (20 / root, 20 * root))):
        assert np.allclose(boxes[1, 0, k] * [100, 50, 100, 50], [25 - w / 2, 37.5 - h / 2, 25 + w / 2, 37.5 + h / 2], rtol=1e-5)
    assert np.allclose(p[0, 1].reshape(-1, 4), [0.1, 0.1, 0.2, 0.2])
    assert Priors((1, 1), (10, 10), (10, 10), (30,), (), (), False, clip=True).boxes().tolist() == [[0, 0, 1, 1]]


# files


def relu(folder: Path, name: str = "net") -> Path:
    return Net().input("x", 1, 2).layer("ReLU", ["x"], ["y"]).save(folder, name)


def test_the_two_files_find_each_other(tmp_path: Path) -> None:
    w = numbers(3, 4)
    net = Net().input("x", 1, 4).layer("InnerProduct", ["x"], ["y"], "inner_product_param { num_output: 3 bias_term: false }", w)
    text = net.save(tmp_path)
    weights = tmp_path / "net.caffemodel"
    x = numbers(1, 4)

    def check(path: Path, files: list[Path]) -> None:
        assert files_of(path) == files
        assert np.allclose(run_reference(import_model(path), {"x": x})[0], x @ w.T, rtol=1e-5, atol=1e-6)

    check(text, [text, weights])
    check(weights, [weights, text])
    other = text.rename(tmp_path / "deploy.prototxt")
    check(other, [other, weights])  # the only weights there
    check(weights, [weights, other])
    relu(tmp_path, "another")
    check(weights, [weights, other])  # deploy.prototxt goes before others
    with pytest.raises(ModelError, match=r"put the \.caffemodel"):
        import_model(other)  # two files of weights: none is meant


def test_a_caffemodel_alone(tmp_path: Path) -> None:
    """It holds the network it was trained as: data, label, loss and accuracy; the loss becomes its softmax."""
    w = numbers(3, 4)

    def layer(name: str, kind: str, bottoms: list[str], tops: list[str], rest: bytes = b"") -> bytes:
        fields = [(1, name), (2, kind), *((3, b) for b in bottoms), *((4, t) for t in tops)]
        return part(100, b"".join(part(n, t.encode()) for n, t in fields) + rest)

    product = part(117, b"\x08\x03\x10\x00")  # num_output 3, no bias
    data = b"".join([
        part(1, b"trained"), layer("data", "Data", [], ["data", "label"]), layer("ip", "InnerProduct", ["data"], ["ip"], part(7, blob(w)) + product),
        layer("loss", "SoftmaxWithLoss", ["ip", "label"], ["loss"]), layer("acc", "Accuracy", ["ip", "label"], ["acc"]),
    ])  # fmt: skip
    path = tmp_path / "trained.caffemodel"
    path.write_bytes(data)
    with pytest.raises(ShapeError, match="--shape data="):
        import_model(path)
    x = numbers(2, 4)
    graph = import_model(path, shapes={"data": (2, 4)})
    e = np.exp(x @ w.T)
    assert graph.outputs == ["loss"] and np.allclose(run_reference(graph, {"data": x})[0], e / e.sum(1, keepdims=True), rtol=1e-5)


def test_phases_and_layers_in_place(tmp_path: Path) -> None:
    net = Net().input("x", 1, 4)
    net.layer("Dropout", ["x"], ["x"], "include { phase: TRAIN }").layer("Power", ["x"], ["x"], "power_param { shift: 1 } include { phase: TEST }")
    net.layer("Power", ["x"], ["x"], "power_param { scale: 9 } exclude { phase: TEST }").layer("ReLU", ["x"], ["y"])
    net.layer("Silence", ["x"], []).layer("Power", ["y"], ["y"], "power_param { scale: 2 }")
    graph, x = import_model(net.save(tmp_path)), numbers(1, 4)
    assert graph.outputs == ["y"] and np.allclose(run_reference(graph, {"x": x})[0], 2 * np.maximum(x + 1, 0), rtol=1e-6)


def test_an_output_may_have_the_name_of_the_input(tmp_path: Path) -> None:
    net = Net().input("x", 1, 4).layer("ReLU", ["x"], ["x"])
    x = numbers(1, 4)
    assert np.array_equal(pith.compile(net.save(tmp_path), cache=False)(x), np.maximum(x, 0))


def test_refusals(tmp_path: Path) -> None:
    net = Net().input("x", 1, 3, 4, 4).layer("Python", ["x"], ["y"]).layer("ROIPooling", ["y"], ["z"], name="roi")
    with pytest.raises(UnsupportedError) as e:
        import_model(net.save(tmp_path))
    for word in ("2 layers", "Python at Python0", "ROIPooling at roi", "formats.md", "try:"):
        assert word in str(e.value)
    (tmp_path / "net.prototxt").write_text('layers { layer { name: "a" type: "conv" } }')
    with pytest.raises(UnsupportedError, match="upgrade_net_proto"):
        import_model(tmp_path / "net.prototxt")
    (tmp_path / "net.prototxt").write_text('net: "train.prototxt"\nbase_lr: 0.1\n')
    with pytest.raises(ModelError, match="no layer"):
        import_model(tmp_path / "net.prototxt")
    wrong = Net().input("x", 1, 4).layer("InnerProduct", ["x"], ["y"], "inner_product_param { num_output: 3 }", numbers(3, 5), numbers(3))
    with pytest.raises(ModelError, match=r"weights 0 have the shape \(3, 5\)"):
        import_model(wrong.save(tmp_path))


# a published detector


@needs_data
@pytest.mark.parametrize(
    ("picture", "box"), [("image_F1", (178, 136, 223, 225)), ("image_F2", (120, 252, 252, 256)), ("image_T1", (106, 147, 207, 213))]
)
def test_retinaface_finds_the_published_boxes(picture: str, box: tuple[int, ...]) -> None:
    """The detector of Silent-Face-Anti-Spoofing finds what its own program finds, within a pixel."""
    score, found = retinaface(picture)
    assert score > 0.98 and np.abs(np.array(found) - box).max() <= 1
