"""Layers in strips: the same bits as whole, within the limit, and what is said where no strips do."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pith
from pith.api import compile_to, import_model, optimise
from pith.graph import BuildError, DType, Graph, TensorType
from pith.lower.lower import lower
from pith.lower.patches import Region, closed, divisible, in_strips
from pith.lower.program import Weights
from pith.ops.base import add_node, load_all
from pith.ops.interpret import run_reference
from pith.ops.requantize import ACC, fixed
from pith.targets.base import get_target
from tests.importers.tflite_build import litert

load_all()


def _network(seed: int, dtype: DType, side: int, layers: int) -> tuple[Graph, np.ndarray]:
    """Convolutions, depthwise ones, pools and sums of two branches, strides and padding of every kind."""
    rng = np.random.default_rng(seed)
    integer, shape = dtype is DType.I8, (1, side, int(rng.integers(4, 10)), int(rng.integers(1, 5)))
    graph = Graph("strips", inputs=["x"], types={"x": TensorType(dtype, shape)})
    v, old = "x", ""
    for k in range(layers):
        c = graph.types[v].shape[3]
        kind = rng.choice(["conv", "depthwise", "pool", "relu"])
        step = int(rng.integers(1, 3))
        attrs = {"strides": (step, step), "pads": tuple(int(p) for p in rng.integers(0, 2, 4)), "dilations": (1, 1), "layout": "channels_last"}
        if old and graph.types[old].shape == graph.types[v].shape:
            v, old = add_node(graph, "max", [v, old]), ""
        if kind == "relu":
            v = add_node(graph, "clip", [v], {"min": -3, "max": 90})
        elif kind == "pool":
            v = add_node(graph, "max_pool", [v], {**attrs, "kernel_shape": (2, 2) if min(graph.types[v].shape[1:3]) > 1 else (1, 1)}, outputs=[f"pool{k}", ""])
        else:
            group, o = (c, c) if kind == "depthwise" else (1, int(rng.integers(1, 6)))
            kernel = (3, 3) if min(graph.types[v].shape[1:3]) > 2 else (1, 1)
            w = rng.integers(-100, 100, (o, c // group, *kernel)).astype(dtype.np)
            inputs = [v, graph.add_constant(w), graph.add_constant(rng.integers(-90, 90, o).astype(np.int32 if integer else np.float32))]
            same = {**attrs, "strides": (1, 1), "pads": (kernel[0] // 2,) * 4} if rng.random() < 0.4 else attrs
            end = {"epilogue": fixed(ACC, 1_500_000_000, -8, 3, (-128, 127), DType.I8), "zero": -5} if integer else {}
            old = v
            v = add_node(graph, "conv_integer" if integer else "conv", inputs, {**same, "group": group, **end})
    graph.outputs = [v]
    for i, n in enumerate(graph.nodes):
        n.name = f"layer {i}"
    x = rng.integers(-128, 128, shape).astype(dtype.np)
    return graph, x


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([DType.I8, DType.F32]), st.integers(6, 40), st.integers(2, 7), st.integers(2, 9))
def test_any_region_in_strips_is_the_same_network(seed: int, dtype: DType, side: int, layers: int, strips: int) -> None:
    """By the operators' reference: every run of layers that may be divided."""
    graph, x = _network(seed, dtype, side, layers)
    (want,) = run_reference(graph, {"x": x})
    able = divisible(graph)
    for first in range(len(graph.nodes)):
        for last in range(first, len(graph.nodes)):
            height = graph.types[graph.nodes[last].outputs[0]].shape[1]
            if not all(able[first : last + 1]) or strips > height or not closed(graph, Region(first, last, strips)):
                continue
            new = in_strips(graph, Region(first, last, strips))
            if new is None:
                continue
            new.validate()
            np.testing.assert_array_equal(run_reference(new, {"x": x})[0], want)


@pytest.mark.parametrize(("net", "limit"), [("vww_96_int8", 56 << 10), ("pretrainedResnet_quant", 34 << 10)])
def test_networks_of_mlperf_tiny(net: str, limit: int, data_dir: Path) -> None:
    """Through C on this machine: the bits of LiteRT's reference kernels, in less memory."""
    model = data_dir / "mlperf_tiny" / f"{net}.tflite"
    graph = optimise(import_model(model))
    program = lower(graph, get_target("c99").isa, Weights(), max_ram=limit)
    around = sum(p.type.nbytes for p in (*program.inputs, *program.outputs))
    assert program.fit is not None and program.fit.regions
    assert program.arena_size + around <= limit < program.fit.before + around
    x = np.random.default_rng(0).integers(-128, 128, program.inputs[0].type.shape, dtype=np.int8)
    np.testing.assert_array_equal(_run(model, limit, x), litert(model.read_bytes(), [x])[0])


def _run(model: Path, limit: int, x: np.ndarray) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        manifest = compile_to(model, Path(folder) / "net", "c99", max_ram=limit, opt="-O1")
        assert manifest["variants"][0]["strips"]["regions"]
        with pith.load(Path(folder) / "net") as session:
            return np.asarray(session(x))


def test_a_limit_no_strips_meet_says_the_least(data_dir: Path) -> None:
    graph = optimise(import_model(data_dir / "mlperf_tiny" / "pretrainedResnet_quant.tflite"))
    isa = get_target("cortex-m4").isa
    with pytest.raises(BuildError, match=r"needs [\d,]+ bytes of RAM, 4,096 are allowed") as e:
        lower(graph, isa, Weights(), max_ram=4096)
    found = re.search(r"--max-ram (\d+)", e.value.try_)
    assert found
    least = int(found[1])
    program = lower(graph, isa, Weights(), max_ram=least)
    assert program.arena_size + sum(p.type.nbytes for p in (*program.inputs, *program.outputs)) <= least


def test_floats_in_strips_have_the_bits_of_whole_layers(tmp_path: Path) -> None:
    graph, x = _network(11, DType.F32, 40, 6)
    whole = lower(optimise(graph.copy()), get_target("c99").isa, Weights())
    limit = sum(p.type.nbytes for p in (*whole.inputs, *whole.outputs)) + whole.arena_size * 3 // 4
    results = []
    for k, most in enumerate((0, limit)):
        manifest = compile_to(graph, tmp_path / str(k), "c99", max_ram=most, opt="-O1")
        assert bool(manifest["variants"][0]["strips"]) == bool(most)
        with pith.load(tmp_path / str(k)) as session:
            results.append(np.asarray(session(x)))
    np.testing.assert_array_equal(*results)
