"""AArch64 and 32-bit Arm under QEMU: kernels against the references, integers to the bit; what is proven of sums in 16 bits."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import compile_to
from pith.emulated import verify
from pith.emulators import execute, lacking
from pith.graph import DType
from pith.kernels.conv_integer_depthwise_smull import parts_that_fit
from pith.kernels.tile_chunk_s8 import proven
from pith.ops.base import OPS
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from tests.kernels.products import EPILOGUES, Case, check, extras_for, graph_of
from tests.kernels.test_integer_generic import ENDS, finished
from tests.kernels.test_integer_vectors import BYTE_ENDS, conv, matmul

TARGETS = ("aarch64", "aarch64-dotprod", "aarch64-i8mm", "armv7")
emulated = pytest.mark.skipif(bool(lacking(get_target("aarch64"))), reason=lacking(get_target("aarch64")))


def run(cases: list[Case], target: str, folder: Path) -> tuple[list[np.ndarray], set[str]]:
    """Outputs of every case, all in one emulated program, and the families of the kernels."""
    graph, feeds = graph_of(cases)
    manifest = compile_to(graph, folder, target, opt="-O1", cache=False)
    done = execute(folder, manifest, get_target(target), [dict(zip(graph.inputs, feeds, strict=True))], find_compiler())
    families = {s["family"] for s in manifest["variants"][0]["steps"]}
    return [done.outputs[0][f"y{n}"] for n in range(len(cases))], families


@emulated
@pytest.mark.parametrize("target", TARGETS)
def test_integer_products_to_the_bit(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    cases = [conv(rng, end, int(rng.integers(1, 40)), int(rng.integers(1, 40))) for end in ENDS for _ in range(2)]
    cases += [conv(rng, "channel", 1, 1, 19), conv(rng, "residual", 5, 3, 4)]
    cases += [matmul(rng, end, (), fixed=True) for end in ENDS]
    got, families = run(cases, target, tmp_path / "net")
    assert {"aarch64": "chunks", "aarch64-dotprod": "dot", "aarch64-i8mm": "mmla", "armv7": "chunks"}[target] in families
    for case, y in zip(cases, got, strict=True):
        check(case, y)


@emulated
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("target", [t for t in TARGETS if t != "aarch64-i8mm"])  # whose depthwise layers are those of dot products
def test_layers_to_the_bit(target: str, seed: int) -> None:
    """Depthwise and other convolutions of whole and partial blocks of channels, with both rules of scaling, ends in registers and not."""
    rng = np.random.default_rng(seed)
    cases = [conv(rng, e, 1, 1, int(rng.choice([3, 8, 16, 24, 32, 41])), largest=3 if n % 3 else 9) for n, e in enumerate(BYTE_ENDS * 2)]
    cases += [conv(rng, e, int(rng.integers(1, 70)), int(rng.choice([4, 8, 13, 16, 20, 40]))) for e in ENDS]
    with tempfile.TemporaryDirectory() as folder:
        got, families = run(cases, target, Path(folder) / "net")
    assert {"aarch64": "depthwise_smull", "aarch64-dotprod": "depthwise", "armv7": "depthwise_smull"}[target] in families
    for case, y in zip(cases, got, strict=True):
        (want,) = OPS[case.op].reference(case.inputs, case.attrs)
        assert y.dtype == want.dtype
        np.testing.assert_array_equal(y, want, err_msg=str(case))


@emulated
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_depthwise_sums_in_16_bits_of_small_numbers(seed: int) -> None:
    """Seven bits at the very ends of their range: eight of nine taps are added in 16 bits."""
    rng, cases = np.random.default_rng(seed), []
    for c in (16, 21):
        x, w = rng.choice([0, 1, 64, 127], (1, 6, 11, c)).astype(np.uint8), rng.choice([-63, 63], (c, 1, 3, 3)).astype(np.int8)
        w[0], x[..., 0] = 63, 127
        attrs = {"strides": (1, 1), "pads": (1,) * 4, "dilations": (1, 1), "group": c, "layout": "channels_last", "zero": 64, "range": (0, 127)}
        cases.append(finished(Case("conv_integer", [x, w, rng.integers(-3000, 3000, c).astype(np.int32)], attrs), rng, "fixed_channel", -1))
    with tempfile.TemporaryDirectory() as folder:
        got, _ = run(cases, "aarch64", Path(folder) / "net")
        assert "depthwise_sums8_1" in (Path(folder) / "net" / "cases.c").read_text()
    for case, y in zip(cases, got, strict=True):
        np.testing.assert_array_equal(y, OPS[case.op].reference(case.inputs, case.attrs)[0], err_msg=str(case))


@emulated
def test_sums_in_16_bits_of_small_numbers(tmp_path: Path) -> None:
    """Seven-bit weights and inputs: eight products are added in 16 bits, at the very ends of their range too."""
    rng, cases = np.random.default_rng(8), []
    for k, m in ((64, 13), (80, 50), (200, 7)):
        x, w = rng.integers(0, 128, (m, k)).astype(np.uint8), rng.integers(-63, 64, (k, 9)).astype(np.int8)
        x[0], w[:, 0], x[1], w[:, 1] = 127, 63, 0, -63
        attrs = {"trans_a": False, "trans_b": False, "zero_a": 64, "zero_b": 0, "range": (0, 127)}
        cases.append(Case("matmul_integer", [x, w, None], attrs, (1, 2)))
    got, _ = run(cases, "aarch64", tmp_path / "net")
    assert "chunks4" in (tmp_path / "net" / "cases.c").read_text()
    for case, y in zip(cases, got, strict=True):
        check(case, y)


@emulated
def test_float_products_within_their_bound(tmp_path: Path) -> None:
    rng, cases = np.random.default_rng(9), []
    for n, (name, (expr, kinds)) in enumerate(EPILOGUES.items()):
        channels, out = int(rng.integers(3, 30)), int(rng.integers(1, 40))
        group = channels if n % 3 == 0 else 1
        out = channels if group > 1 else out
        x = rng.standard_normal((1, 9, 11, channels)).astype(np.float32)
        w = rng.standard_normal((out, channels // group, 3, 3)).astype(np.float32)
        attrs = {"strides": (1 + n % 2,) * 2, "pads": (1, 1, 1, 1), "dilations": (1, 1), "group": group, "layout": "channels_last", "epilogue": expr}
        shape = (1, -(-9 // (1 + n % 2)), -(-11 // (1 + n % 2)), out)
        cases.append(Case("conv", [x, w, None, *extras_for(rng, kinds, shape, 3)], attrs, (1, 2), label=name, slack=8.0))
    got, families = run(cases, "aarch64", tmp_path / "net")
    assert len(families) >= 2
    for case, y in zip(cases, got, strict=True):
        check(case, y)


def test_what_is_proven_of_taps() -> None:
    """Parts of nine taps by hand: two products of 8 bits fit 16, eight of 7 bits; never one more."""
    full, small = np.full((2, 3, 3), 127, np.int8), np.full((2, 3, 3), 63, np.int8)
    assert parts_that_fit(-128, 127, full) == (2, 2, 2, 2, 1)
    assert parts_that_fit(-64, 63, small) == (8, 1)
    assert parts_that_fit(-128, 127, np.full((1, 3, 3), -128, np.int8)) == (1,) * 9


@pytest.mark.parametrize(("low", "high", "weight", "want"), [(-128, 127, 127, 1), (-128, 127, -128, 0), (-64, 63, 63, 4), (0, 127, 63, 2), (-64, 63, -64, 2)])
def test_what_is_proven(low: int, high: int, weight: int, want: int) -> None:
    """Against the worst sum, by hand: 2 * group products of the largest magnitude."""
    assert proven(low, high, np.full((64, 3), weight, np.int8)) == want
    largest = max(abs(low * weight), abs(high * weight))
    limit = 32768 if max(low * weight, high * weight) <= 32767 // (2 * max(want, 1)) else 32767
    assert want == 0 or 2 * want * largest <= limit
    assert want == 4 or 2 * max(1, 2 * want) * largest > 32767


@emulated
def test_verify_says_what_holds() -> None:
    """The whole way of `pith verify` on a quantised network: equal bits, counts for every layer."""
    rng = np.random.default_rng(3)
    graph, feeds = graph_of([matmul(rng, "channel", (), fixed=True)])
    found = verify(graph, "aarch64", sets=[dict(zip(graph.inputs, feeds, strict=True))])
    assert found.holds and found.outputs[0].different == 0
    assert found.execution.steps is not None and found.execution.instructions and found.execution.instructions > 100
    assert DType.of(found.execution.outputs[0]["y0"].dtype) in (DType.I8, DType.U8)
