"""The LSTM of integers: its gates against float64, its C against the reference to the bit, on every kind of processor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pith
from pith.api import compile_graph, compile_to, generate
from pith.emulators import execute, lacking
from pith.graph.fixed16 import logistic_16, tanh_16
from pith.ops.base import OPS
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from tests.emit.harness import build_and_run
from tests.kernels.products import TARGET_NAMES, Case, graph_of

EVERY = np.arange(-(2**15), 2**15)


def cases(seed: int = 0) -> list[Case]:
    """Sizes of one, odd and a vector's; every number of bits behind the cell's point; gates that are shut, open, and beyond int16."""
    rng, made = np.random.default_rng(seed), []
    sizes = [(1, 1, 1, 1), (2, 5, 7, 6), (3, 4, 16, 8), (1, 9, 33, 17), (4, 2, 5, 3), (2, 30, 3, 5), (2, 3, 64, 32)]
    for k, (batch, steps, inputs, hidden) in enumerate(sizes):
        time_major = k % 2 == 1
        x = rng.integers(-128, 128, (steps, batch, inputs) if time_major else (batch, steps, inputs)).astype(np.int8)
        w, r = (rng.integers(-127, 128, (4 * hidden, n)).astype(np.int8) for n in (inputs, hidden))
        b = rng.integers(-40000, 40000, (2, 4 * hidden)).astype(np.int32)
        factors = tuple((int(rng.integers(2**30, 2**31)), int(rng.integers(-5, 4 if k < 5 else 12))) for _ in range(8))
        hidden_by = (int(rng.integers(2**30, 2**31)), -22 if k < 5 else -15, int(rng.integers(-128, 128)))
        attrs = {"factors": factors, "hidden": hidden_by, "point": 9 + k, "cell_clip": 5000 if k == 2 else 0, "time_major": time_major}
        made.append(Case("lstm_integer", [x, w, r, b], attrs, (1, 2, 3)))
    return made


def _wanted(case: Case) -> np.ndarray:
    return OPS[case.op].reference(case.inputs, case.attrs)[0]


def test_gates_are_near_float64() -> None:
    """Over all of int16; the error, in units of the last place, is that of gemmlowp's polynomial in 16 bits."""
    assert np.abs(logistic_16(EVERY) - 2.0**15 / (1 + np.exp(-EVERY / 2.0**12))).max() < 7
    for bits in range(7):
        assert np.abs(tanh_16(EVERY, bits) - 2.0**15 * np.tanh(EVERY / 2.0 ** (15 - bits))).max() < 13


def test_a_step_is_near_float64() -> None:
    """One step by hand: the gates as real numbers."""
    rng = np.random.default_rng(3)
    x, w, r = (rng.integers(-128, 128, s).astype(np.int8) for s in ((1, 1, 9), (20, 9), (20, 5)))
    zero = np.zeros((2, 20), np.int32)
    step = 0.02  # of a product's sum
    factor = (round(step * 2.0**12 / 64 * 2**31 / 2), 7)
    attrs = {"factors": (factor,) * 8, "hidden": (2**30, -21, 0), "point": 11, "cell_clip": 0, "time_major": True}
    (got,) = OPS["lstm_integer"].reference([x, w, r, zero], attrs)
    i, _, g, o = np.split((w.astype(float) @ x[0, 0]) * step, 4)
    sigmoid = lambda v: 1 / (1 + np.exp(-np.clip(v, -8, 8)))  # noqa: E731
    want = sigmoid(o) * np.tanh(sigmoid(i) * np.tanh(g))
    assert np.abs(got[0, 0] / 256 - want).max() < 1 / 256  # the result has steps of 1 / 256


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_bits(target: str) -> None:
    made = cases()
    graph, feeds = graph_of(made)
    outputs = compile_graph(graph, target, optimize=False, opt="-O2")(*feeds)
    for case, got in zip(made, outputs, strict=True):
        np.testing.assert_array_equal(got, _wanted(case), err_msg=str(case))
    assert len(np.unique(np.concatenate([o.reshape(-1) for o in outputs]))) > 100


@pytest.mark.parametrize("target", ["aarch64", "armv7", "riscv64-v", "cortex-m4", "cortex-m55", "wasm"])
def test_bits_elsewhere(target: str, tmp_path: Path) -> None:
    if missing := lacking(get_target(target)):
        pytest.skip(missing)
    made = cases()[:5]
    graph, feeds = graph_of(made)
    manifest = compile_to(graph, tmp_path, target, opt="-O2")
    (got,) = execute(tmp_path, manifest, get_target(target), [dict(zip(graph.inputs, feeds, strict=True))], find_compiler()).outputs
    for name, case in zip(graph.outputs, made, strict=True):
        np.testing.assert_array_equal(got[name], _wanted(case), err_msg=str(case))


def test_threads_share_sequences() -> None:
    case = cases()[4]
    graph, feeds = graph_of([case])
    net = pith.compile(graph, cache=False, threads=3)
    np.testing.assert_array_equal(net(*feeds), _wanted(case))


def test_sanitizers_find_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")
    made = cases(1)
    graph, feeds = graph_of(made)
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off"]
    outputs = build_and_run(tmp_path, generate([graph], get_target("c99"), "cases"), feeds, ["gcc"], flags)
    for case, got in zip(made, outputs, strict=True):
        np.testing.assert_array_equal(got, _wanted(case), err_msg=str(case))
