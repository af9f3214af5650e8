"""resize in C against its reference, and both against the ONNX backend suite's expected outputs."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pith.api import compile_graph
from pith.graph import DType, Graph, TensorType
from pith.ops.base import OPS, add_node
from tests.kernels.batch import TARGETS, Case, floats, run, sanitize

SIZES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((1, 2, 5, 6), (1, 2, 9, 4)), ((2, 5, 6, 3), (2, 3, 12, 3)), ((4,), (9,)), ((3, 4, 5), (5, 3, 7)), ((2, 3, 4), (2, 3, 4)),
    ((2, 6, 3), (2, 3, 3)), ((1, 8, 8, 17), (1, 16, 16, 17)), ((3, 7), (3, 1)),
]  # fmt: skip
MODES = ("nearest", "linear", "cubic")
COORDINATES = (
    "half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize", "pytorch_half_pixel", "half_pixel_symmetric",
    "tf_half_pixel_for_nn",
)  # fmt: skip


def attributes(shape: tuple[int, ...], sizes: tuple[int, ...], mode: str, coordinates: str, **more: Any) -> dict[str, Any]:
    crop = coordinates == "tf_crop_and_resize"
    return {
        "sizes": sizes, "scales": tuple(float(np.float32(b / a)) for a, b in zip(shape, sizes, strict=True)), "mode": mode,
        "coordinate_mode": coordinates, "nearest_mode": "round_prefer_floor", "cubic_coeff_a": -0.75, "exclude_outside": False,
        "antialias": False, "extrapolation_value": 10.0, "roi": (0.1,) * len(shape) + (1.2,) * len(shape) if crop else (), **more,
    }  # fmt: skip


def cases(dtype: str, mode: str) -> list[Case]:
    rng = np.random.default_rng(0)
    made = []
    for (shape, sizes), coordinates in itertools.product(SIZES, COORDINATES):
        x = floats(rng, shape, dtype, 40)
        made.append(Case("resize", [x], attributes(shape, sizes, mode, coordinates)))
        if mode != "nearest" and coordinates != "tf_crop_and_resize":
            for more in ({"antialias": True}, {"exclude_outside": True}):
                made.append(Case("resize", [x], attributes(shape, sizes, mode, coordinates, **more)))
        if mode == "nearest":
            for rounding in ("round_prefer_ceil", "floor", "ceil"):
                made.append(Case("resize", [x], attributes(shape, sizes, mode, coordinates, nearest_mode=rounding)))
    return made


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("mode", MODES)
def test_float32(mode: str, target: str) -> None:
    run(cases("float32", mode), target)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int8", "uint8", "int32", "int64"])
@pytest.mark.parametrize("mode", MODES)
def test_element_types(mode: str, dtype: str) -> None:
    run(cases(dtype, mode)[::3], "host")


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_one_axis_after_another_alone(mode: str) -> None:
    run(cases("float32", mode), "host", kernel="axes")


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_reads_a_slice_and_writes_into_a_concat(mode: str) -> None:
    x = floats(np.random.default_rng(3), (1, 4, 5, 12))
    graph = Graph("gaps", inputs=["x"], types={"x": TensorType(DType.F32, x.shape)})
    attrs = attributes((1, 4, 5, 4), (1, 8, 10, 4), mode, "half_pixel")
    parts = []
    for begin in (1, 7):
        part = add_node(graph, "slice", ["x"], {"starts": (0, 0, 0, begin), "steps": (1, 1, 1, 1), "shape": (1, 4, 5, 4)})
        parts.append(add_node(graph, "resize", [part], attrs, outputs=[f"p{begin}"]))
    graph.outputs = [add_node(graph, "concat", parts, {"axis": 3})]
    want = np.concatenate([OPS["resize"].reference([x[..., b : b + 4]], attrs)[0] for b in (1, 7)], axis=3)
    np.testing.assert_allclose(compile_graph(graph, optimize=False)(x), want, rtol=1e-6, atol=1e-6)


def test_sanitizers(tmp_path: Path) -> None:
    sanitize([c for mode in MODES for d in ("float32", "int8") for c in cases(d, mode)[::4]], tmp_path)
