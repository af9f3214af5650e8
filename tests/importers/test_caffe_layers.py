"""Caffe layers beside what OpenCV's reader of Caffe files gave; test_caffe.py has those that OpenCV has not, or otherwise."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from pith.importers import files_of, import_model
from pith.ops.interpret import run_reference
from tests.importers import recorded
from tests.importers.caffe_files import Net

RNG = np.random.default_rng(5)


def numbers(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def positive(*shape: int) -> np.ndarray:
    return (RNG.random(shape) + 0.5).astype(np.float32)


CASES: list[tuple[str, Net, dict[str, np.ndarray]]] = []


def one(kind: str, shape: tuple[int, ...], params: str = "", *arrays: np.ndarray) -> None:
    net = Net().input("x", *shape).layer(kind, ["x"], ["y"], params, *arrays)
    CASES.append((f"{kind} {params} {shape}".replace(" ", "_"), net, {"x": numbers(*shape)}))


def two(kind: str, a: tuple[int, ...], b: tuple[int, ...], params: str = "", *arrays: np.ndarray) -> None:
    net = Net().input("a", *a).input("b", *b).layer(kind, ["a", "b"], ["y"], params, *arrays)
    CASES.append((f"{kind} {params} {a} {b}".replace(" ", "_"), net, {"a": numbers(*a), "b": numbers(*b)}))


def conv(shape: tuple[int, ...], out: int, kernel: tuple[int, int], params: str, group: int = 1, bias: bool = True) -> None:
    text = f"convolution_param {{ num_output: {out} kernel_h: {kernel[0]} kernel_w: {kernel[1]} group: {group} bias_term: {str(bias).lower()} {params} }}"
    one("Convolution", shape, text, numbers(out, shape[1] // group, *kernel), *([numbers(out)] if bias else []))


conv((2, 3, 9, 11), 5, (3, 3), "stride: 2 pad: 1")
conv((1, 4, 8, 9), 6, (3, 2), "stride_h: 1 stride_w: 2 pad_h: 2 pad_w: 0", group=2)
conv((1, 4, 9, 9), 4, (3, 3), "dilation: 2", group=4, bias=False)
one("Convolution", (1, 3, 6, 7), "convolution_param { num_output: 4 kernel_size: 1 }", numbers(4, 3, 1, 1), numbers(4))
for text, kernel in (("kernel_size: 3 stride: 2", 3), ("kernel_size: 4 stride: 2 pad: 1", 4)):
    one("Deconvolution", (1, 3, 5, 6), f"convolution_param {{ num_output: 2 {text} }}", numbers(3, 2, kernel, kernel), numbers(2))
one("Deconvolution", (1, 4, 5, 6), "convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 group: 4 bias_term: false }", numbers(4, 1, 4, 4))
one("InnerProduct", (2, 3, 4, 5), "inner_product_param { num_output: 7 }", numbers(7, 60), numbers(7))
one("InnerProduct", (2, 30), "inner_product_param { num_output: 4 bias_term: false }", numbers(4, 30))
for kind in ("MAX", "AVE"):
    for size in ("kernel_size: 3 stride: 2", "kernel_size: 2 stride: 2", "kernel_size: 3 stride: 2 pad: 1", "kernel_h: 3 kernel_w: 2 stride_h: 3 stride_w: 2"):
        for shape in ((1, 2, 8, 9), (1, 2, 7, 10)):
            one("Pooling", shape, f"pooling_param {{ pool: {kind} {size} }}")
    one("Pooling", (1, 3, 5, 6), f"pooling_param {{ pool: {kind} global_pooling: true }}")
    one("Pooling", (1, 2, 8, 10), f"pooling_param {{ pool: {kind} kernel_size: 3 stride: 2 ceil_mode: false }}")
one("LRN", (1, 6, 4, 5), "lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 }")
one("LRN", (1, 3, 6, 7), "lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 norm_region: WITHIN_CHANNEL }")
one("BatchNorm", (2, 4, 3, 5), "batch_norm_param { eps: 0.001 }", numbers(4) * 3, positive(4) * 3, np.array([3.0], np.float32))
one("Scale", (2, 4, 3, 5), "scale_param { bias_term: true }", numbers(4), numbers(4))
one("Scale", (2, 4, 3, 5), "", numbers(4))
one("Softmax", (2, 4, 3, 5))
one("Softmax", (2, 4, 6), "softmax_param { axis: 2 }")
for kind in ("ReLU", "Sigmoid", "TanH", "AbsVal", "BNLL", "Dropout", "ReLU6"):
    one(kind, (2, 3, 4, 5))
one("ReLU", (2, 3, 4, 5), "relu_param { negative_slope: 0.1 }")
one("PReLU", (2, 3, 4, 5), "", numbers(3))
one("ELU", (2, 3, 4, 5))
one("Power", (2, 3, 4, 5), "power_param { power: 2 scale: 0.5 shift: 0.1 }")
one("Exp", (2, 3, 4, 5), "exp_param { base: 2 scale: 0.5 shift: 0.1 }")
for kind in ("PROD", "SUM", "MAX"):
    two("Eltwise", (1, 3, 4, 5), (1, 3, 4, 5), f"eltwise_param {{ operation: {kind} }}")
two("Eltwise", (1, 3, 4, 5), (1, 3, 4, 5), "eltwise_param { coeff: 0.5 coeff: -1 }")
for axis in (1, 2, 3):
    shape = [1, 3, 4, 5]
    shape[axis] += 2
    two("Concat", (1, 3, 4, 5), tuple(shape), f"concat_param {{ axis: {axis} }}")
one("Flatten", (2, 3, 4, 5))
one("Flatten", (2, 3, 4, 5), "flatten_param { axis: 2 }")
one("Reshape", (2, 3, 4, 5), "reshape_param { shape { dim: 0 dim: -1 dim: 5 } }")
one("Reshape", (2, 3, 4, 5), "reshape_param { shape { dim: 12 } axis: 1 num_axes: 2 }")
one("Permute", (2, 3, 4, 5), "permute_param { order: 0 order: 2 order: 3 order: 1 }")
two("Crop", (1, 3, 8, 9), (1, 3, 4, 5), "crop_param { axis: 2 offset: 1 offset: 2 }")
one("ShuffleChannel", (1, 6, 3, 4), "shuffle_channel_param { group: 2 }")
one("Normalize", (1, 3, 4, 5), "norm_param { across_spatial: false channel_shared: false }", numbers(3))


def chain(old: bool) -> Net:
    """Layers in place, a bottleneck and a classifier, in today's format or that of V1 layers."""
    kinds = {"Convolution": "CONVOLUTION", "ReLU": "RELU", "Pooling": "POOLING", "InnerProduct": "INNER_PRODUCT", "Softmax": "SOFTMAX",
             "Eltwise": "ELTWISE", "Concat": "CONCAT"}  # fmt: skip
    net = Net(old=old).input("data", 1, 3, 11, 9)
    rng = np.random.default_rng(3)

    def w(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32) / 3

    def add(kind: str, bottoms: list[str], tops: list[str], params: str = "", *arrays: np.ndarray) -> None:
        net.layer(kinds[kind] if old else kind, bottoms, tops, params, *arrays)

    add("Convolution", ["data"], ["c1"], "convolution_param { num_output: 4 kernel_size: 3 pad: 1 }", w(4, 3, 3, 3), w(4))
    add("ReLU", ["c1"], ["c1"])
    add("Pooling", ["c1"], ["p1"], "pooling_param { pool: MAX kernel_size: 3 stride: 2 }")
    add("Convolution", ["p1"], ["c2"], "convolution_param { num_output: 4 kernel_size: 1 }", w(4, 4, 1, 1), w(4))
    add("Eltwise", ["p1", "c2"], ["s"], "eltwise_param { operation: SUM }")
    add("ReLU", ["s"], ["s"], "relu_param { negative_slope: 0.2 }")
    add("Concat", ["s", "p1"], ["k"])
    add("InnerProduct", ["k"], ["fc"], "inner_product_param { num_output: 6 }", w(6, 8 * 5 * 4), w(6))
    add("Softmax", ["fc"], ["prob"])
    return net


for _old in (False, True):
    CASES.append((f"chain, old {_old}", chain(_old), {"data": numbers(1, 3, 11, 9)}))


@lru_cache(maxsize=1)
def recorded_outputs() -> dict[str, np.ndarray]:
    return recorded.load("opencv")


@pytest.mark.parametrize(("name", "net", "feeds"), CASES, ids=[c[0] for c in CASES])
def test_beside_opencv(name: str, net: Net, feeds: dict[str, np.ndarray], tmp_path: Path) -> None:
    """What the imported graph means is what OpenCV gave, within 1e-4 of the range."""
    graph = import_model(path := net.save(tmp_path))
    found = run_reference(graph, feeds)
    key = recorded.digest(files_of(path), feeds)
    for out, ours in zip(graph.outputs, found, strict=True):
        theirs = recorded_outputs().get(f"{key}:{out}")
        assert theirs is not None, f"{name} has changed: python -m tests.importers.recorded"
        assert ours.size == theirs.size
        assert np.abs(ours.reshape(-1) - theirs.reshape(-1)).max() <= 1e-4 * max(np.ptp(theirs), 1e-3)


def record() -> dict[str, np.ndarray]:
    """Outputs of all cases by OpenCV."""
    import cv2

    found = {}
    for name, net, feeds in CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = net.save(Path(folder))
            outs, key = import_model(path).outputs, recorded.digest(files_of(path), feeds)
            try:
                other = cv2.dnn.readNetFromCaffe(str(path), str(path.with_suffix(".caffemodel")))
                other.enableFusion(False)
                for k, v in feeds.items():
                    other.setInput(v, k)
                layers = other.getUnconnectedOutLayersNames() if len(outs) == 1 else outs
                found |= {f"{key}:{o}": np.array(other.forward(n)) for o, n in zip(outs, layers, strict=True)}
            except cv2.error as e:
                print("not by OpenCV:", name, str(e).strip().splitlines()[-1][:150])
    return found
