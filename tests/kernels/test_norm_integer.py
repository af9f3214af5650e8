"""softmax and layer norm of integers: C against the references to the bit, both against float64, and whole networks in integers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pith
from pith.api import compile_graph, generate, import_model
from pith.graph import DType
from pith.ops.base import OPS
from pith.ops.interpret import run_reference
from pith.ops.softmax_integer import exponentials
from pith.passes.pipeline import optimize
from pith.targets.base import get_target
from tests.emit.harness import build_and_run
from tests.kernels.products import TARGET_NAMES, Case, graph_of
from tests.kernels.test_integer_generic import integers
from tests.quantize.nets import model

SHAPES: list[tuple[int, ...]] = [(3, 5), (2, 3, 64), (4, 100), (3,), (2, 1000), (7, 1), (1, 33), (12, 17)]
BYTES, ALL = (np.int8, np.uint8), (np.int8, np.uint8, np.int16, np.uint16)


def softmaxes(seed: int = 0) -> list[Case]:
    rng, cases = np.random.default_rng(seed), []
    for k, shape in enumerate(SHAPES):
        for kind in BYTES:
            to = DType.of(ALL[int(rng.integers(4))])
            x, scale = integers(rng, shape, kind), float(rng.choice([0.002, 0.05, 0.3, 9.0]))
            step = float(rng.choice([1 / 256, 1 / 65535, 0.0007]))
            attrs = {"multiplier": float(np.float32(1 / step)), "zero": int(np.iinfo(to.np).min) if k % 2 else 3, "dtype": to}
            cases.append(Case("softmax_integer", [x, exponentials(scale, shape[-1])], attrs, (1,)))
    return cases


def norms(seed: int = 0) -> list[Case]:
    rng, cases = np.random.default_rng(seed), []
    for k, shape in enumerate(SHAPES):
        for kind in ALL:
            to = DType.of(ALL[int(rng.integers(4))])
            x = np.full(shape, 9, kind) if k == 5 else integers(rng, shape, kind)
            top = 20 if to.itemsize == 1 else 4000
            scale, bias = (rng.standard_normal(shape[-1]).astype(np.float32) * top for _ in range(2))
            attrs = {"epsilon": float(np.float32(rng.choice([1e-30, 1e3]))), "zero": 0 if to.is_signed else 100, "dtype": to}
            cases.append(Case("layer_norm_integer", [x, scale, bias], attrs, (1, 2)))
    return cases


@pytest.mark.parametrize("target", TARGET_NAMES)
@pytest.mark.parametrize("cases", [softmaxes, norms])
def test_bits(cases, target: str) -> None:  # type: ignore[no-untyped-def]
    made = cases()
    graph, feeds = graph_of(made)
    for case, got in zip(made, compile_graph(graph, target, optimize=False, opt="-O2")(*feeds), strict=True):
        (want,) = OPS[case.op].reference(case.inputs, case.attrs)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want, err_msg=str(case))


def test_sanitizers_find_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")
    cases = [*softmaxes(1), *norms(1)]
    graph, feeds = graph_of(cases)
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off"]
    outputs = build_and_run(tmp_path, generate([graph], get_target("c99"), "cases"), feeds, ["gcc"], flags)
    for case, got in zip(cases, outputs, strict=True):
        np.testing.assert_array_equal(got, OPS[case.op].reference(case.inputs, case.attrs)[0], err_msg=str(case))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 3000), scale=st.floats(1e-4, 10.0), bits=st.sampled_from([8, 16]))
def test_softmax_is_near_float64(seed: int, n: int, scale: float, bits: int) -> None:
    """Within half a step, and what the table's steps can come to."""
    x, dtype = integers(np.random.default_rng(seed), (2, n), np.uint8), DType.U8 if bits == 8 else DType.U16
    step = 1.0 / (2**bits - 1)
    table = exponentials(scale, n)
    attrs = {"multiplier": float(np.float32(1 / step)), "zero": 0, "dtype": dtype}
    (got,) = OPS["softmax_integer"].reference([x, table], attrs)
    e = np.exp((x.astype(np.float64) - x.max(-1, keepdims=True)) * scale)
    want = e / e.sum(-1, keepdims=True)
    slack = n / table[0] + 1e-6  # entries are off by half a step each, of which their sum has up to n
    assert np.abs(got * step - want).max() <= 0.51 * step + slack


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(2, 3000), wide=st.booleans())
def test_layer_norm_is_near_float64(seed: int, n: int, wide: bool) -> None:
    rng = np.random.default_rng(seed)
    x = integers(rng, (3, n), np.uint16 if wide else np.uint8)
    scale, bias = rng.uniform(-40, 40, n).astype(np.float32), rng.uniform(-40, 40, n).astype(np.float32)
    (got,) = OPS["layer_norm_integer"].reference([x, scale, bias], {"epsilon": 1e-30, "zero": 0, "dtype": DType.I16})
    centred = x - x.astype(np.float64).mean(-1, keepdims=True)
    want = centred / np.sqrt((centred**2).mean(-1, keepdims=True)) * scale + bias
    assert np.abs(got - want).max() <= 0.5 + 2e-3  # float32 steps over numbers up to 40 sqrt(n)


def encoder(seed: int = 0) -> object:
    """One head of attention, a layer norm and a small feed-forward layer behind it."""
    rng, d = np.random.default_rng(seed), 24
    weights = {name: rng.standard_normal(shape) / 4 for name, shape in {
        "q": (d, d), "k": (d, d), "v": (d, d), "o": (d, d), "f": (d, 48), "g": (48, d)}.items()}  # fmt: skip
    more = {"n": rng.uniform(0.5, 2, d), "b": rng.standard_normal(d), "root": np.array(24**0.5)}
    text = """net (float[1, 10, 24] x) => (float[1, 10, 24] y) {
        a = MatMul(x, q) c = MatMul(x, k) e = MatMul(x, v) t = Transpose<perm = [0, 2, 1]>(c)
        s = MatMul(a, t) r = Div(s, root) p = Softmax<axis = -1>(r) h = MatMul(p, e) i = MatMul(h, o) j = Add(x, i)
        l = LayerNormalization<axis = -1, epsilon = 0.00001>(j, n, b) u = MatMul(l, f) w = Gelu(u) z = MatMul(w, g) y = Add(l, z) }"""
    return import_model(model(text, **weights, **more))


@pytest.mark.parametrize("bits", [8, 16])
def test_an_encoder_is_integers(bits: int, tmp_path: Path) -> None:
    """From quantisation to export: no float product or norm is left, and of 8 bits the results are the reference's everywhere."""
    rng = np.random.default_rng(1)
    samples = [rng.standard_normal((1, 10, 24)).astype(np.float32) for _ in range(6)]
    net = encoder()
    result = pith.quantize(net, samples, method="minmax", improve=False, activation_bits=bits, integers_only=True)
    optimised = optimize(result.graph.copy())
    ops = {n.op for n in optimised.nodes}
    assert not ops & {"layer_norm", "matmul", "conv"}
    assert ops >= ({"layer_norm_integer", "softmax_integer", "lookup"} if bits == 8 else {"layer_norm_integer", "softmax"})
    x = {"x": samples[0]}
    (want,), (exact,) = run_reference(optimised, x), run_reference(net, x)
    for target in ("c99", "host") if bits == 8 else ():
        assert compile_graph(result.graph.copy(), target, opt="-O1")(samples[0]).tobytes() == want.tobytes()
    assert 10 * np.log10((exact**2).mean() / ((want - exact) ** 2).mean()) > (25 if bits == 8 else 35)  # weights have 8 bits
    result.save_onnx(tmp_path / "q.onnx")
    again = run_reference(optimize(import_model(str(tmp_path / "q.onnx"))), x)[0]
    assert again.tobytes() == want.tobytes()
