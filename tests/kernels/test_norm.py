"""softmax and the normalisations in C against their references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.kernels.batch import TARGETS, Case, floats, run, sanitize

SHAPES: list[tuple[int, ...]] = [(3, 5, 7), (2, 3, 40, 5), (4, 100), (3,), (2, 1000), (1, 5003)]
EPSILON = float(np.float32(1e-5))


def along_an_axis(op: str, dtype: str) -> list[Case]:
    rng = np.random.default_rng(0)
    attrs: list[dict[str, Any]] = [{"p": 1}, {"p": 2}] if op == "lp_normalization" else [{}]
    return [
        Case(op, [floats(rng, shape, dtype, 3)], {"axis": axis, **a}, slack=64)
        for shape in SHAPES for axis in range(len(shape)) for a in attrs
    ]  # fmt: skip


def over_trailing_axes(op: str, dtype: str) -> list[Case]:
    rng = np.random.default_rng(1)
    made = []
    for shape in SHAPES:
        for axis in range(len(shape)):
            x, scale, bias = floats(rng, shape, dtype, 3), floats(rng, shape[axis:], dtype), floats(rng, shape[axis:], dtype)
            attrs = {"axis": axis, "epsilon": EPSILON}
            if op == "rms_norm":
                made.append(Case(op, [x, scale], attrs, slack=64))
                continue
            made += [Case(op, [x, scale, b], attrs, outs, slack=64) for b in (bias, None) for outs in ((0,), (0, 2), (0, 1, 2))]
    made.append(Case(op, [floats(rng, (3, 8), dtype), floats(rng, (1,), dtype)], {"axis": 1, "epsilon": EPSILON}, slack=64))
    return made


def by_channel(op: str, dtype: str) -> list[Case]:
    rng = np.random.default_rng(2)
    made = []
    for shape in ((3, 5, 7), (2, 3, 4, 5), (2, 40, 6, 33), (4, 9)):
        for layout in ("channels_first", "channels_last"):
            x = floats(rng, shape, dtype, 3) + np.asarray(5, dtype)
            c = shape[1] if layout == "channels_first" else shape[-1]
            parameters = [np.abs(floats(rng, (c,), dtype)) for _ in range({"lrn": 0, "instance_norm": 2, "batch_norm": 4}[op])]
            base: dict[str, Any] = {"layout": layout}
            if op != "lrn":
                made.append(Case(op, [x, *parameters], {**base, "epsilon": EPSILON}, slack=512))
                continue
            made += [Case(op, [x], {**base, "alpha": 0.25, "beta": b, "bias": 1.0, "size": s}, slack=64) for b in (0.75, 0.5, 1.0, 0.625) for s in (4, 5)]
    return made


AXIS = ("softmax", "log_softmax", "lp_normalization")
TRAILING = ("layer_norm", "rms_norm")
CHANNEL = ("instance_norm", "batch_norm", "lrn")


def cases(op: str, dtype: str) -> list[Case]:
    return (along_an_axis if op in AXIS else over_trailing_axes if op in TRAILING else by_channel)(op, dtype)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("op", AXIS + TRAILING + CHANNEL)
def test_float32(op: str, target: str) -> None:
    run(cases(op, "float32"), target)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("op", AXIS + TRAILING + CHANNEL)
def test_element_types(op: str, dtype: str) -> None:
    run(cases(op, dtype), "host")


def test_softmax_of_extremes() -> None:
    """Large numbers do not overflow, minus infinity is a probability of 0, NaN makes its row NaN and no other."""
    x = np.array([[1e30, -1e30, 1e30], [-np.inf, 0, 1], [np.nan, 0, 1], [88, 89, 90]], np.float32)
    run([Case("softmax", [x], {"axis": 1}), Case("softmax", [np.ascontiguousarray(x.T)], {"axis": 0})], "host")


def test_sanitizers(tmp_path: Path) -> None:
    sanitize([c for op in AXIS + TRAILING + CHANNEL for c in cases(op, "float32")[:12]], tmp_path)
