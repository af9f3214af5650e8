"""The whole way: the form of the graph, the promise of the search, repetition to the bit, other runtimes, hostile data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from PIL import Image

import pith
from pith.api import import_model
from pith.graph import DType, Graph, InputError, PithError
from pith.ops.interpret import run_reference
from pith.passes.pipeline import FRONT, optimize
from pith.quant.calibration import open_samples, ports_of
from pith.quant.even import equalize
from pith.quant.flow import front, quantize_graph
from pith.quant.mixed import quantize_to
from pith.quant.options import Options
from pith.quant.report import make_report
from tests.quantize.nets import Interpreted, model, pictures, run, small_net

ort.set_default_logger_severity(3)


def quantized(graph: Graph, data: object, **options: object):  # type: ignore[no-untyped-def]
    if "bits" in options:
        options["weight_bits"] = options["activation_bits"] = options.pop("bits")
    chosen = Options(**options)  # type: ignore[arg-type]
    return quantize_graph(graph, open_samples(data, ports_of(graph)), Interpreted, chosen), chosen


def by_output(graph: Graph) -> dict[str, object]:
    return graph.producers()


@pytest.mark.parametrize("bits", [8, 7])
@pytest.mark.parametrize("symmetric", [False, True])
def test_the_form(bits: int, symmetric: bool) -> None:
    """Every rule of the plan, read off the graph."""
    outcome, _ = quantized(small_net(), pictures(4), method="minmax", rounding=False, bias=False, bits=bits, symmetric=symmetric)
    graph = outcome.graph
    makers = graph.producers()
    limit = 127 if bits == 8 else 63
    layers = [n for n in graph.nodes if n.op in ("conv", "matmul")]
    assert len(layers) == 5
    for node in layers:
        assert all(makers[i].op == "dequantize_linear" for i in node.inputs if i)
        x, w = makers[node.inputs[0]], makers[node.inputs[1]]
        q = graph.constants[w.inputs[0]]
        assert q.dtype == np.int8 and np.abs(q).max() == limit and len(w.inputs) == 2
        scale = graph.constants[w.inputs[1]]
        assert scale.shape == ((q.shape[0], 1, 1, 1) if node.op == "conv" else (1, q.shape[1])) and scale.dtype == np.float32
        if len(node.inputs) > 2 and node.inputs[2]:
            b = makers[node.inputs[2]]
            assert graph.constants[b.inputs[0]].dtype == np.int32
            assert np.array_equal(graph.constants[b.inputs[1]], graph.constants[x.inputs[1]] * scale.reshape(-1))
    quantisers = [n for n in graph.nodes if n.op == "quantize_linear"]
    for node in quantisers:
        zero = graph.constants[node.inputs[2]]
        assert zero.shape == graph.constants[node.inputs[1]].shape == () and node.attrs["dtype"] is (DType.I8 if symmetric else DType.U8)
        before = makers.get(node.inputs[0])
        if bits == 7:
            assert before is not None and before.op == "clip"
            scale = graph.constants[node.inputs[1]]
            ends = [float(scale * np.float32(v - int(zero))) for v in ((-63, 63) if symmetric else (0, 127))]
            assert [before.attrs["min"], before.attrs["max"]] == ends
    # functions right behind a layer are not rounded in between; one dequantize_linear a value
    for node in graph.nodes:
        if node.op in ("relu", "hard_swish") or (node.op == "clip" and node.attrs["max"] == 6):
            assert makers[node.inputs[0]].op == "conv"
    assert len({n.inputs[0] for n in graph.nodes if n.op == "dequantize_linear"}) == sum(n.op == "dequantize_linear" for n in graph.nodes)
    # what concat joins, and what it makes, has one scale
    concat = next(n for n in graph.nodes if n.op == "concat")
    assert len({float(graph.constants[makers[i].inputs[1]]) for i in concat.inputs}) == 1
    assert makers[graph.outputs[0]].op == "dequantize_linear" and graph.types[graph.outputs[0]].dtype is DType.F32


def test_movers_keep_the_scale_and_softmax_stays_float() -> None:
    rng = np.random.default_rng(0)
    net = import_model(model("""net (float[1, 4, 6, 6] x) => (float[1, 36, 4] y) <int64[3] s = {1, 4, 36}> {
        c = Conv(x, w) p = MaxPool<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(c) f = Reshape(p, s) t = Transpose<perm = [0, 2, 1]>(f)
        a = MatMul(t, f) m = Softmax<axis = -1>(a) y = MatMul(m, t) }""", w=rng.standard_normal((4, 4, 1, 1))))  # fmt: skip
    outcome, _ = quantized(net, pictures(4, shape=(4, 6, 6)), method="minmax", rounding=False, bias=False)
    plan, makers = outcome.plan, outcome.graph.producers()
    assert plan.group["p"] == plan.group["f"] == plan.group["t"] == plan.group["c"] and plan.sources[plan.group["c"]] == ["c"]
    softmax = next(n for n in outcome.graph.nodes if n.op == "softmax")
    assert makers[softmax.inputs[0]].op == "dequantize_linear"
    exact, found = run(net)(pictures(1, 9, (4, 6, 6))), run(outcome.graph)(pictures(1, 9, (4, 6, 6)))
    assert np.abs(exact - found).max() < 0.05 * np.abs(exact).max()


def test_float_outputs_and_kept_layers() -> None:
    outcome, _ = quantized(small_net(), pictures(4), method="minmax", rounding=False, bias=False, float_outputs=True)
    assert outcome.graph.producers()["y"].op == "matmul"
    name = outcome.plan.layers[1].name
    kept, _ = quantized(small_net(), pictures(4), method="minmax", rounding=False, bias=False, keep=frozenset({name}))
    assert kept.plan.kept == [name] and name not in [layer.name for layer in kept.plan.layers]
    node = next(n for n in kept.graph.nodes if (n.name or n.outputs[0]) == name or (n.op == "conv" and n.attrs["group"] == 8))
    assert kept.graph.constants[node.inputs[1]].dtype == np.float32


@pytest.mark.parametrize("bits", [8, 7])
def test_best_is_no_worse_than_any_plain_method(bits: int) -> None:
    """Results on the samples kept from the search, run by NumPy here."""
    net, data = small_net(5), pictures(10)
    apart = data[4::5]
    exact = np.concatenate([Interpreted(net)(x[None]) for x in apart]).astype(np.float64)

    def error(**options: object) -> float:
        outcome, _ = quantized(net, data, bits=bits, float_outputs=True, **options)
        found = np.concatenate([Interpreted(outcome.graph)(x[None]) for x in apart])
        signal, noise = (np.square(v).reshape(len(apart), -1).sum(axis=0) for v in (exact, found - exact))
        return float((noise / (signal + 0.01 * signal.mean())).mean())  # each number of the result by its own size

    plain = [error(method=m, rounding=False, bias=False) for m in ("minmax", "percentile", "mse", "kl", "easyquant")]
    outcome, _ = quantized(net, data, bits=bits, float_outputs=True, best=True)
    assert any(n.startswith("taken: ") and n.endswith("on 2 samples") for n in outcome.notes)
    assert error(best=True) <= min(plain[:4]) * (1 + 1e-6)
    assert len(outcome.snapshots) == 8  # four ranges, two searches, two improvements


@pytest.mark.parametrize("options", [{}, {"mode": "released"}, {"target": "network", "stages": 2, "bits": 7}], ids=str)
def test_never_worse_than_the_start(options: dict[str, object]) -> None:
    """Measured on the network that comes out, over all positions and samples, by NumPy here."""
    net, data = small_net(3), pictures(6)
    ranges = "kl" if options.get("mode") == "released" else "minmax"
    begin, _ = quantized(net, data, method=ranges, rounding=False, bias=False, bits=options.get("bits", 8))
    end, _ = quantized(net, data, **options)
    assert end.snapshots[0][0] == "start"

    def loss(outcome) -> float:  # type: ignore[no-untyped-def]
        keys = [layer.key for layer in outcome.plan.layers]
        a, b = outcome.source.copy(), outcome.graph.copy()
        a.outputs, b.outputs = keys, [outcome.inserted.before.get(k, k) for k in keys]
        total = 0.0
        for x in data:
            for t, o in zip(run_reference(a, {"x": x[None]}), run_reference(b, {"x": x[None]}), strict=True):
                t, o = t.astype(np.float64).ravel(), o.astype(np.float64).ravel()
                total += 1 - t @ o / np.sqrt((t @ t) * (o @ o))
        return total / len(data) / len(keys)

    first, last = loss(begin), loss(end)
    assert last < first
    assert abs(last - min(s for _, s in end.snapshots)) < 1e-3 * last + 1e-9 and abs(first - end.snapshots[0][1]) < 1e-3 * first + 1e-9


def test_repeats_to_the_bit() -> None:
    samples = open_samples(pictures(20), ports_of(small_net()), images=6, seed=5)
    one, two = (quantize_graph(small_net(), samples, Interpreted, Options("kl", 7, 7)) for _ in range(2))
    assert [n.op for n in one.graph.nodes] == [n.op for n in two.graph.nodes] and one.graph.constants.keys() == two.graph.constants.keys()
    assert all(a.tobytes() == two.graph.constants[k].tobytes() for k, a in one.graph.constants.items())
    drawn = [[float(x.sum()) for f in open_samples(pictures(20), ports_of(small_net()), images=6, seed=s) for x in f.values()] for s in (5, 5, 6)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_no_layers_in_floats_and_a_cosine_that_needs_them() -> None:
    with pytest.raises(InputError, match="one of the two"):
        pith.quantize(small_net(), pictures(4), mixed=False, min_cosine=0.99)


@pytest.mark.parametrize("bits", [8, 7])
def test_onnx_runtime_runs_it(tmp_path: Path, bits: int) -> None:
    result = pith.quantize(small_net(), pictures(8), bits=bits, float_outputs=False)
    result.save_onnx(tmp_path / "q.onnx")
    onnx.checker.check_model(str(tmp_path / "q.onnx"), full_check=True)
    step = max(result.outcome.numbers.grids["y"].scale, 1e-9)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    theirs = ort.InferenceSession(str(tmp_path / "q.onnx"), options)
    exact = ort.SessionOptions()
    exact.add_session_config_entry("session.x64quantprecision", "1")  # or sums of two products saturate where there is no VNNI
    fused = ort.InferenceSession(str(tmp_path / "q.onnx"), exact)
    mine, again = result.compile(), run(import_model(str(tmp_path / "q.onnx")))
    for x in pictures(10, 7):
        y = mine(x[None])
        assert np.abs(y - theirs.run(None, {"x": x[None]})[0]).max() <= 1.01 * step  # ties of float sums: a step at most
        assert np.abs(y - fused.run(None, {"x": x[None]})[0]).max() <= 2.01 * step
        assert np.abs(y - again(x[None])).max() <= 1.01 * step


def test_onnx_runtime_takes_average_pools(tmp_path: Path) -> None:
    """Between integers it makes an operator of its own of them, with fewer attributes."""
    rng = np.random.default_rng(0)
    text = """net (float[1, 3, 8, 8] x) => (float[1, 4, 3, 3] y) {
        a = Conv(x, w1) r = Relu(a) p = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(r) y = Conv(p, w2) }"""
    net = import_model(model(text, w1=rng.standard_normal((8, 3, 3, 3)), w2=rng.standard_normal((4, 8, 1, 1))))
    result = pith.quantize(net, pictures(12), method="minmax", improve=False)
    result.save_onnx(tmp_path / "q.onnx")
    session, mine = ort.InferenceSession(str(tmp_path / "q.onnx")), result.compile()
    ours, theirs = (np.concatenate([f(x[None]) for x in pictures(8, 5)]) for f in (mine, lambda x: session.run(None, {"x": x})[0]))
    assert np.abs(ours - theirs).max() < 0.02 * np.ptp(ours)


@pytest.mark.parametrize("options", [{"mode": "released"}, {"start": "kl"}])
def test_what_only_the_search_has(options: dict[str, str]) -> None:
    with pytest.raises(InputError, match="it searches nothing"):
        pith.quantize(small_net(), pictures(4), method="mse", **options)


def test_a_network_in_integers_already_is_said_to_be() -> None:
    first = pith.quantize(small_net(), pictures(8), method="minmax", improve=False)
    assert not any("in integers in part" in w for w in first.report.warnings)
    again = pith.quantize(first.graph, pictures(8), method="minmax", improve=False)
    assert any("in integers in part" in w for w in again.report.warnings)


def test_preprocessing_of_arrays_is_no_use() -> None:
    how = '{"scale": 0.1}'
    result = pith.quantize(small_net(), pictures(8), method="minmax", improve=False, preprocess=how)
    assert any("which are taken as they are" in w for w in result.report.warnings)


def test_onnx_runtime_gives_the_same_bits(tmp_path: Path) -> None:
    """Three layers whose sums would leave 16 bits on the way: what saturates there is ONNX Runtime's default, not the exported model."""
    rng = np.random.default_rng(0)
    text = """net (float[1, 16, 6, 6] x) => (float[1, 4, 6, 6] y) {
        a = Conv<pads = [1, 1, 1, 1]>(x, w1, b) r = Relu(a) c = Conv(r, w2, b) s = Relu(c) y = Conv(s, w3) }"""
    w = {"w1": np.abs(rng.standard_normal((16, 16, 3, 3))), "w2": rng.standard_normal((16, 16, 1, 1)), "w3": rng.standard_normal((4, 16, 1, 1)),
         "b": rng.standard_normal(16)}  # fmt: skip
    data = np.abs(pictures(12, shape=(16, 6, 6))) + 1
    result = pith.quantize(import_model(model(text, **w)), data, method="minmax", improve=False, float_outputs=False)
    result.save_onnx(tmp_path / "q.onnx")
    exact, plain = ort.SessionOptions(), ort.SessionOptions()
    exact.add_session_config_entry("session.x64quantprecision", "1")
    mine, unseen = result.compile(), np.abs(pictures(10, 7, (16, 6, 6))) + 1
    there = [ort.InferenceSession(str(tmp_path / "q.onnx"), o) for o in (exact, plain)]
    ours = np.concatenate([mine(x[None]) for x in unseen])
    theirs, fast = (np.concatenate([session.run(None, {"x": x[None]})[0] for x in unseen]) for session in there)
    assert np.array_equal(ours, theirs)
    if not np.array_equal(ours, fast):  # no VNNI here: sums of two products end at 32,767, and results fall short
        assert np.abs(fast - ours).max() > 2 * result.outcome.numbers.grids["y"].scale


def test_equalize_keeps_the_network() -> None:
    uneven = uneven_net()
    even = front(uneven)
    assert equalize(even) == 1
    assert not equalize(front(small_net()))  # two readers, a relu6, a sum: nothing to even out
    x = pictures(1, 3)
    np.testing.assert_allclose(run(even)(x), run(uneven)(x), rtol=1e-4, atol=1e-4)
    plain, _ = quantized(uneven, pictures(6), method="minmax", rounding=False, bias=False)
    better, _ = quantized(uneven, pictures(6), method="minmax", rounding=False, bias=False, equalize=True)
    assert better.layers["y"].loss < 0.3 * plain.layers["y"].loss


def uneven_net() -> Graph:
    """Channels whose ranges differ by four orders of magnitude between two convolutions that undo each other's scales."""
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.uniform(-2, 2, 6)
    a, b = rng.standard_normal((6, 3, 1, 1)) * scales.reshape(-1, 1, 1, 1), rng.standard_normal((4, 6, 1, 1)) / scales.reshape(1, -1, 1, 1)
    return import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) { c = Conv(x, a) r = Relu(c) y = Conv(r, b) }", a=a, b=b))


def test_mixed_precision_reaches_what_is_wanted() -> None:
    net, data = uneven_net(), pictures(6)
    samples = open_samples(data, ports_of(net))
    options = Options(method="minmax", rounding=False, bias=False, float_outputs=True)
    plain = quantize_graph(net, samples, Interpreted, options)
    wanted = 1 - (1 - plain.layers["y"].cosine) / 10
    outcome, chosen = quantize_to(wanted, net, samples, Interpreted, options, lambda what, done: None)
    assert outcome.layers["y"].cosine >= wanted and chosen.keep == {"y"} == set(outcome.plan.kept)
    assert "r" not in outcome.plan.group  # what only the layer in floats reads is not rounded
    with pytest.raises(InputError, match="can be had"):
        quantize_to(1 - 1e-15, net, samples, Interpreted, options, lambda what, done: None)


def test_the_report_names_what_is_wrong() -> None:
    rng = np.random.default_rng(0)
    w1, w2 = rng.standard_normal((6, 3, 1, 1)), rng.standard_normal((4, 6, 1, 1)) * 0.001
    w1[0] *= 300
    w2[:, 0] = 2
    w2[3] = 0
    net = import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) { c = Conv(x, w1) r = Relu(c) y = Conv(r, w2, b) }",
                             w1=w1, w2=w2, b=np.array([1, 2, 3, 1e30])))  # fmt: skip
    outcome, options = quantized(net, pictures(3), method="minmax", rounding=False, bias=False)
    report = make_report(outcome, options, 3)
    causes = " ".join(str(c) for r in report.layers for c in r.causes)
    assert "1 of 4 output channels have no weights" in causes
    assert np.isfinite(run(outcome.graph)(pictures(1))).all()
    assert json.loads(json.dumps(report.plain()))["layers"][1]["macs"] == 4 * 6 * 64
    assert "mean layer cosine" in report.text() and len(report.rank) == len(report.gain)
    assert report.size[1] < report.size[0]


def test_one_sample_warns_and_constant_input_is_told() -> None:
    with pytest.warns(UserWarning, match="one calibration sample"):
        result = pith.quantize(small_net(), pictures(1), method="minmax")
    assert any("one calibration sample" in w for w in result.report.warnings)
    constant = pith.quantize(small_net(), np.zeros((3, 3, 8, 8), np.float32), method="minmax", improve=False)
    assert any("always 0" in w for w in constant.report.warnings)
    assert np.isfinite(constant.compile(opt="-O1")(pictures(1))).all()


def test_nan_inside_is_located() -> None:
    net = import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) { l = Log(x) y = Conv(l, w) }",
                             w=np.ones((4, 3, 1, 1))))  # fmt: skip
    with pytest.raises(InputError, match="NaN") as e:
        pith.quantize(net, np.abs(pictures(3)) - 1, method="minmax")
    assert "sample 0" in str(e.value)


def test_hostile_data(tmp_path: Path) -> None:
    net = small_net()
    cases: list[tuple[object, str]] = [
        (tmp_path, "no pictures"), (tmp_path / "absent", "no calibration data"), (np.zeros((2, 3, 9, 8), np.float32), "does not fit"),
        ([], "no calibration data"), (np.full((2, 3, 8, 8), np.nan, np.float32), "NaN"), ([{"z": np.zeros(3)}], "has z"),
        (42, "no calibration data"), ([np.zeros((3, 8, 8), complex)], "holds complex"),
    ]  # fmt: skip
    for data, message in cases:
        with pytest.raises(PithError, match=message):
            pith.quantize(net, data, method="minmax")
    bad = tmp_path / "pictures"
    bad.mkdir()
    Image.new("RGB", (9, 9)).save(bad / "a.png")
    (bad / "b.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"b\.png"):
        pith.quantize(net, bad, method="minmax")
    for options in ({"method": "magic"}, {"bits": 4}, {"mode": "x"}, {"images": 0}, {"min_cosine": 2.0}, {"keep_float": ["nobody"]}):
        with pytest.raises(InputError):
            pith.quantize(net, pictures(2), **({"method": "minmax"} | options))  # type: ignore[arg-type]
    already = pith.quantize(net, pictures(2), method="minmax", improve=False).graph
    with pytest.raises(InputError, match="nothing in this network"):
        pith.quantize(optimize(import_model(model("net (float[1, 2] x) => (float[1, 2] y) { y = Relu(x) }")), passes=FRONT), np.zeros((3, 2), np.float32))
    assert already.nodes


def test_sources_agree(tmp_path: Path) -> None:
    """The same samples from an array, a file, an iterable and dictionaries give the same network."""
    data = pictures(5)
    np.save(tmp_path / "d.npy", data)
    np.savez(tmp_path / "d.npz", x=data)
    sources = [data, tmp_path / "d.npy", tmp_path / "d.npz", iter(list(data)), [{"x": x[None]} for x in data], {"x": data}]
    opened = [open_samples(s, ports_of(small_net())) for s in sources]
    graphs = [quantize_graph(small_net(), s, Interpreted, Options("minmax", rounding=False, bias=False)).graph for s in opened]
    for g in graphs[1:]:
        assert g.constants.keys() == graphs[0].constants.keys() and all(a.tobytes() == g.constants[k].tobytes() for k, a in graphs[0].constants.items())


def test_command(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from pith.cli.main import app
    from pith.exporters.onnx import to_onnx

    onnx.save(to_onnx(front(small_net())), tmp_path / "net.onnx")
    np.save(tmp_path / "d.npy", pictures(6))
    arguments = ["quantize", str(tmp_path / "net.onnx"), "--images", str(tmp_path / "d.npy"), "-o", str(tmp_path / "q.onnx"), "--method", "mse"]
    shown = CliRunner().invoke(app, [*arguments, "--report", str(tmp_path / "r.json"), "--bits", "7"])
    assert shown.exit_code == 0, shown.output
    assert "most error comes in at" in shown.output and json.loads((tmp_path / "r.json").read_text())["bits"] == 7
    told = CliRunner().invoke(app, [*arguments, "--json"])
    assert json.loads(told.stdout)["method"] == "mse"
    assert run(import_model(str(tmp_path / "q.onnx")))(pictures(1)).shape == (1, 5)
