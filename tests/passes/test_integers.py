"""Whole quantised models through the passes: products of integers come out, and their results are those of ONNX Runtime.

ONNX Runtime makes the models itself (`quantize_static`) and runs them node by node in float32, as ONNX defines QDQ. Where a
number lies near the middle between two integers the two may fall to different sides, hence a step's difference is allowed,
and in one output of a thousand more. The reference interpreter's bits have no such excuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from pith.api import compile_graph, import_model
from pith.exporters.onnx import to_onnx
from pith.graph import Graph
from pith.ops.base import OPS, load_all
from pith.ops.interpret import run_reference
from pith.passes.pipeline import optimize
from pith.passes.transposed_convs import phases_of
from pith.quant.flow import front
from pith.runtime.inputs import Preprocess, picture
from pith.runtime.session import PortInfo
from tests.quantize.nets import model

load_all()
ort.set_default_logger_severity(3)
KINDS = {  # type of the activations, symmetric or with a zero point, a scale for each channel of the weights or one for all
    "u8 per channel": (QuantType.QUInt8, False, True), "u8 per tensor": (QuantType.QUInt8, False, False),
    "s8 per channel": (QuantType.QInt8, False, True), "s8 per tensor": (QuantType.QInt8, False, False),
    "s8 symmetric": (QuantType.QInt8, True, True),
}  # fmt: skip


def _network(name: str, rng: np.random.Generator) -> onnx.ModelProto:
    def w(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))

    texts: dict[str, tuple[str, dict[str, np.ndarray]]] = {
        "depthwise separable": ("""(float[1, 3, 17, 15] x) => (float[1, 10] y) <int64[2] flat = {1, 24}> {
            c1 = Conv<strides = [2, 2], pads = [1, 1, 1, 1]>(x, w1, b1) r1 = Relu(c1)
            c2 = Conv<pads = [1, 1, 1, 1], group = 16>(r1, w2, b2) r2 = Clip(c2, zero, six) c3 = Conv(r2, w3, b3) r3 = Relu(c3)
            g = GlobalAveragePool(r3) f = Reshape(g, flat) y = Gemm<transB = 1>(f, w4, b4) }""",
            {"w1": w(16, 3, 3, 3), "b1": w(16), "w2": w(16, 1, 3, 3), "b2": w(16), "w3": w(24, 16, 1, 1), "b3": w(24),
             "w4": w(10, 24), "b4": w(10), "zero": np.array(0.0), "six": np.array(6.0)}),
        "residual": ("""(float[1, 8, 12, 12] x) => (float[1, 8, 12, 12] y) {
            c1 = Conv(x, w1, b1) r1 = Relu(c1) c2 = Conv<pads = [1, 1, 1, 1]>(r1, w2, b2) a = Add(c2, x) r2 = Relu(a)
            c3 = Conv<dilations = [2, 2], pads = [2, 2, 2, 2]>(r2, w3) y = Add(r2, c3) }""",
            {"w1": w(16, 8, 1, 1), "b1": w(16), "w2": w(8, 16, 3, 3), "b2": w(8), "w3": w(8, 8, 3, 3)}),
        # windows of nine: the mean of four integers in the same scale lies exactly in the middle for every fourth sum
        "concat and pools": ("""(float[1, 4, 14, 14] x) => (float[1, 6, 6, 6] y) {
            c1 = Conv<pads = [1, 1, 1, 1]>(x, w1, b1) c2 = Conv(x, w2, b2) r2 = Relu(c2)
            m = MaxPool<kernel_shape = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1]>(x) k = Concat<axis = 1>(c1, r2, m)
            p = AveragePool<kernel_shape = [3, 3], strides = [2, 2]>(k) y = Conv(p, w3, b3) }""",
            {"w1": w(5, 4, 3, 3), "b1": w(5), "w2": w(3, 4, 1, 1), "b2": w(3), "w3": w(6, 12, 1, 1), "b3": w(6)}),
        "hard-swish and gate": ("""(float[1, 6, 9, 11] x) => (float[1, 4, 5, 6] y) {
            c1 = Conv<pads = [1, 1, 1, 1]>(x, w1, b1) h = HardSwish(c1) g = GlobalAveragePool(h) s1 = Conv(g, w2, b2) s2 = Relu(s1)
            s3 = Conv(s2, w3, b3) e = HardSigmoid(s3) u = Mul(h, e) y = Conv<strides = [2, 2], pads = [1, 1, 1, 1]>(u, w4, b4) }""",
            {"w1": w(8, 6, 3, 3), "b1": w(8), "w2": w(4, 8, 1, 1), "b2": w(4), "w3": w(8, 4, 1, 1), "b3": w(8), "w4": w(4, 8, 3, 3), "b4": w(4)}),
        "upwards": ("""(float[1, 5, 7, 9] x) => (float[1, 2, 32, 40] y) {
            c1 = ConvTranspose<strides = [2, 2]>(x, w1, b1) r1 = Relu(c1)
            c2 = ConvTranspose<strides = [2, 2], pads = [0, 0, 0, 0]>(r1, w2) t = Relu(c2)
            y = Conv<pads = [2, 2, 2, 2], dilations = [1, 1]>(t, w3, b3) }""",
            {"w1": w(5, 8, 2, 2), "b1": w(8), "w2": w(8, 6, 4, 4), "w3": w(2, 6, 3, 3), "b3": w(2)}),
        "dense and softmax": ("""(float[1, 40] x) => (float[1, 7] y) {
            g1 = Gemm(x, w1, b1) r1 = Relu(g1) m = MatMul(r1, w2) s = Sigmoid(m) g2 = Gemm(s, w3, b3) y = Softmax<axis = 1>(g2) }""",
            {"w1": w(40, 32), "b1": w(32), "w2": w(32, 20), "w3": w(20, 7), "b3": w(7)}),
    }  # fmt: skip
    text, constants = texts[name]
    return onnx.shape_inference.infer_shapes(model("net " + text, **constants))


NETWORKS = ("depthwise separable", "residual", "concat and pools", "hard-swish and gate", "dense and softmax", "upwards")


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, feeds: list[dict[str, np.ndarray]]) -> None:
        self.left: Iterator[dict[str, np.ndarray]] = iter(feeds)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.left, None)


def quantized_statically(net: onnx.ModelProto, feeds: list[dict[str, np.ndarray]], kind: str, folder: Path) -> Path:
    """The file of the QDQ model that ONNX Runtime makes of a float model."""
    dtype, symmetric, per_channel = KINDS[kind]
    onnx.save(net, folder / "float.onnx")
    quantize_static(
        str(folder / "float.onnx"), str(folder / "int8.onnx"), _Reader(feeds), quant_format=QuantFormat.QDQ, per_channel=per_channel,
        activation_type=dtype, weight_type=QuantType.QInt8, extra_options={"ActivationSymmetric": symmetric},
    )  # fmt: skip
    return folder / "int8.onnx"


def is_float_product(graph: Graph, node: Any) -> bool:
    """Whether a convolution or product of float tensors."""
    return node.op in ("conv", "matmul", "conv_chain") and graph.types[node.inputs[0]].dtype.is_float


def check_form(path: Path) -> Graph:
    """Every sum of products whose operands the model quantises is one of integers after the passes; the optimised graph."""
    layers = [n.op_type for n in onnx.load(path).graph.node if n.op_type in ("Conv", "ConvTranspose", "Gemm", "MatMul")]
    graph = optimize(import_model(str(path)))
    found = Counter(n.op for n in graph.nodes)
    assert not [n.name for n in graph.nodes if is_float_product(graph, n)]
    assert found["conv_integer"] + found["matmul_integer"] >= len(layers) > 0
    return graph


def constant(proto: onnx.ModelProto, name: str) -> float:
    """The number that an initialiser holds."""
    return float(onnx.numpy_helper.to_array(next(t for t in proto.graph.initializer if t.name == name)).reshape(-1)[0])


def step_of(path: Path, output: str) -> float:
    """One step of a model's result: the scale of the DequantizeLinear that makes it, else a step of the last one before."""
    proto = onnx.load(path)
    makers = {o: n for n in proto.graph.node for o in n.output}
    node = makers[output]
    while node.op_type != "DequantizeLinear":
        node = makers[node.input[0]]
    return constant(proto, node.input[1])


def check_results(path: Path, feeds: list[dict[str, np.ndarray]], *, deep: bool = False) -> None:
    """Compiled, by reference (the first two feeds) and by ONNX Runtime.

    deep: of a network so deep that ONNX Runtime's own two ways (node by node, or fused into integers) differ in more than
    one output of a thousand, because a step's difference grows from layer to layer: the nearer of the two is enough.
    """
    graph = check_form(path)
    session = compile_graph(import_model(str(path)), opt="-O1")
    plain = ort.SessionOptions()
    plain.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    fused = ort.SessionOptions()
    fused.add_session_config_entry("session.x64quantprecision", "1")  # or sums of two products saturate where there is no VNNI
    theirs = [ort.InferenceSession(str(path), o, providers=["CPUExecutionProvider"]) for o in ((plain, fused) if deep else (plain,))]
    floating = [o for o in graph.outputs if graph.producers()[o].op == "softmax"]
    steps = {o: step_of(path, o) for o in graph.outputs}
    far, total = np.zeros(len(theirs), int), 0
    for k, feed in enumerate(feeds):
        mine = session.run(feed)
        if k < 2:
            for name, want in zip(graph.outputs, run_reference(graph, feed), strict=True):
                if name in floating:
                    np.testing.assert_allclose(mine[name], want, rtol=1e-6, atol=1e-7)
                else:
                    assert mine[name].tobytes() == want.tobytes(), name
        for i, other in enumerate(theirs):
            for name, y in zip(graph.outputs, other.run(list(graph.outputs), feed), strict=True):
                assert y.shape == mine[name].shape and y.dtype == mine[name].dtype
                far[i] += int((np.abs(y.astype(np.float64) - mine[name]) > 1.001 * steps[name]).sum())
        total += sum(y.size for y in mine.values())
    assert far.min() <= 0.001 * total, f"{far} of {total}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name: str, kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(NETWORKS.index(name))
    net = _network(name, rng)
    shape = [d.dim_value for d in net.graph.input[0].type.tensor_type.shape.dim]
    feeds = [{"x": (rng.standard_normal(shape) + 0.3).astype(np.float32)} for _ in range(24)]
    path = quantized_statically(net, feeds[:8], kind, tmp_path)
    check_results(path, feeds[8:])


@pytest.mark.parametrize("name", ["deep_autoencoder_int8", "ic_resnet", "kws_ref_model"])
def test_published_models(name: str, data_dir: Path) -> None:
    """Quantised by others: the ONNX models of an MLPerf Tiny submission."""
    path = data_dir / "mlperf_tiny" / f"{name}.onnx"
    if not path.is_file():
        pytest.skip(f"no {path}")
    graph = import_model(str(path))
    rng = np.random.default_rng(0)
    smooth = [np.cumsum(rng.standard_normal(graph.types[graph.inputs[0]].shape), axis=-1) for _ in range(8)]
    spread = _spread(path)
    check_results(path, [{graph.inputs[0]: (x / np.abs(x).max() * spread).astype(np.float32)} for x in smooth])


def _spread(path: Path) -> float:
    """The largest magnitude that the first quantisation of a model keeps."""
    proto = onnx.load(path)
    first = next(n for n in proto.graph.node if n.op_type == "QuantizeLinear")
    scale, zero = (constant(proto, i) for i in first.input[1:3])
    return scale * max(127 - zero, zero + 128)


def _photographs(net: onnx.ModelProto, folder: Path, count: int) -> list[dict[str, np.ndarray]]:
    name, shape = net.graph.input[0].name, tuple(d.dim_value for d in net.graph.input[0].type.tensor_type.shape.dim)
    files = sorted((folder / "imagenet" / "images").glob("*.JPEG"))[:count]
    if not files:
        pytest.skip("no photographs")
    how = Preprocess.parse('{"scale": 0.00784314, "mean": [1.0]}')
    return [{name: picture(f, PortInfo(name, "float32", shape), how)} for f in files]


def _float_network(path: Path, shapes: dict[str, tuple[int, ...]]) -> onnx.ModelProto:
    if not path.is_file():
        pytest.skip(f"no {path}")
    return to_onnx(front(import_model(str(path), shapes)))


@pytest.mark.parametrize("kind", ["u8 per channel", "s8 per tensor"])
def test_a_real_network(kind: str, data_dir: Path, tmp_path: Path) -> None:
    """Depthwise convolutions of a published float network, quantised by ONNX Runtime on photographs."""
    net = _float_network(data_dir / "landmarks/slim_160_latest.onnx", {})
    feeds = _photographs(net, data_dir, 24)
    check_results(quantized_statically(net, feeds[:6], kind, tmp_path), feeds[4:], deep=True)


def apart(path: Path) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """A QDQ model with every quantised activation as a further output, and the same cut apart at these: each is both an
    input, to those who read it, and an output, of who makes it."""
    whole, cut = onnx.shape_inference.infer_shapes(onnx.load(path)), onnx.load(path)
    types = {v.name: v for v in whole.graph.value_info}
    made = [n.output[0] for n in whole.graph.node if n.op_type == "QuantizeLinear"]
    whole.graph.output.extend(types[v] for v in made)
    del cut.graph.output[:]
    cut.graph.output.extend(types[v] for v in made)
    for v in made:
        given = onnx.ValueInfoProto.FromString(types[v].SerializeToString())
        given.name = f"{v}.given"
        cut.graph.input.append(given)
    for node in cut.graph.node:
        if node.op_type != "QuantizeLinear":
            node.input[:] = [f"{i}.given" if i in made else i for i in node.input]
    return whole, cut


@pytest.mark.parametrize("kind", ["u8 per channel", "s8 per tensor"])
@pytest.mark.parametrize(("file", "shapes"), [("detection/yunet_n_320_320.onnx", {}), ("ocr/onnx/ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": (1, 3, 48, 192)})])
def test_layers_of_real_networks(file: str, shapes: dict[str, tuple[int, ...]], kind: str, data_dir: Path, tmp_path: Path) -> None:
    """Layer by layer on ONNX Runtime's own integers, for in networks so deep a single step grows to many."""
    net = _float_network(data_dir / file, shapes)
    feeds = _photographs(net, data_dir, 5)
    path = quantized_statically(net, feeds[:3], kind, tmp_path)
    check_form(path)
    whole, cut = apart(path)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    theirs = ort.InferenceSession(whole.SerializeToString(), options, providers=["CPUExecutionProvider"])
    graph = import_model(cut)
    assert sum(n.op in ("conv_integer", "matmul_integer") for n in optimize(graph.copy()).nodes) > 20
    mine = compile_graph(graph, opt="-O1")
    # a sigmoid that is never above 1e-4 has steps below the error of ONNX Runtime's float32 sigmoid, 1e-7
    steps = {n.output[0]: constant(whole, n.input[1]) for n in whole.graph.node if n.op_type == "QuantizeLinear"}
    unequal = total = 0
    for feed in feeds[3:]:
        values = dict(zip([o.name for o in theirs.get_outputs()], theirs.run(None, feed), strict=True))
        found = mine.run({i: feed[i] if i in feed else values[i.removesuffix(".given")] for i in graph.inputs})
        for name, y in found.items():
            if steps[name] < 1e-6:
                continue
            apart_by = np.abs(y.astype(int) - values[name])
            assert apart_by.max() <= 1, name
            unequal += int((apart_by > 0).sum())
            total += y.size
    assert unequal <= 0.001 * total, f"{unequal} of {total}"


@pytest.mark.parametrize("seed", range(24))
def test_a_transposed_convolution_is_one_of_all_its_phases(seed: int) -> None:
    """By their references, on whole numbers: any kernel, stride and padding that is not mostly zeros."""
    rng = np.random.default_rng(seed)
    found = 0
    while found < 4:
        i, o, h, w, kh, kw, sh, sw = (int(v) for v in rng.integers(1, 6, 8))
        attrs = {
            "strides": (sh, sw), "pads": tuple(int(p) for p in rng.integers(0, 3, 4)), "dilations": (1, 1), "group": 1, "layout": "channels_first",
            "output_padding": (int(rng.integers(0, sh)), int(rng.integers(0, sw))),
        }  # fmt: skip
        x, weights = rng.integers(-9, 10, (2, i, h, w)).astype(np.float32), rng.integers(-9, 10, (i, o, kh, kw)).astype(np.float32)
        if min((n - 1) * s + k - a - b for n, s, k, a, b in zip((h, w), (sh, sw), (kh, kw), attrs["pads"][:2], attrs["pads"][2:], strict=True)) < 1:
            continue
        (want,) = OPS["conv_transpose"].reference([x, weights, None], attrs)
        phases = phases_of(weights, attrs, (h, w), want.shape[2:])
        if phases is None:
            continue
        found += 1
        conv = {"strides": (1, 1), "pads": phases.pads, "dilations": (1, 1), "group": 1, "layout": "channels_first"}
        (y,) = OPS["conv"].reference([x, phases.weights, None], conv)
        got = y.reshape(2, sh, sw, o, *y.shape[2:]).transpose(0, 3, 4, 1, 5, 2).reshape(want.shape)
        np.testing.assert_array_equal(got, want)


def test_where_a_transposed_convolution_stays_one() -> None:
    attrs = {"strides": (3, 3), "pads": (0,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_first"}
    one = np.ones((4, 4, 1, 1), np.float32)
    assert phases_of(one, attrs, (5, 5), (13, 13)) is None  # not a whole number of strides
    assert phases_of(one, attrs, (5, 5), (15, 15)) is None  # eight phases of nine have no taps
    assert phases_of(np.ones((4, 2, 3, 3), np.float32), {**attrs, "group": 2}, (5, 5), (15, 15)) is None
    assert phases_of(np.ones((4, 2, 3, 3), np.float32), attrs, (5, 5), (15, 15)) is not None
