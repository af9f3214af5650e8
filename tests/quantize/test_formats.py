"""Weights of four bits and activations of sixteen: what they hold, how they run, and that it is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import pith
from pith.api import compile_graph, import_model
from pith.graph import DType
from pith.ops.interpret import run_reference
from pith.passes.pipeline import optimize
from pith.quant.calibration import open_samples, ports_of
from pith.quant.flow import quantize_graph
from pith.quant.options import Options
from pith.targets.base import get_target
from tests.quantize.nets import Interpreted, model, pictures, run, small_net

ort.set_default_logger_severity(3)


def made(weight_bits: int, activation_bits: int, **options: object):  # type: ignore[no-untyped-def]
    net = small_net()
    chosen = Options("minmax", weight_bits, activation_bits, **{"rounding": False, "bias": False, **options})  # type: ignore[arg-type]
    return quantize_graph(net, open_samples(pictures(6), ports_of(net)), Interpreted, chosen)


def test_four_bit_weights_are_integers() -> None:
    outcome = made(4, 8)
    for layer in outcome.plan.layers:
        q = outcome.numbers.weights[layer.key].q
        assert q.dtype == np.int8 and np.abs(q).max() == 7
    graph = optimize(outcome.graph.copy())
    assert not [n for n in graph.nodes if n.op in ("conv", "matmul")] and any("weights have 4 bits" in n for n in outcome.notes)
    x = {"x": pictures(1, 9)}
    (want,) = run_reference(graph, x)
    assert run(outcome.graph.copy()).run(x)["y"].tobytes() == want.tobytes()


def test_each_bit_tells() -> None:
    """The error falls by about six decibels with each bit of the weights, and joint rounding helps the coarse ones."""
    noise = {bits: made(bits, 16, float_outputs=True).layers["y"].sqnr for bits in (4, 7, 8)}
    assert 13 < noise[7] - noise[4] < 23 and 3 < noise[8] - noise[7] < 9
    assert made(4, 8, rounding=True, bias=True).layers["y"].sqnr > made(4, 8).layers["y"].sqnr + 1


@pytest.mark.parametrize("symmetric", [False, True])
def test_sixteen_bit_activations_are_integer_products(symmetric: bool, tmp_path: Path) -> None:
    result = pith.quantize(small_net(), pictures(6), activation_bits=16, symmetric=symmetric, method="minmax", improve=False, float_outputs=False)
    graph = result.graph
    quantisers = [n for n in graph.nodes if n.op == "quantize_linear"]
    assert quantisers and all(n.attrs["dtype"] is (DType.I16 if symmetric else DType.U16) for n in quantisers)
    assert "activations have 16 bits" in result.report.text() and "8-bit weights, 16-bit activations" in result.report.text()
    optimised = optimize(graph.copy())
    assert {n.op for n in optimised.nodes} >= {"conv_integer", "matmul_integer"} and not [n for n in optimised.nodes if n.op in ("conv", "matmul")]
    result.save_onnx(tmp_path / "q.onnx")
    onnx.checker.check_model(str(tmp_path / "q.onnx"), full_check=True)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    theirs = ort.InferenceSession(str(tmp_path / "q.onnx"), options, providers=["CPUExecutionProvider"])
    step = result.outcome.numbers.grids["y"].scale
    mine, exact = result.compile(opt="-O1"), run(small_net())
    for x in pictures(6):  # those it was calibrated with: nothing is cut off
        y = mine(x[None])
        assert np.abs(y - theirs.run(None, {"x": x[None]})[0]).max() <= 8 * step  # of 65,535: theirs are float sums
        assert y.tobytes() == run_reference(optimised, {"x": x[None]})[0].tobytes()
        assert np.abs(y - exact(x[None])).max() < 0.02 * np.abs(exact(x[None])).max()


@pytest.mark.parametrize("target", ["c99", "x86-64-v3", "x86-64-v4"])
def test_sums_beyond_int32_are_int64(target: str) -> None:
    """Depths at which 16 bits times 8 bits may leave int32: the same bits as the reference, near what floats give."""
    if not get_target(target).runs_here():
        pytest.skip("not on this processor")
    rng = np.random.default_rng(0)
    net = import_model(model("net (float[3, 5000] x) => (float[3, 8] y) { y = MatMul(x, w) }", w=rng.uniform(0, 1, (5000, 8))))
    samples = rng.uniform(0, 1, (4, 3, 5000)).astype(np.float32)
    result = pith.quantize(net, list(samples), activation_bits=16, method="minmax", improve=False)
    optimised = optimize(result.graph.copy())
    (product,) = [n for n in optimised.nodes if n.op == "matmul_integer"]
    assert product.attrs["acc"] is DType.I64
    y = compile_graph(result.graph.copy(), target, opt="-O1")(samples[0])
    assert y.tobytes() == run_reference(optimised, {"x": samples[0]})[0].tobytes()
    exact = run_reference(net, {"x": samples[0]})[0]
    assert np.abs(y - exact).max() < 1e-3 * exact.max()


def test_wider_activations_lose_less() -> None:
    assert made(8, 16).layers["y"].sqnr > made(8, 8).layers["y"].sqnr + 3 > made(8, 7).layers["y"].sqnr + 3


def test_a_saved_model_of_four_bits_comes_back(tmp_path: Path) -> None:
    result = pith.quantize(small_net(), pictures(6), weight_bits=4, method="mse", improve=False)
    result.save_onnx(tmp_path / "q.onnx")
    again = import_model(str(tmp_path / "q.onnx"))
    x = {"x": pictures(1, 9)}
    assert run_reference(optimize(again), x)[0].tobytes() == run_reference(optimize(result.graph.copy()), x)[0].tobytes()
