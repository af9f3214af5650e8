"""Every ncnn layer type beside what ncnn itself gave: what is imported, by its NumPy meaning, over small odd shapes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pith.importers import files_of, import_model
from pith.importers.ncnn import known_layers
from pith.ops.interpret import run_reference
from tests.importers import recorded
from tests.importers.ncnn_files import Net
from tests.importers.ncnn_oracle import run_ncnn

RNG = np.random.default_rng(7)


def numbers(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def positive(*shape: int) -> np.ndarray:
    return (RNG.random(shape) + 0.5).astype(np.float32)


Case = tuple[str, Callable[[], tuple[Net, dict[str, np.ndarray]]]]
CASES: list[Case] = []


def case(name: str, net: Callable[[], Net], **feeds: np.ndarray) -> None:
    CASES.append((name, lambda: (net(), feeds)))


def one(kind: str, shape: tuple[int, ...], params: dict[int, Any] | None = None, *plain: np.ndarray, outputs: int = 1,
        tagged: tuple[np.ndarray, ...] = (), label: str = "", data: np.ndarray | None = None) -> None:  # fmt: skip
    """A net of one layer over one input; weights: tagged ones first, then plain ones."""

    def build() -> Net:
        net = Net().input("x", *shape).layer(kind, ["x"], [f"y{k}" for k in range(outputs)], params)
        for w in tagged:
            net.tagged(w)
        for w in plain:
            net.plain(w)
        return net

    case(f"{kind} {label or params or ''} {shape}".replace(" ", "_"), build, x=numbers(*shape) if data is None else data)


# convolutions
def conv(kind: str, shape: tuple[int, ...], out: int, kernel: tuple[int, int], group: int = 1, **p: int) -> None:
    ids = {"dil": 2, "dilh": 12, "stride": 3, "strideh": 13, "pad": 4, "padr": 15, "padt": 14, "padb": 16, "bias": 5, "act": 9}
    w = numbers(out, shape[0] // group, *kernel)
    params: dict[int, Any] = {0: out, 1: kernel[1], 11: kernel[0], 6: w.size, **{ids[k]: v for k, v in p.items()}}
    if group > 1 or "DepthWise" in kind:
        params[7] = group
    acts = {2: (0.1,), 3: (-0.5, 0.7), 6: (0.2, 0.5)}
    if p.get("act") in acts:
        params[10] = acts[p["act"]]
    one(kind, shape, params, *([numbers(out)] if p.get("bias") else []), tagged=(w,), label=f"{out} {kernel} g{group} {p}")


conv("Convolution", (3, 9, 11), 5, (3, 3), bias=1, stride=2, pad=1)
conv("Convolution", (2, 8, 9), 4, (3, 2), dil=2, dilh=1, pad=1, padr=0, padt=2, padb=1)
for act in range(1, 7):
    conv("Convolution", (3, 5, 7), 4, (1, 1), bias=1, act=act)
conv("Convolution", (2, 8, 9), 3, (3, 3), stride=2, pad=-233)
conv("Convolution", (2, 9, 8), 3, (4, 3), stride=3, strideh=2, pad=-234)
conv("ConvolutionDepthWise", (6, 7, 9), 6, (3, 3), 6, bias=1, pad=1, act=1)
conv("ConvolutionDepthWise", (6, 7, 9), 9, (3, 3), 3, stride=2)
one("Convolution", (3, 5, 6), {0: 4, 1: 3, 4: 1, 6: 108, 18: 0.5}, tagged=(numbers(4, 3, 3, 3),), label="pad value")
one("Convolution1D", (4, 11), {0: 5, 1: 3, 3: 2, 4: 1, 5: 1, 6: 60}, numbers(5), tagged=(numbers(5, 4, 3),), label="")
one("ConvolutionDepthWise1D", (4, 11), {0: 4, 1: 3, 2: 2, 6: 12, 7: 4}, tagged=(numbers(4, 1, 3),), label="")
conv("Deconvolution", (3, 5, 4), 2, (3, 2), bias=1, stride=2)
conv("Deconvolution", (3, 5, 4), 2, (4, 4), stride=2, pad=1, act=1)
one("Deconvolution", (3, 5, 4), {0: 2, 1: 3, 3: 2, 4: 1, 6: 54, 18: 1}, tagged=(numbers(2, 3, 3, 3),), label="output pad")
for mode in (-233, -234):
    one("Deconvolution", (3, 5, 4), {0: 2, 1: 4, 3: 2, 4: mode, 6: 96, 20: 9, 21: 10}, tagged=(numbers(2, 3, 4, 4),), label=f"same {mode}")
one("DeconvolutionDepthWise", (4, 5, 6), {0: 4, 1: 4, 3: 2, 4: 1, 5: 1, 6: 64, 7: 4}, numbers(4), tagged=(numbers(4, 4, 4),), label="depthwise")
one("DeconvolutionDepthWise", (4, 5, 6), {0: 6, 1: 3, 6: 108, 7: 2}, tagged=(numbers(2, 3, 2, 3, 3),), label="2 groups")
one("Deconvolution1D", (3, 6), {0: 2, 1: 3, 3: 2, 6: 18}, tagged=(numbers(2, 3, 3),), label="")
one("InnerProduct", (3, 4, 5), {0: 7, 1: 1, 2: 420, 9: 1}, numbers(7), tagged=(numbers(7, 60),), label="flat")
one("InnerProduct", (4, 6), {0: 5, 2: 30}, tagged=(numbers(5, 6),), label="rows")
one("InnerProduct", (6,), {0: 5, 2: 30, 9: 4}, tagged=(numbers(5, 6),), label="vector")

# pooling
for kind in (0, 1):
    for mode in range(4):
        one("Pooling", (3, 7, 8), {0: kind, 1: 3, 2: 2, 5: mode})
    one("Pooling", (3, 8, 7), {0: kind, 1: 3, 11: 2, 2: 2, 12: 2, 3: 1, 14: 0, 13: 1, 15: 1})
    one("Pooling", (3, 7, 8), {0: kind, 4: 1})
    one("Pooling", (3, 8, 6), {0: kind, 7: 1, 8: 3, 18: 4})
    one("Pooling", (3, 7, 10), {0: kind, 7: 1, 8: 4, 18: 3})
    one("Pooling1D", (3, 11), {0: kind, 1: 3, 2: 2, 3: 1})
one("Pooling", (3, 7, 8), {0: 1, 1: 3, 2: 2, 3: 1, 6: 1})
one("Pooling", (3, 7, 8), {0: 1, 1: 3, 2: 2, 3: 1, 5: 1, 6: 1})

# elementwise
for shape in ((11,), (3, 5), (3, 4, 5)):
    for kind in ("AbsVal", "Sigmoid", "TanH", "Mish", "Erf", "BNLL", "Softplus", "Swish", "ReLU", "Noop"):
        one(kind, shape)
    one("PReLU", shape, {0: shape[0]}, numbers(shape[0]))
one("ReLU", (3, 4, 5), {0: 0.1})
one("PReLU", (3, 4, 5), {0: 1}, numbers(1))
for kind, p in (
    ("ELU", {0: 0.3}), ("CELU", {0: 0.7}), ("SELU", None), ("GELU", {0: 0}), ("GELU", {0: 1}), ("HardSigmoid", {0: 0.3, 1: 0.4}),
    ("HardSwish", {0: 1 / 6, 1: 0.5}), ("HardSwish", {0: 0.25, 1: 0.3}), ("Clip", {0: -0.3, 1: 0.9}), ("Shrink", {0: 0.1, 1: 0.4}),
    ("Threshold", {0: 0.2}), ("Power", {1: 2.0, 2: 0.5}), ("Exp", {1: 0.5, 2: 0.2}), ("Exp", {0: 2.0}), ("Dropout", {0: 0.5}),
    ("GLU", {0: 0}), ("CumulativeSum", {0: 1}), ("Flip", {0: (1, 2)}),
):  # fmt: skip
    one(kind, (4, 4, 5), p)
one("Power", (3, 4), {0: 1.5, 1: 0.5, 2: 0.1}, data=positive(3, 4), label="of positive")
one("Log", (3, 4), {0: 10.0, 2: 0.5}, data=positive(3, 4))
for kind in (*range(8), 9, 10, 11, 14, 15, 16, 18, 19, 20, 22, 23, 24):
    one("UnaryOp", (2, 3, 4), {0: kind}, data=numbers(2, 3, 4) if kind in (0, 1, 2, 3, 4, 7, 9, 18, 19) else positive(2, 3, 4) / 2)
for kind in (8, 17, 25):
    one("UnaryOp", (2, 3, 4), {0: kind}, data=positive(2, 3, 4) + 1)
for kind in (12, 13, 26):
    one("UnaryOp", (2, 3, 4), {0: kind}, data=positive(2, 3, 4) / 2)
for kind in (*range(10), 15, 16):
    one("BinaryOp", (2, 3, 4), {0: kind, 1: 1, 2: 1.5}, data=positive(2, 3, 4))


def two(kind: str, a: tuple[int, ...], b: tuple[int, ...], params: dict[int, Any] | None = None) -> None:
    def build() -> Net:
        return Net().input("a", *a).input("b", *b).layer(kind, ["a", "b"], ["y"], params)

    case(f"{kind}_{params}_{a}_{b}".replace(" ", "_"), build, a=positive(*a), b=positive(*b))


for kind in (*range(10), 15, 16):
    two("BinaryOp", (3, 4, 5), (3, 4, 5), {0: kind})
for a, b in (
    ((3, 4, 5), (3,)), ((3, 4, 5), (5,)), ((3, 4, 5), (1,)), ((3, 4, 5), (3, 4)), ((3, 4, 5), (3, 1, 1)), ((3, 1, 5), (1, 4, 1)), ((4, 5), (4,)),
    ((4, 5), (5,)), ((5,), (3, 4, 5)), ((3,), (3, 4, 5)), ((3, 4), (3, 4, 5)), ((3, 3, 3), (3,)), ((4, 1), (1, 5)),
):  # fmt: skip
    two("BinaryOp", a, b, {0: 1})
for kind in range(3):
    two("Eltwise", (3, 4, 5), (3, 4, 5), {0: kind})
two("Eltwise", (3, 4, 5), (3, 4, 5), {0: 1, 1: (0.5, -2.0)})
two("MatMul", (4, 5), (5, 3))
two("MatMul", (2, 4, 5), (2, 3, 5), {0: 1})
two("MatMul", (2, 4, 5), (5, 3))

# shapes
for axis in (0, 1, 2, -1):
    two("Concat", (3, 4, 5), (3, 4, 5), {0: axis})
one("Flatten", (3, 4, 5))
for p in ({0: -1}, {0: 20, 1: 3}, {0: -1, 1: 6}, {0: 5, 1: 2, 2: -1}, {0: 0, 1: -1}, {0: 4, 1: 0, 2: 0}, {0: 5, 1: 2, 11: 2, 2: 3}):
    one("Reshape", (3, 4, 5) if 0 not in p.values() else (3, 5, 4), p)
for order in range(6):
    one("Permute", (2, 3, 4), {0: order})
one("Permute", (3, 4), {0: 1})
for order in range(24):
    one("Permute", (2, 3, 4, 5), {0: order})
one("Squeeze", (1, 4, 1), {0: 1, 1: 1, 2: 1})
one("Squeeze", (1, 4, 1), {3: (0,)})
one("ExpandDims", (3, 4), {3: (0,)})
one("ExpandDims", (3, 4), {3: (-1,)})
one("ExpandDims", (4,), {3: (0, 2)})
one("Slice", (6, 4, 5), {0: (2, 1, -233)}, outputs=3)
one("Slice", (6, 5), {0: (-233, -233), 1: 1}, outputs=2)
one("Slice", (6, 4, 5), {1: 2, 2: (2, -1)}, outputs=3)
one("Split", (3, 4), outputs=3)
one("Crop", (4, 6, 7), {0: 1, 1: 2, 2: 1, 3: 4, 4: 3, 5: 2})
one("Crop", (4, 6, 7), {0: 1, 1: 2, 3: -233, 4: -233, 5: -233, 6: 1, 7: 1, 8: 2})
one("Crop", (4, 6, 7), {9: (1, 0), 10: (-1, 3), 11: (1, 2)})
two("Crop", (4, 6, 7), (2, 3, 4), {0: 1, 1: 1, 2: 1})
for mode in range(3):
    one("Padding", (3, 4, 5), {0: 1, 1: 2, 2: 3, 3: 0, 4: mode, 5: 0.5})
one("Padding", (3, 4, 5), {0: 1, 1: 1, 2: 1, 3: 2, 7: 1, 8: 2, 5: -1.0})
one("Padding", (3, 4, 5), {0: 1, 1: 2, 2: 3, 3: 1, 6: 3}, numbers(3), label="per channel")
one("Padding", (4, 5), {0: 1, 1: 0, 2: 2, 3: 1})
one("ShuffleChannel", (6, 3, 4), {0: 2})
one("ShuffleChannel", (6, 3, 4), {0: 2, 1: 1})
for mode in range(2):
    one("PixelShuffle", (8, 3, 4), {0: 2, 1: mode})
    one("Reorg", (2, 4, 6), {0: 2, 1: mode})
one("Tile", (2, 3, 4), {0: 1, 1: 3})
one("Tile", (2, 3, 4), {2: (2, 1, 3)})
for kind in (1, 2, 3):
    one("Interp", (3, 5, 7), {0: kind, 1: 2.0, 2: 2.0})
    one("Interp", (3, 8, 6), {0: kind, 1: 0.5, 2: 0.5})
    one("Interp", (3, 5, 7), {0: kind, 3: 9, 4: 12})
    one("Interp", (3, 7), {0: kind, 3: 3, 4: 12})
    one("Interp", (3, 7), {0: kind, 2: 2.0, 4: 12})
one("Interp", (3, 7, 7), {0: 1, 3: 49, 4: 21})
one("Interp", (3, 5, 7), {0: 2, 3: 9, 4: 12, 6: 1})
one("Interp", (4,), {0: 2, 3: 3, 4: 2})


def memory() -> Net:
    return Net().input("x", 3, 4, 5).layer("MemoryData", [], ["m"], {0: 5, 1: 4, 2: 3}).plain(WEIGHTS).layer("BinaryOp", ["x", "m"], ["y"], {0: 2})


WEIGHTS = numbers(3, 4, 5)
case("MemoryData", memory, x=numbers(3, 4, 5))

# normalisation
for shape in ((6,), (6, 5), (6, 3, 4)):
    one("BatchNorm", shape, {0: 6, 1: 1e-3}, positive(6), numbers(6), positive(6), numbers(6))
    one("Scale", shape, {0: 6, 1: 1}, numbers(6), numbers(6))
    one("Softmax", shape, {0: 0, 1: 1})
one("Bias", (6, 3, 4), {0: 6}, numbers(6))
two("Scale", (3, 4, 5), (3,), {0: -233})
one("LRN", (6, 5, 4), {1: 3, 2: 0.5, 3: 0.75, 4: 2.0})
one("LRN", (6, 5, 4), {0: 1, 1: 3, 2: 0.5, 3: 0.75})
one("Normalize", (4, 3, 5), {0: 0, 4: 1, 1: 0, 3: 4}, numbers(4))
one("Normalize", (4, 3, 5), {0: 1, 4: 1, 1: 1, 3: 1, 9: 1}, numbers(1))
one("Normalize", (4, 3, 5), {0: 1, 4: 0, 1: 0, 3: 4, 9: 2}, numbers(4))
one("InstanceNorm", (4, 3, 5), {0: 4, 1: 1e-3}, positive(4), numbers(4))
one("InstanceNorm", (4, 3, 5), {0: 0, 1: 1e-3, 2: 0})
one("GroupNorm", (6, 3, 5), {0: 2, 1: 6, 2: 1e-3}, positive(6), numbers(6))
one("LayerNorm", (4, 6), {0: 6, 1: 1e-3}, positive(6), numbers(6))
one("LayerNorm", (3, 4, 6), {0: 24, 1: 1e-3}, positive(24), numbers(24))
one("LayerNorm", (3, 4, 6), {0: 6, 1: 1e-3, 2: 0})
one("RMSNorm", (4, 6), {0: 6, 1: 1e-3}, positive(6))
for p in ({0: 0}, {0: 1}, {0: 1, 1: 1}, {0: 1, 2: 0.5}):
    one("MVN", (4, 3, 5), p)
for axis in (0, 1, 2, -1):
    one("Softmax", (4, 3, 5), {0: axis, 1: 1})
for kind in range(11):
    one("Reduction", (4, 3, 5), {0: kind, 1: 0, 3: (1, 2), 5: 1, 4: kind % 2}, data=positive(4, 3, 5))
one("Reduction", (4, 3, 5), {0: 3})
one("Reduction", (4, 3, 5), {0: 0, 1: 0, 3: (0,), 5: 1, 2: 0.5})
one("Reduction", (4, 3, 5), {0: 3, 1: 0, 3: (-1,), 5: 1, 4: 1, 2: 3.0})

# recurrent
for kind, gates, rows in (("LSTM", 4, 4), ("GRU", 3, 4), ("RNN", 1, 1)):
    for direction in range(3):
        d = 2 if direction == 2 else 1
        weights = (numbers(d, gates, 5, 6) / 2, numbers(d, rows, 5), numbers(d, gates, 5, 5) / 2)
        one(kind, (7, 6), {0: 5, 1: weights[0].size, 2: direction}, tagged=weights, label=f"direction {direction}")
one("Gemm", (4, 6), {3: 1, 5: 1, 6: 1, 8: 5, 9: 6, 10: 4}, tagged=(numbers(5, 6), numbers(1, 5)), label="constant B and C")
two("Gemm", (4, 6), (6, 5))


def prior() -> Net:
    p = {0: (10.0, 20.0), 1: (15.0, 30.0), 2: (2.0,), 7: 1, 9: 0, 10: 0, 13: 0.5, 11: 8.0, 12: 8.0}
    return Net().input("x", 2, 3, 4).input("im", 3, 24, 32).layer("PriorBox", ["x", "im"], ["y"], p | {9: -233, 10: -233})


case("PriorBox", prior, x=numbers(2, 3, 4), im=numbers(3, 24, 32))


@lru_cache(maxsize=1)
def recorded_outputs() -> dict[str, np.ndarray]:
    return recorded.load("ncnn")


@pytest.mark.parametrize(("name", "made"), CASES, ids=[c[0] for c in CASES])
def test_beside_ncnn(name: str, made: Any, tmp_path: Path) -> None:
    """What the imported graph means is what ncnn gave, within 1e-4 of the range."""
    net, feeds = made()
    graph = import_model(path := net.save(tmp_path))
    found = run_reference(graph, {k: v[None] for k, v in feeds.items()})
    key = recorded.digest(files_of(path), feeds)
    for out, ours in zip(graph.outputs, found, strict=True):
        theirs = recorded_outputs().get(f"{key}:{out}")
        assert theirs is not None, f"{name} has changed: python -m tests.importers.recorded"
        assert ours.shape[1:] == theirs.shape
        assert np.abs(ours[0] - theirs).max() <= 1e-4 * max(np.ptp(theirs), 1e-3)


def record() -> dict[str, np.ndarray]:
    """Outputs of all cases by ncnn."""
    found = {}
    for _, made in CASES:
        net, feeds = made()
        with tempfile.TemporaryDirectory() as folder:
            path = net.save(Path(folder))
            names, key = import_model(path).outputs, recorded.digest(files_of(path), feeds)
            found |= {f"{key}:{n}": y for n, y in zip(names, run_ncnn(path, feeds, names), strict=True)}
    return found


def test_every_layer_type_has_a_case() -> None:
    """Types without a case here have one elsewhere, or do nothing."""
    elsewhere = {"Input", "DetectionOutput", "Embed", "Cast", "DeepCopy", "DeconvolutionDepthWise1D", "MemoryData"}
    tested = {n.split("_")[0] for n, _ in CASES}
    assert set(known_layers()) - tested <= elsewhere



