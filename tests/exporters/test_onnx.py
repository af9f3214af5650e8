"""Exported models: ONNX Runtime computes from them what it computes from the original, and what Pith computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from pith.api import compile_graph, import_model
from pith.exporters.onnx import to_onnx
from pith.graph import Graph, PithError
from pith.passes.pipeline import FRONT, optimize
from tests.models.zoo import MODELS, RealModel, quantum

ort.set_default_logger_severity(3)


def run(model: onnx.ModelProto | str, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    """What ONNX Runtime makes of it, node by node: fused integer kernels would round elsewhere than the file says."""
    data = model if isinstance(model, str) else model.SerializeToString()
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return [np.asarray(y) for y in ort.InferenceSession(data, options, providers=["CPUExecutionProvider"]).run(None, feed)]


def parsed(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 21]>\n{text}')


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_real_models(model: RealModel, data_dir: Path) -> None:
    """The front half of the passes and the export leave a network's meaning alone."""
    path = data_dir / model.path
    exported = to_onnx(optimize(import_model(str(path), model.shapes), passes=FRONT))
    onnx.checker.check_model(exported, full_check=True)
    for feed in model.feeds(data_dir)[:2]:
        for mine, theirs in zip(run(exported, feed), run(str(path), feed), strict=True):
            if model.quantised:
                assert np.abs(mine - theirs).max() <= 1.01 * quantum(path)  # a tie that fell the other way: one step
            else:
                assert np.abs(mine - theirs).max() <= 5e-4 * max(np.abs(theirs).max(), 1e-6)


CASES = {
    "activations": """net (float[2, 3, 4] x) => (float[2, 3, 4] y) <float[3, 1] s = {0.1, 0.2, -0.3}> {
        a = Relu(x) b = LeakyRelu<alpha: float = 0.2>(x) c = Elu<alpha: float = 0.7>(x) d = HardSigmoid<alpha: float = 0.3, beta: float = 0.4>(x)
        e = HardSwish(x) f = Gelu(x) g = Gelu<approximate: string = "tanh">(x) h = Mish(x) i = Softplus(x) j = Selu(x) k = Celu<alpha: float = 2>(x)
        l = PRelu(x, s) m = Softsign(x) n = Tanh(x) o = Erf(x) p = ThresholdedRelu<alpha: float = 0.5>(x) q = Sigmoid(x)
        y = Sum(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q) }""",
    "swish": "net (float[2, 3, 4] x) => (float[2, 3, 4] y) { s = Sigmoid(x) y = Mul(x, s) }",
    "moves": """net (float[2, 3, 4] x) => (float[2, 3, 6] y) <int64[3] start = {1, -1, 0}, int64[3] end = {-9, -9, 4}, int64[3] axes = {0, 1, 2},
        int64[3] steps = {-1, -2, 2}, int64[6] pads = {0, 0, 1, 0, 1, 3}, int64[3] shape = {2, 3, 6}> {
        a = Slice(x, start, end, axes, steps) b = Pad(a, pads) c = Transpose<perm = [0, 1, 2]>(b)
        d = Expand(c, shape) e = Concat<axis = 1>(d, d) f, g = Split<axis = 1, num_outputs = 2>(e) y = Add(f, g) }""",
    "reductions": """net (float[2, 3, 4] x) => (float[2, 1, 4] y, int64[2, 3] at) <int64[1] axis = {1}> {
        a = ReduceMean(x, axis) b = ReduceMax(x, axis) c = ReduceL2(x, axis) y = Sum(a, b, c) at = ArgMax<axis = 2, keepdims = 0>(x) }""",
    "products": """net (float[5, 4] x, float[2, 3, 4] z) => (float[5, 6] y, float[2, 3, 3] w) <float[6] c = {1, 2, 3, 4, 5, 6},
        float[6, 4] m = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6}> {
        y = Gemm<transB = 1>(x, m, c) t = Transpose<perm = [0, 2, 1]>(z) p = MatMul(z, t) w = Softmax<axis = -1>(p) }""",
    "pools": """net (float[1, 2, 7, 7] x) => (float[1, 2, 4, 4] y) {
        a = MaxPool<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>(x)
        b = AveragePool<kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1>(x)
        c = AveragePool<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1], count_include_pad = 1>(x) y = Sum(a, b, c) }""",
    "resizes": """net (float[1, 2, 5, 5] x) => (float[1, 2, 10, 10] y) <float[4] s = {1, 1, 2, 2}, int64[4] n = {1, 2, 10, 10}> {
        a = Resize<mode: string = "nearest", coordinate_transformation_mode: string = "asymmetric", nearest_mode: string = "floor">(x, , s)
        b = Resize<mode: string = "linear">(x, , , n) y = Add(a, b) }""",
    "norms": """net (float[2, 3, 8] x) => (float[2, 3, 8] y) <float[8] g = {1, 2, 3, 4, 5, 6, 7, 8}, float[3] s = {1, 2, 3}> {
        a = LayerNormalization<axis = -1>(x, g, g) b = InstanceNormalization(x, s, s) y = Add(a, b) }""",
    "quantised": """net (float[2, 3, 4] x) => (float[2, 3, 4] y) <float s = {0.1}, int8 z = {3}, float[3] per = {0.1, 0.2, 0.3}> {
        q = QuantizeLinear(x, s, z) d = DequantizeLinear(q, s, z) e = QuantizeLinear<axis = 1, output_dtype = 3>(d, per)
        y = DequantizeLinear<axis = 1>(e, per) }""",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_small_graphs(case: str) -> None:
    original = parsed(CASES[case])
    exported = to_onnx(optimize(import_model(original), passes=FRONT))
    onnx.checker.check_model(exported, full_check=True)
    rng = np.random.default_rng(1)
    feed = {i.name: rng.standard_normal([d.dim_value for d in i.type.tensor_type.shape.dim]).astype(np.float32) for i in original.graph.input}
    for mine, theirs in zip(run(exported, feed), run(original, feed), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5)


def test_what_has_no_form_is_named() -> None:
    model = parsed("net (float[1, 2, 4, 4] x) => (float[1, 2, 4, 4] y) { y = LRN<size = 3>(x) }")
    with pytest.raises(PithError, match="cannot be written") as e:
        to_onnx(import_model(model))
    assert "lrn" in str(e.value)


def test_later_stages_are_refused() -> None:
    model = parsed("""net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) <float[4, 3, 1, 1] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}> {
        c = Conv(x, w) y = Relu(c) }""")
    with pytest.raises(PithError, match="channels last"):
        to_onnx(optimize(import_model(model)))


def test_importing_it_again_gives_the_same_network() -> None:
    graph: Graph = optimize(import_model("pith/demo/mobilenext_cifar10.onnx"), passes=FRONT)
    again = import_model(to_onnx(graph))
    assert {k: v for k, v in again.metadata.items() if k.startswith("pith.")} == {k: v for k, v in graph.metadata.items() if k.startswith("pith.")}
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 32)).astype(np.float32)
    assert np.array_equal(compile_graph(graph, opt="-O1")(x), compile_graph(again, opt="-O1")(x))


@pytest.mark.parametrize("layer", ["Conv(a, w, b)", "ConvTranspose(a, w, b)", "Gemm<transB = 1>(a, w, b)"])
@pytest.mark.parametrize("zero", ["", ", z"])
def test_layers_in_floats_between_grids_stay_in_floats(layer: str, zero: str) -> None:
    """ONNX Runtime with all its optimisations, which round weights between grids by themselves, computes what the file says."""
    rng = np.random.default_rng(5)
    shape = (8, 4) if "Gemm" in layer else (1, 4, 6, 6)
    weights = rng.standard_normal((5, 4) if "Gemm" in layer else (4, 4, 3, 3)).astype(np.float32)
    weights[0] *= 300  # one scale for all rounds the other channels to nothing
    model = parsed(f"""net (float[{",".join(map(str, shape))}] x) => (float y) <float s = {{0.02}}, uint8 z = {{0}}, float t = {{0.1}}> {{
        q = QuantizeLinear(x, s{zero}) a = DequantizeLinear(q, s{zero}) c = {layer} r = Relu(c)
        p = QuantizeLinear(r, t{zero}) y = DequantizeLinear(p, t{zero}) }}""")
    bias = rng.standard_normal(len(weights)).astype(np.float32)
    model.graph.initializer.extend(onnx.numpy_helper.from_array(a, n) for a, n in ((weights, "w"), (bias, "b")))
    exported = to_onnx(optimize(import_model(model), passes=FRONT))
    onnx.checker.check_model(exported, full_check=True)
    x = rng.uniform(0, 5, shape).astype(np.float32)
    (want,) = run(model, {"x": x})
    (got,) = ort.InferenceSession(exported.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})
    assert np.ptp(want) > 1 and np.abs(got - want).max() <= 0.101  # a step: sums in another order may tip a tie
    again = compile_graph(import_model(exported), opt="-O1")(x)
    assert np.abs(again - want).max() <= 0.101
