"""Sensitivity, causes and comparison, against what NumPy and whole networks say."""

from __future__ import annotations

import itertools
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

import pith
from pith.api import import_model
from pith.cli.main import app
from pith.exporters.onnx import to_onnx
from pith.graph import Graph, InputError, ShapeError
from pith.ops.interpret import run_reference
from pith.quant.calibration import open_samples, ports_of
from pith.quant.flow import Outcome, front, quantize_graph
from pith.quant.mixed import quantize_to, worst_output
from pith.quant.options import Options
from pith.quant.report import Report, make_report
from pith.quant.sensitivity import Sensitivity, kept_counts, sensitivity, switched
from pith.quant.watch import Watched
from pith.quant.weights import bias_integers, bias_scale
from pith.quantized import compare
from pith.report.quantization import advice
from tests.quantize.nets import Interpreted, model, pictures, run, small_net


def quantized(graph: Graph, data: np.ndarray, **options: object) -> tuple[Outcome, Options]:
    chosen = Options(**{"method": "minmax", "rounding": False, "bias": False, **options})  # type: ignore[arg-type]
    return quantize_graph(graph, open_samples(data, ports_of(graph)), Interpreted, chosen), chosen


def report_of(graph: Graph, data: np.ndarray, **options: object) -> Report:
    outcome, chosen = quantized(graph, data, **options)
    return make_report(outcome, chosen, len(data))


def noise_alone(outcome: Outcome, key: str, data: np.ndarray) -> float:
    """By the reference interpreter: the float network with one layer's operands rounded, no switches."""
    graph = outcome.source.copy()
    layer = next(la for la in outcome.plan.layers if la.key == key)
    node = next(n for n in graph.nodes if n.outputs[0] == key)
    grid = outcome.numbers.grids[outcome.plan.group[layer.x]]
    exact = [run_reference(outcome.source, {"x": x[None]})[0] for x in data]
    noise = signal = 0.0
    inner = outcome.source.copy()
    inner.outputs = [layer.x]
    inner.drop_unused()
    graph.constants[node.inputs[1]] = outcome.numbers.weights[key].real
    if layer.bias:
        scale = bias_scale(node, outcome.numbers.weights[key], grid.scale)
        graph.constants[layer.bias] = (bias_integers(graph.constants[layer.bias], scale) * scale.astype(np.float64)).astype(np.float32)
    graph.inputs.append("rounded")
    graph.types["rounded"] = graph.types[layer.x]
    node.inputs[0] = "rounded"
    for x, want in zip(data, exact, strict=True):
        value = x[None] if layer.x == "x" else run_reference(inner, {"x": x[None]})[0]
        found = run_reference(graph, {"x": x[None], "rounded": grid.rounded(value)})[0].astype(np.float64)
        noise += float(((found - want) ** 2).sum())
        signal += float((want.astype(np.float64) ** 2).sum())
    return noise / signal


def test_alone_is_one_layer_in_integers() -> None:
    data = pictures(4)
    outcome, _ = quantized(small_net(), data)
    found = sensitivity(outcome.source, outcome.plan, outcome.numbers, open_samples(data, ports_of(outcome.source)), Interpreted)
    assert found is not None and found.samples == 4 and set(found.alone) == {la.key for la in outcome.plan.layers}
    for key, value in found.alone.items():
        assert value == pytest.approx(noise_alone(outcome, key, data), rel=1e-4), key
    assert [found.alone[k] for k in found.order] == sorted(found.alone.values(), reverse=True)


def test_the_curve_ends_where_one_layer_is_left() -> None:
    data = pictures(4)
    outcome, _ = quantized(small_net(), data)
    found = sensitivity(outcome.source, outcome.plan, outcome.numbers, open_samples(data, ports_of(outcome.source)), Interpreted)
    assert found is not None and [k for k, _, _ in found.curve] == kept_counts(5) == [0, 1, 2, 3, 4]
    assert found.curve[4][2] == pytest.approx(-10 * math.log10(found.alone[found.order[-1]]), abs=0.1)
    together = 10 ** (-found.curve[0][2] / 10)
    assert together == pytest.approx(sum(found.alone.values()), rel=0.5)  # errors of layers hardly cancel: their powers add up


def test_switches_change_nothing_by_themselves() -> None:
    outcome, _ = quantized(small_net(), pictures(3))
    both, switches = switched(outcome.source, outcome.plan, outcome.numbers)
    off = {s: np.array(False) for s in switches.values()}
    x = pictures(1, 5)
    assert run_reference(both, {"x": x, **off})[0].tobytes() == run_reference(outcome.source, {"x": x})[0].tobytes()
    assert kept_counts(1) == [0] and kept_counts(30)[-1] < 30


def test_no_output_to_measure() -> None:
    net = import_model(model("net (float[1, 3, 8, 8] x) => (int64[1, 1, 8, 8] y) { c = Conv(x, w) y = ArgMax<axis = 1>(c) }", w=np.ones((4, 3, 1, 1))))
    data = pictures(2)
    outcome, _ = quantized(net, data)
    assert sensitivity(outcome.source, outcome.plan, outcome.numbers, open_samples(data, ports_of(net)), Interpreted) is None


def test_report_measures_when_asked(tmp_path: Path) -> None:
    result = pith.quantize(small_net(), pictures(8), method="minmax", improve=False, explain=True)
    report = result.report
    assert report.measured == 8 and report.curve and all(r.share is not None and r.gain is not None for r in report.layers)
    shares = {r.name: r.share for r in report.layers}
    assert report.between is not None and 0 < report.between < 1
    assert sum(v or 0 for v in shares.values()) + report.between == pytest.approx(1)
    assert list(report.rank) == sorted(shares, key=lambda n: -(shares[n] or 0))
    plain = pith.quantize(small_net(), pictures(8), method="minmax", improve=False).report
    assert plain.measured == 0 and not plain.curve and plain.layers[0].share is None


def test_the_ranking_keeps_its_promise() -> None:
    """Leaving the first layer of it in floats gains more than leaving any other, and about what was expected."""
    data = pictures(8)
    outcome, chosen = quantized(small_net(), data, float_outputs=True)
    measured = sensitivity(outcome.source, outcome.plan, outcome.numbers, open_samples(data, ports_of(outcome.source)), Interpreted)
    report = make_report(outcome, chosen, 8, measured)

    def gained(name: str) -> float:
        without, _ = quantized(small_net(), data, float_outputs=True, keep=frozenset({name}))
        return without.layers["y"].sqnr - outcome.layers["y"].sqnr

    gains = {r.name: gained(r.name) for r in report.layers}
    assert max(gains, key=lambda n: gains[n]) == report.rank[0]
    expected = next(r.gain for r in report.layers if r.name == report.rank[0])
    assert expected is not None and gains[report.rank[0]] > 2 and abs(gains[report.rank[0]] - expected) < 3


def test_layers_of_the_report_are_numpys() -> None:
    """Histogram, channels, weights and shares that are cut off, by counting here."""
    data = pictures(5)
    outcome, chosen = quantized(small_net(), data, method="percentile")
    report = make_report(outcome, chosen, 5)
    inner = outcome.source.copy()
    inner.outputs = [layer.x for layer in outcome.plan.layers if layer.x != "x"]
    values = [dict(zip(inner.outputs, run_reference(inner, {"x": x[None]}), strict=True)) | {"x": x[None]} for x in data]
    for r, layer in zip(report.layers, outcome.plan.layers, strict=True):
        if len(outcome.plan.sources[outcome.plan.group[layer.x]]) > 1:
            continue
        all_of = np.concatenate([v[layer.x].ravel() for v in values])
        assert sum(r.histogram) == all_of.size and (r.low, r.high) == pytest.approx((all_of.min(), all_of.max()), rel=1e-5)
        want = np.histogram(all_of, 96, (all_of.min(), all_of.max()))[0]
        assert np.abs(np.cumsum(r.histogram) - np.cumsum(want)).max() <= 0.02 * all_of.size  # to a bin of the finer histogram
        tops = np.max([np.abs(v[layer.x]).max(axis=tuple(a for a in range(v[layer.x].ndim) if a != 1)) for v in values], axis=0)
        np.testing.assert_allclose(r.channels, tops, rtol=1e-3)
        w = outcome.source.constants[layer.weights]
        assert r.parameters == w.size and max(r.weights) == pytest.approx(np.abs(w).max(), rel=1e-3) and r.cut == 0
        outside = (all_of < r.ends[0] - r.scale / 2) | (all_of > r.ends[1] + r.scale / 2)
        assert abs(r.clipped - outside.mean()) < 0.002


def kinds(report: Report) -> set[str]:
    return {c.kind for r in report.layers for c in r.causes}


def chain(scale: np.ndarray, *, tail: float = 1.0, seed: int = 0) -> Graph:
    """conv, relu, conv; the channels in between are as large as `scale` says and the second undoes it."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((len(scale), 3, 1, 1)) * scale.reshape(-1, 1, 1, 1)
    b = rng.standard_normal((4, len(scale), 1, 1)) / scale.reshape(1, -1, 1, 1) * tail
    return import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) { c = Conv(x, a) r = Relu(c) y = Conv(r, b) }", a=a, b=b))


def test_cause_outlier_channel() -> None:
    report = report_of(chain(np.array([1.0, 1, 1, 1, 1, 900])), pictures(12))
    text = " ".join(str(c) for c in report.layers[1].causes)
    assert {"outlier channel", "outlier weights"} & kinds(report) and "channel 5 of its input" in text


def test_cause_dead_channels() -> None:
    scale = np.ones(6)
    net = chain(scale)
    name = next(n for n in net.nodes if n.op == "conv").inputs[1]
    net.constants[name] = net.constants[name].copy()
    net.constants[name][2] = 0
    found = report_of(net, pictures(12))
    assert {"dead channel", "dead input channel"} <= kinds(found)
    assert "1 of 6 output channels have no weights" in str(found.layers[0].causes[0])
    assert any("1 of 6 channels of its input" in str(c) for c in found.layers[1].causes)


def test_cause_saturation_and_constant_and_outlier() -> None:
    data = np.clip(pictures(12) * 5, -1, 1)
    data[:, :, 0, 0] = 40  # the middle 99.99 % leaves nothing of these out, an entropy search does
    outcome, chosen = quantized(chain(np.ones(6)), data, method="mse")
    root = outcome.plan.group["x"]
    outcome.numbers.grids[root] = outcome.numbers.grids[root].scaled(0.001)
    assert "saturation" in kinds(make_report(outcome, chosen, 12))
    assert "constant input" in kinds(report_of(chain(np.ones(6)), np.ones((12, 3, 8, 8), np.float32)))
    far = pictures(12)  # 2,304 values, of which one
    far[3, 1, 2, 2] = 1e6
    assert "outlier" in kinds(report_of(chain(np.ones(6)), far))


def test_cause_few_samples_and_samples_that_disagree() -> None:
    rough = chain(np.array([1.0, 1, 1, 1, 1, 900]))
    assert "few samples" in kinds(report_of(rough, pictures(4)))
    uneven = pictures(12)
    uneven[1::2] *= 30
    assert "samples disagree" in kinds(report_of(rough, uneven)) and "few samples" not in kinds(report_of(rough, uneven))


def test_cause_one_tensor_dominates() -> None:
    rng = np.random.default_rng(0)
    w = {"a": rng.standard_normal((4, 3, 1, 1)), "b": rng.standard_normal((4, 3, 1, 1)) * 500, "c": rng.standard_normal((4, 8, 1, 1))}
    w["c"][:, 4:] /= 500
    net = import_model(model("""net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) {
        l = Conv(x, a) r = Conv(x, b) k = Concat<axis = 1>(l, r) y = Conv(k, c) }""", **w))  # fmt: skip
    report = report_of(net, pictures(12))
    assert "one tensor dominates" in kinds(report) and "and r (to" in " ".join(str(c) for c in report.layers[2].causes)


def test_cause_inherited_and_narrow() -> None:
    rng = np.random.default_rng(0)
    w = {"a": rng.standard_normal((6, 3, 1, 1)) * np.array([1, 1, 1, 1, 1, 3000.0]).reshape(-1, 1, 1, 1), "b": rng.standard_normal((4, 6, 1, 1)),
         "c": rng.standard_normal((4, 4, 1, 1))}  # fmt: skip
    w["b"][:, 5] = 0
    net = import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) { p = Conv(x, a) q = Conv(p, b) y = Conv(q, c) }", **w))
    last = report_of(net, pictures(12)).layers[-1]
    assert any(c.kind == "inherited" and "look at q first" in str(c) for c in last.causes)


def test_watched_in_halves() -> None:
    rng = np.random.default_rng(0)
    watched, x = Watched(), rng.standard_normal((6, 1, 5, 4, 4)).astype(np.float32)
    for k, part in enumerate(x):
        watched.add(part, k)
    np.testing.assert_array_equal(watched.channels, np.abs(x).max(axis=(0, 1, 3, 4)))
    assert watched.halves.tolist() == [[float(x[k::2].min()), float(x[k::2].max())] for k in (0, 1)]
    assert 0 < watched.disagreement() < 1 and Watched().disagreement() == 0
    assert watched.apart(1.0) is not None and watched.apart(1000.0) is None
    watched.add(x[0] * 5000, 6)
    assert watched.apart(1000.0) == (float(np.abs(x).max()), 6)
    one = Watched()
    one.add(np.float32(3.5), 0)
    assert one.channels is None and one.top == 3.5


# ---- comparison


def test_compare_is_numpys() -> None:
    net, data = small_net(), pictures(6)
    result = pith.quantize(net, data, method="minmax", improve=False)
    found = result.compare(pictures(5, 9))
    exact, integers = run(net), result.compile(opt="-O1")
    pairs = [(exact(x[None]).astype(np.float64), integers(x[None]).astype(np.float64)) for x in pictures(5, 9)]
    (y,) = found.outputs
    assert found.samples == 5 and not found.layers
    assert y.largest == pytest.approx(max(np.abs(a - b).max() for a, b in pairs), rel=1e-5)
    assert y.agree == np.mean([a.argmax() == b.argmax() for a, b in pairs])
    assert y.span == pytest.approx(max(a.max() for a, _ in pairs) - min(a.min() for a, _ in pairs), rel=1e-5)
    noise, signal = sum(((a - b) ** 2).sum() for a, b in pairs), sum((a**2).sum() for a, _ in pairs)
    assert y.sqnr == pytest.approx(10 * math.log10(signal / noise), abs=0.01)
    assert y.cosine == pytest.approx(np.mean([(a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()) for a, b in pairs]), abs=1e-6)


def test_compare_layers_of_a_saved_model(tmp_path: Path) -> None:
    """Found by name in the file, the same as in memory."""
    result = pith.quantize(small_net(), pictures(6), method="minmax", improve=False)
    result.save_onnx(tmp_path / "q.onnx")
    here, there = result.compare(pictures(3, 9), layers=True), compare(small_net(), tmp_path / "q.onnx", pictures(3, 9), layers=True)
    assert {r.name for r in here.layers} == {r.name for r in there.layers} >= {"c1", "r1", "c3", "a", "c4", "k"}
    for a, b in zip(here.layers, there.layers, strict=True):
        assert a.name == b.name and a.cosine == pytest.approx(b.cosine, abs=1e-6) and 0.99 < a.cosine < 1
    assert here.outputs == there.outputs and "results" in here.text() and json.loads(json.dumps(here.plain()))["samples"] == 3


def test_compare_refuses() -> None:
    other = import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) { y = Conv(x, w) }", w=np.ones((4, 3, 1, 1))))
    two = import_model(model("net (float[1, 3, 8, 8] u) => (float[1, 4, 8, 8] v) { v = Conv(u, w) }", w=np.ones((4, 3, 1, 1))))
    assert compare(other, two, pictures(2)).outputs[0].largest == 0  # by place where names differ
    with pytest.raises(InputError, match="no layer"):
        compare(other, two, pictures(2), layers=True)
    more = import_model(model("net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y, float[1, 3, 8, 8] z) { y = Conv(x, w) z = Relu(x) }",
                              w=np.ones((4, 3, 1, 1))))  # fmt: skip
    with pytest.raises(ShapeError, match="different outputs"):
        compare(other, more, pictures(2))
    wide = import_model(model("net (float[1, 3, 9, 8] x) => (float[1, 4, 9, 8] y) { y = Conv(x, w) }", w=np.ones((4, 3, 1, 1))))
    with pytest.raises(ShapeError, match="different inputs"):
        compare(other, wide, pictures(2))


def test_a_graph_beside_a_model_with_open_dimensions(tmp_path: Path) -> None:
    opened = to_onnx(small_net())
    opened.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    onnx.save(opened, tmp_path / "open.onnx")
    shapes = {opened.graph.input[0].name: ports_of(small_net())[0].shape}
    assert compare(tmp_path / "open.onnx", small_net(), pictures(2), shapes=shapes).outputs[0].largest == 0


# ---- mixed precision


def test_fewest_layers_in_floats() -> None:
    """As few as trying every set of layers finds."""
    rng = np.random.default_rng(4)
    scales = [10.0 ** rng.uniform(-2, 2, 6) for _ in range(2)]
    shapes = {"a": (6, 3, 1, 1), "b": (6, 6, 1, 1), "c": (6, 6, 1, 1), "d": (5, 6, 1, 1)}
    w = {k: rng.standard_normal(s) for k, s in shapes.items()}
    for first, second, by in (("a", "b", scales[0]), ("c", "d", scales[1])):
        w[first] *= by.reshape(-1, 1, 1, 1)
        w[second] /= by.reshape(1, -1, 1, 1)
    net = import_model(model("""net (float[1, 3, 8, 8] x) => (float[1, 5, 8, 8] y) {
        p = Conv(x, a) q = Relu(p) r = Conv(q, b) s = Conv(r, c) t = Relu(s) y = Conv(t, d) }""", **w))  # fmt: skip
    data = pictures(6)
    samples = open_samples(data, ports_of(net))
    options = Options(method="minmax", rounding=False, bias=False, float_outputs=True)
    names = [layer.name for layer in quantize_graph(net, samples, Interpreted, options).plan.layers]

    def cosine(keep: tuple[str, ...]) -> float:
        return worst_output(quantized(net, data, keep=frozenset(keep), float_outputs=True)[0])

    best = {k: max(cosine(c) for c in itertools.combinations(names, k)) for k in range(3)}
    for k in (1, 2):
        wanted = 1 - (1 - best[k]) * 1.0001
        assert wanted > best[k - 1]
        outcome, chosen = quantize_to(wanted, net, samples, Interpreted, options, lambda what, done: None)
        assert len(chosen.keep) == k and worst_output(outcome) >= wanted


def test_text_advises_what_gains() -> None:
    """Layers in floats are advised by name where few of them gain 3 dB, and not where they do not."""
    net = small_net()
    outcome, measured = quantized(net, pictures(6), float_outputs=True)[0], Sensitivity({}, (), 6)
    names = [layer.name for layer in outcome.plan.layers]
    alone = {layer.key: 1e-3 / (k + 1) for k, layer in enumerate(outcome.plan.layers)}

    def report(*decibels: float, cosine: float = 0.99) -> Report:
        curve = tuple((k, 0.9, d) for k, d in enumerate(decibels))
        return replace(make_report(outcome, Options(), 6, replace(measured, alone=alone, curve=curve)), outputs=(("y", cosine, 20.0),))

    good = report(20, 23.5, 23)
    assert f"with 0, 1, 2 of them in floats: 20.0, 23.5, 23.0 dB\ntry --keep-float {names[0]}" in good.text()
    assert good.remedy == f"try --keep-float {names[0]}" and good.remedy in str(advice(good.plain()))
    assert "gains less than 3 dB" in report(20, 19, 22.9).text() and not report(20, 19, 22.9).remedy and not report(math.inf, math.inf).remedy
    assert "--min-cosine" in report(20, 20, 20, 20, 20, 25).remedy
    fine = report(40, 44, cosine=0.9999)
    assert "try" not in fine.text() and not any(a["kind"] == "general" for a in advice(fine.plain()))
    assert "is measured with --report" in make_report(outcome, Options(), 6).text()


# ---- the command


def test_command_writes_a_page_and_compares(tmp_path: Path) -> None:
    import onnx

    onnx.save(to_onnx(front(small_net())), tmp_path / "net.onnx")
    np.save(tmp_path / "d.npy", pictures(6))
    arguments = ["quantize", str(tmp_path / "net.onnx"), "--images", str(tmp_path / "d.npy"), "--method", "minmax", "--no-improve"]
    shown = CliRunner().invoke(app, [*arguments, "--report", str(tmp_path / "r.html"), "--compare", str(tmp_path / "d.npy"), "--per-layer"])
    assert shown.exit_code == 0, shown.output
    assert "same top" in shown.output and "results on 6 of the samples" in shown.output
    page, data = (tmp_path / "r.html").read_text(), json.loads((tmp_path / "r.json").read_text())
    assert data["measured"] == 6 and all(r["name"] in page for r in data["layers"])
    told = CliRunner().invoke(app, [*arguments, "--compare", str(tmp_path / "d.npy"), "--json"])
    assert json.loads(told.stdout)["compare"][str(tmp_path / "d.npy")]["outputs"][0]["name"] == "y"
    for extra in (["--report", str(tmp_path / "r.pdf")], ["--report", str(tmp_path / "no" / "r.html")], ["--compare", str(tmp_path / "absent.jpg")]):
        refused = CliRunner().invoke(app, [*arguments, *extra])
        assert refused.exit_code != 0 and isinstance(refused.exception, (InputError, SystemExit))


def test_a_broken_picture_to_compare_is_refused_before_any_work(tmp_path: Path) -> None:
    import onnx

    onnx.save(to_onnx(front(small_net())), tmp_path / "net.onnx")
    np.save(tmp_path / "d.npy", pictures(6))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    arguments = ["quantize", "net.onnx", "--images", "d.npy", "--compare", "broken.jpg", "-o", "q.onnx", "--report", "r.html"]
    refused = CliRunner().invoke(app, [str(tmp_path / a) if "." in a else a for a in arguments])
    assert isinstance(refused.exception, InputError) and "broken.jpg" in str(refused.exception)
    assert not (tmp_path / "q.onnx").exists() and not (tmp_path / "r.html").exists()


def test_the_page_explains_every_cause() -> None:
    root = Path(__file__).resolve().parents[2]
    told = re.findall(r'Cause\(\s*"([^"]+)"', (root / "pith" / "quant" / "causes.py").read_text())
    rows = re.findall(r"^\| ([a-z ]+) \| ", (root / "docs" / "quantization.md").read_text(), re.M)
    assert len(told) == len(set(told)) == 14 and set(told) <= set(rows)
