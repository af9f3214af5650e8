"""Firmware on QEMU's boards: networks and kernels bit for bit, memories that are too small, what is said of boards."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from pith.api import compile_to, generate
from pith.build import build_into, describe
from pith.emulators import execute, lacking
from pith.graph import DType, Graph, TensorType
from pith.graph.errors import BuildError, UnsupportedError
from pith.graph.expr import arg, call, cast, select
from pith.graph.fixed import quantized_multiplier
from pith.ops.base import OPS, add_node
from pith.ops.interpret import run_reference
from pith.ops.requantize import ACC, fixed, wide
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from tests.importers.tflite_build import litert
from tests.kernels.products import Case, graph_of

M4 = get_target("cortex-m4")
emulated = pytest.mark.skipif(bool(lacking(M4)), reason=lacking(M4))


@emulated
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m33", "cortex-m55"])
def test_keyword_spotting_is_litert_s(core: str, data_dir: Path, tmp_path: Path) -> None:
    """Recordings through the image that boots; the bits are those of LiteRT's reference kernels, and counts repeat."""
    model = data_dir / "mlperf_tiny" / "kws_ref_model.tflite"
    with zipfile.ZipFile(data_dir / "mlperf_tiny" / "kws01.zip") as z:
        feeds = [np.frombuffer(z.read(n), np.int8).reshape(1, 49, 10, 1) for n in sorted(z.namelist())[:200:50]]
    manifest = compile_to(model, tmp_path / "net", core, name="kws")
    (port,), (out,) = (manifest["variants"][0][side] for side in ("inputs", "outputs"))
    sets = [{port["name"]: f.reshape(port["shape"])} for f in feeds]
    run = execute(tmp_path / "net", manifest, get_target(core), sets, find_compiler(), count=True, steps=core == "cortex-m4")
    for feed, got in zip(feeds, run.outputs, strict=True):
        np.testing.assert_array_equal(got[out["name"]], litert(model.read_bytes(), [feed.reshape(port["shape"])])[0])
    assert run.instructions is not None and run.instructions < (0.6 if core == "cortex-m55" else 1.6) * manifest["macs"]
    assert run.steps is None or sum(run.steps) == pytest.approx(run.instructions, rel=0.01)


@emulated
def test_keyword_spotting_fits_64_and_24_kilobytes(data_dir: Path, tmp_path: Path) -> None:
    """Code, constants and start-up in flash; arena, inputs, outputs and stack in RAM."""
    manifest = compile_to(data_dir / "mlperf_tiny" / "kws_ref_model.tflite", tmp_path / "net", "cortex-m4", name="kws", board="mps2-an386")
    assert manifest["firmware"]["flash"] <= 64 << 10 and manifest["firmware"]["ram"] <= 24 << 10
    assert (tmp_path / "net" / "kws.elf").exists()


def _requantised(case: Case, rng: np.random.Generator, end: str) -> Case:
    """The case with an epilogue: one factor a channel, in fixed point or float64, or a sum with another tensor behind it."""
    sums = OPS[case.op].reference(case.inputs, case.attrs)[0]
    shape, bounds, zero = sums.shape, (-128, 127) if rng.random() < 0.7 else (-120, 100), int(rng.choice([-128, 5]))
    factors = 60 / (np.abs(sums).mean() + 1) * rng.uniform(0.2, 2, shape[-1])
    pairs = np.array([quantized_multiplier(float(f)) for f in factors], np.int32)
    columns = [pairs[:, 0].copy(), pairs[:, 1].copy()]
    expr = fixed(ACC, arg(1, DType.I32), arg(2, DType.I32), zero, (max(zero, -128) if zero == -128 else bounds[0], bounds[1]), DType.I8)
    if end == "wide":
        expr, columns = wide(ACC, arg(1, DType.F64), zero, bounds, DType.I8), [factors]
    elif end == "residual":
        left, right = (cast(v, DType.I32) * (1 << 20) for v in (expr, arg(3, DType.I8)))
        expr = fixed(call("scale_fixed", left, 1 << 30, 0) + call("scale_fixed", right, 2**30 + 12345, -1), 2**30 + 777, -18, 3, bounds, DType.I8)
        columns.append(rng.integers(-128, 128, shape, dtype=np.int8))
    elif end == "sums":
        return case
    return Case(case.op, [*case.inputs, *columns], {**case.attrs, "epilogue": expr}, (1, 2, *(3 + i for i, c in enumerate(columns) if c.ndim == 1)), label=end)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Convolutions, depthwise ones and products of many extents: odd numbers of channels, few pixels, borders, steps."""
    cases = []
    for k in range(36):
        h, w = (int(v) for v in rng.integers(1, 9, 2))
        c, o = int(rng.choice([1, 2, 3, 5, 8, 16, 20])), int(rng.choice([1, 2, 3, 7, 8, 9, 16]))
        kh, kw = (int(v) for v in (rng.integers(1, 4, 2) if k % 2 else (1, 1)))
        stride = int(rng.integers(1, 3))
        attrs = {"strides": (stride, stride), "pads": tuple(int(p) for p in rng.integers(0, 2, 4)), "dilations": (1, 1), "group": 1,
                 "layout": "channels_last", "zero": int(rng.choice([-128, 0, 9]))}  # fmt: skip
        x = rng.integers(-128, 128, (int(rng.integers(1, 3)), h + kh - 1, w + kw - 1, c), dtype=np.int8)
        weights = rng.integers(-127, 128, (o, c, kh, kw), dtype=np.int8)
        bias = rng.integers(-3000, 3000, o).astype(np.int32)
        cases.append(_requantised(Case("conv_integer", [x, weights, bias], attrs), rng, ("fixed", "fixed", "residual", "sums")[k % 4]))
    for k in range(14):
        h, w, c = int(rng.integers(1, 12)), int(rng.choice([1, 2, 3, 5, 6, 8, 14, 21])), int(rng.choice([4, 5, 6, 8, 11, 20]))
        attrs = {"strides": (1 + k % 2,) * 2, "pads": (1, 1, 1, 1) if k % 3 else (0, 0, 1, 1), "dilations": (1, 1), "group": c,
                 "layout": "channels_last", "zero": int(rng.choice([-128, 3]))}  # fmt: skip
        x = rng.integers(-128, 128, (1 + k % 2, h + 1, w + 1, c), dtype=np.int8)
        weights = rng.integers(-128, 128, (c, 1, 3, 3), dtype=np.int8)
        cases.append(_requantised(Case("conv_integer", [x, weights, rng.integers(-900, 900, c).astype(np.int32)], attrs), rng, "fixed"))
    for k in range(16):
        m, depth, n = int(rng.integers(1, 7)), int(rng.integers(1, 70)), int(rng.integers(1, 22))
        a, b = rng.integers(-128, 128, (m, depth), dtype=np.int8), rng.integers(-127, 128, (depth, n), dtype=np.int8)
        attrs = {"trans_a": False, "trans_b": False, "zero_a": int(rng.choice([-128, 0, 40])), "zero_b": 0}
        cases.append(_requantised(Case("matmul_integer", [a, b, rng.integers(-3000, 3000, n).astype(np.int32)], attrs), rng, ("wide", "fixed")[k % 2]))
    return cases


@emulated
@pytest.mark.parametrize(
    ("core", "families"),
    [("cortex-m0", {"generic"}), ("cortex-m4", {"dsp", "depthwise_dsp"}), ("cortex-m33", {"dsp", "depthwise_dsp"}),
     ("cortex-m55", {"mve", "mve_row", "depthwise_mve"})],
)  # fmt: skip
def test_kernels(core: str, families: set[str], tmp_path: Path) -> None:
    """Many calls in one image."""
    cases = _cases(np.random.default_rng(5))
    graph, feeds = graph_of(cases)
    result = generate([graph], get_target(core), "cases")
    build_into(tmp_path / "cases", result, None, "-O2", False, None)
    manifest = describe(result) | {"opt": "-O2"}
    assert families <= {s["family"] for s in manifest["variants"][0]["steps"]}
    names = [p["name"] for p in manifest["variants"][0]["inputs"]]
    (got,) = execute(tmp_path / "cases", manifest, get_target(core), [dict(zip(names, feeds, strict=True))], find_compiler()).outputs
    for case, y in zip(cases, (got[p["name"]] for p in manifest["variants"][0]["outputs"]), strict=True):
        np.testing.assert_array_equal(y, OPS[case.op].reference(case.inputs, case.attrs)[0], err_msg=str(case))


def _pools(rng: np.random.Generator) -> list[Case]:
    """Largest and mean of windows of bytes: few channels and many, borders, windows of nothing but padding, as many taps as fit."""
    cases, c_last = [], {"layout": "channels_last", "dilations": (1, 1)}
    windows: list[tuple[tuple[int, int], tuple[int, int], tuple[int, ...]]] = [
        ((2, 2), (2, 2), (0,) * 4), ((3, 3), (1, 2), (1,) * 4), ((1, 5), (1, 1), (0, 2, 0, 2)), ((2, 2), (1, 1), (3,) * 4), ((7, 9), (1, 1), (0,) * 4),
    ]  # fmt: skip
    for k, (kernel, strides, pads) in enumerate(windows * 3):
        dtype, c = (np.int8, np.uint8)[k % 2], (1, 7, 16, 21, 40)[(k + k // 5) % 5]
        info = np.iinfo(dtype)
        x = rng.integers(info.min, info.max + 1, (1 + k % 2, 8, 10, c)).astype(dtype)
        if k // 5 == 2:
            x[:] = (info.min, info.max)[k % 2]
        cases.append(Case("max_pool", [x], {**c_last, "kernel_shape": kernel, "strides": strides, "pads": pads}))
    for k, (kh, kw) in enumerate([(2, 2), (3, 3), (1, 1), (8, 8), (15, 17), (4, 3), (25, 5), (2, 3)]):
        c, n = (2, 4, 16, 19, 33, 64, 5, 8)[k], kh * kw
        x = rng.integers(-128, 128, (1 + k % 2, kh * 2, kw * 2, c), dtype=np.int8)
        x[:, :kh, :kw] = (-128, 127)[k % 2]  # the largest sums there can be
        for number in range(x.shape[3]):  # halves of both signs, where there are any
            x[0, kh:, kw:, number] = 0
            x[0, kh, kw, number] = np.clip((number // 2 + 1) * (n // 2) * (-1) ** number, -128, 127)
        mean = call("div", select(call("gt", ACC, 0), ACC + n // 2, ACC - n // 2), n)
        attrs = {**c_last, "strides": (kh, kw), "pads": (0,) * 4, "group": c, "zero": 0, "epilogue": cast(call("min", call("max", mean, -100), 127), DType.I8)}
        cases.append(Case("conv_integer", [x, np.ones((c, 1, kh, kw), np.int8)], attrs, (1,)))
    return cases


@emulated
def test_pools_in_vectors(tmp_path: Path) -> None:
    """Every one of them by a kernel of MVE."""
    cases = _pools(np.random.default_rng(9))
    graph, feeds = graph_of(cases)
    result = generate([graph], get_target("cortex-m55"), "pools")
    build_into(tmp_path / "pools", result, None, "-O2", False, None)
    manifest = describe(result) | {"opt": "-O2"}
    steps = manifest["variants"][0]["steps"]
    assert {(s["op"], s["family"]) for s in steps} == {("max_pool", "mve"), ("conv_integer", "ones_mve")}
    names = [p["name"] for p in manifest["variants"][0]["inputs"]]
    (got,) = execute(tmp_path / "pools", manifest, get_target("cortex-m55"), [dict(zip(names, feeds, strict=True))], find_compiler()).outputs
    for case, y in zip(cases, (got[p["name"]] for p in manifest["variants"][0]["outputs"]), strict=True):
        np.testing.assert_array_equal(y, OPS[case.op].reference(case.inputs, case.attrs)[0], err_msg=str(case)[:300])


@emulated
@pytest.mark.parametrize("side", [40, 23])
def test_depthwise_takes_the_place_of_its_input(side: int, tmp_path: Path) -> None:
    """Several strips of rows, which need rows that outputs have overwritten; one buffer is enough for both tensors."""
    rng = np.random.default_rng(side)
    shape = (1, side, side, 8)
    graph = Graph("inplace", inputs=["x"], types={"x": TensorType(DType.I8, shape)})
    end = fixed(ACC, 1_500_000_000, -7, -128, (-128, 127), DType.I8)
    attrs = {"strides": (1, 1), "dilations": (1, 1), "layout": "channels_last", "zero": 3, "epilogue": end}
    v = "x"
    for group, o, k in ((1, 8, 1), (8, 8, 3), (8, 8, 3), (1, 4, 1)):
        w = rng.integers(-100, 100, (o, 8 // group, k, k), dtype=np.int8)
        bias = graph.add_constant(rng.integers(-900, 900, o).astype(np.int32))
        v = add_node(graph, "conv_integer", [v, graph.add_constant(w), bias], {**attrs, "group": group, "pads": (k // 2,) * 4})
    graph.outputs = [v]
    x = rng.integers(-128, 128, shape, dtype=np.int8)
    manifest = compile_to(graph, tmp_path / "net", "cortex-m4", opt="-O1")
    (got,) = execute(tmp_path / "net", manifest, M4, [{"x": x}], find_compiler()).outputs
    (y,) = got.values()
    np.testing.assert_array_equal(y, run_reference(graph, {"x": x})[0])
    assert [s["family"] for s in manifest["variants"][0]["steps"]] == ["dsp", "depthwise_dsp", "depthwise_dsp", "dsp"]
    assert manifest["variants"][0]["arena_bytes"] < x.size + 4600


def test_too_small_a_memory_is_told_by_layer(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"needs \d+ KB of RAM, the board has 16 KB") as e:
        compile_to(data_dir / "mlperf_tiny" / "kws_ref_model.tflite", tmp_path / "net", "cortex-m0", name="kws", board="microbit")
    assert "largest live set, 16,000 bytes, is at layer" in str(e.value)


def test_boards_are_known_by_name(tmp_path: Path, data_dir: Path) -> None:
    model = data_dir / "mlperf_tiny" / "kws_ref_model.tflite"
    with pytest.raises(UnsupportedError, match=r"unknown board 'abacus'(?s:.*)mps2-an386"):
        compile_to(model, tmp_path / "net", "cortex-m4", board="abacus")
    for target, board in (("x86-64-v3", "mps2-an386"), ("cortex-m55", "mps2-an386"), ("cortex-m4", "microbit")):
        with pytest.raises(UnsupportedError, match=rf"{board} does not run code for target {target}(?s:.*)-t cortex-m[04]"):
            compile_to(model, tmp_path / "net", target, board=board)
